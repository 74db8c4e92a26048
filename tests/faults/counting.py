"""A kind of job that counts: each step writes one number down, so that what was lost or done twice can be told.

`python -m tests.faults.counting URL FOLDER` is a process that works on jobs until it is killed.
"""

import sys
import threading
from pathlib import Path
from typing import Any

from portal import config, db, worker
from portal.models import Change, Job
from portal.permissions import OPERATOR, Action, Actor
from portal.services import jobs

KIND = "test.count"


def step(actor: Actor, job: Job) -> bool:
    """Write the next number down, as a change; the last one is the number that the job was given."""
    n = job.cursor or 0
    Change.create(door=actor.door.value, act=KIND, subject=f"job:{job.id}", note=str(n))
    job.cursor, job.n_done, job.n_all = n + 1, n + 1, job.args["n"]
    return bool(job.cursor == job.args["n"])


def register() -> None:
    """Let this process know the kind."""
    jobs.KINDS[KIND] = Action.MAINTAIN
    worker.KINDS[KIND] = worker.Kind(step)


def enqueue(n: int, **said: Any) -> Job:
    """Store a job of so many steps."""
    return jobs.enqueue(OPERATOR, KIND, {"n": n}, **said)


def wrong() -> list[str]:
    """Return what the jobs that are done have not counted, or counted twice or out of order, or too early or late."""
    said = []
    for job in Job.select().where(Job.kind == KIND):
        rows = Change.select(Change.note).where(Change.act == KIND, Change.subject == f"job:{job.id}")
        found = [int(note) for (note,) in rows.order_by(Change.id).tuples()]
        told = (job.cursor or 0, job.n_steps, job.n_done)
        if found != list(range(len(found))) or told != (len(found),) * 3:
            said.append(f"job {job.id} counted {found}, its row says {told}")
        if (job.state == "done") != (len(found) == job.args["n"]):
            said.append(f"job {job.id} is {job.state} after {len(found)} of {job.args['n']}")
    return said


def main(url: str, folder: str) -> None:
    """Work until killed."""
    settings = config.Settings(database=url, secret_key="s" * 40, timezone="Africa/Kigali", region="RW")
    config.use(settings)
    db.configure(settings)
    register()
    worker.Workers(settings, Path(folder)).run(threading.Event())


if __name__ == "__main__":
    main(*sys.argv[1:])
