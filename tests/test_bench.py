"""The benchmark house still runs: everything it measures once, on a hundred customers, without peers or times."""

import subprocess
import sys
from pathlib import Path

import pytest

from bench import data, run, table
from bench.databases import Databases, Postgres, Sqlite
from tests.conftest import SERVER, Database, use


@pytest.fixture
def back(database: Database) -> object:
    """Point the portal at this test's own database again afterwards."""
    yield None
    use(database.url)


def test_every_piece_of_work_is_done_and_told(back: object, tmp_path: Path) -> None:
    seeds = Sqlite(tmp_path / "sqlite")
    house: Databases = Postgres(tmp_path, SERVER) if SERVER else seeds
    try:
        options = run.Options(cases=6, rounds=1, seconds=0.3, threads=2)
        results = run.Run(100, [house], seeds, tmp_path, options).whole(0.0)
    finally:
        if SERVER:
            house.drop(data.name_of(100))
        house.close()
    told = "\n".join(table.Page(results, [house.kind]).lines())
    assert {work for _, _, work in results.figures} >= {
        "filter page", "exact count", "search as you type", "groups of one customer", "groups list, 500 counts",
        "refresh for one customer", "saving one customer", "import", "add known codes",
    }  # fmt: skip
    served = results.served[house.kind]
    assert served["alone"]["requests"] > 0
    assert served["alone"]["errors"] == served["importing"]["errors"] == 0
    assert told.count("missed") + told.count("met") > 10


def test_the_command_tells_what_it_measures() -> None:
    told = subprocess.run([sys.executable, "-m", "bench", "--help"], capture_output=True, text=True, check=False)
    assert (told.returncode, told.stderr) == (0, "")
    assert "--customers" in told.stdout
