"""Items from a day on and until a day, and groups planned to start and to end (product.md §5, Dates)."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from peewee import fn

from portal.errors import Refusal
from portal.models import Change, Group, GroupItem, Membership, PastMembership, Shop
from portal.permissions import Actor
from portal.queries import membership as find
from portal.services import groups, items, membership, undo
from portal.services.items import NewItem

New = Callable[..., Any]
START = datetime(2026, 3, 2, 10)
ONE, TWO, THREE = (START + timedelta(days=n) for n in (1, 2, 3))


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """A clock that stands still until it is moved."""
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


def members(group: Group) -> set[int]:
    query = Membership.select(Membership.customer).where(Membership.group == group.id)
    return {customer for (customer,) in query.tuples()}


def past() -> list[tuple[Any, ...]]:
    return list(
        PastMembership.select(
            PastMembership.group, PastMembership.customer, PastMembership.joined_at, PastMembership.left_at
        )
        .order_by(PastMembership.id)
        .tuples()
    )


def sound() -> None:
    assert (find.differences(), find.broken_intervals(), find.wrong_counts()) == ([], [], [])


def due(group: Group) -> datetime | None:
    return Group.get_by_id(group.id).next_change_at  # type: ignore[no-any-return]


def test_an_item_counts_from_its_first_moment_to_its_last_and_times_are_those_moments(
    cass: Actor, new_customer: New, new_group: New, s1: Shop, clock: time_machine.Traveller
) -> None:
    ann, group = new_customer("Ann", s1), new_group("Spring")
    items.add(cass, group.id, [NewItem(shop_id=s1.id, valid_from=ONE, valid_until=THREE)])
    assert (members(group), due(group)) == (set(), ONE)
    clock.move_to(TWO)
    sound()  # nobody has looked yet: what is stored is right for the moment before the item began
    assert membership.due.is_due()
    assert membership.due.refresh() == 1
    assert (members(group), due(group)) == ({ann.id}, THREE)
    assert Membership.get().since == ONE
    clock.move_to(THREE + timedelta(days=4))
    assert membership.due.refresh() == 1
    assert (members(group), due(group), past()) == (set(), None, [(group.id, ann.id, ONE, THREE)])
    made = Change.select().where(Change.act == "clock.due").order_by(Change.id)
    assert [(change.door, change.actor_id, change.subject, change.n_rows) for change in made] == [
        ("clock", None, f"group:{group.id}", 1), ("clock", None, f"group:{group.id}", 1)
    ]  # fmt: skip
    item = GroupItem.get()
    assert (item.ended_at, item.ended_by_id) == (THREE, made[1].id)
    assert membership.due.refresh() == 0
    sound()


def test_who_writes_finds_done_what_the_clock_had_moved_before(
    cass: Actor, new_customer: New, new_group: New, clock: time_machine.Traveller
) -> None:
    ann, ben = new_customer("Ann"), new_customer("Ben")
    group, outer = new_group("Spring"), new_group("Outer")
    items.add(cass, outer.id, [NewItem(of_group_id=group.id)])
    items.add(cass, group.id, [NewItem(customer_id=ann.id, valid_from=ONE, valid_until=TWO)])
    clock.move_to(THREE)
    items.add_member(cass, group.id, ben.id)
    assert past() == [(group.id, ann.id, ONE, TWO), (outer.id, ann.id, ONE, TWO)]
    assert (members(group), members(outer)) == ({ben.id}, {ben.id})
    assert {row.since for row in Membership.select()} == {THREE}
    newest = Change.select().order_by(Change.id.desc()).limit(3)
    assert [change.act for change in newest] == ["group.add_member", "clock.due", "clock.due"]
    sound()


def test_an_exclusion_for_some_days_lets_her_back_in_by_itself(
    cass: Actor, new_customer: New, new_group: New, s1: Shop, clock: time_machine.Traveller
) -> None:
    ann = new_customer("Ann", s1)
    group = new_group("Shop", shops=[s1])
    items.add(cass, group.id, [NewItem(customer_id=ann.id, sign="exclude", valid_until=TWO)])
    assert members(group) == set()
    clock.move_to(TWO)
    membership.due.refresh()
    assert (members(group), Membership.get().since) == ({ann.id}, TWO)
    sound()


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"valid_from": START - timedelta(seconds=1)}, "“From” lies in the past"),
        ({"valid_until": START}, "“Until” lies in the past"),
        ({"valid_from": TWO, "valid_until": TWO}, "“Until” comes before “from”"),
        ({"on_leave": "stay"}, "Only who is included by a shop"),
        ({"on_leave": "away"}, "leaves the group or stays"),
    ],
)
def test_dates_and_choices_that_cannot_be_are_refused(
    cass: Actor, new_customer: New, new_group: New, clock: time_machine.Traveller, said: dict[str, Any], sentence: str
) -> None:
    ann, group = new_customer("Ann"), new_group("Spring")
    n_changes = Change.select().count()
    with pytest.raises(Refusal, match=sentence):
        items.add(cass, group.id, [NewItem(customer_id=ann.id, **said)])
    assert (Change.select().count(), GroupItem.select().count()) == (n_changes, 0)


def test_other_dates_take_the_place_of_those_before_and_the_same_are_no_write(
    cass: Actor, new_customer: New, new_group: New, clock: time_machine.Traveller
) -> None:
    ann, group = new_customer("Ann"), new_group("Spring")
    items.add(cass, group.id, [NewItem(customer_id=ann.id, valid_until=ONE)])
    items.add(cass, group.id, [NewItem(customer_id=ann.id, valid_until=TWO)])
    n_changes = Change.select().count()
    items.add(cass, group.id, [NewItem(customer_id=ann.id, valid_until=TWO)])
    assert (Change.select().count(), due(group)) == (n_changes, TWO)
    items.add_member(cass, group.id, ann.id)
    assert (due(group), GroupItem.select().where(GroupItem.ended_at.is_null()).count()) == (None, 1)
    clock.move_to(THREE)
    assert (membership.due.refresh(), members(group)) == (0, {ann.id})
    assert past() == []


def test_a_draft_starts_and_a_group_ends_as_planned(
    cass: Actor, new_customer: New, new_group: New, clock: time_machine.Traveller
) -> None:
    ann = new_customer("Ann")
    group = new_group("Spring", [ann], status="draft")
    Group.update(starts_at=ONE, ends_at=THREE).where(Group.id == group.id).execute()
    membership.schedule([group.id])
    assert (members(group), due(group)) == (set(), ONE)
    clock.move_to(TWO)
    membership.due.refresh()
    found = Group.get_by_id(group.id)
    assert (found.status, members(group), found.next_change_at, found.version) == ("active", {ann.id}, THREE, 2)
    clock.move_to(THREE)
    membership.due.refresh()
    assert past() == [(group.id, ann.id, ONE, THREE)]
    assert (Group.get_by_id(group.id).status, due(group)) == ("archived", None)
    # A person's word stands above a plan that has passed.
    groups.set_status(cass, group.id, "active")
    found = Group.get_by_id(group.id)
    assert (found.status, found.starts_at, found.ends_at, membership.due.refresh()) == ("active", None, None, 0)
    assert members(group) == {ann.id}
    sound()


def test_what_was_over_while_the_group_was_archived_ends_when_it_comes_back(
    cass: Actor, new_customer: New, new_group: New, clock: time_machine.Traveller
) -> None:
    ann, ben = new_customer("Ann"), new_customer("Ben")
    group = new_group("Spring", [ben])
    items.add(cass, group.id, [NewItem(customer_id=ann.id, valid_until=ONE)])
    groups.set_status(cass, group.id, "archived")
    assert due(group) is None
    clock.move_to(TWO)
    assert membership.due.refresh() == 0
    groups.set_status(cass, group.id, "active")
    assert members(group) == {ben.id}
    assert GroupItem.get(GroupItem.customer == ann).ended_at == TWO
    sound()


@pytest.mark.parametrize("is_undone", [False, True])
def test_a_group_that_comes_back_stands_above_those_that_it_is_still_made_of(
    cass: Actor, new_group: New, clock: time_machine.Traveller, is_undone: bool
) -> None:
    inner, group, top = new_group("Inner"), new_group("Spring"), new_group("Top", status="draft")
    items.add(cass, group.id, [NewItem(of_group_id=inner.id, valid_until=ONE)])
    items.add(cass, top.id, [NewItem(of_group_id=group.id)])
    groups.set_status(cass, group.id, "archived")
    archived = Change.select(fn.MAX(Change.id)).scalar()
    clock.move_to(TWO)
    assert membership.due.refresh() == 0
    undo.undo(cass, archived) if is_undone else groups.set_status(cass, group.id, "active")
    assert GroupItem.get(GroupItem.group == group).ended_at == TWO
    assert [Group.get_by_id(one.id).level for one in (inner, group, top)] == [0, 0, 1]


def test_who_leaves_a_shop_stays_where_the_item_says_so(
    cass: Actor, new_customer: New, new_group: New, s1: Shop, s2: Shop, tmp_path: Any
) -> None:
    from portal.services import customers, imports

    ann, ben = new_customer("Ann", s1, code="A1"), new_customer("Ben", s1, code="B1")
    cay = new_customer("Cay", s1, code="C1")
    stays, leaves = new_group("Stays"), new_group("Leaves", shops=[s1])
    items.add(cass, stays.id, [NewItem(shop_id=s1.id, on_leave="stay")])
    items.remove_member(cass, stays.id, cay.id)
    customers.edit(cass, ann.id, {"shop": "S2"})
    customers.edit(cass, cay.id, {"shop": ""})
    path = tmp_path / "people.csv"
    path.write_text("code,shop\nB1,S2\n")
    imports.run(cass, imports.check(cass, path, path.name).id)
    assert (members(stays), members(leaves)) == ({ann.id, ben.id}, set())
    assert PastMembership.select().where(PastMembership.group == stays.id).count() == 1  # only who was removed
    named = GroupItem.select().where(GroupItem.customer.is_null(False), GroupItem.sign == "include")
    assert {item.customer_id for item in named} == {ann.id, ben.id}
    customers.edit(cass, ann.id, {"shop": "S1"})
    customers.edit(cass, ann.id, {"shop": "S2"})
    assert named.count() == 2
    sound()
