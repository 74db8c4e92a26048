"""The page on which groups are made of a field's values."""

from collections.abc import Callable
from typing import Any

import pytest

from portal.models import Change, Customer, Group, Membership
from portal.permissions import Actor
from portal.queries.fields import by_code
from portal.services import customers, fields, groups, settings
from portal.services.fields import Details
from portal.services.items import NewItem
from tests.conftest import Database
from tests.page import Browser, Page

Visit = Callable[[str], Browser]
HERE = "/groups/new/values"


@pytest.fixture(autouse=True)
def tier(cass: Actor) -> None:
    """Two customers of gold, one of silver, nobody of bronze, one without a tier."""
    fields.create(cass, Details({"en": "Tier", "pt": "Nível"}, "choice", choices=("Gold", "Silver", "Bronze")))
    for code, value in (("A", "Gold"), ("B", "Gold"), ("C", "Silver"), ("D", "")):
        customers.create(cass, {"code": code, "name": f"Person {code}", "tier": value})


def rows(page: Page) -> list[list[str]]:
    """Return value, customers and group of each row."""
    return [row[1:] for row in page.rows()]


def form_of(browser: Browser, field: str = "tier") -> Any:
    return browser.get(f"{HERE}?field={field}").form(HERE, "post")


def test_a_field_is_chosen_and_its_values_are_shown_with_customers_and_names(browse: Visit) -> None:
    page = browse("cass").get(HERE)
    assert (page.h1, page.rows()) == ("Groups of a field's values", [])
    chooser = page.form(HERE, "get")
    options = [part.get("value") for part in chooser.element.iter("option")]
    assert options == ["", "tier", "shop", "language", "gender", "id_type"]
    page = browse("cass").get(f"{HERE}?field=tier")
    assert [row[:2] for row in rows(page)] == [["Gold", "2"], ["Silver", "1"], ["Bronze", "0"]]
    form = page.form(HERE, "post")
    assert [form.value(f"values-{n}-name") for n in range(3)] == ["Gold", "Silver", "Bronze"]
    assert "values-0-make" not in [name for name, _ in form.fields()]


def test_what_is_ticked_becomes_groups_and_the_table_shows_them(browse: Visit) -> None:
    cass = browse("cass")
    page = cass.submit(
        form_of(cass), "Make the groups", **{"values-0-make": "y", "values-1-make": "y", "values-0-name": "Best"}
    )
    assert page.toasts == ["2 groups were made. Members in all: 3."]
    assert rows(page)[:2] == [["Gold", "2", "Best"], ["Silver", "1", "Silver"]]
    assert page.form(HERE, "post").value("values-0-value") == "Bronze"
    assert {"/groups/best", "/groups/silver"} <= set(page.links)
    assert [(one.code, one.type, one.n_members) for one in Group.select().order_by(Group.id)] == [
        ("best", "rule", 2), ("silver", "rule", 1),
    ]  # fmt: skip


def test_the_toast_undoes_all_of_it(browse: Visit) -> None:
    cass = browse("cass")
    for field, tick in (("tier", "values-0-make"), ("gender", "values-0-make")):
        page = cass.submit(form_of(cass, field), "Make the groups", **{tick: "y"})
        page = cass.submit(next(form for form in page.forms if form.action.endswith("/undo")))
        assert (page.h1, page.toasts) == ("CRM Groups Maintenance", ["Undone: 1 group, 1 item."])
        assert Membership.select().count() == 0
    told = cass.get("/changes").main
    assert "Cass made groups of the values of the field “Tier”" in told
    assert "Cass made groups of a field's values" in told


def test_sending_it_twice_makes_the_groups_once(browse: Visit) -> None:
    cass = browse("cass")
    form = form_of(cass)
    data = [*form.fields(), ("values-0-make", "y"), ("do", "save")]
    cass.submit(form, "Make the groups", **{"values-0-make": "y"})
    again = [(name, value) for name, value in data if name not in {"csrf_token", "once"}]
    page = cass.post(HERE, dict(again), follow=True)
    assert page.toasts == ["1 value has a group already; none was made of it."]
    assert (Group.select().count(), Change.select().where(Change.act == "group.of_values").count()) == (1, 1)


def test_a_name_that_is_taken_is_proposed_with_the_label_of_the_field(browse: Visit, new_group: Any) -> None:
    new_group("Gold")
    new_group("tier: gold")
    cass = browse("cass")
    form = form_of(cass)
    assert [form.value(f"values-{n}-name") for n in range(2)] == ["Tier: Gold (2)", "Silver"]
    cass.get("/account")
    new_group("silver")
    assert form_of(cass).value("values-1-name") == "Tier: Silver"


