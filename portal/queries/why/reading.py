"""What a proof is made of: the items that may touch one customer, in a group and in all that it is made of."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

import peewee

from portal.clock import now
from portal.db import unindexed
from portal.models import Customer, Group, GroupItem, ImportRow, Membership, PastMembership, Shop
from portal.permissions import Action, Actor
from portal.queries.history import causes
from portal.queries.history.causes import Cause
from portal.queries.history.timeline import Stay
from portal.queries.membership import valid_at
from portal.queries.why.rules import Verdict, verdicts

_OPEN = GroupItem.ended_at.is_null()


class Elsewhere(NamedTuple):
    """A shop that a group includes and that is not hers; they may be hundreds, so they come as the database gives them.
    """

    id: int
    code: str
    name: str


@dataclass(frozen=True)
class Facts:
    """The items in question by group (only those that touch her), with what they point at, and who put them there."""

    customer: Customer
    moment: datetime
    groups: dict[int, Group]
    items: dict[int, list[GroupItem]]
    elsewhere: dict[int, list[Elsewhere]]  # the other shops that each group includes now
    causes: dict[int, Cause]
    file_rows: dict[int, int]  # her row of the file, by the number of the import
    stay: Stay | None  # her present stay in the group that is asked about, or her last
    reach: frozenset[int] | None  # the shops that the reader may be told of; None: all
    sees_sensitive: bool
    verdicts: dict[int, Verdict]  # of the rules, by item


def read(actor: Actor, group: Group, customer: Customer) -> Facts:
    """Read everything that the proofs of `group` and of those that it is made of need, in fifteen queries at most."""
    nested = _nested(group)
    ids = {group.id, *(item.of_group_id for item in nested)}
    groups = {group.id: group}
    if len(ids) > 1:
        groups |= {row.id: row for row in Group.select().where(Group.id.in_(ids))}
    rules = list(GroupItem.select().where(_OPEN, GroupItem.rule.is_null(False), GroupItem.group.in_(ids)))
    items = [*_touching(ids, customer), *rules, *nested]
    stays = stay_rows(group, customer, only_last=True)
    found = causes.of({item.created_by_id for item in items} | changes_of(stays), customer)
    moment = now()
    return Facts(
        customer, moment, groups, _by_group(items), _elsewhere(ids, customer, moment), found,
        _file_rows(found, customer), stay_of(group, stays[-1], found) if stays else None, actor.shops(Action.WHY),
        actor.may(Action.SEE_SENSITIVE), verdicts(actor, customer, rules, moment),
    )  # fmt: skip


StayRow: TypeAlias = tuple[datetime, datetime | None, int, int | None]


def stay_rows(group: Group, customer: Customer, *, only_last: bool = False) -> list[StayRow]:
    """Return (joined, left, joined by, left by) of her stays in the group, the oldest first, or of the last alone."""
    present = Membership.select(Membership.since, Membership.cause).where(
        Membership.group == group.id, Membership.customer == customer.id
    )
    rows: list[StayRow] = [(since, None, cause, None) for since, cause in present.tuples()]
    if rows and only_last:
        return rows
    past = PastMembership
    query = past.select(past.joined_at, past.left_at, past.joined_by, past.left_by).where(
        past.group == group.id, past.customer == customer.id
    )
    ended = query.order_by(past.left_at.desc()).limit(1 if only_last else None).tuples()
    return [*reversed(list(ended)), *rows]


def changes_of(rows: list[StayRow]) -> set[int]:
    """Return the numbers of the changes at both ends of the stays."""
    return {change for row in rows for change in row[2:] if change is not None}


def stay_of(group: Group, row: StayRow, found: dict[int, Cause]) -> Stay:
    """Return a stay with its causes."""
    joined_at, left_at, joined_by, left_by = row
    return Stay(group, joined_at, left_at, found[joined_by], found[left_by] if left_by else None)


def _nested(group: Group) -> list[GroupItem]:
    """Return the items by which `group` is made of others, and those by which these are, down to the last.

    All such items of the store are read at once: there are few, and following them one level a query would be five.
    """
    if not group.level:
        return []
    edges: dict[int, list[GroupItem]] = {}
    # In the order of ids as they lie, SQLite would read all items of the store for the few that name groups.
    for item in GroupItem.select().where(_OPEN, GroupItem.of_group.is_null(False)).order_by(unindexed(GroupItem.id)):
        edges.setdefault(item.group_id, []).append(item)
    reached, todo, found = {group.id}, [group.id], list[GroupItem]()
    while todo:
        for item in edges.get(todo.pop(), []):
            found.append(item)
            if item.of_group_id not in reached:
                reached.add(item.of_group_id)
                todo.append(item.of_group_id)
    return found


def _touching(ids: Collection[int], customer: Customer) -> list[GroupItem]:
    """Return the items of these groups that name her or her shop."""
    named = GroupItem.select().where(_OPEN, GroupItem.customer == customer.id, GroupItem.group.in_(ids))
    if customer.shop_id is None:
        return list(named.order_by(GroupItem.id))
    by_shop = GroupItem.select().where(_OPEN, GroupItem.shop == customer.shop_id, GroupItem.group.in_(ids))
    found = [*named.order_by(GroupItem.id), *by_shop.order_by(GroupItem.id)]
    for item in found:
        if item.shop_id is not None:
            item.shop = customer.shop
    return found


def _elsewhere(ids: Collection[int], customer: Customer, moment: datetime) -> dict[int, list[Elsewhere]]:
    # Through the index of shop items, which is small, and never past the customers whom a large group names.
    query = GroupItem.select(GroupItem.group, Shop.id, Shop.code, Shop.name).join(Shop, on=(Shop.id == GroupItem.shop))
    there = query.where(
        *valid_at(moment), GroupItem.sign == "include", GroupItem.shop > 0, GroupItem.shop != (customer.shop_id or 0),
        GroupItem.group.in_(ids),
    )  # fmt: skip
    found: dict[int, list[Elsewhere]] = {}
    for group_id, *shop in there.order_by(GroupItem.id).tuples():
        found.setdefault(group_id, []).append(Elsewhere(*shop))
    return found


def _by_group(items: list[GroupItem]) -> dict[int, list[GroupItem]]:
    by_group: dict[int, list[GroupItem]] = {}
    for item in items:
        by_group.setdefault(item.group_id, []).append(item)
    return by_group


def _file_rows(found: dict[int, Cause], customer: Customer) -> dict[int, int]:
    """Return in which row of each import's file she stands; a file whose rows are swept away has none."""
    numbers = [cause.number for cause in found.values() if cause.number is not None]
    if not numbers:
        return {}
    query: Any = ImportRow.select(ImportRow.imported, peewee.fn.MIN(ImportRow.row)).where(
        ImportRow.imported.in_(numbers), ImportRow.customer == customer.id
    )
    return dict(query.group_by(ImportRow.imported).tuples())
