"""Items of a group: adding and removing what it includes and excludes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from peewee import fn

from portal import clock
from portal.db import in_chunks
from portal.errors import N_, Denied, Missing, Refusal
from portal.models import ChangeRow, Customer, Group, GroupItem, Shop
from portal.permissions import Action, Actor, require, require_shop
from portal.queries import customers as find
from portal.queries import groups as find_groups
from portal.services import customers, membership
from portal.services.changes import Recorder, record, values
from portal.text import clean
from portal.values import Remark

MAX_NOTE = 500


@dataclass(frozen=True, slots=True)
class NewItem:
    """An item to be put: an existing customer, a new one (typed values), or a shop; to include or to exclude."""

    customer_id: int | None = None
    shop_id: int | None = None
    new_customer: Mapping[str, str] = field(default_factory=dict)
    sign: str = "include"
    note: str = ""


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
        raise Refusal(N_("Choose at least one customer or shop."), "item")
    with record(actor, "group.items", f"group:{group_id}") as change:
        group = _group(group_id)
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
    with record(actor, act, f"group:{group_id}", clean(item.note)) as change:
        group = _group(group_id) if actor.may(Action.CHANGE_MEMBER) else _open_to(actor, group_id, item)
        lifted = _excluded_among(group, [item])
        put(actor, group, [item], change)
        moved = membership.refresh(change, groups=[group.id], customers=[item.customer_id or 0])
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
    with record(actor, "group.end_item", f"group:{group_id}") as change:
        group = _group(group_id)
        item = GroupItem.get_or_none(GroupItem.id == item_id, GroupItem.group == group, GroupItem.ended_at.is_null())
        if item is None:
            raise Missing(N_("This item is not there any more."))
        _end(item, change)
        customers = [item.customer_id] if item.customer_id is not None else None
        moved = membership.refresh(change, groups=[group.id], customers=customers)
    return Put(moved.joined, moved.left, [], [])


def put(actor: Actor, group: Group, new_items: Sequence[NewItem], change: Recorder) -> list[Remark]:
    """Put items inside a change that another service has open; the caller refreshes. Returns warnings."""
    warnings: list[Remark] = []
    present = _present(actor, group, new_items)
    for item in new_items:
        if item.sign not in {"include", "exclude"}:
            raise Refusal(N_("An item includes or excludes."), "sign")
        if item.shop_id is not None:
            _put_shop(group, item, change)
            present.excluded = find_groups.excluded_shops(group)
        else:
            customer, remarks = _customer(actor, item, present, change)
            warnings += remarks
            _put_customer(present, customer, item, change)
    put_all(list(present.said.values()), group, change)
    return warnings


@dataclass(slots=True)
class _Present:
    """What is there of the customers that items name, and of each the item to be inserted at the end (`said`).

    Read and written some hundred at a time: one by one, 15 000 pasted names made all other writers wait for 25 s.
    """

    customers: dict[int, Customer] = field(default_factory=dict)
    items: dict[int, GroupItem] = field(default_factory=dict)
    excluded: dict[int, Shop] = field(default_factory=dict)
    said: dict[int, dict[str, Any]] = field(default_factory=dict)


def _present(actor: Actor, group: Group, new_items: Sequence[NewItem]) -> _Present:
    present = _Present(excluded=find_groups.excluded_shops(group))
    for part in in_chunks(item.customer_id for item in new_items if item.customer_id is not None):
        seen = find.visible_to(actor).where(Customer.id.in_(part))
        live = GroupItem.select().where(
            GroupItem.group == group, GroupItem.customer.in_(part), GroupItem.ended_at.is_null()
        )
        present.customers |= {customer.id: customer for customer in seen}
        present.items |= {item.customer_id: item for item in live}
    return present


def settle(group: Group, new_items: Sequence[NewItem], change: Recorder) -> membership.Moved:
    """Refresh the group after `put`, then every other group that new customers are in through their shop."""
    new_ids = _made(change) if any(item.new_customer for item in new_items) else []
    # Naming a few people must not cost as much as the whole group, which may be large.
    named = [item.customer_id for item in new_items if item.customer_id is not None]
    if any(item.shop_id is not None for item in new_items):
        moved = membership.refresh(change, groups=[group.id])
    else:
        # Every id stands in the statement several times, and PostgreSQL takes 65 535 parameters.
        parts = [
            membership.refresh(change, groups=[group.id], customers=part) for part in in_chunks([*named, *new_ids])
        ]
        moved = membership.Moved(sum(part.joined for part in parts), sum(part.left for part in parts))
    if new_ids:
        membership.refresh(change, customers=new_ids)
    return moved


def _made(change: Recorder) -> list[int]:
    made = ChangeRow.select(ChangeRow.row_id).where(ChangeRow.change == change.id, ChangeRow.noun == "customer")
    return [row_id for (row_id,) in made.tuples()]


def live_items(group: Group) -> list[dict[str, Any]]:
    """Return what the live items of a group say, as `put_all` takes it."""
    query = GroupItem.select(GroupItem.sign, GroupItem.kind, GroupItem.customer, GroupItem.shop, GroupItem.note)
    return list(query.where(GroupItem.group == group, GroupItem.ended_at.is_null()).order_by(GroupItem.id).dicts())


def put_all(rows: Sequence[dict[str, Any]], group: Group, change: Recorder) -> None:
    """Insert many items (sign, kind, customer, shop, note) that `group` does not have yet; the caller refreshes."""
    if not rows:
        return
    moment = clock.now()
    newest = GroupItem.select(fn.MAX(GroupItem.id)).scalar() or 0
    for part in in_chunks(rows):
        GroupItem.insert_many(
            [{**row, "group": group.id, "created_at": moment, "created_by": change.id} for row in part]
        ).execute()
    made = GroupItem.select().where(GroupItem.group == group, GroupItem.id > newest).order_by(GroupItem.id)
    change.created_all("group_item", made.iterator())


def _customer(actor: Actor, item: NewItem, present: _Present, change: Recorder) -> tuple[Customer, list[Remark]]:
    if item.customer_id is not None:
        return present.customers.get(item.customer_id) or find.by_id(actor, item.customer_id), []
    require(actor, Action.EDIT_CUSTOMER)
    saved = customers.insert(actor, item.new_customer, change)
    return saved.customer, saved.warnings


def _put_customer(present: _Present, customer: Customer, item: NewItem, change: Recorder) -> None:
    if item.sign == "include" and customer.shop_id in present.excluded:
        raise kept_out(customer, present.excluded[customer.shop_id])
    current = present.items.get(customer.id)
    if current is not None and current.sign == item.sign:
        return
    if current is not None:
        _end(present.items.pop(customer.id), change)
    # Of two items for one customer in one request the last counts.
    present.said[customer.id] = {
        "sign": item.sign, "kind": "customer", "customer": customer.id, "shop": None, "note": _note(item)
    }  # fmt: skip


def kept_out(customer: Customer, shop: Shop) -> Refusal:
    """Return the refusal of a customer whose shop the group excludes; exclude always wins (law 1)."""
    return Refusal(
        N_("%(name)s cannot be added: the group excludes the shop %(shop)s. End that item first."),
        "item", name=customer.name or customer.code, shop=shop.name,
    )  # fmt: skip


def _put_shop(group: Group, item: NewItem, change: Recorder) -> None:
    shop = Shop.get_or_none(Shop.id == item.shop_id)
    if shop is None:
        raise Missing(N_("This shop is not there any more."), "item")
    current = GroupItem.get_or_none(GroupItem.group == group, GroupItem.shop == shop, GroupItem.ended_at.is_null())
    if current is not None and current.sign == item.sign:
        return
    if current is not None:
        _end(current, change)
    made = GroupItem.create(group=group, sign=item.sign, kind="shop", shop=shop, note=_note(item), created_by=change.id)
    change.created("group_item", made)


def _note(item: NewItem) -> str:
    note = clean(item.note)
    if len(note) > MAX_NOTE:
        raise Refusal(N_("A note has at most 500 characters."), "note")
    return note


def _end(item: GroupItem, change: Recorder) -> None:
    before = values(item)
    item.ended_at = clock.now()
    item.ended_by = change.id
    item.save()
    change.updated("group_item", item.id, before, values(item))


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
