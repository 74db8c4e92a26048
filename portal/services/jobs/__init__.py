"""Jobs: handing work over to whoever works in the background, and taking it back before it has begun."""

import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from portal.clock import now
from portal.db import db
from portal.errors import N_, Refusal
from portal.models import Job
from portal.permissions import Action, Actor, require
from portal.queries import jobs as find
from portal.services import once

# What may be handed over, and who may: the right of the act itself.
KINDS: dict[str, Action] = {
    "clock.due": Action.MAINTAIN, "clock.forecast": Action.MAINTAIN,
    "membership.settle": Action.MAINTAIN, "field.search": Action.EDIT_FIELDS,
    "import.run": Action.IMPORT_CUSTOMERS, "import.foresee": Action.IMPORT_CUSTOMERS, "change.undo": Action.UNDO_OWN,
}  # fmt: skip
logger = logging.getLogger("portal.jobs")
_wake: Callable[[int], object] | None = None


def wakes(call: Callable[[int], object] | None) -> None:
    """Let `call` tell whoever works that the job of an id waits; nobody is told with None."""
    global _wake
    _wake = call


def enqueue(actor: Actor, kind: str, args: Mapping[str, Any], *, subject: str = "", key: str | None = None) -> Job:
    """Store a job, inside the open transaction if there is one, and wake a worker once it is committed.

    `args` are ids and words, never anybody's data. While a job of that `key` is open it is returned instead of a new
    one. Raises Denied.
    """
    require(actor, KINDS[kind])
    with once.transaction():
        found = Job.get_or_none(Job.key == key) if key else None
        if found is not None:
            return found
        job = Job.create(kind=kind, args=dict(args), subject=subject, key=key, user=actor.user_id)
        db.after_commit(partial(wake, job.id))
    return job


def wake(job_id: int) -> None:
    """Tell whoever works that a job waits; nothing is lost if that fails, for every minute somebody looks."""
    if _wake is None:
        return
    try:
        _wake(job_id)
    except Exception:
        logger.warning("nobody was woken", exc_info=True)


def cancel(actor: Actor, job_id: int) -> Job:
    """Take back a job of which nothing is stored yet. Raises Missing, Denied, Refusal."""
    require(actor, Action.OWN_ACCOUNT)
    with once.transaction():
        job = find.by_id(actor, job_id)
        if job.finished_at is not None:
            raise Refusal(N_("This has ended already; there is nothing to cancel."))
        if job.n_steps:
            raise Refusal(N_("This has begun, and a part of it is stored. It goes on to its end."))
        end(job, "cancelled")
        job.save()
    return job


def drop(key: str) -> None:
    """Take back the open job of that key, inside the open transaction."""
    job = Job.get_or_none(Job.key == key)
    if job is not None:
        end(job, "cancelled")
        job.save()


def end(job: Job, state: str, sentence: str = "", params: Mapping[str, object] | None = None) -> None:
    """Say on the row how a job ended: done, failed with a sentence, cancelled."""
    job.state, job.finished_at, job.key, job.owner, job.lease_until = state, now(), None, "", None
    job.error, job.error_params = sentence, {name: str(value) for name, value in (params or {}).items()}


__all__ = ["KINDS", "cancel", "drop", "end", "enqueue", "wake", "wakes"]
