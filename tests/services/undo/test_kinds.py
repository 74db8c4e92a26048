"""Undo of items that name groups, shares and days, of what shops leave behind, and in groups open to support."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

from portal.errors import Refusal
from portal.models import Change, Customer, Group, GroupItem, Membership, PastMembership, Shop
from portal.permissions import Actor
from portal.queries import membership
from portal.services import customers, groups, items, undo
from portal.services import membership as keeping
from portal.services.groups import Details
from portal.services.items import NewItem
from tests.conftest import Database
from tests.services.undo.test_touched import refused, said
from tests.services.undo.test_undo import newest, stored

New = Callable[..., Any]
START = datetime(2026, 3, 2, 10)
ONE, TWO, THREE = (START + timedelta(days=n) for n in (1, 2, 3))


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """A clock that stands still until it is moved."""
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


def members(group: Group) -> set[int]:
    """Return who is in the group."""
    return {id_ for (id_,) in Membership.select(Membership.customer).where(Membership.group == group.id).tuples()}


def sound() -> None:
    """What is stored is what the definition says."""
    assert (membership.differences(), membership.broken_intervals(), membership.wrong_counts()) == ([], [], [])


def level(group: Group) -> int:
    """Return how high a group stands above those that it is made of."""
    return int(Group.get_by_id(group.id).level)


def test_groups_and_shares_as_items_go_and_come_back_with_their_levels(
    cass: Actor, new_customer: New, new_group: New
) -> None:
    crowd = [new_customer(f"P{n}") for n in range(8)]
    for n, one in enumerate(crowd):  # by these the share draws some of them, each time the same
        Customer.update(uid=f"u{n}").where(Customer.id == one.id).execute()
    base, top = new_group("Base", crowd), new_group("Top")
    over = groups.create(cass, Details("Over"), [NewItem(of_group_id=top.id)]).group
    before = stored()
    half = NewItem(of_group_id=base.id, low=0, high=5_000, seed="x")
    items.add(cass, top.id, [half, NewItem(of_group_id=base.id, sign="exclude", low=2_000, high=3_000, seed="x")])
    after = stored()
    assert (level(top), level(over)) == (1, 2) and members(over) == members(top) != set()
    for expected in (before, after, before):
        assert said(undo.undo(cass, newest())) == []
        assert stored() == expected
        sound()
    assert (level(top), level(over)) == (0, 1)


def test_an_item_that_would_close_a_circle_by_now_does_not_come_back(
    database: Database, cass: Actor, new_group: New
) -> None:
    a, b = new_group("A"), new_group("B")
    items.add(cass, a.id, [NewItem(of_group_id=b.id)])
    items.end(cass, a.id, GroupItem.get(GroupItem.group == a).id)
    ended = newest()
    items.add(cass, b.id, [NewItem(of_group_id=a.id)])
    assert refused(database, cass, ended).startswith("That would be a circle: A → B → A")
    undo.undo(cass, newest())
    undo.undo(cass, ended)
    assert (level(a), level(b)) == (1, 0)


def test_a_group_that_others_are_made_of_is_neither_taken_nor_archived(
    database: Database, cass: Actor, new_group: New
) -> None:
    base = groups.create(cass, Details("Base", status="draft")).group
    created = newest()
    groups.set_status(cass, base.id, "active")
    started = newest()
    top = groups.create(cass, Details("Top"), [NewItem(of_group_id=base.id)]).group
    assert refused(database, cass, started) == (
        "Base is used by “Top”, which would lose members. End those items first."
    )
    assert refused(database, cass, created) == "The group Base has been changed since."
    items.end(cass, top.id, GroupItem.get(GroupItem.group == top).id)
    undo.undo(cass, started)
    assert Group.get_by_id(base.id).status == "draft"
    fresh = new_group("Fresh")
    created = newest()
    items.add(cass, top.id, [NewItem(of_group_id=fresh.id)])
    assert refused(database, cass, created) == "The group Fresh stays: Top is made of it by now."


def test_marks_that_exclude_each_other_do_not_come_back_together(
    database: Database, cass: Actor, new_group: New
) -> None:
    group = new_group("Vips")
    groups.edit(cass, group.id, Details("Vips", is_open=True))
    groups.edit(cass, group.id, Details("Vips"))
    closed = newest()
    groups.edit(cass, group.id, Details("Vips", is_sensitive=True))
    assert refused(database, cass, closed).startswith("Support does not see a sensitive group")


def test_an_item_counts_on_its_days_when_it_comes_back_and_not_after(
    database: Database, cass: Actor, new_customer: New, new_group: New, clock: time_machine.Traveller
) -> None:
    ann = new_customer("Ann")
    group = new_group("Spring")
    items.add(cass, group.id, [NewItem(customer_id=ann.id, valid_from=TWO, valid_until=THREE)])
    added = newest()
    items.end(cass, group.id, GroupItem.get().id)
    ended = newest()
    clock.move_to(ONE)
    told = undo.undo(cass, ended)
    assert (members(group), Group.get_by_id(group.id).next_change_at) == (set(), TWO)
    clock.move_to(TWO)
    keeping.due.refresh()
    assert members(group) == {ann.id}
    # That its day has come is nothing that anybody changed of it.
    undo.undo(cass, told.change_id)
    assert members(group) == set()
    undo.undo(cass, newest())
    clock.move_to(THREE)
    keeping.due.refresh()
    due = newest()
    assert (Change.get_by_id(due).act, members(group)) == ("clock.due", set())
    assert refused(database, cass, due).startswith("A day that was planned has come.")
    assert refused(database, cass, ended).startswith("Everything of this change has been taken back already")
    assert refused(database, cass, added) == "Ann in Spring has been ended since."
    sound()


def test_an_item_whose_last_day_has_gone_by_stays_ended(
    database: Database, cass: Actor, new_customer: New, new_group: New, clock: time_machine.Traveller
) -> None:
    ann = new_customer("Ann")
    group = new_group("Spring")
    items.add(cass, group.id, [NewItem(customer_id=ann.id, valid_until=TWO)])
    items.end(cass, group.id, GroupItem.get().id)
    ended = newest()
    clock.move_to(THREE)
    assert refused(database, cass, ended) == "Ann in Spring: its last day has gone by."


def test_a_plan_comes_back_unless_its_day_has_passed(
    cass: Actor, new_customer: New, new_group: New, clock: time_machine.Traveller
) -> None:
    group = groups.create(cass, Details("Spring", status="draft", starts_on="2026-03-04", ends_on="2026-03-06")).group
    groups.edit(cass, group.id, Details("Spring", ends_on="2026-03-08"))
    edited = newest()
    told = undo.undo(cass, edited)
    again = Group.get_by_id(group.id)
    assert (again.starts_at, again.ends_at) == (group.starts_at, group.ends_at)
    assert again.next_change_at == group.starts_at
    clock.move_to(datetime(2026, 3, 5, 12))
    keeping.due.refresh()
    assert (Group.get_by_id(group.id).status, said(told)) == ("active", [])
    groups.set_status(cass, group.id, "draft")
    undo.undo(cass, newest())
    assert Group.get_by_id(group.id).status == "active"
    sound()


def test_who_stayed_when_she_left_a_shop_is_a_member_by_it_again(
    cass: Actor, sol: Actor, new_customer: New, new_group: New, s1: Shop, s2: Shop
) -> None:
    ann = new_customer("Ann", s1)
    group = new_group("North")
    items.add(cass, group.id, [NewItem(shop_id=s1.id, on_leave="stay")])
    before = stored()
    customers.edit(cass, ann.id, {"shop": "S2"})
    after = stored()
    assert (members(group), len(after["items"])) == ({ann.id}, 2)
    for expected in (before, after, before):
        undo.undo(cass, newest())
        assert stored() == expected
    assert PastMembership.select().count() == 0
    sound()


def test_support_undoes_in_open_groups_what_she_did_there(
    database: Database, cass: Actor, sol: Actor, new_customer: New, new_group: New, s1: Shop, s2: Shop
) -> None:
    ann = new_customer("Ann", s1)
    group = new_group("Open")
    Group.update(is_open=True).where(Group.id == group.id).execute()
    items.add_member(sol, group.id, ann.id, "she asked")
    added = newest()
    undo.undo(sol, added)
    assert members(group) == set()
    undo.undo(sol, newest())
    assert members(group) == {ann.id}
    last = newest()
    for column in ("is_open", "is_sensitive"):
        Group.update(is_open=column != "is_open", is_sensitive=column == "is_sensitive").execute()
        assert refused(database, sol, last) == "An item of this change is not yours to change any more."
    Group.update(is_open=True, is_sensitive=False).execute()
    customers.edit(cass, ann.id, {"shop": "S2"})
    assert refused(database, sol, last) == "An item of this change is not yours to change any more."
    customers.edit(cass, ann.id, {"shop": "S1"})
    undo.undo(sol, last)
    assert members(group) == set()
    Group.update(is_open=False).execute()
    with pytest.raises(Refusal, match="not yours to change"):
        undo.undo(sol, newest())
    undo.undo(cass, newest())
    assert (members(group), Customer.select().count()) == ({ann.id}, 1)
