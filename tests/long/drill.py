"""The drill: backups under load, each restored and looked over; and a restore killed at every moment.

    python -m tests.long.drill            20 backups while two processes write, 20 restores, 100 kills

Prints the figures of promise 18 (reliability.md). The suite runs the same with small numbers.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from portal import config, copies, db, migrate
from portal.errors import Busy, Missing
from portal.models import Customer
from portal.permissions import OPERATOR, Door
from portal.queries import membership
from portal.queries import users as find_users
from portal.services import backups, customers, items, samples
from portal.services import groups as group_services

ROOT = Path(__file__).parents[2]
# What a restore does to files; it is killed before and after each call of these.
STEPS = ("copy", "settle", "place", "pour", "flush")


def use(place: Path | str) -> None:
    """Let the portal work on the database in that file, or at that address."""
    forget()
    settings = config.Settings(database=place if isinstance(place, str) else f"sqlite:///{place}", secret_key="s" * 40)
    config.use(settings)
    db.configure(settings)


def forget() -> None:
    """Close every connection."""
    if db.db.obj is not None:
        db.db.obj.close_all()


def store(place: Path | str, n: int) -> None:
    """Make a store with `n` customers in that file, or at that address."""
    use(place)
    migrate.up()
    samples.load(OPERATOR, n, 1)


def write(place: Path | str, name: str) -> None:
    """Write until killed; say each customer's code on standard output once she is confirmed."""
    use(place)
    cass = find_users.actor_of(find_users.by_email("cass@demo.example"), Door.COMMAND)
    group = group_services.create(cass, group_services.Details(name=f"Drill {name}")).group
    for number in range(1_000_000):
        code = f"{name}-{number}"
        try:
            made = customers.create(cass, {"code": code, "name": f"Drill {number}"}).customer
            print(code, flush=True)
            items.add_member(cass, group.id, made.id)
            if number % 3 == 0:
                items.remove_member(cass, group.id, made.id)
        except Busy:
            continue  # told to try again, as a person would be
        except Missing:
            # A restore took her group away under her.
            group = group_services.create(cass, group_services.Details(name=f"Drill {name} {number}")).group


