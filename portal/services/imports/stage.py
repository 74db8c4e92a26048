"""Staging: every row of a file as a row of `import_row`, read and judged on its own."""

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from portal.db import db, insert_all, is_sqlite, transaction
from portal.errors import N_, Conflict, Refusal
from portal.models import Group, Import, ImportRow
from portal.models.customer import FIELDS, KEYS
from portal.permissions import Actor
from portal.services import once
from portal.services.imports import columns, dating, remembering
from portal.services.imports.columns import Known
from portal.services.imports.dating import Chosen
from portal.services.imports.own_cells import Own
from portal.services.imports.preparing import Prepared, Table, note, prepare
from portal.sheets import UnreadableFile, open_sheet, restore
from portal.sheets.read import Row
from portal.text import fold
from portal.values import Reading, read_customer, search_text

MAX_ROWS = 100_000
MAX_BYTES = 32 * 1024 * 1024
CHUNK = 1_000
TOO_MANY_CELLS = N_("The row has more cells than the file has columns.")
NO_SHOP = N_("There is no shop with the code or name “%(value)s”, or several have this name; write its code.")
LEFT_OUT = N_("This row is left out by choice.")
DROPPED = N_("Somebody dropped this file while it was being checked. Choose it once more.")
NOTHING = N_("The row has no code, e-mail or phone to find or keep a customer by.")


def read(
    actor: Actor,
    path: Path,
    file_name: str,
    *,
    group: Group | None,
    new_group: str,
    said: Mapping[str, str],
    dates: Mapping[str, str],
    encoding: str | None,
    delimiter: str | None,
    lift_exclusions: bool,
    first_key: str,
    creates_groups: bool = False,
) -> Import:
    """Stage the file and return its import, 'reading' (all rows are staged) or 'stopped'.

    Raises Conflict if somebody has dropped it meanwhile, Refusal where what is said of its columns cannot be.
    """
    with once.transaction():
        imported = Import.create(
            user=actor.user_id, group=group, new_group=new_group, file_name=file_name[:200], file_hash=_hash(path),
            lifts_exclusions=lift_exclusions, first_key=first_key,
        )  # fmt: skip
    known = columns.known_to(actor, group, creates_groups=creates_groups)
    try:
        sheet = open_sheet(path, encoding=encoding, delimiter=delimiter, max_rows=MAX_ROWS, max_bytes=MAX_BYTES)
        imported.encoding, imported.delimiter, imported.headers = sheet.encoding, sheet.delimiter, sheet.headers
        _fill_as_before(imported, sheet, said, known, dates)
    except UnreadableFile as broken:
        imported.state = "stopped"
        note(imported, broken.problem)
    except Refusal:
        # What was said of the file cannot be: there is nothing to be looked at, nor to be swept.
        with transaction():
            ImportRow.delete().where(ImportRow.imported == imported).execute()
            Import.delete().where(Import.id == imported.id).execute()
        raise
    store(imported)
    return imported


def _fill_as_before(
    imported: Import, sheet: Table, said: Mapping[str, str], known: Known, dates: Mapping[str, str]
) -> None:
    """Fill an import by what was chosen for an earlier file of the same columns, where this one can be read so."""
    orders = Chosen(dates, remembering.orders_for(sheet.headers))
    before = {fold(header): (header, target) for header, target in remembering.chosen_for(sheet.headers, known).items()}
    chosen = dict(before[key] for key in before.keys() - {fold(header) for header in said})
    if chosen:
        fill(imported, sheet, {**chosen, **said}, known, orders)
        if imported.state != "stopped":
            imported.problems = [*imported.problems, [remembering.REMEMBERED, "", {}]]
            return
        imported.state, imported.problems = "reading", []
    fill(imported, sheet, said, known, orders)
    if dating.chosen_in(imported) - {fold(header) for header in dates}:
        imported.problems = [*imported.problems, [remembering.REMEMBERED, "", {}]]


def fill(
    imported: Import, table: Table, said: Mapping[str, str], known: Known, orders: Chosen | None = None
) -> None:
    """Find out what the columns of a table stand for, and stage its rows; the caller stores the import."""
    prepared = prepare(imported, table, said, known, orders)
    if prepared is not None:
        _stage_rows(prepared, table)


