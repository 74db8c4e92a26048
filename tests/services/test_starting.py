"""A group becomes active only where all that it is made of is there: by hand, by an undo, and by the clock."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

from portal.errors import Refusal
from portal.models import Change, Customer, Group, GroupItem, Membership
from portal.permissions import Actor
from portal.queries import groups as find_groups
from portal.queries import membership as find
from portal.queries import sealed
from portal.services import fields, groups, items, membership, undo
from portal.services.groups import Details
from portal.services.items import NewItem
from tests.services.test_fields import add

New = Callable[..., Any]
START = datetime(2026, 3, 2, 10)
LATER = START + timedelta(days=3)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """A clock that stands still until it is moved."""
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


def members(group: Group) -> set[str]:
    query = Membership.select(Customer.name).join(Customer).where(Membership.group == group.id)
    return {name for (name,) in query.tuples()}


def newest() -> int:
    return int(Change.select().order_by(Change.id.desc()).first().id)


def draft(cass: Actor, *first: NewItem, **said: str) -> Group:
    details = Details("Spring", status="draft", starts_on="2026-03-04", **said)
    return groups.create(cass, details, first).group


def told(cass: Actor) -> list[str]:
    return [group.name for group in find_groups.due_for_review(cass) if group.was_to_start]


def unstarted(cass: Actor, group: Group, clock: time_machine.Traveller) -> None:
    """Check that a group whose day comes stays a draft without members, and that this is told."""
    n_members = Membership.select().count()
    clock.move_to(LATER)
    assert membership.due.refresh() == 1
    now = Group.get_by_id(group.id)
    assert (now.status, now.starts_at, now.next_change_at, Membership.select().count()) == (
        "draft", None, None, n_members
    )  # fmt: skip
    change = Change.get_by_id(newest())
    assert (change.act, change.door, change.subject) == ("group.unstarted", "clock", f"group:{group.id}")
    assert (told(cass), membership.due.refresh(), sealed.prove().broken) == (["Spring"], 0, [])
    assert (find.differences(), find.broken_intervals(), find.wrong_counts()) == ([], [], [])


def test_a_planned_group_whose_rule_asks_for_a_retired_field_stays_a_draft(
    cass: Actor, new_customer: New, clock: time_machine.Traveller
) -> None:
    field = add(cass, "City", is_filterable=True)
    new_customer("Ann", city="Porto")
    group = draft(cass, NewItem(rule={"not": {"field": "city", "op": "is", "value": "Lisboa"}}))
    groups.delete(cass, group.id)
    deleted = newest()
    fields.retire(cass, field.id)
    undo.undo(cass, deleted)
    unstarted(cass, group, clock)
    fields.restore(cass, field.id)
    groups.set_status(cass, group.id, "active")
    assert (members(group), told(cass)) == ({"Ann"}, [])


@pytest.mark.parametrize("goes", ["deleted", "archived", "ends"])
@pytest.mark.parametrize("is_rule", [False, True])
def test_whom_a_group_keeps_out_that_is_gone_by_then_does_not_join_by_the_clock(
    cass: Actor, new_customer: New, new_group: New, clock: time_machine.Traveller, goes: str, is_rule: bool
) -> None:
    ann, ben = new_customer("Ann"), new_customer("Ben")
    out, everybody = new_group("Out", [ann]), new_group("All", [ann, ben])
    keeps_out = NewItem(rule={"in": "out"}, sign="exclude") if is_rule else NewItem(of_group_id=out.id, sign="exclude")
    group = draft(cass, NewItem(of_group_id=everybody.id), keeps_out)
    if goes == "deleted":
        groups.delete(cass, out.id)
    elif goes == "archived":
        groups.set_status(cass, out.id, "archived")
    else:
        groups.edit(cass, out.id, Details("Out", ends_on="2026-03-31"))
    unstarted(cass, group, clock)
    with pytest.raises(Refusal):
        groups.set_status(cass, group.id, "active")
    item = GroupItem.get(GroupItem.group == group, GroupItem.sign == "exclude")
    items.end(cass, group.id, item.id)
    groups.set_status(cass, group.id, "active")
    assert members(group) == {"Ann", "Ben"}


def test_an_undo_brings_no_group_back_to_life_that_is_made_of_one_that_is_gone(
    cass: Actor, new_customer: New, new_group: New
) -> None:
    ann = new_customer("Ann")
    inner, outer = new_group("Inner", [ann]), new_group("Outer")
    items.add(cass, outer.id, [NewItem(of_group_id=inner.id)])
    groups.set_status(cass, outer.id, "archived")
    archived = newest()
    groups.set_status(cass, inner.id, "archived")
    with pytest.raises(Refusal, match="is archived and has no members"):
        undo.undo(cass, archived)
    assert Group.get_by_id(outer.id).status == "archived"


def test_a_new_plan_is_the_end_of_the_reminder(cass: Actor, new_group: New, clock: time_machine.Traveller) -> None:
    inner = new_group("Inner")
    group = draft(cass, NewItem(of_group_id=inner.id))
    groups.set_status(cass, inner.id, "archived")
    unstarted(cass, group, clock)
    groups.set_status(cass, inner.id, "active")
    groups.edit(cass, group.id, Details("Spring", starts_on="2026-03-09"))
    assert told(cass) == []
    clock.move_to(LATER + timedelta(days=7))
    membership.due.refresh()
    assert Group.get_by_id(group.id).status == "active"
