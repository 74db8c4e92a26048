"""Reading jobs: what is open, whose they are, how far they are, and whether anybody works."""

from dataclasses import dataclass
from typing import Any

import peewee
from peewee import fn

from portal import clock
from portal.built import Built, Slot
from portal.errors import N_, Denied, Missing
from portal.models import Job, User, Worker
from portal.permissions import Action, Actor

SEEN_MINUTES = 3  # since a worker that is well has said so; it does once a minute
PAGE = 50
_OPEN = Job.finished_at.is_null()
_N_OPEN = Built(lambda: Job.select(fn.COUNT(Job.id)).where(_OPEN).tuples())
_N_OWN = Built(lambda: Job.select(fn.COUNT(Job.id)).where(_OPEN, Job.user == Slot("user")).tuples())


def visible_to(actor: Actor, *columns: Any) -> peewee.ModelSelect:
    """Return a select of the jobs that `actor` may see: her own, all of them for who maintains the portal."""
    query = Job.select(*columns)
    if actor.may(Action.MAINTAIN):
        return query
    if actor.user_id is None:
        raise Denied(Action.MAINTAIN)
    return query.where(Job.user == actor.user_id)


def n_open(actor: Actor) -> int:
    """Return how many of the jobs that `actor` may see are waiting or running."""
    visible_to(actor)  # refuses who sees none
    ((n,),) = _N_OPEN.rows() if actor.may(Action.MAINTAIN) else _N_OWN.rows(user=actor.user_id)
    return int(n)


@dataclass(frozen=True)
class Jobs:
    """One page of jobs, the newest first, and the number to go on below (None: no more)."""

    rows: list[Job]
    below: int | None


def page(actor: Actor, *, below: int | None = None, size: int = PAGE) -> Jobs:
    """Return the newest jobs that `actor` may see, or those numbered below `below`."""
    query = visible_to(actor, Job, User).join(User, peewee.JOIN.LEFT_OUTER).order_by(Job.id.desc()).limit(size + 1)
    found = list(query if below is None else query.where(Job.id < below))
    return Jobs(found[:size], found[size - 1].id if len(found) > size else None)


def by_id(actor: Actor, job_id: int) -> Job:
    """Return the job of that number; raises Missing, also for one that `actor` may not see."""
    job = visible_to(actor).where(Job.id == job_id).first()
    if job is None:
        raise Missing(N_("There is no such job."))
    return job


def newest_about(subject: str) -> Job | None:
    """Return the newest job about something, such as "import:12"; who asks has looked at the right to see that."""
    return Job.select().where(Job.subject == subject).order_by(Job.id.desc()).first()


def seconds_left(job: Job) -> int | None:
    """Return about how long a running job still takes, judged by its pace so far; None if nobody can know."""
    if job.started_at is None or not 0 < job.n_done < job.n_all:
        return None
    passed = (clock.now() - job.started_at).total_seconds()
    return max(1, round(passed * (job.n_all - job.n_done) / job.n_done))


def is_worked_on() -> bool:
    """Tell whether any process works on jobs."""
    return bool(Worker.select().where(Worker.seen_at > clock.ago(minutes=SEEN_MINUTES)).exists())


def runnable() -> list[int]:
    """Return the ids of jobs that somebody should take: waiting for their time no more, or left by who had them."""
    now = clock.now()
    waiting = (Job.state == "waiting") & (Job.not_before <= now)
    left = (Job.state == "running") & (Job.lease_until < now)
    return [row[0] for row in Job.select(Job.id).where(_OPEN, waiting | left).order_by(Job.id).tuples()]


def owners() -> set[str]:
    """Return the names of the processes that hold a job."""
    return {row[0] for row in Job.select(Job.owner).where(_OPEN, Job.owner != "").distinct().tuples()}
