"""Bring the tables to the shape that this version of the portal expects, one process at a time."""

import logging
from collections.abc import Callable, Iterable
from pathlib import Path

from playhouse.migrations import Runner

from portal.db import db, make_file, writers_wait

MIGRATIONS = Path(__file__).parent / "migrations"
PATIENCE = 60.0  # seconds that a second process waits for the one that migrates

logger = logging.getLogger(__name__)


def up() -> list[str]:
    """Apply every pending migration and return their names; with none pending nothing is touched."""
    make_file()
    with writers_wait(PATIENCE):
        return _counted(_runner().up)


def down(steps: int) -> list[str]:
    """Take back the last `steps` migrations and return their names, newest first."""
    with writers_wait(PATIENCE):
        return [name for _ in range(steps) for name in _counted(_runner().down)]


def pending() -> list[str]:
    """Return the names of migrations that have not been applied."""
    return [found.name for found in _runner().status() if not found.applied]


def unknown() -> list[str]:
    """Return the names of migrations that were applied by a newer version, and that this one does not have."""
    return [found.name for found in _runner().status() if found.path is None]


def known() -> list[str]:
    """Return the names of all migrations that this version has, whatever the database says."""
    return sorted(path.stem for path in MIGRATIONS.glob("[0-9]*.py"))


def sources() -> str:
    """Return the text of all migrations."""
    return "".join(path.read_text(encoding="utf-8") for path in sorted(MIGRATIONS.glob("[0-9]*.py")))


def _runner() -> Runner:
    return Runner(db.obj, str(MIGRATIONS))


def _counted(migrate: Callable[[], Iterable[str]]) -> list[str]:
    """Run `migrate` and log which tables lost rows, as an error: the command line shows errors only."""
    before = row_counts()
    names = list(migrate())
    if names:
        after = row_counts()
        lost = {table: (n, after[table]) for table, n in before.items() if table in after and after[table] < n}
        level = logging.ERROR if lost else logging.INFO
        logger.log(level, "migrated", extra={"migrations": names, "lost_rows": lost})
    return names


def row_counts() -> dict[str, int]:
    """Return the number of rows of every table, by table name."""
    return {
        table: db.execute_sql(f'SELECT count(*) FROM "{table}"').fetchone()[0]
        for table in sorted(db.get_tables())
        # Of the queue rows come and go while others migrate, and statistics with their tables; nobody misses them.
        if not table.startswith(("customer_search", "queue_", "sqlite_"))
    }
