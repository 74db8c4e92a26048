"""Turns: the rows of an import in parts, and how long others wait for each while it holds the turn to write."""

from dataclasses import dataclass
from typing import Any

from peewee import fn

from portal.models import Import, ImportRow

PART = 2_500
MAX_ROW = 2**31 - 1
HOLD = 0.05  # seconds after which an import lets others write; it ends the part that it is at
BREATH = 0.001  # seconds in which they get in: who gives the gate away would be the first to have it back
PATIENCE = 30.0  # seconds that an import waits for its turn: nobody sits before each of its parts


@dataclass(frozen=True)
class Part:
    """The rows of an import after row `low`, up to and with row `high`."""

    imported: Any  # an Import, or what stands for its id and the rows in statements that are written once
    low: Any
    high: Any
    leads: bool = False  # only the first row of each customer: she is spoken of once in all parts

    def rows(self, *conditions: Any) -> list[Any]:
        """Return the conditions for the rows of this part."""
        leading = [ImportRow.leader == ImportRow.row] if self.leads else []
        within = [ImportRow.row > self.low, ImportRow.row <= self.high]
        return [ImportRow.imported == self.imported, *within, *leading, *conditions]

    def open(self, *conditions: Any) -> list[Any]:
        """Return the conditions for those that nothing has settled yet."""
        return self.rows(ImportRow.result == "", *conditions)


def whole(imported: Import) -> Part:
    """Return all rows of an import as one part."""
    return Part(imported, 0, MAX_ROW)


def parts(imported: Import, rows: int = PART) -> list[Part]:
    """Return all rows of an import in parts of so many rows, each short enough for others to wait for."""
    last = ImportRow.select(fn.MAX(ImportRow.row)).where(ImportRow.imported == imported).scalar() or 0
    return [Part(imported, low, low + rows) for low in range(0, last, rows)]
