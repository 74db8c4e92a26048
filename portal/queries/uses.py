"""Where a group is used: the groups whose items name it, whole or a share of it. And where a field or a shop is."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from portal import clock
from portal.db import unindexed
from portal.models import Field, Group, GroupItem, RuleGroup, Shop
from portal.permissions import Action, Actor, require
from portal.queries.groups import seen_by, visible_to
from portal.rules.tree import Test, Tree, from_json, tests


class Use(NamedTuple):
    """What uses a field: a noun, its code and what it is called."""

    noun: str
    code: str
    label: str


def users_of_field(field: Field) -> list[Use]:
    """Return what asks for a field, by name: the groups of which a rule reads it, active or not. One query."""
    return list(dict.fromkeys(use for use, _rule in _asking(field.code)))


def users_of_shop(shop: Shop) -> list[Use]:
    """Return what asks for a shop by its code: the groups of which a rule names it, active or not. One query."""
    return list(dict.fromkeys(use for use, rule in _asking("shop") if shop.code_key in _shops_of(from_json(rule))))


def _asking(code: str) -> Iterator[tuple[Use, Any]]:
    """Yield the groups with a rule that reads the field of that code, and the rule, in name order."""
    rules = (
        GroupItem.select(GroupItem.rule, GroupItem.reads, Group.code, Group.name)
        .join(Group, on=(GroupItem.group == Group.id))
        .where(GroupItem.ended_at.is_null(), GroupItem.rule.is_null(False), Group.status != "deleted")
        .order_by(Group.name_key, Group.code)
    )
    for rule, reads, group, name in rules.tuples():
        if code in (reads or ()):
            yield Use("group", group, name or group), rule


def _shops_of(rule: Tree) -> set[str]:
    asked = (test for test in tests(rule) if isinstance(test, Test) and test.field == "shop")
    return {str(value).casefold() for test in asked for value in test.values}


def of_group(actor: Actor, group: Group) -> list[GroupItem]:
    """Return the live items that name `group`, with the groups they belong to, in the order of those groups' names.

    A group that `actor` may not see is left out.
    """
    require(actor, Action.SEE_GROUPS)
    query = GroupItem.select(GroupItem, Group).join(Group, on=(GroupItem.group == Group.id))
    query = query.where(*_naming(group), Group.status != "deleted", *seen_by(actor))
    return list(query.order_by(Group.name_key, Group.code, GroupItem.id))


def count(actor: Actor, group: Group) -> int:
    """Return how many groups that `actor` may see use `group`."""
    users = GroupItem.select(GroupItem.group).where(*_naming(group))
    return int(visible_to(actor).where(Group.id.in_(users)).count())


def counts(actor: Actor) -> Counter[int]:
    """Return how many groups that `actor` may see use each group, by its id, in one query."""
    require(actor, Action.SEE_GROUPS)
    # By the index of groups SQLite reads every item of the store instead of those that name one.
    is_hers = unindexed(GroupItem.group).in_(visible_to(actor).select(Group.id))
    live = [GroupItem.ended_at.is_null(), _is_to_last(), is_hers]
    named = GroupItem.select(GroupItem.of_group, GroupItem.group).where(GroupItem.of_group.is_null(False), *live)
    asked = RuleGroup.select(RuleGroup.group, GroupItem.group)
    asked = asked.join(GroupItem, on=(RuleGroup.item == GroupItem.id)).where(*live)
    return Counter(used for used, _user in set((named | asked).tuples()))


def active(group: Group) -> list[str]:
    """Return what the active groups that use `group` are called, in name order; for them it has to stay as it is."""
    users = GroupItem.select(GroupItem.group).where(*_naming(group))
    found = Group.select(Group.name, Group.code).where(Group.status == "active", Group.id.in_(users))
    return [user.label for user in found.order_by(Group.name_key, Group.code)]


def naming(groups: Any) -> Any:
    """Return the condition that a live item names one of these groups (ids, or a select), or a rule of it asks for one.

    As one list of items: of two conditions joined by OR, SQLite reads every item of the store.
    """
    item = GroupItem.alias()
    named = item.select(item.id).where(item.of_group.in_(groups), item.ended_at.is_null())
    asking = RuleGroup.select(RuleGroup.item).where(RuleGroup.group.in_(groups))
    return GroupItem.ended_at.is_null() & GroupItem.id.in_(named | asking)


def _naming(group: Group) -> tuple[Any, ...]:
    """Return the conditions that an item names `group` now or will."""
    return naming([group.id]), _is_to_last()


def _is_to_last() -> Any:
    return GroupItem.valid_until.is_null() | (GroupItem.valid_until > clock.now())
