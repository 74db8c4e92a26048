"""Reading groups and their members."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import peewee
from peewee import fn

from portal.clock import now
from portal.db import in_chunks, like, lot_of
from portal.errors import N_, Missing, Refusal
from portal.models import Customer, Group, GroupItem, Membership, Shop, User
from portal.permissions import Action, Actor, require
from portal.queries.customers import matching, visible_to
from portal.queries.membership import valid_at
from portal.text import fold

STATUSES = ("active", "draft", "archived")
SORTS = {
    "name": (Group.name_key, Group.code),
    "members": (Group.n_members, Group.id),
    "updated": (Group.updated_at, Group.id),
}


@dataclass(frozen=True)
class Listed:
    """A group in a list, with the number of members that this person may see (None: not hers to know)."""

    group: Group
    n_members: int | None


def listed(actor: Actor, *, q: str = "", status: str = "", type_: str = "", sort: str = "name") -> list[Listed]:
    """Return the groups that fit, with their member counts; archived ones only when asked for.

    `q` is part of a name or code, without regard to case and accents; `sort` a key of SORTS, minus for descending.
    """
    require(actor, Action.SEE_GROUP_NAMES)
    query = Group.select(Group, User).join(User, peewee.JOIN.LEFT_OUTER)
    wanted = [status] if status else ["active", "draft"]
    query = query.where(Group.status.in_([one for one in wanted if one in STATUSES]))
    if type_:
        query = query.where(Group.type == type_)
    if q.strip():
        query = query.where(like(Group.name_key, fold(q)) | like(Group.code, fold(q)))
    columns = SORTS.get(sort.lstrip("-"), SORTS["name"])
    groups = list(query.order_by(*(column.desc() if sort.startswith("-") else column.asc() for column in columns)))
    found = _counted(actor, groups)
    if sort.lstrip("-") == "members":
        # By what this person is shown: the order must not tell how many others there are.
        found.sort(key=lambda row: (row.n_members or 0, row.group.id), reverse=sort.startswith("-"))
    return found


def _counted(actor: Actor, groups: list[Group]) -> list[Listed]:
    if not actor.may(Action.SEE_GROUPS):
        return [Listed(group, None) for group in groups]
    reach = actor.shops(Action.SEE_GROUPS)
    if reach is None:
        return [Listed(group, group.n_members) for group in groups]
    # Somebody who sees some shops learns only how many of their customers belong.
    own = (
        Membership.select(Membership.group, fn.COUNT(Membership.customer))
        .join(Customer)
        .where(Customer.shop.in_(reach))
        .group_by(Membership.group)
    )
    counts = dict(own.tuples())
    return [Listed(group, counts.get(group.id, 0)) for group in groups]


def by_code(actor: Actor, code: str) -> Group:
    """Return the group of that code; raises Missing, naming it."""
    require(actor, Action.SEE_GROUP_NAMES)
    group = (
        Group.select(Group, User)
        .join(User, peewee.JOIN.LEFT_OUTER)
        .where(Group.code == code.casefold(), Group.status != "deleted")
        .first()
    )
    if group is None:
        raise Missing(N_("There is no group “%(code)s”."), "group", code=code)
    return group


def resolve(actor: Actor, reference: str) -> Group:
    """Return the group whose code or name is `reference`; raises Missing, or Refusal when two groups fit."""
    require(actor, Action.SEE_GROUP_NAMES)
    # A group may have no name; a reference that says nothing must not find it.
    is_named = (Group.name_key == fold(reference)) & (Group.name_key != "")
    found = list(
        Group.select()
        .where((Group.code == reference.strip().casefold()) | is_named, Group.status != "deleted")
        .order_by(Group.code)
    )
    if not found:
        raise Missing(N_("There is no group “%(code)s”."), "group", code=reference)
    if len(found) > 1:
        names = ", ".join(f"{group.code} ({group.name})" for group in found)
        raise Refusal(N_("“%(reference)s” fits several groups: %(names)s."), reference=reference, names=names)
    return found[0]


def n_visible(actor: Actor, group: Group) -> int:
    """Return how many members of `group` this person may see."""
    return _counted(actor, [group])[0].n_members or 0


@dataclass(frozen=True)
class ShutOut:
    """Whom a group keeps out now, whatever else is said of them: the shops, and the groups by customer."""

    shops: Mapping[int, Shop] = field(default_factory=dict)
    groups: Mapping[int, Group] = field(default_factory=dict)

    def check(self, customer: Customer) -> None:
        """Raise Refusal where the customer cannot be added by name; exclude always wins (law 1)."""
        name = customer.name or customer.code
        if customer.shop_id in self.shops:
            raise Refusal(
                N_("%(name)s cannot be added: the group excludes the shop %(shop)s. End that item first."),
                "item", name=name, shop=self.shops[customer.shop_id].name,
            )  # fmt: skip
        if customer.id in self.groups:
            raise Refusal(
                N_("%(name)s cannot be added: the group excludes the members of %(group)s. End that item first."),
                "item", name=name, group=self.groups[customer.id].label,
            )  # fmt: skip


def shut_out(group: Group, customer_ids: Iterable[int]) -> ShutOut:
    """Return which shops the group excludes, and which of these customers it excludes as members of a group."""
    excluding = [GroupItem.group == group, GroupItem.sign == "exclude", *valid_at(now())]
    by_shop = Shop.select().join(GroupItem, on=(GroupItem.shop == Shop.id)).where(*excluding)
    shops = {shop.id: shop for shop in by_shop}
    if not GroupItem.select().where(*excluding, GroupItem.of_group.is_null(False)).exists():
        return ShutOut(shops)
    found: dict[int, int] = {}
    for part in in_chunks(customer_ids):
        query = excluding_groups(Membership.customer, *excluding, Membership.customer.in_(part))
        found |= dict(query.select(Membership.customer, GroupItem.of_group).tuples())
    by_id = {row.id: row for row in Group.select().where(Group.id.in_(set(found.values())))}
    return ShutOut(shops, {customer: by_id[group_id] for customer, group_id in found.items()})


def excluding_groups(customer: Any, *conditions: Any) -> peewee.ModelSelect:
    """Return a select of the items fitting `conditions` that name a group, or a share of one, that `customer` is in."""
    lot = lot_of(GroupItem.seed, Customer.uid)
    is_drawn = (GroupItem.kind == "share") & (lot >= GroupItem.low) & (lot < GroupItem.high)
    return (
        GroupItem.select(peewee.SQL("1"))
        .join(Membership, on=(Membership.group == GroupItem.of_group))
        .join(Customer, on=(Customer.id == Membership.customer))
        .where(*conditions, Membership.customer == customer, (GroupItem.kind == "group") | is_drawn)
    )


def excluded_shops(group: Group) -> dict[int, Shop]:
    """Return, by id, the shops whose customers the group keeps out now, whatever else is said of them."""
    return dict(shut_out(group, ()).shops)


def since(customer_ids: Sequence[int], group: Group) -> dict[int, datetime]:
    """Return, by customer id, the moment (UTC) since when each of these customers is in `group`."""
    rows = Membership.select(Membership.customer, Membership.since).where(
        Membership.group == group, Membership.customer.in_(list(customer_ids))
    )
    return dict(rows.tuples())


def candidates(actor: Actor, text: str, limit: int = 12) -> list[Customer]:
    """Return customers that fit the typed text, for choosing items; nobody while nothing is typed."""
    conditions = matching(actor, text)
    if not conditions:
        return []
    query = visible_to(actor).select(Customer, Shop).join(Shop, peewee.JOIN.LEFT_OUTER)
    return list(query.where(*conditions).order_by(Customer.name_key, Customer.id).limit(limit))