def test_yes_no_and_numbers_are_called_with_the_label_of_the_field(browse: Visit, cass: Actor) -> None:
    fields.create(cass, Details({"en": "Letters"}, "yesno"))
    fields.create(cass, Details({"en": "Children"}, "number"))
    customers.create(cass, {"code": "E", "letters": "yes", "children": "2.5"})
    browser = browse("cass")
    assert form_of(browser, "letters").value("values-0-name") == "Letters: yes"
    form = form_of(browser, "children")
    assert form.value("values-0-name") == "Children: 2.5"
    browser.submit(form, "Make the groups", **{"values-0-make": "y"})
    assert Group.get().n_members == 1


def test_built_in_fields_are_said_in_words(browse: Visit, s1: Any) -> None:
    cass = browse("cass")
    assert rows(cass.get(f"{HERE}?field=gender"))[0][0] == "Female"
    assert rows(cass.get(f"{HERE}?field=shop"))[0][0] == "Kigali North"
    assert rows(cass.get(f"{HERE}?field=id_type"))[0][0] == "National ID"
    page = cass.submit(form_of(cass, "shop"), "Make the groups", **{"values-0-make": "y"})
    assert rows(page)[0][2] == "Kigali North"


def test_the_page_speaks_the_readers_language(browse: Visit) -> None:
    cass = browse("cass")
    cass.post("/account/language", {"language": "pt"})
    page = cass.get(f"{HERE}?field=tier")
    assert "Nível" in page.main
    assert rows(cass.get(f"{HERE}?field=gender"))[0][0] == "Feminino"


def test_before_saving_it_shows_who_would_join_and_stores_nothing(browse: Visit, database: Database) -> None:
    cass = browse("cass")
    form = form_of(cass)
    before = database.checksum()
    page = cass.submit(form, "Preview", **{"values-0-make": "y", "values-1-make": "y", "values-1-name": "Second"})
    assert page.status == 200
    assert [row[:4] for row in page.rows()[3:]] == [["Gold", "+2", "", "2"], ["Second", "+1", "", "1"]]
    form = page.form(HERE, "post")
    assert (form.value("values-1-name"), form.value("values-1-make")) == ("Second", "y")
    page = cass.submit(form, "Preview", **{"values-0-name": "", "values-1-name": "x" * 121})
    assert "A name is required. A group's name has at most 120 characters." in page.main
    assert database.checksum() == before


def test_all_are_ticked_at_once_with_the_names_that_were_typed(browse: Visit) -> None:
    cass = browse("cass")
    page = cass.submit(form_of(cass), "Tick all", **{"values-2-name": "Third"})
    form = page.form(HERE, "post")
    assert [form.value(f"values-{n}-make") for n in range(3)] == ["y", "y", "y"]
    assert cass.submit(form, "Make the groups").toasts == ["3 groups were made. Members in all: 3."]
    assert Group.get(Group.code == "third").name == "Third"


# ---- refused ----


def test_what_is_wrong_is_said_at_its_value_and_what_was_typed_is_kept(
    browse: Visit, new_group: Any, database: Database
) -> None:
    new_group("Taken")
    cass = browse("cass")
    form = form_of(cass)
    before = database.checksum()
    said = {"values-0-make": "y", "values-0-name": "Mine", "values-2-make": "y", "values-2-name": "taken"}
    page = cass.submit(form, "Make the groups", **said)
    assert (page.status, page.toasts) == (422, [])
    assert page.main.count("There is a group called “Taken” already.") == 2  # in the summary and at its name
    assert "#values" in page.links
    form = page.form(HERE, "post")
    assert [form.value(name) for name in said] == list(said.values())
    assert database.checksum() == before
    assert cass.submit(form, "Make the groups", **{"values-2-name": "Free"}).toasts[0].startswith("2 groups were made")


def test_nothing_ticked_is_said(browse: Visit, database: Database) -> None:
    cass = browse("cass")
    form = form_of(cass)
    before = database.checksum()
    page = cass.submit(form, "Make the groups")
    assert page.status == 422 and "Tick at least one value." in page.main
    assert database.checksum() == before


def test_a_value_that_is_none_any_more_stays_on_the_page_with_what_is_wrong(browse: Visit) -> None:
    cass = browse("cass")
    data = {"field": "tier", "values-0-value": "Iron", "values-0-make": "y", "values-0-name": "Iron"}
    page = cass.post(HERE, {**data, "do": "save"})
    assert page.status == 422 and "“Iron” is no choice of “Tier”" in page.main
    assert rows(page)[-1][:2] == ["Iron", ""]
    assert cass.post(HERE, {**data, "do": "preview"}).status == 200
    assert Group.select().count() == 0


