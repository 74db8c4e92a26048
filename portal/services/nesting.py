"""Groups made of groups: never in a circle, at most five deep (product.md §4, law 12)."""

from collections.abc import Iterable, Sequence
from typing import Any

from portal.db import unindexed
from portal.errors import N_, Refusal
from portal.models import Group, GroupItem, RuleGroup
from portal.queries.uses import naming

DEPTH = 5


def check(group: Group, target: Group) -> None:
    """Raise Refusal where `group` cannot be made of `target`: gone, at its end, a circle (named), or too deep."""
    _refuse_if_gone(target)
    circle = [group.id] if group.id == target.id else _way(target.id, group.id)
    if circle:
        labels = {row.id: row.label for row in Group.select().where(Group.id.in_({*circle, group.id}))}
        path = " → ".join(labels[group_id] for group_id in dict.fromkeys([group.id, *circle]))
        raise Refusal(
            N_("That would be a circle: %(path)s → %(name)s. A group cannot be made of itself."),
            "item", path=path, name=labels[group.id],
        )  # fmt: skip
    height = target.level + 1 + _height_above(group.id)
    if height > DEPTH:
        raise Refusal(
            N_("Groups can be made of groups at most 5 deep; with “%(name)s” it would be %(n)s."),
            "item", name=target.label, n=height,
        )  # fmt: skip


def check_targets(items: Sequence[Any]) -> None:
    """Raise Refusal where one of the groups that items name, given by conditions, is gone or at its end."""
    for target in Group.select().where(Group.id.in_(_named_by(items))).order_by(Group.name_key, Group.code):
        _refuse_if_gone(target)


def _refuse_if_gone(target: Group) -> None:
    if target.status == "deleted":
        raise Refusal(N_("“%(name)s” was deleted. End the item that names it first."), "item", name=target.label)
    if target.status == "archived":
        raise Refusal(N_("“%(name)s” is archived and has no members. Restore it first."), "item", name=target.label)
    if target.ends_at is not None:
        raise Refusal(
            N_("“%(name)s” is planned to end, and a group that others are made of cannot. Take its end away first."),
            "item", name=target.label,
        )  # fmt: skip


def relevel(group_ids: Iterable[int]) -> None:
    """Bring the levels of these groups, and of all that are made of them, to what their live items say."""
    todo = set(group_ids)
    while todo:
        found = {group.id: group.level for group in Group.select(Group.id, Group.level).where(Group.id.in_(todo))}
        moved = set()
        for group_id, level in found.items():
            under = Group.select(Group.level).where(Group.id.in_(_targets(group_id))).order_by(Group.level.desc())
            highest = under.limit(1).scalar()
            should = 0 if highest is None else highest + 1
            if should != level:
                Group.update(level=should).where(Group.id == group_id).execute()
                moved.add(group_id)
        todo = set(_users(moved)) if moved else set()


def under(group_ids: Iterable[int]) -> set[int]:
    """Return these groups and all that they are made of, through any number of others."""
    found: set[int] = set()
    todo = list(group_ids)
    while todo:
        here = todo.pop()
        if here not in found:
            found.add(here)
            todo += _targets(here)
    return found


def _targets(group_id: int) -> list[int]:
    """Return the groups that this one is made of: those that its items name, and those that its rules ask for."""
    # Few items name a group or have a rule, many may belong to this one.
    return _named_by([unindexed(GroupItem.group) == group_id, GroupItem.ended_at.is_null()])


def _named_by(items: Sequence[Any]) -> list[int]:
    named = GroupItem.select(GroupItem.of_group).where(*items, GroupItem.of_group.is_null(False))
    asked = RuleGroup.select(RuleGroup.group).join(GroupItem, on=(RuleGroup.item == GroupItem.id)).where(*items)
    return [target for (target,) in (named | asked).tuples()]


def _users(group_ids: Iterable[int]) -> list[int]:
    query = (
        GroupItem.select(GroupItem.group)
        .join(Group, on=(Group.id == GroupItem.group))
        .where(naming(list(group_ids)), Group.status != "deleted")
        .distinct()
    )
    return [user for (user,) in query.tuples()]


def _way(start: int, end: int) -> list[int]:
    """Return the groups on a way down from `start` to `end` through live items, both included; empty: there is none."""
    came_from: dict[int, int | None] = {start: None}
    todo = [start]
    while todo and end not in came_from:
        here = todo.pop(0)
        for target in _targets(here):
            if target not in came_from:
                came_from[target] = here
                todo.append(target)
    way: list[int] = []
    step: int | None = end if end in came_from else None
    while step is not None:
        way.insert(0, step)
        step = came_from[step]
    return way


def _height_above(group_id: int) -> int:
    """Return how many groups stand above this one in the longest chain of those made of it."""
    height, above = 0, _users([group_id])
    while above and height <= DEPTH:
        height, above = height + 1, _users(above)
    return height
