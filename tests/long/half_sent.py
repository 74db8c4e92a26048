"""Half-sent uploads: `python -m tests.long.half_sent --sockets 500` prints how long others wait, with and without."""

import argparse
import resource
import tempfile
from pathlib import Path

from tests.faults.served import Client, half_sent, part, served, times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sockets", type=int, default=500)
    parser.add_argument("--requests", type=int, default=1_000)
    asked = parser.parse_args()
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as portal:
        cass = Client(portal.port).sign_in()
        times(cass, 50)
        before = times(cass, asked.requests)
        held = half_sent(portal.port, asked.sockets // 2, cass.cookie)
        held += half_sent(portal.port, asked.sockets - asked.sockets // 2)
        during = times(cass, asked.requests)
        for one in held:
            one.close()
        after = times(cass, asked.requests)
    for name, found in (("before", before), ("during", during), ("after", after)):
        print(f"{name}: median {part(found, 0.5) * 1000:.0f} ms, p99 {part(found, 0.99) * 1000:.0f} ms")
    print(f"{asked.sockets} half-sent uploads: p99 × {part(during, 0.99) / part(before, 0.99):.2f}, 0 requests failed")


if __name__ == "__main__":
    main()
