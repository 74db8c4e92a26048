"""The tables: medians, ratios, and the goals of the project beside them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.limits import NAMES
from bench.run import SHARED, Results
from bench.timing import Figure

# Work, how the time is read, and the goal in milliseconds; quantile 1 is the worst case.
GOALS = {
    "filter page": ((0.5, 5.0), (0.99, 25.0)),
    "exact count": ((1.0, 100.0),),
    "search as you type": ((0.99, 20.0),),
    "groups of one customer": ((0.99, 0.5),),
    "groups list, 500 counts": ((0.99, 5.0),),
}
FASTER = {"Django admin": 50.0, "Flask-Admin": 1000.0}
IMPORT = {"sqlite3 shell": 1.0, "COPY and upsert": 1.0, "django-import-export": 30.0, "row by row": 20.0}
MEMORY, CODES, REQUESTS, SPREAD, READY, RESIDENT = 150.0, 250_000.0, 400.0, 8.0, 2.0, 120.0
QUANTILES = (0.5, 0.9, 0.99, 1.0)


@dataclass
class Page:
    """Lines of a report in Markdown."""

    results: Results
    kinds: Sequence[str]

    def lines(self) -> Iterator[str]:
        n, rounds = f"{self.results.n:,}".replace(",", " "), self.results.rounds
        yield f"### {n} customers (medians of {rounds} round{'s' * (rounds > 1)})"
        yield ""
        yield from self._queries()
        yield from self._lists()
        yield from self._imports()
        yield from self._served()

    def figure(self, kind: str, side: str, work: str) -> Figure | None:
        return self.results.figures.get((kind, side, work))

    def _queries(self) -> Iterator[str]:
        heads = [f"{kind} p50 / p90 / p99 / max" for kind in self.kinds]
        yield from _table(["ms", *heads, "goal", *(f"{kind} goal" for kind in self.kinds)])
        works = list(dict.fromkeys(work for _, side, work in self.results.figures if side == "function"))
        for work in works:
            for side in ("SQL", "function", "page"):
                found = [self.figure(kind, side, work) for kind in self.kinds]
                if any(found):
                    goals = GOALS.get(work, ()) if side == "SQL" else ()
                    said = ", ".join(f"{_named(share)} ≤ {limit:g}" for share, limit in goals)
                    met = [_met(goals, one) for one in found]
                    if side == "page":
                        said = "p50 ≤ 3 × SQL + 5"
                        met = [self._page_met(kind, work) for kind in self.kinds]
                    yield _row(f"{work}, {_SIDES[side]}", *map(_quantiles, found), said, *met)
        yield ""

    def _page_met(self, kind: str, work: str) -> str:
        whole, sql = self.figure(kind, "page", work), self.figure(kind, "SQL", work)
        return _said(whole.quantile(0.5) <= 3 * sql.quantile(0.5) + 5) if whole and sql else ""

    def _lists(self) -> Iterator[str]:
        sides = [side for side in FASTER if any((kind, side, work) in self.results.figures
                                                for kind in self.kinds for work in SHARED)]  # fmt: skip
        if not sides:
            return
        heads = [f"{side} (goal ≥ {FASTER[side]:g} ×)" for side in sides]
        yield from _table(["whole page, ms", "Coterie", *heads])
        for kind in self.kinds:
            for work in SHARED:
                own = self.figure(kind, "Coterie", work)
                cells = []
                for side in sides:
                    other = self.figure(kind, side, work)
                    if other and own:
                        times = other.quantile(0.5) / own.quantile(0.5)
                        cells.append(f"{_ms(other.quantile(0.5))}: {times:.1f} ×, {_said(times >= FASTER[side])}")
                    else:
                        cells.append("–")
                yield _row(f"{kind}: {work}", _ms(own.quantile(0.5)) if own else "–", *cells)
        yield ""

    def _imports(self) -> Iterator[str]:
        rows, few = (f"{n:,}".replace(",", " ") for n in (self.results.rows, self.results.peer_rows))
        yield from _table([f"import of {rows} rows (peers {few})", "rows/s", "Coterie is", "goal"])
        for kind in self.kinds:
            own = self.figure(kind, "Coterie", "import")
            if own is None:
                continue
            halves = [f"{name} {_whole(self.results.figures[kind, 'Coterie', name].rate)}" for name in ("check", "run")]
            peak = self.results.peaks[kind]
            memory = f"peak {peak:.0f} MB: goal ≤ {MEMORY:.0f} MB {_said(peak <= MEMORY)}"
            yield _row(f"{kind}: Coterie ({', '.join(halves)})", _whole(own.rate), "", memory)
            for side in (NAMES[kind], "django-import-export", "row by row", "sqlite-utils"):
                other = self.figure(kind, side, "import")
                if other:
                    times, goal = own.rate / other.rate, IMPORT.get(side)
                    said = f"≥ {goal:g} × {_said(times >= goal)}" if goal else ""
                    yield _row(f"{kind}: {side}", _whole(other.rate), f"{times:.2f} ×", said)
            codes = self.results.figures[kind, "Coterie", "add known codes"].rate
            yield _row(f"{kind}: Coterie, adding a list of known codes", _whole(codes), "",
                       f"≥ {_whole(CODES)} rows/s {_said(codes >= CODES)}")  # fmt: skip
        yield ""

    def _served(self) -> Iterator[str]:
        yield from _table(["served by waitress", "requests/s", "p50 ms", "p99 ms", "errors", "goal"])
        for kind, found in self.results.served.items():
            for name, said in (("alone", "alone"), ("importing", "while an import runs")):
                one = found[name]
                spread = one["p99"] <= SPREAD * max(one["p50"], 0.001)
                goals = [
                    f"≥ {REQUESTS:.0f}/s {_said(one['rate'] >= REQUESTS)}",
                    f"p99 ≤ {SPREAD:.0f} × p50 {_said(spread)}",
                    f"0 errors {_said(not one['errors'])}",
                ]
                errors = f"{one['errors']} of {one['requests']}"
                yield _row(f"{kind}: {said}", _whole(one["rate"]), _ms(one["p50"]), _ms(one["p99"]), errors,
                           "; ".join(goals))  # fmt: skip
            ready, size = found["ready"], found["resident"]
            said = f"≤ {READY:g} s {_said(ready <= READY)}; ≤ {RESIDENT:g} MB {_said(size <= RESIDENT)}"
            yield _row(f"{kind}: answers after {ready:.1f} s, {size:.0f} MB resident after it", "", "", "", "", said)
        yield ""


_SIDES = {"SQL": "SQL", "function": "with peewee", "page": "whole page"}


def growth(all_results: Sequence[Results], kinds: Sequence[str]) -> Iterator[str]:
    """Yield what a larger store costs: the last size against the first."""
    if len(all_results) < 2:
        return
    first, last = all_results[0], all_results[-1]
    yield f"### Growth from {first.n:,} to {last.n:,} customers".replace(",", " ")
    yield ""
    yield from _table(["p50 of the larger against the smaller", *kinds, "goal (from 10 000 to 1 000 000)"])
    rows = [("filter page", "SQL"), ("groups of one customer", "SQL"), ("saving one customer", "function")]
    for work, side in rows:
        cells = []
        for kind in kinds:
            small, large = (one.figures.get((kind, side, work)) for one in (first, last))
            cells.append(_times(large.quantile(0.5) / small.quantile(0.5), 2.0) if small and large else "–")
        yield _row(f"{work}, {_SIDES[side]}", *cells, "≤ 2 ×")
    cells = []
    for kind in kinds:
        small, large = (one.figures.get((kind, "Coterie", "import")) for one in (first, last))
        cells.append(_times(small.rate / large.rate, 1.5) if small and large else "–")
    yield _row("import, for each row", *cells, "≤ 1.5 ×")
    yield ""


def _table(heads: Sequence[str]) -> Iterator[str]:
    yield _row(*heads)
    yield _row(*["---"] * len(heads))


def _row(*cells: str) -> str:
    return "| " + " | ".join(cells) + " |"


def _ms(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.0f}"


def _quantiles(found: Figure | None) -> str:
    return " / ".join(_ms(found.quantile(share)) for share in QUANTILES) if found and found.cases else "–"


def _named(share: float) -> str:
    return "max" if share == 1.0 else f"p{share * 100:.0f}"


def _met(goals: Sequence[tuple[float, float]], found: Figure | None) -> str:
    if not goals or not found or not found.cases:
        return ""
    return _said(all(found.quantile(share) <= limit for share, limit in goals))


def _said(is_met: bool) -> str:
    return "met" if is_met else "**missed**"


def _times(value: float, goal: float) -> str:
    return f"{value:.2f} ×, {_said(value <= goal)}"


def _whole(value: float) -> str:
    return f"{value:,.0f}".replace(",", " ")
