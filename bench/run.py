"""One run: for each size, every side does the same work in turn, round after round."""

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import data, files, importing, limits, peer, serving, work
from bench.databases import Databases, Sqlite, forget, use
from bench.timing import Figure, replay, statements, timed

# The same pages of ours and of the peers: how the portal, and how a peer, is asked for them.
SHARED: dict[str, tuple[str, str, dict[str, Any]]] = {
    "one group, the largest": ("/customers?all=group-001", "group page", {"group": 1}),
    "one group, middle": ("/customers?all=group-020", "group page", {"group": 20}),
    "one group, small": ("/customers?all=group-300", "group page", {"group": 300}),
    "search “silva”": ("/customers?q=silva", "search", {"text": "silva"}),
    "search “07881”": ("/customers?q=07881", "search", {"text": "07881"}),
    "groups list, 500 counts": ("/groups", "groups list", {}),
}
GROUP = 20  # the one that files are imported into


@dataclass
class Options:
    """How much is done."""

    cases: int = 120
    rounds: int = 5
    seconds: float = 8.0  # of asking for pages while an import runs
    threads: int = 4
    peers: Sequence[str] = ()
    python: Path | None = None  # of the peers' environment


@dataclass
class Results:
    """What one size came to; keys are (database, side, work)."""

    n: int
    rows: int = 0
    peer_rows: int = 0
    figures: dict[tuple[str, str, str], Figure] = field(default_factory=lambda: defaultdict(Figure))
    peaks: dict[str, float] = field(default_factory=dict)
    served: dict[str, dict[str, Any]] = field(default_factory=dict)
    rounds: int = 0
    notes: list[str] = field(default_factory=list)


