"""Writers killed again and again: `python -m tests.long.confirmed --times 100` prints what was lost (promise 1).

Two processes write and say what they were told is stored; both die as by `kill -9`, and it has to be there.
"""

import argparse
import random
import tempfile
from pathlib import Path

from portal.models import Customer
from tests.conftest import forget
from tests.long.drill import Writers, store, use, wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--each", type=int, default=100, help="about so many confirmed writes before each kill")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    chance = random.Random(asked.seed)
    n_confirmed = n_lost = n_wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "portal.db"
        store(path, 300)
        for n in range(asked.times):
            writers = Writers(path, 2, f"K{n}-")
            try:
                writers.wait_for(chance.randint(asked.each // 2, asked.each * 3 // 2))
            finally:
                writers.stop()
            use(path)
            n_confirmed += len(writers.confirmed)
            n_lost += len(set(writers.confirmed) - {code for (code,) in Customer.select(Customer.code).tuples()})
            n_wrong += wrong()
        forget()
    print(f"{asked.times} kills: {n_confirmed} confirmed, {n_lost} lost, {n_wrong} memberships wrong")


if __name__ == "__main__":
    main()
