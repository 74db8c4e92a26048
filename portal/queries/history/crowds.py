"""The members of a group on a past day, and who joined and left between two: page by page in the order of names.

As with the customer list's filter no single form of the query wins: walking the sort index and probing each customer's
intervals is fast for many, driving from the intervals for few. An interval lasts from when she joined up to, not at,
when she left; a day is looked at from its end.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

import peewee
from peewee import fn

from portal.db import db, is_sqlite
from portal.models import Customer, Group, Membership, PastMembership, Shop
from portal.permissions import Action, Actor, require
from portal.queries.customers import visible_to
from portal.queries.history import causes as find_causes
from portal.queries.history.causes import Cause
from portal.queries.history.days import end_of
from portal.queries.walking import place, walk

PAGE = 50
_ORDER = (Customer.name_key, Customer.id)


@dataclass(frozen=True, slots=True)
class Interval:
    """From when to when somebody is in a group, in UTC, and the changes that began and ended it; None: she still is."""

    joined_at: datetime
    left_at: datetime | None
    joined_by: int
    left_by: int | None


@dataclass(frozen=True)
class Page:
    """One page of customers in order of names, and the codes to go on from, None where there is no further page."""

    rows: list[Customer]
    before: str | None
    after: str | None
    is_lost: bool = False  # the customer to go on from is not there: these are the first rows
    intervals: dict[int, Interval] = field(default_factory=dict)  # by customer id
    causes: dict[int, Cause] = field(default_factory=dict)  # by the number of a change


@dataclass(frozen=True)
class Crowd:
    """Customers of whom `actor` sees her own: those that `source` yields, a select of `customer_id`.

    `tests` ask the same of one customer. `moment` is when each of them has the interval that is told.
    """

    actor: Actor
    group: Group
    moment: datetime
    source: Any
    tests: tuple[Any, ...]

    def count(self) -> int:
        """Return how many they are."""
        if self.actor.shops(Action.SEE_CUSTOMERS) is not None:
            return int(self._driven().count())
        source = self.source.alias("source")
        # Whoever was removed since is in no list; there are few, and an index of them.
        gone = Customer.select(Customer.id).where(Customer.removed_at.is_null(False))
        counted = peewee.Select([source], [fn.COUNT(peewee.SQL("*"))]).where(source.c.customer_id.not_in(gone))
        return int(counted.bind(db).scalar())

    def page(self, n: int, *, after: str = "", before: str = "", size: int = PAGE) -> Page:
        """Return the rows after (or before) the customer whose code is given; `n` is how many there are in all."""
        code = after or before
        anchor = place(self.actor, _ORDER, code) if code else None
        found = self._rows(n, anchor, size, backwards=anchor is not None and not after)
        return self._with_details(replace(found, is_lost=bool(code) and anchor is None))

    def parts(self, n: int, size: int) -> Iterator[Page]:
        """Yield all rows, `size` at a time, each going on from the values that the last row had when it was read."""
        anchor: Sequence[Any] | None = None
        while True:
            found = self._rows(n, anchor, size)
            yield self._with_details(found)
            if found.after is None:
                return
            anchor = [getattr(found.rows[-1], column.name) for column in _ORDER]

    def _rows(self, n: int, anchor: Sequence[Any] | None, size: int, *, backwards: bool = False) -> Page:
        # Walking passes customers until a page is full: as many more as the group is smaller than the store.
        everybody = Customer.select(fn.MAX(Customer.id)).scalar() or 0
        query = self._driven() if n * n < size * everybody else visible_to(self.actor).where(*self.tests)
        return Page(*walk(query, _ORDER, anchor, size, backwards=backwards))

    def _driven(self) -> peewee.ModelSelect:
        source = self.source.alias("source")
        query = visible_to(self.actor).from_(source)
        if is_sqlite():  # which would walk all customers by name, since they are to be sorted so
            return query.join(Customer, peewee.JOIN.CROSS).where(Customer.id == source.c.customer_id)
        return query.join(Customer, on=(Customer.id == source.c.customer_id))

    def _with_details(self, found: Page) -> Page:
        """Add shops, intervals and their causes: a handful of queries, however many rows there are."""
        ids = [row.id for row in found.rows]
        shops = {row.shop_id for row in found.rows if row.shop_id}
        by_id = {shop.id: shop for shop in Shop.select().where(Shop.id.in_(shops))} if shops else {}
        for row in found.rows:
            row.shop = by_id.get(row.shop_id)
        intervals = _intervals_of(self.group, ids, self.moment) if ids else {}
        changes = {change for one in intervals.values() for change in (one.joined_by, one.left_by) if change}
        return replace(found, intervals=intervals, causes=find_causes.of(changes))


def members_at(actor: Actor, group: Group, day: date) -> Crowd:
    """Return the members of `group` at the end of `day`; today, those of now."""
    require(actor, Action.SEE_GROUPS)
    moment = end_of(day)
    present, past = _inside(group, moment)
    return Crowd(actor, group, moment, present.union_all(past), (_is_in(group, moment),))


@dataclass(frozen=True)
class Difference:
    """Who was no member at the end of the one day and was at the end of the other (`joined`), and the reverse."""

    joined: Crowd
    left: Crowd


def difference(actor: Actor, group: Group, one: date, other: date) -> Difference:
    """Return who joined and who left `group` from the end of one day to the end of a later one.

    Who came and went between the two, or went and came back, is in neither.
    """
    require(actor, Action.SEE_GROUPS)
    first, second = end_of(one), end_of(other)
    was, is_ = _is_in(group, first), _is_in(group, second)
    (present, past), (_, earlier) = _inside(group, second), _inside(group, first)

    def outside(moment: datetime, customer: Any) -> list[Any]:
        return [~fn.EXISTS(query) for query in _holding(group, moment, customer)]

    came = present.where(Membership.since >= first, *outside(first, Membership.customer)).union_all(
        past.where(PastMembership.joined_at >= first, *outside(first, PastMembership.customer))
    )
    went = earlier.where(PastMembership.left_at < second, *outside(second, PastMembership.customer))
    return Difference(
        Crowd(actor, group, second, came, (is_, ~was)),
        Crowd(actor, group, first, went, (was, ~is_)),
    )


def _inside(group: Group, moment: datetime) -> tuple[peewee.ModelSelect, peewee.ModelSelect]:
    """Return selects of `customer_id` of the present and of the past intervals of `group` that hold `moment`.

    Together they name nobody twice, for the intervals of one customer never overlap.
    """
    past = PastMembership
    return (
        Membership.select(Membership.customer.alias("customer_id")).where(
            Membership.group == group.id, Membership.since < moment
        ),
        past.select(past.customer.alias("customer_id")).where(
            past.group == group.id, past.joined_at < moment, past.left_at >= moment
        ),
    )


def _holding(group: Group, moment: datetime, customer: Any) -> tuple[Any, Any]:
    """Return selects of a present and of a past interval of the customer in `group` that holds `moment`."""
    now, then = Membership.alias(), PastMembership.alias()
    present = now.select(peewee.SQL("1")).where(now.group == group.id, now.customer == customer, now.since < moment)
    past = then.select(peewee.SQL("1")).where(
        then.group == group.id, then.customer == customer, then.joined_at < moment, then.left_at >= moment
    )
    return present, past


def _is_in(group: Group, moment: datetime) -> Any:
    """Return the same as something to be asked of one customer after the other.

    As EXISTS, PostgreSQL reads the whole group to walk past a hundred customers.
    """
    return fn.COALESCE(*(query.limit(1) for query in _holding(group, moment, Customer.id))).is_null(False)


def _intervals_of(group: Group, customer_ids: list[int], moment: datetime) -> dict[int, Interval]:
    """Return, by customer id, the interval of each of these customers that holds `moment`."""
    present = Membership.select(Membership.customer, Membership.since, Membership.cause).where(
        Membership.group == group, Membership.customer.in_(customer_ids), Membership.since < moment
    )
    past = PastMembership.select(
        PastMembership.customer, PastMembership.joined_at, PastMembership.left_at, PastMembership.joined_by,
        PastMembership.left_by,
    ).where(
        PastMembership.group == group, PastMembership.customer.in_(customer_ids), PastMembership.joined_at < moment,
        PastMembership.left_at >= moment,
    )  # fmt: skip
    found = {row_id: Interval(since, None, cause, None) for row_id, since, cause in present.tuples()}
    return found | {row_id: Interval(*rest) for row_id, *rest in past.tuples()}

