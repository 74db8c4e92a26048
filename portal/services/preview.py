"""Preview: what an act would move, by doing it and taking it back; it is the very difference that the save writes."""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

import peewee
from peewee import fn

from portal.clock import now
from portal.db import db, is_sqlite, transaction
from portal.models import Customer, Group, GroupItem, MembershipDelta
from portal.permissions import Action, Actor, require
from portal.queries.customers import visible_to
from portal.queries.uses import naming
from portal.services import guards, membership, once
from portal.services.membership import Plan, foreseen

NAMED = 50  # who is named of each list
_MANY = 20_000  # of so many who move, the first by name are looked for among the first of all customers
_FIRST = 5_000


@dataclass(frozen=True, slots=True)
class Moves:
    """What would become of one group: how many join and leave, its members afterwards, and the first of them by name.

    `joining` and `leaving` count everybody; those named are whom the person may see.
    """

    group: Group
    joining: int
    leaving: int
    n_after: int
    who_joins: list[Customer]
    who_leaves: list[Customer]


@dataclass(frozen=True, slots=True)
class Preview:
    """What an act would move, group by group, the largest first; `fingerprint` differs where anybody else moves."""

    moves: list[Moves]
    fingerprint: str

    def of(self, group_id: int) -> Moves | None:
        """Return what would become of that group; None where nobody moves."""
        return next((one for one in self.moves if one.group.id == group_id), None)

    def others(self, group_id: int) -> list[Moves]:
        """Return what would become of the other groups."""
        return [one for one in self.moves if one.group.id != group_id]


class _TakenBack(Exception):
    pass


def of(
    actor: Actor, act: Callable[[], object], *, named: int = NAMED, ask: Callable[[], Plan | None] | None = None
) -> Preview:
    """Return what `act`, a call of a service, would move; nothing of it is stored.

    `ask` returns what the act would do to the rules of a group: in a large store that is then looked at without a turn,
    unless other groups are made of it. Must not be called inside a transaction. Raises whatever the act raises, and
    Busy.
    """
    require(actor, Action.SEE_GROUPS)
    if ask is not None and (seen := _seen(actor, ask, named)) is not None:
        return seen
    with once.aside(), transaction(), suppress(_TakenBack), db.atomic():
        membership.catch_up(now())  # what the clock moves is none of the act's
        newest = newest_ids()
        with membership.collecting(is_taken_back=True), guards.passing(guards.Leave()):
            act()
            preview = read(actor, newest, named)
        raise _TakenBack
    return preview


def _seen(actor: Actor, ask: Callable[[], Plan | None], named: int) -> Preview | None:
    with foreseen.moves(ask) as sight:
        if sight is None or GroupItem.select().where(naming([sight.group_id])).exists():
            return None
        return read(actor, newest_ids(), named, sight)


class Newest(NamedTuple):
    """The largest ids there are; what is above them the act itself has made, under another id each time it is done."""

    customer: int
    group: int


def newest_ids() -> Newest:
    """Return the largest id of a customer and of a group there is now."""
    return Newest(*(int(model.select(fn.MAX(model.id)).scalar() or 0) for model in (Customer, Group)))


def read(actor: Actor, newest: Newest, named: int = NAMED, ahead: foreseen.Sight | None = None) -> Preview:
    """Return what has moved since `membership.collecting` began, in the transaction that is open.

    `ahead` is what was seen of who moves where that is only set aside, and nobody has moved.
    The fingerprint counts customers and groups above the ids `newest` without looking who they are.
    """
    step = fn.SUM(peewee.Case(None, [(MembershipDelta.is_joining == True, 1)], -1))  # noqa: E712
    # Who comes and goes within one act has not moved.
    net = (
        MembershipDelta.select(MembershipDelta.group_id, MembershipDelta.customer_id, step.alias("step"))
        .group_by(MembershipDelta.group_id, MembershipDelta.customer_id)
        .having(step != 0)
    )
    moved = net.alias("moved")
    joins = fn.SUM(peewee.Case(None, [(moved.c.step > 0, 1)], 0))
    query = peewee.Select(
        [moved], [moved.c.group_id, joins, fn.COUNT(moved.c.customer_id)]
    ).group_by(moved.c.group_id)
    counted = sorted((int(group), int(n_in), int(n) - int(n_in)) for group, n_in, n in db.execute(query))
    groups = {group.id: group for group in Group.select().where(Group.id.in_([row[0] for row in counted]))}
    if ahead is not None and ahead.made is not None:
        groups[ahead.group_id] = ahead.made
    moves = [
        Moves(
            groups[group_id], joining, leaving,
            groups[group_id].n_members + (0 if ahead is None else joining - leaving),
            _named(actor, net, group_id, min(joining, named), joining, is_joining=True),
            _named(actor, net, group_id, min(leaving, named), leaving, is_joining=False),
        )
        for group_id, joining, leaving in counted
    ]  # fmt: skip
    moves.sort(key=lambda one: (-one.joining - one.leaving, one.group.name_key, one.group.id))
    return Preview(moves, _fingerprint(net, newest))


def _fingerprint(net: peewee.ModelSelect, newest: Newest) -> str:
    """Return a hash of who moves where, as one text in one order: a sum is the same for many sets of customers."""
    moved = net.alias("moved")
    known = [
        peewee.Case(None, [(column <= largest, column)], 0)
        for column, largest in ((moved.c.group_id, newest.group), (moved.c.customer_id, newest.customer))
    ]
    ordered = peewee.Select(
        [moved], [known[0].alias("group_id"), known[1].alias("customer_id"), moved.c.step.alias("step")]
    ).order_by(peewee.SQL("1"), peewee.SQL("2"), peewee.SQL("3"))
    row = ordered.alias("row")
    told = peewee.NodeList(
        [peewee.Cast(row.c.group_id, "text"), peewee.SQL("|| ' ' ||"), peewee.Cast(row.c.customer_id, "text"),
         peewee.SQL("|| ' ' ||"), peewee.Cast(row.c.step, "text")]
    )  # fmt: skip
    joined = fn.group_concat(told, "\n") if is_sqlite() else fn.string_agg(told, "\n")
    ((text,),) = db.execute(peewee.Select([row], [joined]))
    return hashlib.sha256((text or "").encode()).hexdigest()


def _named(
    actor: Actor, net: peewee.ModelSelect, group_id: int, limit: int, n_moved: int, *, is_joining: bool
) -> list[Customer]:
    if not limit:
        return []

    def among(*conditions: Any) -> list[Customer]:
        moved = net.where(MembershipDelta.group_id == group_id, *conditions).alias("moved")
        ids = peewee.Select([moved], [moved.c.customer_id]).where(moved.c.step > 0 if is_joining else moved.c.step < 0)
        seen = visible_to(actor).where(Customer.id.in_(ids))
        return list(seen.order_by(Customer.name_key, Customer.id).limit(limit))

    if n_moved >= _MANY:
        # Sorting all who move by name means reading them all, which takes seconds of the turn to write.
        early = Customer.alias()
        first = early.select(early.id).where(early.removed_at.is_null()).order_by(early.name_key, early.id)
        found = among(MembershipDelta.customer_id.in_(first.limit(_FIRST)))
        if len(found) == limit:
            return found
    return among()
