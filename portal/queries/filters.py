"""The customer list's filter: groups any / all / none of, shop and text, page by page.

No single form of the query wins (performance.md, Findings): walking the sort index and probing membership is fast
when many fit, driving from the smallest group is fast when few do. The kept member counts choose.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import peewee
from peewee import fn

from portal.db import db, is_sqlite
from portal.models import Customer, Group, Membership, Shop
from portal.permissions import Action, Actor
from portal.queries import badges
from portal.queries import groups as find_groups
from portal.queries.customers import matching, visible_to, words
from portal.queries.walking import place, walk

PAGE = 50
COUNT_CAP = 10_000  # a count beyond this is said as "more than", so that it never holds up the rows
_TEXT_PROBE = 2_000  # a text that fits more rows than this is common: walk instead
SORTS: dict[str, tuple[Any, ...]] = {
    "name": (Customer.name_key, Customer.id),
    "code": (Customer.code_key,),
    "created": (Customer.id,),
}


@dataclass(frozen=True)
class Filter:
    """What the list is asked for; groups and shops as rows, `sort` a key of SORTS, with a minus for descending."""

    q: str = ""
    any: tuple[Group, ...] = ()
    all: tuple[Group, ...] = ()
    none: tuple[Group, ...] = ()
    shops: tuple[Shop, ...] = ()
    sort: str = "name"

    @property
    def is_empty(self) -> bool:
        """Tell whether the filter lets everybody through."""
        return not (self.q.strip() or self.any or self.all or self.none or self.shops)


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
    anchor = place(actor, _columns(wanted), code) if code else None
    found = _rows(actor, wanted, anchor, size, anchor is not None and not after)
    return _with_details(actor, replace(found, is_lost=bool(code) and anchor is None))


def after(actor: Actor, wanted: Filter, beyond: Sequence[Any] | None, size: int, *conditions: Any) -> Page:
    """Return the rows beyond a place (None: from the first), at most `size`, of those that meet the conditions too."""
    return _with_details(actor, _rows(actor, wanted, beyond, size, conditions=conditions))


def place_of(customer: Customer, wanted: Filter) -> list[Any]:
    """Return the place of a row in the order of the filter, as it was when the row was read."""
    return [getattr(customer, column.name) for column in _columns(wanted)]


def _rows(
    actor: Actor, wanted: Filter, anchor: Sequence[Any] | None, size: int, backwards: bool = False,
    conditions: Sequence[Any] = (),
) -> Page:  # fmt: skip
    query = select(actor, wanted)
    if conditions:
        query = query.where(*conditions)
    descending = wanted.sort.startswith("-")
    return Page(*walk(query, _columns(wanted), anchor, size, descending=descending, backwards=backwards))


def _columns(wanted: Filter) -> tuple[Any, ...]:
    return SORTS[wanted.sort.lstrip("-")]


def _with_details(actor: Actor, found: Page) -> Page:
    """Add shops and group badges: two queries for the page, however many rows it has."""
    shops = {row.shop_id for row in found.rows if row.shop_id}
    by_id = {shop.id: shop for shop in Shop.select().where(Shop.id.in_(shops))} if shops else {}
    for row in found.rows:
        row.shop = by_id.get(row.shop_id)
    return replace(found, groups=badges.of_customers(actor, [row.id for row in found.rows]))


def count(actor: Actor, wanted: Filter, cap: int | None = COUNT_CAP) -> tuple[int, bool]:
    """Return how many fit and whether that is exact: counting stops at `cap` (None: never)."""
    inner = select(actor, wanted, for_count=True)
    if cap is not None:
        inner = inner.limit(cap + 1)
    part = inner.select(peewee.SQL("1").alias("one")).alias("part")
    n = peewee.Select([part], [fn.COUNT(peewee.SQL("*"))]).bind(db).scalar()
    return (min(n, cap), n <= cap) if cap is not None else (n, True)


def select(actor: Actor, wanted: Filter, *, for_count: bool = False) -> peewee.ModelSelect:
    """Return the select of fitting customers that `actor` may see, driven from where the fewest rows are."""
    drivers = _drivers(actor, wanted)
    query = visible_to(actor)
    chosen = min(drivers, key=lambda driver: driver.n) if drivers else None
    if chosen and (for_count or _drive_is_cheaper(chosen, drivers)):
        source = chosen.source.alias("driver")
        query = query.from_(source).join(
            Customer, peewee.JOIN.CROSS if is_sqlite() else peewee.JOIN.INNER,
            on=None if is_sqlite() else (Customer.id == source.c.customer_id),
        )
        if is_sqlite():
            query = query.where(Customer.id == source.c.customer_id)
    else:
        chosen = None
    for driver in drivers:
        left = driver.rest if driver is chosen else driver.conditions
        if left:
            query = query.where(*left)
    if wanted.none:
        query = query.where(~_in_any(wanted.none))
    if wanted.shops:
        query = query.where(Customer.shop.in_([shop.id for shop in wanted.shops]))
    return query


@dataclass(frozen=True)
class _Driver:
    """One condition of the filter as something to start from (`source`, about `n` rows) or to test (`conditions`).

    `rest` is what the source leaves to be tested.
    """

    n: int
    source: Any
    conditions: list[Any]
    rest: Sequence[Any] = ()


def _drivers(actor: Actor, wanted: Filter) -> list[_Driver]:
    drivers = [_Driver(group.n_members, _members((group,)), [_in_any((group,))]) for group in wanted.all]
    if wanted.any:
        n = sum(group.n_members for group in wanted.any)
        drivers.append(_Driver(n, _members(wanted.any).distinct(), [_in_any(wanted.any)]))
    if wanted.q.strip():
        drivers.append(_text(actor, wanted.q))
    return drivers


def _members(groups: Sequence[Group]) -> peewee.ModelSelect:
    return Membership.select(Membership.customer.alias("customer_id")).where(
        Membership.group.in_([group.id for group in groups])
    )


def _in_any(groups: Sequence[Group]) -> Any:
    member = Membership.alias()
    probe = member.select(peewee.SQL("1")).where(
        member.customer == Customer.id, member.group.in_([group.id for group in groups])
    )
    return fn.EXISTS(probe)


def _text(actor: Actor, text: str) -> _Driver:
    conditions: list[Any] = list(matching(actor, text)) or [peewee.Value(1) == 1]
    everybody = _total()
    parts = _indexed_words(text)
    if not parts or actor.masked_anywhere() & {"email", "phone"}:
        return _Driver(everybody, Customer.select(Customer.id.alias("customer_id")).where(*conditions), conditions)
    source = _holding(parts)
    probe = source.limit(_TEXT_PROBE).alias("probe")
    n = peewee.Select([probe], [fn.COUNT(peewee.SQL("*"))]).bind(db).scalar()
    # FTS5 finds exactly the rows that hold its words; shorter words, and PostgreSQL's hashes, are looked at once more.
    is_exact = is_sqlite() and len(parts) == len(words(text))
    return _Driver(n if n < _TEXT_PROBE else everybody, source, conditions, () if is_exact else conditions)


def _indexed_words(text: str) -> list[str]:
    """Return the words of three characters or more; shorter ones have no trigram and are in no index."""
    parts = []
    for word in words(text):
        bare = word.lstrip("0") if word.isdigit() else word
        parts.append(bare if len(bare) >= 4 else word)
    return [part for part in parts if len(part) >= 3]


def _holding(parts: Sequence[str]) -> Any:
    """Return a select of the ids of customers whose searched text holds all parts; on PostgreSQL a few more."""
    if is_sqlite():
        needle = " AND ".join('"' + part.replace('"', '""') + '"' for part in parts)
        return peewee.Select([peewee.Table("customer_search")], [peewee.SQL("rowid").alias("customer_id")]).where(
            peewee.SQL("customer_search MATCH ?", [needle])
        )
    held = fn.customer_trigrams(Customer.search)
    return Customer.select(Customer.id.alias("customer_id")).where(
        *(peewee.Expression(held, "@>", fn.customer_trigrams(part)) for part in parts)
    )


def _drive_is_cheaper(chosen: _Driver, drivers: Sequence[_Driver]) -> bool:
    """Compare the rows a walk would pass until a page is full with the rows of the smallest driver."""
    everybody = max(_total(), 1)
    share = 1.0
    for driver in drivers:
        share *= min(driver.n / everybody, 1.0)
    walked = PAGE / share if share else float("inf")
    return chosen.n < walked


def _total() -> int:
    """Return about how many customers there are: the largest id, one look into the primary key."""
    return Customer.select(fn.MAX(Customer.id)).scalar() or 0


class Choice(NamedTuple):
    """What a select offers of a group or a shop; hundreds of them a page, so they come as the database gives them."""

    id: int
    code: str
    label: str


def group_choices(actor: Actor) -> list[Choice]:
    """Return the active groups that the filter offers to `actor`, in name order."""
    if not actor.may(Action.SEE_GROUPS):
        return []
    query = find_groups.visible_to(actor).select(Group.id, Group.code, Group.name).where(Group.status == "active")
    rows = db.execute(query.order_by(Group.name_key, Group.code))
    return [Choice(row_id, code, name or code) for row_id, code, name in rows]


def shop_choices(actor: Actor) -> list[Choice]:
    """Return the shops that the filter offers to `actor`, in name order."""
    reach = actor.shops(Action.SEE_CUSTOMERS)
    query = Shop.select(Shop.id, Shop.code, Shop.name).where(Shop.removed_at.is_null())
    query = query.order_by(Shop.name_key, Shop.id)
    return [Choice(*row) for row in db.execute(query if reach is None else query.where(Shop.id.in_(reach)))]
