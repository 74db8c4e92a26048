"""What is wrong with a tree: each problem with the place it is in and a sentence a person can read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from portal.errors import N_
from portal.rules.catalogue import DATES, NUMBERS, OPERATORS_OF, PART_OPERATORS, TEXTS, Catalogue, FieldInfo, compact
from portal.rules.fitting import MAX_DAYS, is_reversed, misfit, nearest, shown
from portal.rules.tree import (
    MAX_DEPTH,
    MAX_TESTS,
    MAX_VALUES,
    OPERATORS,
    UNITS,
    All,
    Any_,
    Days,
    In,
    Not,
    Test,
    Tree,
    tests,
)  # fmt: skip

MAX_PROBLEMS = 20  # told at once: looking for the nearest name takes its time
# How each operator is written in the text of a rule.
WRITTEN = {
    "is": "=", "is_not": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "contains": "contains",
    "not_contains": "not contains", "starts_with": "starts with", "ends_with": "ends with", "between": "between",
    "one_of": "one of", "not_one_of": "not one of", "empty": "is empty", "not_empty": "is not empty",
}  # fmt: skip

TOO_DEEP = N_("The parts of this rule lie more than %(most)s deep in one another.")
TOO_MANY_TESTS = N_("This rule has more than %(most)s conditions.")
TOO_MANY_VALUES = N_("One condition takes at most %(most)s values.")
NO_CONDITION = N_("A rule without a condition has no members. Add a condition.")
UNKNOWN_FIELD = N_("There is no field “%(name)s”.")
UNKNOWN_FIELD_NEAR = N_("There is no field “%(name)s”; did you mean “%(near)s”?")
UNKNOWN_GROUP = N_("There is no group “%(name)s”.")
UNKNOWN_GROUP_NEAR = N_("There is no group “%(name)s”; did you mean “%(near)s”?")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    `path` leads to the part of the tree: the number of the part at each `all` and `any`, 0 below a `not`. `place` says
    where in it: tree, group, field, part, last, op or value, there the `n`-th.
    """

    path: tuple[int, ...]
    place: str
    sentence: str
    params: Mapping[str, str] = field(default_factory=dict)
    n: int = 0


class Reads(NamedTuple):
    """What a rule asks: codes of fields and of groups, and whether the day on which it is asked matters."""

    fields: frozenset[str]
    groups: frozenset[str]
    reads_clock: bool


def check(tree: Tree, catalogue: Catalogue) -> list[Problem]:
    """Return what is wrong with a tree, from left to right; nothing when a group may be made by it."""
    return misshapen(tree) or list(islice(_problems(tree, catalogue, ()), MAX_PROBLEMS))


def misshapen(tree: Tree) -> list[Problem]:
    """Return whether a tree is too deep, has too many conditions, or denies none, as at most one problem."""
    if _is_deeper(tree, MAX_DEPTH):
        return [Problem((), "tree", TOO_DEEP, {"most": str(MAX_DEPTH)})]
    if sum(1 for _ in tests(tree)) > MAX_TESTS:
        return [Problem((), "tree", TOO_MANY_TESTS, {"most": str(MAX_TESTS)})]
    # One that was not begun has no members; "none of" nothing would have all.
    if tree not in {All(()), Any_(())} and next(tests(tree), None) is None:
        return [Problem((), "tree", NO_CONDITION)]
    return []


def reads(tree: Tree) -> Reads:
    """Return what a rule asks, so that it is looked at anew when one of these has changed."""
    leaves = list(tests(tree))
    return Reads(
        frozenset(leaf.field for leaf in leaves if isinstance(leaf, Test)),
        frozenset(leaf.group for leaf in leaves if isinstance(leaf, In)),
        any(_reads_clock(leaf) for leaf in leaves if isinstance(leaf, Test)),
    )


def _reads_clock(test: Test) -> bool:
    if test.op in {"empty", "not_empty"}:
        return test.last is not None
    if test.part in {"age", "days_since"} or test.last is not None:
        return True
    if test.part == "month":
        return any(isinstance(value, str) for value in test.values)
    return any(isinstance(value, Days) for value in test.values)


def _is_deeper(tree: Tree, most: int) -> bool:
    level: list[Tree] = [tree]
    for _ in range(most + 1):
        level = [inner for part in level for inner in _inner(part)]
        if not level:
            return False
    return True


def _inner(tree: Tree) -> tuple[Tree, ...]:
    match tree:
        case All(parts) | Any_(parts):
            return parts
        case Not(part):
            return (part,)
    return ()


def _problems(tree: Tree, catalogue: Catalogue, path: tuple[int, ...]) -> Iterator[Problem]:
    match tree:
        case All() | Any_() | Not():
            for n, part in enumerate(_inner(tree)):
                yield from _problems(part, catalogue, (*path, n))
        case In(group):
            if group not in catalogue.groups:
                yield Problem(path, "group", *no_group(group, catalogue))
        case Test():
            yield from check_test(tree, catalogue, path)


