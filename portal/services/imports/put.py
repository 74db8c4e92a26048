"""Putting the customers of a file into a group by name, or out of it, set-based, inside the open change."""

from collections.abc import Sequence

import peewee
from peewee import fn

from portal import clock
from portal.db import db, insert_from, unindexed
from portal.models import Customer, GroupItem
from portal.services.changes import Recorder

_NAMES = ("group", "sign", "kind", "customer")


def lift(group_id: int, chosen: peewee.ModelSelect, change: Recorder, *, lifts_exclusions: bool) -> None:
    """End what keeps customers out by name: items not begun, and exclusions if that was ticked."""
    waits = GroupItem.valid_from > clock.now()
    _end(group_id, chosen, change, waits if not lifts_exclusions else waits | (GroupItem.sign == "exclude"))


def include(group_id: int, chosen: peewee.ModelSelect, change: Recorder) -> None:
    """Include each of the customers by name, unless an item of hers is there already."""
    _name(group_id, "include", chosen, change)


def exclude(group_id: int, chosen: peewee.ModelSelect, change: Recorder) -> None:
    """Exclude each of the customers by name: she stays out until somebody adds her by name."""
    # Numbers, not the select: of a draft it asks for the very items that end here.
    ids = [customer for (customer,) in db.execute(chosen.distinct())]
    for start in range(0, len(ids), 500):
        some = Customer.select(Customer.id).where(Customer.id.in_(ids[start : start + 500]))
        _end(group_id, some, change, GroupItem.customer.is_null(False))
        _name(group_id, "exclude", some, change)


def inserted(change: Recorder, noun: str, names: Sequence[str], query: peewee.ModelSelect) -> None:
    """Record rows that were not there before from a select of their ids and values, as the database gives them."""
    found = db.execute(query)
    change.rows(noun, ((row[0], None, dict(zip(names, row[1:], strict=True))) for row in found))


def _end(group_id: int, chosen: peewee.ModelSelect, change: Recorder, which: peewee.Expression) -> None:
    moment = clock.now()
    live = [
        GroupItem.group == group_id, which, GroupItem.kind == "customer", GroupItem.ended_at.is_null(),
        GroupItem.customer.in_(chosen),
    ]  # fmt: skip
    if not GroupItem.select().where(*live).exists():
        return
    ended = {"ended_at": moment.isoformat(), "ended_by": change.id}
    change.rows(
        "group_item", ((row_id, None, ended) for (row_id,) in GroupItem.select(GroupItem.id).where(*live).tuples())
    )
    GroupItem.update(ended_at=moment, ended_by=change.id).where(*live).execute()


def _name(group_id: int, sign: str, chosen: peewee.ModelSelect, change: Recorder) -> None:
    missing = without_item(group_id, chosen)
    if not Customer.select().where(*missing).exists():
        return
    newest = GroupItem.select(fn.MAX(GroupItem.id)).scalar() or 0
    query = Customer.select(
        peewee.Value(group_id), peewee.Value(sign), peewee.Value("customer"), Customer.id, peewee.Value(""),
        peewee.Value(clock.now()), change.id,
    ).where(*missing)  # fmt: skip
    columns = [
        GroupItem.group, GroupItem.sign, GroupItem.kind, GroupItem.customer, GroupItem.note, GroupItem.created_at,
        GroupItem.created_by,
    ]  # fmt: skip
    insert_from(GroupItem, query, columns)
    made = GroupItem.select(GroupItem.id, *(getattr(GroupItem, name) for name in _NAMES))
    inserted(change, "group_item", _NAMES, made.where(GroupItem.group == group_id, GroupItem.id > newest))


def without_item(group_id: int, chosen: peewee.ModelSelect) -> list[peewee.Expression]:
    """Return conditions for those of the chosen customers whom no item of the group names."""
    has = GroupItem.alias()
    # As long as its statistics know of no item, as when somebody brings her file twice within a minute, PostgreSQL
    # would read all items of the group for each customer. An offset is not made a join.
    there = has.select(peewee.SQL("1")).where(
        has.customer == Customer.id, unindexed(has.group) == group_id, has.ended_at.is_null()
    )
    # Whoever brought her in may have undone that since her row was matched.
    return [Customer.id.in_(chosen), Customer.removed_at.is_null(), ~fn.EXISTS(there.offset(0))]
