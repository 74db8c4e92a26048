"""A job takes effect exactly once, whenever whoever works on it is killed (promise 3).

Long form: `python -m tests.long.jobs --kills 100`, with `portal worker` as people start it.
"""

import os
import random
import signal
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from portal import worker
from portal.models import Change, Job
from portal.queries import jobs as find
from portal.services import jobs
from portal.services.jobs import lease
from tests.conftest import Database, forget, use
from tests.faults import counting
from tests.faults.killing import _watched

STEPS = 2


@pytest.fixture(autouse=True)
def known(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "KINDS", dict(jobs.KINDS))
    monkeypatch.setattr(worker, "KINDS", dict(worker.KINDS))
    monkeypatch.setattr(jobs, "_wake", None)
    counting.register()


@contextmanager
def forked(database: Database, act: Callable[[], Any]) -> Iterator[int]:
    """Do something in a process that is a copy of this one, with a connection of its own; yield its number."""
    forget()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the runner of the tests has threads; the copy touches nothing of theirs
        number = os.fork()
    if number == 0:
        try:
            use(database.url)
            act()
        except BaseException:
            os._exit(1)
        os._exit(0)
    try:
        yield number
    finally:
        assert os.waitpid(number, 0)[1] in {0, signal.SIGKILL}


def dying(job: Job, place: int, told: int | None = None) -> None:
    """Work on the job, and die as by `kill -9` before the statement of that number; tell how many there were."""
    seen = [0]

    def count(sql: str) -> None:
        seen[0] += 1
        if seen[0] == place:
            os.kill(os.getpid(), signal.SIGKILL)

    _watched(count)
    worker.work(job.id, f"{worker._here()}#{os.getpid()}.child")
    if told is not None:
        os.write(told, str(seen[0]).encode())


def go_on(job: Job) -> Job:
    """Take over what an ended process of this machine has left, as the look of each minute does."""
    own = f"{worker._here()}#{os.getpid()}.own"
    lease.take_back(owner for owner in find.owners() if worker.is_gone(owner, own))
    worker.work(job.id, own)
    return Job.get_by_id(job.id)


def test_a_worker_killed_before_any_statement_neither_loses_nor_doubles_a_step(database: Database) -> None:
    reads, writes = os.pipe()
    whole = counting.enqueue(STEPS)
    with forked(database, lambda: dying(whole, 0, writes)):
        n_statements = int(os.read(reads, 10))
    os.close(reads)
    os.close(writes)
    assert (Job.get_by_id(whole.id).state, n_statements > 6 * STEPS) == ("done", True)
    reached = []
    for place in range(1, n_statements + 1):
        job = counting.enqueue(STEPS)
        with forked(database, lambda job=job, place=place: dying(job, place)):
            pass
        left = Job.get_by_id(job.id)
        reached.append(left.n_done)
        assert counting.wrong() == [], f"killed before statement {place}"
        done = go_on(job)
        assert (done.state, done.n_done, counting.wrong()) == ("done", STEPS, []), f"after a kill before {place}"
    assert sorted(reached) == reached and set(reached) == set(range(STEPS))


def test_workers_killed_at_any_moment_while_others_work_lose_and_double_nothing(database: Database) -> None:
    chance = random.Random(3)
    jobs_of_all = [counting.enqueue(200) for _ in range(2)]

    def both() -> None:
        for job in jobs_of_all:
            go_on(job)

    for _ in range(10):
        with forked(database, both) as first, forked(database, both) as second:
            time.sleep(chance.uniform(0.01, 0.08))
            for number in (first, second):
                os.kill(number, signal.SIGKILL)
        assert counting.wrong() == []
    n_before = Change.select().where(Change.act == counting.KIND).count()
    assert [go_on(job).state for job in jobs_of_all] == ["done", "done"]
    assert counting.wrong() == []
    assert 0 < n_before < 2 * 200
