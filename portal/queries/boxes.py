"""The boxes of the customer form: groups that are ticked there, as they stand for one customer (product.md §5)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from portal.clock import now
from portal.models import Customer, Group, GroupItem, Membership
from portal.permissions import Action, Actor
from portal.queries import exclusions
from portal.queries import groups as find_groups
from portal.queries.membership import valid_at


@dataclass(frozen=True, slots=True)
class Box:
    """A group as a box: ticked or not; `held_by` says what holds it so that ticking could not change it, '' if nothing.

    Ticked, she is a member by her `shop`, a `rule`, a `group`, or one of the last two (`items`). Not ticked, a `shop`,
    a `rule` or a `group` keeps her out, called `holder` as far as the reader may know it. `is_lifting`: she was removed
    by name, and ticking lifts that.
    """

    code: str
    label: str
    hue: str
    is_on: bool = False
    held_by: str = ""
    holder: str = ""
    is_lifting: bool = False


def asks_why(actor: Actor) -> bool:
    """Tell whether `actor` changes members of groups open to support only, and says why each time."""
    return actor.may(Action.CHANGE_OPEN_MEMBER) and not actor.may(Action.CHANGE_MEMBER)


def of(actor: Actor, customer: Customer | None = None) -> list[Box]:
    """Return the boxes that `actor` may see in the form of a customer (None: a new one), in name order.

    Who may add members gets every active group that is in the form; who may add to open groups only gets those.
    """
    reach = actor.may_in(Action.CHANGE_OPEN_MEMBER, customer.shop_id) if customer else True
    if not actor.may(Action.CHANGE_MEMBER) and not (asks_why(actor) and reach):
        return []
    query = find_groups.visible_to(actor).select(Group.id, Group.code, Group.name, Group.hue).where(
        Group.status == "active", Group.in_form == True,  # noqa: E712
    )  # fmt: skip
    if asks_why(actor):
        query = query.where(Group.is_open == True)  # noqa: E712
    boxes = {
        group_id: Box(code, name or code, hue)
        for group_id, code, name, hue in query.order_by(Group.name_key, Group.code).tuples()
    }
    return list(boxes.values()) if customer is None or not boxes else _standing(actor, boxes, customer)


def _standing(actor: Actor, boxes: dict[int, Box], customer: Customer) -> list[Box]:
    memberships = Membership.select(Membership.group).where(Membership.customer == customer)
    mine = {group_id for (group_id,) in memberships.tuples()}
    items = GroupItem.select(GroupItem.group, GroupItem.sign).where(GroupItem.customer == customer, *valid_at(now()))
    named = dict(items.tuples())
    out = exclusions.keeping_out(actor, customer)
    kinds = _kinds([group_id for group_id in boxes if group_id in mine and named.get(group_id) != "include"], customer)
    found = []
    for group_id, box in boxes.items():
        if group_id in mine:
            found.append(replace(box, is_on=True, held_by=kinds.get(group_id, "")))
        elif group_id in out:
            held_by, holder = out[group_id]
            found.append(replace(box, held_by=held_by, holder=holder))
        else:
            found.append(replace(box, is_lifting=named.get(group_id) == "exclude"))
    return found


def _kinds(group_ids: Sequence[int], customer: Customer) -> dict[int, str]:
    """Return what makes her a member of groups that do not include her by name."""
    if not group_ids:
        return {}
    query = GroupItem.select(GroupItem.group, GroupItem.kind).where(
        GroupItem.group.in_(group_ids), GroupItem.sign == "include", GroupItem.customer.is_null(), *valid_at(now()),
        GroupItem.shop.is_null() | (GroupItem.shop == customer.shop_id),
    )  # fmt: skip
    kinds: dict[int, set[str]] = {}
    for group_id, kind in query.distinct().tuples():
        kinds.setdefault(group_id, set()).add("group" if kind == "share" else kind)
    # The items of a shop are certain; which of her groups, or which rule, made her a member is told by Why?.
    return {
        group_id: "shop" if "shop" in said else said.pop() if len(said) == 1 else "items"
        for group_id, said in kinds.items()
    }
