"""The gate before a SQLite file: its writers go through one by one, and nobody is overtaken for long (decision 0008).

Two locks, each a file beside the database and a lock among this process's threads. Who wants to write takes the
turnstile first and keeps it while waiting for the gate: the one who has just left and comes again stands behind.
"""

import fcntl
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from portal.errors import Busy

ENDINGS = (".turnstile", ".gate")  # of the files beside the database, in the order in which they are taken
# Seconds between two looks: at the gate only one stands at a time, at the turnstile a newcomer looks no more often.
_PAUSES = (0.004, 0.001)


class _Here(threading.local):
    """The databases that this thread has its turn at."""

    def __init__(self) -> None:
        self.paths: set[Path] = set()


_here = _Here()
_doors: dict[Path, tuple[threading.Lock, threading.Lock]] = {}


@contextmanager
def turn(path: Path, seconds: float) -> Iterator[None]:
    """Keep all other writers of the database file `path` out for the block; a turn inside a turn joins it.

    Raises Busy when none was to be had within `seconds`.
    """
    if path in _here.paths:
        yield
        return
    deadline = time.monotonic() + seconds
    turnstile, gate = _doors.setdefault(path, (threading.Lock(), threading.Lock()))
    with ExitStack() as inside:
        with ExitStack() as before:
            _take(before, turnstile, path, 0, deadline)
            _take(inside, gate, path, 1, deadline)
        _here.paths.add(path)
        inside.callback(_here.paths.discard, path)
        yield


def _take(held: ExitStack, lock: threading.Lock, path: Path, which: int, deadline: float) -> None:
    if not lock.acquire(timeout=max(0, deadline - time.monotonic())):
        raise Busy
    held.callback(lock.release)
    file = held.enter_context(path.with_name(path.name + ENDINGS[which]).open("a"))
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise Busy from None
            time.sleep(_PAUSES[which])
        else:
            return
