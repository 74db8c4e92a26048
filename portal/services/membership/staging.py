"""Memberships that an act will move, written beforehand in short turns, and switched on together (decision 0096).

Whoever has to write waits for the turn of another. A rule that moves a tenth of a large store would hold it for as long
as a hundred thousand rows take. So whom it moves is found without a turn, then written part by part with the number of
a staging, which nobody sees; the act itself says that the staging counts from now on. Whoever was touched meanwhile is
taken out of it and looked at as always; where anything else was written, the act does without it.
"""

from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import randbelow
from typing import Any

import peewee
from peewee import fn

from portal.clock import now
from portal.db import db, in_chunks, insert_from
from portal.errors import Busy
from portal.models import (
    Change,
    Customer,
    Group,
    GroupItem,
    MembershipDelta,
    MembershipRow,
    PastMembershipRow,
    Staging,
)
from portal.queries.membership import Slice
from portal.queries.uses import naming
from portal.services import guards
from portal.services.membership import foreseen, touched
from portal.services.membership.foreseen import Plan, Sight
from portal.services.membership.pace import Pace
from portal.services.membership.settling import PART, is_over_in, leave, settle, take_back
from portal.services.membership.writing import Moved, bring_up, count, is_collecting, summed
from portal.services.recorder import Recorder

MOST = 2_000  # who move; more of them are staged
_LONGEST = 10_000  # customers that are looked at one by one; beyond that it takes longer than asking everybody
KEPT = timedelta(seconds=60)  # how long a staging waits for whoever writes it to go on
_NUMBERS = 2**31 - 1
_ROW, _PAST = MembershipRow, PastMembershipRow
_ahead: ContextVar["Staged | None"] = ContextVar("ahead", default=None)


@dataclass(slots=True)
class Staged:
    """Who an act will make join a group, or leave it, by their ids in ascending order, as it was seen beforehand.

    `number` is that of the staging; None where they are few, who are written by the act itself.
    """

    sight: Sight
    joining: Sequence[int]
    leaving: Sequence[int]
    number: int | None = None


@contextmanager
def ahead(ask: Callable[[], Plan | None], call: Callable[[], guards.Call] | None = None) -> Iterator[int | None]:
    """Find whom an act will move, and stage them if they are many; the act, in the block, refreshes by that.

    `ask` returns what the act is to do. Everything is left to the act where it returns none, the store is small,
    nothing could be seen beforehand, or somebody else is staging in that group. Stands around the act's transaction;
    inside one it does nothing. Yields the number that a group which is to be made has to get, None for any. `call` is
    that of the act, for the guard rails: what they would stop is not written first. Raises what `ask` raises,
    NeedsApproval and Busy.
    """
    staged = None if db.in_transaction() else _seen(ask)
    if staged is None:
        yield None
        return
    n_moves = len(staged.joining), len(staged.leaving)
    is_many = sum(n_moves) > MOST
    if is_many and call is not None:
        guards.check({staged.sight.group_id: n_moves}, {}, call)
    try:
        if is_many:
            _stage(staged)
        token = _ahead.set(staged)
        try:
            has_row = staged.sight.made is not None and staged.number is not None
            yield staged.sight.group_id if has_row else None
        finally:
            _ahead.reset(token)
    finally:
        if staged.number is not None:
            leave(staged.number)


def of(groups: Slice, customers: Slice) -> Staged | None:
    """Return what `ahead` has found for a refresh of that slice, once: it is done by it, or in vain."""
    staged = _ahead.get()
    if staged is None or customers is not None or groups != [staged.sight.group_id]:
        return None
    _ahead.set(None)
    return staged


def _seen(ask: Callable[[], Plan | None]) -> Staged | None:
    with foreseen.moves(ask) as sight:
        if sight is None:
            return None
        joining, leaving = (array("q", _moving(is_joining)) for is_joining in (True, False))
        return Staged(sight, joining, leaving)


def _moving(is_joining: bool) -> Iterator[int]:
    query = MembershipDelta.select(MembershipDelta.customer_id).where(MembershipDelta.is_joining == is_joining)
    for (customer_id,) in db.execute(query.order_by(MembershipDelta.customer_id)):
        yield customer_id


# ---- writing beforehand ----


