"""Writing down what a staging has switched on as any other membership, and taking back what was given up.

What anybody sees is the same before and after; until it is done, whoever reads looks up whether the staging counts.
"""

import logging
from typing import Any

import peewee

from portal.clock import now
from portal.db import transaction
from portal.errors import Busy
from portal.models import Group, Job, MembershipRow, PastMembershipRow, Staging
from portal.permissions import OPERATOR, Action, Actor, require
from portal.queries import jobs as find_jobs
from portal.services import jobs, once
from portal.services.membership.pace import Pace

PART = 500  # memberships that are written in one turn
KIND = "membership.settle"
_ROW, _PAST = MembershipRow, PastMembershipRow
_logger = logging.getLogger("portal.membership")


def settle(pace: Pace) -> bool:
    """Write the next part of a staging that is over as any other membership, in a turn; tell whether none is left.

    Of one that was given up, what was written is taken back. What anybody sees is the same before and after.
    """
    with pace.turn():
        return _settle(Staging.select().where(_is_over()).order_by(Staging.id).first())


def step(actor: Actor, job: Job) -> bool:
    """Settle the next part in the open transaction of a job; tell whether that was the last."""
    require(actor, Action.MAINTAIN)
    return _settle(Staging.select().where(_is_over()).order_by(Staging.id).first())


def are_over() -> bool:
    """Tell whether there is anything to settle."""
    return bool(Staging.select(peewee.SQL("1")).where(_is_over()).exists())


def _is_over() -> Any:
    return Staging.change.is_null(False) | (Staging.kept_until <= now())


def is_over_in(group_id: int) -> bool:
    """Tell whether a staging of that group is to be settled."""
    return bool(Staging.select(peewee.SQL("1")).where(Staging.group == group_id, _is_over()).exists())


def leave(number: int) -> None:
    """Give up a staging unless it was switched on, and see that it is settled: here, unless somebody works on jobs.

    What the act has done, or said to whom it refused, stands whatever becomes of this.
    """
    try:
        with once.aside(), transaction():
            Staging.update(kept_until=now()).where(Staging.id == number, Staging.change.is_null()).execute()
            if find_jobs.is_worked_on():
                jobs.enqueue(OPERATOR, KIND, {}, key=KIND)
                return
        pace = Pace()
        while not settle(pace):
            pass
    except (Busy, peewee.PeeweeException):
        # It runs out by itself, and is found by who looks every minute.
        _logger.warning("a staging was left", exc_info=True)


def _settle(staging: Staging | None) -> bool:
    """Settle the next part of a staging, if there is one."""
    if staging is None:
        return True
    rest = [_ROW.group == staging.group, _ROW.customer > staging.settled_to]
    ahead = _ROW.select(_ROW.customer).where(*rest, _ROW.staged != 0).order_by(_ROW.customer)
    last = ahead.offset(PART - 1).limit(1).scalar()
    rows, past = (
        [model.group == staging.group, model.customer > staging.settled_to, *([model.customer <= last] if last else [])]
        for model in (_ROW, _PAST)
    )
    if staging.change_id is None:
        take_back(staging.id, rows, past)
    else:
        _write_down(staging, rows, past)
    if last:
        Staging.update(settled_to=last).where(Staging.id == staging.id).execute()
        return False
    staging.delete_instance()
    if staging.is_of_new:
        Group.delete().where(Group.id == staging.group_id, Group.code == "").execute()
    return not are_over()


def take_back(number: int, rows: list[Any], past: list[Any]) -> None:
    """Take the staging of that number back in the rows of these conditions, as if it had never been."""
    _ROW.delete().where(*rows, _ROW.staged == number).execute()
    _ROW.update(staged=0).where(*rows, _ROW.staged == -number).execute()
    _PAST.delete().where(*past, _PAST.staged == number).execute()


def _write_down(staging: Staging, rows: list[Any], past: list[Any]) -> None:
    moment, change = staging.moment, staging.change_id
    _ROW.update(since=moment, cause=change, staged=0).where(*rows, _ROW.staged == staging.id).execute()
    _ROW.delete().where(*rows, _ROW.staged == -staging.id).execute()
    own = [*past, _PAST.staged == staging.id]
    # An interval that began and ended in one moment was never seen by anybody.
    _PAST.delete().where(*own, _PAST.joined_at >= moment).execute()
    _PAST.update(left_at=moment, left_by=change, staged=0).where(*own).execute()
