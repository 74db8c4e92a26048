"""What the grammar found in a text, made into the tree: names looked up, values read, every test checked."""

from collections.abc import Callable
from typing import Any, NoReturn

import lark
from lark import Token, Transformer_NonRecursive
from lark.exceptions import VisitError

from portal.errors import N_
from portal.rules import typed
from portal.rules.catalogue import TEXTS, Catalogue, FieldInfo, compact
from portal.rules.checking import TOO_DEEP, TOO_MANY_TESTS, check_test, no_field, no_group
from portal.rules.mistakes import RuleError
from portal.rules.tree import MAX_DEPTH, MAX_TESTS, All, Any_, Days, In, Not, Test, Tree, Value
from portal.text import clean, fold

_OPS = {
    "NOT_BETWEEN": "between", "BETWEEN": "between", "IS_EMPTY": "empty", "IS_NOT_EMPTY": "not_empty",
    "IS_EXACTLY": "is",
}  # fmt: skip
_ESCAPED = {"n": "\n", "t": "\t"}
_NULL = frozenset({"null", "nulo", "nula"})
_AGE = frozenset({"age", "idade", "edad"})


def resolved(found: lark.Tree, text: str, catalogue: Catalogue) -> Tree:
    """Return the tree of what the grammar found in a text; raises RuleError for what the store does not know."""
    try:
        return _Reader(text, catalogue).transform(found)[0]
    except VisitError as told:
        if isinstance(told.orig_exc, RuleError):
            raise told.orig_exc from None
        raise


_Part = tuple[Tree, int]  # with the depth below it


class _Subject:
    """What is asked: a field, perhaps a part of its date, or its purchases of the last days."""

    def __init__(self, name: Token, part: str = "", last: Token | None = None, at: Token | None = None) -> None:
        self.name = name
        self.part = part
        self.last = last
        self.at = at or name


