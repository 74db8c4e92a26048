"""What a filter can be driven from, and whether that is cheaper than walking the sort index."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isqrt
from typing import TYPE_CHECKING, Any

import peewee
from peewee import fn

from portal.db import db, is_sqlite, unindexed
from portal.models import Customer, Group, Membership
from portal.permissions import Action, Actor
from portal.queries.customers import matching as text_fits
from portal.queries.customers import visible_to, words
from portal.queries.filters.fields import FieldTest

if TYPE_CHECKING:
    from portal.queries.filters import Filter

PAGE = 50  # rows that a walk looks for
_FEW = 2_000  # rows that are worth counting however few customers there are
_HELD = 100_000  # ids that are gathered for a walk to ask for: in some 20 ms
_N = fn.COUNT(peewee.SQL("*"))
_LAST = "\U0010ffff"  # the last sign there is: behind all that begin with the same


@dataclass(frozen=True)
class Driver:
    """One condition of the filter as something to start from (`source`, about `n` rows) or to test (`conditions`).

    `rest` is what the source leaves to be tested. `held` are the same conditions for a walk, asking for gathered ids
    before a row is read.
    """

    n: int
    source: Any
    conditions: list[Any]
    rest: Sequence[Any] = ()
    held: Sequence[Any] = ()

    def left(self, chosen: "Driver | None") -> Sequence[Any]:
        """Return what is to be tested of each row that `chosen` gives, or the walk if it is None."""
        if chosen is None:
            return self.held or self.conditions
        return self.rest if chosen is self else self.conditions


def drivers_of(actor: Actor, wanted: "Filter") -> list[Driver]:
    """Return what of a filter can be driven from: the groups to be in, the text, the fields."""
    drivers = [Driver(group.n_members, _members((group,)), [in_any((group,))]) for group in wanted.all]
    if wanted.any:
        n = sum(group.n_members for group in wanted.any)
        drivers.append(Driver(n, _members(wanted.any).distinct(), [in_any(wanted.any)]))
    if wanted.q.strip():
        drivers.append(_text(actor, wanted.q))
    drivers += [_field(test) for test in wanted.fields]
    if wanted.by is not None and (wanted.shops or actor.shops(Action.SEE_CUSTOMERS) is not None):
        drivers.append(_shops(actor, wanted))
    return drivers


def _shops(actor: Actor, wanted: "Filter") -> Driver:
    # The index of names has the shop in front, that of an own field has not.
    source = visible_to(actor).select(Customer.id.alias("customer_id"))
    if wanted.shops:
        source = source.where(Customer.shop.in_([shop.id for shop in wanted.shops]))
    return Driver(_about(source), source, [])


def _field(test: FieldTest) -> Driver:
    source = test.source()
    return Driver(_about(source), source, [test.fits()])


def _about(source: Any) -> int:
    """Return how many rows a source has if they are few, or else about how many customers there are: walk instead."""
    n = int(_counted(source, _FEW, _N)[0])
    if n < _FEW:
        return n
    everybody = _total()
    few = _few(everybody)
    n = n if few == _FEW else int(_counted(source, few, _N)[0])
    return n if n < few else everybody


def _few(everybody: int) -> int:
    """Return how many of so many are few: of more, a walk meets a page before it has passed as many rows."""
    return max(_FEW, isqrt(PAGE * everybody))


def _counted(source: Any, most: int, *figures: Any) -> Any:
    probe = source.limit(most).alias("probe")
    return peewee.Select([probe], figures).tuples().bind(db).get()


def _members(groups: Sequence[Group]) -> peewee.ModelSelect:
    return Membership.select(Membership.customer.alias("customer_id")).where(
        Membership.group.in_([group.id for group in groups])
    )


def in_any(groups: Sequence[Group]) -> Any:
    """Return the condition that a customer is in any of the groups."""
    member = Membership.alias()
    probe = member.select(peewee.SQL("1")).where(
        member.customer == Customer.id, member.group.in_([group.id for group in groups])
    )
    return fn.EXISTS(probe)


def _text(actor: Actor, text: str) -> Driver:
    conditions: list[Any] = list(text_fits(actor, text)) or [peewee.Value(1) == 1]
    everybody = _total()
    scan = Driver(everybody, Customer.select(Customer.id.alias("customer_id")).where(*conditions), conditions)
    if actor.masked_anywhere() & {"email", "phone"}:
        return scan
    parts, short = _indexed_words(text), [word for word in words(text) if len(word) < 3]
    drivers = []
    if parts and is_sqlite():
        drivers.append(_of_parts(parts, conditions, everybody, is_exact=not short))
    elif parts:  # with a few more, whose parts have the same hashes
        source = _holding(parts)
        drivers.append(Driver(_about(source), source, conditions, conditions))
    if is_sqlite():
        found = [Driver(_about(source), source, conditions, conditions) for source in map(_beginning, short)]
        drivers += [driver for driver in found if driver.n < everybody]  # common ones are better looked for row by row
    return min(drivers or [scan], key=lambda driver: driver.n)


def _of_parts(parts: Sequence[str], conditions: list[Any], everybody: int, *, is_exact: bool) -> Driver:
    source, few, found = _holding(parts), _few(everybody), peewee.SQL("customer_id")
    n, first, last = _counted(source, few, fn.COUNT(found), fn.MIN(found), fn.MAX(found))
    # FTS5 finds exactly the rows that hold the parts, in the order of ids: the first ones tell how close all lie.
    rest = () if is_exact else conditions
    is_common = n == few and n * everybody > _HELD * (last - first)
    held = [] if is_common else [unindexed(Customer.id).in_(source), *rest]
    return Driver(n if n < few else everybody, source, conditions, rest, held)


def _beginning(word: str) -> Any:
    """Return a select of the ids of customers whose searched text holds a word of one or two signs, on SQLite.

    Each sign of the text begins a term of the index, for it is indexed with two line breaks at its end.
    """
    terms = peewee.Table("customer_search_terms")
    held = peewee.SQL("term >= ? AND term < ?", [word, word + _LAST])
    return peewee.Select([terms], [peewee.SQL("doc").alias("customer_id")]).where(held).distinct()


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


def is_cheaper(chosen: Driver, drivers: Sequence[Driver], size: int) -> bool:
    """Compare the rows a walk would pass until a page is full with the rows of the smallest driver."""
    everybody = max(_total(), 1)
    share = 1.0
    for driver in drivers:
        share *= min(driver.n / everybody, 1.0)
    walked = size / share if share else float("inf")
    return chosen.n < walked


def _total() -> int:
    """Return about how many customers there are: the largest id, one look into the primary key."""
    return Customer.select(fn.MAX(Customer.id)).scalar() or 0
