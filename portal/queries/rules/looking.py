"""What a rule that is just being made would find: how many customers fit of those there are, and a few of them."""

from dataclasses import dataclass, field

from portal.clock import now
from portal.errors import N_, Refusal
from portal.models import Customer
from portal.permissions import Action, Actor, require
from portal.queries.customers import visible_to
from portal.queries.fields import MASKED_AS
from portal.queries.rules import matching
from portal.queries.rules.compiling import Condition, of_tree
from portal.rules import checking
from portal.rules.tree import Tree

SAMPLES = 5
EVERYBODY = Condition("1 = 1")


@dataclass(frozen=True, slots=True)
class Look:
    """How many customers a rule fits now of all whom this person sees, and the first of them that were found."""

    n: int
    n_all: int
    samples: list[Customer] = field(default_factory=list)


def look(actor: Actor, tree: Tree) -> Look:
    """Return whom a rule without problems fits, among the customers that this person sees.

    Raises Refusal for a rule over what she sees masked: the count would tell it.
    """
    require(actor, Action.SEE_CUSTOMERS)
    own = {code: MASKED_AS.get(kind) for code, (_, kind) in matching.own_columns().items()}
    hidden = actor.masked_anywhere()
    hidden |= {code for code, column in own.items() if column in hidden} | ({"search"} if hidden else set())
    if hidden & checking.reads(tree).fields:
        raise Refusal(N_("This rule asks for what you see masked; whom it fits is not told to you."), "rule")
    reach = actor.shops(Action.SEE_CUSTOMERS)
    if reach is not None and not reach:
        return Look(0, 0)
    condition = of_tree(tree, matching.own_columns(), matching.today_at(now()))
    ids = matching.some(condition, SAMPLES, reach)
    # Fewer than were asked for are all there are.
    n = matching.count(condition, reach) if len(ids) == SAMPLES else len(ids)
    found = visible_to(actor).where(Customer.id.in_(ids)).order_by(Customer.name_key, Customer.id) if ids else []
    return Look(n, matching.count(EVERYBODY, reach), list(found))
