"""Whom the rules of groups fit: a select of them, or for a few customers one statement that asks all rules at once."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

import peewee

from portal import clock, config
from portal.built import Built, Slot
from portal.db import db, in_chunks, is_sqlite, run, unindexed
from portal.models import Customer, CustomerValue, Field, Group, GroupItem
from portal.queries.rules.columns import MADE_OF
from portal.queries.rules.compiling import Condition, compiled
from portal.queries.rules.dates import Today

Slice: TypeAlias = Any  # ids: a list of them, a select of them, or None for all
Ask: TypeAlias = Callable[[peewee.ModelSelect], list[tuple[Any, ...]]]
AT_ONCE = 200  # rules that one statement asks


@dataclass(frozen=True, slots=True)
class RuleItem:
    """An item of an active group that counts now, and its rule as a condition."""

    id: int
    group_id: int
    is_excluding: bool
    condition: Condition
    reads: frozenset[str]


def _rows(query: peewee.ModelSelect) -> list[tuple[Any, ...]]:
    return list(query.tuples())


def items(groups: Slice, moment: datetime, ask: Ask = _rows) -> list[RuleItem]:
    """Return the rule items of these groups that count at `moment` (UTC), compiled for the day on which that lies.

    `ask` returns the rows of a select, as tuples, of a database that is not the one in use.
    """
    if groups is None and ask is _rows:
        return _compiled(_OF_ALL.rows(moment=moment), moment)
    if isinstance(groups, Sequence) and len(groups) == 1 and ask is _rows:
        return _compiled(_OF_ONE.rows(group=groups[0], moment=moment), moment)
    query = _counting(moment)
    return read(query if groups is None else query.where(GroupItem.group.in_(groups)), moment, ask)


def _counting(moment: datetime | Slot) -> peewee.ModelSelect:
    from portal.queries.membership import valid_at

    query = GroupItem.select().join(Group, on=(Group.id == GroupItem.group))
    return query.where(Group.status == "active", *valid_at(moment))


def read(query: peewee.ModelSelect, moment: datetime, ask: Ask = _rows) -> list[RuleItem]:
    """Return the items of a select that are rules, compiled for the day on which `moment` lies; `ask` as above."""
    return _compiled(ask(_rules(query)), moment, ask)


def _rules(query: peewee.ModelSelect) -> peewee.ModelSelect:
    there = query.select(GroupItem.id, GroupItem.group, GroupItem.sign, GroupItem.rule, GroupItem.reads)
    # In the order of ids as they lie, SQLite would read all items of the store for the few that are rules.
    return there.where(GroupItem.rule.is_null(False)).order_by(unindexed(GroupItem.id))


_OF_ALL = Built(lambda: _rules(_counting(Slot("moment"))).tuples())
_OF_ONE = Built(lambda: _rules(_counting(Slot("moment")).where(GroupItem.group == Slot("group"))).tuples())


def _compiled(rows: list[tuple[Any, ...]], moment: datetime, ask: Ask = _rows) -> list[RuleItem]:
    if not rows:
        return []
    own, today = own_columns(ask), today_at(moment)
    return [
        RuleItem(id_, group, sign == "exclude", compiled(_said(rule), own, today), frozenset(_said(reads) or ()))
        for id_, group, sign, rule, reads in rows
    ]


def _said(value: Any) -> Any:
    """Return JSON as it is said: a database that is not in use gives its text."""
    return json.loads(value) if isinstance(value, str) else value


def readers(fields: Iterable[str]) -> list[int]:
    """Return the active groups with a rule that asks for any of these columns of a customer or own fields."""
    changed = set(fields)
    changed |= {field for field, columns in MADE_OF.items() if columns & changed}
    return sorted({group_id for group_id, reads in _READING.rows() if changed.intersection(reads or ())})


_READING = Built(
    lambda: GroupItem.select(GroupItem.group, GroupItem.reads)
    .join(Group, on=(Group.id == GroupItem.group))
    .where(GroupItem.rule.is_null(False), GroupItem.ended_at.is_null(), Group.status == "active")
    .tuples()
)


def are_there() -> bool:
    """Tell whether any active group has a rule."""
    query = GroupItem.select(peewee.SQL("1")).join(Group, on=(Group.id == GroupItem.group))
    live = GroupItem.rule.is_null(False), GroupItem.ended_at.is_null(), Group.status == "active"
    return bool(query.where(*live).exists())


def own_columns(ask: Ask = _rows) -> dict[str, tuple[int, str]]:
    """Return number and type of each of the store's own fields, by code."""
    rows = _OWN.rows() if ask is _rows else ask(_own())
    return {code: (id_, kind) for id_, code, kind in rows}


def _own() -> peewee.ModelSelect:
    return Field.select(Field.id, Field.code, Field.type)


