"""Settings ▸ Fields, as people use it: defining, editing, placing, retiring and restoring, without JavaScript."""

from collections.abc import Callable
from typing import Any

import pytest

from portal.models import Change, Field, GroupItem
from portal.permissions import Actor
from portal.queries import fields as find
from portal.services import customers, fields
from tests.conftest import Database
from tests.page import Browser, Page, text_of

Browse = Callable[[str], Browser]
New = Callable[..., Any]
HERE = "/settings/fields"


def add(actor: Actor, label: str, type_: str = "text", **said: Any) -> Field:
    return fields.create(actor, fields.Details({"en": label}, type_, **said))


def listed(page: Page) -> list[str]:
    """Return the sentences on top of the form; each stands at its field too."""
    return page.problems[len(page.problems) // 2 :]


def names(page: Page) -> list[str]:
    return [row[0] for row in page.rows()]


@pytest.mark.parametrize(("button", "arrives"), [("Save", HERE), ("Save and new", f"{HERE}/new")])
def test_a_field_is_defined_in_three_languages(button: str, arrives: str, browse: Browse) -> None:
    cass = browse("cass")
    form = cass.get(f"{HERE}/new").form(HERE, "post")
    page = cass.submit(
        form, button, label_en="Tier", label_pt="Nível", label_es="Nivel", help_en="Of trust", type="choice",
        choices="Gold\r\n\r\n Silver ", default="silver", section="Trade", side="2", is_required="y", is_filterable="y",
    )  # fmt: skip
    assert (page.status, page.response.request.path, page.toasts) == (200, arrives, ["Tier is stored."])
    field = Field.get()
    assert (field.code, field.type, field.choices, field.default, field.section, field.side) == (
        "tier", "choice", ["Gold", "Silver"], "silver", "Trade", 2,
    )  # fmt: skip
    assert field.labels == {"en": "Tier", "pt": "Nível", "es": "Nivel"} and field.helps == {"en": "Of trust"}
    marks = (field.is_required, field.is_searchable, field.is_filterable, field.is_unique)
    assert marks == (True, False, True, False)


def test_a_refused_field_keeps_what_was_typed_with_the_sentences_at_their_places(
    browse: Browse, database: Database
) -> None:
    cass = browse("cass")
    form = cass.get(f"{HERE}/new").form(HERE, "post")
    before = database.checksum()
    page = cass.submit(form, "Save", label_en=" ", label_pt="x" * 81, code="birth date", type="choice", section="Trade")
    assert page.status == 422
    assert listed(page) == [
        "Label in English: A label has at most 80 characters.",
        "Code: “birth-date” is a word of the portal itself. Give another code.",
        "Choices: Name at least one choice.",
    ]
    again = page.form(HERE, "post")
    assert (again.value("label_pt"), again.value("section"), again.value("type")) == ("x" * 81, "Trade", "choice")
    assert database.checksum() == before
    page = cass.submit(again, "Save", label_pt="", code="x", type="colour", side="3")
    assert [problem.partition(":")[0] for problem in listed(page)] == ["Label in English", "Type", "Column"]


def test_a_field_is_edited_and_somebody_elses_edit_is_shown(cass: Actor, browse: Browse) -> None:
    field = add(cass, "Tier", "choice", choices=("Gold", "Silver"), is_filterable=True)
    browser = browse("olive")
    form = browser.get(f"{HERE}/tier").form(f"{HERE}/tier", "post")
    assert form.names() & {"code", "type"} == set()
    assert (form.value("choices"), form.value("side")) == ("Gold\nSilver", "1")
    fields.edit(cass, field.id, fields.Details({"en": "Level"}, choices=("Gold", "Silver")))
    page = browser.submit(form, "Save", label_en="Rank", is_unique="")
    assert page.status == 409 and "What is stored now" in page.words and "Level" in page.words
    page = browser.submit(page.form(f"{HERE}/tier", "post"), "Save")
    assert page.response.request.path == HERE
    stored = Field.get()
    assert (stored.code, stored.type, stored.labels, stored.version) == ("tier", "choice", {"en": "Rank"}, 3)


def test_the_list_is_the_form_and_buttons_move_fields_and_sections(cass: Actor, browse: Browse) -> None:
    for label, section in (("One", ""), ("Two", ""), ("Three", "Trade"), ("Four", "More")):
        add(cass, label, section=section)
    add(cass, "Five", side=2)
    browser = browse("cass")
    page = browser.get(HERE)
    assert names(page) == ["One", "Two", "Three", "Four", "Five"]
    page = browser.submit(page.form(f"{HERE}/two/move", to="up"))
    assert (names(page), page.response.request.path) == (["Two", "One", "Three", "Four", "Five"], HERE)
    page = browser.submit(page.form(f"{HERE}/two/move", to="down"))
    page = browser.submit(page.form(f"{HERE}/four/move-section", to="up"))
    assert names(page) == ["One", "Two", "Four", "Three", "Five"]
    moves = [form.action for form in page.forms if "/move" in form.action]
    assert moves == [f"{HERE}/one/move", f"{HERE}/two/move", f"{HERE}/four/move-section", f"{HERE}/three/move-section"]


def test_a_field_is_retired_undone_and_restored(cass: Actor, browse: Browse) -> None:
    add(cass, "Tier")
    browser = browse("cass")
    page = browser.submit(browser.get(f"{HERE}/tier").form(f"{HERE}/tier/retire"))
    assert page.toasts == ["Tier is retired; its values stay."] and find.live() == []
    assert "Retired" in page.words
    page = browser.submit(page.form(f"{HERE}/tier/restore"))
    assert page.toasts == ["Tier is in the form again, with the values that it had."]
    browser.submit(page.form(f"/changes/{Change.select().count()}/undo"))
    assert [field.code for field in find.retired()] == ["tier"]
    assert "This field is retired" in browser.get(f"{HERE}/tier").words


def test_who_uses_a_field_is_told_before_it_goes(cass: Actor, browse: Browse, new_group: New) -> None:
    add(cass, "Tier", is_filterable=True)
    for name in ("Best", "Good"):
        GroupItem.create(
            group=new_group(name), sign="include", kind="rule", rule={"field": "tier", "op": "not_empty"},
            reads=["tier"], created_by=Change.select().first(),
        )  # fmt: skip
    browser = browse("cass")
    page = browser.get(f"{HERE}/tier")
    assert {"/groups/best", "/groups/good"} <= set(page.links)
    page = browser.submit(page.form(f"{HERE}/tier/retire"))
    assert (page.status, page.problems) == (422, ["Tier is used by “Best”, “Good”. Change those first."])
    page = browser.submit(page.form(f"{HERE}/tier", "post"), "Save", is_filterable="")
    assert listed(page) == ["Filterable: Tier is used by “Best”, “Good”. Change those first."]
    assert find.live()[0].is_filterable


def test_changes_say_own_fields_by_their_labels_and_in_words(cass: Actor, browse: Browse, new_customer: New) -> None:
    add(cass, "Kind", "choices", choices=("Gold", "Silver"))
    add(cass, "News", "yesno")
    add(cass, "Limit", "money")
    ann = new_customer("Ann", code="A1", kind="Gold; Silver", news="yes", limit="12.5")
    customers.edit(cass, ann.id, {"kind": "", "news": "no", "limit": "13"})
    page = browse("ana").get(f"/changes/{Change.get(Change.act == 'customer.edit').id}")
    assert [row[-3:] for row in page.rows()] == [
        ["Kind", "Gold, Silver", "–"], ["Limit", "$12.50", "$13.00"], ["News", "yes", "no"],
    ]  # fmt: skip
    page = browse("cass").get(f"/changes/{Change.get(Change.act == 'field.create').id}")
    assert f"{HERE}/kind" in page.links and ["Type", "–", "Several choices"] in [row[-3:] for row in page.rows()]
    assert "Cass defined the field “Kind”" in page.main


def test_the_pages_take_as_many_queries_for_many_fields(
    cass: Actor, browse: Browse, query_count: Callable[..., int]
) -> None:
    browser = browse("cass")
    counts = []
    for n in (1, 3):
        while Field.select().count() < n:
            add(cass, f"Field {Field.select().count()}")
        browser.get(HERE)
        counts.append(query_count(lambda: browser.get(HERE)))
    assert counts[0] == counts[1]


def test_the_types_are_offered_in_the_language_of_the_page(browse: Browse) -> None:
    page = browse("cass").get("/settings/fields/new", headers={"Accept-Language": "pt"})
    offered = [text_of(option) for option in page.by_id("type").iter("option")]
    assert {"Sim ou não", "Opção", "Várias opções"} <= set(offered) and "Choice" not in offered
