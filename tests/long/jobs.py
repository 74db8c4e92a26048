"""Kills of whoever works on jobs, at random moments: `python -m tests.long.jobs --kills 100` tells the damage.

Two processes as `portal worker` starts them work on jobs that count and on imports that write a group. Again and again
one of them, or both, are killed as by `kill -9` and started again. On SQLite, or on the server of TEST_DATABASE_URL.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from portal.db import transaction
from portal.models import Change, ChangeRow, Customer, Group, Import, Job, Shop, UserRole
from portal.permissions import OPERATOR, Actor, Door, Role
from portal.queries import membership
from portal.queries import users as find_users
from portal.services import groups, imports, shops
from portal.services.imports import background
from tests.conftest import PostgresServer, SqliteFiles, add_standing, forget, use
from tests.faults import counting
from tests.faults.house import CHEAP, PASSWORD

ROOT = Path(__file__).parents[2]
OPEN = 6  # jobs that wait or run while processes are killed
SECONDS = 300  # after the last kill


def manager() -> Actor:
    return find_users.actor_of(UserRole.get(UserRole.role == Role.CSCC_MANAGER.value).user, Door.IMPORT)


class Store:
    """A store with people, and what was asked to be done in it."""

    def __init__(self, folder: Path, n_rows: int) -> None:
        self.folder, self.n_rows = folder, n_rows
        self.server = PostgresServer(os.environ["TEST_DATABASE_URL"]) if "TEST_DATABASE_URL" in os.environ else None
        self.url = (self.server or SqliteFiles(folder)).new()
        use(self.url)
        counting.register()
        shop: Shop = shops.create(OPERATOR, code="S1", name="Kigali North")
        add_standing(CHEAP.hash(PASSWORD), shop)
        self.actor = manager()
        self.counted: list[int] = []
        self.imported: list[tuple[int, int]] = []  # job and import

    def ask(self, chance: random.Random) -> None:
        """Store jobs until enough are open: mostly some that count, now and then an import into a group of its own."""
        while Job.select().where(Job.finished_at.is_null()).count() < OPEN:
            if chance.random() < 0.8:
                self.counted.append(counting.enqueue(chance.randint(1, 400)).id)
                continue
            n = len(self.imported)
            path = self.folder / f"people{n}.csv"
            rows = "".join(f"I{n}-{i},Name {i},i{n}-{i}@store.example\n" for i in range(self.n_rows))
            path.write_text(f"code,name,email\n{rows}")
            group = groups.create(self.actor, groups.Details(f"Group {n}")).group
            imported = imports.check(self.actor, path, path.name, group=group)
            job = background._enqueue(self.actor, imported.id)
            self.imported.append((job.id, imported.id))

    def wrong(self) -> list[str]:
        """Return what was lost or doubled, so far; whoever still works waits meanwhile."""
        with transaction(60):
            return self._wrong()

    def _wrong(self) -> list[str]:
        said = counting.wrong()
        for n, (_, import_id) in enumerate(self.imported):
            imported = Import.get_by_id(import_id)
            mine = Customer.select().where(Customer.code_key.startswith(f"i{n}-")).count()
            members = Group.get_by_id(imported.group_id).n_members
            whole = imported.state == "done"
            if mine > self.n_rows or members != (self.n_rows if whole else 0) or (whole and mine != self.n_rows):
                said.append(f"import {n} is {imported.state} with {mine} customers and {members} members")
            if imported.change_id:
                kept = ChangeRow.select().where(ChangeRow.change == imported.change_id).count()
                if kept != Change.get_by_id(imported.change_id).n_rows:
                    said.append(f"import {n} has {kept} rows of its change")
        return said

    def lost(self) -> list[str]:
        """Return what was asked for and is not done."""
        asked = [*self.counted, *(job_id for job_id, _ in self.imported)]
        done = {job.id: job for job in Job.select()}
        said = [f"job {job_id} is not there" for job_id in asked if job_id not in done]
        said += [f"job {job.id} is {job.state}: {job.error}" for job in done.values() if job.state != "done"]
        said += [str(part) for part in (*membership.differences(), *membership.broken_intervals())]
        return [*said, *(str(part) for part in membership.wrong_counts())]

    def start(self) -> "subprocess.Popen[bytes]":
        """Start a process that works."""
        words = [sys.executable, "-m", "tests.faults.counting", self.url, str(self.folder / "instance")]
        return subprocess.Popen(words, cwd=ROOT)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--rows", type=int, default=3_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    chance = random.Random(asked.seed)
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder), asked.rows)
        working = [store.start(), store.start()]
        broken: list[str] = []
        midway = n_kills = 0
        while n_kills < asked.kills:
            store.ask(chance)
            # Starting takes most of a second; from then on at any moment.
            time.sleep(chance.uniform(0.7, 2.5))
            for place in chance.choice([[0], [1], [0, 1]]):
                working[place].send_signal(signal.SIGKILL)
                working[place].wait()
                n_kills += 1
            midway += Job.select().where(Job.state == "running", Job.finished_at.is_null()).count() > 0
            broken += store.wrong()
            working = [process if process.poll() is None else store.start() for process in working]
            n_jobs = len(store.counted) + len(store.imported)
            print(f"{n_kills} kills, {n_jobs} jobs: {broken or 'all well'}", flush=True)
        deadline = time.monotonic() + SECONDS
        while Job.select().where(Job.finished_at.is_null()).exists() and time.monotonic() < deadline:
            time.sleep(0.5)
        for process in working:
            process.kill()
            process.wait()
        attempts = sum(job.attempt for job in Job.select())
        broken += store.wrong()
        lost = store.lost()
        print(
            f"{n_kills} kills, {midway} times while a job ran, {len(store.counted)} jobs that count and "
            f"{len(store.imported)} imports of {asked.rows} rows in {attempts} takings: "
            f"{len(lost)} lost {lost[:3]}, {len(broken)} doubled or half done {broken[:3]}"
        )
        forget()
        if store.server is not None:
            store.server.drop(store.url)
            store.server.close()


if __name__ == "__main__":
    main()