def no_group(name: str, catalogue: Catalogue) -> tuple[str, dict[str, str]]:
    """Return the sentence for a group that is not there, with the name that comes nearest."""
    names = {compact(known): one.name for one in catalogue.groups.values() for known in (one.code, one.name)}
    near, told = nearest(name, names), shown(name)
    return (UNKNOWN_GROUP_NEAR, {"name": told, "near": near}) if near else (UNKNOWN_GROUP, {"name": told})


def no_field(name: str, catalogue: Catalogue) -> tuple[str, dict[str, str]]:
    """Return the sentence for a field that is not there, with the name that comes nearest."""
    there = [one for one in catalogue.fields.values() if not one.is_retired]
    names = {compact(known): known for one in there for known in (*one.names, one.code)}
    names |= {compact(one.code): one.code for one in catalogue.groups.values() if compact(one.code) not in names}
    near, told = nearest(name, names), shown(name)
    return (UNKNOWN_FIELD_NEAR, {"name": told, "near": near}) if near else (UNKNOWN_FIELD, {"name": told})


# ---- one test ----


def check_test(test: Test, catalogue: Catalogue, path: tuple[int, ...] = ()) -> Iterator[Problem]:
    """Yield what is wrong with one test."""
    info = catalogue.fields.get(test.field)
    if not test.field:
        yield Problem(path, "field", N_("Choose a field."))
    elif info is None:
        yield Problem(path, "field", *no_field(test.field, catalogue))
    elif info.is_retired:
        yield Problem(path, "field", N_("The field “%(target)s” is retired."), {"target": info.label})
    else:
        around = list(_around(test, info, path))
        yield from around or _inside(test, info, catalogue, path)


def _around(test: Test, info: FieldInfo, path: tuple[int, ...]) -> Iterator[Problem]:
    """Yield what is wrong with part, span and operator."""
    named = {"target": info.label}
    if test.part and info.type not in DATES:
        yield Problem(path, "part", N_("“%(target)s” is no date: it has no age, no days since it and no month."), named)
        return
    if test.part == "month" and info.type != "date":
        yield Problem(path, "part", N_("Only dates without a time of day are asked for their month."), named)
        return
    if test.last is not None:
        yield from _of_last(test.last, info, path)
    operators = PART_OPERATORS[test.part] if test.part else OPERATORS_OF.get(info.type, ())
    if test.op not in operators:
        ways = ", ".join(WRITTEN[op] for op in operators)
        sentence = N_("“%(target)s” cannot be asked with “%(op)s”, but with: %(ways)s.")
        yield Problem(path, "op", sentence, {**named, "op": WRITTEN.get(test.op, test.op), "ways": ways})
    elif test.is_exact and info.type not in TEXTS:
        yield Problem(path, "op", N_("“%(target)s” holds no text: it cannot be compared letter by letter."), named)


def _of_last(last: Days, info: FieldInfo, path: tuple[int, ...]) -> Iterator[Problem]:
    if not info.is_purchase or info.type not in NUMBERS:
        sentence = N_("Only counts and sums of purchases are asked of the last days; “%(target)s” is none.")
        yield Problem(path, "last", sentence, {"target": info.label})
    elif not 1 <= last.n <= MAX_DAYS or last.unit not in UNITS:
        yield Problem(path, "last", N_("This takes a length of time such as 90d, 12w, 3m or 1y."))


def _inside(test: Test, info: FieldInfo, catalogue: Catalogue, path: tuple[int, ...]) -> Iterator[Problem]:
    """Yield what is wrong with the values."""
    takes = OPERATORS[test.op]
    wanted = {"one": 1, "two": 2, "none": 0}.get(takes)
    if (wanted is not None and len(test.values) != wanted) or (wanted is None and not test.values):
        yield Problem(path, "value", N_("A value is missing here."), n=len(test.values))
        return
    if len(test.values) > MAX_VALUES:
        yield Problem(path, "value", TOO_MANY_VALUES, {"most": str(MAX_VALUES)}, MAX_VALUES)
        return
    told = [(n, misfit(value, test.part or info.type, info, catalogue)) for n, value in enumerate(test.values)]
    found = [Problem(path, "value", *what, n) for n, what in told if what is not None]
    yield from found
    if takes != "two" or found:
        return
    if test.part == "month" and any(isinstance(value, str) for value in test.values):
        yield Problem(path, "value", N_("“between” takes months by their numbers or names."))
    elif is_reversed(*test.values):
        sentence = N_("The first value has to be the smaller one, or the earlier one: nothing lies between these.")
        yield Problem(path, "value", sentence, n=1)
