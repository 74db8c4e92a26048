"""Stored membership equals the definition, through whatever sequence of acts (product.md §4)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from portal import clock
from portal.errors import Refusal
from portal.models import (
    Change,
    Customer,
    Group,
    GroupItem,
    Membership,
    MembershipRow,
    PastMembership,
    PastMembershipRow,
    Shop,
)
from portal.permissions import Actor
from portal.queries import membership
from portal.services import customers, groups, items
from portal.services.changes import record
from portal.services.items import NewItem
from portal.services.membership import refresh

New = Callable[..., Any]


def members(group: Group) -> set[str]:
    """Return the names of the members, as stored."""
    query = Customer.select(Customer.name).join(Membership).where(Membership.group == group.id)
    found = {name for (name,) in query.tuples()}
    assert Group.get_by_id(group.id).n_members == len(found)
    assert (membership.differences(), membership.broken_intervals(), membership.wrong_counts()) == ([], [], [])
    return found


def history(group: Group, customer: Customer) -> list[tuple[str, str]]:
    """Return by which acts each past interval of hers began and ended, oldest first."""
    left = Change.alias()
    query = (
        PastMembership.select(Change.act, left.act)
        .join(Change, on=(Change.id == PastMembership.joined_by))
        .join(left, on=(left.id == PastMembership.left_by))
        .where(PastMembership.group == group.id, PastMembership.customer == customer.id)
        .order_by(PastMembership.joined_at)
    )
    return list(query.tuples())


# ---- law 1: includes minus excludes, exclude always wins ----


def test_members_are_the_includes_minus_the_excludes(new_customer: New, new_group: New, s1: Shop, s2: Shop) -> None:
    ann, ben, cay, dot = (
        new_customer("Ann", s1), new_customer("Ben", s1), new_customer("Cay", s2), new_customer("Dot"),
    )  # fmt: skip
    group = new_group("Vips", [dot, cay], shops=[s1], without=[ben])
    assert members(group) == {"Ann", "Cay", "Dot"}
    assert members(new_group("Others", [dot], shops=[s1, s2], without_shops=[s2])) == {"Ann", "Ben", "Dot"}
    assert ann.shop_id == s1.id


@pytest.mark.parametrize("first", ["include", "exclude"])
def test_an_excluded_shop_wins_over_an_included_customer(
    first: str, cass: Actor, new_customer: New, new_group: New, s1: Shop
) -> None:
    ann = new_customer("Ann", s1)
    group = new_group("Vips")
    both = [NewItem(customer_id=ann.id), NewItem(shop_id=s1.id, sign="exclude")]
    if first == "include":
        items.add(cass, group.id, both)
        assert members(group) == set()
    else:
        with pytest.raises(Refusal, match="Ann cannot be added: the group excludes the shop Kigali North"):
            items.add(cass, group.id, both[::-1])
        assert GroupItem.select().count() == 0
    assert members(group) == set()


@pytest.mark.parametrize("status", ["draft", "archived"])
def test_draft_and_archived_groups_have_no_members_and_get_them_back(
    status: str, cass: Actor, new_customer: New, new_group: New, s1: Shop
) -> None:
    new_customer("Ann", s1)
    group, other = new_group("Vips", shops=[s1]), new_group("Others", shops=[s1])  # the other one stays active
    assert groups.set_status(cass, group.id, status).left == 1
    assert (members(group), members(other)) == (set(), {"Ann"})
    new_customer("Ben", s1)
    assert members(group) == set()
    assert groups.set_status(cass, group.id, "active").joined == 2
    assert members(group) == {"Ann", "Ben"}


# ---- law 3: future customers ----


def test_new_customer_of_a_shop_is_a_member_at_once(new_customer: New, new_group: New, s1: Shop, s2: Shop) -> None:
    group, other = new_group("Vips", shops=[s1]), new_group("Others", shops=[s2])
    ann = new_customer("Ann", s1)
    assert (members(group), members(other)) == ({"Ann"}, set())
    change = Change.get_by_id(Membership.get(Membership.customer == ann.id).cause_id)
    assert (change.act, change.subject) == ("customer.create", f"customer:{ann.id}")


def test_who_moves_to_another_shop_leaves_one_group_and_joins_the_other(
    cass: Actor, new_customer: New, new_group: New, s1: Shop, s2: Shop
) -> None:
    ann = new_customer("Ann", s1)
    north, south, by_name = new_group("North", shops=[s1]), new_group("South", shops=[s2]), new_group("Named", [ann])
    customers.edit(cass, ann.id, {"shop": "S2"})
    assert (members(north), members(south), members(by_name)) == (set(), {"Ann"}, {"Ann"})
    assert history(north, ann) == [("group.create", "customer.edit")]
    customers.edit(cass, ann.id, {"shop": ""})
    assert (members(north), members(south)) == (set(), set())
    customers.edit(cass, ann.id, {"shop": "S1"})
    assert (members(north), members(south)) == ({"Ann"}, set())


def test_a_new_customer_typed_as_an_item_is_in_the_groups_of_her_shop_too(
    cass: Actor, new_group: New, s1: Shop
) -> None:
    shop_group, group = new_group("North", shops=[s1]), new_group("Named")
    items.add(cass, group.id, [NewItem(new_customer={"code": "A1", "name": "Ann", "shop": "S1"})])
    assert (members(shop_group), members(group)) == ({"Ann"}, {"Ann"})


# ---- law 4: removal sticks ----


def test_a_removed_customer_stays_out_until_she_is_added_by_name(
    cass: Actor, new_customer: New, new_group: New, s1: Shop, s2: Shop
) -> None:
    ann = new_customer("Ann", s1)
    group = new_group("Vips", shops=[s1])
    assert items.remove_member(cass, group.id, ann.id).left == 1
    customers.edit(cass, ann.id, {"shop": "S2"})
    customers.edit(cass, ann.id, {"shop": "S1", "name": "Anna"})
    groups.set_status(cass, group.id, "archived")
    groups.set_status(cass, group.id, "active")
    assert items.add(cass, group.id, [NewItem(shop_id=s2.id)]).joined == 0
    assert members(group) == set()
    put = items.add_member(cass, group.id, ann.id)
    assert (put.joined, put.lifted) == (1, ["Anna"])
    assert members(group) == {"Anna"}


def test_removing_somebody_who_was_never_in_keeps_her_out_of_what_comes(
    cass: Actor, new_customer: New, new_group: New, s1: Shop
) -> None:
    ann = new_customer("Ann", s1)
    group = new_group("Vips")
    items.remove_member(cass, group.id, ann.id)
    items.add(cass, group.id, [NewItem(shop_id=s1.id)])
    assert members(group) == set()


# ---- law 6: history tiles ----


def test_each_interval_names_what_began_and_what_ended_it(
    cass: Actor, new_customer: New, new_group: New, s1: Shop
) -> None:
    ann = new_customer("Ann", s1)
    group = new_group("Vips", [ann])
    items.remove_member(cass, group.id, ann.id)
    items.add_member(cass, group.id, ann.id)
    groups.set_status(cass, group.id, "archived")
    groups.set_status(cass, group.id, "active")
    assert history(group, ann) == [
        ("group.create", "group.remove_member"), ("group.add_member", "group.archive"),
    ]  # fmt: skip
    now = Membership.get(Membership.customer == ann.id)
    assert Change.get_by_id(now.cause_id).act == "group.restore"
    past = list(PastMembership.select().order_by(PastMembership.joined_at))
    assert past[0].joined_at < past[0].left_at < past[1].joined_at < past[1].left_at < now.since
    groups.delete(cass, group.id)
    assert len(history(group, ann)) == 3 and members(group) == set()


def test_an_act_that_moves_nobody_touches_no_interval(cass: Actor, new_customer: New, new_group: New, s1: Shop) -> None:
    ann = new_customer("Ann", s1)
    group = new_group("Vips", [ann])
    before = list(Membership.select().tuples())
    items.add(cass, group.id, [NewItem(shop_id=s1.id)])
    items.add_member(cass, group.id, ann.id)
    customers.edit(cass, ann.id, {"name": "Anna"})
    assert list(Membership.select().tuples()) == before
    assert PastMembership.select().count() == 0


def test_who_joins_and_leaves_in_one_moment_was_never_in(cass: Actor, new_customer: New, new_group: New) -> None:
    ann, group = new_customer("Ann"), new_group("Vips")
    with time_machine.travel(clock.now(), tick=False):
        items.add_member(cass, group.id, ann.id)
        assert members(group) == {"Ann"}
        items.remove_member(cass, group.id, ann.id)
    assert members(group) == set() and PastMembership.select().count() == 0


def test_an_act_on_one_customer_or_group_moves_nobody_else(
    cass: Actor, new_customer: New, new_group: New, s1: Shop, s2: Shop
) -> None:
    ann, ben, cay = new_customer("Ann", s1), new_customer("Ben", s1), new_customer("Cay")
    group, other = new_group("Vips", [cay], shops=[s1]), new_group("Others", [ann, cay])
    present = Membership.select(Membership.group, Membership.customer, Membership.since)
    before = {row[:2]: row for row in present.clone().tuples()}
    customers.edit(cass, ann.id, {"shop": "S2"})
    items.remove_member(cass, other.id, cay.id)
    items.add_member(cass, other.id, ben.id)
    after = {row[:2]: row for row in present.clone().tuples()}
    assert (members(group), members(other)) == ({"Ben", "Cay"}, {"Ann", "Ben"})
    assert {key for key in before if after.get(key) != before[key]} == {(group.id, ann.id), (other.id, cay.id)}
    assert set(after) - set(before) == {(other.id, ben.id)}
    gone = PastMembership.select(PastMembership.group, PastMembership.customer, PastMembership.joined_at).tuples()
    assert {row[:2]: row for row in gone} == {key: before[key] for key in ((group.id, ann.id), (other.id, cay.id))}


def test_the_checks_of_verify_find_what_is_wrong(new_customer: New, new_group: New) -> None:
    """A check that cannot fail proves nothing: rows are spoilt by hand here."""
    ann, ben = new_customer("Ann"), new_customer("Ben")
    group = new_group("Vips", [ann])
    interval = Membership.get(Membership.customer == ann.id)
    MembershipRow.create(group=group, customer=ben, since=interval.since, cause=interval.cause_id)
    MembershipRow.delete().where(MembershipRow.customer == ann.id).execute()
    assert membership.differences() == [(group.id, ann.id, True), (group.id, ben.id, False)]
    assert membership.wrong_counts() == []
    MembershipRow.delete().execute()
    assert membership.wrong_counts() == [(group.id, 1, 0)]
    for start, end in ((1, 5), (4, 8)):
        PastMembershipRow.create(
            group=group, customer=ann, joined_by=interval.cause_id, left_by=interval.cause_id,
            joined_at=interval.since.replace(year=2000 + start), left_at=interval.since.replace(year=2000 + end),
        )  # fmt: skip
    assert membership.broken_intervals() == [(group.id, ann.id)]


def test_the_checks_of_verify_name_what_is_wrong_and_nothing_beside_it(new_customer: New, new_group: New) -> None:
    ann, bea, cay, dot = (new_customer(name) for name in ("Ann", "Bea", "Cay", "Dot"))
    vips, others = new_group("Vips", [ann, bea]), new_group("Others", [ann])
    now = Membership.get(Membership.customer == bea.id)

    def past(group: Group, customer: Customer, start: int, end: int) -> None:
        PastMembershipRow.create(
            group=group, customer=customer, joined_by=now.cause_id, left_by=now.cause_id,
            joined_at=now.since + timedelta(days=start), left_at=now.since + timedelta(days=end),
        )  # fmt: skip

    # One ends as the other begins, the last as the present one begins; the same days elsewhere are nobody's overlap.
    for group, customer, start, end in (
        (vips, ann, -6, -4), (vips, ann, -4, 0), (vips, bea, -6, -4), (others, ann, -6, -4), (vips, cay, -3, 5),
        (others, bea, -1, 5),
    ):  # fmt: skip
        past(group, customer, start, end)
    assert (membership.broken_intervals(), membership.wrong_counts(), membership.differences()) == ([], [], [])
    past(others, dot, -1, -2)  # ends before it begins
    past(others, cay, -9, -1), past(others, cay, -5, -4)  # one inside the other
    past(others, ann, -1, 1)  # reaches into the present one
    assert membership.broken_intervals() == [(others.id, row.id) for row in (ann, cay, dot)]
    Group.update(n_members=7).where(Group.id == others.id).execute()
    assert membership.wrong_counts() == [(others.id, 7, 1)]


@pytest.mark.parametrize("n", [1, 2, 3, 5, 64, 65])
def test_a_refresh_of_any_number_of_customers_moves_them_and_nobody_else(
    n: int, cass: Actor, new_customer: New, new_group: New
) -> None:
    """Its statement is kept for lists of 1, 2, 4 … ids; longer ones have one of their own."""
    group = new_group("Vips", [new_customer(f"Person {place:02}") for place in range(67)])
    ids = [row.id for row in Customer.select().order_by(Customer.name)]
    for sign, part in (("exclude", ids[:n]), ("include", ids[1:n])):  # the second time with the statement of the first
        GroupItem.update(sign=sign).where(GroupItem.group == group.id).execute()
        with record(cass, "customer.edit") as change:
            refresh(change, customers=part)
        GroupItem.update(sign="include").where(GroupItem.group == group.id).execute()
    left = Membership.select(Membership.customer).where(Membership.group == group.id).tuples()
    assert {one for (one,) in left} == set(ids) - {ids[0]}


def test_only_the_kinds_of_items_that_count_are_asked_of_a_group(
    cass: Actor, new_customer: New, new_group: New, s1: Shop, s2: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, ben = new_customer("Ann", s1), new_customer("Ben", s1)
    group, other = new_group("Vips", shops=[s1], without=[ben]), new_group("Others", [ann], without_shops=[s2])
    both = {("include", "shop"), ("exclude", "customer"), ("include", "customer"), ("exclude", "shop")}
    assert membership.kinds_of([group.id], clock.now()) == {("include", "shop"), ("exclude", "customer")}
    assert membership.kinds_of([group.id, other.id], clock.now()) == both
    GroupItem.update(ended_at=clock.now()).where(GroupItem.group == other.id, GroupItem.sign == "exclude").execute()
    assert membership.kinds_of([other.id], clock.now()) == {("include", "customer")}
    GroupItem.update(ended_at=clock.now()).where(GroupItem.group == other.id).execute()
    assert membership.kinds_of([other.id], clock.now()) == frozenset()
    assert list(membership.definition([other.id], kinds=frozenset())) == []
    # Of many items those that name customers are taken to be there.
    monkeypatch.setattr(membership, "_MANY", 1)
    named = {("include", "customer"), ("exclude", "customer")}
    for some in ([group.id], [group.id, other.id]):
        assert membership.kinds_of(some, clock.now()) == named | {("include", "shop")}
    items.add(cass, group.id, [NewItem(of_group_id=other.id, sign="exclude")])
    assert membership.kinds_of([group.id], clock.now()) == named | {("include", "shop"), ("exclude", "group")}
