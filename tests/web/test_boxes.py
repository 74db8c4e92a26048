"""Groups as boxes of the customer form, as people use them."""

import gzip
from collections.abc import Callable
from typing import Any

import pytest

from portal.models import Change, Customer, Group, Membership, Shop
from portal.permissions import Actor
from portal.services import groups, items
from tests.conftest import Database
from tests.page import Browser, Form, Page, text_of

Browse = Callable[[str], Browser]
New = Callable[..., Any]


def form_of(page: Page) -> Form:
    return next(form for form in page.forms if "version" in form.names() or form.action == "/customers/new")


def ticked(page: Page) -> dict[str, str]:
    """Return the labels of the boxes in order: ticked or not, and whether they can be changed."""
    found = {}
    for box in page.all("input"):
        if box.get("name") == "box":
            mark = "x" if box.get("checked") is not None else "-"
            found[box.get("value", "")] = mark + ("!" if box.get("disabled") is not None else "")
    return found


def members(code: str) -> list[str]:
    query = Customer.select(Customer.name).join(Membership).join(Group).where(Group.code == code)
    return sorted(name for (name,) in query.tuples())


def test_a_new_group_of_type_customer_is_a_box_at_once_and_ticking_it_adds(
    browse: Browse, new_customer: New
) -> None:
    new_customer("Ann", code="A1")
    cass = browse("cass")
    form = cass.get("/groups/new").form("/groups/new")
    assert ("in_form", "y") in form.fields()
    cass.submit(form, "Save", name="Resellers")
    page = cass.get("/customers/A1/edit")
    assert ticked(page) == {"resellers": "-"}
    page = cass.submit(form_of(page), box="resellers")
    assert (page.toasts, members("resellers")) == (["Ann is stored."], ["Ann"])
    page = cass.get("/customers/A1/edit")
    assert (ticked(page), form_of(page).value("boxes_on")) == ({"resellers": "x"}, "resellers")
    page = cass.submit(form_of(page), box=[])
    assert members("resellers") == []
    page = cass.get("/customers/A1/edit")
    assert "was removed by name; ticking lifts that" in page.main
    page = cass.submit(form_of(page), box="resellers")
    assert page.toasts == ["Ann is stored.", "Ann was kept out of Resellers by name; that is lifted."]


def test_the_box_of_a_group_can_be_left_out_of_the_form(browse: Browse, new_group: New) -> None:
    new_group("Vips"), new_group("North", type="shop")
    cass = browse("cass")
    assert ticked(cass.get("/customers/new")) == {"vips": "-"}
    assert ("in_form", "y") not in cass.get("/groups/new?type=shop").form("/groups/new").fields()
    for code, said in (("vips", []), ("north", "y")):
        cass.submit(cass.get(f"/groups/{code}/edit").form(f"/groups/{code}/edit"), in_form=said)
    assert ticked(cass.get("/customers/new")) == {"north": "-"}
    assert "Box in the customer form" in cass.get(f"/changes/{Change.select().count()}").main


def test_a_box_not_changed_since_the_form_was_drawn_is_no_write(
    browse: Browse, cass: Actor, new_customer: New, new_group: New
) -> None:
    """Somebody else ticked one box and unticked the other meanwhile."""
    ann = new_customer("Ann", code="A1")
    one, other = new_group("One"), new_group("Other", [ann])
    browser = browse("cass")
    form = form_of(browser.get("/customers/A1/edit"))
    items.add_member(cass, one.id, ann.id), items.remove_member(cass, other.id, ann.id)
    browser.submit(form, name="Anna")
    assert (members("one"), members("other")) == (["Anna"], [])


def test_a_refused_form_keeps_the_boxes_that_were_changed_and_shows_the_others_as_they_are(
    browse: Browse, cass: Actor, new_customer: New, new_group: New, s1: Shop, database: Database
) -> None:
    ann = new_customer("Ann", s1, code="A1")
    new_group("Mine", [ann]), new_group("Shut", without_shops=[s1])
    one, two = new_group("One"), new_group("Two")
    browser = browse("cass")
    form = form_of(browser.get("/customers/A1/edit"))
    items.add_member(cass, one.id, ann.id)
    before = database.checksum()
    page = browser.submit(form, box=["two"], email="nobody")
    assert (page.status, database.checksum()) == (422, before)
    assert ticked(page) == {"one": "x", "two": "x", "mine": "-", "shut": "-!"}
    assert form_of(page).value("boxes_on") == "mine,one"
    browser.submit(form_of(page), box=["one", "two"], email="")
    assert [members(code) for code in ("one", "two", "mine")] == [["Ann"], ["Ann"], []], two


