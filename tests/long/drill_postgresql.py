"""The drill on PostgreSQL: backups under load, each brought back by its own tool; and a restore killed at any moment.

    python -m tests.postgres python -m tests.long.drill_postgresql

Takes 20 backups while two processes write and restores each into a database of its own, brings 10 back into the very
database that is being written to, and kills a restore 50 times. The suite runs the same with small numbers.
"""

import argparse
import os
import random
import subprocess
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg

from portal import dumps
from portal.db import db
from portal.models import Customer
from portal.permissions import OPERATOR
from portal.services import backups
from tests.long.drill import Writers, forget, store, use, wrong

# As docs/operate.md says it.
RESTORE = ("pg_restore", "--clean", "--if-exists", "--single-transaction", "--no-owner", "--no-password")


@contextmanager
def database(server: str) -> Iterator[str]:
    """Yield the address of an empty database, which is gone afterwards."""
    name = f"coterie_{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
    try:
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
    finally:
        forget()
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def restoring(url: str, file: Path) -> "subprocess.Popen[str]":
    """Begin to bring a backup back into the database at `url`."""
    words = [*RESTORE, f"--dbname={urlsplit(url).path.lstrip('/')}", str(file)]
    return subprocess.Popen(words, env=dumps.environment(url), stderr=subprocess.PIPE, text=True)


def restore(url: str, file: Path) -> str:
    """Bring a backup back; return what the tool complained of, '' when it is done."""
    with restoring(url, file) as process:
        said = process.communicate()[1]
    return said if process.returncode else ""


@dataclass
class Figures:
    """What came of it; restores that were `refused` left everything as it was."""

    beside: int = 0
    in_place: int = 0
    refused: int = 0
    writes: int = 0
    lost: int = 0
    differences: int = 0


def under_load(
    server: str, folder: Path, n_backups: int, n_in_place: int, n_customers: int = 300, n_writers: int = 2
) -> Figures:
    """Take backups while others write, bring them back beside and in place, and count what is lost and wrong."""
    found = Figures()
    gone: set[str] = set()  # written between a backup and its restore, as it should be
    with database(server) as url:
        store(url, n_customers)
        writers = Writers(url, n_writers)
        try:
            for at in range(n_backups):
                file = folder / f"{at}.dump"
                before = _backup(writers, url, file)
                with database(server) as other:
                    assert restore(other, file) == ""
                    use(other)
                    _look(found, before)
                found.beside += 1
            for at in range(n_backups, n_backups + n_in_place):
                file = folder / f"{at}.dump"
                before = _backup(writers, url, file)
                writers.wait_for(5)
                said = restore(url, file)
                n = len(writers.confirmed)
                writers.wait_for(5)
                if said:
                    # It waits for a writer who waits for it, and PostgreSQL ends one of them.
                    assert "deadlock" in said, said
                    found.refused += 1
                else:
                    gone |= set(writers.confirmed[len(before) : n])
                    found.in_place += 1
                _look(found, writers.confirmed, gone)
            assert [process.poll() for process in writers.processes] == [None] * n_writers
        finally:
            writers.stop()
        use(url)
        _look(found, writers.confirmed, gone)
        found.writes = len(writers.confirmed)
    return found


def _backup(writers: Writers, url: str, file: Path) -> list[str]:
    """Take a backup after some more writes; return what was confirmed before it was begun."""
    use(url)
    writers.wait_for(5)
    before = list(writers.confirmed)
    backups.take(OPERATOR, file)
    return before


def _look(found: Figures, confirmed: list[str], gone: Collection[str] = ()) -> None:
    """Count the confirmed customers that the database in use lacks, and what is wrong in it."""
    told = set(confirmed) - set(gone)  # before it is read: writers go on
    found.lost += len(told - {code for (code,) in Customer.select(Customer.code).tuples()})
    found.differences += wrong()


def rows() -> dict[str, int]:
    """Return the number of rows in each table of the database in use, which must be right."""
    assert wrong() == 0
    count = 'SELECT count(*) FROM "{}"'
    return {table: db.execute_sql(count.format(table)).fetchone()[0] for table in sorted(db.get_tables())}


def killed(server: str, folder: Path, n: int, sizes: tuple[int, int], seed: int = 1) -> dict[str, int]:
    """Bring back one store over the other, kill that at any moment, and count what was found: old, new or neither."""
    chance, files, states = random.Random(seed), [], []
    for size in sizes:
        with database(server) as url:
            store(url, size)
            backups.take(OPERATOR, folder / f"{size}.dump")
            files.append(folder / f"{size}.dump")
    seen = {"kills": 0, "old": 0, "new": 0, "neither": 0}
    with database(server) as url:
        for file in files:
            began = time.monotonic()
            assert restore(url, file) == ""
            took = time.monotonic() - began
            use(url)
            states.append(rows())
        there = 1
        for _ in range(n):
            forget()
            process = restoring(url, files[1 - there])
            time.sleep(chance.uniform(took / 50, took))
            process.kill()
            process.communicate()
            seen["kills"] += process.returncode < 0
            _wait_for_the_end(server, url)
            use(url)
            found = rows()
            seen["old" if found == states[there] else "new" if found == states[1 - there] else "neither"] += 1
            there = states.index(found) if found in states else there
    return seen


def _wait_for_the_end(server: str, url: str) -> None:
    """Return when the server has noticed that whoever worked on the database is gone."""
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s"
    with psycopg.connect(server, autocommit=True) as connection:
        while connection.execute(others, (urlsplit(url).path.lstrip("/"),)).fetchone() != (0,):
            time.sleep(0.01)


def main() -> None:
    """Run the long form and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backups", type=int, default=20)
    parser.add_argument("--in-place", type=int, default=10)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--customers", type=int, default=5_000)
    asked = parser.parse_args()
    server = os.environ["TEST_DATABASE_URL"]
    with TemporaryDirectory() as name:
        folder = Path(name)
        print("under load:", under_load(server, folder, asked.backups, asked.in_place, asked.customers), flush=True)
        sizes = (asked.customers // 2, asked.customers)
        print("killed restores:", killed(server, folder, asked.kills, sizes))


if __name__ == "__main__":
    main()
