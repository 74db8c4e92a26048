"""Walking a list of customers page by page: on from a row's place in the order, not from its number."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import peewee

from portal.models import Customer
from portal.permissions import Actor
from portal.queries.customers import visible_to


class Part(NamedTuple):
    """Rows in order, and the codes to go on from, None where there is nothing further."""

    rows: list[Customer]
    before: str | None
    after: str | None


class Stretch(NamedTuple):
    """A part of a list that is walked by itself, in the order of its columns."""

    query: peewee.ModelSelect
    columns: Sequence[Any]


def walk(
    query: peewee.ModelSelect, columns: Sequence[Any], anchor: Sequence[Any] | None, size: int,
    *, descending: bool = False, backwards: bool = False,
) -> Part:  # fmt: skip
    """Return at most `size` rows of `query` in the order of `columns`, beyond the place `anchor` (None: the first).

    With `backwards` those before it, nearest to it, in the same order.
    """
    is_down = descending != backwards
    if anchor is not None:
        query = query.where(_beyond(columns, anchor, is_down))
    stretches = [Stretch(query, columns)]
    return walk_along(stretches, size, is_down=is_down, is_first=anchor is None, backwards=backwards)


def walk_along(
    stretches: Iterable[Stretch], size: int, *, is_down: bool, is_first: bool, backwards: bool = False
) -> Part:
    """Return at most `size` rows of one stretch after the other; `is_first` says that nothing lies before them.

    With `backwards` the stretches lead back, and the rows come in the order in which they lie.
    """
    found: list[Customer] = []
    for query, columns in stretches:
        order = (one.desc() if is_down else one.asc() for one in columns)
        found.extend(query.order_by(*order).limit(size + 1 - len(found)))
        if len(found) > size:
            break
    rows, more = found[:size], len(found) > size
    if backwards:
        rows.reverse()
    first, last = (rows[0].code, rows[-1].code) if rows else (None, None)
    has_before, has_after = (more, True) if backwards else (not is_first, more)
    return Part(rows, first if has_before else None, last if has_after else None)


def place(actor: Actor, columns: Sequence[Any], code: str) -> tuple[Any, ...] | None:
    """Return the place in the order of `columns` of the customer of that code; None if `actor` sees no such one."""
    query = visible_to(actor).select(*columns).where(Customer.code_key == code.casefold())
    found: tuple[Any, ...] | None = query.tuples().first()
    return found


def _beyond(columns: Sequence[Any], anchor: Sequence[Any], is_down: bool) -> peewee.Expression:
    left: Any = peewee.Tuple(*columns) if len(columns) > 1 else columns[0]
    right: Any = peewee.Tuple(*anchor) if len(columns) > 1 else anchor[0]
    return left < right if is_down else left > right
