"""The groups of many customers at once, as badges show them."""

from collections.abc import Sequence

from portal.db import db
from portal.models import Group, Membership
from portal.permissions import Actor
from portal.queries.groups import seen_by

_SHOWN = (Group.id, Group.code, Group.name, Group.name_key, Group.type, Group.status, Group.hue)


def of_customers(actor: Actor, customer_ids: Sequence[int]) -> dict[int, list[Group]]:
    """Return those groups of each of these customers that `actor` may see, in name order, with what a badge shows.

    A group that many of them are in is made once: building a row for each badge took longer than the page's SQL.
    """
    badges: dict[int, list[Group]] = {}
    if customer_ids:
        query = (
            Membership.select(Membership.customer, *_SHOWN)
            .join(Group)
            .where(Membership.customer.in_(customer_ids), *seen_by(actor))
            .order_by(Group.name_key, Group.id)
        )
        made: dict[int, Group] = {}
        for customer_id, *values in db.execute(query):
            group = made.get(values[0])
            if group is None:
                shown = zip((column.name for column in _SHOWN), values, strict=True)
                group = made[values[0]] = Group(**dict(shown))
            badges.setdefault(customer_id, []).append(group)
    return badges
