"""One import in a process of its own, so that its memory can be seen: `python -m bench.importing URL FILE GROUP`."""

import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from bench.databases import forget, use


def import_once(url: str, file: Path, group: str) -> dict[str, Any]:
    """Check and run one file in the process that asks; return seconds of both, rows and peak memory in MB."""
    from bench.work import manager
    from portal.models import Group
    from portal.services import imports

    use(url)
    actor = manager()
    start = time.perf_counter()
    checked = imports.check(actor, file, file.name, group=Group.get(Group.code == group))
    halfway = time.perf_counter()
    done = imports.run(actor, checked.id)
    end = time.perf_counter()
    if done.state != "done":
        raise RuntimeError(f"the import is {done.state}: {done.problems}")
    forget()
    return {"rows": done.counts["rows"], "check": halfway - start, "run": end - halfway, "peak": _peak()}


def _peak() -> float:
    """Return the most memory this process has held, in MB (not `getrusage`: it counts what the parent held)."""
    status = Path("/proc/self/status")
    found = re.search(r"VmHWM:\s+(\d+)", status.read_text()) if status.exists() else None
    return int(found.group(1)) / 1024 if found else 0.0


def start(url: str, file: Path, group: str) -> subprocess.Popen[str]:
    """Begin an import in a child process."""
    return subprocess.Popen(
        [sys.executable, "-m", "bench.importing", url, str(file), group], stdout=subprocess.PIPE, text=True
    )


def finish(child: subprocess.Popen[str]) -> dict[str, Any]:
    """Wait for a child and return what it found."""
    out, _ = child.communicate()
    if child.returncode:
        raise RuntimeError(f"the import ended with {child.returncode}")
    return dict(json.loads(out.splitlines()[-1]))


if __name__ == "__main__":
    print(json.dumps(import_once(sys.argv[1], Path(sys.argv[2]), sys.argv[3])))