class Run:
    """One size on several databases."""

    def __init__(self, n: int, houses: Sequence[Databases], seeds: Sqlite, folder: Path, options: Options) -> None:
        self.houses, self.options, self.folder = houses, options, folder
        self.results = Results(n, rows=min(max(n // 5, 100), 100_000))
        self.results.peer_rows = min(self.results.rows, 500)
        self.names = {house.kind: data.ensure(house, seeds, n) for house in houses}
        self.asked: dict[tuple[str, str, int], Any] = {}
        self.file, self.small, self.codes = (folder / f"{name}_{n}.csv" for name in ("people", "few", "codes"))
        use(houses[0].url(self.names[houses[0].kind]))
        files.make(self.file, self.results.rows)
        files.make(self.small, self.results.peer_rows)
        files.codes(self.codes, self.results.rows)
        forget()
        if options.python:
            for house in houses:
                peer.prepare(house, self.names[house.kind])

    def whole(self, until: float) -> Results:
        """Go round until the rounds or the time are used up; every step is done once at least."""
        steps: list[Callable[[Databases], None]] = [self.standing, self.pages, self.imports]
        for house in self.houses:
            house.copy(self.names[house.kind], "work")
        for turn in range(self.options.rounds):
            start = time.monotonic()
            for step in steps:
                for house in self.houses:
                    step(house)
            self.results.rounds = turn + 1
            if time.monotonic() + (time.monotonic() - start) > until:
                break
        for house in self.houses:
            self.serve(house)
            for name in ("work", "imported", "by_hand", "peer"):
                house.drop(name)
        return self.results

    def add(self, house: Databases, side: str, name: str, case: int, seconds: float) -> None:
        self.results.figures[house.kind, side, name].add(case, seconds)

    def rate(self, house: Databases, side: str, name: str, rows: int, seconds: float) -> None:
        self.results.figures[house.kind, side, name].rates.append(rows / seconds)

    def standing(self, house: Databases) -> None:
        """Lists, counts, searches, one customer: as SQL alone, and as the function that a page calls."""
        use(house.url("work"))
        for piece in work.ours(self.options.cases):
            for place, call in enumerate(piece.cases):
                self.add(house, "function", piece.name, place, timed(call))
                if piece.is_read:
                    key = house.kind, piece.name, place
                    if key not in self.asked:
                        self.asked[key] = statements(call)
                    self.add(house, "SQL", piece.name, place, timed(lambda key=key: replay(self.asked[key])))

    def pages(self, house: Databases) -> None:
        """Whole pages of ours by the test client, and the same lists of the peers."""
        app = serving.application(house.url("work"), self.folder)
        client = app.test_client()
        sign_in(client)
        for place, wanted in enumerate(work.expressions(self.options.cases)):
            self.add(house, "page", "filter page", place, timed(lambda w=wanted: _ok(client, serving.page_url(w))))
        for name, (path, _, _) in SHARED.items():
            self.add(house, "Coterie", name, 0, timed(lambda p=path: _ok(client, p)))
        forget()
        if self.options.python:
            url = house.url(f"{self.names[house.kind]}_peer")
            for side in ("Django admin", "Flask-Admin"):
                if side in self.options.peers:
                    self._peer_pages(house, side, peer.Peer(self.options.python, side, url))

    def _peer_pages(self, house: Databases, side: str, asked: peer.Peer) -> None:
        for name, (_, what, arguments) in SHARED.items():
            if what in asked.works:
                if not self.results.rounds:
                    asked.ask(what, **arguments)  # its first page reads code from the disk
                self.add(house, side, name, 0, asked.ask(what, **arguments)[0])
        asked.close()

    def imports(self, house: Databases) -> None:
        """The same file by everybody, each into a fresh copy."""
        name = self.names[house.kind]
        url = house.copy(name, "imported")
        done = importing.finish(importing.start(url, self.file, f"group-{GROUP:03}"))
        seconds = done["check"] + done["run"]
        self.rate(house, "Coterie", "import", done["rows"], seconds)
        self.rate(house, "Coterie", "check", done["rows"], done["check"])
        self.rate(house, "Coterie", "run", done["rows"], done["run"])
        self.results.peaks[house.kind] = max(done["peak"], self.results.peaks.get(house.kind, 0.0))
        done = importing.finish(importing.start(url, self.codes, f"group-{GROUP + 1:03}"))
        self.rate(house, "Coterie", "add known codes", done["rows"], done["check"] + done["run"])
        house.copy(name, "by_hand")
        by_hand = limits.by_hand(house, "by_hand", self.file, GROUP)
        if by_hand:
            self.rate(house, limits.NAMES[house.kind], "import", self.results.rows, by_hand)
        if not self.options.python:
            return
        url = house.copy(f"{name}_peer", "peer")
        for side, program, what in (
            ("django-import-export", "Django admin", "import"),
            ("row by row", "rows", "row by row"),
            ("sqlite-utils", "rows", "sqlite-utils"),
        ):
            if side in self.options.peers:
                asked = peer.Peer(self.options.python, program, url)
                if what in asked.works:
                    seconds, rows = asked.ask(what, path=str(self.small), group=GROUP)
                    self.rate(house, side, "import", rows, seconds)
                asked.close()
                url = house.copy(f"{name}_peer", "peer")

    def serve(self, house: Databases) -> None:
        """Ask for filter pages from several threads, first alone and then while an import runs."""
        url = house.copy(self.names[house.kind], "imported")
        use(url)
        paths = [serving.page_url(wanted) for wanted in work.expressions(self.options.cases)]
        forget()
        server = serving.Server(url, self.folder)
        try:
            found = {"ready": server.ready_after}
            options = self.options
            most = dict(threads=options.threads, seconds=options.seconds, most=5_000)
            found["alone"] = serving.load(server.port, paths, **most)
            child = importing.start(url, self.file, f"group-{GROUP:03}")
            found["importing"] = serving.load(server.port, paths, **most, until=lambda: child.poll() is not None)
            found["import"] = importing.finish(child)
            found["resident"] = server.resident()
        finally:
            server.stop()
        self.results.served[house.kind] = found


def sign_in(client: Any) -> None:
    """Sign the manager in by the form, as she does."""
    token = serving.TOKEN.search(client.get("/sign-in").text)
    form = {"email": data.MANAGER, "password": data.PASSWORD, "csrf_token": token.group(1) if token else ""}
    answered = client.post("/sign-in", data=form)
    if answered.status_code >= 400:
        raise RuntimeError(f"signing in answered {answered.status_code}")


def _ok(client: Any, path: str) -> None:
    answered = client.get(path)
    if answered.status_code != 200:
        raise RuntimeError(f"{path} answered {answered.status_code}")
