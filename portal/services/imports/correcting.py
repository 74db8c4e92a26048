"""Correcting the cells of a checked file where they are shown, and leaving rows out; then it is checked once more.

A correction is kept with the import: `corrections` holds by the row's number who has made it and when, by a column's
index what the file said and what counts now, and whether the row is left out. The next import of the same file knows
nothing of it: the file still says what it said.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from dataclasses import field as made
from typing import Any

from portal import clock
from portal.errors import N_, Conflict, Refusal
from portal.models import Import, ImportRow
from portal.permissions import Action, Actor, require
from portal.services.imports import again
from portal.text import has_forbidden

MAX_CELL = 5_000  # characters of a cell that is typed
FORBIDDEN = N_("A cell of row %(row)s holds characters that cannot be stored. Please type it anew.")
LONG = N_("A cell of row %(row)s has %(n)s characters; at most %(most)s fit.")
NO_CELL = N_("The file has no such cell. Nothing was changed; reload the page and try again.")


@dataclass(frozen=True)
class Corrections:
    """What a person corrects: texts of cells by row and column, rows that she leaves out or takes in again."""

    cells: Mapping[tuple[int, int], str] = made(default_factory=dict)
    out: Collection[int] = ()
    back: Collection[int] = ()

    def rows(self) -> set[int]:
        """Return the rows that are spoken of."""
        return {row for row, _index in self.cells} | {*self.out} | {*self.back}


def correct(actor: Actor, import_id: int, said: Corrections) -> Import:
    """Check a checked import once more with its cells corrected; returns the new import, which takes its place.

    A cell that is said as it stands is left alone; where nothing differs the import stays as it is. Raises Missing,
    Denied, Refusal, and Conflict when the file has been checked anew meanwhile.
    """
    require(actor, Action.IMPORT_CUSTOMERS)
    if Import.select().where(Import.id == import_id, Import.state == "cancelled").exists():
        raise Conflict(again.MEANWHILE)
    earlier = again.checked(actor, import_id)
    rows = _rows(earlier, said)
    held: dict[str, Any] = dict(earlier.corrections)
    for number, cells in rows.items():
        kept = held.get(str(number), {"cells": {}, "out": False})
        texts = _texts(kept, cells, {index: text for (row, index), text in said.cells.items() if row == number}, number)
        is_out = (kept["out"] or number in said.out) and number not in said.back
        if texts != kept["cells"] or is_out != kept["out"]:
            held[str(number)] = {
                "cells": texts, "out": is_out, "by": actor.user_id, "at": clock.now().isoformat(timespec="seconds"),
            }  # fmt: skip
    if held == earlier.corrections:
        return earlier
    return again.with_columns(actor, import_id, {}, corrections=held)


def _rows(imported: Import, said: Corrections) -> dict[int, list[str]]:
    """Return the cells of the rows that are spoken of; raises Refusal where the file has no such cell."""
    wanted = {row for row in said.rows() if row < 2**31}
    query = ImportRow.select(ImportRow.row, ImportRow.cells).where(
        ImportRow.imported == imported, ImportRow.row.in_(wanted)
    )
    found = dict(query.tuples())
    width = len(imported.headers)
    if found.keys() != said.rows() or any(not 0 <= index < width for _row, index in said.cells):
        raise Refusal(NO_CELL)
    return found


def _texts(kept: Mapping[str, Any], cells: list[str], typed: Mapping[int, str], row: int) -> dict[str, list[str]]:
    """Return what the file says and what counts now of the cells of a row that are or were corrected."""
    texts = dict(kept["cells"])
    for index, text in typed.items():
        now = cells[index] if index < len(cells) else ""
        if text == now.replace("\r", "").replace("\n", ""):  # an input holds no line breaks
            continue
        if has_forbidden(text):
            raise Refusal(FORBIDDEN, row=row)
        if len(text) > MAX_CELL:
            raise Refusal(LONG, row=row, n=len(text), most=MAX_CELL)
        before = texts.get(str(index), [now, now])[0]
        texts[str(index)] = [before, text]
    return texts
