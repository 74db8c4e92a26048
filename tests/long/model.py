"""The model of groups for longer: `python -m tests.long.model --door pages --runs 50 --steps 50` stops at a difference.

On PostgreSQL: `python -m tests.postgres python -m tests.long.model …`.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

from tests.asking import AskingByPages, AskingByServices, Requests
from tests.conftest import PASSWORD, PostgresServer, SqliteFiles, forget
from tests.faults.house import CHEAP, portal_in
from tests.model import ByPages, ByServices, Store, run
from tests.nested import Nested

# Requests, approvals and guard rails besides what people do alone; `nested` goes through the services.
DOORS: dict[str, tuple[type | None, type]] = {
    "services": (AskingByServices, Requests), "pages": (AskingByPages, Requests), "nested": (None, Nested),
    "alone": (ByServices, Store), "alone-pages": (ByPages, Store),
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--door", choices=list(DOORS), default="services")
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--steps", type=int, default=50)
    asked = parser.parse_args()
    url = os.environ.get("TEST_DATABASE_URL", "")
    door, model = DOORS[asked.door]
    with tempfile.TemporaryDirectory() as folder, portal_in(Path(folder)) as house:
        server = PostgresServer(url) if url else SqliteFiles(Path(folder))
        began = time.monotonic()
        run(door, server, CHEAP.hash(PASSWORD), house.app, runs=asked.runs, steps=asked.steps, is_random=True,
            model=model)
        forget()
    print(
        f"{asked.runs} runs of up to {asked.steps} acts, {asked.door}, on "
        f"{'PostgreSQL' if url else 'SQLite'}: 0 differences, {time.monotonic() - began:.0f} s"
    )


if __name__ == "__main__":
    main()