def test_a_group_that_excludes_her_shop_by_now_refuses_at_the_boxes_and_keeps_what_was_typed(
    browse: Browse, cass: Actor, new_customer: New, new_group: New, s1: Shop
) -> None:
    new_customer("Ann", s1, code="A1")
    group = new_group("Vips")
    browser = browse("cass")
    form = form_of(browser.get("/customers/A1/edit"))
    items.add(cass, group.id, [items.NewItem(shop_id=s1.id, sign="exclude")])
    page = browser.submit(form, box="vips", name="Anna")
    told = "Anna cannot be added: the group excludes the shop Kigali North. End that item first."
    assert (page.status, page.problems) == (422, [told, f"Groups: {told}"])
    assert (form_of(page).value("name"), Customer.get().name) == ("Anna", "Ann")
    assert "kept out: the group excludes the shop Kigali North" in page.main


def test_support_ticks_open_groups_and_says_why(browse: Browse, cass: Actor, new_group: New) -> None:
    groups.create(cass, groups.Details("Club", is_open=True))
    new_group("Vips")
    sam, sol, olive = browse("sam"), browse("sol"), browse("olive")
    page = sam.get("/customers/new")
    assert ticked(page) == {"club": "-"}
    page = sam.submit(form_of(page), name="Ann", email="a@b.example", box="club")
    assert (page.status, page.problems[0]) == (422, "Say why; it is written to the log.")
    page = sam.submit(form_of(page), reason="She asked")
    assert (page.h1, members("club")) == ("Ann", ["Ann"])
    assert ticked(sol.get("/customers/new")) == {"club": "-"}
    assert ticked(olive.get("/customers/new")) == {} and "boxes_on" not in olive.get("/customers/new").html


@pytest.mark.parametrize("said", ["vips,,vips", "nothing,vips", " ", "," * 300])
def test_a_form_that_says_odd_things_of_what_was_drawn_is_answered_in_words(
    said: str, browse: Browse, new_customer: New, new_group: New
) -> None:
    new_customer("Ann", code="A1"), new_group("Vips")
    browser = browse("cass")
    form = form_of(browser.get("/customers/A1/edit"))
    page = browser.submit(form, box=["vips", "vips"], boxes_on=said)
    assert page.status in {200, 422}
    assert members("vips") == ([] if "vips" in said else ["Ann"] if "nothing" not in said and said != " " else [])


def test_hundreds_of_boxes_keep_the_form_small(browse: Browse, cass: Actor, new_customer: New) -> None:
    """The document of a first visit may weigh 15 KB (ux.md, Look); tests/browser/test_weight.py weighs the others."""
    ann = new_customer("Ann", code="A1")
    made = [{"code": f"group-{n}", "name": f"Group of people {n}", "name_key": f"group of people {n}", "in_form": True}
            for n in range(500)]  # fmt: skip
    Group.insert_many(made).execute()
    browser = browse("cass")
    page = browser.get("/customers/A1/edit")
    assert len(ticked(page)) == 500, ann
    assert len(gzip.compress(page.html.encode(), 5)) < 15 * 1024
    assert "Narrow the groups" in {part.get("placeholder") for part in page.all("input")}


def test_the_form_takes_as_many_queries_for_five_groups_as_for_one(
    browse: Browse, new_customer: New, new_group: New, s1: Shop, query_count: Any
) -> None:
    ann = new_customer("Ann", s1, code="A1")
    new_group("In", [ann])
    browser = browse("cass")
    counts = [query_count(lambda: browser.get("/customers/A1/edit"))]
    for name in ("B", "C", "D", "E"):
        new_group(name, [ann])
    counts.append(query_count(lambda: browser.get("/customers/A1/edit")))
    assert counts == [14, 14] and text_of(browser.get("/customers/A1/edit").by_id("box")) == "Groups B C D E In"
