"""A rule that is stored, as a sentence for one reader: without what is hidden from her."""

from collections.abc import Iterable, Mapping
from typing import Any

from portal.permissions import Actor
from portal.queries.rules.readable import readable
from portal.rules.catalogue import Catalogue
from portal.rules.tree import Tree
from portal.words.rules import sentence


def tree_for(actor: Actor, said: Mapping[str, Any], catalogue: Catalogue) -> Tree:
    """Return what she may read of a rule as JSON holds it; `catalogue` has the groups that she may see."""
    return readable(actor, said, catalogue)


def sentence_for(actor: Actor, said: Mapping[str, Any], catalogue: Catalogue) -> str:
    """Return what a rule as JSON holds it says, as far as she may read it."""
    return sentence(tree_for(actor, said, catalogue), catalogue)


def both_for(actor: Actor, values: Iterable[Mapping[str, Any] | None], catalogue: Catalogue) -> list[str]:
    """Return what the rules of an item say before and after a change; '' for none."""
    told = ((one or {}).get("rule") for one in values)
    return [sentence_for(actor, rule, catalogue) if isinstance(rule, dict) else "" for rule in told]
