"""Keeping `membership` equal to the definition. Every write that can move members ends in `refresh`."""

from dataclasses import dataclass

import peewee
from peewee import fn

from portal.clock import now
from portal.db import db, is_sqlite
from portal.models import Group, Membership, MembershipDelta, PastMembership
from portal.queries import membership
from portal.queries.membership import Slice
from portal.services.changes import Recorder


@dataclass(frozen=True, slots=True)
class Moved:
    """How many memberships began and ended."""

    joined: int
    left: int


def refresh(change: Recorder, *, groups: Slice = None, customers: Slice = None) -> Moved:
    """Make the stored membership of the slice equal to the definition, in the transaction that is open.

    `groups` and `customers` are ids or a select of ids; None means all. The difference is computed once, set-based,
    then written: who leaves moves to `past_membership`, who joins is inserted with `change` as the cause.
    """
    _prepare()
    moment = now()
    for rows, is_joining in (
        (membership.leaving(groups, customers), False),
        (membership.joining(groups, customers), True),
    ):
        part = rows.alias("part")
        MembershipDelta.insert_from(
            peewee.Select([part], [part.c.group_id, part.c.customer_id, peewee.Value(is_joining)]),
            [MembershipDelta.group_id, MembershipDelta.customer_id, MembershipDelta.is_joining],
        ).execute()
    left = _end(change, moment)
    joined = _begin(change, moment)
    if left or joined:
        _count()
    MembershipDelta.delete().execute()
    return Moved(joined, left)


def _prepare() -> None:
    # One temporary table a connection, made when it is first needed; it never outlives the connection. PostgreSQL
    # never vacuums those: emptied at the commit, it does not grow for as long as the connection lives.
    db.execute_sql(
        "CREATE TEMP TABLE IF NOT EXISTS membership_delta"
        " (group_id INTEGER NOT NULL, customer_id INTEGER NOT NULL, is_joining BOOLEAN NOT NULL)"
        + ("" if is_sqlite() else " ON COMMIT DELETE ROWS")
    )


def _end(change: Recorder, moment: object) -> int:
    going = MembershipDelta.select(MembershipDelta.group_id, MembershipDelta.customer_id).where(
        MembershipDelta.is_joining == False  # noqa: E712
    )
    pair = peewee.Tuple(Membership.group, Membership.customer)
    # An interval that began and ended in one moment was never seen by anybody: `joined_at < left_at` always.
    history = Membership.select(
        Membership.group, Membership.customer, Membership.since, peewee.Value(moment), Membership.cause, change.id
    ).where(pair.in_(going), Membership.since < moment)
    PastMembership.insert_from(
        history,
        [
            PastMembership.group,
            PastMembership.customer,
            PastMembership.joined_at,
            PastMembership.left_at,
            PastMembership.joined_by,
            PastMembership.left_by,
        ],
    ).execute()
    return int(Membership.delete().where(pair.in_(going)).execute())


def _begin(change: Recorder, moment: object) -> int:
    coming = MembershipDelta.select(
        MembershipDelta.group_id, MembershipDelta.customer_id, peewee.Value(moment), change.id
    ).where(MembershipDelta.is_joining == True)  # noqa: E712
    n = coming.count()
    if n:
        Membership.insert_from(
            coming, [Membership.group, Membership.customer, Membership.since, Membership.cause]
        ).execute()
    return int(n)


def _count() -> None:
    """Bring the kept member counts of the touched groups up by the difference, never by counting anew."""
    step = fn.SUM(peewee.Case(None, [(MembershipDelta.is_joining == True, 1)], -1))  # noqa: E712
    moved = MembershipDelta.select(MembershipDelta.group_id, step).group_by(MembershipDelta.group_id)
    for group_id, n in list(moved.tuples()):
        Group.update(n_members=Group.n_members + n).where(Group.id == group_id).execute()
