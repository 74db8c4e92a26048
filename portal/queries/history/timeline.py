"""The timeline of one customer over all groups, and of one group over all changes; the newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import peewee
from peewee import fn

from portal.models import Customer, Group, Membership, PastMembership
from portal.permissions import Action, Actor, require
from portal.queries import groups as find_groups
from portal.queries.history import causes
from portal.queries.history.causes import Cause

PAGE = 50


@dataclass(frozen=True, slots=True)
class Stay:
    """From when to when (UTC) a customer is in a group, with the causes; `left_at` and `left` None: she still is."""

    group: Group
    joined_at: datetime
    left_at: datetime | None
    joined: Cause
    left: Cause | None


@dataclass(frozen=True)
class Timeline:
    """One page of stays, and the number of the one to go on after (None: no more)."""

    rows: list[Stay]
    after: int | None
    is_lost: bool = False


def timeline(actor: Actor, customer: Customer, *, after: int | None = None, size: int = PAGE) -> Timeline:
    """Return when `customer` (whom `actor` may see) was in which group: present stays, then those that ended last.

    `after` is the number of an ended stay; without one the present ones come first.
    """
    require(actor, Action.SEE_GROUPS)
    anchor = _end_of(customer, after) if after is not None else None
    is_first = anchor is None
    seen = find_groups.seen_by(actor)
    past = _ended(customer, anchor, size + 1, seen)
    rows = [*(_present(customer, seen) if is_first else []), *past[:size]]
    found = causes.of((change for row in rows for change in (row[4], row[5]) if change), customer)
    stays = [
        Stay(group, joined_at, left_at, found[joined_by], found[left_by] if left_by else None)
        for _, group, joined_at, left_at, joined_by, left_by in rows
    ]
    return Timeline(stays, past[size - 1][0] if len(past) > size else None, is_first and after is not None)


def _present(customer: Customer, seen: Sequence[Any]) -> list[tuple[Any, ...]]:
    query = Membership.select(Membership, Group).join(Group).where(Membership.customer == customer, *seen)
    ordered = query.order_by(Membership.since.desc(), Group.name_key, Group.id)
    return [(0, row.group, row.since, None, row.cause_id, None) for row in ordered]


def _ended(
    customer: Customer, anchor: tuple[Any, ...] | None, limit: int, seen: Sequence[Any]
) -> list[tuple[Any, ...]]:
    query = PastMembership.select(PastMembership, Group).join(Group).where(PastMembership.customer == customer, *seen)
    if anchor is not None:
        query = query.where(peewee.Tuple(PastMembership.left_at, PastMembership.id) < peewee.Tuple(*anchor))
    ordered = query.order_by(PastMembership.left_at.desc(), PastMembership.id.desc()).limit(limit)
    return [(row.id, row.group, row.joined_at, row.left_at, row.joined_by_id, row.left_by_id) for row in ordered]


def _end_of(customer: Customer, stay: int) -> tuple[Any, ...] | None:
    query = PastMembership.select(PastMembership.left_at, PastMembership.id)
    found: tuple[Any, ...] | None = (
        query.where(PastMembership.id == stay, PastMembership.customer == customer).tuples().first()
    )
    return found


@dataclass(frozen=True, slots=True)
class Event:
    """How many customers joined and left a group by one change, of those that the reader may see."""

    cause: Cause
    at: datetime
    n_joined: int
    n_left: int


@dataclass(frozen=True)
class Events:
    """One page of events, and the numbers of changes to go on from, None where there is no further page."""

    rows: list[Event]
    before: int | None
    after: int | None


def events(
    actor: Actor, group: Group, *, after: int | None = None, before: int | None = None, size: int = PAGE
) -> Events:
    """Return what moved the members of `group`, the newest change first: those older than change `after`.

    `before` turns back to those newer than that change.
    """
    require(actor, Action.SEE_GROUPS)
    backwards = before is not None and after is None
    anchor = before if backwards else after
    moved = _moved(actor, group, anchor, size + 1, backwards)
    found = sorted(moved.items(), reverse=not backwards)[: size + 1]
    rows, more = found[:size], len(found) > size
    if backwards:
        rows.reverse()
    known = causes.of(change for change, _ in rows)
    made = [Event(known[change], *told) for change, told in rows]
    has_before, has_after = (more, True) if backwards else (anchor is not None, more)
    first, last = (rows[0][0], rows[-1][0]) if rows else (None, None)
    return Events(made, first if has_before else None, last if has_after else None)


def _moved(
    actor: Actor, group: Group, anchor: int | None, limit: int, backwards: bool
) -> dict[int, tuple[datetime, int, int]]:
    """Return (moment, n joined, n left) by change, of the changes next to `anchor`: at least `limit` where there are.

    Present intervals, and both ends of past ones, are each asked for as many: together in one statement, a group of
    400 000 took twice as long.
    """
    past = PastMembership
    moved: dict[int, tuple[datetime, int, int]] = {}
    for change, at, is_joined in (
        (Membership.cause, Membership.since, True), (past.joined_by, past.joined_at, True),
        (past.left_by, past.left_at, False),
    ):  # fmt: skip
        query = change.model.select(change, fn.MAX(at), fn.COUNT(peewee.SQL("*"))).where(change.model.group == group)
        reach = actor.shops(Action.SEE_CUSTOMERS)
        if reach is not None:
            query = query.join(Customer).where(Customer.shop.in_(reach))
        if anchor is not None:
            query = query.where(change > anchor if backwards else change < anchor)
        order = change.asc() if backwards else change.desc()
        for change_id, moment, n in query.group_by(change).order_by(order).limit(limit).tuples():
            _, joined, left = moved.get(change_id, (moment, 0, 0))
            moved[change_id] = (moment, joined + n, left) if is_joined else (moment, joined, left + n)
    return moved
