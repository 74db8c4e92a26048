"""Rules as items: held against the fields and groups there are, put, and exchanged for another."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from peewee import ModelSelect

from portal.errors import N_, Missing, Refusal, Refusals
from portal.models import Group, GroupItem
from portal.permissions import Action, Actor, require
from portal.queries import fields as find_fields
from portal.rules import checking
from portal.rules.catalogue import Catalogue
from portal.rules.tree import Malformed, from_json, to_json
from portal.services import membership, nesting
from portal.services.changes import Recorder, record
from portal.services.guards import calling
from portal.services.item_rows import end_item, put_all
from portal.services.items.new import NewItem


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that can be put: its tree as JSON holds it, and the groups that it asks for."""

    said: dict[str, Any]
    groups: list[Group]


def checked(said: Mapping[str, Any], catalogue: Catalogue | None = None) -> Rule:
    """Return a rule that fits the fields, groups and shops there are; raises Refusals for one that does not."""
    try:
        tree = from_json(said)
    except Malformed:
        raise Refusal(N_("This is no rule that the portal can read."), "rule") from None
    catalogue = catalogue or find_fields.catalogue()
    problems = checking.check(tree, catalogue)
    if problems:
        raise Refusals([Refusal(one.sentence, "rule", **one.params) for one in problems])
    codes = checking.reads(tree).groups
    named = [catalogue.groups[code].id for code in sorted(codes)]
    return Rule(to_json(tree), list(Group.select().where(Group.id.in_(named))) if named else [])


def put_rule(group: Group, item: NewItem, change: Recorder) -> None:
    """Put a rule into a group, unless it has the very same one; the caller refreshes."""
    rule = checked(item.rule or {})
    for target in rule.groups:
        nesting.check(group, target)
    said = {name: value for name, value in item.said().items() if name != "note"}
    for current in live(group.id):
        if current.rule == rule.said:
            if all(getattr(current, name) == value for name, value in said.items()):
                return
            end_item(current, change)
    put_all([{"kind": "rule", **columns(rule.said), **item.said()}], group, change)
    nesting.relevel([group.id])


def change_rule(actor: Actor, group_id: int, item_id: int, said: Mapping[str, Any]) -> membership.Moved:
    """Exchange the rule of an item for another, as one change, and return who moved in the group.

    The item ends and one that says the same by the new rule comes in its place. Raises Missing, Refusals, Denied, Busy.
    """
    require(actor, Action.EDIT_GROUP)
    from portal.services.items import plans  # which hold rules against what there is, as this does

    call = calling("items.change_rule", group_id=group_id, item_id=item_id, said=dict(said))
    with (
        membership.ahead(lambda: plans.of_change(actor, group_id, item_id, said), call),
        record(actor, "group.rule", f"group:{group_id}", call=call) as change,
    ):
        group = Group.get_or_none(Group.id == group_id, Group.status != "deleted")
        item = live(group_id).where(GroupItem.id == item_id).first()
        if group is None or item is None:
            raise Missing(N_("This item is not there any more."))
        change.touches(group)
        rule = checked(said)
        if rule.said == item.rule:
            return membership.Moved(0, 0)
        end_item(item, change)
        nesting.relevel([group.id])
        kept = NewItem(
            sign=item.sign, note=item.note, valid_from=None if item.has_begun else item.valid_from,
            valid_until=item.valid_until, rule=rule.said,
        )  # fmt: skip
        put_rule(group, kept, change)
        moved = membership.refresh(change, groups=[group.id], is_last=True)
        membership.schedule([group.id])
    return moved


def live(group_id: int) -> ModelSelect:
    """Return a select of the live items of a group that are rules."""
    return GroupItem.select().where(
        GroupItem.group == group_id, GroupItem.rule.is_null(False), GroupItem.ended_at.is_null()
    )


def columns(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of an item that hold a rule, and what of it makes it be asked anew."""
    asked = checking.reads(from_json(said))
    return {"rule": dict(said), "reads": sorted(asked.fields), "reads_clock": asked.reads_clock}


__all__ = ["Rule", "change_rule", "checked", "columns", "live", "put_rule"]
