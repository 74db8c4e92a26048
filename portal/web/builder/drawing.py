"""A tree as the builder draws it: its groups and conditions with what may be chosen in each."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from flask_babel import get_locale, gettext
from flask_babel import lazy_gettext as _l

from portal.rules.catalogue import DATES, Catalogue, FieldInfo, compact
from portal.rules.checking import Problem
from portal.rules.tree import MAX_DEPTH, OPERATORS, All, Any_, In, Not, Test, Tree
from portal.web.builder import rows
from portal.web.builder.rows import MEMBERSHIP, Row
from portal.web.builder.values import Box, boxed
from portal.words.rules import of_problem

Options = Sequence[tuple[str, object]]

_OPERATORS = {
    "is": _l("is"), "is_not": _l("is not"), "lt": _l("is less than"), "le": _l("is at most"),
    "gt": _l("is more than"), "ge": _l("is at least"), "contains": _l("contains"),
    "not_contains": _l("does not contain"), "starts_with": _l("starts with"), "ends_with": _l("ends with"),
    "between": _l("is between"), "one_of": _l("is one of"), "not_one_of": _l("is none of"), "empty": _l("is empty"),
    "not_empty": _l("is not empty"),
}  # fmt: skip
_OF_DATES = {
    "lt": _l("is before"), "le": _l("is on or before"), "gt": _l("is after"), "ge": _l("is on or after"),
}  # fmt: skip
MEMBER_OPERATORS = (("in", _l("is in")), ("not_in", _l("is not in")))
PARTS = {
    "": _l("the day"), "age": _l("the age, in years"), "days_since": _l("the days since"), "month": _l("the month"),
}  # fmt: skip
WAYS = (
    ("", _l("on the day")), ("today", _l("today")), ("-days", _l("days ago")), ("-weeks", _l("weeks ago")),
    ("-months", _l("months ago")), ("-years", _l("years ago")), ("+days", _l("days from today")),
    ("+weeks", _l("weeks from today")), ("+months", _l("months from today")), ("+years", _l("years from today")),
)  # fmt: skip
LASTS = (
    ("", _l("ever")), ("days", _l("in the last days")), ("weeks", _l("in the last weeks")),
    ("months", _l("in the last months")), ("years", _l("in the last years")),
)  # fmt: skip
KINDS = {
    "all": _l("all of these"), "any": _l("any of these"), "none": _l("none of these"),
    "not_all": _l("not all of these"), "not": _l("not this"),
}  # fmt: skip
# Which hold for customers of whom nothing is known, too.
_NEGATIVE = frozenset({"is_not", "not_contains", "not_one_of"})


@dataclass
class Node:
    """A row to be drawn: a group with its `parts`, or a condition; `wrong` are its problems by place."""

    n: int
    depth: int
    kind: str = "test"
    is_bare: bool = False
    parts: list["Node"] = field(default_factory=list)
    wrong: Mapping[str, str] = field(default_factory=dict)
    field: str = ""
    info: FieldInfo | None = None
    part: str = ""
    part_options: Options = ()
    op: str = "is"
    op_options: Options = ()
    takes: str = "one"
    input: str = "text"  # text | number | day | lines | select | selects
    boxes: Sequence[Box] = ()
    value_options: Options = ()
    chosen: Sequence[str] = ()
    is_exact: bool | None = None  # None: cannot be asked
    last: Box | None = None

    def name(self, what: str) -> str:
        """Return what a field of this row is called in the form."""
        return f"{rows.ROWS.prefix}-{self.n}-{what}"

    def marks(self, place: str) -> dict[str, str]:
        """Return what marks a field of this row as wrong; nothing where it is not."""
        return {"aria-invalid": "true", "aria-describedby": self.name("error")} if place in self.wrong else {}

    @property
    def was(self) -> str:
        """Return what the boxes were drawn for, so that they are emptied when the row becomes another one."""
        kind = self.part or (self.info.type if self.info else "")
        return " ".join([kind, *(box.way for box in self.boxes)])

    @property
    def is_empty_too(self) -> bool:
        """Tell whether the condition holds for who has no value at all."""
        return self.op in _NEGATIVE

    @property
    def may_nest(self) -> bool:
        """Tell whether a group may be put into this one."""
        return self.depth < MAX_DEPTH - 1


def draw(tree: Tree, catalogue: Catalogue, problems: Iterable[Problem], said: Iterable[Row] = ()) -> Node:
    """Return the outer group of a tree; `said` are the rows of the form that it was read from."""
    return _Pen(catalogue, problems, said).outer(tree)


class _Pen:
    def __init__(self, catalogue: Catalogue, problems: Iterable[Problem], said: Iterable[Row]) -> None:
        self.catalogue = catalogue
        self.n = -1
        self.wrong: dict[tuple[int, ...], dict[str, str]] = {}
        for problem in problems:
            place = f"value{problem.n}" if problem.place == "value" else problem.place
            self.wrong.setdefault(problem.path, {}).setdefault(place, of_problem(problem))
        given = list(said)
        self.outermost = given[0].get("kind") if given else ""
        self.said: Iterator[Row] = iter([row for row in given if not row.is_group])
        self.options: dict[str, Options] = {}

    def outer(self, tree: Tree) -> Node:
        if isinstance(tree, All | Any_ | Not) and not (isinstance(tree, Not) and isinstance(tree.part, In)):
            return self.group(tree, (), 0)
        kind = self.outermost if self.outermost in {"all", "any"} else "all"
        root = Node(self._next(), 0, kind, is_bare=True)
        root.parts.append(self.node(tree, (), 1))
        return root

    def _next(self) -> int:
        self.n += 1
        return self.n

    def node(self, tree: Tree, path: tuple[int, ...], depth: int) -> Node:
        match tree:
            case In(group):
                return self.member(group, path, depth, is_in=True)
            case Not(In(group)):
                return self.member(group, (*path, 0), depth, is_in=False)
            case Test():
                return self.test(tree, path, depth)
        return self.group(tree, path, depth)

    def group(self, tree: All | Any_ | Not, path: tuple[int, ...], depth: int) -> Node:
        kind, parts, below = _taken_apart(tree, path)
        # A rule of which one condition is left is that condition, not a group of one.
        is_bare = not depth and len(parts) != 1
        drawn = Node(self._next(), depth, kind, is_bare, wrong=self.wrong.get(path, {}))
        drawn.parts += [self.node(part, (*below, n), depth + 1) for n, part in enumerate(parts)]
        return drawn

    def member(self, group: str, path: tuple[int, ...], depth: int, *, is_in: bool) -> Node:
        next(self.said, None)
        return Node(
            self._next(), depth, field=MEMBERSHIP, op="in" if is_in else "not_in", op_options=MEMBER_OPERATORS,
            wrong=self.wrong.get(path, {}), input="select", chosen=[group], boxes=[Box()],
            value_options=self._options("group", None),
        )  # fmt: skip

    def test(self, test: Test, path: tuple[int, ...], depth: int) -> Node:
        info, row = self.catalogue.fields.get(test.field), next(self.said, None)
        drawn = Node(self._next(), depth, field=test.field, info=info, part=test.part, op=test.op)
        drawn.wrong, drawn.takes = self.wrong.get(path, {}), OPERATORS[test.op]
        of_day = info is not None and info.type in DATES
        labels = {**_OPERATORS, **_OF_DATES} if of_day and not test.part else _OPERATORS
        drawn.op_options = [(op, labels[op]) for op in rows.operators_of(info, test.part)] if info else ()
        if info and of_day:
            drawn.part_options = [(part, PARTS[part]) for part in ("", *rows.parts_of(info))]
        drawn.is_exact = test.is_exact if rows.is_text(info, test.op) else None
        if rows.counts_purchases(info):
            drawn.last = Box() if test.last is None else Box(str(test.last.n or ""), test.last.unit)
        self._values(drawn, test, row)
        return drawn

    def _values(self, drawn: Node, test: Test, row: Row | None) -> None:
        kind = test.part or (drawn.info.type if drawn.info else "text")
        boxes = [boxed(value) for value in test.values]
        if row is not None:
            # A distance without its number is no day yet; the way in which it is said stays chosen.
            boxes = [
                Box(box.text, box.way or row.get(way) if isinstance(value, str) else box.way)
                for box, value, way in zip(boxes, test.values, ("way", "way2", *[""] * len(boxes)), strict=False)
            ]
        drawn.boxes = boxes
        drawn.value_options = self._options(kind, drawn.info)
        drawn.chosen = [str(box.text) for box in boxes]
        if drawn.value_options:
            drawn.input = "selects" if drawn.takes == "list" else "select"
        elif drawn.takes == "list":
            drawn.input = "lines"
        elif kind in DATES:
            drawn.input = "day"
        elif kind in {"number", "money", "percent", "age", "days_since"}:
            drawn.input = "number"

    def _options(self, kind: str, info: FieldInfo | None) -> Options:
        """Return the values that may be chosen; none where they are typed."""
        key = f"{kind} {info.code if info and kind in {'choice', 'choices'} else ''}"
        if key not in self.options:
            self.options[key] = _options(kind, info, self.catalogue)
        return self.options[key]


def _taken_apart(tree: All | Any_ | Not, path: tuple[int, ...]) -> tuple[str, tuple[Tree, ...], tuple[int, ...]]:
    match tree:
        case All(parts):
            return "all", parts, path
        case Any_(parts):
            return "any", parts, path
        case Not(Any_(parts)):
            return "none", parts, (*path, 0)
        case Not(All(parts)):
            return "not_all", parts, (*path, 0)
    return "not", (tree.part,), path


def _options(kind: str, info: FieldInfo | None, catalogue: Catalogue) -> Options:
    match kind:
        case "yesno":
            return (("true", gettext("yes")), ("false", gettext("no")))
        case "month":
            names = get_locale().months["stand-alone"]["wide"]
            near = (("this", gettext("this month")), ("next", gettext("next month")), ("last", gettext("last month")))
            return (*near, *((str(n), names[n]) for n in range(1, 13)))
        case "choice" | "choices":
            return [(choice, choice) for choice in info.choices] if info else ()
        case "shop":
            return sorted(((code, name) for code, (_, name) in catalogue.shops.items()), key=lambda one: one[1])
        case "group":
            groups = [(one.code, one.name) for one in catalogue.groups.values()]
            return sorted(groups, key=lambda one: one[1].casefold())
    return ()


def fields(catalogue: Catalogue) -> list[tuple[str, Options]]:
    """Return the fields that may be chosen, in groups: every customer's, the store's own, purchases, membership."""
    told = {info.code: info.label if info.is_own else gettext(info.label) for info in catalogue.fields.values()}
    n = Counter(compact(label) for label in told.values())
    named = {code: label if n[compact(label)] == 1 else f"{label} ({code})" for code, label in told.items()}
    live = [info for info in catalogue.fields.values() if not info.is_retired]
    groups = (
        (gettext("Of every customer"), [info for info in live if not info.is_own and not info.is_purchase]),
        (gettext("The store's own fields"), [info for info in live if info.is_own]),
        (gettext("Purchases"), [info for info in live if info.is_purchase]),
    )
    offered: list[tuple[str, Options]] = [(name, [(one.code, named[one.code]) for one in of]) for name, of in groups]
    if catalogue.groups:
        offered.append((gettext("Groups"), [(MEMBERSHIP, gettext("Member of a group"))]))
    return [(name, options) for name, options in offered if options]


@dataclass(frozen=True)
class Drawing:
    """What the builder's template draws: the rows, what may be chosen in them, and the address that draws it again."""

    outer: Node
    fields: list[tuple[str, Options]]
    target: str
    kinds: Options = tuple(KINDS.items())
    ways: Options = WAYS
    lasts: Options = LASTS
