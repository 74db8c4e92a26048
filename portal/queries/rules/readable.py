"""A rule as a person may read it: without groups that she may not see, and without values that are masked for her."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from portal.permissions import MASKED, Action, Actor, require
from portal.queries.customers import MASK
from portal.queries.fields import MASKED_AS
from portal.rules.catalogue import Catalogue
from portal.rules.tree import All, Any_, In, Not, Test, Tree, from_json

UNSEEN = "•"  # no code of a group
# By these a rule may name one customer, whom the reader may not know.
_NAMING = frozenset({"code", "name", "email", "phone", "id_number", "address", "search"})


def readable(actor: Actor, said: Mapping[str, Any], catalogue: Catalogue) -> Tree:
    """Return a rule as JSON holds it as a tree for this person; UNSEEN stands for a group that she may not see.

    `catalogue` has the groups that she may see.
    """
    require(actor, Action.SEE_GROUPS)
    hidden = actor.masked_anywhere()
    if hidden & {"email", "phone"}:
        hidden |= {"search"}
    if actor.shops(Action.SEE_CUSTOMERS) is not None:
        hidden |= _NAMING
    return _hiding(from_json(said), hidden | _own_of(hidden, catalogue), catalogue)


def for_changes(said: Mapping[str, Any], catalogue: Catalogue) -> Tree:
    """Return a rule as every reader of changes may read it: without the values that any role sees masked."""
    hidden = frozenset({"search"}).union(*MASKED.values())
    return _hiding(from_json(said), hidden | _own_of(hidden, catalogue), catalogue)


def _own_of(hidden: frozenset[str], catalogue: Catalogue) -> frozenset[str]:
    own = (info for info in catalogue.fields.values() if info.is_own)
    return frozenset(info.code for info in own if MASKED_AS.get(info.type) in hidden)


def _hiding(tree: Tree, hidden: frozenset[str], catalogue: Catalogue) -> Tree:
    match tree:
        case All(parts):
            return All(tuple(_hiding(part, hidden, catalogue) for part in parts))
        case Any_(parts):
            return Any_(tuple(_hiding(part, hidden, catalogue) for part in parts))
        case Not(part):
            return Not(_hiding(part, hidden, catalogue))
        case In(group):
            return tree if group in catalogue.groups else In(UNSEEN)
        case Test(field) if field in hidden:
            return replace(tree, values=tuple(MASK for _ in tree.values))
    return tree
