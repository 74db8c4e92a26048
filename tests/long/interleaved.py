"""Acts of others while memberships are staged, for longer: `python -m tests.long.interleaved --runs 500`.

Stops at the first difference and tells what was done; `--first` begins at its seed. On PostgreSQL:
`python -m tests.postgres python -m tests.long.interleaved …`.
"""

import argparse
import os
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.conftest import PASSWORD, PostgresServer, SqliteFiles, forget
from tests.faults.house import CHEAP, portal_in
from tests.interleaved import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--first", type=int, default=0)
    asked = parser.parse_args()
    url = os.environ.get("TEST_DATABASE_URL", "")
    happened: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder, portal_in(Path(folder)):
        server = PostgresServer(url) if url else SqliteFiles(Path(folder))
        password_hash, began = CHEAP.hash(PASSWORD), time.monotonic()
        for seed in range(asked.first, asked.first + asked.runs):
            happened.update(run(seed, server, password_hash, asked.steps))
        forget()
    print(
        f"{asked.runs} runs of {asked.steps} acts on {'PostgreSQL' if url else 'SQLite'}: 0 differences, "
        f"{time.monotonic() - began:.0f} s\nstagings: " + ", ".join(f"{n} {what}" for what, n in happened.items())
    )


if __name__ == "__main__":
    main()
