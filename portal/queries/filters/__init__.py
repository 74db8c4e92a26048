"""The customer list's filter: groups any / all / none of, shop and text, page by page.

No single form of the query wins (performance.md, Findings): walking the sort index and probing membership is fast
when many fit, driving from the smallest group is fast when few do. The kept member counts choose.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import peewee
from peewee import fn

from portal.db import db, is_sqlite
from portal.models import Customer, Field, Group, Shop
from portal.permissions import Actor
from portal.queries import badges
from portal.queries.customers import visible_to
from portal.queries.filters.choices import Choice, group_choices, shop_choices
from portal.queries.filters.drivers import PAGE, drivers_of, in_any, is_cheaper
from portal.queries.filters.fields import FieldTest
from portal.queries.filters.sorting import SORTS, ByField
from portal.queries.walking import place, walk, walk_along

COUNT_CAP = 10_000  # a count beyond this is said as "more than", so that it never holds up the rows


@dataclass(frozen=True)
class Filter:
    """What the list is asked for; groups and shops as rows, fields as tests of rules.

    `sort` is a key of SORTS or the code of the own field `by`, with a minus for descending.
    """

    q: str = ""
    any: tuple[Group, ...] = ()
    all: tuple[Group, ...] = ()
    none: tuple[Group, ...] = ()
    shops: tuple[Shop, ...] = ()
    fields: tuple[FieldTest, ...] = ()
    sort: str = "name"
    by: Field | None = None

    @property
    def is_empty(self) -> bool:
        """Tell whether the filter lets everybody through."""
        return not (self.q.strip() or self.any or self.all or self.none or self.shops or self.fields)


@dataclass(frozen=True)
class Page:
    """One page of rows in order, and the codes to go on from, None where there is no further page."""

    rows: list[Customer]
    before: str | None
    after: str | None
    groups: dict[int, list[Group]] = field(default_factory=dict)  # by customer id
    is_lost: bool = False  # the customer to go on from is not there: these are the first rows

    @property
    def badges(self) -> list[Group]:
        """Return each group that anybody on the page is in, once."""
        return list({group.id: group for groups in self.groups.values() for group in groups}.values())


def page(actor: Actor, wanted: Filter, *, after: str = "", before: str = "", size: int = PAGE) -> Page:
    """Return the rows after (or before) the customer whose code is given, at most `size`, with shops and groups.

    When there is no such customer any more, or none that `actor` sees, these are the first rows, and `is_lost`.
    """
    code = after or before
    anchor = _place(actor, wanted, code) if code else None
    found = _rows(actor, wanted, anchor, size, anchor is not None and not after)
    return _with_details(actor, replace(found, is_lost=bool(code) and anchor is None))


def after(actor: Actor, wanted: Filter, beyond: Sequence[Any] | None, size: int, *conditions: Any) -> Page:
    """Return the rows beyond a place (None: from the first), at most `size`, of those that meet the conditions too."""
    return _with_details(actor, _rows(actor, wanted, beyond, size, conditions=conditions))


def place_of(customer: Customer, wanted: Filter) -> list[Any]:
    """Return the place of a row in the order of the filter, as it was when the row was read."""
    if wanted.by is not None:
        return [customer.sort_key, customer.id]
    return [getattr(customer, column.name) for column in SORTS[wanted.sort.lstrip("-")]]


def _place(actor: Actor, wanted: Filter, code: str) -> tuple[Any, ...] | None:
    if wanted.by is not None:
        return ByField(wanted.by).place(actor, code)
    return place(actor, SORTS[wanted.sort.lstrip("-")], code)


def _rows(
    actor: Actor, wanted: Filter, anchor: Sequence[Any] | None, size: int, backwards: bool = False,
    conditions: Sequence[Any] = (),
) -> Page:  # fmt: skip
    query, is_driven = _driven(actor, wanted)
    if conditions:
        query = query.where(*conditions)
    descending = wanted.sort.startswith("-")
    if wanted.by is None:
        columns = SORTS[wanted.sort.lstrip("-")]
        return Page(*walk(query, columns, anchor, size, descending=descending, backwards=backwards))
    order, is_down = ByField(wanted.by), descending != backwards
    valued = order.further(query) if is_driven else order.first(query)
    stretches = order.stretches(valued, order.without(query), anchor, is_down=is_down, backwards=backwards)
    return Page(*walk_along(stretches, size, is_down=is_down, is_first=anchor is None, backwards=backwards))


def _with_details(actor: Actor, found: Page) -> Page:
    """Add shops and group badges: two queries for the page, however many rows it has."""
    shops = {row.shop_id for row in found.rows if row.shop_id}
    by_id = {shop.id: shop for shop in Shop.select().where(Shop.id.in_(shops))} if shops else {}
    for row in found.rows:
        row.shop = by_id.get(row.shop_id)
    return replace(found, groups=badges.of_customers(actor, [row.id for row in found.rows]))


def count(actor: Actor, wanted: Filter, cap: int | None = COUNT_CAP) -> tuple[int, bool]:
    """Return how many fit and whether that is exact: counting stops at `cap` (None: never)."""
    wanted = replace(wanted, sort="name", by=None)  # the order is nothing to count by
    if cap is None and wanted.none and replace(wanted, none=()).is_empty:
        # Nearly everybody: counting the others takes a fraction of looking at each who is not among them.
        return count(actor, Filter(), None)[0] - count(actor, Filter(any=wanted.none), None)[0], True
    inner = select(actor, wanted, for_count=True)
    if cap is not None:
        inner = inner.limit(cap + 1)
    part = inner.select(peewee.SQL("1").alias("one")).alias("part")
    n = peewee.Select([part], [fn.COUNT(peewee.SQL("*"))]).bind(db).scalar()
    return (min(n, cap), n <= cap) if cap is not None else (n, True)


def select(actor: Actor, wanted: Filter, *, for_count: bool = False) -> peewee.ModelSelect:
    """Return the select of fitting customers that `actor` may see, driven from where the fewest rows are."""
    return _driven(actor, wanted, for_count=for_count)[0]


def _driven(actor: Actor, wanted: Filter, *, for_count: bool = False) -> tuple[peewee.ModelSelect, bool]:
    """Return the select, and whether it starts from something else than the customers themselves."""
    drivers = drivers_of(actor, wanted)
    query = visible_to(actor)
    chosen = min(drivers, key=lambda driver: driver.n) if drivers else None
    if chosen and (for_count or is_cheaper(chosen, drivers, PAGE)):
        source = chosen.source.alias("driver")
        query = query.from_(source).join(
            Customer,
            peewee.JOIN.CROSS if is_sqlite() else peewee.JOIN.INNER,
            on=None if is_sqlite() else (Customer.id == source.c.customer_id),
        )
        if is_sqlite():
            query = query.where(Customer.id == source.c.customer_id)
    else:
        chosen = None
    for driver in drivers:
        if left := driver.left(chosen):
            query = query.where(*left)
    if wanted.none:
        query = query.where(~in_any(wanted.none))
    if wanted.shops:
        query = query.where(Customer.shop.in_([shop.id for shop in wanted.shops]))
    return query, chosen is not None


__all__ = [
    "COUNT_CAP", "PAGE", "SORTS", "Choice", "FieldTest", "Filter", "Page", "after", "count", "group_choices", "page",
    "place_of", "select", "shop_choices",
]  # fmt: skip
