"""`python -m bench`: measure, and print the tables."""

import argparse
import os
import platform
import shlex
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench import peer, table
from bench.databases import HOUSES, Databases, Sqlite
from bench.run import Options, Results, Run

PEERS = ("Django admin", "Flask-Admin", "django-import-export", "row by row", "sqlite-utils")
README = Path(__file__).parent / "README.md"
MARK = "<!-- last table: everything below is written by `python -m bench --keep` -->"


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the portal beside its peers.")
    parser.add_argument("--customers", default="10000,100000", help="sizes, with commas")
    parser.add_argument("--databases", default="sqlite,postgresql", help="sqlite, postgresql or both")
    parser.add_argument("--peers", default=",".join(PEERS), help="names with commas, or none")
    parser.add_argument("--minutes", type=float, default=10.0, help="about how long measuring may take")
    parser.add_argument("--cases", type=int, default=120, help="random filters, searches and customers")
    parser.add_argument("--rounds", type=int, default=5, help="at most so many rounds for each size")
    parser.add_argument("--folder", type=Path, default=Path("instance/bench"), help="where data is kept between runs")
    parser.add_argument("--keep", action="store_true", help="write the tables into bench/README.md too")
    return parser.parse_args(arguments)


def measured(options: argparse.Namespace) -> Iterator[str]:
    folder, at_start = options.folder.resolve(), os.getloadavg()
    sizes = [int(size) for size in options.customers.split(",")]
    names = [] if options.peers == "none" else [name.strip() for name in options.peers.split(",")]
    python = peer.environment(folder / "peers") if names else None
    seeds = Sqlite(folder / "sqlite")
    houses: list[Databases] = [
        seeds if name == "sqlite" else HOUSES[name](folder / name) for name in options.databases.split(",")
    ]
    kinds = [house.kind for house in houses]
    all_results: list[Results] = []
    try:
        runs = []
        for n in sizes:
            _say(f"{n} customers: making or finding the data …")
            how = Options(options.cases, options.rounds, peers=names, python=python)
            runs.append(Run(n, houses, seeds, folder, how))
        end = time.monotonic() + 60 * options.minutes
        for place, run in enumerate(runs):
            _say(f"{run.results.n} customers: measuring …")
            # A larger size needs longer rounds: the first gets a third of what is left, the last all of it.
            left = end - time.monotonic()
            all_results.append(run.whole(time.monotonic() + (left if place == len(runs) - 1 else left / 3)))
    finally:
        for house in houses:
            house.close()
    for results in all_results:
        yield from table.Page(results, kinds).lines()
    yield from table.growth(all_results, kinds)
    before, after = (", ".join(f"{load:.0f}" for load in loads[:2]) for loads in (at_start, os.getloadavg()))
    yield (
        f"Python {platform.python_version()}, {os.cpu_count()} cores; load of the machine (1 and 5 minutes) before: "
        f"{before}, after: {after}. A load above the cores means that others were working: only ratios count then."
    )
    if python:
        yield ""
        yield f"Peers: {peer.versions(python)}."


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def main(arguments: Sequence[str]) -> None:
    options = parsed(arguments)
    lines = list(measured(options))
    print("\n".join(lines))
    if options.keep:
        # Where the data lay is this machine's own affair.
        own = {"--keep", "--folder", str(options.folder), f"--folder={options.folder}"}
        said = shlex.join(["python", "-m", "bench", *(part for part in arguments if part not in own)])
        before = README.read_text(encoding="utf-8").split(MARK)[0]
        text = "\n".join([before + MARK, "", f"Made by `{said}`.", "", *lines, ""])
        README.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
