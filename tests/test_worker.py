"""Whoever works in the background: threads that are woken by a queue, and that look by themselves each minute."""

import pickle
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine

from portal import clock, config, worker
from portal.models import Customer, Forecast, ForecastMove, Group, Import, Job, Membership
from portal.permissions import Actor
from portal.queries import jobs as find
from portal.services import imports, items, jobs
from portal.services.imports import apply, turns
from portal.services.jobs import lease
from tests.conftest import Database, settings_for
from tests.faults import counting
from tests.services.test_concurrency import at_once

Process = Callable[[config.Settings], worker.Workers]
SECONDS = 20  # that a busy machine may take for what takes a fraction of one


@pytest.fixture(autouse=True)
def known(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "KINDS", dict(jobs.KINDS))
    monkeypatch.setattr(worker, "KINDS", dict(worker.KINDS))
    monkeypatch.setattr(jobs, "_wake", None)
    counting.register()


@pytest.fixture
def settings(database: Database) -> config.Settings:
    return settings_for(database.url)


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    """Make what a process of the portal has, in a folder that all of them share."""
    made: list[worker.Workers] = []

    def make(settings: config.Settings) -> worker.Workers:
        made.append(worker.Workers(settings, tmp_path / "instance"))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def workers(process: Process, settings: config.Settings) -> Iterator[worker.Workers]:
    """The workers of one process, working."""
    made = process(settings)
    made.start()
    yield made
    made.stop()


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def ended(job: Job) -> bool:
    return Job.get_by_id(job.id).finished_at is not None


def test_a_job_stored_by_one_process_is_done_by_another(
    workers: worker.Workers, process: Process, settings: config.Settings
) -> None:
    until(find.is_worked_on)
    jobs.wakes(process(settings).wake)
    waiting = [counting.enqueue(5) for _ in range(3)]
    until(lambda: all(map(ended, waiting)))
    assert ([Job.get_by_id(job.id).attempt for job in waiting], counting.wrong()) == ([1, 1, 1], [])


def test_what_nobody_was_woken_for_is_found_at_the_next_look(workers: worker.Workers) -> None:
    forgotten, left = counting.enqueue(2), counting.enqueue(2)
    lease.claim(left.id, f"{worker._here()}#1999999999.aa")
    later = counting.enqueue(2)
    Job.update(not_before=clock.ago(minutes=-5)).where(Job.id == later.id).execute()
    workers.look()
    until(lambda: ended(forgotten) and ended(left))
    assert (counting.wrong(), Job.get_by_id(left.id).attempt, ended(later)) == ([], 2, False)


def test_an_import_that_nobody_is_at_any_more_goes_on_by_itself(
    workers: worker.Workers, cass: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apply, "CHUNK", 5)
    monkeypatch.setattr(turns, "HOLD", 0.0)
    path = tmp_path / "people.csv"
    path.write_text("code,name\n" + "".join(f"K{n},Name {n}\n" for n in range(12)))
    half = imports.go_on(cass, imports.check(cass, path, path.name).id)
    assert (half.state, Customer.select().count()) == ("running", 5)
    Import.update(written_at=clock.ago(minutes=2)).execute()
    workers.look()
    until(lambda: Import.get().state == "done")
    assert (Customer.select().count(), [job.user_id for job in Job.select()]) == (12, [cass.user_id])


def test_what_the_clock_has_moved_is_written_though_nobody_looks(
    workers: worker.Workers, cass: Actor, new_customer: Any, new_group: Any
) -> None:
    ann, group = new_customer("Ann"), new_group("Spring")
    coming = clock.now() + timedelta(hours=1)
    items.add(cass, group.id, [items.NewItem(customer_id=ann.id, valid_from=coming)])
    workers.look()
    assert (Job.select().count(), Membership.select().count()) == (0, 0)
    with time_machine.travel(coming + timedelta(minutes=1), tick=True):
        workers.look()
        until(lambda: Job.select().where(Job.state == "done").exists())
        workers.look()
    assert [(job.kind, job.user_id, job.n_done) for job in Job.select()] == [("clock.due", None, 1)]
    assert [(row.customer_id, row.since) for row in Membership.select()] == [(ann.id, coming)]


