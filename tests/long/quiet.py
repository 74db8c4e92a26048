"""Others during an import: `python -m tests.long.quiet --rows 100000` prints how long they wait, and what failed."""

import argparse
import tempfile
from pathlib import Path

from tests.faults.quiet import while_importing
from tests.faults.served import Client, part, served


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--requests", type=int, default=2_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as portal:
        seen = while_importing(Client(portal.port).sign_in(), asked.rows, asked.requests)
    for name, found in (("reads", sorted(seen.reads)), ("writes", sorted(seen.writes))):
        median, p99, longest = (part(found, share) * 1000 for share in (0.5, 0.99, 1))
        print(f"{len(found)} {name}: median {median:.0f} ms, p99 {p99:.0f} ms, longest {longest:.0f} ms")
    failed = f"{len(seen.failed)} {seen.failed[:3]}"
    print(f"import of {asked.rows} rows: {seen.seconds:.1f} s; requests that failed: {failed}")


if __name__ == "__main__":
    main()
