"""What may befall a database file: no space on the disk, a stranger who holds its lock, the file being away."""

import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import forget

_HOLD = """
import sqlite3, sys
held = sqlite3.connect(sys.argv[1], isolation_level=None)
held.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def full_disk(database: Path, left: int = 0) -> Iterator[None]:
    """Let no file of this process grow beyond what the database's log has now, and `left` bytes."""
    log = database.with_name(database.name + "-wal")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size + left, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def stranger(database: Path) -> Iterator[None]:
    """Let another process hold the database's write lock, as a forgotten `sqlite3` shell does."""
    words = [sys.executable, "-c", _HOLD, str(database)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "held\n"
        try:
            yield
        finally:
            process.kill()


@contextmanager
def away(database: Path, *, leaving: str) -> Iterator[None]:
    """Move the database away; `leaving` nothing, or a folder in its place."""
    elsewhere = database.with_name("elsewhere")
    elsewhere.mkdir()
    forget()  # what is open stays open, wherever the file is
    for path in database.parent.glob(database.name + "*"):
        path.rename(elsewhere / path.name)
    if leaving == "folder":
        database.mkdir()
    try:
        yield
    finally:
        assert leaving == "folder" or not database.exists(), "an empty database was made"
        if leaving == "folder":
            database.rmdir()
        for path in elsewhere.iterdir():
            path.rename(database.parent / path.name)
        elsewhere.rmdir()
