"""Whole copies of a SQLite database: taken while others write, looked over, and put in place in one step.

Never `cp`: a file copied while somebody writes is a broken database more often than not (12 of 20, measured).
"""

import os
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import peewee

from portal import gate
from portal.db import folded, lot
from portal.errors import N_, Busy, Refusal

# The tables and views without which a file is no database of ours.
OURS = frozenset(
    {"schema_migration", "customer", "customer_group", "group_item", "membership", "change", "user_account"}
)
DEADLINE = 3.0  # seconds to wait for somebody who holds the database without asking at the gate
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_NOT_A_DATABASE = N_("“%(file)s” is not a database of Coterie. Nothing was changed.")


class Damaged(Refusal):
    """The file of a database is damaged beyond reading, or is none at all."""

    def __init__(self) -> None:
        super().__init__(N_("The file of the database is damaged, or is no database. Nothing was changed."))


@dataclass(frozen=True, slots=True)
class Copy:
    """What a database file holds: bytes, rows by table, names of the migrations it has seen."""

    path: Path
    size: int
    rows: dict[str, int]
    migrations: tuple[str, ...]


@contextmanager
def beside(path: Path) -> Iterator[Path]:
    """Give a new, empty file next to `path` that only its owner can read; it and its logs are gone afterwards."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    os.close(handle)
    made = Path(name)
    try:
        yield made
    finally:
        for end in ("", "-wal", "-shm", "-journal", *gate.ENDINGS):
            made.with_name(made.name + end).unlink(missing_ok=True)


def copy(source: Path, target: Path) -> None:
    """Write the database `source` as it is at one moment into the file `target`, which nobody else has open.

    The result is one file without a write-ahead log, on the disk when this returns. Raises Busy, Damaged.
    """
    with _opened(source, mode="ro") as there, _opened(target, mode="rw") as here:
        _pages(there, here)
        here.execute("PRAGMA journal_mode=DELETE").fetchall()
    flush(target)


def pour(source: Path, target: Path) -> None:
    """Make the database `target` equal to `source`, as one transaction: it is the old one or the new one, never half.

    Others may have `target` open; they read the old until the moment they read the new. Raises Busy and Damaged,
    leaving the old.
    """
    with _opened(source, mode="ro") as there, _opened(target, mode="rw") as here:
        here.execute("PRAGMA synchronous=FULL")
        _pages(there, here)
        with suppress(peewee.sqlite3.Error):  # somebody reads: the log is folded in later
            here.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def place(made: Path, target: Path) -> None:
    """Give the finished file `made` its name, `target`, in one step; what had that name is gone."""
    flush(made)
    made.replace(target)
    flush(target.parent)


def settle(path: Path) -> None:
    """Fold the write-ahead log into the file, which nobody else has open, so that the file alone is the database."""
    with _opened(path, mode="rw") as here:
        here.execute("PRAGMA journal_mode=DELETE").fetchall()


def flush(path: Path) -> None:
    """Return when `path`, a file or a folder, is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def look(path: Path) -> Copy:
    """Return what the database file holds, read once as a whole; raises Refusal when it is not a sound one of ours."""
    try:
        with _opened(path, mode="ro") as there:
            names = there.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')").fetchall()
            tables = {row[0] for row in names}
            if not tables >= OURS:
                raise Refusal(_NOT_A_DATABASE, file=path.name)
            if there.execute("PRAGMA integrity_check(1)").fetchall() != [("ok",)]:
                raise Refusal(N_("“%(file)s” is damaged. Nothing was changed."), file=path.name)
            if there.execute("PRAGMA foreign_key_check").fetchone() is not None:
                raise Refusal(N_("Rows of “%(file)s” refer to rows that are not there."), file=path.name)
            rows = {
                table: int(there.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0])
                for table in sorted(tables)
                if not table.startswith(("customer_search", "sqlite_"))
            }
            seen = there.execute("SELECT name FROM schema_migration ORDER BY name").fetchall()
    except Damaged as error:
        raise Refusal(_NOT_A_DATABASE, file=path.name) from error
    return Copy(path, path.stat().st_size, rows, tuple(row[0] for row in seen))


def count(path: Path, query: peewee.Select) -> int:
    """Return the number of rows that `query` gives in the database file at `path`, not in the one in use."""
    sql, parameters = query.sql()
    with _opened(path, mode="ro") as there:
        return int(there.execute(f"SELECT count(*) FROM ({sql})", parameters).fetchone()[0])


def rows(path: Path, query: peewee.Select) -> list[tuple[Any, ...]]:
    """Return the rows that `query` gives in that file, as SQLite holds their values."""
    with _opened(path, mode="ro") as there:
        return list(there.execute(*query.sql()).fetchall())


@contextmanager
def _opened(path: Path, *, mode: str) -> Iterator[Any]:
    # The library that the portal itself uses: two of them in one process would drop each other's locks.
    # Opened for reading only, a database in WAL mode needs its -shm file; it is made where the folder allows it.
    address = f"{path.resolve().as_uri()}?mode={mode}"
    try:
        with closing(peewee.sqlite3.connect(address, uri=True, timeout=DEADLINE, isolation_level=None)) as connection:
            connection.create_function("lot", 2, lot, deterministic=True)
            connection.create_function("folded", 1, folded, deterministic=True)
            yield connection
    except peewee.sqlite3.Error as error:
        # A backup says what is wrong in words only.
        if "malformed" in str(error) or "not a database" in str(error):
            raise Damaged from error
        if "locked" in str(error):
            raise Busy from error
        raise peewee.OperationalError(str(error)) from error


def _pages(there: Any, here: Any) -> None:
    # All pages in one step, so that the copy is of one moment and no writer can make it begin again.
    deadline = time.monotonic() + DEADLINE

    def waiting(status: int, remaining: int, total: int) -> None:
        if status in _BUSY and time.monotonic() > deadline:
            raise Busy

    there.backup(here, pages=-1, progress=waiting, sleep=0.02)
