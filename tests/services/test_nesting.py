"""Groups made of groups and of shares of them (product.md §4, laws 1, 2, 9 and 12)."""

from collections.abc import Callable
from typing import Any

import pytest

from portal.errors import Missing, Refusal
from portal.models import Change, Customer, Group, GroupItem, Membership, PastMembership, Shop
from portal.permissions import Actor
from portal.queries import membership
from portal.services import customers, groups, imports, items
from portal.services.items import NewItem
from tests.conftest import Database

New = Callable[..., Any]


def members(group: Group) -> set[int]:
    query = Membership.select(Membership.customer).where(Membership.group == group.id)
    return {customer for (customer,) in query.tuples()}


def sound() -> None:
    assert (membership.differences(), membership.broken_intervals(), membership.wrong_counts()) == ([], [], [])


def put(cass: Actor, group: Group, of: Group, sign: str = "include", **said: Any) -> items.Put:
    return items.add(cass, group.id, [NewItem(of_group_id=of.id, sign=sign, **said)])


def level(group: Group) -> int:
    return int(Group.get_by_id(group.id).level)


def test_a_group_of_a_group_follows_it_at_once(cass: Actor, new_customer: New, new_group: New) -> None:
    ann, ben, cay = (new_customer(name) for name in ("Ann", "Ben", "Cay"))
    inner, outer = new_group("Inner", [ann, ben]), new_group("Outer", [cay])
    assert put(cass, outer, inner).joined == 2
    assert members(outer) == {ann.id, ben.id, cay.id}
    items.remove_member(cass, inner.id, ann.id)
    assert (members(inner), members(outer)) == ({ben.id}, {ben.id, cay.id})
    items.add_member(cass, inner.id, ann.id)
    with pytest.raises(Refusal, match="Inner is used by “Outer”"):
        groups.set_status(cass, inner.id, "archived")
    items.end(cass, outer.id, GroupItem.get(GroupItem.of_group == inner).id)
    groups.set_status(cass, inner.id, "archived")
    assert (members(inner), members(outer), level(outer)) == (set(), {cay.id}, 0)
    assert Group.get_by_id(outer.id).n_members == 1
    sound()


def test_exclude_wins_whichever_level_it_stands_on(cass: Actor, new_customer: New, new_group: New, s1: Shop) -> None:
    ann, ben = new_customer("Ann", s1), new_customer("Ben", s1)
    staff, lowest = new_group("Staff", [ann]), new_group("Lowest", [])
    outer = new_group("Outer", [ann], shops=[s1])
    put(cass, lowest, staff)
    assert put(cass, outer, lowest, "exclude").left == 1
    assert (members(outer), level(outer)) == ({ben.id}, 2)
    # A new customer of the shop who is in the excluded group through another shop item never joins.
    items.add(cass, staff.id, [NewItem(shop_id=s1.id)])
    assert members(outer) == set()
    cay = new_customer("Cay", s1)
    assert members(staff) == {ann.id, ben.id, cay.id}
    assert PastMembership.select().where(PastMembership.customer == cay.id).count() == 0
    with pytest.raises(Refusal, match="Cay cannot be added: the group excludes the members of Lowest"):
        items.add_member(cass, outer.id, cay.id)
    # Removing from the outer group never touches the inner one.
    items.remove_member(cass, outer.id, ben.id)
    assert members(staff) == {ann.id, ben.id, cay.id}
    sound()


def test_moving_a_customer_moves_her_through_all_levels_in_one_change(
    cass: Actor, new_customer: New, new_group: New, s1: Shop, s2: Shop
) -> None:
    ann = new_customer("Ann", s1)
    chain = [new_group("G0", shops=[s1])]
    for n in range(1, 5):
        chain.append(new_group(f"G{n}"))
        put(cass, chain[n], chain[n - 1])
    other = new_group("Not in it", shops=[s1, s2])
    put(cass, other, chain[4], "exclude")
    assert [level(group) for group in (*chain, other)] == [0, 1, 2, 3, 4, 5]
    assert [members(group) for group in chain] == [{ann.id}] * 5 and members(other) == set()
    customers.edit(cass, ann.id, {"shop": "S2"})
    assert [members(group) for group in chain] == [set()] * 5 and members(other) == {ann.id}
    newest = Change.select().order_by(Change.id.desc()).get()
    ended = list(PastMembership.select().where(PastMembership.left_by == newest))
    assert {past.group_id for past in ended} == {group.id for group in chain}
    assert len({past.left_at for past in ended}) == 1 and len(ended) == 5
    sound()


def test_a_circle_is_refused_and_its_path_named(cass: Actor, new_group: New) -> None:
    first, second, third = (new_group(name) for name in ("First", "Second", "Third"))
    put(cass, first, second)
    put(cass, second, third, "exclude")
    n_changes = Change.select().count()
    with pytest.raises(Refusal, match="circle: Third → First → Second → Third"):
        put(cass, third, first)
    with pytest.raises(Refusal, match="circle: First → First"):
        put(cass, first, first)
    with pytest.raises(Refusal, match="circle: Third → First → Second → Third"):
        put(cass, third, first, low=0, high=500, seed="a")
    assert (Change.select().count(), level(third)) == (n_changes, 0)
    # What has ended is no way any more.
    items.end(cass, first.id, GroupItem.get(GroupItem.of_group == second).id)
    put(cass, third, first)
    assert [level(group) for group in (first, third, second)] == [0, 1, 2]