class _Reader(Transformer_NonRecursive):
    """Makes the tree out of what the grammar found, from the leaves up."""

    def __init__(self, text: str, catalogue: Catalogue) -> None:
        super().__init__()
        self.text = text
        self.catalogue = catalogue
        self.n_tests = 0

    def _refuse(self, at: Token, sentence: str, **params: object) -> NoReturn:
        raise RuleError(self.text, at.start_pos or 0, sentence, **params)

    # ---- joining ----

    def start(self, children: list[_Part | None]) -> tuple[Tree]:
        return (children[0][0] if children[0] is not None else All(()),)

    def either(self, children: list[_Part]) -> _Part:
        return self._above(Any_, children)

    def both(self, children: list[_Part]) -> _Part:
        return self._above(All, children)

    def gathered(self, children: list[Any]) -> _Part:
        parts = [part for part in children[1:] if part is not None]
        return self._above(All if children[0].type == "ALL_OF" else Any_, parts)

    def negated(self, children: list[_Part]) -> _Part:
        return self._deeper(Not(children[0][0]), children)

    def _above(self, kind: Callable[[tuple[Tree, ...]], Tree], parts: list[_Part]) -> _Part:
        return self._deeper(kind(tuple(part for part, _ in parts)), parts)

    def _deeper(self, tree: Tree, parts: list[_Part]) -> _Part:
        depth = 1 + max((depth for _, depth in parts), default=-1)
        if depth > MAX_DEPTH:
            raise RuleError(self.text, 0, TOO_DEEP, most=MAX_DEPTH)
        return tree, depth

    # ---- groups ----

    def member(self, children: list[Token]) -> _Part:
        return self._counted(children[0], In(self._group(children[0])))

    def member_of_several(self, children: list[Token]) -> _Part:
        way, names = children[0].type, children[1:]
        parts = [self.member([name]) for name in names]
        if way == "IN_ALL":
            return self._above(All, parts)
        found = self._above(Any_, parts)
        return found if way == "IN_ANY" else self._deeper(Not(found[0]), [found])

    def _group(self, name: Token) -> str:
        found = self.catalogue.group_named(_plain(name))
        if found is None:
            sentence, params = no_group(_plain(name), self.catalogue)
            self._refuse(name, sentence, **params)
        return found.code

    def _counted(self, at: Token, leaf: Tree) -> _Part:
        self.n_tests += 1
        if self.n_tests > MAX_TESTS:
            self._refuse(at, TOO_MANY_TESTS, most=MAX_TESTS)
        return leaf, 0

    # ---- tests ----

    def subject(self, children: list[Any]) -> _Subject:
        return _Subject(children[0], last=children[1])

    def part(self, children: list[Token]) -> _Subject:
        return _Subject(children[1], children[0].type.lower(), at=children[0])

    def compared(self, children: list[Any]) -> _Part:
        subject, way, exactly, value = children
        info = self._field(subject)
        if info is None:
            return self._twin(subject, way, value)
        if value.type == "BARE" and way.type in {"IS", "IS_NOT"}:
            if fold(value) in _NULL:
                return self._test(subject, info, way, "empty" if way.type == "IS" else "not_empty", [])
            if "*" in value and info.type in TEXTS:
                return self._wild(subject, info, way, value)
        return self._test(subject, info, way, way.type.lower(), [value], is_exact=exactly is not None)

    def compared_exactly(self, children: list[Any]) -> _Part:
        subject, way, value = children
        info = self._field(subject)
        if info is None:
            return self._twin(subject, way, value)
        return self._test(subject, info, way, "is", [value], is_exact=info.type in TEXTS)

    def between(self, children: list[Any]) -> _Part:
        subject, way, *values = children
        info = self._known(subject, way)
        found = self._test(subject, info, way, "between", values)
        return found if way.type == "BETWEEN" else self._deeper(Not(found[0]), [found])

    def among(self, children: list[Any]) -> _Part:
        subject, way, exactly, *values = children
        info = self._known(subject, way)
        return self._test(subject, info, way, way.type.lower(), values, is_exact=exactly is not None)

    def emptiness(self, children: list[Any]) -> _Part:
        subject, way = children
        info = self._known(subject, way)
        return self._test(subject, info, way, _OPS[way.type], [])

    # ---- what they are made of ----

    def _field(self, subject: _Subject) -> FieldInfo | None:
        """Return the field; None when a group is called so."""
        name = _plain(subject.name)
        found = self.catalogue.field_named(name)
        if found is not None:
            return found
        if compact(name) in _AGE and not subject.part and "birth_date" in self.catalogue.fields:
            subject.part = "age"
            return self.catalogue.fields["birth_date"]
        if self.catalogue.group_named(name) is None:
            sentence, params = no_field(name, self.catalogue)
            self._refuse(subject.name, sentence, **params)
        return None

    def _known(self, subject: _Subject, way: Token) -> FieldInfo:
        info = self._field(subject)
        if info is None:
            self._refuse_twin(subject, way)
        return info

    def _refuse_twin(self, subject: _Subject, at: Token) -> NoReturn:
        sentence = N_("“%(name)s” is a group: write “= true”, “= false” or “in group”.")
        self._refuse(at, sentence, name=_plain(subject.name))

    def _twin(self, subject: _Subject, way: Token, value: Token) -> _Part:
        """Read `resellers = true` as membership."""
        wanted = typed.yes_or_no(clean(_plain(value)))
        is_way = way.type in {"IS", "IS_NOT", "IS_EXACTLY"}
        if not is_way or not isinstance(wanted, bool) or subject.part or subject.last is not None:
            self._refuse_twin(subject, way if not is_way else value)
        found = self._counted(subject.name, In(self._group(subject.name)))
        return found if wanted == (way.type != "IS_NOT") else self._deeper(Not(found[0]), [found])

    def _wild(self, subject: _Subject, info: FieldInfo, way: Token, value: Token) -> _Part:
        """Read `name = *go*`: what the asterisks leave open at either end."""
        inner = value.strip("*")
        is_open = (value.startswith("*"), value.endswith("*"))
        if "*" in inner:
            self._refuse(value, N_("An asterisk stands at the beginning or the end of a value only."))
        if not inner:
            return self._test(subject, info, way, "not_empty" if way.type == "IS" else "empty", [])
        op = {(True, True): "contains", (False, True): "starts_with", (True, False): "ends_with"}[is_open]
        if way.type == "IS_NOT" and op == "contains":
            return self._test(subject, info, way, "not_contains", [value.update(value=inner)])
        found = self._test(subject, info, way, op, [value.update(value=inner)])
        return found if way.type == "IS" else self._deeper(Not(found[0]), [found])

    def _test(
        self, subject: _Subject, info: FieldInfo, way: Token, op: str, tokens: list[Token], *, is_exact: bool = False
    ) -> _Part:
        part = "" if op in {"empty", "not_empty"} else subject.part
        values: list[Value] = [typed.value(_plain(token), info, part, self.catalogue) for token in tokens]
        if info.type == "choices":
            op = {"is": "contains", "is_not": "not_contains"}.get(op, op)
        last: Days | None = typed.span(subject.last) if subject.last is not None else None
        test = Test(info.code, op, tuple(values), is_exact, part, last)
        for problem in check_test(test, self.catalogue):
            places = {"op": way, "part": subject.at, "last": subject.last or way, "field": subject.name}
            at = tokens[min(problem.n, len(tokens) - 1)] if problem.place == "value" else places[problem.place]
            self._refuse(at, problem.sentence, **problem.params)
        return self._counted(subject.name, test)


def _plain(token: Token) -> str:
    """Return what a token says, without its quotes."""
    if token.type not in {"STRING", "TICKED"}:
        return str(token)
    said, at, inner = [], 0, str(token)[1:-1]
    while at < len(inner):
        char, following = inner[at], inner[at + 1 : at + 2]
        if char == "\\" and (following in _ESCAPED or following in "\\\"'`”»"):
            char, at = _ESCAPED.get(following, following), at + 1
        said.append(char)
        at += 1
    return "".join(said)
