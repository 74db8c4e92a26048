"""Undoing what was chosen for the columns of files of one shape: the earlier choice comes back, at first none."""

from collections.abc import Iterator

from portal.errors import N_
from portal.models import FileShape
from portal.services.imports import remembering
from portal.services.undo.work import Work, touched

CHANGED = N_("What these columns stand for has been chosen anew since.")


def put_back(work: Work) -> Iterator[None]:
    """Undo what a change chose for the columns of files to come; checks that stand keep their columns."""
    for rows in work.parts("file_shape"):
        later = work.later("file_shape", rows)
        for row in rows:
            shape = FileShape.get_by_id(row.row_id)
            now = {"chosen": shape.chosen, "dates": shape.dates}
            wanted = row.before or {"chosen": {}, "dates": {}}
            if all(now[name] == value for name, value in wanted.items()):
                continue
            if touched(row, wanted, later) or any(now[name] != row.after[name] for name in wanted):
                work.keep("file_shape", shape.id, CHANGED)
                continue
            remembering.put(shape, **{**now, **wanted}, change=work.recorder)
            work.restored["file_shape"] += 1
        yield
