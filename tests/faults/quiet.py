"""Requests of others while somebody uploads, checks, runs and exports, again and again."""

import time
from dataclasses import dataclass, field
from threading import Event, Thread

from tests.faults.served import Answer, Client

PATIENCE = 300.0  # seconds that a check or a run of many rows may take, in a portal that others keep busy
READS = ("/customers", "/groups", "/customers?q=ann", "/")


@dataclass
class Seen:
    """What the others saw: the seconds of their reads and writes, and what failed."""

    reads: list[float] = field(default_factory=list)
    writes: list[float] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    rounds: int = 0  # of a file that was imported whole, and a list that was exported whole
    seconds: float = 0.0  # that these took

    @property
    def requests(self) -> int:
        """Return how many requests were answered."""
        return len(self.reads) + len(self.writes)


def while_importing(client: Client, rows: int, at_least: int, pause: int = 0) -> Seen:
    """Import `rows` customers and export all, while two others read and write; return what they saw.

    Goes on until there were at least so many requests, with `pause` of them between two files; each file gives the
    same customers another name.
    """
    seen, done = Seen(), Event()

    def others(part: int) -> None:
        n = 0
        while not done.is_set() or seen.requests < at_least:
            n += 1
            _one(client, seen, f"{part}-{n}", n)

    threads = [Thread(target=others, args=(part,)) for part in range(2)]
    for thread in threads:
        thread.start()
    try:
        while not seen.rounds or seen.requests < at_least:
            began = time.perf_counter()
            _import(client, rows, f"Quiet {seen.rounds}")
            exported = client.get("/customers.csv?q=quiet")
            assert exported.text.count(f",Quiet {seen.rounds},") == rows, exported.text[:500]
            seen.rounds, seen.seconds = seen.rounds + 1, seen.seconds + time.perf_counter() - began
            until = min(seen.requests + pause, at_least)
            while seen.requests < until:
                time.sleep(0.1)
    finally:
        done.set()
        at_least = 0
        for thread in threads:
            thread.join()
    return seen


def _import(client: Client, rows: int, name: str) -> None:
    """Import a file and wait until its last row is there: many rows are a job of the portal's."""
    text = "code,name,email\n" + "".join(f"Q{n},{name},q{n}@store.example\n" for n in range(rows))
    checked = client.upload("/imports/new", text.encode())
    assert checked.status == 303, checked.text[:500]
    page = checked.headers["Location"]
    _wait(client, page, f'action="{page}/run"')
    ran = client.post(page + "/run")
    assert ran.status == 303, ran.text[:500]
    _wait(client, f"/customers/Q{rows - 1}", f"<h1>{name}</h1>")


def _wait(client: Client, path: str, text: str) -> None:
    end = time.monotonic() + PATIENCE
    while text not in (answer := client.get(path)).text:
        assert answer.status in {200, 404} and time.monotonic() < end, answer.text[:500]
        time.sleep(0.2)


def _one(client: Client, seen: Seen, name: str, n: int) -> None:
    answer: Answer
    if n % 4:
        answer = client.get(READS[n % 4])
        seen.reads.append(answer.seconds)
    else:
        answer = client.post("/customers/new", name=f"Ann {name}", code=f"W{name}")
        seen.writes.append(answer.seconds)
    if answer.status not in {200, 303}:
        seen.failed.append(f"{answer.status} {name}")
