"""Applying: what the check showed becomes customers, part by part, then items and memberships, all at once.

Every part is a transaction, so that others who write wait for a few hundred rows at most; all are one change.
"""

import json
from typing import Any

import peewee
from peewee import fn

from portal import clock
from portal.db import db, insert_all, json_of, random_uid, run_many
from portal.models import ChangeRow, Customer, GroupItem, Import, ImportRow, Membership
from portal.models.customer import FIELDS
from portal.services import customers, membership
from portal.services.changes import Recorder, plain
from portal.services.imports.resolve import Part
from portal.values import search_text

CHUNK = 500  # customers that are written while others wait
MAX_ROW = 2**31 - 1
# The columns of a customer that a staged row may bring.
_COLUMNS = (*(name for name in FIELDS if name != "shop"), "code_key", "name_key", "email_key", "phone_key")
_RECORDED = (*(name for name in FIELDS if name != "shop"), "shop")


def next_part(imported: Import) -> tuple[Part, bool]:
    """Return the rows to be written next, and whether they are the last."""
    left = ImportRow.select(ImportRow.row).where(
        ImportRow.imported == imported, ImportRow.row > imported.reached, ImportRow.result.in_(("new", "updated"))
    )
    last = left.order_by(ImportRow.row).offset(CHUNK - 1).limit(1).scalar()
    return Part(imported, imported.reached, last or MAX_ROW), last is None


def customers_of(part: Part, change: Recorder) -> None:
    """Write the customers of a part inside the open change, and refresh the groups that they are in by their shop."""
    _name_codes(part)
    _create(part, change)
    moved = _update(part, change)
    new = ImportRow.select(ImportRow.customer).where(*_new(part), ImportRow.shop.is_null(False))
    if new.exists():
        membership.refresh(change, customers=new)
    if moved:
        _keep(part.imported, moved, change)
        membership.refresh(change, customers=moved)


def publish(imported: Import, change: Recorder) -> None:
    """Bring everybody whom the file names into the group, all at once."""
    if imported.lifts_exclusions:
        _lift(imported, change)
    _include(imported, _taken(imported), change)
    membership.refresh(change, groups=[imported.group_id], customers=_taken(imported))


def _keep(imported: Import, moved: list[int], change: Recorder) -> None:
    """Include by name, before she leaves its shop, whom the file brings into a group that she is in by that shop.

    With the others at the end, she would be out of the group from her part until then, and her history would say so.
    """
    inside = Membership.select(Membership.customer).where(
        Membership.group == imported.group_id, Membership.customer.in_(moved)
    )
    shut = GroupItem.select(GroupItem.shop).where(
        GroupItem.group == imported.group_id, GroupItem.sign == "exclude", GroupItem.shop.is_null(False),
        GroupItem.ended_at.is_null(),
    )  # fmt: skip
    allowed = Customer.select(Customer.id).where(
        Customer.id.in_(inside), Customer.id.in_(_taken(imported)), Customer.shop.is_null() | Customer.shop.not_in(shut)
    )
    _include(imported, allowed, change)


def _new(part: Part) -> list[Any]:
    return part.rows(ImportRow.result == "new")


def _name_codes(part: Part) -> None:
    """Give a code to each new customer whose row has none: a number nobody has, from a base above all ids."""
    query = ImportRow.select(ImportRow.id, ImportRow.search).where(*_new(part), ImportRow.code.is_null())
    nameless = list(query.order_by(ImportRow.row).tuples())
    base = customers.code_base()
    while nameless:
        codes = [f"{customers.CODE_PREFIX}{base + place}" for place in range(1, len(nameless) + 1)]
        keys = [code.lower() for code in codes]
        in_file = ImportRow.select().where(ImportRow.imported == part.imported, ImportRow.code_key.in_(keys))
        if not (Customer.select().where(Customer.code_key.in_(keys)).exists() or in_file.exists()):
            run_many(
                "UPDATE import_row SET code = ?, code_key = ?, search = ? WHERE id = ?",
                [
                    (code, key, f"{search}\n{key}", row_id)
                    for code, key, (row_id, search) in zip(codes, keys, nameless, strict=True)
                ],
            )
            return
        base *= 10


