"""Staging: every row of a file as a row of `import_row`, read and judged on its own."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portal import clock, config
from portal.db import db, insert_all, is_sqlite, transaction
from portal.errors import N_, Conflict
from portal.file_words import sentence_of
from portal.models import Group, Import, ImportRow, Shop
from portal.models.customer import FIELDS
from portal.permissions import Actor
from portal.services import once
from portal.services.imports import columns
from portal.sheets import (
    Sheet,
    UnreadableFile,
    guess_orders,
    misfit,
    open_sheet,
    restore,
)
from portal.sheets.problems import Problem
from portal.sheets.read import Row
from portal.text import fold
from portal.values import Reading, read_customer, search_text

MAX_ROWS = 100_000
MAX_BYTES = 32 * 1024 * 1024
CHUNK = 1_000
PEEK = 2_000  # rows looked at before any is staged, to find a column that holds something else
TOO_MANY_CELLS = N_("The row has more cells than the file has columns.")
NO_SHOP = N_("There is no shop with the code or name “%(value)s”, or several have this name; write its code.")
DROPPED = N_("Somebody dropped this file while it was being checked. Choose it once more.")
NOTHING = N_("The row has no code, e-mail or phone to find or keep a customer by.")


@dataclass
class _Context:
    """What reading a row needs to know."""

    imported: Import
    targets: Sequence[str | None]
    shops: Mapping[str, int]
    region: str
    today: Any
    date_order: str


def read(
    actor: Actor,
    path: Path,
    file_name: str,
    *,
    group: Group | None,
    new_group: str,
    said: Mapping[str, str],
    encoding: str | None,
    delimiter: str | None,
    lift_exclusions: bool,
    first_key: str,
) -> Import:
    """Stage the file and return its import, 'reading' (all rows are staged) or 'stopped'.

    Raises Conflict if somebody has dropped it meanwhile.
    """
    with once.transaction():
        imported = Import.create(
            user=actor.user_id, group=group, new_group=new_group, file_name=file_name[:200], file_hash=_hash(path),
            lifts_exclusions=lift_exclusions, first_key=first_key,
        )  # fmt: skip
    try:
        sheet = open_sheet(path, encoding=encoding, delimiter=delimiter, max_rows=MAX_ROWS, max_bytes=MAX_BYTES)
        imported.encoding, imported.delimiter, imported.headers = sheet.encoding, sheet.delimiter, sheet.headers
        context = _prepare(imported, sheet, said)
        if context is not None:
            _stage_rows(context, sheet)
    except UnreadableFile as broken:
        _stop(imported, broken.problem)
    with transaction():
        is_dropped = not Import.select().where(Import.id == imported.id, Import.state == "reading").exists()
        if imported.state == "stopped" or is_dropped:
            ImportRow.delete().where(ImportRow.imported == imported).execute()
        if not is_dropped:
            imported.save()
    if is_dropped:
        raise Conflict(DROPPED)
    return imported


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _stop(imported: Import, problem: Problem) -> None:
    sentence, column, params = sentence_of(problem)
    imported.state = "stopped"
    imported.problems = [*imported.problems, [sentence, _header(imported, column), params]]


def _header(imported: Import, letters: str) -> str:
    """Return the header of a column given by its letters; '' for none."""
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - ord("A") + 1
    return imported.headers[index - 1] if 0 < index <= len(imported.headers) else ""


def _prepare(imported: Import, sheet: Sheet, said: Mapping[str, str]) -> _Context | None:
    """Match the columns, note what a person should know of them; None when the file has to be stopped."""
    matches = columns.match(sheet.headers, said)
    imported.columns = [match.target for match in matches]
    for problem in [*sheet.header_problems, *columns.remarks(matches, said)]:
        sentence, column, params = sentence_of(problem)
        imported.problems = [*imported.problems, [sentence, _header(imported, column), params]]
    if not any(target in {"code", "email", "phone"} for target in imported.columns):
        imported.state = "stopped"
        sentence = N_(
            "No column holds a code, an e-mail address or a phone number, so nobody can be found or kept by it."
        )
        imported.problems = [*imported.problems, [sentence, "", {}]]
        return None
    peeked = _peek(sheet, imported.columns)
    for index, target in enumerate(imported.columns):
        wrong = misfit(target, peeked[index]) if target else None
        if wrong is not None:
            sentence, _, params = sentence_of(wrong)
            imported.state = "stopped"
            imported.problems = [*imported.problems, [sentence, imported.headers[index], params]]
    if imported.state == "stopped":
        return None
    settings = config.current()
    return _Context(
        imported, imported.columns, _shops(), settings.region, clock.today(settings.timezone),
        _date_order(imported.columns, peeked),
    )  # fmt: skip


def _peek(sheet: Sheet, targets: Sequence[str | None]) -> list[list[str]]:
    """Return the first cells of each column that has a target."""
    columns: list[list[str]] = [[] for _ in targets]
    for n, row in enumerate(sheet.rows()):
        if n >= PEEK:
            break
        for index, cell in enumerate(row.cells):
            if targets[index]:
                columns[index].append(cell)
    return columns


def _shops() -> dict[str, int]:
    """Return the ids of shops by what a cell may call them: a code, or a name that only one of them has."""
    shops = list(Shop.select(Shop.id, Shop.code_key, Shop.name_key).where(Shop.removed_at.is_null()))
    named = Counter(shop.name_key for shop in shops)
    only = {shop.name_key: shop.id for shop in shops if named[shop.name_key] == 1}
    return only | {shop.code_key: shop.id for shop in shops}


def _date_order(targets: Sequence[str | None], peeked: Sequence[Sequence[str]]) -> str:
    """Return the one order that reads all dates; where several would, the unambiguous ISO order alone is taken."""
    for index, target in enumerate(targets):
        if target == "birth_date":
            orders = guess_orders(peeked[index])
            return orders.pop() if len(orders) == 1 else "ymd"
    return "ymd"


def _stage_rows(context: _Context, sheet: Sheet) -> None:
    batch: list[dict[str, Any]] = []
    for row in sheet.rows():
        batch.append(_staged(context, row))
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
_EMPTY: dict[str, Any] = {
    name: None
    for name in (*(name for name in FIELDS if name != "shop"), "code_key", "name_key", "email_key", "phone_key")
}


def _staged(context: _Context, row: Row) -> dict[str, Any]:
    typed = _typed(context.targets, row.cells)
    shop_text = typed.pop("shop", "")
    reading = read_customer(typed, context.region, context.today, context.date_order)
    shop = context.shops.get(shop_text.casefold()) or context.shops.get(fold(shop_text)) if shop_text else None
    if shop_text and shop is None:
        reading.refuse("shop", NO_SHOP, value=shop_text)
    values = {name: value for name, value in reading.columns.items() if value not in ("", None)}
    reason, column = _reason(reading, values, row)
    said = "\x1f".join(f"{name}={values[name]}" for name in sorted(values))
    digest = hashlib.md5(f"{said}\x1f{shop}".encode(), usedforsecurity=False)
    remarks = [list(remark) for remark in (*reading.refusals, *reading.warnings)]
    return {
        "imported": context.imported.id,
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
        **_EMPTY,
        **values,
    }


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
