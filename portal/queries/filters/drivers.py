"""What a filter can be driven from, and whether that is cheaper than walking the sort index."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import peewee
from peewee import fn

from portal.db import db, is_sqlite
from portal.models import Customer, Group, Membership
from portal.permissions import Action, Actor
from portal.queries.customers import matching as text_fits
from portal.queries.customers import visible_to, words
from portal.queries.filters.fields import FieldTest

if TYPE_CHECKING:
    from portal.queries.filters import Filter

_PROBE = 2_000  # a text or a value that fits more rows than this is common: walk instead


@dataclass(frozen=True)
class Driver:
    """One condition of the filter as something to start from (`source`, about `n` rows) or to test (`conditions`).

    `rest` is what the source leaves to be tested.
    """

    n: int
    source: Any
    conditions: list[Any]
    rest: Sequence[Any] = ()


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
    n = _up_to(source)
    return Driver(n if n < _PROBE else _total(), source, [])


def _field(test: FieldTest) -> Driver:
    source = test.source()
    n = _up_to(source)
    return Driver(n if n < _PROBE else _total(), source, [test.fits()])


def _up_to(source: Any) -> int:
    """Return how many rows a source has, counting up to _PROBE."""
    probe = source.limit(_PROBE).alias("probe")
    return int(peewee.Select([probe], [fn.COUNT(peewee.SQL("*"))]).bind(db).scalar())


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
    parts = _indexed_words(text)
    if not parts or actor.masked_anywhere() & {"email", "phone"}:
        return Driver(everybody, Customer.select(Customer.id.alias("customer_id")).where(*conditions), conditions)
    source = _holding(parts)
    n = _up_to(source)
    # FTS5 finds exactly the rows that hold its words; shorter words, and PostgreSQL's hashes, are looked at once more.
    is_exact = is_sqlite() and len(parts) == len(words(text))
    return Driver(n if n < _PROBE else everybody, source, conditions, () if is_exact else conditions)


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
