"""The database: connecting, the write gate, and the few pieces of SQL that differ between SQLite and PostgreSQL."""

import hashlib
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import peewee
from playhouse.pool import PooledPostgresqlDatabase, PooledSqliteDatabase

from portal import gate
from portal.config import Settings
from portal.errors import N_, Busy, Conflict, Refusal
from portal.text import fold

WRITE_DEADLINE = 3.0  # seconds a writer waits for its turn before the person is asked to try again
WRITERS = 0x636F7465  # "cote": the advisory lock of PostgreSQL that lets this database's writers in one by one
# Read committed whatever the server's own default is: who waited for her turn must see what the one before her wrote.
SESSION = {
    "lock_timeout": f"{WRITE_DEADLINE:g}s", "TimeZone": "UTC", "default_transaction_isolation": "read\\ committed",
    "random_page_cost": "1.1",  # of today's disks; at the 4 of spinning ones whole tables are read instead of indexes
}  # fmt: skip
# Seconds after which a server that does not answer at all is taken to be away, unless the address says otherwise.
WAITING = {"connect_timeout": "5", "keepalives_idle": "20", "keepalives_interval": "5", "keepalives_count": "3"}
# What the database says, in its own numbers: somebody else's lock, a deadlock, a serialization failure.
_WAITED_IN_VAIN = frozenset({"55P03", "40P01", "40001"})
_UNIQUE = "23505"
_TOO_LARGE = "54000"
PRAGMAS = (
    ("journal_mode", "wal"),
    ("synchronous", "full"),  # NORMAL loses acknowledged commits in a power cut
    ("foreign_keys", 1),
    ("secure_delete", 1),
    ("journal_size_limit", 64 * 1024 * 1024),
    ("wal_autocheckpoint", 4_000),  # pages: an import writes the same ones often, and each checkpoint writes them again
    ("cache_size", -16_000),
    ("mmap_size", 48 * 1024 * 1024),  # each connection counts what it has mapped; more of it makes no page quicker
    ("temp_store", "memory"),
)

db = peewee.DatabaseProxy()
_file: Path | None = None


class Model(peewee.Model):
    """Base of all tables."""

    class Meta:
        database = db
        legacy_table_names = False


def configure(settings: Settings) -> None:
    """Point the portal at the database of `settings`; connections are opened when needed, one per thread."""
    global _file
    if isinstance(db.obj, peewee.Database):
        db.obj.close_all()  # of the database that was in use before
    if settings.is_sqlite:
        _file = path = settings.sqlite_path.absolute()
        path.parent.mkdir(parents=True, exist_ok=True)
        db.initialize(_sqlite(path))
    else:
        _file = None
        db.initialize(_postgres(settings.database))


def _sqlite(path: Path) -> peewee.Database:
    # The pool hands a connection to one thread at a time, which need not be the thread that opened it.
    # A file that was moved away is not made anew: an empty one would look like a portal without anybody, and its log
    # would be taken for that of the file that comes back.
    made = PooledSqliteDatabase(
        f"file:{quote(str(path))}?mode=rw", uri=True, pragmas=PRAGMAS, lock_type="IMMEDIATE", timeout=WRITE_DEADLINE,
        max_connections=32, stale_timeout=300, check_same_thread=False,
    )  # fmt: skip
    made.register_function(lot, "lot", 2, deterministic=True)
    made.register_function(folded, "folded", 1, deterministic=True)
    return made


def _postgres(url: str) -> peewee.Database:
    if find_spec("psycopg") is None:
        raise Refusal(N_("PostgreSQL needs a package that is not installed here. Run: pip install 'psycopg[binary]'"))
    parts = urlsplit(url)
    # What stands behind the question mark is libpq's: host (a folder with a socket), sslmode, connect_timeout …
    said = WAITING | dict(parse_qsl(parts.query))
    said["options"] = " ".join([said.get("options", ""), *(f"-c {name}={value}" for name, value in SESSION.items())])
    own = {"user": parts.username, "password": parts.password, "host": parts.hostname}
    said |= {name: unquote(value) for name, value in own.items() if value}
    if parts.port:
        said["port"] = str(parts.port)
    # The pool asks a connection whether it is alive before it hands it out, so a restarted server is not noticed.
    return PooledPostgresqlDatabase(
        unquote(parts.path.lstrip("/")), prefer_psycopg3=True, max_connections=32, stale_timeout=300, **said
    )


