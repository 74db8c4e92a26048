"""Reading the items of a group: what it includes and excludes, page by page."""

from dataclasses import dataclass
from typing import Any

import peewee

from portal.clock import now
from portal.db import like
from portal.errors import N_, Missing
from portal.models import Customer, Group, GroupItem, Shop
from portal.permissions import Action, Actor, require
from portal.queries.customers import matching, words
from portal.queries.membership import valid_at

PAGE = 50
NOT_THERE = N_("This item is not there any more.")
# Shops before groups before customers, what is included before what is excluded, then the newest last.
_RANK = peewee.Case(GroupItem.kind, (("shop", 0), ("customer", 4)), 2) + peewee.Case(
    GroupItem.sign, (("include", 0),), 1
)
Target = Group.alias("target")


@dataclass(frozen=True)
class Page:
    """One page of items in order, and the ids to go on from, None where there is no further page.

    `is_lost` when the item to go on from is none of the group's: these are the first ones.
    """

    rows: list[GroupItem]
    before: int | None
    after: int | None
    is_lost: bool = False


def page(
    actor: Actor, group: Group, q: str = "", *, after: int | None = None, before: int | None = None, size: int = PAGE
) -> Page:
    """Return the live items after (or before) the item of that id, at most `size`: those that this person may see.

    `q` is part of a customer's, shop's or group's name or code, as in the list of customers. An item that has ended
    meanwhile still says where to go on.
    """
    anchor = _place(group, before if after is None else after)
    is_lost = anchor is None and (after is not None or before is not None)
    backwards = before is not None and after is None and not is_lost
    query = _fitting(actor, group, q)
    beyond: list[Any] = []
    if anchor is not None:
        place = peewee.Tuple(_RANK, GroupItem.id)
        beyond.append(place < peewee.Tuple(*anchor) if backwards else place > peewee.Tuple(*anchor))
    order = (_RANK.desc(), GroupItem.id.desc()) if backwards else (_RANK, GroupItem.id)
    if not q and actor.shops(Action.SEE_GROUPS) is None:
        # All of them fit: of hundreds of thousands, only those of the page are looked up in the other tables.
        page = GroupItem.select(GroupItem.id).where(*_live(group), *beyond).order_by(*order).limit(size + 1)
        beyond = [GroupItem.id.in_(page)]
    found = list(query.where(*beyond).order_by(*order).limit(size + 1))
    rows, more = found[:size], len(found) > size
    if backwards:
        rows.reverse()
    has_before, has_after = (more, True) if backwards else (anchor is not None, more)
    first, last = (rows[0].id, rows[-1].id) if rows else (None, None)
    return Page(rows, first if has_before else None, last if has_after else None, is_lost)


def _place(group: Group, item_id: int | None) -> tuple[Any, ...] | None:
    if item_id is None:
        return None
    found: tuple[Any, ...] | None = (
        GroupItem.select(_RANK, GroupItem.id).where(GroupItem.id == item_id, GroupItem.group == group).tuples().first()
    )
    return found


def one(actor: Actor, group: Group, item_id: int) -> GroupItem:
    """Return one live item of `group` that this person may see; raises Missing."""
    found: GroupItem | None = _fitting(actor, group).where(GroupItem.id == item_id).first()
    if found is None:
        raise Missing(NOT_THERE)
    return found


def every(actor: Actor, group: Group) -> list[GroupItem]:
    """Return all live items of `group` that speak of customers and shops this person may see, and rules, in order."""
    return list(_fitting(actor, group).order_by(_RANK, GroupItem.id))


def rules(actor: Actor, group: Group) -> list[GroupItem]:
    """Return the live items of `group` that are rules, in order; a rule speaks of nobody, so all who see it read it."""
    return list(_fitting(actor, group).where(GroupItem.rule.is_null(False)).order_by(_RANK, GroupItem.id))


def included_shops(group: Group) -> list[Shop]:
    """Return the shops whose present and future customers the group includes, in the order in which they came."""
    query = Shop.select().join(GroupItem).where(GroupItem.sign == "include", GroupItem.group == group, *valid_at(now()))
    return list(query.order_by(GroupItem.id))


def count(actor: Actor, group: Group) -> int:
    """Return how many live items of `group` this person may see."""
    require(actor, Action.SEE_GROUPS)
    query = GroupItem.select() if actor.shops(Action.SEE_GROUPS) is None else _fitting(actor, group)
    return int(query.where(*_live(group)).count())


def _live(group: Group) -> tuple[peewee.Expression, ...]:
    return GroupItem.group == group, GroupItem.ended_at.is_null()


def _fitting(actor: Actor, group: Group, q: str = "") -> peewee.ModelSelect:
    require(actor, Action.SEE_GROUPS)
    query = (
        GroupItem.select(GroupItem, Customer, Shop, Target)
        .join(Customer, peewee.JOIN.LEFT_OUTER)
        .switch(GroupItem)
        .join(Shop, peewee.JOIN.LEFT_OUTER)
        .switch(GroupItem)
        .join(Target, peewee.JOIN.LEFT_OUTER, on=(GroupItem.of_group == Target.id), attr="of_group")
        .where(*_live(group))
    )
    reach = actor.shops(Action.SEE_GROUPS)
    if reach is not None:
        query = query.where(Customer.shop.in_(reach) | GroupItem.shop.in_(reach) | GroupItem.rule.is_null(False))
    for of_customer, word in zip(matching(actor, q), words(q), strict=True):
        of_group = like(Target.name_key, word) | like(Target.code, word)
        if not actor.may(Action.SEE_SENSITIVE):
            of_group &= Target.is_sensitive == False  # noqa: E712
        query = query.where(of_customer | like(Shop.name_key, word) | like(Shop.code_key, word) | of_group)
    return query
