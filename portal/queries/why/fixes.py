"""What would make somebody a member, as one click of the person who asks; offered only where she may."""

from dataclasses import dataclass

from portal.permissions import Action, Actor
from portal.queries.why.proof import Proof


@dataclass(frozen=True, slots=True)
class Fix:
    """One act: add (by name), lift (an exclusion, by adding her by name), restore (the group), end (an item).

    Of a group that is open to her who asks she `says_why` first.
    """

    kind: str
    group: str
    customer: str
    item_id: int | None = None
    says_why: bool = False


def fixes_of(actor: Actor, proof: Proof) -> list[Fix]:
    """Return what `actor` may do so that the customer becomes a member; nothing if she is one.

    What excludes her through her shop or another group goes first: until then, adding her by name is refused.
    """
    if proof.is_member or proof.is_hidden:
        return []
    codes = proof.group.code, proof.customer.code
    if proof.status in {"draft", "archived"}:
        return [Fix("restore", *codes)] if actor.may(Action.EDIT_GROUP) and actor.may(Action.CREATE_GROUP) else []
    others = [reason for reason in proof.excludes if reason.kind != "customer"]
    if others:
        return [Fix("end", *codes, reason.item.id) for reason in others] if actor.may(Action.EDIT_GROUP) else []
    if not _may_add(actor, proof):
        return []
    says_why = not actor.may(Action.CHANGE_MEMBER)
    if proof.excludes:
        return [Fix("lift", *codes, says_why=says_why)]
    return [] if proof.has_named else [Fix("add", *codes, says_why=says_why)]


def _may_add(actor: Actor, proof: Proof) -> bool:
    is_open = proof.group.is_open and actor.may_in(Action.CHANGE_OPEN_MEMBER, proof.customer.shop_id)
    return actor.may(Action.CHANGE_MEMBER) or bool(is_open)
