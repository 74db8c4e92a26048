"""What rules say of one customer: whether they fit her, and of each of their conditions whether it holds."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from portal.models import Customer, GroupItem
from portal.queries import fields as find_fields
from portal.queries.rules import matching
from portal.queries.rules.compiling import of_tree
from portal.queries.rules.matching import RuleItem
from portal.rules.catalogue import Catalogue
from portal.rules.tree import In, Test, Tree, from_json, tests


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a rule fits her, and each of its conditions with whether it holds, from left to right."""

    tree: Tree
    fits: bool
    conditions: tuple[tuple[Test | In, bool], ...]
    catalogue: Catalogue  # to say them by


def verdicts(customer: Customer, items: Iterable[GroupItem], moment: datetime) -> dict[int, Verdict]:
    """Return the verdict of each item that is a rule, by its id; all are asked in one statement."""
    trees = {item.id: from_json(item.rule) for item in items if item.rule is not None}
    if not trees:
        return {}
    catalogue = find_fields.catalogue()
    own, today = matching.own_columns(), matching.today_at(moment)
    asked = [part for tree in trees.values() for part in (tree, *tests(tree))]
    rules = [RuleItem(place, 0, of_tree(part, own, today), frozenset()) for place, part in enumerate(asked)]
    holding = {place for place, _ in matching.of_customers(rules, [customer.id])}
    found, place = {}, 0
    for item_id, tree in trees.items():
        leaves = list(tests(tree))
        held = tuple((leaf, place + n in holding) for n, leaf in enumerate(leaves, 1))
        found[item_id] = Verdict(tree, place in holding, held, catalogue)
        place += 1 + len(leaves)
    return found
