"""The groups of many customers at once, as badges show them."""

from collections.abc import Sequence

from portal.db import db
from portal.models import Group, Membership

_SHOWN = (Group.id, Group.code, Group.name, Group.name_key, Group.type, Group.status, Group.hue)


def of_customers(customer_ids: Sequence[int]) -> dict[int, list[Group]]:
    """Return the groups of each of these customers, in name order, with what a badge shows of a group.

    A group that many of them are in is made once: building a row for each badge took longer than the page's SQL.
    """
    badges: dict[int, list[Group]] = {}
    if customer_ids:
        query = (
            Membership.select(Membership.customer, *_SHOWN)
            .join(Group)
            .where(Membership.customer.in_(customer_ids))
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
