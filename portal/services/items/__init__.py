"""Items of a group: adding and removing what it includes and excludes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from portal.db import in_chunks
from portal.errors import N_, Denied, Missing, Refusal
from portal.models import ChangeRow, Customer, Group, GroupItem, Shop
from portal.permissions import Action, Actor, require, require_shop
from portal.queries import customers as find
from portal.queries import exclusions
from portal.queries import groups as find_groups
from portal.services import membership, nesting
from portal.services.changes import Recorder, record
from portal.services.guards import Call, calling
from portal.services.item_rows import end_item, live_items, put_all
from portal.services.items import plans
from portal.services.items.new import NewItem, as_json, check, hundredths
from portal.services.items.rules import put_rule
from portal.text import clean
from portal.values import Remark


@dataclass(frozen=True, slots=True)
class Put:
    """What putting items did: members that joined and left, exclusions lifted (names), warnings about new customers."""

    joined: int
    left: int
    lifted: list[str]
    warnings: list[Remark]


def add(actor: Actor, group_id: int, new_items: Sequence[NewItem]) -> Put:
    """Put items into a group as one change.

    A customer item replaces the opposite one: Add lifts her exclusion and says so; Remove excludes her
    (product.md §5). Raises Missing, Refusal (another exclude item keeps her out), Denied.
    """
    require(actor, Action.EDIT_GROUP)
    if not new_items:
        raise Refusal(N_("Choose at least one customer, shop, rule or group."), "item")
    call = lambda: Call("items.add", {"group_id": group_id, "items": [as_json(item) for item in new_items]})  # noqa: E731
    with (
        membership.ahead(lambda: plans.of_new(actor, group_id, new_items), call),
        record(actor, "group.items", f"group:{group_id}", call=call) as change,
    ):
        group = _group(group_id)
        change.touches(group)
        lifted = _excluded_among(group, new_items)
        warnings = put(actor, group, new_items, change)
        moved = settle(group, new_items, change)
    return Put(moved.joined, moved.left, lifted, warnings)


def add_member(actor: Actor, group_id: int, customer_id: int, note: str = "") -> Put:
    """Add one customer by name; an exclusion of hers is lifted. Support and shop staff: see `_open_to`."""
    return _one(actor, "group.add_member", group_id, NewItem(customer_id=customer_id, note=note))


def remove_member(actor: Actor, group_id: int, customer_id: int, note: str = "") -> Put:
    """Remove one customer: she is excluded and stays out until somebody adds her by name (law 4)."""
    return _one(actor, "group.remove_member", group_id, NewItem(customer_id=customer_id, sign="exclude", note=note))


def _one(actor: Actor, act: str, group_id: int, item: NewItem) -> Put:
    require(actor, Action.CHANGE_OPEN_MEMBER)
    name = "items.add_member" if item.sign == "include" else "items.remove_member"
    call = calling(name, group_id=group_id, customer_id=item.customer_id, note=item.note)
    with record(actor, act, f"group:{group_id}", clean(item.note), call=call) as change:
        return change_one(actor, group_id, item, change)


def change_one(actor: Actor, group_id: int, item: NewItem, change: Recorder) -> Put:
    """Put an item for one customer inside a change that another service has open, and refresh her membership."""
    group = _group(group_id) if actor.may(Action.CHANGE_MEMBER) else _open_to(actor, group_id, item)
    change.touches(group)
    lifted = _excluded_among(group, [item])
    put(actor, group, [item], change)
    moved = membership.refresh(change, groups=[group.id], customers=[item.customer_id or 0])
    membership.schedule([group.id])
    return Put(moved.joined, moved.left, lifted, [])


def _open_to(actor: Actor, group_id: int, item: NewItem) -> Group:
    """Return the group if it is open to support, so that `actor` may change this one member of it, saying why.

    Raises Missing (also for a sensitive group), Denied, Refusal.
    """
    group: Group | None = find_groups.visible_to(actor).where(Group.id == group_id).first()
    if group is None:
        raise Missing(N_("This group is not there any more."))
    if not group.is_open:
        raise Denied(Action.CHANGE_MEMBER)
    require_shop(actor, Action.CHANGE_OPEN_MEMBER, find.by_id(actor, item.customer_id or 0).shop_id)
    if not clean(item.note):
        raise Refusal(N_("Say why; it is written to the log."), "reason")
    return group


def end(actor: Actor, group_id: int, item_id: int) -> Put:
    """End one item: what it included or excluded follows from the others from now on. Raises Missing."""
    require(actor, Action.EDIT_GROUP)
    call = calling("items.end", group_id=group_id, item_id=item_id)
    with (
        membership.ahead(lambda: plans.of_end(actor, group_id, item_id), call),
        record(actor, "group.end_item", f"group:{group_id}", call=call) as change,
    ):
        group = _group(group_id)
        item = GroupItem.get_or_none(GroupItem.id == item_id, GroupItem.group == group, GroupItem.ended_at.is_null())
        if item is None:
            raise Missing(N_("This item is not there any more."))
        change.touches(group)
        end_item(item, change)
        if item.of_group_id is not None or item.rule is not None:
            nesting.relevel([group.id])
        customers = [item.customer_id] if item.customer_id is not None else None
        moved = membership.refresh(change, groups=[group.id], customers=customers, is_last=True)
        membership.schedule([group.id])
    return Put(moved.joined, moved.left, [], [])


def put(actor: Actor, group: Group, new_items: Sequence[NewItem], change: Recorder) -> list[Remark]:
    """Put items inside a change that another service has open; the caller refreshes. Returns warnings."""
    warnings: list[Remark] = []
    present = _present(actor, group, new_items)
    for item in new_items:
        check(item)
        if item.shop_id is not None:
            _put_shop(group, item, change)
            present.shut_out = exclusions.shut_out(group, present.customers)
        elif item.of_group_id is not None:
            _put_group(group, item, change)
            present.shut_out = exclusions.shut_out(group, present.customers)
        elif item.rule is not None:
            put_rule(group, item, change)
            present.shut_out = exclusions.shut_out(group, present.customers)
        else:
            customer, remarks = _customer(actor, item, present, change)
            warnings += remarks
            _put_customer(actor, present, customer, item, change)
    put_all(list(present.said.values()), group, change)
    return warnings


@dataclass(slots=True)
class _Present:
    """What is there of the customers that items name, and of each the item to be inserted at the end (`said`).

    Read and written some hundred at a time: one by one, 15 000 pasted names made all other writers wait for 25 s.
    """

    customers: dict[int, Customer] = field(default_factory=dict)
    items: dict[int, GroupItem] = field(default_factory=dict)
    shut_out: exclusions.ShutOut = field(default_factory=exclusions.ShutOut)
    said: dict[int, dict[str, Any]] = field(default_factory=dict)


def _present(actor: Actor, group: Group, new_items: Sequence[NewItem]) -> _Present:
    present = _Present()
    for part in in_chunks(item.customer_id for item in new_items if item.customer_id is not None):
        seen = find.visible_to(actor).where(Customer.id.in_(part))
        live = GroupItem.select().where(
            GroupItem.group == group, GroupItem.customer.in_(part), GroupItem.ended_at.is_null()
        )
        present.customers |= {customer.id: customer for customer in seen}
        present.items |= {item.customer_id: item for item in live}
    present.shut_out = exclusions.shut_out(group, present.customers)
    return present


def settle(group: Group, new_items: Sequence[NewItem], change: Recorder) -> membership.Moved:
    """Refresh the group after `put`, then every other group that new customers are in through their shop."""
    new_ids = _made(change) if any(item.new_customer for item in new_items) else []
    # Naming a few people must not cost as much as the whole group, which may be large.
    named = [item.customer_id for item in new_items if item.customer_id is not None]
    if any(item.customer_id is None and not item.new_customer for item in new_items):
        moved = membership.refresh(change, groups=[group.id], is_last=not new_ids)
    else:
        # Every id stands in the statement several times, and PostgreSQL takes 65 535 parameters.
        moved = membership.summed(
            membership.refresh(change, groups=[group.id], customers=part) for part in in_chunks([*named, *new_ids])
        )
    if new_ids:
        membership.refresh(change, customers=new_ids)
    membership.schedule([group.id])
    return moved


def _made(change: Recorder) -> list[int]:
    made = ChangeRow.select(ChangeRow.row_id).where(ChangeRow.change == change.id, ChangeRow.noun == "customer")
    return [row_id for (row_id,) in made.tuples()]


def _customer(actor: Actor, item: NewItem, present: _Present, change: Recorder) -> tuple[Customer, list[Remark]]:
    if item.customer_id is not None:
        return present.customers.get(item.customer_id) or find.by_id(actor, item.customer_id), []
    from portal.services import customers  # whose saves put items in turn

    require(actor, Action.EDIT_CUSTOMER)
    saved = customers.insert(actor, item.new_customer, change)
    return saved.customer, saved.warnings


def _put_customer(
    actor: Actor, present: _Present, customer: Customer, item: NewItem, change: Recorder
) -> None:
    if item.sign == "include":
        present.shut_out.check(actor, customer)
    current = present.items.get(customer.id)
    if current is not None and _says(current, item):
        return
    if current is not None:
        end_item(present.items.pop(customer.id), change)
    # Of two items for one customer in one request the last counts.
    present.said[customer.id] = {"kind": "customer", "customer": customer.id, **item.said()}


def _says(current: GroupItem, item: NewItem) -> bool:
    """Tell whether an item that is there says the same already; a note alone is no other item."""
    said = item.said()
    if current.valid_from is not None and current.has_begun and said["valid_from"] is None:
        said["valid_from"] = current.valid_from  # what has begun long ago counts from now on just as well
    return all(getattr(current, name) == value for name, value in said.items() if name != "note")


def _put_shop(group: Group, item: NewItem, change: Recorder) -> None:
    shop = Shop.get_or_none(Shop.id == item.shop_id, Shop.removed_at.is_null())
    if shop is None:
        raise Missing(N_("This shop is not there any more."), "item")
    _put_one(group, item, [GroupItem.shop == shop], {"kind": "shop", "shop": shop.id}, change)


def _put_group(group: Group, item: NewItem, change: Recorder) -> None:
    target = Group.get_or_none(Group.id == item.of_group_id, Group.status != "deleted")
    if target is None:
        raise Missing(N_("This group is not there any more."), "item")
    nesting.check(group, target)
    kind = "share" if item.is_share else "group"
    same = [GroupItem.of_group == target, GroupItem.kind == kind]
    if item.is_share:
        said = item.said()
        same += [getattr(GroupItem, name) == said[name] for name in ("low", "high", "seed")]
    _put_one(group, item, same, {"kind": kind, "of_group": target.id}, change)
    nesting.relevel([group.id])


def _put_one(group: Group, item: NewItem, same: list[Any], target: dict[str, Any], change: Recorder) -> None:
    """Put an item that a group has at most once, in the place of the one that is there."""
    current = GroupItem.get_or_none(GroupItem.group == group, *same, GroupItem.ended_at.is_null())
    if current is not None and _says(current, item):
        return
    if current is not None:
        end_item(current, change)
    made = GroupItem.create(group=group, created_by=change.id, **target, **item.said())
    change.created("group_item", made)


def _excluded_among(group: Group, new_items: Sequence[NewItem]) -> list[str]:
    """Return the names of customers whose exclusion the items lift, so that the page can say so."""
    ids = [item.customer_id for item in new_items if item.customer_id and item.sign == "include"]
    query = (
        Customer.select(Customer.name, Customer.code)
        .join(GroupItem)
        .where(
            GroupItem.group == group,
            GroupItem.customer.in_(ids),
            GroupItem.sign == "exclude",
            GroupItem.ended_at.is_null(),
        )
        .order_by(Customer.name_key)
    )
    return [customer.name or customer.code for customer in query]


def _group(group_id: int) -> Group:
    group = Group.get_or_none(Group.id == group_id, Group.status != "deleted")
    if group is None:
        raise Missing(N_("This group is not there any more."))
    return group


__all__ = [
    "NewItem", "Put", "add", "add_member", "change_one", "end", "hundredths", "live_items", "put", "put_all",
    "remove_member", "settle",
]  # fmt: skip
