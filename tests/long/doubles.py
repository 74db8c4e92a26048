"""Equal posts in pairs, at the same moment: `python -m tests.long.doubles --times 1000` prints the duplicates."""

import argparse
import tempfile
from pathlib import Path

from portal.models import Customer
from tests.faults.doubles import customers_twice
from tests.faults.house import portal_in


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=1000)
    times = parser.parse_args().times
    with tempfile.TemporaryDirectory() as folder, portal_in(Path(folder)) as house:
        answers = customers_twice(house.app, house.browser("cass"), times)
        differing = sum(first != second or first[0] != 303 for first, second in answers)
        print(f"{times} double posts: {Customer.select().count() - times} duplicates, {differing} pairs answered apart")


if __name__ == "__main__":
    main()
