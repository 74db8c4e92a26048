"""What people chose that columns stand for, remembered by the shape of a file: its headers, in their order.

Only what differs from what the headers say by themselves is kept, so that a field that is made later, or one that is
gone, is proposed as in any other file.
"""

import hashlib
from collections.abc import Mapping, Sequence

from portal.db import transaction
from portal.errors import N_
from portal.models import FileShape, Import
from portal.services.imports import columns
from portal.services.imports.columns import GROUPS, Known
from portal.sheets import header_key
from portal.text import fold

# Noted in an import that was read so.
REMEMBERED = N_("The columns stand for what was chosen for an earlier file with the same columns.")


def chosen_for(headers: Sequence[str], known: Known) -> dict[str, str]:
    """Return what was chosen for a file of these headers, by header, '' for left out; what is gone is not among it."""
    found = FileShape.get_or_none(FileShape.shape == _shape(headers))
    told = {headers[int(index)]: str(target) for index, target in found.chosen.items()} if found is not None else {}
    return {header: target for header, target in told.items() if not target or known.target(target)}


def orders_for(headers: Sequence[str]) -> dict[str, str]:
    """Return in which order the dates of a file of these headers were said to be written, by header."""
    found = FileShape.get_or_none(FileShape.shape == _shape(headers))
    return {headers[int(index)]: str(order) for index, order in found.dates.items()} if found is not None else {}


def keep(imported: Import, said: Mapping[str, str], known: Known, orders: Mapping[str, str]) -> None:
    """Keep what a person said of the columns of an import for the next file of its shape, in a transaction.

    What she left as it was shown to her says nothing new. `orders` are those of dates, of which only she knows.
    """
    by_key, shape = {fold(header): target for header, target in said.items()}, _shape(imported.headers)
    with transaction():
        found = FileShape.get_or_none(FileShape.shape == shape)
        chosen = dict(found.chosen) if found is not None else {}
        dates = dict(found.dates) if found is not None else {}
        ordered = {fold(header): order for header, order in orders.items()}
        for match in columns.match(imported.headers, {}, known):
            # Of two headers that are alike the first counts.
            target, order = by_key.pop(fold(match.header), None), ordered.pop(fold(match.header), None)
            if order:
                dates[str(match.index)] = order
            if target is None or target == (imported.columns[match.index] or ""):
                continue
            chosen.pop(str(match.index), None)
            if target != (match.target or "") or target == GROUPS:
                chosen[str(match.index)] = target
        if chosen or dates:
            query = FileShape.insert(shape=shape, chosen=chosen, dates=dates)
            query.on_conflict(
                conflict_target=[FileShape.shape], update={FileShape.chosen: chosen, FileShape.dates: dates}
            ).execute()
        else:
            FileShape.delete().where(FileShape.shape == shape).execute()


def _shape(headers: Sequence[str]) -> str:
    """Return what files of the same columns have in common; of the headers themselves nothing is kept."""
    return hashlib.sha256("\x1f".join(header_key(header) for header in headers).encode()).hexdigest()
