"""Random alterations of the list of changes, each looked for: `python -m tests.long.tampering --times 1000`.

With TEST_DATABASE_URL (`python -m tests.postgres …`) on PostgreSQL.
"""

import argparse
import tempfile
import time
from collections import Counter
from pathlib import Path

from portal import db
from portal.permissions import OPERATOR, Door, Grant, Role
from portal.queries import sealed
from portal.queries import users as find
from portal.services import users
from tests import tampering
from tests.conftest import SERVER, PostgresServer, SqliteFiles, forget, use


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = PostgresServer(SERVER) if SERVER else SqliteFiles(Path(folder))
        use(server.new())
        grants = [Grant(Role.CSCC_MANAGER)]
        user = users.add(OPERATOR, email="c@c.example", name="Cass", grants=grants, password="marble kettle giraffe 7")
        anchors = tampering.make(find.actor_of(user, Door.PAGE), Path(folder))
        kinds, unseen = _tamper(tampering.Tamperer(asked.seed, anchors), asked.times)
        print(f"{asked.times} tamperings, {asked.times - len(unseen)} found; not found: {unseen[:5]}")
        print(", ".join(f"{n} × {kind}" for kind, n in kinds.most_common()))
        forget()
        server.close()


def _tamper(tamperer: tampering.Tamperer, times: int) -> tuple[Counter[str], list[str]]:
    unseen: list[str] = []
    kinds: Counter[str] = Counter()
    began = time.monotonic()
    with tampering.unguarded():
        for n in range(times):
            with db.db.atomic() as step:
                said = tamperer.once()
                found = sealed.prove().broken
                step.rollback()
            kinds[found[0].sentence if found else "not found"] += 1
            unseen += [] if found else [said]
            if n % 100 == 99:
                print(f"{n + 1} in {time.monotonic() - began:.0f} s: {len(unseen)} not found", flush=True)
    if sealed.prove().broken:
        raise SystemExit("the list itself is broken")
    return kinds, unseen


if __name__ == "__main__":
    main()
