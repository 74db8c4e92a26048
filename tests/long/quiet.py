"""Others during imports and exports: `python -m tests.long.quiet` prints how long they wait, and what failed."""

import argparse
import tempfile
from pathlib import Path

from tests.faults.quiet import while_importing
from tests.faults.served import Client, part, served


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--requests", type=int, default=300_000)
    parser.add_argument("--pause", type=int, default=5_000, help="requests between two files")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as portal:
        seen = while_importing(Client(portal.port).sign_in(), asked.rows, asked.requests, asked.pause)
    for name, found in (("reads", sorted(seen.reads)), ("writes", sorted(seen.writes))):
        median, p99, longest = (part(found, share) * 1000 for share in (0.5, 0.99, 1))
        print(f"{len(found)} {name}: median {median:.0f} ms, p99 {p99:.0f} ms, longest {longest:.0f} ms")
    failed = f"{len(seen.failed)} {seen.failed[:3]}"
    print(
        f"{seen.rounds} imports of {asked.rows} rows and exports, {seen.seconds / seen.rounds:.1f} s each; "
        f"requests that failed: {failed}"
    )


if __name__ == "__main__":
    main()
