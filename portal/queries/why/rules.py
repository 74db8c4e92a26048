"""What rules say of one customer: whether they fit her, and of each of their conditions whether it holds."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from portal.models import Customer, GroupItem
from portal.permissions import Actor
from portal.queries import fields as find_fields
from portal.queries.rules import matching
from portal.queries.rules.compiling import of_tree
from portal.queries.rules.matching import RuleItem
from portal.queries.rules.readable import readable
from portal.rules.catalogue import Catalogue
from portal.rules.tree import All, Any_, In, Not, Test, Tree, from_json

Condition: TypeAlias = Test | In | Not


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a rule fits her, and each of its conditions with whether it holds, as the reader may read them."""

    tree: Tree
    fits: bool
    conditions: tuple[tuple[Condition, bool], ...]
    catalogue: Catalogue  # to say them by


def conditions(tree: Tree, *, is_not: bool = False) -> Iterator[Condition]:
    """Yield what a rule asks for, from left to right; below a `not` the opposite of each condition.

    So each that holds speaks for her fitting, and each that does not against it.
    """
    match tree:
        case All(parts) | Any_(parts):
            for part in parts:
                yield from conditions(part, is_not=is_not)
        case Not(part):
            yield from conditions(part, is_not=not is_not)
        case _:
            yield Not(tree) if is_not else tree


def verdicts(actor: Actor, customer: Customer, items: Iterable[GroupItem], moment: datetime) -> dict[int, Verdict]:
    """Return the verdict of each item that is a rule, by its id; all are asked in one statement."""
    rules_said = {item.id: item.rule for item in items if item.rule is not None}
    if not rules_said:
        return {}
    trees = {item_id: from_json(rule) for item_id, rule in rules_said.items()}
    catalogue = find_fields.catalogue(actor=actor)
    own, today = matching.own_columns(), matching.today_at(moment)
    asked = [part for tree in trees.values() for part in (tree, *conditions(tree))]
    rules = [RuleItem(place, 0, False, of_tree(part, own, today), frozenset()) for place, part in enumerate(asked)]
    holding = {place for place, _ in matching.of_customers(rules, [customer.id])}
    found, place = {}, 0
    for item_id in trees:
        shown = readable(actor, rules_said[item_id], catalogue)
        leaves = list(conditions(shown))
        held = tuple((leaf, place + n in holding) for n, leaf in enumerate(leaves, 1))
        found[item_id] = Verdict(shown, place in holding, held, catalogue)
        place += 1 + len(leaves)
    return found
