"""“Add an item” with groups, shares, days and notes, and what it would move before it is saved."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from portal import clock
from portal.models import Change, Group, GroupItem, Membership, Shop
from portal.permissions import Actor
from portal.services import items
from portal.services.items import NewItem

New = Callable[..., Any]
ITEMS = "/groups/vips/items"


def live() -> list[GroupItem]:
    vips = Group.get(Group.code == "vips")
    query = GroupItem.select().where(GroupItem.group == vips, GroupItem.ended_at.is_null())
    return list(query.order_by(GroupItem.id))


def test_a_group_is_found_chosen_previewed_and_saved(
    browse: New, cass: Actor, new_customer: New, new_group: New
) -> None:
    ann, ben = new_customer("Ann"), new_customer("Ben")
    inner, vips, top = new_group("Inner Circle", [ann, ben]), new_group("Vips", [ann]), new_group("Top")
    items.add(cass, top.id, [NewItem(of_group_id=vips.id)])
    browser = browse("cass")
    n_changes = Change.select().count()
    page = browser.post(ITEMS, {"find": "circle", "do": "find"})
    assert "Inner Circle inner-circle · group" in page.main
    page = browser.post(ITEMS, {"item": f"group:{inner.id}", "do": "find"})
    assert "+1, then 2 members" in page.main and "1 other group changes with it: Top +1, then 2 members" in page.main
    assert "1 joins Ben" in page.main
    assert (Change.select().count(), Membership.select().count()) == (n_changes, 4)
    page = browser.post(ITEMS, {"item": f"include:group:{inner.id}", "do": "save"}, follow=True)
    assert page.toasts == ["Vips is stored: 1 joined."]
    assert [row[:3] for row in page.rows()] == [["Inner Circle", "Group", "include"], ["Ann", "Customer", "include"]]
    assert Group.get_by_id(top.id).n_members == 2
    found = browser.get(f"{ITEMS}?q=circle")
    assert [row[0] for row in found.rows()] == ["Inner Circle"]


def test_what_is_said_of_an_item_goes_with_what_is_ticked_and_is_shown(
    browse: New, new_customer: New, new_group: New, s1: Shop
) -> None:
    ann = new_customer("Ann", s1)
    whole = new_group("Whole", shops=[s1])
    new_group("Vips")
    browser = browse("cass")
    page = browser.post(
        ITEMS,
        {
            "item": [f"group:{whole.id}", f"shop:{s1.id}", f"customer:{ann.id}"], "low": "0", "high": "12,5",
            "seed": "spring", "on_leave": "stay", "from_day": "2099-01-02", "until_day": "2099-01-31", "note": "pilot",
            "do": "find",
        },
    )  # fmt: skip
    assert "share 0–12,5 %, seed “spring” · from Jan 2, 2099 · until Jan 31, 2099 · pilot" in page.main
    assert "who leaves the shop stays" in page.main and "Nobody would join or leave." in page.main
    page = browser.submit(page.form(ITEMS, "post"), "Save")
    share, shop, customer = live()
    assert (share.kind, share.low, share.high, share.seed, share.of_group_id) == ("share", 0, 1250, "spring", whole.id)
    assert (shop.on_leave, customer.on_leave, share.on_leave) == ("stay", "leave", "leave")
    begins = datetime(2099, 1, 1, 22)  # the store is in Kigali, two hours before Greenwich
    assert {(item.valid_from, item.valid_until, item.note) for item in live()} == {
        (begins, begins + timedelta(days=30), "pilot")
    }
    assert "share 0–12.5 %, seed “spring” from Jan 2, 2099 until Jan 31, 2099 pilot" in page.main
    assert Group.get(Group.code == "vips").next_change_at == begins


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"from_day": "2020-01-01"}, "This day has passed"),
        ({"until_day": "someday"}, "“someday” is no day that can be planned"),
        ({"from_day": "2099-01-02", "until_day": "2099-01-01"}, "“Until” comes before “from”"),
        ({"low": "a", "high": "5", "seed": "x"}, "“a” is no percentage"),
        ({"low": "1", "high": "5.123", "seed": "x"}, "“5.123” is no percentage"),
        ({"low": "50", "high": "150", "seed": "x"}, "goes from 0 to 100 percent"),
        ({"low": "5"}, "Give the share a seed"),
    ],
)
def test_what_cannot_be_is_said_before_and_at_the_save(
    browse: New, new_group: New, said: dict[str, str], sentence: str
) -> None:
    whole = new_group("Whole")
    new_group("Vips")
    browser = browse("cass")
    page = browser.post(ITEMS, {"item": f"group:{whole.id}", "do": "find", **said})
    assert page.status == 200 and "This cannot be saved as it is." in page.main and sentence in page.main
    page = browser.post(ITEMS, {"item": f"group:{whole.id}", "do": "save", **said})
    assert page.status == 422 and sentence in page.main
    assert f"group:{whole.id}" in page.html and live() == []


@pytest.mark.parametrize(
    "value",
    ["include:group:1?x=1", "include:rule:1", "include:customer:1?seed=a", "include:group:1?" + "low=1&" * 30,
     "both:shop:1", "include:shop:99999999999"],
)  # fmt: skip
def test_a_value_that_no_page_has_drawn_is_refused_in_words(browse: New, new_group: New, value: str) -> None:
    new_group("Vips")
    page = browse("cass").post(ITEMS, {"item": value, "do": "save"})
    assert page.status == 422 and "One of the chosen items was not understood." in page.main


def test_today_counts_from_now_on_and_a_circle_is_named(
    browse: New, cass: Actor, new_customer: New, new_group: New
) -> None:
    inner, vips = new_group("Inner", [new_customer("Ann")]), new_group("Vips")
    browser = browse("cass")
    today = clock.today("Africa/Kigali").isoformat()
    browser.post(ITEMS, {"item": f"group:{inner.id}", "do": "save", "from_day": today, "until_day": today})
    assert Membership.select().where(Membership.group == vips.id).count() == 1
    page = browser.post("/groups/inner/items", {"item": f"group:{vips.id}", "do": "save"})
    assert page.status == 422 and "That would be a circle: Inner → Vips → Inner." in page.main


def test_a_new_group_is_previewed_with_its_first_items(
    browse: New, new_customer: New, new_group: New, s1: Shop
) -> None:
    new_customer("Ann", s1)
    page = browse("cass").post("/groups/new", {"name": "", "type": "shop", "item": f"shop:{s1.id}", "do": "find"})
    assert page.status == 200 and "+1, then 1 member" in page.main
    assert (Group.select().count(), Membership.select().count()) == (0, 0)


def test_days_and_a_note_go_with_a_customer_who_is_typed_in_the_same_form(
    browse: New, new_group: New
) -> None:
    new_group("Vips")
    browser = browse("cass")
    browser.get(ITEMS)
    typed = {"new_customers-0-name": "Nina New", "new_customers-0-code": "N1", "do": "save"}
    browser.post(ITEMS, typed | {"note": "pilot", "until_day": "2099-01-31"})
    item = GroupItem.get()
    assert (item.customer.code, item.note, item.valid_until is None) == ("N1", "pilot", False)
    typed = {"new_customers-0-name": "Olga New", "new_customers-0-code": "N2", "do": "save"}
    page = browser.post(ITEMS, typed | {"low": "5"})
    assert (page.status, GroupItem.select().count()) == (422, 1) and "nothing that is chosen has them" in page.main