_OWN = Built(lambda: _own().tuples())


def today_at(moment: datetime) -> Today:
    """Return the day on which a moment lies in the store's time zone."""
    zone = config.current().timezone
    return Today(clock.day(moment, zone), zone)


def fitting(condition: Condition, customers: Slice = None) -> peewee.ModelSelect:
    """Return a select of the ids, as `customer_id`, of the customers whom a condition fits."""
    her = Customer.alias("c")
    query = her.select(her.id.alias("customer_id")).where(peewee.SQL(is_live()), sql_of(condition))
    if customers is not None:
        query = query.where(her.id.in_(customers))
    return _with_values(query, her, [condition])


def matches(rules: Sequence[RuleItem], customers: Slice = None) -> Any:
    """Return a select of (group_id, is_excluding, customer_id) of whom each rule fits, as one statement."""
    parts = [_of_item(rule, customers) for rule in rules]
    # SQLite joins at most 500 selects in one chain.
    chains = [_chain(chunk) for chunk in in_chunks(parts, 100)]
    return _chain([peewee.Select([chain.alias(f"chain{n}")], [peewee.SQL("*")]) for n, chain in enumerate(chains)])


def of_customers(rules: Sequence[RuleItem], customers: Slice) -> Iterator[tuple[int, int]]:
    """Yield (item_id, customer_id) of whom the rules fit among these customers: a statement for all rules at once."""
    for chunk in in_chunks(rules, AT_ONCE):
        her = Customer.alias("c")
        tests = [peewee.SQL(f"({_placed(rule.condition)}) IS TRUE", rule.condition.params) for rule in chunk]
        query = her.select(her.id, *tests).where(her.removed_at.is_null(), her.id.in_(customers))
        for customer_id, *fits in db.execute(_with_values(query, her, [rule.condition for rule in chunk])):
            yield from ((rule.id, customer_id) for rule, does in zip(chunk, fits, strict=True) if does)


def count(condition: Condition, visible: Iterable[int] | None = None) -> int:
    """Return how many customers a condition fits, of those shops or (None) of all."""
    sql, params = _of_visible(condition, visible)
    return int(run(f"SELECT count(*) FROM customer c{_joined(condition)} WHERE {sql}", params).fetchone()[0])


def some(condition: Condition, most: int, visible: Iterable[int] | None = None) -> list[int]:
    """Return the ids of a few customers whom a condition fits, those that are found first; see `count`."""
    sql, params = _of_visible(condition, visible)
    found = run(f"SELECT c.id FROM customer c{_joined(condition)} WHERE {sql} LIMIT {most}", params)
    return [customer_id for (customer_id,) in found.fetchall()]


def _of_visible(condition: Condition, visible: Iterable[int] | None) -> tuple[str, tuple[Any, ...]]:
    sql, params = f"{is_live()} AND ({condition.sql})", condition.params
    if visible is None:
        return sql, params
    shops = list(visible)
    return f"{sql} AND c.shop_id IN ({', '.join('?' * len(shops))})", (*params, *shops)


def is_live(name: str = "c") -> str:
    """Return the condition, as SQL, that the customer `name` was not removed, where all customers are looked at.

    There is an index of all who were not, in the order of their names. By that SQLite, unless it has statistics, would
    look up each of them by herself, which takes eight times as long as reading the table.
    """
    return f"{'+' if is_sqlite() else ''}{name}.removed_at IS NULL"


def sql_of(condition: Condition) -> peewee.SQL:
    """Return a condition as a part of a query in which the customer is `c`, and her own values are `v`."""
    return peewee.SQL(f"({_placed(condition)})", condition.params)


def _placed(condition: Condition) -> str:
    # A percent sign of the SQL itself would be one of psycopg's places; none of what is compiled has one.
    return condition.sql if is_sqlite() else condition.sql.replace("?", "%s")


def _joined(condition: Condition) -> str:
    return " LEFT JOIN customer_value v ON v.customer_id = c.id" if condition.needs_values else ""


def _with_values(query: peewee.ModelSelect, her: Any, conditions: Iterable[Condition]) -> peewee.ModelSelect:
    if not any(condition.needs_values for condition in conditions):
        return query
    values = CustomerValue.alias("v")
    return query.join(values, peewee.JOIN.LEFT_OUTER, on=(values.customer == her.id))


def _of_item(rule: RuleItem, customers: Slice) -> peewee.ModelSelect:
    query = fitting(rule.condition, customers)
    said = peewee.Value(rule.group_id).alias("group_id"), peewee.Value(rule.is_excluding).alias("is_excluding")
    return query.select(*said, peewee.SQL("c.id").alias("customer_id"))


def _chain(parts: Sequence[Any]) -> Any:
    whole, *further = parts
    for part in further:
        whole = whole.union_all(part)
    return whole