def _create(part: Part, change: Recorder) -> None:
    moment = clock.now()
    text = {"name", "name_key", "email", "phone", "language", "gender", "id_type", "id_number", "address"}
    staged = [
        fn.COALESCE(getattr(ImportRow, name), "") if name in text else getattr(ImportRow, name) for name in _COLUMNS
    ]
    query = (
        ImportRow.select(
            *staged, ImportRow.shop, ImportRow.search, peewee.Value(moment), peewee.Value(moment), peewee.Value(1),
            random_uid(),
        )
        .where(*_new(part))
        .order_by(ImportRow.row)
    )
    inserted = Customer.insert_from(
        query,
        [*(getattr(Customer, name) for name in _COLUMNS), Customer.shop, Customer.search, Customer.created_at,
         Customer.updated_at, Customer.version, Customer.uid],
    )  # fmt: skip
    if not db.execute(inserted).rowcount:
        return
    found = Customer.select(Customer.id).where(Customer.code_key == ImportRow.code_key)
    ImportRow.update(customer=found).where(*_new(part)).execute()
    created = (
        Customer.select(
            change.id,
            peewee.Value("customer"),
            Customer.id,
            json_of(**{name: getattr(Customer, name) for name in _RECORDED}),
        )
        .join(ImportRow)
        .where(*_new(part))
    )
    _record(change, created)


def _record(change: Recorder, query: peewee.ModelSelect) -> None:
    """Insert change rows from a select of (change, noun, row, values after)."""
    columns = [ChangeRow.change, ChangeRow.noun, ChangeRow.row_id, ChangeRow.after]
    change.counted(db.execute(ChangeRow.insert_from(query, columns)).rowcount)


def _update(part: Part, change: Recorder) -> list[int]:
    """Bring the filled cells to the customers they differ from; empty cells never erase. Returns who changed shop."""
    moment = clock.now()
    names = [*_COLUMNS, "shop"]
    # Plain tuples: making two model instances a row took longer than writing them.
    rows = (
        ImportRow.select(
            Customer.id, Customer.version, *(getattr(Customer, name) for name in names),
            *(getattr(ImportRow, name) for name in names),
        )
        .join(Customer)
        .where(*part.rows(ImportRow.result == "updated"))
        .order_by(ImportRow.row)
        .tuples()
    )  # fmt: skip
    written, recorded, moved = [], [], []
    for row_id, version, *values in rows:
        stored, staged = values[: len(names)], values[len(names) :]
        before = dict(zip(names, stored, strict=True))
        after = before | {name: value for name, value in zip(names, staged, strict=True) if value is not None}
        differing = [name for name in _RECORDED if before[name] != after[name]]
        if not differing:
            continue
        if before["shop"] != after["shop"]:
            moved.append(row_id)
        written.append([*after.values(), search_text(after), version + 1, moment, row_id])
        both = (json.dumps({name: plain(state[name]) for name in differing}) for state in (before, after))
        recorded.append([row_id, *both])
    if written:
        columns = [*_COLUMNS, "shop_id", "search", "version", "updated_at"]
        run_many(f"UPDATE customer SET {', '.join(f'{name} = ?' for name in columns)} WHERE id = ?", written)
        columns = ["change_id", "noun", "row_id", "before", "after"]
        insert_all("change_row", columns, [[change.id, "customer", *row] for row in recorded])
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
    if not GroupItem.select().where(*live).exists():
        return
    ended = json_of(ended_at=peewee.Value(moment.isoformat()), ended_by=peewee.Value(change.id))
    _record(change, GroupItem.select(change.id, peewee.Value("group_item"), GroupItem.id, ended).where(*live))
    GroupItem.update(ended_at=moment, ended_by=change.id).where(*live).execute()


def _include(imported: Import, taken: peewee.ModelSelect, change: Recorder) -> None:
    """Include each of the customers by name, unless an item of hers is there already."""
    has = GroupItem.alias()
    there = has.select(peewee.SQL("1")).where(
        has.group == imported.group_id, has.customer == Customer.id, has.ended_at.is_null()
    )
    missing = [Customer.id.in_(taken), ~fn.EXISTS(there)]
    if not Customer.select().where(*missing).exists():
        return
    newest = GroupItem.select(fn.MAX(GroupItem.id)).scalar() or 0
    query = Customer.select(
        peewee.Value(imported.group_id), peewee.Value("include"), peewee.Value("customer"), Customer.id,
        peewee.Value(""), peewee.Value(clock.now()), change.id,
    ).where(*missing)  # fmt: skip
    GroupItem.insert_from(
        query,
        [GroupItem.group, GroupItem.sign, GroupItem.kind, GroupItem.customer, GroupItem.note, GroupItem.created_at,
         GroupItem.created_by],
    ).execute()  # fmt: skip
    values = {name: getattr(GroupItem, name) for name in ("group", "sign", "kind", "customer")}
    inserted = GroupItem.select(change.id, peewee.Value("group_item"), GroupItem.id, json_of(**values))
    _record(change, inserted.where(GroupItem.group == imported.group_id, GroupItem.id > newest))
