"""What the filter of the customer list offers: groups and shops."""

from typing import NamedTuple

from portal.db import db
from portal.models import Group, Shop
from portal.permissions import Action, Actor
from portal.queries import groups as find_groups


class Choice(NamedTuple):
    """What a select offers of a group or a shop; hundreds of them a page, so they come as the database gives them."""

    id: int
    code: str
    label: str


def group_choices(actor: Actor) -> list[Choice]:
    """Return the active groups that the filter offers to `actor`, in name order."""
    if not actor.may(Action.SEE_GROUPS):
        return []
    query = find_groups.visible_to(actor).select(Group.id, Group.code, Group.name).where(Group.status == "active")
    rows = db.execute(query.order_by(Group.name_key, Group.code))
    return [Choice(row_id, code, name or code) for row_id, code, name in rows]


def shop_choices(actor: Actor) -> list[Choice]:
    """Return the shops that the filter offers to `actor`, in name order."""
    reach = actor.shops(Action.SEE_CUSTOMERS)
    query = Shop.select(Shop.id, Shop.code, Shop.name).where(Shop.removed_at.is_null())
    query = query.order_by(Shop.name_key, Shop.id)
    return [Choice(*row) for row in db.execute(query if reach is None else query.where(Shop.id.in_(reach)))]
