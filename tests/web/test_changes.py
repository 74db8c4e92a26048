"""The pages of changes: what was done, filtered, with every row before and after."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import time_machine
from peewee import fn

from portal.models import Change, Customer, Shop
from portal.permissions import OPERATOR, Actor, Door
from portal.queries import change_list, change_rows
from portal.queries.change_list import Wanted
from portal.services import customers, groups, imports, items, proposals, shops, undo
from portal.services.changes import record
from tests.conftest import Database
from tests.page import Browser

New = Callable[..., Any]
Browse = Callable[[str], Browser]


def listed(browser: Browser, query: str = "") -> list[str]:
    """Return what the list says was done, without the links below."""
    page = browser.get(f"/changes{query}")
    assert page.status == 200
    return [row[0].partition("\n")[0] for row in page.rows()]


@pytest.fixture
def told(cass: Actor, sam: Actor, new_customer: New, new_group: New, s1: Shop, s2: Shop, tmp_path: Path) -> Customer:
    """A few changes: a shop on the command line, people, a group, an import into it."""
    ann = new_customer("Ann", s1, code="A1", email="ann@a.example", phone="+250788412903")
    group = new_group("Vips", [ann])
    customers.edit(sam, ann.id, {"name": "Anna", "email": "anna@a.example"})
    items.remove_member(cass, group.id, ann.id, "asked")
    file = tmp_path / "people.csv"
    file.write_text("code,name\nN1,Nan\nN2,Ned\n")
    imports.run(cass.through(Door.IMPORT), imports.check(cass, file, "people.csv", group=group).id)
    return ann


def test_the_newest_comes_first_with_who_what_and_how(browse: Browse, told: Customer) -> None:
    page = browse("cass").get("/changes")
    assert page.h1 == "Recent changes"
    signed_in, imported, removed, *_others = page.rows()
    assert [row[3] for row in (signed_in, imported, removed)] == ["1", "4", "2"]
    assert signed_in[0] == "Cass signed in" and signed_in[2].endswith(" Page")
    assert imported[:2] == ["Cass imported the file “people.csv” into the group “Vips”", "people.csvVips"]
    assert imported[2].endswith(" Import of a file")
    assert removed[:2] == ["Cass removed Anna from the group “Vips” asked", "VipsAnna"]
    assert {"/groups/vips", "/customers/A1", "/imports/1"} <= set(page.links)


def test_what_is_known_by_its_number_is_said_with_what_it_is_a_number_of(
    browse: Browse, cass: Actor, sam: Actor, new_customer: New, new_group: New
) -> None:
    ann = new_customer("Ann", code="A1")
    proposals.ask_member(sam, new_group("Vips"), ann, "add", "She asked.")
    edited = customers.edit(cass, ann.id, {"name": "Anna", "code": "A1"})
    undo.undo(cass, Change.select(fn.MAX(Change.id)).scalar())
    assert edited.customer.name == "Anna"
    page = browse("cass").get("/changes?kind=proposal")
    assert [row[:2] for row in page.rows()] == [["Sam asked for a membership, request 1", "Request 1"]]
    n = Change.get(Change.act == "customer.edit").id
    page = browse("cass").get("/changes?kind=change")
    assert [row[:2] for row in page.rows()] == [[f"Cass undid change {n}", f"Change {n}"]]


@pytest.mark.parametrize(
    ("query", "acts"),
    [
        ("?kind=import", ["Cass imported the file"]),
        ("?door=import", ["Cass imported the file"]),
        (
            "?door=command",
            ["The machine's operator created the shop “Huye”", "The machine's operator created the shop"],
        ),
        ("?who=operator&kind=shop&noun=shop&code=s2", ["The machine's operator created the shop “Huye”"]),
        (
            "?noun=customer&code=a1",
            ["Cass removed Anna", "Sam edited Anna", "Cass created the group", "Cass created Anna"],
        ),
        ("?noun=group&code=vips", ["Cass imported the file", "Cass removed Anna", "Cass created the group"]),
        ("?noun=import&code=1", ["Cass imported the file"]),
        ("?noun=import&code=9999999999", []),
        ("?kind=customer&since=2026-01-01&until=9999-12-31", ["Sam edited Anna", "Cass created Anna"]),
        ("?kind=customer&until=2001-01-01", []),
        ("?kind=moon&door=moon", None),
        ("?after=0", []),
    ],
)
def test_the_address_filters(query: str, acts: list[str] | None, browse: Browse, told: Customer) -> None:
    cass = browse("cass")
    found = listed(cass, query)
    if acts is None:
        assert found == listed(cass)
        return
    assert len(found) == len(acts), found
    assert all(one.startswith(act) for one, act in zip(found, acts, strict=True)), found


def test_a_person_is_chosen_by_name_and_only_by_who_sees_others(browse: Browse, told: Customer, sam: Actor) -> None:
    assert listed(browse("ana"), f"?who={sam.user_id}") == ["Sam edited Anna"]
    assert "Sam" in browse("tess").get("/changes").html
    page = browse("sam").get("/changes")
    assert [row[0].partition("\n")[0] for row in page.rows()] == ["Sam signed in", "Sam edited Anna"]
    assert "Cass" not in page.html and 'name="who"' not in page.html


@pytest.mark.parametrize(
    ("query", "status", "sentence"),
    [
        ("?noun=customer&code=X9", 404, "There is no customer “X9”."),
        ("?noun=group&code=none", 404, "none"),
        ("?noun=shop&code=X9", 404, "There is no shop with the code “X9”."),
        ("?since=yesterday", 422, "“yesterday” is no day; write it like 2026-01-31."),
        ("?until=2026-13-01", 422, "“2026-13-01” is no day; write it like 2026-01-31."),
    ],
)
def test_what_is_not_there_or_no_day_is_said(
    query: str, status: int, sentence: str, browse: Browse, told: Customer
) -> None:
    page = browse("cass").get(f"/changes{query}")
    assert page.status == status and sentence in page.main and page.rows() == []


def test_days_are_the_stores(cass: Actor, olive: Actor, database: Database) -> None:
    with time_machine.travel("2026-03-09T22:30:00Z", tick=False):  # half past midnight in Kigali
        shop = shops.create(OPERATOR, code="K1", name="Kimironko")
    for day, seen in (("2026-03-09", 0), ("2026-03-10", 1), ("2026-03-11", 0)):
        found = change_list.page(cass, Wanted(since=day, until=day)).rows
        assert [one.about and one.about.label for one in found] == [shop.name] * seen


def test_pages_go_on_from_a_change(cass: Actor, new_customer: New) -> None:
    for n in range(5):
        new_customer(f"N{n}")
    ids = [row.id for row in Change.select().order_by(Change.id)][-5:]
    first = change_list.page(cass, Wanted(), size=2)
    second = change_list.page(cass, Wanted(), size=2, after=first.after)
    third = change_list.page(cass, Wanted(kind="customer"), size=2, after=second.after)
    assert [[one.id for one in page.rows] for page in (first, second, third)] == [ids[:2:-1], ids[2:0:-1], ids[:1]]
    assert (first.before, third.after) == (None, None)
    back = change_list.page(cass, Wanted(), size=2, before=third.before)
    assert [one.id for one in back.rows] == ids[2:0:-1]
    front = change_list.page(cass, Wanted(), size=2, before=second.before)
    assert ([one.id for one in front.rows], front.before, front.after) == (ids[:2:-1], None, ids[3])


def test_a_list_of_one_and_of_many_take_as_many_statements(
    query_count: Callable[[Callable[[], Any]], int], cass: Actor, told: Customer
) -> None:
    one, many = (query_count(lambda n=n: change_list.page(cass, Wanted(), size=n)) for n in (1, 50))
    assert many <= 9 and one <= many
    with record(cass, "customer.import") as change:
        change.rows("customer", ((told.id, None, {"name": "x", "shop": told.shop_id}) for _ in range(3)))
    counts = {query_count(lambda n=n: change_rows.page(cass, change.id, size=n)) for n in (1, 3)}
    assert len(counts) == 1


# ---- one change ----


def test_a_change_shows_before_and_after_in_the_words_of_the_page(browse: Browse, told: Customer, sam: Actor) -> None:
    change = Change.get(Change.act == "customer.edit")
    page = browse("cass").get(f"/changes/{change.id}")
    assert (page.h1, page.status) == (f"Change {change.id}", 200)
    assert "Sam edited Anna" in page.main
    assert [row[-3:] for row in page.rows()] == [
        ["Name", "Ann", "Anna"], ["E-mail", "ann@a.example", "anna@a.example"]
    ]  # fmt: skip
    assert "/customers/A1" in page.links
    created = Change.get(Change.act == "group.create")
    rows = [row[-3:] for row in browse("cass").get(f"/changes/{created.id}").rows()]
    assert ["Owner", "–", "Cass"] in rows and ["Status", "–", "Active"] in rows and ["Colour", "–", "Blue"] in rows
    assert ["Customer", "–", "Anna"] in rows and ["Includes or excludes", "–", "includes"] in rows
    assert not any(row[0] in {"version", "Version", "owner"} for row in rows)


def test_what_an_analyst_sees_masked_is_masked_here_too(browse: Browse, told: Customer) -> None:
    for change in Change.select().where(Change.act.in_(("customer.edit", "customer.create"))):
        page = browse("ana").get(f"/changes/{change.id}")
        assert page.status == 200 and "a.example" not in page.main and "412903" not in page.main
        assert "••••@••••" in page.main


def test_shop_staff_see_no_values_of_whom_another_shop_took_over(
    browse: Browse, sol: Actor, cass: Actor, new_customer: New, s1: Shop, s2: Shop
) -> None:
    ann = new_customer("Ann", s1, code="A1")
    customers.edit(sol, ann.id, {"address": "Street 1"})
    change = Change.get(Change.act == "customer.edit")
    browser = browse("sol")
    assert "Street 1" in browser.get(f"/changes/{change.id}").main
    customers.edit(cass, ann.id, {"shop": "S2"})
    page = browser.get(f"/changes/{change.id}")
    assert page.status == 200 and "This is not yours to see." in page.main
    assert "Street 1" not in page.html and "Ann" not in page.main and "A1" not in page.links
    assert "Ann" not in browser.get("/changes").main


def test_forgotten_values_are_said_to_be_so(browse: Browse, cass: Actor, told: Customer) -> None:
    edited = Change.get(Change.act == "customer.edit")
    with record(cass, "customer.erase", f"customer:{told.id}") as change:
        change.forget([row.id for row in edited.rows])
    page = browse("cass").get(f"/changes/{edited.id}")
    assert "The values were taken out for good." in page.main


def test_a_large_change_is_turned_page_by_page(browse: Browse, cass: Actor, database: Database) -> None:
    with record(cass, "customer.import") as change:
        change.rows("shop", ((n, None, {"name": f"Shop {n}"}) for n in range(1, 121)))
    browser, path, seen = browse("cass"), f"/changes/{change.id}", []
    while path:
        page = browser.get(path)
        seen += [row[-1] for row in page.rows()]
        path = next((link for link in page.links if "after=" in link), "")
    assert seen == [f"Shop {n}" for n in range(1, 121)]


def test_every_recorded_column_has_a_name(told: Customer, cass: Actor, new_group: New) -> None:
    from portal.field_words import LABELS, NOUNS

    groups.set_status(cass, new_group("More").id, "archived")
    lines = [line for change in Change.select() for line in change_rows.page(cass, change.id).rows]
    assert {line.noun for line in lines} - set(NOUNS) == set()
    assert {name for line in lines for name in line.names} - set(LABELS) == set()
    assert json.dumps([dict(line.after or {}) for line in lines])
