"""Kills of a large import at random moments: `python -m tests.long.kills --times 50 --rows 100000` tells the damage."""

import argparse
import random
import shutil
import tempfile
import time
from pathlib import Path

from tests.conftest import forget
from tests.faults.house import portal_in
from tests.faults.killing import complete, furnish, is_done, start, wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    chance = random.Random(asked.seed)
    with tempfile.TemporaryDirectory() as folder, portal_in(Path(folder)) as house:
        path = furnish(house.folder, asked.rows)
        forget()
        before = house.folder / "before"
        _copy(house.database, before)
        began = time.monotonic()
        with start(house.url, path) as process:
            process.wait()
        whole = time.monotonic() - began
        assert is_done(asked.rows), wrong(asked.rows)
        print(f"{asked.rows} rows take {whole:.1f} s undisturbed", flush=True)
        broken, absent = [], 0
        for n in range(asked.times):
            forget()
            _copy(before, house.database)
            moment = chance.uniform(0.3, whole)
            with start(house.url, path) as process:
                time.sleep(moment)
                process.kill()
            broken += [(n, moment, said) for said in wrong(asked.rows)]
            absent += not is_done(asked.rows)
            complete(path)
            if not is_done(asked.rows):
                broken.append((n, moment, f"not completed: {wrong(asked.rows)}"))
            print(f"kill {n + 1} at {moment:.2f} s: {len(broken)} wrong so far", flush=True)
        print(f"{asked.times} kills, {absent} before the import was visible: {len(broken)} wrong {broken[:3]}")


def _copy(source: Path, target: Path) -> None:
    for suffix in ("-wal", "-shm"):
        target.with_name(target.name + suffix).unlink(missing_ok=True)
    shutil.copyfile(source, target)


if __name__ == "__main__":
    main()
