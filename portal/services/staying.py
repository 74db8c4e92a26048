"""Who leaves a shop leaves its groups, unless the item says that she stays (product.md §5, Leaving a shop)."""

from collections.abc import Mapping
from typing import Any

from portal.clock import now
from portal.db import in_chunks
from portal.models import Customer, Group, GroupItem, Membership
from portal.queries.exclusions import excluded_shops
from portal.queries.membership import valid_at
from portal.services.item_rows import put_all
from portal.services.recorder import Recorder


def stay(left: Mapping[int, int], change: Recorder) -> None:
    """Include by name who has left a shop (`left`: shop by customer) whose item in a group says that she stays.

    To be called before the membership is refreshed: only who is a member stays. Her new shop is stored already.
    """
    if not left:
        return
    staying = (
        GroupItem.select(GroupItem.group, GroupItem.shop)
        .join(Group, on=(Group.id == GroupItem.group))
        .where(
            GroupItem.shop.in_(set(left.values())), GroupItem.on_leave == "stay", GroupItem.sign == "include",
            Group.status == "active", *valid_at(now()),
        )
    )  # fmt: skip
    for group_id, shop_id in list(staying.tuples()):
        _include(group_id, [customer for customer, shop in left.items() if shop == shop_id], change)


def _include(group_id: int, customers: list[int], change: Recorder) -> None:
    group = Group.get_by_id(group_id)
    shut = list(excluded_shops(group))
    named = GroupItem.select(GroupItem.customer).where(
        GroupItem.group == group, GroupItem.customer.is_null(False), GroupItem.ended_at.is_null()
    )
    rows: list[dict[str, Any]] = []
    for part in in_chunks(customers):
        query = (
            Membership.select(Membership.customer)
            .join(Customer, on=(Customer.id == Membership.customer))
            .where(
                Membership.group == group, Membership.customer.in_(part),
                Membership.customer.not_in(named.where(GroupItem.customer.in_(part))),
                Customer.shop.is_null() | Customer.shop.not_in(shut),
            )
        )  # fmt: skip
        rows += [{"sign": "include", "kind": "customer", "customer": customer} for (customer,) in query.tuples()]
    put_all(rows, group, change)
