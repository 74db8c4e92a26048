"""Backing up the whole database, and bringing a backup back."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import peewee

from portal import clock, config, copies, db, dumps, migrate
from portal.copies import Copy
from portal.errors import N_, Busy, Refusal
from portal.models import UserSession
from portal.permissions import Action, Actor, require
from portal.queries import membership
from portal.queries.rules import matching
from portal.services.changes import record

_UNEQUAL = N_("Stored membership in “%(file)s” differs from the definition in %(n)s places. Nothing was changed.")


@dataclass(frozen=True, slots=True)
class Backup:
    """A finished backup: bytes, and of SQLite the rows by table (of PostgreSQL none); whether it is on record."""

    size: int
    rows: dict[str, int]
    is_recorded: bool


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did: the file that keeps the database before it, the migrations run, the sessions ended."""

    kept: Path | None
    migrations: tuple[str, ...]
    n_sessions: int
    rows: dict[str, int]
    was_damaged: bool


def take(actor: Actor, file: Path, *, force: bool = False) -> Backup:
    """Write a backup of the database into `file`, check it, and only then give it its name.

    People may work meanwhile; the copy is of one moment. An existing `file` is replaced only with `force`, and only
    by a sound one. Raises Denied, Refusal, Busy.
    """
    require(actor, Action.MAINTAIN)
    settings = config.current()
    if settings.is_sqlite and file.resolve() == settings.sqlite_path.resolve():
        raise Refusal(N_("“%(file)s” is the database itself. Name another file."), file=file.name)
    if file.exists() and not (force and file.is_file()):
        raise Refusal(N_("“%(file)s” is there already. Name another file, or use --force."), file=str(file))
    with copies.beside(file) as part:
        if settings.is_sqlite:
            copies.copy(settings.sqlite_path, part)
            rows = _checked(part, file.name).rows
        else:
            dumps.dump(settings.database, part)
            rows = {}
        size = part.stat().st_size
        copies.place(part, file)
    return Backup(size, rows, _recorded(actor, size))


def _checked(part: Path, name: str) -> Copy:
    """Return what a copy holds; raises Refusal unless it is sound and its membership equals the definition."""
    copy = copies.look(part)
    if set(copy.migrations) == set(migrate.known()):
        due = copies.rows(part, membership.next_due())
        moment = membership.settled(datetime.fromisoformat(due[0][0]) if due else None)
        # The rules of the copy: those of the database in use may be others by now, or not to be read at all.
        rules = matching.items(None, moment, lambda query: copies.rows(part, query))
        matched = matching.matches(rules) if rules else None
        queries = (membership.joining, membership.leaving)
        n = sum(copies.count(part, query(moment=moment, matched=matched)) for query in queries)
        if n:
            raise Refusal(_UNEQUAL, file=name, n=n)
    return copy


def _recorded(actor: Actor, size: int) -> bool:
    """Write down that a backup was taken; a database that cannot be written just now does not spoil the backup."""
    try:
        if migrate.pending():
            return False
        with record(actor, "system.backup") as change:
            change.row("backup", change.id, None, {"bytes": size})
    except (Busy, peewee.DatabaseError):
        return False
    return True


def examine(actor: Actor, file: Path) -> Copy:
    """Return what the backup `file` holds; raises Refusal when it cannot be restored here."""
    require(actor, Action.MAINTAIN)
    settings = config.current()
    if not settings.is_sqlite:
        raise Refusal(N_("A backup of PostgreSQL is brought back by pg_restore; docs/operate.md says how."))
    if not file.is_file():
        raise Refusal(N_("There is no file “%(file)s”."), file=str(file))
    if file.resolve() == settings.sqlite_path.resolve():
        raise Refusal(N_("“%(file)s” is the database itself. Name another file."), file=file.name)
    copy = copies.look(file)
    if set(copy.migrations) - set(migrate.known()):
        raise Refusal(N_("“%(file)s” comes from a newer version of the portal. Install that first."), file=file.name)
    return copy


def restore(actor: Actor, file: Path) -> Restored:
    """Put the backup `file` in the place of the database, in one step, and keep what was there beside it.

    Everything is prepared in a copy: older backups are migrated, all sessions are ended (one that was signed out or
    revoked after the backup must not open again), membership is compared with the definition. Only then, while all
    writers wait, the present database is copied to `….before-restore-TIMESTAMP` and replaced as one transaction; who
    has the portal open goes on with the restored one. Raises Denied, Refusal, Busy; nothing has changed then.
    """
    require(actor, Action.MAINTAIN)
    examine(actor, file)
    path = config.current().sqlite_path
    path.parent.mkdir(parents=True, exist_ok=True)
    with copies.beside(path) as part:
        copies.copy(file, part)
        migrations, n_sessions = _prepare(actor, part, file.name)
        copies.settle(part)
        rows = _checked(part, file.name).rows
        with db.writers_wait():
            kept, was_damaged = _replace(part, path)
    copies.look(path)
    return Restored(kept, tuple(migrations), n_sessions, rows, was_damaged)


def _prepare(actor: Actor, part: Path, name: str) -> tuple[list[str], int]:
    """Bring the copy to the shape and state in which people may meet it."""
    with _in_use(part):
        migrations = migrate.up()
        # The person may be unknown there, or somebody else by then: what was done stands under no one's name.
        with record(replace(actor, user_id=None), "system.restore", note=name[:200]) as change:
            live = UserSession.ended_at.is_null()
            n_sessions = int(UserSession.update(ended_at=clock.now()).where(live).execute())
            change.row("restore", change.id, None, {"migrations": migrations, "sessions_ended": n_sessions})
    return migrations, n_sessions


@contextmanager
def _in_use(path: Path) -> Iterator[None]:
    """Let the portal's own functions work on another database file; only for a process that serves nobody."""
    present = config.current()
    _let_go()
    db.configure(replace(present, database=f"sqlite:///{path}"))
    try:
        yield
    finally:
        _let_go()
        db.configure(present)


def _let_go() -> None:
    if not db.db.is_closed():
        db.db.close()
    db.db.obj.close_all()


def _replace(part: Path, path: Path) -> tuple[Path | None, bool]:
    """Put the finished `part` in the place of `path`; return what keeps the old one, and whether that was damaged."""
    if not path.exists():
        copies.place(part, path)
        return None, False
    kept = path.with_name(f"{path.name}.before-restore-{clock.now():%Y%m%dT%H%M%S%f}")
    try:
        with copies.beside(path) as old:
            copies.copy(path, old)
            copies.place(old, kept)
        copies.pour(part, path)
    except copies.Damaged:
        _swap(part, path, kept)
        return kept, True
    return kept, False


def _swap(part: Path, path: Path, kept: Path) -> None:
    """Put `part` in the place of a file that is no database any more, by name.

    Its logs move with it: they must not be taken for the new one's. Who still has the old one open keeps it so.
    """
    for end in ("-wal", "-shm", ""):
        damaged = path.with_name(path.name + end)
        if damaged.exists():
            damaged.replace(kept.with_name(kept.name + end))
    copies.place(part, path)
