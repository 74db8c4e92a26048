"""The rows of items: read as they are said, inserted many at a time, ended."""

from typing import Any

from portal.clock import now
from portal.db import in_chunks
from portal.models import Group, GroupItem, RuleGroup
from portal.rules import checking
from portal.rules.tree import from_json
from portal.services.nesting import relevel
from portal.services.recorder import Recorder, values

# What a person says of an item; whom it names first.
SAID = (
    "sign", "kind", "customer", "shop", "of_group", "low", "high", "seed", "valid_from", "valid_until", "on_leave",
    "note", "rule", "reads", "reads_clock",
)  # fmt: skip


def live_items(group: Group) -> list[dict[str, Any]]:
    """Return what the live items of a group say that are not over, as `put_all` takes it."""
    query = GroupItem.select(*(getattr(GroupItem, name) for name in SAID)).where(
        GroupItem.group == group,
        GroupItem.ended_at.is_null(),
        GroupItem.valid_until.is_null() | (GroupItem.valid_until > now()),
    )
    return list(query.order_by(GroupItem.id).dicts())


def put_all(rows: list[dict[str, Any]], group: Group, change: Recorder) -> None:
    """Insert many items (columns of what is said) that `group` does not have yet; the caller refreshes."""
    if not rows:
        return
    moment = now()
    newest = GroupItem.select(GroupItem.id).order_by(GroupItem.id.desc()).limit(1).scalar() or 0
    for part in in_chunks(rows):
        GroupItem.insert_many(
            [{**row, "group": group.id, "created_at": moment, "created_by": change.id} for row in part]
        ).execute()
    made = GroupItem.select().where(GroupItem.group == group, GroupItem.id > newest).order_by(GroupItem.id)
    change.created_all("group_item", made.iterator())
    for item in made.where(GroupItem.rule.is_null(False)):
        _tie(item)


def _tie(item: GroupItem) -> None:
    """Note which groups the rule of an item asks for: of one that was deleted the last with that code."""
    codes = checking.reads(from_json(item.rule)).groups
    if not codes:
        return
    named = Group.select(Group.code, Group.id).where(Group.code.in_(codes))
    by_code = dict(named.order_by(Group.status != "deleted", Group.id).tuples())
    rows = [{"item": item.id, "group": group_id} for group_id in by_code.values()]
    if rows:
        RuleGroup.insert_many(rows).execute()


def end_item(item: GroupItem, change: Recorder) -> None:
    """End an item inside an open change; the caller refreshes."""
    before = values(item)
    item.ended_at = now()
    item.ended_by = change.id
    item.save()
    change.updated("group_item", item.id, before, values(item))


def end_over(group: Group, change: Recorder) -> None:
    """End the items whose last day has gone by while the group had no members; the caller refreshes."""
    over = list(
        GroupItem.select().where(
            GroupItem.group == group, GroupItem.ended_at.is_null(), GroupItem.valid_until <= now()
        )
    )
    for item in over:
        end_item(item, change)
    if over:
        relevel([group.id])
