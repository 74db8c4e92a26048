"""Ticking and unticking the boxes of the customer form: Add and Remove by name, within the save of the customer."""

from collections.abc import Mapping

from portal.errors import N_, Refusal
from portal.models import Customer, Group
from portal.permissions import Action, Actor, require
from portal.queries import groups as find_groups
from portal.services import items
from portal.services.items.new import NewItem
from portal.services.recorder import Recorder


def tick(actor: Actor, customer: Customer, boxes: Mapping[str, bool], reason: str, change: Recorder) -> list[str]:
    """Add her to the groups whose box became ticked, remove her from the others; return whose exclusion is lifted.

    `boxes` holds by code only those that somebody changed: writing what a field holds already is no write. `reason` is
    for who changes members of open groups only. Raises Denied, Refusal at the field `box`.
    """
    require(actor, Action.EDIT_CUSTOMER)
    lifted = []
    for code, is_on in sorted(boxes.items()):
        group = _group(actor, code)
        item = NewItem(customer_id=customer.id, sign="include" if is_on else "exclude", note=reason)
        try:
            put = items.change_one(actor, group.id, item, change)
        except Refusal as refusal:
            if refusal.field != "item":
                raise
            raise Refusal(refusal.sentence, "box", **refusal.params) from refusal
        lifted += [group.label] if put.lifted else []
    return lifted


def _group(actor: Actor, code: str) -> Group:
    found: Group | None = find_groups.visible_to(actor).where(
        Group.code == code.casefold(), Group.status == "active", Group.in_form == True  # noqa: E712
    ).first()  # fmt: skip
    if found is None:
        raise Refusal(N_("The group “%(code)s” is no box of this form any more."), "box", code=code)
    return found
