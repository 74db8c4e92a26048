"""Jobs: stored with what asked for them, taken by one worker at a time, written by nobody else, ended once."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import peewee
import pytest
import time_machine

from portal import clock, worker
from portal.db import db, is_sqlite, transaction
from portal.errors import Busy, Conflict, Denied, Missing, Refusal
from portal.models import Change, Job, User, Worker
from portal.permissions import OPERATOR, Action, Actor
from portal.queries import jobs as find
from portal.services import jobs
from portal.services.jobs import lease
from tests.conftest import Database
from tests.faults import counting
from tests.services.test_concurrency import at_once

New = Callable[..., Any]


@pytest.fixture(autouse=True)
def woken(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Know the kind that counts, and note who was woken."""
    monkeypatch.setattr(jobs, "KINDS", dict(jobs.KINDS))
    monkeypatch.setattr(worker, "KINDS", dict(worker.KINDS))
    monkeypatch.setattr(jobs, "_wake", None)
    counting.register()
    told: list[int] = []
    jobs.wakes(told.append)
    yield told


def doing(step: Callable[[Actor, Job], bool], **said: Any) -> None:
    """Let the counting kind do something else."""
    worker.KINDS[counting.KIND] = worker.Kind(step, **said)


def row(job: Job) -> Job:
    return Job.get_by_id(job.id)


def after(seconds: float) -> Any:
    """Let so many seconds have passed."""
    return time_machine.travel(clock.now() + timedelta(seconds=seconds), tick=True)


# ---- storing ----


def test_workers_know_every_kind_that_may_be_stored() -> None:
    assert set(jobs.KINDS) == set(worker.KINDS)


def test_a_job_is_stored_with_what_asked_for_it_and_woken_after_that(woken: list[int]) -> None:
    with transaction():
        job = counting.enqueue(3)
        assert woken == []
    assert woken == [job.id]
    assert (row(job).state, row(job).args, row(job).cursor, find.runnable()) == ("waiting", {"n": 3}, None, [job.id])


def test_what_was_asked_for_in_vain_leaves_no_job(woken: list[int]) -> None:
    with pytest.raises(ZeroDivisionError), transaction():
        counting.enqueue(3)
        raise ZeroDivisionError
    assert (Job.select().count(), woken) == (0, [])
    counting.enqueue(3)
    assert len(woken) == 1


