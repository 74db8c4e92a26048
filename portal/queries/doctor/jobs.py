"""Checks of jobs: whether anybody works on them, whether any waits for too long."""

from portal import clock
from portal.errors import N_
from portal.models import Job, Worker
from portal.queries import jobs as find
from portal.queries.doctor.findings import Check, Finding, Place, none, ok, warn

LATE_MINUTES = 10


def _workers(place: Place) -> Finding:
    n = Worker.select().where(Worker.seen_at > clock.ago(minutes=find.SEEN_MINUTES)).count()
    if n:
        return ok(n)
    return warn(0, N_("Nobody works on jobs just now. Start “portal serve”, or “portal worker” beside another server."))


def _late(place: Place) -> Finding:
    since = clock.ago(minutes=LATE_MINUTES)
    late = (Job.state == "waiting") & (Job.not_before < since) | (Job.state == "running") & (Job.lease_until < since)
    n = Job.select().where(Job.finished_at.is_null(), late).count()
    return none(n, warn, N_("Jobs wait for more than ten minutes. See whether anybody works, and the log."))


CHECKS = (
    Check("workers", _workers, needs="tables"),
    Check("jobs-waiting", _late, needs="tables"),
)
