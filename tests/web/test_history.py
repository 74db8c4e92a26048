"""The history of a group and of a customer, as people look at it."""

import csv
import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine

from portal.models import Change, Customer, Group, Shop
from portal.permissions import Actor
from portal.queries import history
from portal.services import customers, groups, items
from tests.page import Browser, Page

Browse = Callable[[str], Browser]
New = Callable[..., Any]


def at(day: int) -> Any:
    return time_machine.travel(datetime(2026, 5, day, 12, tzinfo=UTC), tick=True)


@pytest.fixture
def vips(cass: Actor, s1: Shop, s2: Shop, new_customer: New, new_group: New) -> Iterator[Group]:
    """Ann and Cid of Kigali North, Bea of Huye; Bea left, Cid came by moving."""
    with at(1):
        people = [new_customer("Ann", s1, code="A1"), new_customer("Bea", s2, code="B1")]
        cid = new_customer("Cid", s2, code="C1")
        group = new_group("Vips", members=people, shops=[s1])
    with at(3):
        items.remove_member(cass, group.id, people[1].id)
    with at(5):
        customers.edit(cass, cid.id, {"shop": "S1"})
    with at(9):
        yield group


def table(page: Page, block: str) -> list[list[str]]:
    """Return the cells of the rows of the table in that part of the page."""
    return [
        [" ".join("".join(cell.itertext()).split()) for cell in row if cell.tag in {"td", "th"}]
        for body in page.by_id(block).iter("tbody") for row in body.iter("tr")
    ]  # fmt: skip


def test_the_third_tab_tells_what_moved_its_members(browse: Browse, vips: Group) -> None:
    page = browse("cass").get("/groups/vips/history")
    assert [link for link in page.links if link.startswith("/groups/vips")].count("/groups/vips/history") == 1
    assert table(page, "timeline") == [
        ["5/5/26, 2:00 PM", "Moved from Huye to Kigali North · Cass", "+1", ""],
        ["5/3/26, 2:00 PM", "Removed by name · Cass", "", "−1"],
        ["5/1/26, 2:00 PM", "Group created · Cass", "+2", ""],
    ]
    assert "/groups/vips/history?at=2026-05-03" in page.links
    assert table(page, "found") == []


def test_the_members_of_a_day_are_listed_with_both_ends_of_their_stay(browse: Browse, vips: Group) -> None:
    cass = browse("cass")
    form = cass.get("/groups/vips/history").form("/groups/vips/history", at="")
    page = cass.submit(form, "Show members", at="2026-05-02")
    assert "2 members on May 2, 2026" in page.main
    assert table(page, "found") == [
        ["Ann", "A1", "Kigali North", "May 1, 2026 Group created · Cass", ""],
        ["Bea", "B1", "Huye", "May 1, 2026 Group created · Cass", "May 3, 2026 Removed by name · Cass"],
    ]
    assert "No members on that day" in cass.get("/groups/vips/history?at=2026-04-30").main
    part = cass.part("/groups/vips/history?at=2026-05-02", "found")
    assert len(part.rows()) == 2 and "What moved" not in part.html


def test_two_days_are_compared(browse: Browse, vips: Group) -> None:
    cass = browse("cass")
    form = cass.get("/groups/vips/history").form("/groups/vips/history", **{"from": ""})
    page = cass.submit(form, "Who joined, who left", **{"from": "2026-05-02", "to": "2026-05-09"})
    assert table(page, "found") == [["Cid", "C1", "Kigali North", "May 5, 2026 Moved from Huye to Kigali North · Cass"]]
    (left,) = [link for link in page.links if "show=left" in link]
    assert table(cass.get(left), "found") == [["Bea", "B1", "Huye", "May 3, 2026 Removed by name · Cass"]]
    assert "Nobody joined" in cass.get("/groups/vips/history?from=2026-05-06&to=2026-05-09").main
    assert "Nobody left" in cass.get("/groups/vips/history?from=2026-05-06&to=2026-05-09&show=left").main


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("at=2026-05-10", "2026-05-10 is still to come; history tells of days that have been."),
        ("at=yesterday", "“yesterday” is not a day; write it as 2026-05-31."),
        ("from=2026-05-01", "“” is not a day; write it as 2026-05-31."),
        ("from=2026-05-05&to=2026-05-04", "2026-05-05 comes after 2026-05-04; turn the two days round."),
    ],
)
def test_a_day_that_cannot_be_answered_for_is_refused_at_its_field(
    browse: Browse, vips: Group, query: str, sentence: str
) -> None:
    page = browse("cass").get(f"/groups/vips/history?{query}")
    assert (page.status, page.problems) == (422, [sentence])
    assert len(table(page, "timeline")) == 3


