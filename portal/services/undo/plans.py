"""What an undo will do to the rules of a group, told before it is done: see `services.items.plans`."""

from portal.errors import Refusal
from portal.models import ChangeRow, GroupItem
from portal.permissions import Action, Actor, require
from portal.services.items.rules import checked
from portal.services.membership import Plan

_MOST = 10  # rows of a change that exchanged a rule, or a few


def of_undo(actor: Actor, change_id: int) -> Plan | None:
    """Return what undoing that change will do, of one that did no more than put, end or exchange a rule of a group.

    Where the undo leaves something as it is after all, it is seen that the rules are others than those looked at.
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
    if not went or not went[0].has_begun:
        return Plan(group_id, came)
    try:
        rule = checked(went[0].rule)
    except Refusal:
        return None
    return Plan(group_id, came, rule.said, went[0].sign, tuple(group.id for group in rule.groups))
