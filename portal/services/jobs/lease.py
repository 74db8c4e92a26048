"""The lease of a job: who works on it takes it for a while, and writes nothing once somebody else has taken it.

A step is one transaction that stores its work, the cursor, the progress and the renewed lease together. Each taking
has a number of its own (the fencing attempt); who was held up for so long that the job was taken from her finds
another number in the row, and her step is rolled back.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from portal import clock
from portal.db import transaction
from portal.errors import N_
from portal.models import Job, Worker
from portal.services import jobs

SECONDS = 60  # that a lease lasts; a step is far shorter
PATIENCE = 30.0  # seconds that a step waits for its turn to write: nobody sits before it
RETRIES = 3  # after a fault that nobody foresaw, at the same place
MOST_TRIES = 10  # whatever the reason: also of a job that takes its whole process along
RETRY_SECONDS = 30
KEPT_DAYS = 30  # an ended job
FAULT = N_("It stopped with a fault (%(fault)s) each of the %(n)s times that it was tried. The log says where.")
NO_FURTHER = N_("It was begun %(n)s times and never got any further. The log of the machine may say why.")


class Lost(Exception):
    """Somebody else has the job now, or it has ended: what was about to be written is not."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A job that this process has taken, and under which number."""

    job_id: int
    kind: str
    args: Mapping[str, Any]
    user_id: int | None
    attempt: int
    owner: str


def claim(job_id: int, owner: str) -> Claim | None:
    """Take a job that waits, or whose holder's lease has run out; None when there is nothing to take."""
    with transaction(PATIENCE):
        job = Job.get_or_none(Job.id == job_id, Job.finished_at.is_null())
        now = clock.now()
        if job is None or (job.lease_until > now if job.state == "running" else job.not_before > now):
            return None
        if job.n_tries >= MOST_TRIES:
            jobs.end(job, "failed", NO_FURTHER, {"n": job.n_tries})
            job.save()
            return None
        job.state, job.owner, job.attempt, job.n_tries = "running", owner, job.attempt + 1, job.n_tries + 1
        job.started_at, job.lease_until = job.started_at or now, now + timedelta(seconds=SECONDS)
        job.save()
    return Claim(job.id, job.kind, job.args, job.user_id, job.attempt, owner)


@contextmanager
def step(held: Claim) -> Iterator[Job]:
    """Run the block as one transaction of the job: what it writes and what it says on the row, or neither.

    Raises Lost when the job was taken by somebody else meanwhile, or has ended.
    """
    with _mine(held) as job:
        job.n_tries, job.n_steps = 1, job.n_steps + 1
        job.lease_until = clock.now() + timedelta(seconds=SECONDS)
        yield job


def give_back(held: Claim, seconds: float = 0, *, is_fault: bool = False) -> None:
    """Let others take the job, after so many seconds; being asked to stop is no try that failed. Raises Lost."""
    with _mine(held) as job:
        job.state, job.owner, job.lease_until = "waiting", "", None
        job.not_before = clock.now() + timedelta(seconds=seconds)
        job.n_tries -= not is_fault


def fail(held: Claim, sentence: str, params: Mapping[str, object]) -> None:
    """End the job with the sentence that says why. Raises Lost."""
    with _mine(held) as job:
        jobs.end(job, "failed", sentence, params)


def retry(held: Claim, fault: str) -> None:
    """Let the job be tried again after a fault, or end it when it was tried often enough. Raises Lost."""
    with _mine(held) as job:
        n_tries = job.n_tries
    if n_tries > RETRIES:
        fail(held, FAULT, {"fault": fault, "n": n_tries})
    else:
        give_back(held, RETRY_SECONDS, is_fault=True)


@contextmanager
def _mine(held: Claim) -> Iterator[Job]:
    own = [Job.id == held.job_id, Job.attempt == held.attempt, Job.owner == held.owner, Job.finished_at.is_null()]
    with transaction(PATIENCE):
        job = Job.get_or_none(*own)
        if job is None:
            raise Lost
        yield job
        # Writers come one by one, so the row is what it was; asked once more, for what is at stake is doing it twice.
        changed = {name: value for name, value in job.__data__.items() if name != "id"}
        if not Job.update(changed).where(*own).execute():
            raise Lost


def take_back(owners: Iterable[str]) -> None:
    """Let the leases of processes that are gone end at once."""
    gone = list(owners)
    if gone:
        with transaction():
            Job.update(lease_until=clock.ago(seconds=1)).where(
                Job.state == "running", Job.finished_at.is_null(), Job.owner.in_(gone)
            ).execute()


def seen(name: str) -> None:
    """Note that a process works on jobs; those that have not said so for a day, and old jobs, are forgotten."""
    with transaction():
        if not Worker.update(seen_at=clock.now()).where(Worker.name == name).execute():
            Worker.create(name=name)
        Worker.delete().where(Worker.seen_at < clock.ago(days=1)).execute()
        Job.delete().where(Job.finished_at < clock.ago(days=KEPT_DAYS)).execute()


def gone(name: str) -> None:
    """Note that a process works on jobs no more."""
    with transaction():
        Worker.delete().where(Worker.name == name).execute()
