"""What a page shows of the rows of a file that people corrected, and can correct."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask_babel import format_datetime, gettext

from portal.models import Import, ImportRow
from portal.queries import imports as find

At = tuple[int, int]  # where a cell is: the number of its row, the index of its column


def of(imported: Import, rows: Sequence[ImportRow]) -> dict[str, Any]:
    """Return what the page needs: the wrong cells of these rows, each with its number, and who corrected a row."""
    cells = [(row.row, index) for row in rows for index in find.wrong_cells(imported, row)]
    names = find.correctors(imported)

    def told(mended: Mapping[str, Any]) -> str:
        who = names.get(mended["by"]) or gettext("the machine's operator")
        when = format_datetime(datetime.fromisoformat(mended["at"]), "medium")
        if mended["out"]:
            return gettext("Left out by %(who)s, %(when)s.", who=who, when=when)
        return gettext("Corrected by %(who)s, %(when)s.", who=who, when=when)

    is_mending = any(row.result in {"refused", "ambiguous"} for row in rows)
    return {"wrong": {cell: n for n, cell in enumerate(cells)}, "is_mending": is_mending, "mended_by": told}


def as_said(imported: Import, row: ImportRow) -> list[str]:
    """Return what the file itself says in the cells of a row that were corrected, as sentences."""
    texts = (imported.corrections.get(str(row.row)) or {}).get("cells", {})
    return [gettext("The file says “%(text)s”.", text=said) for said, now in texts.values() if said != now]
