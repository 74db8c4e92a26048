"""The items of an undone change: which came by it, which it ended, what stands in their way, what they are called."""

from collections.abc import Iterator, Sequence
from typing import Any

import peewee
from peewee import fn

from portal.models import ChangeRow, Customer, Group, GroupItem, RuleGroup, Shop
from portal.permissions import Action
from portal.queries import customers as find
from portal.queries import fields as find_fields
from portal.queries import groups as find_groups
from portal.queries.rules.readable import for_changes
from portal.rules.text import write
from portal.services.undo.work import Work

# What an item speaks of, by column; of one thing there is one live item in a group (of a group one for each share).
TARGETS = ("customer", "shop", "of_group")
# Acts in which single members may have been changed by who may do that in open groups only.
_OF_ONE_MEMBER = {"group.add_member", "group.remove_member", "customer.create", "customer.edit"}


def rows(work: Work) -> peewee.ModelSelect:
    """Return a select of the items that the undone change speaks of."""
    return ChangeRow.select(ChangeRow.row_id).where(ChangeRow.change == work.of.id, ChangeRow.noun == "group_item")


def is_new(work: Work) -> Any:
    """Return the condition that an item came by the undone change."""
    return GroupItem.id.in_(rows(work)) & (GroupItem.created_by == work.of.id)


def was_ended(work: Work) -> Any:
    """Return the condition that the undone change ended an item; one that it brought and ended leaves nothing."""
    return GroupItem.id.in_(rows(work)) & (GroupItem.ended_by == work.of.id) & (GroupItem.created_by != work.of.id)


def is_open(work: Work) -> list[Any]:
    """Return the conditions for items that are the person's to change: who may change single members of open groups
    only (product.md §6) undoes there only."""
    if work.actor.may(Action.CHANGE_MEMBER) or work.root.act not in _OF_ONE_MEMBER:
        return []
    groups = find_groups.visible_to(work.actor).where(Group.is_open == True)  # noqa: E712
    people = find.visible_to(work.actor, Action.CHANGE_OPEN_MEMBER)
    theirs = GroupItem.group.in_(groups.select(Group.id)) & GroupItem.customer.in_(people.select(Customer.id))
    return [theirs | _stayed(work)]


def _stayed(work: Work) -> Any:
    """Return the condition that an item says who stayed when she left her shop: that follows from editing her."""
    told = ChangeRow.select(ChangeRow.before).where(ChangeRow.change == work.of.id, ChangeRow.noun == "customer")
    left = {before["shop"] for (before,) in told.tuples() if before and before.get("shop")}
    staying = GroupItem.alias("staying")
    of_shop = staying.select(peewee.SQL("1")).where(
        staying.group == GroupItem.group, staying.shop.in_(left), staying.on_leave == "stay"
    )
    return fn.EXISTS(of_shop) & (GroupItem.kind == "customer")


def changed(work: Work) -> Any:
    """Return the condition that somebody changed an item since; that its day has come changes nothing that it says."""
    others = ChangeRow.select(peewee.SQL("1")).where(
        ChangeRow.noun == "group_item", ChangeRow.row_id == GroupItem.id, ChangeRow.change != work.of.id,
        ~ChangeRow.after.cast("text").startswith('{"has_begun"'),
    )  # fmt: skip
    return fn.EXISTS(others)


def stands(name: str, by: Sequence[int] = ()) -> Any:
    """Return the condition that a live item for the same thing is in the group (put there by one of these changes)."""
    standing = GroupItem.alias("standing")
    same = [standing.group == GroupItem.group, getattr(standing, name) == getattr(GroupItem, name)]
    if name == "of_group":
        same += [its == mine for its, mine in zip(_share(standing), _share(GroupItem), strict=True)]
    if by:
        same.append(standing.created_by.in_(by))
    return fn.EXISTS(standing.select(peewee.SQL("1")).where(*same, standing.ended_at.is_null()))


def not_back(work: Work, name: str) -> list[Any]:
    """Return the condition that no earlier undo of the same change has brought the item back, if there was one."""
    if not work.earlier:
        return []
    told = ChangeRow.select(ChangeRow.row_id).where(
        ChangeRow.change.in_(list(work.earlier)), ChangeRow.noun == "group_item"
    )
    came, target = GroupItem.alias("came"), getattr(GroupItem, name)
    back = came.select(came.group, getattr(came, name), *_share(came)).where(
        came.id.in_(told), came.created_by.in_(list(work.earlier)), getattr(came, name).is_null(False)
    )
    return [peewee.Tuple(GroupItem.group, target, *_share(GroupItem)).not_in(back)]


def _share(item: Any) -> list[Any]:
    """Return what tells shares of one group apart, without nulls."""
    return [fn.COALESCE(item.low, -1), fn.COALESCE(item.high, -1), item.seed]


def described(*conditions: Any) -> Iterator[GroupItem]:
    """Yield items with their groups and what they speak of."""
    used = Group.alias("used")
    query = (
        GroupItem.select(GroupItem, Group, Customer, Shop, used)
        .join(Group, on=(GroupItem.group == Group.id))
        .switch(GroupItem)
        .join(Customer, peewee.JOIN.LEFT_OUTER)
        .switch(GroupItem)
        .join(Shop, peewee.JOIN.LEFT_OUTER)
        .switch(GroupItem)
        .join(used, peewee.JOIN.LEFT_OUTER, on=(GroupItem.of_group == used.id))
    )
    yield from query.where(*conditions).order_by(GroupItem.id)


def named(item: GroupItem) -> dict[str, str]:
    """Return what a sentence calls an item and its group."""
    target = item.customer or item.shop or item.of_group
    return {"item": target.name or target.code if target else _rule_text(item), "group": item.group.label}


def has_rule(item: GroupItem) -> GroupItem | None:
    """Return the live item with the very same rule in the group of an ended one."""
    live = GroupItem.select().where(
        GroupItem.group == item.group_id, GroupItem.rule.is_null(False), GroupItem.ended_at.is_null()
    )
    return next((one for one in live if one.rule == item.rule and one.sign == item.sign), None)


def asked_by(item: GroupItem) -> list[int]:
    """Return the groups that the rule of an item asks for, as they were when it was put."""
    return [group for (group,) in RuleGroup.select(RuleGroup.group).where(RuleGroup.item == item).tuples()]


def _rule_text(item: GroupItem) -> str:
    # It is kept with the change, whose readers do not all see every value.
    known = find_fields.catalogue()
    return write(for_changes(item.rule, known), known) if item.rule else ""
