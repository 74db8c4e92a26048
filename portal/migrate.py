"""Bring the tables to the shape that this version of the portal expects, one process at a time."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playhouse.migrations import Runner

from portal.db import db, is_sqlite, writers_wait

MIGRATIONS = Path(__file__).parent / "migrations"
_ADVISORY_LOCK = 0x636F7465  # "cote": any number of our own; PostgreSQL lets one session hold it

logger = logging.getLogger(__name__)


def up() -> list[str]:
    """Apply every pending migration and return their names; with none pending nothing is touched."""
    with _alone():
        return _counted(_runner().up)


def down(steps: int) -> list[str]:
    """Take back the last `steps` migrations and return their names, newest first."""
    with _alone():
        return [name for _ in range(steps) for name in _counted(_runner().down)]


def pending() -> list[str]:
    """Return the names of migrations that have not been applied."""
    return [found.name for found in _runner().status() if not found.applied]


def _runner() -> Runner:
    return Runner(db.obj, str(MIGRATIONS))


def _counted(migrate) -> list[str]:  # type: ignore[no-untyped-def]
    """Run `migrate` and log the row counts before and after: a migration that loses rows is seen at once."""
    before = row_counts()
    names = migrate()
    if names:
        after = row_counts()
        lost = {table: (n, after[table]) for table, n in before.items() if table in after and after[table] < n}
        logger.info("migrated", extra={"migrations": names, "lost_rows": lost})
    return list(names)


def row_counts() -> dict[str, int]:
    """Return the number of rows of every table, by table name."""
    return {
        table: db.execute_sql(f'SELECT count(*) FROM "{table}"').fetchone()[0]
        for table in sorted(db.get_tables())
        if not table.startswith("customer_search")
    }


@contextmanager
def _alone() -> Iterator[None]:
    """Hold the lock that lets one process migrate while others wait."""
    if db.is_closed():
        db.connect()
    if is_sqlite():
        with writers_wait():
            yield
        return
    db.execute_sql("SELECT pg_advisory_lock(%s)", (_ADVISORY_LOCK,))
    try:
        yield
    finally:
        db.execute_sql("SELECT pg_advisory_unlock(%s)", (_ADVISORY_LOCK,))