def make_file() -> None:
    """Make the SQLite file in use if it is not there: who migrates begins with it, nobody else makes one."""
    if _file is not None:
        _file.touch()


def is_sqlite() -> bool:
    """Tell whether the configured database is SQLite."""
    return isinstance(db.obj, peewee.SqliteDatabase)


@contextmanager
def transaction(seconds: float = WRITE_DEADLINE) -> Iterator[None]:
    """Run the block as one write transaction; a transaction inside a transaction joins it.

    Writers come one by one on both databases (decision 0020), so that what the block looks up stays true until it
    has written. Raises Busy when no turn was to be had within that many seconds, Conflict when somebody who does
    not wait for turns stored the same; nothing is written then.
    """
    if db.in_transaction():
        yield
        return
    deadline = time.monotonic() + seconds
    with _said(), _turn(seconds):
        if db.is_closed():
            db.connect()
        if is_sqlite():
            # Who does not wait for turns is waited for too, but what the turn took is not given twice.
            db.execute_sql(f"PRAGMA busy_timeout = {max(50, int(1000 * (deadline - time.monotonic())))}")
        with db.atomic():
            if not is_sqlite():
                if seconds != WRITE_DEADLINE:
                    db.execute_sql("SELECT set_config('lock_timeout', %s, true)", (f"{seconds:g}s",))
                db.execute_sql("SELECT pg_advisory_xact_lock(%s)", (WRITERS,))
            yield


@contextmanager
def reading() -> Iterator[None]:
    """Run the block on the database as it is at one moment, without a turn: temporary tables are all that it writes.

    Inside a transaction it sees what that sees.
    """
    if db.in_transaction():
        yield
        return
    with db.atomic("DEFERRED") if is_sqlite() else db.atomic():
        if not is_sqlite():
            db.execute_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield


@contextmanager
def _said() -> Iterator[None]:
    """Say what the database answers to a writer in the portal's words."""
    try:
        yield
    except (peewee.OperationalError, peewee.IntegrityError) as error:
        state = getattr(getattr(error, "orig", None), "sqlstate", None)
        if state in _WAITED_IN_VAIN or "is locked" in str(error):
            raise Busy from error
        if state == _UNIQUE or "UNIQUE constraint failed" in str(error):
            raise Conflict(
                N_("Somebody else stored the same just now. Nothing was changed; look at it, then try again.")
            ) from error
        if state == _TOO_LARGE:
            # Of PostgreSQL, whose rows have 8 kB: beyond some 340 short texts they are full.
            raise Refusal(
                N_("These are more values than the database keeps of one customer. Nothing was changed; empty some.")
            ) from error
        raise


@contextmanager
def writers_wait(seconds: float = WRITE_DEADLINE) -> Iterator[None]:
    """Keep all other writers out for the block, which may hold several transactions, or none of the portal's own.

    Its transactions need no turn of their own. Raises Busy when the one who is writing is not done after `seconds`.
    """
    if is_sqlite():
        with _turn(seconds):
            yield
        return
    if db.is_closed():
        db.connect()
    with _said():
        db.execute_sql("SELECT set_config('lock_timeout', %s, false)", (f"{seconds:g}s",))
        try:
            db.execute_sql("SELECT pg_advisory_lock(%s)", (WRITERS,))
        finally:
            db.execute_sql("SELECT set_config('lock_timeout', %s, false)", (SESSION["lock_timeout"],))
    try:
        yield
    finally:
        # A connection that was lost in the block has taken its lock with it.
        with suppress(peewee.OperationalError, peewee.InterfaceError):
            db.execute_sql("SELECT pg_advisory_unlock(%s)", (WRITERS,))


def _turn(seconds: float) -> AbstractContextManager[None]:
    """Let SQLite's writers in one by one: its own waiting is unfair (p99 232 ms against 22)."""
    return nullcontext() if _file is None else gate.turn(_file, seconds)


