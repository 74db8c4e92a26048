"""A rule as a sentence, in the reader's language and the store's words.

It says what the rule does, nothing less: what stands in one another stands in parentheses, and where customers without
a value fit too, it says so.
"""

from flask_babel import get_locale, gettext, ngettext

from portal.errors import N_
from portal.queries.rules.readable import UNSEEN
from portal.rules.catalogue import DATES, Catalogue, FieldInfo
from portal.rules.checking import Problem
from portal.rules.mistakes import RuleError
from portal.rules.tree import OPERATORS, All, Any_, In, Not, Test, Tree
from portal.values import Remark
from portal.words.rule_values import in_words, quoted, span
from portal.words.saying import say

_LISTED = 20  # values of one test; further ones are counted
_TESTS = {
    "is": N_("%(field)s is %(value)s"),
    "is_not": N_("%(field)s is not %(value)s (or is empty)"),
    "lt": N_("%(field)s is less than %(value)s"),
    "le": N_("%(field)s is at most %(value)s"),
    "gt": N_("%(field)s is more than %(value)s"),
    "ge": N_("%(field)s is at least %(value)s"),
    "contains": N_("%(field)s contains %(value)s"),
    "not_contains": N_("%(field)s does not contain %(value)s (or is empty)"),
    "starts_with": N_("%(field)s starts with %(value)s"),
    "ends_with": N_("%(field)s ends with %(value)s"),
    "between": N_("%(field)s is between %(first)s and %(second)s (both included)"),
    "one_of": N_("%(field)s is one of %(value)s"),
    "not_one_of": N_("%(field)s is not one of %(value)s (or is empty)"),
    "empty": N_("%(field)s is empty"),
    "not_empty": N_("%(field)s is not empty"),
}
_OF_DATES = {
    "lt": N_("%(field)s is before %(value)s"),
    "le": N_("%(field)s is %(value)s or before"),
    "gt": N_("%(field)s is after %(value)s"),
    "ge": N_("%(field)s is %(value)s or after"),
}
_PARTS = {
    "age": N_("age (by %(field)s)"),
    "days_since": N_("number of days since %(field)s"),
    "month": N_("month of %(field)s"),
}
# Which tests say the complement of another one.
_COMPLEMENTS = {"is": "is_not", "contains": "not_contains", "one_of": "not_one_of", "empty": "not_empty"}
_OPPOSITE = _COMPLEMENTS | {other: one for one, other in _COMPLEMENTS.items()}


def sentence(tree: Tree, catalogue: Catalogue) -> str:
    """Return what a rule says, as one sentence."""
    if isinstance(tree, All) and len(tree.parts) > 1:
        told = gettext(", and ").join(_part(part, catalogue) for part in tree.parts)
    else:
        told = _part(tree, catalogue)
    return f"{told[:1].upper()}{told[1:]}."


def phrase(tree: Tree, catalogue: Catalogue) -> str:
    """Return what a part of a rule says, as a part of a sentence."""
    return _part(tree, catalogue)


def of_problem(problem: Problem) -> str:
    """Return what is wrong with a part of a rule."""
    return say(Remark(problem.sentence, "", dict(problem.params)))


def of_mistake(error: RuleError) -> str:
    """Return where a text is no rule, and why."""
    return gettext("Line %(line)s, column %(column)s: %(what)s", line=error.line, column=error.column, what=say(error))


def _part(tree: Tree, catalogue: Catalogue) -> str:
    match tree:
        case All(parts) | Any_(parts):
            return _joined(tree, parts, catalogue)
        case Not(part):
            return _not(part, catalogue)
        case In(code):
            return gettext("in the group %(group)s", group=_group(code, catalogue))
        case Test():
            return _test(tree, catalogue)


def _joined(tree: All | Any_, parts: tuple[Tree, ...], catalogue: Catalogue) -> str:
    if not parts:
        return gettext("nobody at all")
    told = [_part(part, catalogue) for part in parts]
    if len(told) == 1:
        return told[0]
    listed = "; ".join(told)
    if isinstance(tree, All):
        return gettext("all of (%(parts)s)", parts=listed)
    return gettext("at least one of (%(parts)s)", parts=listed)


def _not(part: Tree, catalogue: Catalogue) -> str:
    if isinstance(part, Not):
        return _part(part.part, catalogue)
    if isinstance(part, All | Any_) and len(part.parts) == 1:
        return _not(part.parts[0], catalogue)
    if isinstance(part, In):
        return gettext("not in the group %(group)s", group=_group(part.group, catalogue))
    if isinstance(part, Test) and part.op in _OPPOSITE:
        return _test(Test(part.field, _OPPOSITE[part.op], part.values, part.is_exact, part.part, part.last), catalogue)
    if isinstance(part, Test):
        return gettext("not (%(part)s) (or is empty)", part=_test(part, catalogue))
    return gettext("not (%(part)s)", part=_part(part, catalogue))


def _group(code: str, catalogue: Catalogue) -> str:
    if code == UNSEEN:
        return quoted(gettext("a group you may not see"))
    info = catalogue.groups.get(code)
    return quoted(info.name if info else code)


def _test(test: Test, catalogue: Catalogue) -> str:
    info = catalogue.fields.get(test.field)
    kind = test.part or (info.type if info else "text")
    values = [in_words(value, kind, info, catalogue) for value in test.values[:_LISTED]]
    if test.is_exact:
        values = [gettext("exactly %(value)s", value=value) for value in values]
    more = len(test.values) - _LISTED
    if more > 0:
        values.append(ngettext("%(n)s more", "%(n)s more", more, n=more))
    pattern = _OF_DATES.get(test.op, _TESTS[test.op]) if kind in DATES else _TESTS[test.op]
    places = {"field": _subject(test, info, catalogue)}
    if OPERATORS[test.op] == "two":
        places |= {"first": values[0], "second": values[-1]}
    else:
        places["value"] = gettext(" or ").join(values)
    return gettext(pattern) % places


def _subject(test: Test, info: FieldInfo | None, catalogue: Catalogue) -> str:
    told = label(info, catalogue) if info else quoted(test.field)
    if test.part:
        told = gettext(_PARTS[test.part]) % {"field": told}
    if test.last is not None:
        told = gettext("%(field)s in the last %(span)s", field=told, span=span(test.last))
    return told


def label(info: FieldInfo, catalogue: Catalogue) -> str:
    """Return what a field is called in the reader's language, with its code where another one is called so too."""
    told = _label(info)
    same = [one for one in catalogue.fields.values() if _label(one).casefold() == told.casefold()]
    return told if len(same) == 1 else f"{told} ({info.code})"


def _label(info: FieldInfo) -> str:
    if not info.is_own:
        return gettext(info.label)
    return info.labels.get(str(get_locale() or "")[:2]) or info.label