class Writers:
    """Processes that write, and what they were told is written."""

    def __init__(self, place: Path | str, n: int, name: str = "W") -> None:
        self.confirmed: list[str] = []
        words = [sys.executable, "-m", "tests.long.drill", "--write", str(place)]
        self.processes = [
            subprocess.Popen([*words, f"{name}{at}"], cwd=ROOT, stdout=subprocess.PIPE, text=True) for at in range(n)
        ]
        self.threads = [threading.Thread(target=self._listen, args=(process,)) for process in self.processes]
        for thread in self.threads:
            thread.start()

    def _listen(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self.confirmed.append(line.strip())

    def wait_for(self, n: int) -> None:
        """Return when `n` more writes were confirmed."""
        wanted, deadline = len(self.confirmed) + n, time.monotonic() + 30
        while len(self.confirmed) < wanted and time.monotonic() < deadline:
            time.sleep(0.01)

    def stop(self) -> None:
        """Kill them all."""
        for process in self.processes:
            process.kill()
            process.wait()
        for thread in self.threads:
            thread.join()
        for process in self.processes:
            process.stdout.close()  # type: ignore[union-attr]


def under_load(folder: Path, n_backups: int, n_customers: int = 300, n_writers: int = 2) -> dict[str, int]:
    """Take backups while others write, restore each, and count what is `lost` and wrong (`differences`)."""
    path = folder / "portal.db"
    store(path, n_customers)
    writers = Writers(path, n_writers)
    taken: list[tuple[Path, list[str]]] = []
    try:
        for at in range(n_backups):
            writers.wait_for(5)
            before = list(writers.confirmed)
            backups.take(OPERATOR, folder / f"backup-{at}.db")
            taken.append((folder / f"backup-{at}.db", before))
        writers.wait_for(5)
        told = list(writers.confirmed)
        # A restore while they write: what was confirmed until then is in the database that was kept.
        done = backups.restore(OPERATOR, taken[0][0])
        writers.wait_for(5)
    finally:
        writers.stop()
    assert done.kept is not None
    figures = {"backups": len(taken), "writes": len(writers.confirmed), "lost": 0, "differences": 0}
    figures["differences"] += wrong()
    figures["lost"] += lost(told, done.kept, folder / "kept")
    for file, before in taken:
        figures["lost"] += lost(before, file, folder / file.stem)
        figures["differences"] += wrong()
    return figures


def lost(confirmed: list[str], file: Path, folder: Path) -> int:
    """Restore `file` into an empty folder and return how many confirmed customers it lacks."""
    folder.mkdir()
    use(folder / "portal.db")
    backups.restore(OPERATOR, file)
    return len(set(confirmed) - {row.code for row in Customer.select(Customer.code)})


def wrong() -> int:
    """Return in how many places the membership of the database in use is wrong."""
    return len(membership.differences()) + len(membership.broken_intervals()) + len(membership.wrong_counts())


@contextmanager
def dying_at(step: int):  # type: ignore[no-untyped-def]
    """Kill this process at the `step`-th moment before or after one of STEPS."""
    seen = 0

    def moment() -> None:
        nonlocal seen
        seen += 1
        if seen == step:
            os.kill(os.getpid(), signal.SIGKILL)

    def wrapped(function: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object) -> object:
            moment()
            result = function(*args)
            moment()
            return result

        return call

    kept = {name: getattr(copies, name) for name in STEPS}
    for name, function in kept.items():
        setattr(copies, name, wrapped(function))
    try:
        yield
    finally:
        for name, function in kept.items():
            setattr(copies, name, function)


def killed(act: Callable[[], object], *, step: int = 0, after: float = 0.0) -> bool:
    """Do `act` in a child that is killed at a step, or some seconds into the replacing; tell whether it was killed."""

    def dying() -> None:
        pour = copies.pour

        def timed(*paths: Path) -> None:
            threading.Timer(after, os.kill, (os.getpid(), signal.SIGKILL)).start()
            pour(*paths)

        if after:
            copies.pour = timed
        with dying_at(step):
            act()

    forget()
    with warnings.catch_warnings():
        # Python 3.12 warns of other threads that may hold a lock; the child waits for none of theirs.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        try:
            dying()
        finally:
            os._exit(0)
    return os.waitpid(child, 0)[1] == signal.SIGKILL


def state(path: Path) -> int:
    """Return the number of customers of a database that must be whole and right."""
    copies.look(path)
    use(path)
    assert wrong() == 0
    return Customer.select().count()


def main() -> None:
    """Run the long form and print the figures."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        print("under load:", under_load(folder, 20, n_customers=5_000))
        old, new = folder / "old.db", folder / "new.db"
        store(old, 2_000)
        store(new, 5_000)
        file = folder / "new.backup"
        backups.take(OPERATOR, file)
        seen, took = {2_000: 0, 5_000: 0}, 0.0
        forget()
        for turn in range(101):
            path = folder / f"{turn}" / "portal.db"
            path.parent.mkdir()
            shutil.copyfile(old, path)
            use(path)
            if turn == 0:
                began = time.monotonic()
                copies.pour(file, path)
                took = time.monotonic() - began
            else:
                killed(lambda: backups.restore(OPERATOR, file), after=random.uniform(took / 100, took * 1.5))
                seen[state(path)] += 1
                forget()
            shutil.rmtree(path.parent)
        print(f"killed 100 times within {took * 1000:.0f} ms of replacing; found, by customers:", seen)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--write"]:
        write(sys.argv[2] if sys.argv[2].startswith("postgresql:") else Path(sys.argv[2]), sys.argv[3])
    else:
        main()
