"""Rules keep to what they were made for: what is searched, their shops and groups, fields that are there."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portal.errors import Refusal
from portal.models import Change, Customer, Group, GroupItem, Membership, Shop
from portal.permissions import Actor
from portal.queries import membership
from portal.services import customers, fields, groups, imports, items, shops, undo
from portal.services.items import NewItem
from tests.services.test_fields import add, said_of

New = Callable[..., Any]


def members(group: Group) -> set[str]:
    query = Membership.select(Customer.name).join(Customer).where(Membership.group == group.id)
    return {name for (name,) in query.tuples()}


def sound() -> None:
    assert (membership.differences(), membership.broken_intervals(), membership.wrong_counts()) == ([], [], [])


def newest() -> int:
    return int(Change.select().order_by(Change.id.desc()).first().id)


def make(cass: Actor, name: str, rule: dict[str, Any], status: str = "active") -> Group:
    return groups.create(cass, groups.Details(name, status=status), [NewItem(rule=rule)]).group


def test_a_rule_over_what_is_searched_follows_the_stores_own_fields(
    cass: Actor, new_customer: New, tmp_path: Path
) -> None:
    add(cass, "Nickname", is_searchable=True)
    ann, ben = new_customer("Ann"), new_customer("Ben", code="B1")
    group = make(cass, "Found", {"field": "search", "op": "contains", "value": "zé"})
    customers.edit(cass, ann.id, {"nickname": "Zé"})
    assert members(group) == {"Ann"}
    path = tmp_path / "people.csv"
    path.write_text("code,nickname\nB1,Zezinho\n")
    imports.run(cass, imports.check(cass, path, "people.csv").id)
    assert members(group) == {"Ann", "Ben"}
    customers.edit(cass, ben.id, {"nickname": ""})
    assert members(group) == {"Ann"}
    sound()


def test_whom_a_field_moves_that_is_searched_no_more_she_moves_by_that_change(
    cass: Actor, new_customer: New
) -> None:
    field = add(cass, "Nickname", is_searchable=True)
    new_customer("Ann", nickname="Zé")
    group = make(cass, "Found", {"field": "search", "op": "contains", "value": "zé"})
    fields.edit(cass, field.id, said_of(field, is_searchable=False))
    assert members(group) == set()
    sound()
    undo.undo(cass, newest())
    assert members(group) == {"Ann"}
    sound()
    fields.retire(cass, field.id)
    assert members(group) == set()
    fields.restore(cass, field.id)
    assert members(group) == {"Ann"}
    assert Membership.get(Membership.group == group.id).cause_id == newest()
    sound()


def test_a_shop_that_a_rule_asks_for_keeps_its_code(
    cass: Actor, olive: Actor, new_customer: New, s1: Shop, s2: Shop
) -> None:
    new_customer("Ann", s1)
    group = make(cass, "North", {"not": {"field": "shop", "op": "one_of", "value": ["s2", "s1"]}})
    with pytest.raises(Refusal, match=r"^Rules of “North” ask for the shop by its code “S1”. Change those first\.$"):
        shops.edit(olive, s1.id, code="S9", name="Ninth")
    shops.edit(olive, s1.id, code="s1", name="First")
    made = shops.create(olive, code="S3", name="Third")
    done = newest()
    make(cass, "Third", {"field": "shop", "op": "is", "value": "s3"})
    with pytest.raises(Refusal, match="Rules of “Third”"):
        undo.undo(olive, done)
    item = GroupItem.get(GroupItem.group == group)
    items.end(cass, group.id, item.id)
    shops.edit(olive, s1.id, code="S9", name="Ninth")
    assert Shop.get_by_id(made.id).removed_at is None
    sound()


def test_a_rule_never_takes_a_new_group_for_the_deleted_one_of_that_name(cass: Actor, new_customer: New) -> None:
    ann = new_customer("Ann")
    alpha = groups.create(cass, groups.Details("Alpha")).group
    beta = make(cass, "Beta", {"in": "alpha"})
    groups.set_status(cass, beta.id, "archived")
    groups.delete(cass, alpha.id)
    copy = groups.duplicate(cass, beta.id).group
    items.end(cass, beta.id, GroupItem.get(GroupItem.group == beta).id)
    ended = newest()
    second = groups.create(cass, groups.Details("Alpha"), [NewItem(customer_id=ann.id)]).group
    assert second.code == "alpha-2"
    # What asks for what is gone does not get members: what it excludes would be in.
    with pytest.raises(Refusal, match=r"A rule of Beta \(copy\) asks for what is not there any more"):
        groups.set_status(cass, copy.id, "active")
    items.end(cass, copy.id, GroupItem.get(GroupItem.group == copy, GroupItem.ended_at.is_null()).id)
    third = groups.create(cass, groups.Details("Alpha 3")).group
    groups.delete(cass, second.id)
    groups.delete(cass, third.id)
    # Nobody asks for the code now, so that it is free; an earlier rule does not come back to another group.
    assert groups.create(cass, groups.Details("Alpha")).group.code == "alpha"
    with pytest.raises(Refusal, match="is not there any more and cannot come back into Beta"):
        undo.undo(cass, ended)
    sound()


def test_a_group_gets_no_members_by_a_field_that_was_retired_while_it_was_deleted(
    cass: Actor, new_customer: New
) -> None:
    field = add(cass, "Town")
    new_customer("Ann", town="Porto")
    group = make(cass, "Porto", {"field": "town", "op": "is", "value": "Porto"})
    groups.set_status(cass, group.id, "archived")
    groups.delete(cass, group.id)
    deleted = newest()
    fields.retire(cass, field.id)
    undo.undo(cass, deleted)
    with pytest.raises(Refusal, match="A rule of Porto asks for what is not there any more"):
        groups.set_status(cass, group.id, "active")
    assert (Group.get_by_id(group.id).status, members(group)) == ("archived", set())
    fields.restore(cass, field.id)
    groups.set_status(cass, group.id, "active")
    assert members(group) == {"Ann"}
    sound()


def test_a_group_that_a_rule_asks_for_is_not_taken_by_undoing_its_creation(cass: Actor) -> None:
    group = groups.create(cass, groups.Details("Beta")).group
    created = newest()
    make(cass, "Alpha", {"not": {"in": "beta"}}, "draft")
    with pytest.raises(Refusal, match="The group Beta stays: Alpha is made of it by now"):
        undo.undo(cass, created)
    assert Group.get_by_id(group.id).status == "active"
