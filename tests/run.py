"""`make test`: the whole suite on SQLite, what uses a database once more on PostgreSQL, the browser at the end.

`python -m tests.run [sqlite] [postgresql] [browser]` runs some of it. Exit code 1 if any part failed.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from tests import postgres

BROWSER = "tests/browser"
SIDE_BY_SIDE = ["-n", "2", "--dist", "worksteal"]
CLOSING = re.compile(r"\b\d+ (passed|failed|error)|^no tests ran")
COUNTS = re.compile(r"\d+ (?:passed|failed|errors?|skipped|xfailed|xpassed)")


@dataclass
class Part:
    """What one run of pytest said: its name, whether it was good, its closing line, or why it was left out."""

    name: str
    good: bool
    closing: str = ""
    left_out: str = ""

    @property
    def summary(self) -> str:
        """Return the line that names what ran."""
        if self.left_out:
            return f"{self.name}: left out, {self.left_out}."
        return f"{self.name}: {', '.join(COUNTS.findall(self.closing)) or self.closing or 'did not run to its end'}"


def sqlite() -> Part:
    """Run everything but the browser."""
    return _pytest("SQLite", [*SIDE_BY_SIDE, f"--ignore={BROWSER}"], database="")


def postgresql() -> Part:
    """Run what uses a database, on the wheel's PostgreSQL or on the one that TEST_DATABASE_URL names."""
    given = os.environ.get("TEST_DATABASE_URL", "")
    try:
        with nullcontext(given) if given else postgres.running() as url:
            name = f"PostgreSQL {postgres.version(url)}"
            path = os.environ.get("PATH", "") if given else postgres.path_with(postgres.binaries())
            return _pytest(name, [*SIDE_BY_SIDE, f"--ignore={BROWSER}"], database=url, path=path)
    except postgres.Unavailable as reason:
        return Part("PostgreSQL", good=True, left_out=str(reason))


def browser() -> Part:
    """Run what only a browser can show; each of the two workers has a browser and a served portal of its own."""
    return _pytest("Browser", [*SIDE_BY_SIDE, BROWSER], database="")


PARTS: dict[str, Callable[[], Part]] = {"sqlite": sqlite, "postgresql": postgresql, "browser": browser}


def _pytest(name: str, words: list[str], *, database: str, path: str = "") -> Part:
    print(f"\n{name}", flush=True)
    environ = {key: value for key, value in os.environ.items() if key != "TEST_DATABASE_URL"}
    if environ.pop("PYTHONDONTWRITEBYTECODE", ""):
        # Not beside the sources then. Without any, each process that a part starts reads all modules as text.
        environ["PYTHONPYCACHEPREFIX"] = str(Path(sys.prefix, "compiled"))
    if database:
        environ |= {"TEST_DATABASE_URL": database, "PATH": path}
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", "-q", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environ
    )
    assert process.stdout is not None
    last: list[str] = []
    try:
        for line in iter(process.stdout.readline, b""):
            sys.stdout.buffer.write(line)
            sys.stdout.flush()
            last = [*last[-40:], line.decode(errors="replace").strip()]
        code = process.wait()
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
    closing = next((line for line in reversed(last) if CLOSING.search(line)), "")
    left_out = next((line for line in last if "left out" in line), "")
    if code == 5 and left_out:
        return Part(name, good=True, left_out=left_out.split(": ", 1)[-1].rstrip("."))
    return Part(name, good=code == 0, closing=closing)


def main() -> int:
    """Run the parts, then say what ran; the closing lines of pytest come last, those of failed parts after all."""
    postgres.stop_when_asked()
    wanted = sys.argv[1:] or list(PARTS)
    parts = [PARTS[name]() for name in wanted]
    print("\n" + "\n".join(part.summary for part in parts))
    for part in sorted(parts, key=lambda part: not part.good):
        if part.closing:
            print(part.closing)
    return 0 if all(part.good for part in parts) else 1


if __name__ == "__main__":
    sys.exit(main())
