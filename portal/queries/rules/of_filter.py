"""A filter of the customer list as the rule that fits the same customers."""

from portal.queries.filters import Filter
from portal.rules.tree import All, Any_, In, Not, Test, Tree


def tree_of(wanted: Filter) -> Tree:
    """Return the rule that says what a filter says; for one that lets everybody through, one without a condition."""
    parts: list[Tree] = [In(group.code) for group in wanted.all]
    if wanted.any:
        parts.append(_one_of([In(group.code) for group in wanted.any]))
    parts += [Not(In(group.code)) for group in wanted.none]
    if wanted.shops:
        codes = tuple(shop.code_key for shop in wanted.shops)
        parts.append(Test("shop", "is", codes) if len(codes) == 1 else Test("shop", "one_of", codes))
    parts += [test.tree for test in wanted.fields]
    if wanted.q.strip():
        parts.append(Test("search", "contains", (wanted.q.strip(),)))
    return parts[0] if len(parts) == 1 else All(tuple(parts))


def _one_of(parts: list[Tree]) -> Tree:
    return parts[0] if len(parts) == 1 else Any_(tuple(parts))
