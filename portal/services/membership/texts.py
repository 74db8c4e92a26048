"""The statements of a refresh, as text: building one takes ten times as long as it runs for one customer."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import peewee

from portal.db import db, is_sqlite
from portal.models import GroupItem, MembershipDelta
from portal.queries import membership
from portal.queries.membership import Kinds, Slice

_LONGEST = 64  # ids; with more of them the statement takes so long that building it does not count
_FIRST = -(10**15)  # stands for the first id, one less for the second …; no id is below zero
_MOMENT = datetime(1, 1, 1)


def differing(
    groups: Slice, customers: Slice, moment: datetime, is_nested: bool, matched: peewee.Table | None, *,
    is_joining: bool,
) -> tuple[str, Sequence[Any]]:
    """Return the statement that sets aside who joins or leaves at `moment` in that slice, and its parameters.

    For short lists of ids it is built once for each number of them, and kept. Of whole groups, and of many customers,
    it asks only for the kinds of items that these groups have.
    """
    is_few = _is_short(customers) and customers is not None
    kinds = membership.kinds_of(groups, moment) if _is_short(groups) and groups and not is_few else None
    if not (_is_short(groups) and _is_short(customers)):
        return _built(groups, customers, moment, is_nested, matched, is_joining, kinds)
    groups, customers = _padded(groups), _padded(customers)
    sql, marks = _kept(
        is_sqlite(), None if groups is None else len(groups), None if customers is None else len(customers), is_nested,
        matched, is_joining, kinds,
    )  # fmt: skip
    ids = [*(groups or ()), *(customers or ())]
    said: dict[Any, Any] = {_FIRST - place: value for place, value in enumerate(ids)}
    said[_stored(_MOMENT)] = _stored(moment)
    return sql, [said.get(mark, mark) for mark in marks]


@lru_cache(maxsize=512)
def _kept(
    _is_sqlite: bool, n_groups: int | None, n_customers: int | None, is_nested: bool, matched: peewee.Table | None,
    is_joining: bool, kinds: Kinds | None,
) -> tuple[str, Sequence[Any]]:  # fmt: skip
    groups = None if n_groups is None else [_FIRST - place for place in range(n_groups)]
    before = n_groups or 0
    customers = None if n_customers is None else [_FIRST - before - place for place in range(n_customers)]
    return _built(groups, customers, _MOMENT, is_nested, matched, is_joining, kinds)


def _built(
    groups: Slice, customers: Slice, moment: datetime, is_nested: bool, matched: peewee.Table | None, is_joining: bool,
    kinds: Kinds | None = None,
) -> tuple[str, Sequence[Any]]:  # fmt: skip
    find = membership.joining if is_joining else membership.leaving
    return setting_aside(find(groups, customers, moment, is_nested, matched, kinds), is_joining=is_joining)


def setting_aside(rows: peewee.Select, *, is_joining: bool) -> tuple[str, Sequence[Any]]:
    """Return the statement that sets aside rows of (group_id, customer_id) as who joins or leaves, and its parameters.
    """
    part = rows.alias("part")
    flags = [peewee.Value(is_joining), peewee.Value(False)]
    query = MembershipDelta.insert_from(
        peewee.Select([part], [part.c.group_id, part.c.customer_id, *flags]),
        [
            MembershipDelta.group_id, MembershipDelta.customer_id, MembershipDelta.is_joining,
            MembershipDelta.is_written,
        ],
    )  # fmt: skip
    sql, parameters = db.get_sql_context().sql(query).query()
    return sql, parameters


def _is_short(ids: Slice) -> bool:
    return ids is None or (isinstance(ids, Sequence) and len(ids) <= _LONGEST)


def _padded(ids: Sequence[int] | None) -> Sequence[int] | None:
    """Return the ids, the last repeated, so that there are 1, 2, 4, 8 … of them: a list says the same with it twice."""
    if not ids:
        return ids
    wanted = 1 << (len(ids) - 1).bit_length()
    return [*ids, *[ids[-1]] * (wanted - len(ids))]


def _stored(moment: datetime) -> Any:
    return GroupItem.valid_from.db_value(moment)
