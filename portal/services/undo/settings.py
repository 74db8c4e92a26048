"""Undoing what was set on the pages of settings: the earlier value comes back, at first that nothing is switched on."""

from collections.abc import Iterator

from portal.errors import N_
from portal.models import Setting
from portal.services import settings
from portal.services.undo.work import Work, touched

CHANGED = N_("These settings have been changed since.")


def put_back(work: Work) -> Iterator[None]:
    """Undo the settings of a change."""
    for rows in work.parts("setting"):
        later = work.later("setting", rows)
        for row in rows:
            stored = Setting.get_by_id(row.row_id)
            wanted = row.before["value"] if row.before else settings.OFF
            if stored.value == wanted:
                continue
            if touched(row, ["value"], later) or stored.value != row.after["value"]:
                work.keep("setting", stored.id, CHANGED)
                continue
            settings.put_back(work.actor, stored, wanted, work.recorder)
            work.restored["setting"] += 1
        yield
