"""What an undo will do to the rules of a group, told before it is done: see `services.items.plans`."""

from collections.abc import Collection

from portal.clock import now
from portal.errors import Refusal
from portal.models import ChangeRow, GroupItem
from portal.permissions import Action, Actor, require
from portal.services import nesting
from portal.services.items.rules import Rule, checked
from portal.services.membership import Plan
from portal.services.undo.item_rows import asked_by, has_rule

_MOST = 10  # rows of a change that exchanged a rule, or a few


def of_undo(actor: Actor, change_id: int) -> Plan | None:
    """Return what undoing that change will do, of one that did no more than put, end or exchange a rule of a group.

    None where the undo may leave something as it is, since the rule was touched or has come back by now. Raises Denied.
    """
    require(actor, Action.UNDO_OWN)
    rows = list(ChangeRow.select(ChangeRow.noun, ChangeRow.row_id).where(ChangeRow.change == change_id).limit(_MOST))
    if {row.noun for row in rows} != {"group_item"}:
        return None
    items = list(GroupItem.select().where(GroupItem.id.in_([row.row_id for row in rows])))
    went = [item for item in items if item.ended_by_id == change_id]
    groups = {item.group_id for item in items}
    if len(groups) != 1 or len(went) > 1 or any(item.rule is None for item in items):
        return None
    (group_id,) = groups
    came = frozenset(item.id for item in items if item.created_by_id == change_id)
    if _are_touched(came, change_id):
        return None
    if not went:
        return Plan(group_id, came)
    rule = _back(went[0], came)
    if rule is None:
        return None
    counts = rule.said if went[0].has_begun else None
    return Plan(group_id, came, counts, went[0].sign, tuple(group.id for group in rule.groups))


def _are_touched(item_ids: Collection[int], change_id: int) -> bool:
    others = ChangeRow.select().where(
        ChangeRow.noun == "group_item", ChangeRow.row_id.in_(list(item_ids)), ChangeRow.change != change_id
    )
    return bool(others.exists())


def _back(item: GroupItem, came: Collection[int]) -> Rule | None:
    """Return the rule of an ended item that can come back; None where it cannot, or is there again."""
    standing = has_rule(item)
    is_over = item.valid_until is not None and item.valid_until <= now()
    if is_over or (standing is not None and standing.id not in came):
        return None
    try:
        rule = checked(item.rule)
        for target in rule.groups:
            nesting.check(item.group, target)
    except Refusal:
        return None
    return rule if {target.id for target in rule.groups} == set(asked_by(item)) else None
