"""Groups that are open to support: one member in or out, with a reason."""

from collections.abc import Callable
from typing import Any

import pytest

from portal.errors import Denied, Missing, Refusal
from portal.models import Change, Customer, Group, GroupItem, Membership
from portal.permissions import Action, Actor, Role
from portal.services import items
from tests.conftest import Database, Person

New = Callable[..., Any]


@pytest.fixture
def club(new_group: New) -> Group:
    """A group that is open to support, without members."""
    group = new_group("Club")
    Group.update(is_open=True).where(Group.id == group.id).execute()
    return Group.get_by_id(group.id)


@pytest.fixture
def ann(new_customer: New, s1: Any) -> Customer:
    """A customer of Sol's shop."""
    return new_customer("Ann", s1, code="A1")


def members(group: Group) -> list[int]:
    return [row.customer_id for row in Membership.select().where(Membership.group == group)]


@pytest.mark.parametrize("name", ["sam", "sol"])
def test_support_and_shop_staff_add_and_remove_one_member_and_their_reason_is_kept(
    name: str, club: Group, ann: Customer, people: dict[str, Person]
) -> None:
    actor = people[name].actor
    items.add_member(actor, club.id, ann.id, " She asked\tfor it ")
    assert members(club) == [ann.id]
    items.remove_member(actor, club.id, ann.id, "She moved away")
    assert members(club) == []
    said = [(row.sign, row.note) for row in GroupItem.select().where(GroupItem.group == club).order_by(GroupItem.id)]
    assert said == [("include", "She asked\tfor it"), ("exclude", "She moved away")]
    done = Change.select().where(Change.act.in_(["group.add_member", "group.remove_member"])).order_by(Change.id)
    assert [(row.act, row.actor_id, row.note) for row in done] == [
        ("group.add_member", actor.user_id, "She asked\tfor it"),
        ("group.remove_member", actor.user_id, "She moved away"),
    ]


@pytest.mark.parametrize("name", ["sam", "sol"])
@pytest.mark.parametrize("reason", ["", "  ", "\u0007"])
def test_without_a_reason_support_and_shop_staff_change_nobody(
    name: str, reason: str, club: Group, ann: Customer, people: dict[str, Person], database: Database
) -> None:
    before = database.checksum()
    with pytest.raises(Refusal, match="Say why") as caught:
        items.add_member(people[name].actor, club.id, ann.id, reason)
    assert (caught.value.field, database.checksum()) == ("reason", before)


def test_managers_give_no_reason(club: Group, ann: Customer, cass: Actor) -> None:
    items.add_member(cass, club.id, ann.id)
    assert members(club) == [ann.id]


@pytest.mark.parametrize("name", ["sam", "sol"])
def test_a_group_that_is_not_open_or_is_sensitive_stays_shut(
    name: str, club: Group, ann: Customer, people: dict[str, Person], database: Database
) -> None:
    for columns, refusal in (({"is_open": False}, Denied), ({"is_open": True, "is_sensitive": True}, Missing)):
        Group.update(**columns).where(Group.id == club.id).execute()
        before = database.checksum()
        for change in (items.add_member, items.remove_member):
            with pytest.raises(refusal):
                change(people[name].actor, club.id, ann.id, "she asked")
        assert database.checksum() == before


def test_shop_staff_change_only_people_of_their_shop_even_when_they_see_others(
    club: Group, new_customer: New, s1: Any, s2: Any, new_person: New, sol: Actor, database: Database
) -> None:
    foreign = new_customer("Bea", s2)
    seeing = new_person("both", (Role.SHOP_STAFF, s1), (Role.ANALYST, None)).actor
    before = database.checksum()
    with pytest.raises(Missing):
        items.add_member(sol, club.id, foreign.id, "she asked")
    with pytest.raises(Denied):
        items.add_member(seeing, club.id, foreign.id, "she asked")
    assert database.checksum() == before and seeing.may(Action.CHANGE_OPEN_MEMBER)
