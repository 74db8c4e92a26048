"""Membership as the definition says it: includes minus excludes, exclude always wins (product.md §4, law 1)."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeAlias

import peewee
from peewee import fn

from portal.built import Built, Slot
from portal.clock import now
from portal.db import is_sqlite, lot_of, unindexed
from portal.models import Customer, Group, GroupItem, Membership, PastMembership
from portal.queries.rules import matching

Slice: TypeAlias = Any  # ids: a list of them, a select of them, or None for all
Kind: TypeAlias = Callable[[str, Slice, Slice, tuple[Any, ...]], peewee.Select]
Kinds: TypeAlias = frozenset[tuple[str, str]]  # sign and kind of items
ASK: Any = object()
_MANY = 1_000  # items of which it is seen at a glance what kinds they are


def definition(
    groups: Slice = None, customers: Slice = None, moment: datetime | None = None, is_nested: bool = True,
    items: tuple[Any, ...] = (), matched: Any = ASK, kinds: Kinds | None = None,
) -> peewee.Select:  # fmt: skip
    """Return a select of (group_id, customer_id) of everybody who should be a member at `moment` (UTC; default now).

    `groups` and `customers` narrow it to ids (a list, or a select of ids); None means all. Only active groups have
    members. The result is the includes (customers ∪ shops ∪ groups ∪ shares ∪ rules) minus each kind of excludes; both
    databases read such a chain from the left. Who is in a group that an item names is asked of the stored membership,
    which has to be right already; `is_nested` false says that no item of these groups names one. `items` are
    conditions for the items that count, in the place of those for the live ones of active groups. `matched` is a table
    or select of (group_id, is_excluding, customer_id) of whom the rules among them fit, None where there are none; by
    default they are asked. `kinds` says which there are among the items (`kinds_of`): the others are not asked for.
    """
    items = items or _counting(moment or now())
    if matched is ASK:
        matched = _asked(groups, customers, items, moment or now())
    made: dict[str, Kind] = {"customer": _by_customer, "shop": _by_shop}
    if is_nested:
        made |= {"group": _by_group, "share": _by_share}
    if matched is not None:
        made["rule"] = partial(_by_rule, matched)

    def said(sign: str) -> list[peewee.Select]:
        there = [kind for name, kind in made.items() if kinds is None or (sign, name) in kinds]
        return [kind(sign, groups, customers, items) for kind in there]

    included, *further = said("include") or [_by_customer("include", groups, customers, items)]
    for query in further:
        included = included | query
    for query in said("exclude"):
        included = included - query
    return included


def _counting(moment: datetime | Slot) -> tuple[Any, ...]:
    return (*valid_at(moment), _is_active())


def kinds_of(groups: Sequence[int], moment: datetime) -> Kinds:
    """Return which signs and kinds there are among the items of these groups that count at `moment` (UTC).

    Where there are so many items that looking through them would take its time, some that there are not may be among
    them. A step of the definition that finds nothing still copies on SQLite all that the steps before it have found.
    """
    if len(groups) == 1:
        found = _KINDS.rows(group=groups[0], moment=moment)
    else:
        found = list(_kinds(GroupItem.group.in_(groups), *valid_at(moment)))
    if len(found) <= _MANY:
        return frozenset(found)
    # Those that name customers are the many; the others have indexes of their own.
    named = [(sign, "customer") for sign in ("include", "exclude")]
    columns = GroupItem.shop, GroupItem.of_group, GroupItem.rule
    others = (
        GroupItem.select(GroupItem.sign, GroupItem.kind)
        .where(column.is_null(False), GroupItem.ended_at.is_null(), unindexed(GroupItem.group).in_(groups))
        .distinct()
        .tuples()
        for column in columns
    )
    return frozenset([*named, *(pair for query in others for pair in query)])


def _kinds(*items: Any) -> peewee.ModelSelect:
    return GroupItem.select(GroupItem.sign, GroupItem.kind).where(*items).limit(_MANY + 1).tuples()


_KINDS = Built(lambda: _kinds(GroupItem.group == Slot("group"), *valid_at(Slot("moment"))))


def _asked(groups: Slice, customers: Slice, items: tuple[Any, ...], moment: datetime) -> Any:
    """Return a select of whom the rules among these items fit, None where there are none."""
    query = GroupItem.select().where(*items)
    rules = matching.read(query if groups is None else query.where(GroupItem.group.in_(groups)), moment)
    return matching.matches(rules, customers) if rules else None


def _by_customer(sign: str, groups: Slice, customers: Slice, items: tuple[Any, ...]) -> peewee.Select:
    query = GroupItem.select(GroupItem.group.alias("group_id"), GroupItem.customer.alias("customer_id")).where(
        GroupItem.kind == "customer"
    )
    return _narrowed(query, sign, items, groups, GroupItem.customer, customers)


def _by_shop(sign: str, groups: Slice, customers: Slice, items: tuple[Any, ...]) -> peewee.Select:
    # Of whole groups SQLite would look for each customer of the store whether a group has her shop: the items come
    # first where no index leads from a shop to them.
    comes_first = customers is None and groups is not None and is_sqlite()
    shop = unindexed(GroupItem.shop) if comes_first else GroupItem.shop
    query = (
        GroupItem.select(GroupItem.group.alias("group_id"), Customer.id.alias("customer_id"))
        .join(Customer, on=(Customer.shop == shop))
        .where(GroupItem.kind == "shop")
    )
    return _narrowed(query, sign, items, groups, Customer.id, customers)


def _by_group(sign: str, groups: Slice, customers: Slice, items: tuple[Any, ...]) -> peewee.Select:
    query = (
        GroupItem.select(GroupItem.group.alias("group_id"), Membership.customer.alias("customer_id"))
        .join(Membership, on=(Membership.group == GroupItem.of_group))
        .where(GroupItem.kind == "group")
    )
    return _narrowed(query, sign, items, groups, Membership.customer, customers)


def _by_share(sign: str, groups: Slice, customers: Slice, items: tuple[Any, ...]) -> peewee.Select:
    lot = lot_of(GroupItem.seed, Customer.uid)
    query = (
        GroupItem.select(GroupItem.group.alias("group_id"), Membership.customer.alias("customer_id"))
        .join(Membership, on=(Membership.group == GroupItem.of_group))
        .join(Customer, on=(Customer.id == Membership.customer))
        .where(GroupItem.kind == "share", lot.between(GroupItem.low, GroupItem.high - 1))
    )
    return _narrowed(query, sign, items, groups, Membership.customer, customers)


def _by_rule(
    matched: Any, sign: str, groups: Slice, customers: Slice, items: tuple[Any, ...]
) -> peewee.Select:
    # Asked were only rules that count, of these groups and customers: looked up by the item once more, PostgreSQL takes
    # the few rules there are for one, and goes through all whom they fit once for each group of the store.
    part = matched.alias("matched")
    query = peewee.Select([part], [part.c.group_id, part.c.customer_id])
    return query.where(part.c.is_excluding == (sign == "exclude"))


def _narrowed(
    query: Any, sign: str, items: tuple[Any, ...], groups: Slice, customer: Any, customers: Slice
) -> peewee.Select:
    query = query.where(GroupItem.sign == sign, *items)
    if groups is not None:
        query = query.where(GroupItem.group.in_(groups))
    if customers is not None:
        query = query.where(customer.in_(customers))
    return query


def _is_active() -> Any:
    # Asked of each item found: as a list of groups, SQLite looks for each of them whether it has the shop.
    return fn.EXISTS(Group.select(peewee.SQL("1")).where(Group.id == GroupItem.group, Group.status == "active"))


def valid_at(moment: datetime | Slot) -> tuple[Any, ...]:
    """Return the conditions for items that count at `moment`: live, begun, and not over (product.md §5, Dates)."""
    return (GroupItem.ended_at.is_null(), *in_days(moment))


def in_days(moment: datetime | Slot) -> tuple[Any, ...]:
    """Return the conditions for items whose days hold `moment`, whether or not somebody has ended them."""
    return (
        GroupItem.valid_from.is_null() | (GroupItem.valid_from <= moment),
        GroupItem.valid_until.is_null() | (GroupItem.valid_until > moment),
    )


def next_due() -> peewee.ModelSelect:
    """Return a select of the moment at which the clock moves somebody next, or has to have moved her."""
    return Group.select(Group.next_change_at).where(Group.next_change_at.is_null(False)).order_by(
        Group.next_change_at
    ).limit(1)  # fmt: skip


def settled(due: datetime | None) -> datetime:
    """Return the last moment for which what is stored has to be right: now, or before `due`, which is not written yet.
    """
    moment = now()
    return moment if due is None or due > moment else due - timedelta(microseconds=1)


def stored(groups: Slice = None, customers: Slice = None) -> peewee.Select:
    """Return a select of (group_id, customer_id) of the stored membership, narrowed likewise."""
    query = Membership.select(Membership.group.alias("group_id"), Membership.customer.alias("customer_id"))
    if groups is not None:
        query = query.where(Membership.group.in_(groups))
    if customers is not None:
        query = query.where(Membership.customer.in_(customers))
    return query


def joining(
    groups: Slice = None, customers: Slice = None, moment: datetime | None = None, is_nested: bool = True,
    matched: Any = ASK, kinds: Kinds | None = None, items: tuple[Any, ...] = (),
) -> peewee.Select:  # fmt: skip
    """Return a select of (group_id, customer_id) that the definition holds and the stored membership lacks."""
    should = definition(groups, customers, moment, is_nested, items, matched, kinds)
    return should - stored(groups, customers)


def leaving(
    groups: Slice = None, customers: Slice = None, moment: datetime | None = None, is_nested: bool = True,
    matched: Any = ASK, kinds: Kinds | None = None, items: tuple[Any, ...] = (),
) -> peewee.Select:  # fmt: skip
    """Return a select of (group_id, customer_id) that are stored and no longer in the definition.

    The definition, itself a chain, stands to the right of EXCEPT inside a select of its own, as SQLite asks for. It is
    no NOT IN: one that does not fit into its working memory PostgreSQL runs row by row (for 300 000, over a minute).
    """
    should = definition(groups, customers, moment, is_nested, items, matched, kinds).alias("should")
    return stored(groups, customers) - peewee.Select([should], [should.c.group_id, should.c.customer_id])


def differences() -> list[tuple[int, int, bool]]:
    """Return (group_id, customer_id, is_missing) for every place where storage and definition differ; for `verify`."""
    moment = settled(next_due().scalar())
    rules = matching.items(None, moment)
    if rules:
        fits = matching.matches(rules)
        missing, surplus = (find(None, None, moment, matched=fits).tuples() for find in (joining, leaving))
    else:
        missing, surplus = (query.rows(moment=moment) for query in _DIFFERENCES)
    return sorted([*((*pair, True) for pair in missing), *((*pair, False) for pair in surplus)])


# Without rules they are always the same.
_DIFFERENCES = tuple(
    Built(partial(lambda find: find(moment=Slot("moment"), matched=None).tuples(), find)) for find in (joining, leaving)
)


def broken_intervals() -> list[tuple[int, int]]:
    """Return each (group_id, customer_id) whose intervals overlap or end before they begin (law 6)."""
    later = PastMembership.alias()
    overlaps = (
        PastMembership.select(PastMembership.group, PastMembership.customer)
        .join(
            later,
            on=(
                (later.group == PastMembership.group)
                & (later.customer == PastMembership.customer)
                & (later.id != PastMembership.id)
                & (later.joined_at < PastMembership.left_at)
                & (later.left_at > PastMembership.joined_at)
            ),
        )
        .tuples()
    )
    backward = PastMembership.select(PastMembership.group, PastMembership.customer).where(
        PastMembership.left_at < PastMembership.joined_at
    )
    into_now = (
        Membership.select(Membership.group, Membership.customer)
        .join(
            PastMembership,
            on=(
                (PastMembership.group == Membership.group)
                & (PastMembership.customer == Membership.customer)
                & (PastMembership.left_at > Membership.since)
            ),
        )
        .tuples()
    )
    return sorted({*overlaps, *backward.tuples(), *into_now})


def wrong_counts() -> list[tuple[int, int, int]]:
    """Return (group_id, kept count, true count) of each group whose kept member count is wrong."""
    counted = fn.COUNT(Membership.customer)
    query = (
        Group.select(Group.id, Group.n_members, counted)
        .join(Membership, peewee.JOIN.LEFT_OUTER)
        .group_by(Group.id, Group.n_members)
        .having(Group.n_members != counted)
    )
    return list(query.tuples())
