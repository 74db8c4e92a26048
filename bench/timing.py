"""Timing: medians over rounds, quantiles over cases, and the SQL of a call measured by itself."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from portal import db

Call = Callable[[], Any]


@dataclass
class Figure:
    """What one side needed for one piece of work: seconds of each case, round by round."""

    cases: dict[int, list[float]] = field(default_factory=dict)
    rates: list[float] = field(default_factory=list)  # for work that is measured in rows a second
    note: str = ""

    def add(self, case: int, seconds: float) -> None:
        self.cases.setdefault(case, []).append(seconds)

    def medians(self) -> list[float]:
        """Return the median of each case over its rounds, smallest first."""
        return sorted(statistics.median(times) for times in self.cases.values())

    def quantile(self, share: float) -> float:
        """Return the time that `share` of the cases do not exceed, in milliseconds."""
        medians = self.medians()
        return 1000 * medians[min(int(share * len(medians)), len(medians) - 1)]

    @property
    def rate(self) -> float:
        return statistics.median(self.rates)


def timed(call: Call) -> float:
    """Return the seconds that `call` took."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def statements(call: Call) -> list[tuple[str, Sequence[Any]]]:
    """Return the statements that `call` sends to the database, with their parameters."""
    seen: list[tuple[str, Sequence[Any]]] = []

    def hook(event: Any) -> None:
        if event.sql.split(None, 1)[0].upper() in {"SELECT", "INSERT", "UPDATE", "DELETE", "WITH"}:
            seen.append((event.sql, event.params or ()))

    db.db.obj.query_hooks.append(hook)
    try:
        call()
    finally:
        db.db.obj.query_hooks.remove(hook)
    return seen


def replay(found: Sequence[tuple[str, Sequence[Any]]]) -> None:
    """Run statements and fetch what they answer, past peewee: what the database alone needs."""
    cursor = db.db.cursor()
    for sql, params in found:
        cursor.execute(sql, params)
        cursor.fetchall()
