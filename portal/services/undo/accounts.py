"""Undoing what was done to people who sign in: roles, open and closed accounts, the language they read.

Each goes through the service that did the act, with its rights and its care for the last owner. Sessions that ended
stay ended, and passwords are kept nowhere.
"""

from collections.abc import Iterator

from portal.errors import N_, Denied, Refusal
from portal.models import ChangeRow, User, UserRole
from portal.permissions import Grant, Role
from portal.services import users
from portal.services.undo.work import Later, Work, touched

CHANGED = N_("The account of %(name)s has been changed since.")
HELD = N_("%(name)s has been given this role again since.")
NOT_HELD = N_("This role of %(name)s has been taken away since.")


def put_back(work: Work) -> Iterator[None]:
    """Undo roles and accounts of a change."""
    for rows in work.parts("user_role"):
        for row in rows:
            _role(work, row)
    for rows in work.parts("user"):
        later = work.later("user", rows)
        for row in rows:
            _account(work, row, later)
        yield


def _role(work: Work, row: ChangeRow) -> None:
    said = row.after or row.before
    user, item = User.get_by_id(said["user"]), Grant(Role(said["role"]), said["shop"])
    is_given = row.before is None
    there = UserRole.get_or_none(UserRole.id == row.row_id)
    if is_given and there is None:
        work.keep("user_role", row.row_id, NOT_HELD, name=user.name)
        return
    try:
        if is_given:
            users.take(work.actor, user.id, item, work.recorder)
        elif not users.give(work.actor, user.id, item, work.recorder):
            work.keep("user_role", row.row_id, HELD, name=user.name)
            return
    except Denied:
        raise
    except Refusal as refusal:
        work.keep("user_role", row.row_id, refusal.sentence, **refusal.params)
    else:
        work.restored["user_role"] += 1


def _account(work: Work, row: ChangeRow, later: Later) -> None:
    user = User.get_by_id(row.row_id)
    column = "is_active" if row.before is None or "is_active" in row.before else "language"
    wanted = row.before[column] if row.before else False
    now = getattr(user, column)
    if now == wanted:
        return
    if touched(row, [column], later) or now != row.after[column]:
        work.keep("user", user.id, CHANGED, name=user.name)
        return
    try:
        if column == "language":
            users.put_language(work.actor, user.id, str(wanted), work.recorder)
        elif wanted:
            users.open_again(work.actor, user.id, work.recorder)
        else:
            users.close(work.actor, user.id, work.recorder)
    except Denied:
        raise
    except Refusal as refusal:
        work.keep("user", user.id, refusal.sentence, **refusal.params)
    else:
        work.restored["user"] += 1
