"""Measuring something on a copy of the benchmark's data, on each database in turn, as a command."""

import argparse
from collections.abc import Callable, Iterable
from pathlib import Path

from bench import data
from bench.databases import HOUSES, Databases, Sqlite, forget, use


def run(name: str, about: str, head: str, measured: Callable[[str, int], Iterable[str]]) -> None:
    """Read the command line of `python -m bench.<name>`, and print the lines that `measured` tells of each database.

    `head` is the head of the table, with the number of customers in the place of `{}`; `measured` is given the kind of
    database in use, a copy that is thrown away, and the number of customers.
    """
    parser = argparse.ArgumentParser(prog=f"python -m bench.{name}", description=about)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument("--folder", type=Path, default=Path("instance/bench"))
    options = parser.parse_args()
    folder = options.folder.resolve()
    seeds = Sqlite(folder / "sqlite")
    print(head.format(options.customers), "|".join(["", *[" --- "] * (head.count("|") - 1), ""]), sep="\n", flush=True)
    for kind in options.databases.split(","):
        house: Databases = seeds if kind == "sqlite" else HOUSES[kind](folder / kind)
        kept = data.ensure(house, seeds, options.customers)
        use(house.copy(kept, name))
        for told in measured(house.kind, options.customers):
            print(told, flush=True)
        forget()
        house.drop(name)
        house.close()
