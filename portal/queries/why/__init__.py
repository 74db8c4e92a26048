"""Why? A short proof that a customer is in a group or not, worked out live from what people said (product.md §8).

One evaluator for pages, command line and other systems. It reads the items and not the stored membership, with the same
number of queries whatever the size of the group.
"""

from portal.errors import N_, Missing
from portal.models import Customer, Group
from portal.permissions import Action, Actor, require_shop
from portal.queries.why.fixes import Fix, fixes_of
from portal.queries.why.past import PastProof, why_at
from portal.queries.why.proof import Proof, Reason, prove
from portal.queries.why.reading import read


def why(actor: Actor, group: Group, customer: Customer) -> Proof:
    """Return the proof for `group` and `customer`, who has her shop with her.

    Raises Denied for somebody of whom `actor` may not ask, Missing for a group that is not shown to her.
    """
    require_shop(actor, Action.WHY, customer.shop_id)
    proof = prove(read(actor, group, customer), group)
    if proof.is_hidden:
        raise Missing(N_("There is no group “%(code)s”."), "group", code=group.code)
    return proof


__all__ = ["Fix", "PastProof", "Proof", "Reason", "fixes_of", "why", "why_at"]
