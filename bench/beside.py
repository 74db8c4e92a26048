"""Somebody who writes while something else is done, and how long she waits."""

import threading
import time
from collections.abc import Callable
from itertools import count
from typing import Self, TypeAlias

from bench.work import some_customers
from portal import db
from portal.errors import Busy
from portal.permissions import Actor
from portal.services import customers

Write: TypeAlias = tuple[float, float, bool]  # when it was due, how long it took, whether it was refused


class Writer:
    """Somebody who saves a customer fifty times a second, whether or not the save before is done.

    A wait counts from when a save was due: what comes while another holds the turn to write waits for its end.
    """

    PAUSE = 0.02

    def __init__(self, actor: Actor) -> None:
        self._actor, self._done = actor, threading.Event()
        self._waits: list[Write] = []
        self._thread = threading.Thread(target=self._write)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._done.set()
        self._thread.join()

    def during(self, act: Callable[[], object]) -> list[Write]:
        """Do something, and return how the saves went that came due meanwhile."""
        began = time.perf_counter()
        act()
        ended = time.perf_counter()
        time.sleep(2)  # until the last of them is done
        return [one for one in self._waits if began <= one[0] <= ended]

    def _write(self) -> None:
        people = some_customers(5_000)
        due = time.perf_counter()
        for n in count():
            if self._done.is_set():
                break
            time.sleep(max(0.0, due - time.perf_counter()))
            is_refused = False
            try:
                customers.edit(self._actor, people[n % len(people)].id, {"address": f"Road {n}"})
            except Busy:
                is_refused = True
            self._waits.append((due, time.perf_counter() - due, is_refused))
            due += self.PAUSE
        db.db.close()


def waited(kind: str, what: str, writes: list[Write]) -> str:
    """Return a line of the table: how long others' writes took while something was done."""
    waits = sorted(wait for _due, wait, _is_refused in writes)
    n_refused = sum(is_refused for _due, _wait, is_refused in writes)
    p99 = 1000 * waits[int(0.99 * len(waits))]
    return (
        f"| {kind} | others' writes while {what} ({len(waits)}, {n_refused} refused), p99 / longest "
        f"| {p99:.0f} / {1000 * waits[-1]:.0f} | p99 ≤ 200 |"
    )
