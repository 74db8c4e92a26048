"""Applying: what the check showed becomes customers, part by part, then items and memberships, all at once.

Every part is a transaction, so that others who write wait for a few hundred rows at most; all are one change.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import peewee
from peewee import fn

from portal import clock
from portal.db import insert_from, random_uid, run_many
from portal.models import Customer, Field, GroupItem, Import, ImportRow, Membership
from portal.models.customer import FIELDS, KEYS
from portal.permissions import Actor
from portal.queries.membership import valid_at
from portal.queries.rules import matching
from portal.services import customers, membership, own_values, staying
from portal.services.changes import Recorder
from portal.services.imports import own_rows, put
from portal.services.imports.turns import MAX_ROW, Part, whole
from portal.values import search_text

CHUNK = 500  # customers that are written while others wait
# The columns of a customer that a staged row may bring.
_COLUMNS = (*(name for name in FIELDS if name != "shop"), *KEYS)
_RECORDED = (*(name for name in FIELDS if name != "shop"), "shop")


def next_part(imported: Import) -> tuple[Part, bool]:
    """Return the rows to be written next, and whether they are the last."""
    left = ImportRow.select(ImportRow.row).where(
        ImportRow.imported == imported, ImportRow.row > imported.reached, ImportRow.result.in_(("new", "updated"))
    )
    last = left.order_by(ImportRow.row).offset(CHUNK - 1).limit(1).scalar()
    return Part(imported, imported.reached, last or MAX_ROW), last is None


def customers_of(actor: Actor, part: Part, change: Recorder, fields: Sequence[Field]) -> None:
    """Write the customers of a part inside the open change, and refresh the groups they are in by shop or by rule.

    `fields` are the store's own that are in use.
    """
    _name_codes(part)
    _create(part, change)
    updated = _update(part, change, fields)
    for customer, codes in own_rows.write(actor, part, change, fields, updated.customers).items():
        updated.customers.add(customer)
        updated.fields |= codes
    _bring_up(part, change, updated)


def _bring_up(part: Part, change: Recorder, updated: "_Updated") -> None:
    """Refresh the groups of who came, of who left a shop, and of who changed in what rules ask for."""
    new = ImportRow.select(ImportRow.customer).where(*_new(part))
    if not matching.are_there():
        new = new.where(ImportRow.shop.is_null(False))
    # Their numbers, not a select of them: of rows that have just been written PostgreSQL knows so little that it read
    # all memberships for each part, a second where a hundredth is enough.
    come = [customer for (customer,) in new.tuples()]
    if come:
        membership.refresh(change, customers=come)
    moved = list(updated.left)
    if moved:
        _keep(part.imported, moved, change)
        staying.stay({customer: shop for customer, shop in updated.left.items() if shop is not None}, change)
        membership.refresh(change, customers=moved)
    stayed = sorted(updated.customers - updated.left.keys())
    if stayed:
        membership.refresh(change, customers=stayed, fields=updated.fields - {"shop"})


def publish(part: Part, change: Recorder) -> None:
    """Bring everybody whom the rows of a part name into the group, all at once."""
    imported, taken = part.imported, _taken(part)
    put.lift(imported.group_id, taken, change, lifts_exclusions=imported.lifts_exclusions)
    put.include(imported.group_id, taken, change)
    membership.refresh(change, groups=[imported.group_id], customers=taken)


def _keep(imported: Import, moved: list[int], change: Recorder) -> None:
    """Include by name, before she leaves its shop, whom the file brings into a group that she is in by that shop.

    With the others at the end, she would be out of the group from her part until then, and her history would say so.
    """
    inside = Membership.select(Membership.customer).where(
        Membership.group == imported.group_id, Membership.customer.in_(moved)
    )
    shut = GroupItem.select(GroupItem.shop).where(
        GroupItem.group == imported.group_id, GroupItem.sign == "exclude", GroupItem.shop.is_null(False),
        *valid_at(clock.now()),
    )  # fmt: skip
    allowed = Customer.select(Customer.id).where(
        Customer.id.in_(inside), Customer.id.in_(_taken(whole(imported))),
        Customer.shop.is_null() | Customer.shop.not_in(shut),
    )  # fmt: skip
    put.include(imported.group_id, allowed, change)


def _new(part: Part) -> list[Any]:
    return part.rows(ImportRow.result == "new")


def _name_codes(part: Part) -> None:
    """Give a code to each new customer whose row has none: a number nobody has, from a base above all ids.

    It depends on her row alone, not on who was written before: a rule that asks for codes is foreseen as it comes.
    """
    query = ImportRow.select(ImportRow.id, ImportRow.search, ImportRow.row)
    query = query.where(*_new(part), ImportRow.code.is_null())
    nameless = list(query.order_by(ImportRow.row).tuples())
    base = part.imported.code_base or customers.code_base()
    while nameless:
        keys = [f"{customers.CODE_PREFIX}{base + row - 1}".lower() for _id, _search, row in nameless]
        in_file = ImportRow.select(ImportRow.code_key).where(
            ImportRow.imported == part.imported, ImportRow.code_key.in_(keys)
        )
        there = Customer.select(Customer.code_key).where(Customer.code_key.in_(keys))
        taken = {key for query in (in_file, there) for (key,) in query.tuples()}
        run_many(
            "UPDATE import_row SET code = ?, code_key = ?, search = ? WHERE id = ?",
            [
                (key.upper(), key, f"{search}\n{key}", row_id)
                for key, (row_id, search, _row) in zip(keys, nameless, strict=True)
                if key not in taken
            ],
        )
        nameless = [one for key, one in zip(keys, nameless, strict=True) if key in taken]
        base *= 10


def _create(part: Part, change: Recorder) -> None:
    moment = clock.now()
    text = {"name", "name_key", "email", "phone", "language", "gender", "id_type", "id_number", "address"}
    staged = [
        fn.COALESCE(getattr(ImportRow, name), "") if name in text else getattr(ImportRow, name) for name in _COLUMNS
    ]
    query = (
        ImportRow.select(
            *staged,
            ImportRow.shop,
            ImportRow.search,
            peewee.Value(moment),
            peewee.Value(moment),
            peewee.Value(1),
            peewee.Case(None, [(ImportRow.uid != "", ImportRow.uid)], random_uid()),
        )
        .where(*_new(part))
        .order_by(ImportRow.row)
    )
    columns = [
        *(getattr(Customer, name) for name in _COLUMNS), Customer.shop, Customer.search, Customer.created_at,
        Customer.updated_at, Customer.version, Customer.uid,
    ]  # fmt: skip
    if not insert_from(Customer, query, columns):
        return
    found = Customer.select(Customer.id).where(Customer.code_key == ImportRow.code_key)
    ImportRow.update(customer=found).where(*_new(part)).execute()
    created = (
        Customer.select(Customer.id, *(getattr(Customer, name) for name in _RECORDED))
        .join(ImportRow)
        .where(*_new(part))
    )
    put.inserted(change, "customer", _RECORDED, created)


@dataclass(slots=True)
class _Updated:
    """The customers that a part has changed, in which of their fields, and of who moved the shop that she left."""

    customers: set[int] = field(default_factory=set)
    fields: set[str] = field(default_factory=set)
    left: dict[int, int | None] = field(default_factory=dict)


def _update(part: Part, change: Recorder, fields: Sequence[Field]) -> _Updated:
    """Bring the filled cells to the customers they differ from, and return who changed; empty cells never erase."""
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
    written, recorded, updated = [], [], _Updated()
    rows = list(rows)
    lines = own_values.lines([row_id for row_id, *_values in rows], fields)
    for row_id, version, *values in rows:
        stored, staged = values[: len(names)], values[len(names) :]
        before = dict(zip(names, stored, strict=True))
        said = dict(zip(names, staged, strict=True))
        # A key goes with its text: of a phone that cannot be read, none is left.
        after = before | {
            name: value
            for name, value in said.items()
            if value is not None or said.get(name.removesuffix("_key")) is not None
        }
        differing = [name for name in _RECORDED if before[name] != after[name]]
        if not differing:
            continue
        if before["shop"] != after["shop"]:
            updated.left[row_id] = before["shop"]
        updated.customers.add(row_id)
        updated.fields.update(differing)
        written.append([*after.values(), search_text(after, lines.get(row_id, "")), version + 1, moment, row_id])
        recorded.append((row_id, {name: before[name] for name in differing}, {name: after[name] for name in differing}))
    if written:
        columns = [*_COLUMNS, "shop_id", "search", "version", "updated_at"]
        run_many(f"UPDATE customer SET {', '.join(f'{name} = ?' for name in columns)} WHERE id = ?", written)
        change.rows("customer", recorded)
    return updated


def _taken(part: Part) -> peewee.ModelSelect:
    """Return a select of the customers that the rows of a part bring into the group."""
    return ImportRow.select(ImportRow.customer).where(
        *part.rows(ImportRow.joins.in_(("joined", "already")), ImportRow.customer.is_null(False))
    )