def test_pages_of_a_past_day_go_there_and_back(
    browse: Browse, cass: Actor, new_customer: New, new_group: New, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(history.Crowd.page.__kwdefaults__, "size", 2)
    with at(1):
        group = new_group("Vips", members=[new_customer(f"N{n}", code=f"K{n}") for n in range(5)])
    with at(2):
        groups.set_status(cass, group.id, "archived")
        browser = browse("cass")
        first = browser.get("/groups/vips/history?at=2026-05-01")
        second = browser.get(next(link for link in first.links if "after=" in link))
        back = browser.get(next(link for link in second.links if "before=" in link))
        assert [[row[1] for row in table(page, "found")] for page in (first, second, back)] == [
            ["K0", "K1"], ["K2", "K3"], ["K0", "K1"],
        ]  # fmt: skip
        gone = browser.get("/groups/vips/history?at=2026-05-01&after=K9")
        assert (gone.status, gone.headers["Location"]) == (302, "/groups/vips/history?at=2026-05-01")


def test_the_timeline_has_pages(browse: Browse, cass: Actor, new_customer: New, new_group: New) -> None:
    group = new_group("Vips")
    one = new_customer("Ann", code="A1")
    for _ in range(26):
        items.add_member(cass, group.id, one.id), items.remove_member(cass, group.id, one.id)
    browser = browse("cass")
    first = browser.get("/groups/vips/history")
    second = browser.get(next(link for link in first.links if "older=" in link))
    assert [len(table(page, "timeline")) for page in (first, second)] == [50, 2]
    again = browser.get(next(link for link in second.links if "newer=" in link))
    assert table(again, "timeline") == table(first, "timeline")
    stays = browser.get("/customers/A1/history")
    assert len(stays.rows()) == 26 and not [link for link in stays.links if "after=" in link]


def test_a_customers_stays_are_told_with_their_reasons(browse: Browse, vips: Group, cass: Actor) -> None:
    groups.delete(cass, vips.id)
    browser = browse("cass")
    assert "/customers/B1/history" in browser.get("/customers/B1").links
    page = browser.get("/customers/B1/history")
    assert page.rows() == [["Vips", "5/1/26, 2:00 PM Group created · Cass", "5/3/26, 2:00 PM Removed by name · Cass"]]
    assert [link for link in page.links if link.startswith("/groups/vips")] == []  # deleted, and remembered
    items.add_member(cass, groups.create(cass, groups.Details(name="Others")).group.id, Customer.get(code="B1").id)
    assert [row[2] for row in browser.get("/customers/B1/history").rows()] == [
        "Member now", "5/3/26, 2:00 PM Removed by name · Cass",
    ]  # fmt: skip


def test_a_past_day_is_taken_along_as_a_file_and_that_is_noted(browse: Browse, vips: Group) -> None:
    answer = browse("ana").get("/groups/vips/history.csv?at=2026-05-02")
    rows = list(csv.DictReader(io.StringIO(answer.response.get_data().decode("utf-8-sig"))))
    assert [(row["code"], row["joined"], row["left"]) for row in rows] == [
        ("A1", "2026-05-01 14:00", ""), ("B1", "2026-05-01 14:00", "2026-05-03 14:00"),
    ]  # fmt: skip
    assert answer.headers["Content-Disposition"] == 'attachment; filename="vips-2026-05-02.csv"'
    change = Change.get(Change.act == "customer.export")
    assert (change.note, change.subject) == ("members of “Vips” on May 2, 2026", f"group:{vips.id}")
    assert browse("cass").get("/groups/vips/history.csv?at=2027-01-01").status == 422