@pytest.mark.parametrize(
    ("field", "status"),
    [("none-such", 404), ("phone", 422), ("birth_date", 422), ("x" * 5_000, 404), ("tier\u202e", 404)],
)
def test_a_field_that_has_no_groups_is_refused_in_a_sentence(browse: Visit, field: str, status: int) -> None:
    cass = browse("cass")
    assert cass.get(f"{HERE}?field={field}").status == status
    assert cass.post(HERE, {"field": field, "do": "save"}).status == status
    assert Group.select().count() == 0


def test_more_parts_than_a_page_has_do_no_harm(browse: Visit) -> None:
    cass = browse("cass")
    said = {"value": "V", "make": "y", "name": "N"}
    many = {f"values-{n}-{name}": f"{text}{n}" for n in range(300) for name, text in said.items()}
    for act in ("save", "preview", "all"):
        page = cass.post(HERE, {"field": "tier", **many, "do": act})
        assert page.status in {200, 422}
    assert Group.select().count() == 0


def test_of_many_values_it_says_how_many_are_not_shown(browse: Visit, cass: Actor) -> None:
    fields.create(cass, Details({"en": "City"}))
    for n in range(53):
        customers.create(cass, {"code": f"X{n}", "city": f"City {n:02}"})
    cass_ = browse("cass")
    page = cass_.get(f"{HERE}?field=city")
    assert len(page.rows()) == 50
    assert "3 more values, which fewer customers have, are not shown." in page.main
    page = cass_.submit(page.form(HERE, "post"), "Tick all")
    assert (page.status, len(page.rows())) == (200, 50)


def test_a_field_that_nobody_has_a_value_of_says_so(browse: Visit, cass: Actor) -> None:
    fields.create(cass, Details({"en": "City"}))
    assert "No values yet" in browse("cass").get(f"{HERE}?field=city").main


# ---- who finds it ----


@pytest.mark.parametrize(
    ("name", "on_new", "on_field"), [("cass", True, True), ("pat", True, None), ("olive", None, False)]
)
def test_the_way_there_is_shown_to_who_may_go(
    browse: Visit, name: str, on_new: bool | None, on_field: bool | None
) -> None:
    browser = browse(name)
    for path, link, expected in (
        ("/groups/new", HERE, on_new), ("/settings/fields/tier", f"{HERE}?field=tier", on_field),
    ):  # fmt: skip
        page = browser.get(path)
        assert (link in page.links if page.status == 200 else None) == expected
    assert browser.get(HERE).status == (403 if name == "olive" else 200)


def test_fields_of_one_persons_own_values_and_retired_ones_show_no_way_there(browse: Visit, cass: Actor) -> None:
    browser = browse("cass")
    fields.create(cass, Details({"en": "Card"}, is_unique=True))
    assert f"{HERE}?field=card" not in browser.get("/settings/fields/card").links
    fields.retire(cass, by_code("tier").id)
    assert f"{HERE}?field=tier" not in browser.get("/settings/fields/tier").links


def test_what_moves_more_than_one_person_may_is_asked_for(browse: Visit, olive: Actor) -> None:
    settings.set_guards(olive, "30", is_marked=False)
    cass = browse("cass")
    page = cass.submit(form_of(cass), "Tick all")
    page = cass.submit(page.form(HERE, "post"), "Make the groups")
    assert (page.status, page.h1) == (428, "This needs approval")
    assert [row[:2] for row in page.rows()] == [["Gold", "+2"], ["Silver", "+1"]]
    page = cass.submit(page.form("/proposals/approval"), reason="All of them")
    assert "New groups of a field's values, “Gold” among them" in page.main
    pat = browse("pat")
    page = pat.get("/proposals/1")
    assert [row[:2] for row in page.rows()] == [["Gold", "+2"], ["Silver", "+1"]]
    pat.submit(page.form("/proposals/1/approve"))
    assert Group.select().count() == 3


def test_a_group_of_the_value_by_hand_stands_in_its_row(browse: Visit, cass: Actor) -> None:
    rule = {"field": "tier", "op": "is", "value": "gold"}
    groups.create(cass, groups.Details("Mine", "rule"), [NewItem(rule=rule)])
    assert rows(browse("pat").get(f"{HERE}?field=tier"))[0] == ["Gold", "2", "Mine"]
    assert Customer.select().count() == 4