def store(imported: Import) -> None:
    """Store what staging has made of an import; of one that is stopped no row stays. Raises Conflict if it is gone."""
    with transaction():
        is_dropped = not Import.select().where(Import.id == imported.id, Import.state == "reading").exists()
        if imported.state == "stopped" or is_dropped:
            ImportRow.delete().where(ImportRow.imported == imported).execute()
        if not is_dropped:
            imported.save()
    if is_dropped:
        raise Conflict(DROPPED)


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _stage_rows(prepared: Prepared, table: Table) -> None:
    batch: list[dict[str, Any]] = []
    for row in table.rows():
        batch.append(_staged(prepared, row))
        if len(batch) >= CHUNK:
            _insert(batch)
            batch = []
    _insert(batch)
    if not is_sqlite():
        # PostgreSQL plans the matching by what it knows of these rows, and gathers that by itself only minutes later.
        with transaction():
            db.execute_sql("ANALYZE import_row")


def _insert(batch: list[dict[str, Any]]) -> None:
    if batch:
        columns = [_COLUMN.get(name, name) for name in batch[0]]
        with transaction():
            insert_all("import_row", columns, [list(row.values()) for row in batch])


_COLUMN = {"imported": "import_id", "shop": "shop_id"}
# Every staged row names every column in one order, so that rows of one insert are alike.
_EMPTY: dict[str, Any] = dict.fromkeys((*(name for name in FIELDS if name != "shop"), *KEYS))


def _staged(prepared: Prepared, row: Row) -> dict[str, Any]:
    plain, waiting = dating.plainly(row, prepared.imported.columns, prepared.imported.dates)
    typed = _typed(prepared.targets, plain.cells)
    shop_text = typed.pop("shop", "")
    reading = read_customer(typed, prepared.region, prepared.today)
    reading.refusals += waiting
    shop = prepared.shops.get(shop_text.casefold()) or prepared.shops.get(fold(shop_text)) if shop_text else None
    if shop_text and shop is None:
        reading.refuse("shop", NO_SHOP, value=shop_text)
    values = {name: value for name, value in reading.columns.items() if value not in ("", None)}
    said = "\x1f".join(f"{name}={values[name]}" for name in sorted(values))
    own = _own(prepared, plain, reading) if prepared.own else None
    if own is not None and own.own:
        said += "\x1f" + json.dumps(own.own, sort_keys=True)
    reason, column = _reason(reading, values, row)
    if prepared.imported.corrections.get(str(row.row), {}).get("out"):
        reason, column = LEFT_OUT, ""
    firsts = prepared.own.claim(row, own) if own is not None and own.keys and not reason else {}
    digest = hashlib.md5(f"{said}\x1f{shop}".encode(), usedforsecurity=False)
    remarks = [list(remark) for remark in (*reading.refusals, *reading.warnings)]
    return {
        "imported": prepared.imported.id,
        "row": row.row,
        "cells": json.dumps(row.cells + row.extra),
        "shop": shop,
        "search": search_text(values),
        "digest": digest.hexdigest(),
        "result": "refused" if reason else "",
        "reason": reason,
        "reason_column": column,
        "remarks": json.dumps(remarks) if remarks else "[]",
        "joins": "",
        "reason_row": None,
        "uid": secrets.token_hex(16),
        "own": json.dumps(own.own | firsts) if own is not None and own.own else None,
        **_EMPTY,
        **values,
    }


def _own(prepared: Prepared, row: Row, reading: Reading) -> Own:
    """Read what a row says of the store's own fields and of groups; what is wrong with it stands beside the rest."""
    own = prepared.own.read(row)
    reading.refusals += own.refusals
    reading.warnings += own.warnings
    return own


def _reason(reading: Reading, values: Mapping[str, Any], row: Row) -> tuple[str, str]:
    """Return why the row cannot be taken at all, and the column; two empty texts when it can."""
    if row.extra:
        return TOO_MANY_CELLS, ""
    if reading.refusals:
        return reading.refusals[0].sentence, reading.refusals[0].field
    if not any(values.get(name) for name in ("code", "email", "phone")):
        return NOTHING, ""
    return "", ""


def _typed(targets: Sequence[str | None], cells: Sequence[str]) -> dict[str, str]:
    """Return the filled cells by field; first and last name join into name."""
    typed: dict[str, str] = {}
    for target, cell in zip(targets, cells, strict=False):
        text = restore(cell).strip()
        if target and text:
            typed[target] = text
    first, last = typed.pop("first_name", ""), typed.pop("last_name", "")
    if (first or last) and "name" not in typed:
        typed["name"] = f"{first} {last}".strip()
    return typed
