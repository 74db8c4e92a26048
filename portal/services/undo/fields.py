"""Undoing what was done to the store's own fields: earlier values come back; one that came by the change is retired."""

from collections.abc import Iterator

from portal import clock
from portal.errors import N_, Denied, Refusal
from portal.models import ChangeRow, Field
from portal.queries.fields import label
from portal.services import fields
from portal.services.changes import plain
from portal.services.fields import searching
from portal.services.undo.work import Later, Work, touched, typed

CHANGED = N_("The field %(name)s has been changed since.")
# Not the code nor the type, which never change.
_KEPT = {"id", "code", "type", "version", "created_at"}
_SAID = {column.name: column for column in Field._meta.sorted_fields if column.name not in _KEPT}


def put_back(work: Work) -> Iterator[None]:
    """Undo the fields of a change."""
    for rows in work.parts("field"):
        later = work.later("field", rows)
        for row in rows:
            _undo(work, row, Field.get_by_id(row.row_id), later)
        yield


def _undo(work: Work, row: ChangeRow, field: Field, later: Later) -> None:
    is_new = row.before is None
    wanted = {name: row.before[name] for name in _SAID if name in row.before} if row.before else {}
    now = {name: plain(field.__data__[name]) for name in _SAID}
    if field.retired_at is not None if is_new else all(now[name] == value for name, value in wanted.items()):
        return
    # One that came is looked at as a whole, but for where it stands, which others move too.
    looked_at = [name for name in _SAID if name != "place"] if is_new else list(wanted)
    is_other = any(now[name] != row.after[name] for name in looked_at if name in row.after)
    if is_other or touched(row, looked_at, later):
        work.keep("field", field.id, CHANGED, name=label(field))
        return
    said = {name: typed(_SAID[name], value) for name, value in wanted.items()}
    try:
        searched = fields.put_back(work.actor, field, {"retired_at": clock.now()} if is_new else said, work.recorder)
    except Denied:
        raise
    except Refusal as refusal:
        work.keep("field", field.id, refusal.sentence, **refusal.params)
    else:
        searching.run(work.actor, searched, work.recorder)
        work.restored["field"] += 1