def test_a_worker_that_cannot_be_woken_stops_nobody() -> None:
    jobs.wakes(lambda job_id: 1 // 0)
    job = counting.enqueue(3)
    assert find.runnable() == [job.id]


def test_of_one_key_one_job_is_open(woken: list[int]) -> None:
    first = counting.enqueue(1, key="one")
    assert (counting.enqueue(1, key="one").id, len(woken)) == (first.id, 1)
    worker.work(first.id, "me")
    assert counting.enqueue(1, key="one").id != first.id


def test_of_many_who_store_one_key_at_once_one_does() -> None:
    found = at_once(*[lambda: counting.enqueue(1, key="one").id] * 6)
    assert (len(set(found)), Job.select().count()) == (1, 1)


def test_only_who_may_do_the_act_hands_it_over(ana: Actor, cass: Actor) -> None:
    with pytest.raises(Denied):
        jobs.enqueue(ana, "import.run", {"import": 1})
    assert Job.select().count() == 0
    assert jobs.enqueue(cass, "import.run", {"import": 1}).user_id == cass.user_id


# ---- working ----


def test_a_job_runs_to_its_end_and_its_key_is_free() -> None:
    job = counting.enqueue(3, key="one")
    worker.work(job.id, "me")
    done = row(job)
    assert (done.state, done.n_done, done.n_all, done.attempt, done.key, done.owner) == ("done", 3, 3, 1, None, "")
    assert done.created_at <= done.started_at <= done.finished_at
    assert (counting.wrong(), Change.select().count(), find.runnable()) == ([], 3, [])
    worker.work(job.id, "me")
    assert (row(job).attempt, Change.select().count()) == (1, 3)


def test_of_many_workers_one_takes_a_job() -> None:
    jobs_of_all = [counting.enqueue(4) for _ in range(3)]
    at_once(*[lambda job=job, n=n: worker.work(job.id, f"w{n}") for n in range(3) for job in jobs_of_all])
    assert [row(job).attempt for job in jobs_of_all] == [1, 1, 1]
    assert (counting.wrong(), {row(job).state for job in jobs_of_all}) == ([], {"done"})


def test_a_lease_that_ran_out_is_taken_by_the_next_and_the_first_writes_nothing_more() -> None:
    job = counting.enqueue(3)
    first = lease.claim(job.id, "first")
    assert first is not None
    with lease.step(first) as held:
        counting.step(OPERATOR, held)
    assert (lease.claim(job.id, "second"), find.runnable()) == (None, [])
    with after(lease.SECONDS + 1):
        assert find.runnable() == [job.id]
        second = lease.claim(job.id, "second")
        assert second is not None and (second.attempt, row(job).cursor) == (2, 1)
        before = row(job).__data__
        ends = (lambda: lease.give_back(first), lambda: lease.fail(first, "No.", {}), lambda: lease.retry(first, "X"))
        for end in ends:
            with pytest.raises(lease.Lost):
                end()
        with pytest.raises(lease.Lost), lease.step(first) as held:
            counting.step(OPERATOR, held)
        assert (row(job).__data__, Change.select().count()) == (before, 1)
        with lease.step(second) as held:
            counting.step(OPERATOR, held)
    assert counting.wrong() == []


def test_a_step_whose_job_was_taken_while_it_worked_is_rolled_back() -> None:
    job = counting.enqueue(3)
    held = lease.claim(job.id, "first")
    assert held is not None
    with pytest.raises(lease.Lost), lease.step(held) as mine:
        counting.step(OPERATOR, mine)
        Job.update(attempt=2, owner="second").execute()  # by somebody who waits for no turn
    assert (Change.select().count(), row(job).n_steps, row(job).attempt) == (0, 0, 1)


def test_a_late_holder_whom_nobody_relieved_goes_on() -> None:
    job = counting.enqueue(2)
    held = lease.claim(job.id, "first")
    assert held is not None
    with after(lease.SECONDS + 5):
        with lease.step(held) as mine:
            counting.step(OPERATOR, mine)
        assert (find.runnable(), row(job).lease_until > clock.now()) == ([], True)


def test_a_worker_that_is_asked_to_stop_gives_its_job_back(woken: list[int]) -> None:
    job = counting.enqueue(5)
    asked = iter([False, False, True])
    worker.work(job.id, "first", lambda: next(asked))
    given = row(job)
    assert (given.state, given.n_done, given.owner, given.n_tries, woken) == ("waiting", 2, "", 0, [job.id] * 2)
    worker.work(job.id, "second")
    assert (row(job).state, row(job).attempt, counting.wrong()) == ("done", 2, [])


def test_what_ended_processes_of_this_machine_hold_is_free_at_once() -> None:
    jobs_of_all = [counting.enqueue(3) for _ in range(3)]
    here = worker._here()
    ended, alive, elsewhere = f"{here}#1999999999.aa", f"{here}#1.bb", "another/pid:[1]#1999999999.cc"
    for job, owner in zip(jobs_of_all, (ended, alive, elsewhere), strict=True):
        lease.claim(job.id, owner)
    assert find.owners() == {ended, alive, elsewhere}
    gone = [owner for owner in find.owners() if worker.is_gone(owner, f"{here}#1.dd")]
    assert gone == [ended]
    lease.take_back(gone)
    assert find.runnable() == [jobs_of_all[0].id]


# ---- ending otherwise ----


def test_a_refusal_ends_a_job_with_its_sentence_and_nothing_of_the_step() -> None:
    def refuse(actor: Actor, job: Job) -> bool:
        Change.create(door="page", act="test.count")
        raise Conflict("“%(name)s” has moved.", name="Vips")

    doing(refuse)
    job = counting.enqueue(3, key="one")
    worker.work(job.id, "me")
    failed = row(job)
    assert (failed.state, failed.error, failed.error_params) == ("failed", "“%(name)s” has moved.", {"name": "Vips"})
    assert (failed.key, failed.n_steps, Change.select().count(), find.runnable()) == (None, 0, 0, [])


def test_a_fault_is_tried_three_times_more_and_then_told_in_words() -> None:
    def stumble(actor: Actor, job: Job) -> bool:
        Change.create(door="page", act="test.count")
        raise KeyError("secret")

    doing(stumble)
    job = counting.enqueue(3)
    for n in range(1, 5):
        assert find.runnable() == [job.id]
        worker.work(job.id, "me")
        worker.work(job.id, "me")  # not before its time
        assert find.runnable() == []
        assert (row(job).state, row(job).attempt) == ("failed" if n == 4 else "waiting", n)
        Job.update(not_before=clock.ago(seconds=1)).execute()
    failed = row(job)
    assert (failed.error, failed.error_params) == (lease.FAULT, {"fault": "KeyError", "n": "4"})
    assert (find.runnable(), Change.select().count()) == ([], 0)


def test_a_fault_at_another_place_is_another_fault() -> None:
    faults = iter([0, 1, 0, 1, 0, 1, 0, 1, 0, 1])

    def stumble_now_and_then(actor: Actor, job: Job) -> bool:
        if next(faults):
            raise KeyError
        return counting.step(actor, job)

    doing(stumble_now_and_then)
    job = counting.enqueue(5)
    for _ in range(5):
        worker.work(job.id, "me")
        Job.update(not_before=clock.ago(seconds=1)).execute()
    assert (row(job).state, row(job).attempt, counting.wrong()) == ("done", 5, [])


@pytest.mark.parametrize("trouble", [Busy(), peewee.OperationalError("disk is full"), peewee.InterfaceError("gone")])
def test_a_database_that_cannot_be_written_is_waited_for(trouble: Exception) -> None:
    troubles = [trouble] * 6

    def stumble(actor: Actor, job: Job) -> bool:
        if troubles:
            raise troubles.pop()
        return counting.step(actor, job)

    doing(stumble)
    job = counting.enqueue(1)
    for _ in range(7):
        worker.work(job.id, "me")
        Job.update(not_before=clock.ago(seconds=1)).execute()
    assert (row(job).state, row(job).attempt, counting.wrong()) == ("done", 7, [])


def test_a_job_that_takes_its_process_along_is_not_begun_for_ever() -> None:
    job = counting.enqueue(1)
    for _ in range(lease.MOST_TRIES):
        assert lease.claim(job.id, "me") is not None
        Job.update(lease_until=clock.ago(seconds=1)).execute()
    assert (lease.claim(job.id, "me"), row(job).state, row(job).error) == (None, "failed", lease.NO_FURTHER)
    assert row(job).error_params == {"n": "10"}


def test_rights_that_were_taken_end_a_job(cass: Actor) -> None:
    def close(actor: Actor, job: Job) -> bool:
        User.update(is_active=False).where(User.id == cass.user_id).execute()
        return counting.step(actor, job)

    doing(close)
    jobs.KINDS[counting.KIND] = Action.CREATE_GROUP
    job = jobs.enqueue(cass, counting.KIND, {"n": 3})
    worker.work(job.id, "me")
    assert (row(job).state, row(job).n_done) == ("failed", 1)
    assert row(job).error == "The account of who began this is closed, so it was not done."


# ---- cancelling, seeing, forgetting ----


def test_what_has_not_begun_can_be_cancelled_by_who_sees_it(cass: Actor, pat: Actor, tess: Actor) -> None:
    one, two, three = [jobs.enqueue(cass, "import.run", {"import": n}) for n in range(3)]
    with pytest.raises(Missing):
        jobs.cancel(pat, one.id)
    assert jobs.cancel(cass, one.id).state == "cancelled"
    assert jobs.cancel(tess, two.id).state == "cancelled"
    held = lease.claim(three.id, "me")
    assert held is not None and jobs.cancel(cass, three.id).state == "cancelled"
    with pytest.raises(lease.Lost), lease.step(held):
        pass
    assert find.runnable() == []
    with pytest.raises(Refusal, match="ended already"):
        jobs.cancel(cass, one.id)


def test_what_has_begun_goes_on_to_its_end(olive: Actor) -> None:
    job = counting.enqueue(3)
    asked = iter([False, True])
    worker.work(job.id, "me", lambda: next(asked))
    with pytest.raises(Refusal, match="has begun"):
        jobs.cancel(olive, job.id)
    assert find.runnable() == [job.id]


def test_everybody_sees_her_own_jobs_and_who_maintains_sees_all(
    cass: Actor, pat: Actor, olive: Actor, tess: Actor, nadia: Actor
) -> None:
    for actor in (cass, pat):
        jobs.enqueue(actor, "import.run", {"import": 1})
    counting.enqueue(1)
    seen = {actor.name: len(find.page(actor).rows) for actor in (cass, pat, olive, tess, nadia, OPERATOR)}
    assert seen == {"Cass": 1, "Pat": 1, "Olive": 3, "Tess": 3, "Nadia": 0, "operator": 3}
    assert (find.n_open(cass), find.n_open(olive), find.n_open(nadia)) == (1, 3, 0)


def test_jobs_are_turned_page_by_page(olive: Actor, query_count: New) -> None:
    ids = [counting.enqueue(1).id for _ in range(5)]
    first = find.page(olive, size=2)
    second = find.page(olive, size=2, below=first.below)
    last = find.page(olive, size=2, below=second.below)
    assert [row.id for part in (first, second, last) for row in part.rows] == ids[::-1]
    assert last.below is None
    assert query_count(lambda: [row.user for row in find.page(olive).rows]) == 1


def test_the_time_left_is_told_by_the_pace_so_far() -> None:
    job = Job(started_at=clock.ago(seconds=10), n_done=0, n_all=400)
    assert find.seconds_left(job) is None
    job.n_done = 100
    assert find.seconds_left(job) == 30
    job.n_done = 400
    assert find.seconds_left(job) is None


def test_who_works_says_so_and_old_jobs_are_forgotten() -> None:
    assert find.is_worked_on() is False
    lease.seen("me")
    lease.seen("me")
    assert (find.is_worked_on(), Worker.select().count()) == (True, 1)
    old, kept = counting.enqueue(1), counting.enqueue(1)
    for job in (old, kept):
        worker.work(job.id, "me")
    Job.update(finished_at=clock.ago(days=31)).where(Job.id == old.id).execute()
    Worker.create(name="gone", seen_at=clock.ago(days=2))
    lease.seen("other")
    assert [job.id for job in Job.select()] == [kept.id]
    assert {found.name for found in Worker.select()} == {"me", "other"}
    with after(60 * find.SEEN_MINUTES + 1):
        assert find.is_worked_on() is False


def test_every_page_asks_an_index_for_open_jobs(olive: Actor, nadia: Actor) -> None:
    explain = "EXPLAIN QUERY PLAN" if is_sqlite() else "EXPLAIN"
    with db.atomic():
        if not is_sqlite():
            db.execute_sql("SET LOCAL enable_seqscan = off")  # of tables of few rows
        for actor in (olive, nadia):
            sql, params = find.visible_to(actor, peewee.fn.COUNT(Job.id)).where(Job.finished_at.is_null()).sql()
            plan = " ".join(str(part[-1]) for part in db.execute_sql(f"{explain} {sql}", params).fetchall())
            assert "job_open" in plan or "job_user_id" in plan, plan
