"""The builder's form: a rule as rows, numbered from top to bottom, each a condition or a group of those below it.

Nothing is stored while a rule is built: every form says all of it, so that buttons which add and take away rows work
without JavaScript.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict

from portal.errors import N_, Refusal
from portal.received import Family
from portal.rules.catalogue import DATES, NUMBERS, OPERATORS_OF, PART_OPERATORS, TEXTS, Catalogue, FieldInfo
from portal.rules.tree import MAX_DEPTH, MAX_TESTS, OPERATORS, UNITS, All, Any_, Days, In, Not, Test, Tree, Value
from portal.web.builder.values import USUAL, Box, number, read

MAX_ROWS = 2 * MAX_TESTS
MEMBERSHIP = ":group"  # in the place of a field's code, which never has a colon: being in a group
GROUPS = ("all", "any", "none", "not_all", "not")
ROWS = Family(
    "rule",
    {
        "depth": "", "kind": _l("How"), "bare": "", "was": "", "field": _l("Field"), "part": _l("What of the date"),
        "op": _l("Comparison"), "exact": _l("Letter by letter"), "value": _l("Value"), "way": _l("How the day is said"),
        "value2": _l("Second value"), "way2": _l("How the second day is said"), "lines": _l("Values, one a line"),
        "chosen": _l("Values"), "group": _l("Group"), "last": _l("How long"), "unit": _l("In the last"),
    },
    frozenset({"chosen"}),
)  # fmt: skip
_NAME = re.compile(rf"rule-([0-9]{{1,4}})-({'|'.join(ROWS.labels)})")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the form: how deep it lies, and what its fields say."""

    depth: int
    said: Mapping[str, str] = field(default_factory=dict)
    chosen: tuple[str, ...] = ()

    @property
    def is_group(self) -> bool:
        """Tell whether further rows lie in it."""
        return self.said.get("kind") in GROUPS

    def get(self, name: str) -> str:
        """Return what a field says; '' where the form has none."""
        return self.said.get(name, "")


NEW_ROW = {"kind": "test"}


def posted(args: MultiDict[str, str]) -> list[Row]:
    """Return the rows that a form says, the group that holds all others first; raises Refusal for too many."""
    said: dict[int, dict[str, str]] = {}
    chosen: dict[int, tuple[str, ...]] = {}
    for name in args:
        if found := _NAME.fullmatch(name):
            said.setdefault(int(found[1]), {})[found[2]] = args[name]
            if found[2] == "chosen":
                chosen[int(found[1])] = tuple(args.getlist(name))
    if len(said) > MAX_ROWS:
        raise Refusal(N_("A rule has at most %(most)s rows."), "rule", most=MAX_ROWS)
    rows = [Row(_depth(said[n]), said[n], chosen.get(n, ())) for n in sorted(said)]
    if not rows or not rows[0].is_group:
        rows.insert(0, Row(0, {"kind": "all", "bare": "1"}))
    return [replace(row, depth=max(1, row.depth) if n else 0) for n, row in enumerate(rows)]


def _depth(said: Mapping[str, str]) -> int:
    # Deeper than a rule may be is told as that, and not followed further down.
    return min(number(said.get("depth", "")) or 0, MAX_DEPTH + 2)


# ---- what the buttons do ----


def after(rows: list[Row], act: str) -> list[Row]:
    """Return the rows after a button: `row-3` and `group-3` add to the group in row 3, `remove-3` takes row 3 away."""
    what, _, where = act.partition("-")
    n = number(where)
    if n is None or n >= len(rows):
        return rows
    if what == "remove" and n:
        return rows[:n] + rows[_end(rows, n) :]
    if what not in {"row", "group"} or not rows[n].is_group:
        return rows
    below, end = rows[n].depth + 1, _end(rows, n)
    new = [Row(below, NEW_ROW)]
    if what == "group":
        new = [Row(below, {"kind": "any"}), Row(below + 1, NEW_ROW), Row(below + 1, NEW_ROW)]
    return rows[:end] + new + rows[end:]


def _end(rows: list[Row], n: int) -> int:
    """Return where what lies in row `n` ends."""
    later = (at for at in range(n + 1, len(rows)) if rows[at].depth <= rows[n].depth)
    return next(later, len(rows))


# ---- the tree ----


