"""Edits of one row at once: `python -m tests.long.edits --times 2000` prints how many were lost, kind by kind."""

import argparse
import tempfile
from pathlib import Path

from portal.services import customers, groups
from tests.faults.edits import at_once, lost
from tests.faults.house import portal_in


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=2000)
    times = parser.parse_args().times
    with tempfile.TemporaryDirectory() as folder, portal_in(Path(folder)) as house:
        cass, olive = house.people["cass"].actor, house.people["olive"].actor
        row_ids = {
            "customer": customers.create(cass, {"name": "Ann", "code": "A1"}).customer.id,
            "group": groups.create(cass, groups.Details("Vips")).group.id,
            "shop": house.shop.id,
        }
        for noun, row_id in row_ids.items():
            edits = at_once(noun, olive if noun == "shop" else cass, row_id, times)
            wrong = lost(noun, row_id, edits)
            print(f"{noun}: {times} edits at once, {edits.n_conflicts} conflicts told, {len(wrong)} lost {wrong[:3]}")


if __name__ == "__main__":
    main()
