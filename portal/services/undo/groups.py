"""Undoing what was done to groups themselves: earlier values and status come back; a group that came is deleted."""

from collections.abc import Iterator, Mapping
from typing import Any

from portal.errors import N_, Denied, Refusal
from portal.models import ChangeRow, Group, GroupItem
from portal.queries.uses import naming
from portal.services import groups
from portal.services.changes import plain
from portal.services.undo.work import Later, Work, touched, typed

CHANGED = N_("The group %(name)s has been changed since.")
GONE = N_("The group %(name)s is not there any more.")
IN_USE = N_("The group %(name)s stays: items were added to it since. Delete it if it should go.")
USED = N_("The group %(name)s stays: %(group)s is made of it by now.")
# Not what is counted or derived, nor the code, which never changes.
_KEPT = {"id", "code", "name_key", "version", "created_at", "updated_at", "n_members", "level", "next_change_at"}
_SAID = {column.name: column for column in Group._meta.sorted_fields if column.name not in _KEPT}


def put_back(work: Work) -> Iterator[None]:
    """Undo the groups of a change."""
    for rows in work.parts("group"):
        later = work.later("group", rows)
        for row in rows:
            _undo(work, row, Group.get_by_id(row.row_id), later)
        yield


def _undo(work: Work, row: ChangeRow, group: Group, later: Later) -> None:
    wanted = {name: row.before[name] for name in _SAID if name in row.before} if row.before else {"status": "deleted"}
    goes = wanted.get("status") == "deleted"
    now = {name: plain(group.__data__[name]) for name in _SAID}
    if all(now[name] == value for name, value in wanted.items()):
        return
    # One that goes is looked at as a whole: it is no longer what the change brought if anything of it was changed.
    looked_at = _SAID if goes else wanted
    is_other = any(now[name] != row.after[name] for name in looked_at if name in row.after)
    sentence = ""
    if is_other or touched(row, looked_at, later):
        sentence = GONE if group.status == "deleted" else CHANGED
    elif goes:
        sentence = _in_use(work, group)
    elif group.status == "deleted" and "status" not in wanted:
        sentence = GONE
    if sentence:
        used = _user(group)
        work.keep("group", group.id, sentence, name=group.label, group=used.label if used else "")
    else:
        _give(work, group, wanted)


def _give(work: Work, group: Group, wanted: Mapping[str, Any]) -> None:
    try:
        said = {name: typed(_SAID[name], value) for name, value in wanted.items()}
        groups.put_back(work.actor, group, said, work.recorder)
    except Denied:
        raise
    except Refusal as refusal:
        work.keep("group", group.id, refusal.sentence, **refusal.params)
    else:
        work.restored["group"] += 1


def _in_use(work: Work, group: Group) -> str:
    """Return why a group cannot go that came by the change; '' if it can."""
    # Those that it had before it was deleted and came back go with it.
    since = GroupItem.created_by >= work.of.id
    if GroupItem.select().where(GroupItem.group == group, GroupItem.ended_at.is_null(), since).exists():
        return IN_USE
    return USED if _user(group) else ""


def _user(group: Group) -> Group | None:
    """Return a group that is made of this one, or has a rule that asks for it, if there is any."""
    query = Group.select().join(GroupItem, on=(GroupItem.group == Group.id))
    return query.where(naming([group.id])).first()
