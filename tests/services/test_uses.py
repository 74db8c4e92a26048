"""Groups that others are made of: where each is used, and that it stays while it is."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from portal import clock
from portal.errors import Refusal, Refusals
from portal.models import Change, Group, GroupItem
from portal.permissions import Actor
from portal.queries import uses
from portal.services import groups
from portal.services.groups import Details
from tests.conftest import Database, Person

New = Callable[..., Any]


def name_it(user: Group, used: Group, **columns: Any) -> GroupItem:
    """Store an item of `user` that names `used`, as a row."""
    change = Change.select().order_by(Change.id.desc()).get()
    values = {"sign": "include", "kind": "group", "created_by": change} | columns
    return GroupItem.create(group=user, of_group=used, **values)


@pytest.fixture
def used(new_group: New) -> Group:
    """A group that an active group includes, a draft includes a share of, and a third includes no more."""
    group = new_group("Base")
    name_it(new_group("Émile"), group)
    name_it(new_group("Draft", status="draft"), group, kind="share", low=0, high=2_550)
    name_it(new_group("Alpha"), group, sign="exclude")
    ended = new_group("Ended")
    name_it(ended, group, ended_at=clock.now())
    name_it(ended, group, valid_until=clock.now() - timedelta(seconds=1))
    return group


def test_the_groups_that_use_one_are_listed_in_name_order(
    used: Group, people: dict[str, Person], new_group: New
) -> None:
    name_it(new_group("Soon"), used, valid_from=clock.now() + timedelta(days=1))
    secret = new_group("Secret", is_sensitive=True)
    name_it(secret, used)
    for name, labels in (
        ("cass", ["Alpha", "Draft", "Émile", "Secret", "Soon"]), ("sam", ["Alpha", "Draft", "Émile", "Soon"]),
    ):  # fmt: skip
        actor = people[name].actor
        assert [item.group.label for item in uses.of_group(actor, used)] == labels
        assert uses.count(actor, used) == len(labels)
    assert uses.active(used) == ["Alpha", "Émile", "Secret", "Soon"]


@pytest.mark.parametrize("act", ["archived", "draft", "delete", "end"])
def test_a_group_that_an_active_one_uses_keeps_its_members(
    act: str, used: Group, cass: Actor, database: Database
) -> None:
    before = database.checksum()
    acts: dict[str, Callable[[], Any]] = {
        "archived": lambda: groups.set_status(cass, used.id, "archived"),
        "draft": lambda: groups.set_status(cass, used.id, "draft"),
        "delete": lambda: groups.delete(cass, used.id),
        "end": lambda: groups.edit(cass, used.id, Details("Base", ends_on="2199-01-01")),
    }
    with pytest.raises(Refusal) as caught:
        acts[act]()
    assert str(caught.value) == (
        "Base is used by “Alpha”, “Émile”, which would lose members. End those items first."
    )
    assert (caught.value.field, database.checksum()) == ("ends_on" if act == "end" else None, before)
    assert not isinstance(caught.value, Refusals)


def test_what_only_drafts_and_archived_groups_use_may_go(used: Group, cass: Actor) -> None:
    for name in ("alpha", "emile"):
        groups.set_status(cass, Group.get(Group.code == name).id, "archived")
    groups.set_status(cass, used.id, "archived")
    groups.delete(cass, used.id)
    assert Group.get_by_id(used.id).status == "deleted"


def test_an_end_that_was_planned_before_may_stay_when_other_words_change(
    cass: Actor, new_group: New
) -> None:
    group = new_group("Base", ends_on="2199-01-01")
    name_it(new_group("User"), group)
    groups.edit(cass, group.id, Details("Base", ends_on="2199-01-01", description="new"))
    assert Group.get_by_id(group.id).description == "new"
