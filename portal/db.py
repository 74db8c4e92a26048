"""The database: connecting, the write gate, and the few pieces of SQL that differ between SQLite and PostgreSQL."""

import fcntl
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import unquote, urlsplit

import peewee
from playhouse.pool import PooledPostgresqlDatabase, PooledSqliteDatabase

from portal.config import Settings
from portal.errors import Busy

WRITE_DEADLINE = 3.0  # seconds a writer waits for its turn before the person is asked to try again
PRAGMAS = (
    ("journal_mode", "wal"),
    ("synchronous", "full"),  # NORMAL loses acknowledged commits in a power cut
    ("foreign_keys", 1),
    ("secure_delete", 1),
    ("journal_size_limit", 64 * 1024 * 1024),
    ("cache_size", -16_000),
    ("mmap_size", 256 * 1024 * 1024),
    ("temp_store", "memory"),
)

db = peewee.DatabaseProxy()
_gate_path: Path | None = None
_gate_thread = threading.RLock()


class Model(peewee.Model):
    """Base of all tables."""

    class Meta:
        database = db
        legacy_table_names = False


def configure(settings: Settings) -> None:
    """Point the portal at the database of `settings`; connections are opened when needed, one per thread."""
    global _gate_path
    if not isinstance(db.obj, peewee.Database) or db.obj.is_closed():
        pass
    else:
        db.obj.close()
    if settings.is_sqlite:
        path = settings.sqlite_path
        path.parent.mkdir(parents=True, exist_ok=True)
        _gate_path = path.with_name(path.name + ".gate")
        db.initialize(_sqlite(path))
    else:
        _gate_path = None
        db.initialize(_postgres(settings.database))


def _sqlite(path: Path) -> peewee.Database:
    # The pool hands a connection to one thread at a time, which need not be the thread that opened it.
    return PooledSqliteDatabase(
        str(path), pragmas=PRAGMAS, lock_type="IMMEDIATE", timeout=WRITE_DEADLINE, max_connections=32,
        stale_timeout=300,
        check_same_thread=False,
    )  # fmt: skip


def _postgres(url: str) -> peewee.Database:
    parts = urlsplit(url)
    options = dict(pair.split("=", 1) for pair in parts.query.split("&") if "=" in pair)
    host = unquote(options.get("host", parts.hostname or ""))
    return PooledPostgresqlDatabase(
        unquote(parts.path.lstrip("/")),
        user=unquote(parts.username or "") or None,
        password=unquote(parts.password or "") or None,
        host=host or None,
        port=parts.port or options.get("port"),
        prefer_psycopg3=True,
        max_connections=32,
        stale_timeout=300,
        options="-c lock_timeout=3s -c timezone=UTC",
    )


def is_sqlite() -> bool:
    """Tell whether the configured database is SQLite."""
    return isinstance(db.obj, peewee.SqliteDatabase)


@contextmanager
def transaction() -> Iterator[None]:
    """Run the block as one write transaction; a transaction inside a transaction joins it.

    Raises Busy when no turn was to be had within WRITE_DEADLINE seconds; nothing is written then.
    """
    if db.in_transaction():
        yield
        return
    with writers_wait(), _busy_said():
        if db.is_closed():
            db.connect()
        with db.atomic():
            yield


@contextmanager
def _busy_said() -> Iterator[None]:
    try:
        yield
    except peewee.OperationalError as error:
        if "locked" in str(error) or "lock timeout" in str(error):
            raise Busy from error
        raise


@contextmanager
def writers_wait() -> Iterator[None]:
    """Let SQLite's writers in one by one: a file lock; SQLite's own waiting is unfair (p99 232 ms against 22)."""
    if _gate_path is None:
        yield
        return
    deadline = time.monotonic() + WRITE_DEADLINE
    if not _gate_thread.acquire(timeout=WRITE_DEADLINE):
        raise Busy
    try:
        with _gate_path.open("a") as file:
            _lock(file, deadline)
            yield
    finally:
        _gate_thread.release()


def _lock(file: TextIO, deadline: float) -> None:
    pause = 0.0005
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise Busy from None
            time.sleep(pause)
            pause = min(pause * 2, 0.02)
        else:
            return


def like(column: Any, text: str) -> peewee.Expression:
    """Return an expression: `column`, which holds folded text, contains the folded `text`."""
    escaped = text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
    return peewee.Expression(
        column,
        "LIKE" if not is_sqlite() else "ILIKE",
        peewee.NodeList((peewee.Value(f"%{escaped}%"), peewee.SQL("ESCAPE '!'"))),
    )


def run_many(sql: str, rows: Sequence[Sequence[Any]]) -> None:
    """Run one statement, written with `?`, once for each row of parameters: many times faster than row by row."""
    if rows:
        db.cursor().executemany(sql if is_sqlite() else sql.replace("?", "%s"), rows)


def in_chunks(rows: Iterable[Any], size: int = 500) -> Iterator[list[Any]]:
    """Yield the rows in lists of at most `size`, small enough for the parameters of one statement."""
    yield from peewee.chunked(rows, size)


def json_of(**columns: Any) -> peewee.Function:
    """Return an SQL expression that builds a JSON text of the named columns, the same on both databases."""
    pairs: list[Any] = []
    for name, column in columns.items():
        pairs += [peewee.Value(name) if is_sqlite() else peewee.Cast(peewee.Value(name), "text"), column]
    return peewee.fn.json_object(*pairs) if is_sqlite() else peewee.fn.jsonb_build_object(*pairs)
