"""Sweeping: what is left of imports that nobody goes on with, and the staged rows of those that are long over."""

from portal import clock
from portal.db import transaction
from portal.models import Import, ImportMove, ImportRow
from portal.queries import imports as find
from portal.services.imports import foreseeing

SWEPT = 1_000  # rows dropped at once: others who write wait meanwhile


def interrupted() -> None:
    """Drop what is left of imports whose reading was interrupted an hour ago or earlier."""
    with transaction():
        dead = [Import.state == "reading", Import.created_at < clock.ago(hours=1)]
        ImportRow.delete().where(ImportRow.imported.in_(Import.select(Import.id).where(*dead))).execute()
        Import.update(state="cancelled").where(*dead).execute()


def long_over() -> bool:
    """Drop some of the rows of imports that are long over; tell whether there may be more.

    The import itself stays, with its counts. A check that nobody has run for as long is dropped as if by its person.
    """
    with transaction():
        idle = [Import.state.in_(("checked", "stopped")), Import.created_at < clock.ago(days=find.KEPT_DAYS)]
        Import.update(state="cancelled").where(*idle).execute()
        over = find.long_over()
        # A file without a header has somebody's values for headers, and what is wrong with one quotes from it.
        told = [Import.id.in_(over), Import.headers.cast("text") != "[]"]
        Import.update(headers=[], columns=[], problems=[], corrections={}).where(*told).execute()
        # Who would have moved: what was written, or dropped, needs it no more.
        past = Import.select(Import.id).where(Import.state.in_(("done", "cancelled")))
        has_more = foreseeing.drop(ImportMove.imported.in_(past))
        rows = ImportRow.select(ImportRow.id).where(ImportRow.imported.in_(over)).limit(SWEPT)
        return bool(ImportRow.delete().where(ImportRow.id.in_(rows)).execute() == SWEPT) or has_more
