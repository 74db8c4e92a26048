"""Applying: what the check showed becomes customers, items and memberships, in one transaction and one change."""

import json
from typing import Any

import peewee
from peewee import fn

from portal import clock
from portal.db import db, in_chunks, json_of, run_many
from portal.models import ChangeRow, Customer, GroupItem, Import, ImportRow
from portal.models.customer import FIELDS
from portal.services import customers, membership
from portal.services.changes import Recorder, plain
from portal.values import search_text

# The columns of a customer that a staged row may bring.
_COLUMNS = (*(name for name in FIELDS if name != "shop"), "code_key", "name_key", "email_key", "phone_key")
_RECORDED = (*(name for name in FIELDS if name != "shop"), "shop")


def apply(imported: Import, change: Recorder) -> None:
    """Write a resolved import inside the open change; membership follows at the end, all at once."""
    _name_codes(imported)
    _create(imported, change)
    moved = _update(imported, change)
    if imported.group_id:
        if imported.lifts_exclusions:
            _lift(imported, change)
        _include(imported, change)
    _refresh(imported, change, moved)


def _refresh(imported: Import, change: Recorder, moved: list[int]) -> None:
    """Refresh whom the import can have moved: all groups of new customers and of those in another shop, else its own.

    Asking for all groups of everybody in the file would find the same and took twice as long.
    """
    membership.refresh(change, customers=ImportRow.select(ImportRow.customer).where(*_new(imported)))
    for part in in_chunks(moved):
        membership.refresh(change, customers=part)
    if imported.group_id:
        known = _taken(imported).where(ImportRow.result != "new")
        membership.refresh(change, groups=[imported.group_id], customers=known)


def _new(imported: Import) -> list[Any]:
    return [ImportRow.imported == imported, ImportRow.result == "new"]


def _name_codes(imported: Import) -> None:
    """Give a code to each new customer whose row has none: a number nobody has, from a base above all ids."""
    base, prefix = customers.code_base(), customers.CODE_PREFIX
    number = peewee.Cast(ImportRow.row + base, "text")
    taken = True
    while taken:
        code = peewee.Value(prefix).concat(number)
        clash = Customer.select(Customer.id).where(Customer.code_key == fn.LOWER(code))
        rival = ImportRow.alias("rival")
        in_file = rival.select(rival.id).where(rival.imported == imported.id, rival.code_key == fn.LOWER(code))
        nameless = ImportRow.select().where(*_new(imported), ImportRow.code.is_null())
        taken = nameless.where(fn.EXISTS(clash) | fn.EXISTS(in_file)).exists()
        if taken:
            base *= 10
            number = peewee.Cast(ImportRow.row + base, "text")
    newline = peewee.Value("\n")
    ImportRow.update(
        code=code, code_key=fn.LOWER(code), search=ImportRow.search.concat(newline).concat(fn.LOWER(code))
    ).where(*_new(imported), ImportRow.code.is_null()).execute()


def _create(imported: Import, change: Recorder) -> None:
    moment = clock.now()
    text = {"name", "name_key", "email", "phone", "language", "gender", "id_type", "id_number", "address"}
    staged = [
        fn.COALESCE(getattr(ImportRow, name), "") if name in text else getattr(ImportRow, name) for name in _COLUMNS
    ]
    query = (
        ImportRow.select(
            *staged, ImportRow.shop, ImportRow.search, peewee.Value(moment), peewee.Value(moment), peewee.Value(1)
        )
        .where(*_new(imported))
        .order_by(ImportRow.row)
    )
    Customer.insert_from(
        query,
        [*(getattr(Customer, name) for name in _COLUMNS), Customer.shop, Customer.search, Customer.created_at,
         Customer.updated_at, Customer.version],
    ).execute()  # fmt: skip
    found = Customer.select(Customer.id).where(Customer.code_key == ImportRow.code_key)
    ImportRow.update(customer=found).where(*_new(imported)).execute()
    # Rows said twice follow their leader.
    leader = ImportRow.alias("leader_row")
    led = leader.select(leader.customer).where(leader.imported == imported.id, leader.row == ImportRow.leader)
    ImportRow.update(customer=led).where(
        ImportRow.imported == imported, ImportRow.result == "unchanged", ImportRow.customer.is_null()
    ).execute()
    created = (
        Customer.select(
            change.id,
            peewee.Value("customer"),
            Customer.id,
            json_of(**{name: getattr(Customer, name) for name in _RECORDED}),
        )
        .join(ImportRow, on=(ImportRow.customer == Customer.id))
        .where(*_new(imported))
    )
    _record(change, created, ChangeRow.after)


