"""Whom a group keeps out, whatever else is said of them: exclude always wins (product.md §4, law 1)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Any

import peewee

from portal.built import Built, Slot
from portal.clock import now
from portal.db import in_chunks, lot_of, unindexed
from portal.errors import N_, Refusal
from portal.models import Customer, Group, GroupItem, Membership, Shop
from portal.permissions import Action, Actor
from portal.queries.membership import valid_at
from portal.queries.rules import matching


@dataclass(frozen=True)
class ShutOut:
    """Whom a group keeps out now, whatever else is said of them: the shops, the groups by customer, whom a rule fits.
    """

    shops: Mapping[int, Shop] = field(default_factory=dict)
    groups: Mapping[int, Group] = field(default_factory=dict)
    by_rule: frozenset[int] = frozenset()

    def check(self, actor: Actor, customer: Customer) -> None:
        """Raise Refusal where the customer cannot be added by name; sensitive groups are not named to who may not see.
        """
        name = customer.name or customer.code
        if customer.shop_id in self.shops:
            raise Refusal(
                N_("%(name)s cannot be added: the group excludes the shop %(shop)s. End that item first."),
                "item", name=name, shop=self.shops[customer.shop_id].name,
            )  # fmt: skip
        if customer.id in self.by_rule:
            raise Refusal(
                N_("%(name)s cannot be added: a rule of the group excludes her. Change or end that item first."),
                "item", name=name,
            )  # fmt: skip
        keeping = self.groups.get(customer.id)
        if keeping is not None and keeping.is_sensitive and not actor.may(Action.SEE_SENSITIVE):
            raise Refusal(
                N_("%(name)s cannot be added: the group excludes her by another group. A manager can help."),
                "item", name=name,
            )  # fmt: skip
        if keeping is not None:
            raise Refusal(
                N_("%(name)s cannot be added: the group excludes the members of %(group)s. End that item first."),
                "item", name=name, group=keeping.label,
            )  # fmt: skip


def shut_out(group: Group, customer_ids: Iterable[int]) -> ShutOut:
    """Return which shops the group excludes, and which of these customers it excludes by a group or a rule."""
    customer_ids = list(customer_ids)
    moment = now()
    kinds = {kind for (kind,) in _KINDS.rows(group=group.id, moment=moment)}
    if not kinds:
        return ShutOut()
    excluding = [GroupItem.group == group, GroupItem.sign == "exclude", *valid_at(moment)]
    by_shop = Shop.select().join(GroupItem, on=(GroupItem.shop == Shop.id)).where(*excluding)
    shops = {shop.id: shop for shop in by_shop} if "shop" in kinds else {}
    fitting = _by_rule(excluding, customer_ids) if "rule" in kinds else frozenset()
    if not kinds & {"group", "share"}:
        return ShutOut(shops, by_rule=fitting)
    found: dict[int, int] = {}
    for part in in_chunks(customer_ids):
        query = excluding_groups(Membership.customer, *excluding, Membership.customer.in_(part))
        found |= dict(query.select(Membership.customer, GroupItem.of_group).tuples())
    by_id = {row.id: row for row in Group.select().where(Group.id.in_(set(found.values())))}
    return ShutOut(shops, {customer: by_id[group_id] for customer, group_id in found.items()}, fitting)


# Whom the group excludes by name may be added: that lifts the exclusion. The other items are few in the whole store and
# have indexes of their own; those of one group may be many.
_KINDS = Built(
    lambda: reduce(or_, (
        GroupItem.select(GroupItem.kind).where(
            column.is_null(False), unindexed(GroupItem.group) == Slot("group"), GroupItem.sign == "exclude",
            *valid_at(Slot("moment")),
        )
        for column in (GroupItem.shop, GroupItem.of_group, GroupItem.rule)
    )).tuples()
)  # fmt: skip


def _by_rule(excluding: list[Any], customer_ids: list[int]) -> frozenset[int]:
    """Return which of these customers a rule excludes."""
    rules = matching.read(GroupItem.select().where(*excluding), now()) if customer_ids else []
    found: set[int] = set()
    for part in in_chunks(customer_ids) if rules else ():
        found |= {customer_id for _, customer_id in matching.of_customers(rules, part)}
    return frozenset(found)


def keeping_out(actor: Actor, customer: Customer) -> dict[int, tuple[str, str]]:
    """Return, by group, what keeps her out whatever else is said of her: its kind, and its name.

    The name of a sensitive group is '' to who may not see it.
    """
    excluding = [GroupItem.sign == "exclude", *valid_at(now())]
    query = excluding_groups(Membership.customer, *excluding, Membership.customer == customer)
    pairs = dict(query.select(GroupItem.group, GroupItem.of_group).tuples())
    by_id = {row.id: row for row in Group.select().where(Group.id.in_(set(pairs.values())))} if pairs else {}
    out = {group_id: ("group", _told(actor, by_id[other_id])) for group_id, other_id in pairs.items()}
    if customer.shop is not None:
        shops = GroupItem.select(GroupItem.group).where(*excluding, GroupItem.shop == customer.shop)
        out |= {group_id: ("shop", customer.shop.name) for (group_id,) in shops.tuples()}
    rules = {rule.id: rule for rule in matching.read(GroupItem.select().where(*excluding), now())}
    fitting = matching.of_customers(list(rules.values()), [customer.id]) if rules else ()
    return out | {rules[item_id].group_id: ("rule", "") for item_id, _customer_id in fitting}


def _told(actor: Actor, group: Group) -> str:
    return "" if group.is_sensitive and not actor.may(Action.SEE_SENSITIVE) else group.label


def excluding_groups(customer: Any, *conditions: Any) -> peewee.ModelSelect:
    """Return a select of the items fitting `conditions` that name a group, or a share of one, that `customer` is in."""
    lot = lot_of(GroupItem.seed, Customer.uid)
    is_drawn = (GroupItem.kind == "share") & lot.between(GroupItem.low, GroupItem.high - 1)
    return (
        GroupItem.select(peewee.SQL("1"))
        .join(Membership, on=(Membership.group == GroupItem.of_group))
        .join(Customer, on=(Customer.id == Membership.customer))
        .where(*conditions, Membership.customer == customer, (GroupItem.kind == "group") | is_drawn)
    )


def excluded_shops(group: Group) -> dict[int, Shop]:
    """Return, by id, the shops whose customers the group keeps out now, whatever else is said of them."""
    return dict(shut_out(group, ()).shops)
