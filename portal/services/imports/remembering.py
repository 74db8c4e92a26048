"""What people chose that columns stand for, remembered by the shape of a file: its headers, in their order.

Only what differs from what the headers say by themselves is kept, so that a field that is made later, or one that is
gone, is proposed as in any other file.
"""

import hashlib
from collections.abc import Mapping, Sequence

from portal.errors import N_
from portal.models import FileShape, Import
from portal.permissions import Action, Actor, require
from portal.services.changes import record
from portal.services.imports import columns
from portal.services.imports.columns import GROUPS, Known
from portal.services.recorder import Recorder, values
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


def keep(
    actor: Actor, imported: Import, said: Mapping[str, str], known: Known, orders: Mapping[str, str], *, about: int
) -> None:
    """Keep what a person said of the columns of an import for the next file of its shape, as a change of its own.

    What she left as it was shown to her says nothing new. `orders` are those of dates, of which only she knows; `about`
    is the import that takes this one's place.
    """
    require(actor, Action.IMPORT_CUSTOMERS)
    by_key, shape = {fold(header): target for header, target in said.items()}, _shape(imported.headers)
    with record(actor, "import.columns", f"import:{about}") as change:
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
        if found is not None:
            put(found, chosen, dates, change)
        elif chosen or dates:
            change.created("file_shape", FileShape.create(shape=shape, chosen=chosen, dates=dates))


def put(found: FileShape, chosen: Mapping[str, str], dates: Mapping[str, str], change: Recorder) -> None:
    """Write what is chosen for files of a shape, inside an open change; that nothing is, where it comes to that."""
    before = values(found)
    found.chosen, found.dates = dict(chosen), dict(dates)
    if values(found) != before:
        found.save()
        change.updated("file_shape", found.id, before, values(found))


def _shape(headers: Sequence[str]) -> str:
    """Return what files of the same columns have in common; of the headers themselves nothing is kept."""
    return hashlib.sha256("\x1f".join(header_key(header) for header in headers).encode()).hexdigest()