@dataclass
class _Group:
    kind: str
    is_bare: bool
    parts: list["_Group | Tree"] = field(default_factory=list)

    def tree(self) -> Tree:
        parts = tuple(part.tree() if isinstance(part, _Group) else part for part in self.parts)
        match self.kind:
            case "any" | "all" if self.is_bare and len(parts) == 1 and not isinstance(self.parts[0], _Group):
                return parts[0]
            case "any":
                return Any_(parts)
            case "not" if len(parts) == 1:
                return Not(parts[0])
            case "none" | "not":
                return Not(Any_(parts))
            case "not_all":
                return Not(All(parts))
        return All(parts)


def tree(rows: list[Row], catalogue: Catalogue) -> Tree:
    """Return the tree that the rows say; what is missing or unfit in it `checking.check` tells."""
    root = _Group(rows[0].get("kind"), bool(rows[0].get("bare")))
    open_groups = [root]
    for row in rows[1:]:
        del open_groups[row.depth :]
        if row.is_group:
            group = _Group(row.get("kind"), False)
            open_groups[-1].parts.append(group)
            open_groups.append(group)
        else:
            open_groups[-1].parts.append(_leaf(row, catalogue))
    return root.tree()


def _leaf(row: Row, catalogue: Catalogue) -> Tree:
    if row.get("field") == MEMBERSHIP:
        found = catalogue.group_named(row.get("group"))
        member = In(found.code if found else row.get("group"))
        return Not(member) if row.get("op") == "not_in" else member
    info = catalogue.fields.get(row.get("field"))
    part = row.get("part") if info and row.get("part") in parts_of(info) else ""
    operators = operators_of(info, part)
    op = row.get("op") if row.get("op") in operators else operators[0]
    boxes = _boxes(row, OPERATORS[op], part or (info.type if info else ""))
    values: tuple[Value, ...] = tuple(read(box, info, part, catalogue) for box in boxes)
    is_exact = bool(row.get("exact")) and is_text(info, op)
    return Test(row.get("field"), op, values, is_exact, part, _last(row, info))


def parts_of(info: FieldInfo) -> tuple[str, ...]:
    """Return what of a date may be asked in its place."""
    if info.type not in DATES:
        return ()
    return ("age", "days_since", "month") if info.type == "date" else ("age", "days_since")


def operators_of(info: FieldInfo | None, part: str) -> tuple[str, ...]:
    """Return how a field, or a part of its date, may be compared."""
    return PART_OPERATORS[part] if part else OPERATORS_OF.get(info.type, ("is",)) if info else tuple(OPERATORS)


def is_text(info: FieldInfo | None, op: str) -> bool:
    """Tell whether a comparison may be asked to be letter by letter."""
    return info is not None and info.type in TEXTS and OPERATORS[op] != "none"


def counts_purchases(info: FieldInfo | None) -> bool:
    """Tell whether a field may be asked of the last days only."""
    return info is not None and info.is_purchase and info.type in NUMBERS


def _last(row: Row, info: FieldInfo | None) -> Days | None:
    if not counts_purchases(info) or row.get("unit") not in UNITS:
        return None
    return Days(number(row.get("last")) or 0, row.get("unit"))


def _boxes(row: Row, takes: str, kind: str) -> list[Box]:
    """Return the boxes of a row, as many as its comparison takes."""
    was, *ways = row.get("was").split(" ")
    is_other = bool(was) and was != kind  # another field was chosen: what was typed belongs to the one before
    ways += [""] * (2 - len(ways))
    first = _box(row, "value", "way", ways[0])
    second = _box(row, "value2", "way2", ways[1])
    listed = [Box(text) for text in (*row.get("lines").splitlines(), *row.chosen)]
    there = [] if is_other else [box for box in (first, second, *listed) if box.text.strip() or box.way]
    match takes:
        case "none":
            return []
        case "one":
            return there[:1] or [Box()]
        case "two":
            return [first, second] if "value2" in row.said and not is_other else [*there, Box(), Box()][:2]
    return there


def _box(row: Row, name: str, way: str, was: str) -> Box:
    text, said = row.get(name), row.get(way)
    unit = said[1:]
    if row.get("was") and said != was and unit in USUAL and number(text) is None:
        return Box(USUAL[unit], said)
    return Box(text, said if said == "today" or unit in USUAL else "")
