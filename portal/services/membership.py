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
    left = _differing(membership.leaving(groups, customers), is_joining=False)
    joined = _differing(membership.joining(groups, customers), is_joining=True)
    if left or joined:
        moment = now()
        if left:
            _end(change, moment)
        if joined:
            _begin(change, moment)
        _count()
        MembershipDelta.delete().execute()
    return Moved(joined, left)


def _differing(rows: peewee.Select, *, is_joining: bool) -> int:
    """Set aside the (group_id, customer_id) of `rows` and return how many there are."""
    part = rows.alias("part")
    query = MembershipDelta.insert_from(
        peewee.Select([part], [part.c.group_id, part.c.customer_id, peewee.Value(is_joining)]),
        [MembershipDelta.group_id, MembershipDelta.customer_id, MembershipDelta.is_joining],
    )
    return int(db.execute(query).rowcount)


def _prepare() -> None:
    # One temporary table a connection, made when it is first needed; it never outlives the connection. PostgreSQL
    # never vacuums those: emptied at the commit, it does not grow for as long as the connection lives.
    db.execute_sql(
        "CREATE TEMP TABLE IF NOT EXISTS membership_delta"
        " (group_id INTEGER NOT NULL, customer_id INTEGER NOT NULL, is_joining BOOLEAN NOT NULL)"
        + ("" if is_sqlite() else " ON COMMIT DELETE ROWS")
    )


def _end(change: Recorder, moment: object) -> None:
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
    Membership.delete().where(pair.in_(going)).execute()


def _begin(change: Recorder, moment: object) -> None:
    coming = MembershipDelta.select(
        MembershipDelta.group_id, MembershipDelta.customer_id, peewee.Value(moment), change.id
    ).where(MembershipDelta.is_joining == True)  # noqa: E712
    columns = [Membership.group, Membership.customer, Membership.since, Membership.cause]
    Membership.insert_from(coming, columns).execute()


def _count() -> None:
    """Bring the kept member counts of the touched groups up by the difference, never by counting anew."""
    step = fn.SUM(peewee.Case(None, [(MembershipDelta.is_joining == True, 1)], -1))  # noqa: E712
    moved = MembershipDelta.select(MembershipDelta.group_id, step).group_by(MembershipDelta.group_id)
    for group_id, n in list(moved.tuples()):
        Group.update(n_members=Group.n_members + n).where(Group.id == group_id).execute()
