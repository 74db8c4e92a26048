"""A rule as text: read into its tree, and written from it.

    city = "Porto" and (orders >= 3 or last_order > -30d) and not in group "Employees"

What is read is a tree that nothing is wrong with. Written and read again it is the same tree.
"""

from lark import UnexpectedInput

from portal.errors import N_
from portal.rules.catalogue import Catalogue
from portal.rules.checking import misshapen
from portal.rules.grammar import grammar
from portal.rules.lists import Listed, as_list, without_where
from portal.rules.mistakes import RuleError, explained
from portal.rules.resolving import resolved
from portal.rules.tree import All, Any_, Tree
from portal.rules.writing import write

__all__ = ["MAX_LENGTH", "RuleError", "parse", "write"]

MAX_LENGTH = 50_000


def parse(text: str, catalogue: Catalogue) -> Tree:
    """Return the tree that a text says; raises RuleError, with line and column, for one that is no rule.

    A list of conditions, one a line, is understood too where the text is no rule as a whole.
    """
    if len(text) > MAX_LENGTH:
        raise RuleError(text, MAX_LENGTH, N_("A rule has at most %(most)s characters."), most=MAX_LENGTH)
    text = without_where(text)
    try:
        return _whole(text, catalogue)
    except RuleError as told:
        listed = as_list(text)
        found = _each(text, listed, catalogue) if listed is not None else None
        if found is None:
            raise told from None
        return found


def _whole(text: str, catalogue: Catalogue) -> Tree:
    try:
        found = grammar().parse(text)
    except UnexpectedInput as stopped:
        raise explained(text, stopped) from None
    return _shaped(resolved(found, text, catalogue), text)


def _each(text: str, listed: Listed, catalogue: Catalogue) -> Tree | None:
    """Return the tree of a list; None where a part is no rule, and neither a word nor its parts show that it is one."""
    parts: list[Tree] = []
    for begin, end in listed.spans:
        try:
            parts.append(_whole(text[begin:end], catalogue))
        except RuleError as told:
            if not (listed.is_named or all(_is_rule(text[first:last]) for first, last in listed.spans)):
                return None
            raise RuleError(text, begin + told.at, told.sentence, **told.params) from None
    tree = parts[0] if len(parts) == 1 else Any_(tuple(parts)) if listed.is_any else All(tuple(parts))
    return _shaped(tree, text)


def _is_rule(text: str) -> bool:
    """Tell whether a text has the form of a rule, whatever it names."""
    try:
        grammar().parse(text)
    except UnexpectedInput:
        return False
    return True


def _shaped(tree: Tree, text: str) -> Tree:
    for problem in misshapen(tree):
        raise RuleError(text, 0, problem.sentence, **problem.params)
    return tree