def _stage(staged: Staged) -> None:
    """Write whom the act will move under the number of a new staging, unless another act is at that in this group."""
    pace = Pace()
    while is_over_in(staged.sight.group_id) and not settle(pace):
        pass
    with pace.turn():
        if Staging.select().where(Staging.group == staged.sight.group_id).exists():
            return
        if staged.sight.made is not None:
            # Deleted, it is no group to anybody; settling takes the row away again unless the act has made one of it.
            staged.sight = staged.sight.of_made(Group.insert(code="", status="deleted").execute())
        group_id = staged.sight.group_id
        # Drawn: SQLite gives the number of one that is gone to the next, where whoever still held it would write.
        staged.number = randbelow(_NUMBERS) + 1
        Staging.insert(
            id=staged.number, group=group_id, kept_until=now() + KEPT, is_of_new=staged.sight.made is not None
        ).execute()
        cause = Change.select(fn.MAX(Change.id)).scalar()
    for write, ids in ((_join, staged.joining), (_go, staged.leaving)):
        for part in in_chunks(ids, PART):
            with pace.turn():
                _keep(staged.number)
                write(group_id, staged.number, cause, part)


def _keep(staging_id: int) -> None:
    moment = now()
    if not Staging.update(kept_until=moment + KEPT).where(*_stands(staging_id, moment)).execute():
        raise Busy  # it was given up meanwhile


def _stands(staging_id: int, moment: datetime) -> list[Any]:
    # Where two clocks differ, somebody may take back by hers what by another's has not run out.
    return [
        Staging.id == staging_id, Staging.kept_until > moment, Staging.settled_to == 0, Staging.change.is_null()
    ]  # fmt: skip


def _join(group_id: int, number: int, cause: int, part: Sequence[int]) -> None:
    # Who has a row by now has joined otherwise: she was touched, and is looked at in the end.
    people = Customer.select(group_id, Customer.id, peewee.Value(now()), cause, number).where(Customer.id.in_(part))
    columns = [_ROW.group, _ROW.customer, _ROW.since, _ROW.cause, _ROW.staged]
    db.execute(_ROW.insert_from(people, columns).on_conflict_ignore().returning())


def _go(group_id: int, number: int, _cause: int, part: Sequence[int]) -> None:
    there = [_ROW.group == group_id, _ROW.customer.in_(part)]
    _ROW.update(staged=-number).where(*there, _ROW.staged == 0).execute()
    history = _ROW.select(_ROW.group, _ROW.customer, _ROW.since, _ROW.since, _ROW.cause, _ROW.cause, number)
    columns = [
        _PAST.group, _PAST.customer, _PAST.joined_at, _PAST.left_at, _PAST.joined_by, _PAST.left_by, _PAST.staged
    ]  # fmt: skip
    insert_from(_PAST, history.where(*there, _ROW.staged == -number), columns)


# ---- switching on ----


def switch_on(staged: Staged, change: Recorder, moment: datetime) -> Moved | None:
    """Move in the open transaction whom the act moves, as it was seen, and return how many; None: it holds no more.

    Whoever was touched since is looked at anew, as are all groups made of this one.
    """
    sight = staged.sight
    own = change.id if change.is_made else 0  # what has written nothing is no change, and is not to become one here
    if not sight.holds(own):
        return None
    people = sorted({customer_id for (customer_id,) in db.execute(touched.customers(sight.after_row))})
    if staged.number is None:
        ids = sorted({*staged.joining, *staged.leaving, *people})
        if len(ids) > _LONGEST:
            return None  # many, and another act was at it
        return summed(bring_up(change, moment, [sight.group_id], part) for part in in_chunks(ids))
    if not _is_switched(staged.number, change, moment):
        return None
    moved = [_counted(staged, people, change)]
    moved += [bring_up(change, moment, [sight.group_id], part) for part in in_chunks(people)]
    if is_collecting() or GroupItem.select().where(naming([sight.group_id])).exists():
        _tell(sight.group_id, staged.number)
        bring_up(change, moment, [sight.group_id], [])
    return summed(moved)


def _is_switched(number: int, change: Recorder, moment: datetime) -> bool:
    return bool(Staging.update(change=change.id, moment=moment).where(*_stands(number, moment)).execute())


def _counted(staged: Staged, people: Sequence[int], change: Recorder) -> Moved:
    """Take these customers out of the staging, and count all others of it."""
    group_id, others = staged.sight.group_id, set(people)
    for part in in_chunks(people):
        rows, past = ([model.group == group_id, model.customer.in_(part)] for model in (_ROW, _PAST))
        take_back(staged.number or 0, rows, past)
    joined, left = (sum(one not in others for one in ids) for ids in (staged.joining, staged.leaving))
    count(change, group_id, joined, left)
    return Moved(joined, left)


def _tell(group_id: int, number: int) -> None:
    """Set aside whom the staging has moved, for the groups that are made of this one."""
    moved = _ROW.select(_ROW.group, _ROW.customer, _ROW.staged > 0, peewee.Value(True))
    delta = MembershipDelta
    columns = [delta.group_id, delta.customer_id, delta.is_joining, delta.is_written]
    insert_from(delta, moved.where(_ROW.group == group_id, _ROW.staged.in_([number, -number])), columns)
