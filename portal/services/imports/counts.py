"""Counts: how many rows do what, and a text that differs whenever the check would show something else."""

import json
from collections.abc import Mapping
from typing import Any

from peewee import fn

from portal.models import Import, ImportRow


def summarise(imported: Import, boxes: Mapping[str, Mapping[str, int]] | None = None) -> None:
    """Set the counts and the fingerprint of what the rows say now.

    `boxes` are the counts of the groups that the file has columns of; without them those stay that are there.
    """
    found = imported.counts.get("groups") if boxes is None else boxes
    imported.counts = _counted(imported) | ({"groups": found} if found else {})
    imported.fingerprint = _fingerprint(imported) + (json.dumps(found, sort_keys=True) if found else "")


def _counted(imported: Import) -> dict[str, Any]:
    counts: dict[str, Any] = dict.fromkeys(
        ("rows", "new", "updated", "unchanged", "ambiguous", "refused", "joined", "already", "excluded", "left"), 0
    )
    for column in (ImportRow.result, ImportRow.joins):
        query = ImportRow.select(column, fn.COUNT(ImportRow.id)).where(ImportRow.imported == imported).group_by(column)
        for name, n in query.tuples():
            if name:
                counts[name] = n
            counts["rows"] += n if column is ImportRow.result else 0
    return counts


def _fingerprint(imported: Import) -> str:
    """Return a text that differs whenever the check would show something else: which rows, whom, what of them."""
    query = (
        ImportRow.select(
            ImportRow.result, ImportRow.joins, fn.COUNT(ImportRow.id), fn.SUM(ImportRow.row),
            fn.SUM(fn.COALESCE(ImportRow.customer, 0)),
            # Row 3 000 of a million customers is more than an integer of PostgreSQL holds.
            fn.SUM(ImportRow.row.cast("bigint") * fn.COALESCE(ImportRow.customer, 1)),
        )
        .where(ImportRow.imported == imported)
        .group_by(ImportRow.result, ImportRow.joins)
        .order_by(ImportRow.result, ImportRow.joins)
    )  # fmt: skip
    return json.dumps([[str(value) for value in row] for row in query.tuples()])