def test_five_deep_is_taken_and_six_is_refused_from_both_ends(cass: Actor, new_group: New) -> None:
    chain = [new_group(f"G{n}") for n in range(6)]
    for upper, lower in zip(chain[1:], chain, strict=False):
        put(cass, upper, lower)
    assert level(chain[5]) == 5
    top, bottom = new_group("Top"), new_group("Bottom")
    with pytest.raises(Refusal, match="at most 5 deep; with “G5” it would be 6"):
        put(cass, top, chain[5])
    with pytest.raises(Refusal, match="at most 5 deep; with “Bottom” it would be 6"):
        put(cass, chain[0], bottom)
    put(cass, top, chain[4])


def test_only_a_group_that_is_there_and_goes_on_can_be_an_item(cass: Actor, new_group: New) -> None:
    outer, gone, kept = new_group("Outer"), new_group("Gone"), new_group("Kept")
    groups.delete(cass, gone.id)
    with pytest.raises(Missing, match="not there any more"):
        put(cass, outer, gone)
    groups.set_status(cass, kept.id, "archived")
    with pytest.raises(Refusal, match="“Kept” is archived"):
        put(cass, outer, kept)
    assert GroupItem.select().count() == 0


def test_shares_of_one_seed_are_disjoint_cover_and_only_grow(
    cass: Actor, new_group: New, s1: Shop, database: Database
) -> None:
    for n in range(60):
        Customer.create(code=f"K{n}", code_key=f"k{n}", shop=s1)
    whole = new_group("Whole", shops=[s1])
    arms = [new_group(f"Arm {n}") for n in range(3)]
    for arm, (low, high) in zip(arms, ((0, 3333), (3333, 5000), (5000, 10_000)), strict=True):
        put(cass, arm, whole, low=low, high=high, seed="spring")
    parts = [members(arm) for arm in arms]
    assert set.union(*parts) == members(whole) and sum(map(len, parts)) == 60
    assert all(parts)
    pilot = new_group("Pilot")
    put(cass, pilot, whole, low=0, high=1000, seed="spring")
    before = members(pilot)
    put(cass, pilot, whole, low=0, high=4000, seed="spring")
    assert before < members(pilot) and parts[0] <= members(pilot)
    # A new customer falls into an arm at once.
    cay = customers.create(cass, {"code": "N1", "shop": "S1"}).customer
    assert sum(cay.id in members(arm) for arm in arms) == 1
    sound()


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"low": 0, "high": 10_001, "seed": "a"}, "goes from 0 to 100 percent"),
        ({"low": 50, "high": 50, "seed": "a"}, "goes from 0 to 100 percent"),
        ({"low": None, "high": 50, "seed": "a"}, "goes from 0 to 100 percent"),
        ({"low": 0, "high": 50, "seed": " "}, "Give the share a seed"),
        ({"low": 0, "high": 50, "seed": "x" * 61}, "Give the share a seed"),
    ],
)
def test_a_share_that_cannot_be_is_refused(cass: Actor, new_group: New, said: dict[str, Any], sentence: str) -> None:
    whole, arm = new_group("Whole"), new_group("Arm")
    with pytest.raises(Refusal, match=sentence):
        put(cass, arm, whole, **said)
    with pytest.raises(Refusal, match="choose the group"):
        items.add(cass, arm.id, [NewItem(customer_id=1, low=0, high=5, seed="a")])
    assert GroupItem.select().count() == 0


def test_putting_what_is_there_is_no_write_and_the_other_sign_takes_its_place(cass: Actor, new_group: New) -> None:
    whole, arm = new_group("Whole"), new_group("Arm")
    put(cass, arm, whole)
    put(cass, arm, whole, low=0, high=50, seed="a")
    n_changes = Change.select().count()
    put(cass, arm, whole)
    put(cass, arm, whole, low=0, high=50, seed=" a ")
    assert Change.select().count() == n_changes
    put(cass, arm, whole, "exclude")
    live = GroupItem.select().where(GroupItem.ended_at.is_null()).order_by(GroupItem.id)
    assert [(item.kind, item.sign) for item in live] == [("share", "include"), ("group", "exclude")]


def test_a_copy_is_made_of_the_same_groups(cass: Actor, new_customer: New, new_group: New) -> None:
    inner, outer = new_group("Inner", [new_customer("Ann")]), new_group("Outer")
    put(cass, outer, inner)
    copy = groups.duplicate(cass, outer.id).group
    assert (members(copy), level(copy)) == (members(inner), 1)
    sound()


def test_a_file_says_excluded_of_whom_a_group_in_the_group_keeps_out(
    cass: Actor, new_customer: New, new_group: New, s1: Shop, tmp_path: Any
) -> None:
    ann, ben = new_customer("Ann", code="A1"), new_customer("Ben", code="B1")
    staff, outer = new_group("Staff", [ann], shops=[s1]), new_group("Outer")
    put(cass, outer, staff, "exclude")
    path = tmp_path / "people.csv"
    path.write_text("code,name,shop\nA1,,\nB1,,\nN1,New,S1\nN2,Newer,\n")
    checked = imports.check(cass, path, path.name, group=outer)
    assert [checked.counts[name] for name in ("joined", "excluded")] == [3, 1]
    done = imports.run(cass, checked.id)
    # That the new one of the shop is in the excluded group was not known before she was there.
    assert [done.counts[name] for name in ("joined", "excluded")] == [2, 2]
    assert members(outer) == {ben.id, Customer.get(Customer.code == "N2").id}
    sound()