def _record(change: Recorder, query: peewee.ModelSelect, column: Any) -> None:
    """Insert change rows from a select of (change, noun, row, values)."""
    before = db.execute_sql("SELECT count(*) FROM change_row WHERE change_id = " + str(int(change.id))).fetchone()[0]
    ChangeRow.insert_from(query, [ChangeRow.change, ChangeRow.noun, ChangeRow.row_id, column]).execute()
    after = db.execute_sql("SELECT count(*) FROM change_row WHERE change_id = " + str(int(change.id))).fetchone()[0]
    change.counted(after - before)


def _update(imported: Import, change: Recorder) -> list[int]:
    """Bring the filled cells to the customers they differ from; empty cells never erase. Returns who changed shop."""
    moment = clock.now()
    moved: list[int] = []
    rows = (
        ImportRow.select(ImportRow, Customer)
        .join(Customer, on=(ImportRow.customer == Customer.id))
        .where(ImportRow.imported == imported, ImportRow.result == "updated")
        .order_by(ImportRow.row)
    )
    names = [*_COLUMNS, "search", "version", "updated_at"]
    assigned = ", ".join(f"{name} = ?" for name in [*names, "shop_id"])
    for chunk in in_chunks(rows.iterator()):
        recorded, written = [], []
        for staged in chunk:
            customer = staged.customer
            before = {name: plain(customer.__data__[name]) for name in _RECORDED}
            for name in (*_COLUMNS, "shop"):
                value = staged.__data__[name]
                if value is not None:
                    setattr(customer, name, value)
            customer.search = search_text(customer.__data__)
            customer.version += 1
            customer.updated_at = moment
            written.append([*(getattr(customer, name) for name in names), customer.shop_id, customer.id])
            after = {name: plain(customer.__data__[name]) for name in _RECORDED}
            differing = [name for name in _RECORDED if before[name] != after[name]]
            both = (json.dumps({name: state[name] for name in differing}) for state in (before, after))
            recorded.append([customer.id, *both])
            if "shop" in differing:
                moved.append(customer.id)
        run_many(f"UPDATE customer SET {assigned} WHERE id = ?", written)
        run_many(
            "INSERT INTO change_row (change_id, noun, row_id, before, after) VALUES (?, ?, ?, ?, ?)",
            [[change.id, "customer", *row] for row in recorded],
        )
        change.counted(len(recorded))
    return moved


def _taken(imported: Import) -> peewee.ModelSelect:
    """Return a select of the customers that the file brings into the group."""
    return ImportRow.select(ImportRow.customer).where(
        ImportRow.imported == imported, ImportRow.joins.in_(("joined", "already")), ImportRow.customer.is_null(False)
    )


def _lift(imported: Import, change: Recorder) -> None:
    """End the exclusions of the customers that the file names; the person ticked that they be lifted."""
    moment = clock.now()
    live = [
        GroupItem.group == imported.group_id,
        GroupItem.sign == "exclude",
        GroupItem.kind == "customer",
        GroupItem.ended_at.is_null(),
        GroupItem.customer.in_(_taken(imported)),
    ]
    ended = json_of(ended_at=peewee.Value(moment.isoformat()), ended_by=peewee.Value(change.id))
    _record(
        change,
        GroupItem.select(change.id, peewee.Value("group_item"), GroupItem.id, ended).where(*live),
        ChangeRow.after,
    )
    GroupItem.update(ended_at=moment, ended_by=change.id).where(*live).execute()


def _include(imported: Import, change: Recorder) -> None:
    """Include each taken customer by name, unless an include of hers is there already."""
    moment = clock.now()
    has = GroupItem.alias("has")
    there = has.select(peewee.SQL("1")).where(
        has.group == imported.group_id, has.customer == Customer.id, has.ended_at.is_null()
    )
    query = Customer.select(
        peewee.Value(imported.group_id), peewee.Value("include"), peewee.Value("customer"), Customer.id,
        peewee.Value(""), peewee.Value(moment), change.id,
    ).where(Customer.id.in_(_taken(imported)), ~fn.EXISTS(there))  # fmt: skip
    GroupItem.insert_from(
        query,
        [GroupItem.group, GroupItem.sign, GroupItem.kind, GroupItem.customer, GroupItem.note, GroupItem.created_at,
         GroupItem.created_by],
    ).execute()  # fmt: skip
    values = {name: getattr(GroupItem, name) for name in ("group", "sign", "kind", "customer")}
    inserted = GroupItem.select(change.id, peewee.Value("group_item"), GroupItem.id, json_of(**values)).where(
        GroupItem.created_by == change.id, GroupItem.group == imported.group_id
    )
    _record(change, inserted, ChangeRow.after)
