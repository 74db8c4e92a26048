"""The tree of a rule, and how JSON holds it.

    {"all": [tree, …]} · {"any": [tree, …]} · {"not": tree} · {"in": "code of a group"}
    {"field": "city", "op": "is", "value": "Porto"}
    {"field": "birth_date", "part": "age", "op": "ge", "value": 30}
    {"field": "orders", "last": {"days": 90}, "op": "ge", "value": 3}

A tree of no condition, an empty `all` or `any`, has no members at all. Every test is either true or false: one of an
empty value is false, so that `not` of it, and `is_not`, hold for who has no value.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

MAX_DEPTH = 12
MAX_TESTS = 200
MAX_VALUES = 500  # of one test
# What each operator takes: one value, two, a list, or none.
OPERATORS: dict[str, str] = {
    "is": "one",
    "is_not": "one",
    "lt": "one",
    "le": "one",
    "gt": "one",
    "ge": "one",
    "contains": "one",
    "not_contains": "one",
    "starts_with": "one",
    "ends_with": "one",
    "between": "two",
    "one_of": "list",
    "not_one_of": "list",
    "empty": "none",
    "not_empty": "none",
}
PARTS = frozenset({"age", "days_since", "month"})
UNITS = ("days", "weeks", "months", "years")


class Malformed(ValueError):
    """JSON that is no tree of a rule."""


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds; without any part nobody fits."""

    parts: tuple["Tree", ...]


@dataclass(frozen=True, slots=True)
class Any_:
    """At least one part holds."""

    parts: tuple["Tree", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: "Tree"


@dataclass(frozen=True, slots=True)
class In:
    """She is a member of the group with this code."""

    group: str


@dataclass(frozen=True, slots=True)
class Days:
    """A day by its distance from today: `n` (negative: in the past) of a unit of UNITS. 0 days is today itself."""

    n: int
    unit: str = "days"


@dataclass(frozen=True, slots=True)
class Test:
    """A field held against values.

    `values` are str, bool, int, float, or Days, as many as the operator takes; dates and moments are ISO texts, a
    choice is its text, a shop its code, money a number of major units. `part` asks a date for the `age` it makes, the
    `days_since` it, or its `month` (1 to 12, or the text 'this', 'next', 'last'). `last` counts purchases of so long
    only. Text is compared without case and accents unless `is_exact`.
    """

    field: str
    op: str
    values: tuple["Value", ...] = ()
    is_exact: bool = False
    part: str = ""
    last: Days | None = None


Value: TypeAlias = str | bool | int | float | Days
Tree: TypeAlias = All | Any_ | Not | In | Test


def to_json(tree: Tree) -> dict[str, Any]:
    """Return the tree as JSON holds it."""
    match tree:
        case All(parts):
            return {"all": [to_json(part) for part in parts]}
        case Any_(parts):
            return {"any": [to_json(part) for part in parts]}
        case Not(part):
            return {"not": to_json(part)}
        case In(group):
            return {"in": group}
    return _said(tree)


def from_json(said: Any, depth: int = 0) -> Tree:
    """Return the tree that JSON holds; raises Malformed for what holds none."""
    if not isinstance(said, Mapping) or depth > MAX_DEPTH:
        raise Malformed
    if len(said) == 1:
        ((key, inner),) = said.items()
        if key in {"all", "any"} and isinstance(inner, list):
            parts = tuple(from_json(part, depth + 1) for part in inner)
            return All(parts) if key == "all" else Any_(parts)
        if key == "not":
            return Not(from_json(inner, depth + 1))
        if key == "in" and isinstance(inner, str):
            return In(inner)
        raise Malformed
    return _test(said)


def tests(tree: Tree) -> Iterator[Test | In]:
    """Yield the leaves of a tree, from left to right."""
    match tree:
        case All(parts) | Any_(parts):
            for part in parts:
                yield from tests(part)
        case Not(part):
            yield from tests(part)
        case _:
            yield tree


def _said(test: Test) -> dict[str, Any]:
    said: dict[str, Any] = {"field": test.field, "op": test.op}
    takes = OPERATORS[test.op]
    if takes == "one":
        said["value"] = _plain(test.values[0])
    elif takes != "none":
        said["value"] = [_plain(value) for value in test.values]
    extra = {"exact": test.is_exact, "part": test.part, "last": test.last and _plain(test.last)}
    return said | {name: value for name, value in extra.items() if value}


def _test(said: Mapping[str, Any]) -> Test:
    if not set(said) <= {"field", "op", "value", "exact", "part", "last"}:
        raise Malformed
    field, op, part = said.get("field"), said.get("op"), said.get("part", "")
    if not isinstance(field, str) or not isinstance(op, str) or op not in OPERATORS:
        raise Malformed
    if not isinstance(part, str) or (part and part not in PARTS):
        raise Malformed
    last = _value(said["last"]) if "last" in said else None
    if last is not None and not isinstance(last, Days):
        raise Malformed
    return Test(field, op, _values(op, said.get("value")), said.get("exact") is True, part, last)


def _values(op: str, value: Any) -> tuple[Value, ...]:
    takes = OPERATORS[op]
    if takes == "none":
        return ()
    if takes == "one":
        return (_value(value),)
    if not isinstance(value, list) or len(value) > MAX_VALUES or (takes == "two" and len(value) != 2):
        raise Malformed
    return tuple(_value(one) for one in value)


def _value(value: Any) -> Value:
    if isinstance(value, Mapping):
        if len(value) != 1:
            raise Malformed
        ((unit, n),) = value.items()
        if unit not in UNITS or type(n) is not int or abs(n) > 40_000:
            raise Malformed
        return Days(n, unit)
    if isinstance(value, str | bool | int | float):
        return value
    raise Malformed


def _plain(value: Value) -> Any:
    return {value.unit: value.n} if isinstance(value, Days) else value
