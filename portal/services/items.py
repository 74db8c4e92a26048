"""Items of a group: adding and removing what it includes and excludes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from peewee import fn

from portal import clock
from portal.db import in_chunks
from portal.errors import N_, Missing, Refusal
from portal.models import ChangeRow, Customer, Group, GroupItem, Shop
from portal.permissions import Action, Actor, require
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
    """Add one customer by name; an exclusion of hers is lifted."""
    return _one(actor, "group.add_member", group_id, NewItem(customer_id=customer_id, note=note))


def remove_member(actor: Actor, group_id: int, customer_id: int, note: str = "") -> Put:
    """Remove one customer: she is excluded and stays out until somebody adds her by name (law 4)."""
    return _one(actor, "group.remove_member", group_id, NewItem(customer_id=customer_id, sign="exclude", note=note))


def _one(actor: Actor, act: str, group_id: int, item: NewItem) -> Put:
    require(actor, Action.CHANGE_MEMBER)
    with record(actor, act, f"group:{group_id}") as change:
        group = _group(group_id)
        lifted = _excluded_among(group, [item])
        put(actor, group, [item], change)
        moved = membership.refresh(change, groups=[group.id], customers=[item.customer_id or 0])
    return Put(moved.joined, moved.left, lifted, [])


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
    for item in new_items:
        if item.sign not in {"include", "exclude"}:
            raise Refusal(N_("An item includes or excludes."), "sign")
        if item.shop_id is not None:
            _put_shop(group, item, change)
        else:
            customer, remarks = _customer(actor, item, change)
            warnings += remarks
            _put_customer(group, customer, item, change)
    return warnings


def settle(group: Group, new_items: Sequence[NewItem], change: Recorder) -> membership.Moved:
    """Refresh the group after `put`, then every other group that new customers are in through their shop."""
    made = ChangeRow.select(ChangeRow.row_id).where(ChangeRow.change == change.id, ChangeRow.noun == "customer")
    new_ids = [row_id for (row_id,) in made.tuples()] if any(item.new_customer for item in new_items) else []
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


def live_items(group: Group) -> list[dict[str, Any]]:
    """Return what the live items of a group say, as `put_all` takes it."""
    query = GroupItem.select(GroupItem.sign, GroupItem.kind, GroupItem.customer, GroupItem.shop, GroupItem.note)
    return list(query.where(GroupItem.group == group, GroupItem.ended_at.is_null()).order_by(GroupItem.id).dicts())


def put_all(rows: Sequence[dict[str, Any]], group: Group, change: Recorder) -> None:
    """Insert many items (sign, kind, customer, shop, note) that `group` does not have yet; the caller refreshes."""
    moment = clock.now()
    newest = GroupItem.select(fn.MAX(GroupItem.id)).scalar() or 0
    for part in in_chunks(rows):
        GroupItem.insert_many(
            [{**row, "group": group.id, "created_at": moment, "created_by": change.id} for row in part]
        ).execute()
    made = GroupItem.select().where(GroupItem.group == group, GroupItem.id > newest).order_by(GroupItem.id)
    change.created_all("group_item", made.iterator())


def _customer(actor: Actor, item: NewItem, change: Recorder) -> tuple[Customer, list[Remark]]:
    if item.customer_id is not None:
        return find.by_id(actor, item.customer_id), []
    require(actor, Action.EDIT_CUSTOMER)
    saved = customers.insert(actor, item.new_customer, change)
    return saved.customer, saved.warnings


def _put_customer(group: Group, customer: Customer, item: NewItem, change: Recorder) -> None:
    if item.sign == "include":
        keeper = find_groups.excluded_by(group, customer)
        if keeper is not None:
            raise Refusal(
                N_("%(name)s cannot be added: the group excludes the shop %(shop)s. End that item first."),
                "item", name=customer.name or customer.code, shop=keeper.shop.name,
            )  # fmt: skip
    current = GroupItem.get_or_none(
        GroupItem.group == group, GroupItem.customer == customer, GroupItem.ended_at.is_null()
    )
    if current is not None and current.sign == item.sign:
        return
    if current is not None:
        _end(current, change)
    _insert(change, group=group, sign=item.sign, kind="customer", customer=customer, note=_note(item))


def _put_shop(group: Group, item: NewItem, change: Recorder) -> None:
    shop = Shop.get_or_none(Shop.id == item.shop_id)
    if shop is None:
        raise Missing(N_("This shop is not there any more."), "item")
    current = GroupItem.get_or_none(GroupItem.group == group, GroupItem.shop == shop, GroupItem.ended_at.is_null())
    if current is not None and current.sign == item.sign:
        return
    if current is not None:
        _end(current, change)
    _insert(change, group=group, sign=item.sign, kind="shop", shop=shop, note=_note(item))


def _note(item: NewItem) -> str:
    note = clean(item.note)
    if len(note) > MAX_NOTE:
        raise Refusal(N_("A note has at most 500 characters."), "note")
    return note


def _insert(change: Recorder, **columns: object) -> None:
    item = GroupItem.create(**columns, created_by=change.id)
    change.created("group_item", item)


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
