"""Requests of others while somebody uploads, checks and runs an import."""

import time
from dataclasses import dataclass, field
from threading import Event, Thread

from tests.faults.served import Answer, Client


@dataclass
class Seen:
    """What the others saw: the seconds of their reads and writes, and what failed."""

    reads: list[float] = field(default_factory=list)
    writes: list[float] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    n_customers: int = 0  # of three that the file holds
    seconds: float = 0.0


def while_importing(client: Client, rows: int, at_least: int) -> Seen:
    """Import `rows` customers while two others read and write, at least so often; return what they saw."""
    seen, done = Seen(), Event()
    text = "code,name,email\n" + "".join(f"Q{n},Quiet {n},q{n}@store.example\n" for n in range(rows))

    def others(part: int) -> None:
        n = 0
        while not done.is_set() or len(seen.reads) + len(seen.writes) < at_least:
            n += 1
            _one(client, seen, f"{part}-{n}", n)

    threads = [Thread(target=others, args=(part,)) for part in range(2)]
    for thread in threads:
        thread.start()
    began = time.perf_counter()
    try:
        checked = client.upload("/imports/new", text.encode())
        assert checked.status == 303, checked.text[:500]
        ran = client.post(checked.headers["Location"] + "/run")
        assert ran.status == 303, ran.text[:500]
        seen.seconds = time.perf_counter() - began
    finally:
        done.set()
        for thread in threads:
            thread.join()
    seen.n_customers = sum(client.get(f"/customers/Q{n}").status == 200 for n in (0, rows // 2, rows - 1))
    return seen


def _one(client: Client, seen: Seen, name: str, n: int) -> None:
    answer: Answer
    if n % 4:
        answer = client.get(("/customers", "/groups", "/customers?q=ann", "/")[n % 4])
        seen.reads.append(answer.seconds)
    else:
        answer = client.post("/customers/new", name=f"Ann {name}", code=f"W{name}")
        seen.writes.append(answer.seconds)
    if answer.status not in {200, 303}:
        seen.failed.append(f"{answer.status} {name}")