def test_whom_the_clock_moves_at_midnight_is_asked_in_the_evening(
    workers: worker.Workers, cass: Actor, new_customer: Any, new_group: Any
) -> None:
    ann, group = new_customer("Ann"), new_group("Old")
    rule = {"field": "created", "part": "days_since", "op": "ge", "value": 1}
    items.add(cass, group.id, [items.NewItem(rule=rule)])
    midnight = Group.get().next_change_at
    with time_machine.travel(midnight - timedelta(minutes=20), tick=True):
        workers.look()
        until(lambda: Job.select().where(Job.state == "done").exists())
        workers.look()
        assert [(job.kind, job.user_id) for job in Job.select()] == [("clock.forecast", None)]
        assert [(row.group_id, row.moment) for row in Forecast.select()] == [(group.id, midnight)]
        assert [row.customer_id for row in ForecastMove.select()] == [ann.id]


def test_workers_that_stop_end_their_step_give_their_jobs_back_and_say_so(
    process: Process, settings: config.Settings
) -> None:
    made = process(settings)
    jobs.wakes(made.wake)
    made.start()
    job = counting.enqueue(100_000)
    until(lambda: Job.get_by_id(job.id).n_done > 3)
    began = time.monotonic()
    made.stop()
    given = Job.get_by_id(job.id)
    assert (given.state, given.owner, find.is_worked_on(), counting.wrong()) == ("waiting", "", False, [])
    assert time.monotonic() - began < SECONDS
    assert find.runnable() == [job.id]


def test_the_queue_holds_signed_numbers_and_runs_nothing_else(
    database: Database, process: Process, settings: config.Settings
) -> None:
    made = process(settings)
    huey = made._task.huey
    made.wake(7)
    data = bytes(huey.storage.dequeue())
    words, _, signature = data.rpartition(b":")
    assert b'"work"' in words.replace(b"portal.worker.", b"") and b"[7]" in words and len(signature) == 40
    assert settings.secret_key.encode() not in data
    assert huey.deserialize_task(data).args == [7]
    other = process(settings_for(database.url, secret_key="t" * 40))._task.huey
    # Not even by the key itself.
    evil = huey.serializer._sign(pickle.dumps(Evil()))
    # Not even under the key itself.
    evil = huey.serializer._sign(pickle.dumps(Evil()))
    for forged in (words, words.replace(b"[7]", b"[8]") + b":" + signature, pickle.dumps(Evil()), b"x", evil):
        with pytest.raises(ValueError, match=r"Separator|Signature|codec|Expecting"):
            huey.deserialize_task(forged)
    with pytest.raises(ValueError, match="Signature"):
        other.deserialize_task(data)
    assert Evil.ran is False


class Evil:
    """What runs code where it is unpickled."""

    ran = False

    def __reduce__(self) -> Any:
        return setattr, (Evil, "ran", True)


def test_a_process_that_only_stores_jobs_opens_no_queue(settings: config.Settings, tmp_path: Path) -> None:
    worker.Workers(settings, tmp_path / "instance")
    assert list(tmp_path.iterdir()) == []


def test_a_queue_that_cannot_be_opened_keeps_no_job_from_being_stored(
    process: Process, settings: config.Settings, tmp_path: Path
) -> None:
    if settings.is_sqlite:
        (tmp_path / "instance").mkdir()
        (tmp_path / "instance" / "queue.db").write_bytes(b"no database at all, " * 400)
    else:
        settings = settings_for("postgresql://nobody@127.0.0.1:1/none")
    jobs.wakes(process(settings).wake)
    job = counting.enqueue(1)
    assert find.runnable() == [job.id]


def test_a_portal_whose_queue_cannot_be_opened_serves_all_the_same(
    process: Process, settings: config.Settings, tmp_path: Path
) -> None:
    if settings.is_sqlite:
        (tmp_path / "instance").mkdir()
        (tmp_path / "instance" / "queue.db").mkdir()
    else:
        settings = settings_for("postgresql://nobody@127.0.0.1:1/none")
    made = process(settings)
    made.try_to_start()
    assert find.is_worked_on() is False
    made.stop()


def test_of_processes_that_begin_at_once_each_opens_the_queue(process: Process, settings: config.Settings) -> None:
    at_once(*[lambda: process(settings).wake(7) for _ in range(6)])
    assert process(settings)._task.huey.storage.queue_size() == 6


def test_the_key_of_the_queue_is_not_the_secret_key() -> None:
    assert worker.key("s" * 40) == worker.key("s" * 40) != worker.key("t" * 40)
    assert len(worker.key("s" * 40)) == 64


def test_only_ended_processes_of_this_machine_are_known_to_be_gone() -> None:
    here = worker._here()
    own = f"{here}#12.aa"
    assert worker.is_gone(f"{here}#1999999999.bb", own) is True
    assert [worker.is_gone(name, own) for name in (own, f"{here}#1.bb", "elsewhere/#1999999999.bb")] == [False] * 3