def like(column: Any, text: str) -> peewee.Expression:
    """Return an expression: `column`, which holds folded text, contains the folded `text`."""
    escaped = text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
    return peewee.Expression(
        column,
        "LIKE" if not is_sqlite() else "ILIKE",
        peewee.NodeList((peewee.Value(f"%{escaped}%"), peewee.SQL("ESCAPE '!'"))),
    )


def run(sql: str, parameters: Sequence[Any] = ()) -> Any:
    """Run one statement, written with `?`, and return its cursor: what runs with every write is not built each time."""
    return db.execute_sql(sql if is_sqlite() else sql.replace("?", "%s"), parameters)


def insert_all(table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows of values in the order of `columns` by the quickest way in: PostgreSQL's is COPY."""
    names = ", ".join(f'"{name}"' for name in columns)
    if is_sqlite():
        run_many(f'INSERT INTO "{table}" ({names}) VALUES ({", ".join("?" * len(columns))})', rows)
        return
    copying = f'COPY "{table}" ({names}) FROM STDIN'
    with peewee.__exception_wrapper__, db.cursor() as cursor, cursor.copy(copying) as copy:
        for row in rows:
            copy.write_row(row)


def insert_from(model: type[peewee.Model], query: peewee.Select, columns: Sequence[peewee.Field]) -> int:
    """Insert the rows of a select and return how many they were.

    Left to itself, peewee asks PostgreSQL to return the keys of all of them, which takes longer than inserting them.
    """
    return int(db.execute(model.insert_from(query, columns).returning()).rowcount)


def run_many(sql: str, rows: Sequence[Sequence[Any]]) -> None:
    """Run one statement, written with `?`, once for each row of parameters: many times faster than row by row."""
    if rows:
        with peewee.__exception_wrapper__:
            db.cursor().executemany(sql if is_sqlite() else sql.replace("?", "%s"), rows)


def in_chunks(rows: Iterable[Any], size: int = 500) -> Iterator[list[Any]]:
    """Yield the rows in lists of at most `size`, small enough for the parameters of one statement."""
    yield from peewee.chunked(rows, size)


def unindexed(column: Any) -> peewee.Expression:
    """Return a number of a row as a sum, which is in no index: for where the column's own index is the wrong way in."""
    return column + 0


def random_uid() -> Any:
    """Return an SQL expression for 32 random hexadecimal digits, others for each row."""
    if is_sqlite():
        return peewee.fn.lower(peewee.fn.hex(peewee.fn.randomblob(16)))
    return peewee.fn.replace(peewee.Cast(peewee.fn.gen_random_uuid(), "text"), "-", "")


def lot_of(seed: Any, uid: Any) -> Any:
    """Return an SQL expression for the lot of a uid, 0 to 9 999: the first 32 bits of md5("seed:uid") mod 10 000.

    Rule: product.md §5, Shares.
    """
    if is_sqlite():
        return peewee.fn.lot(seed, uid)
    joined = peewee.NodeList((peewee.Cast(seed, "text"), peewee.SQL("|| ':' ||"), uid))
    digits = peewee.fn.substr(peewee.fn.md5(joined), 1, 8)
    return peewee.fn.mod(peewee.NodeList((peewee.SQL("(('x' ||"), digits, peewee.SQL(")::bit(32)::bigint)"))), 10_000)


def lot(seed: str, uid: str) -> int:
    """Return the lot of a uid as `lot_of` does; SQLite's queries call it."""
    return int(hashlib.md5(f"{seed}:{uid}".encode(), usedforsecurity=False).hexdigest()[:8], 16) % 10_000


def folded(text: str | None) -> str | None:
    """Return a text folded as `portal.text.fold` does; SQLite's queries call it."""
    return None if text is None else fold(text)


def json_of(**columns: Any) -> peewee.Function:
    """Return an SQL expression that builds a JSON text of the named columns, the same on both databases."""
    pairs = [part for name, column in columns.items() for part in (_typed(peewee.Value(name)), _typed(column))]
    return peewee.fn.json_object(*pairs) if is_sqlite() else peewee.fn.jsonb_build_object(*pairs)


def _typed(column: Any) -> Any:
    """Say what a plain value is: inside a function that takes anything, PostgreSQL cannot know."""
    if isinstance(column, peewee.Value):
        return peewee.Cast(column, "integer" if isinstance(column.value, int) else "text")
    return column
