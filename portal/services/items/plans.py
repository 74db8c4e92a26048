"""What an act will do to the rules of a group, told before it is done: whom that moves is then found without a turn.

None stands for whatever else an act does, which is left to itself. Whatever the act would refuse in a rule is refused.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from portal.models import Group, GroupItem
from portal.permissions import Action, Actor, require
from portal.queries import uses
from portal.services import activation, nesting
from portal.services.details import Details
from portal.services.details import check as check_details
from portal.services.items.new import NewItem, check
from portal.services.items.rules import Rule, checked, live
from portal.services.membership import Plan
from portal.services.membership.foreseen import NEW


def of_change(actor: Actor, group_id: int, item_id: int, said: Mapping[str, Any]) -> Plan | None:
    """Return what `rules.change_rule` will do. Raises Refusals, Denied."""
    require(actor, Action.EDIT_GROUP)
    item = live(group_id).where(GroupItem.id == item_id).first()
    rule = checked(said) if item is not None else None
    if item is None or rule is None or rule.said == item.rule:
        return None
    return _of_rule(group_id, rule, item.sign, item)


def of_new(actor: Actor, group_id: int, new_items: Sequence[NewItem]) -> Plan | None:
    """Return what `items.add` will do with one rule that counts from now on. Raises Refusals, Denied."""
    require(actor, Action.EDIT_GROUP)
    rule = _one_rule(new_items)
    return None if rule is None else _of_rule(group_id, rule, new_items[0].sign)


def of_end(actor: Actor, group_id: int, item_id: int) -> Plan | None:
    """Return what `items.end` will do with a rule. Raises Denied."""
    require(actor, Action.EDIT_GROUP)
    item = live(group_id).where(GroupItem.id == item_id).first()
    return None if item is None else Plan(group_id, frozenset([item.id]))


def of_group(actor: Actor, details: Details, new_items: Sequence[NewItem]) -> Plan | None:
    """Return what `groups.create` will do with one rule that counts from now on. Raises Refusals, Denied."""
    require(actor, Action.CREATE_GROUP)
    rule = _one_rule(new_items) if details.status == "active" else None
    if rule is None:
        return None
    said = check_details(details)
    made = Group(id=NEW, code="", **{name: said[name] for name in ("name", "hue", "is_sensitive")})
    for target in rule.groups:
        nesting.check(made, target)
    asked = tuple(target.id for target in rule.groups)
    return Plan(NEW, rule=rule.said, sign=new_items[0].sign, asked=asked, status="active", made=made)


def of_status(actor: Actor, group_id: int, status: str) -> Plan | None:
    """Return what `groups.set_status` and `groups.delete` will do. Raises Denied."""
    require(actor, Action.EDIT_GROUP)
    group = Group.get_or_none(Group.id == group_id, Group.status != "deleted")
    if group is None or group.status == status:
        return None
    if status == "active":
        activation.check(group)
    elif uses.active(group):
        return None
    return Plan(group_id, status=status)


def _one_rule(new_items: Sequence[NewItem]) -> Rule | None:
    if len(new_items) != 1:
        return None
    (new,) = new_items
    if new.rule is None or new.valid_from is not None or new.valid_until is not None:
        return None
    check(new)
    return checked(new.rule)


def _of_rule(group_id: int, rule: Rule, sign: str, instead_of: GroupItem | None = None) -> Plan | None:
    group = Group.get_or_none(Group.id == group_id, Group.status != "deleted")
    if group is None:
        return None
    for target in rule.groups:
        nesting.check(group, target)
    # The very same rule is there once: `rules.put_rule`.
    ends = {item.id for item in live(group_id) if item.rule == rule.said or item == instead_of}
    counts = instead_of is None or instead_of.has_begun
    asked = tuple(target.id for target in rule.groups)
    return Plan(group_id, frozenset(ends), rule.said if counts else None, sign, asked)
