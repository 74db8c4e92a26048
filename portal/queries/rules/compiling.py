"""A rule compiled to SQL: one condition on a customer `c` and her row of own values `v`, with its parameters.

Every test is true or false, never unknown: what is negated is written as IS NOT TRUE, down at the test, so that an
index still answers what is not negated. Values only ever stand in parameters.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from portal.db import is_sqlite
from portal.queries.rules import keys
from portal.queries.rules.columns import Column, column_of
from portal.queries.rules.dates import Today, after, begins, day_of, month_of, reaching, whole
from portal.rules.tree import All, Any_, In, Not, Test, Tree, Value, from_json

_NEGATIONS = {"is_not": "is", "not_contains": "contains", "not_one_of": "one_of", "not_empty": "empty"}
_SIGNS = {"is": "=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_FALSE, _TRUE = "1 = 0", "1 = 1"


@dataclass(frozen=True, slots=True)
class Condition:
    """SQL with `?` in the places of its parameters; `needs_values` says that it asks the row `v`."""

    sql: str
    params: tuple[Any, ...] = ()
    needs_values: bool = False


OwnColumns = Mapping[str, tuple[int, str]]  # number and type of the store's own fields, by code


def compiled(said: Any, own: OwnColumns, today: Today) -> Condition:
    """Return the condition for a rule as JSON holds it; what it asks and is not there (any more) is false."""
    known = tuple(sorted((code, *of) for code, of in own.items()))
    return _compiled(json.dumps(said, sort_keys=True), known, today, is_sqlite())


@lru_cache(maxsize=2_000)
def _compiled(said: str, own: tuple[tuple[str, int, str], ...], today: Today, _is_sqlite: bool) -> Condition:
    columns = {code: (number, kind) for code, number, kind in own}
    return of_tree(from_json(json.loads(said)), columns, today)


def of_tree(tree: Tree, own: OwnColumns, today: Today) -> Condition:
    """Return the condition for a tree."""
    writer = _Writer(own, today)
    sql = writer.tree(tree, negated=False)
    return Condition(sql, tuple(writer.params), writer.needs_values)


class _Writer:
    """Writes a tree from left to right, so that parameters come in the order of their places."""

    def __init__(self, own: OwnColumns, today: Today) -> None:
        self.own = own
        self.today = today
        self.params: list[Any] = []
        self.needs_values = False

    def tree(self, tree: Tree, *, negated: bool) -> str:
        match tree:
            case Not(part):
                return self.tree(part, negated=not negated)
            case All(parts) | Any_(parts) if not parts:
                return _TRUE if negated else _FALSE  # a rule without a condition fits nobody
            case All(parts):
                return self._joined(parts, "OR" if negated else "AND", negated)
            case Any_(parts):
                return self._joined(parts, "AND" if negated else "OR", negated)
            case In(group):
                return self._in(group, negated)
        return self._test(tree, negated)

    def _joined(self, parts: Iterable[Tree], word: str, negated: bool) -> str:
        return "(" + f" {word} ".join(self.tree(part, negated=negated) for part in parts) + ")"

    def _in(self, group: str, negated: bool) -> str:
        self.params.append(group)
        return (
            f"{'NOT ' if negated else ''}EXISTS (SELECT 1 FROM membership m WHERE m.customer_id = c.id AND m.group_id ="
            " (SELECT g.id FROM customer_group g WHERE g.code = ? AND g.status <> 'deleted'))"
        )

    def _test(self, test: Test, negated: bool) -> str:
        op = _NEGATIONS.get(test.op, test.op)
        negated = negated != (op != test.op)
        column = column_of(test.field, self.own)
        if column is None:
            return _TRUE if negated or op == "empty" else _FALSE
        mark = len(self.params)
        try:
            sql = self._positive(test, op, column)
        except (ValueError, TypeError, KeyError, OverflowError):
            # A value of another type than the field's is equal to none of its values.
            del self.params[mark:]
            sql = _FALSE
        self.needs_values = self.needs_values or column.is_own
        return f"(({sql}) IS NOT TRUE)" if negated else f"({sql})"

    def _positive(self, test: Test, op: str, column: Column) -> str:
        if op == "empty":
            return column.is_empty
        if test.part:
            return self._part(test, op, column)
        return _WAYS[column.way](self, test, op, column)

    def _put(self, sql: str, *values: Any) -> str:
        self.params += values
        return sql

    # ---- text ----

    def _text(self, test: Test, op: str, column: Column) -> str:
        if column.way == "search":
            return self._words(test)
        against, values = self._compared(test, op, column)
        if not values:
            return _FALSE
        match op:
            case "is":
                return self._put(f"{against} = ?", *values)
            case "one_of":
                return self._put(f"{against} IN ({_marks(values)})", *values) if values else _FALSE
            case "contains":
                return self._put(f"{_find()}({against}, ?) > 0", *values)
            case "starts_with":
                return self._put(f"substr({against}, 1, {len(values[0])}) = ?", *values)
            case "ends_with":
                return self._put(_end().format(against, len(values[0])), *values)
        raise ValueError(op)

    def _compared(self, test: Test, op: str, column: Column) -> tuple[str, list[str]]:
        """Return what the values are held against, and the values as it holds them."""
        read: Callable[[Value], str] = str if test.is_exact else (lambda value: keys.of(column.kind, value, op))
        # A value of which nothing is left to compare is equal to none, and part of none.
        values = [text for value in test.values if (text := read(value))]
        is_stored = test.is_exact or (op in {"is", "one_of"} and keys.are_stored(column.kind, values))
        return column.exact if is_stored else column.key, values

    def _choices(self, test: Test, op: str, column: Column) -> str:
        if op != "contains":
            raise ValueError(op)
        text = keys.of(column.kind, test.values[0], op)
        return self._put(f"{_find()}({column.key}, ?) > 0", f"\n{text}\n") if text else _FALSE

    def _words(self, test: Test) -> str:
        words = keys.words(test.values[0])
        if test.op not in {"contains", "not_contains"} or not words:
            return _FALSE
        return " AND ".join(self._put(f"{_find()}(c.search, ?) > 0", word) for word in words)

    # ---- numbers, yes and no, shops ----

    def _number(self, test: Test, op: str, column: Column) -> str:
        values = [keys.number(column.kind, value) for value in test.values]
        if op == "between":
            return self._put(f"{column.exact} BETWEEN ? AND ?", *values)
        if op == "one_of":
            return self._put(f"{column.exact} IN ({_marks(values)})", *values) if values else _FALSE
        return self._put(f"{column.exact} {_SIGNS[op]} ?", *values)

    def _yesno(self, test: Test, op: str, column: Column) -> str:
        if op != "is" or not isinstance(test.values[0], bool):
            raise ValueError(op)
        return f"{column.exact} IS {'TRUE' if test.values[0] else 'FALSE'}"

    def _shop(self, test: Test, op: str, column: Column) -> str:
        if op not in {"is", "one_of"} or not test.values:
            return _FALSE
        codes = [str(value).casefold() for value in test.values]
        return self._put(
            f"c.shop_id IN (SELECT s.id FROM shop s WHERE s.code_key IN ({_marks(codes)}) AND s.removed_at IS NULL)",
            *codes,
        )

    # ---- dates ----

    def _date(self, test: Test, op: str, column: Column) -> str:
        days = [day_of(value, self.today) for value in test.values]
        if op == "between":
            return f"{self._bound(column, 'ge', days[0])} AND {self._bound(column, 'le', days[1])}"
        return self._on(column, days[0]) if op == "is" else self._bound(column, op, days[0])

    def _on(self, column: Column, day: Any) -> str:
        return f"{self._bound(column, 'ge', day)} AND {self._bound(column, 'le', day)}"

    def _bound(self, column: Column, op: str, day: Any) -> str:
        if not column.is_moment:
            return self._put(f"{column.exact} {_SIGNS[op]} ?", day.isoformat())
        # A moment lies on a day from the day's beginning up to that of the next.
        edge = begins(after(day) if op in {"gt", "le"} else day, self.today.timezone)
        return self._put(f"{column.exact} {'>=' if op in {'ge', 'gt'} else '<'} ?", str(edge))

    def _part(self, test: Test, op: str, column: Column) -> str:
        if column.way != "date":
            raise ValueError(test.part)
        if test.part == "month":
            return self._month(test, op, column)
        if op == "between":
            low, high = test.values
            return f"{self._reach(test, 'ge', low, column)} AND {self._reach(test, 'le', high, column)}"
        return self._reach(test, op, test.values[0], column)

    def _reach(self, test: Test, op: str, value: Value, column: Column) -> str:
        """Write a comparison of an age, or of days since, as one of the column with the day that makes it."""
        meant, limit = whole(op, value), reaching(test.part, self.today)
        if meant is None:
            return _FALSE
        sign, n = meant
        if sign == "is":
            return f"{self._bound(column, 'le', limit(n))} AND {self._bound(column, 'gt', limit(n + 1))}"
        return self._bound(column, "le" if sign == "ge" else "gt", limit(n))

    def _month(self, test: Test, op: str, column: Column) -> str:
        if column.is_moment:
            raise ValueError(test.part)
        months = [month_of(value, self.today) for value in test.values]
        if is_sqlite():
            month = f"CAST(substr({column.exact}, 6, 2) AS INTEGER)"
        else:
            month = f"CAST(EXTRACT(MONTH FROM {column.exact}) AS INTEGER)"
        if op == "between":
            return self._put(f"{month} BETWEEN ? AND ?", *months)
        return self._put(f"{month} {_SIGNS[op]} ?", *months)


_WAYS: dict[str, Callable[[_Writer, Test, str, Column], str]] = {
    "text": _Writer._text,
    "search": _Writer._text,
    "choices": _Writer._choices,
    "number": _Writer._number,
    "yesno": _Writer._yesno,
    "shop": _Writer._shop,
    "date": _Writer._date,
}


def _marks(values: Sequence[Any]) -> str:
    return ", ".join("?" * len(values))


def _find() -> str:
    return "instr" if is_sqlite() else "strpos"


def _end() -> str:
    return "substr({0}, -{1}) = ?" if is_sqlite() else "right({0}, {1}) = ?"
