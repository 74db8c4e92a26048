"""A preview is the difference that the save writes, and writes nothing."""

from collections.abc import Callable
from typing import Any

import pytest

from portal.errors import Denied, Refusal
from portal.models import Change, Customer, Group, GroupItem, Membership, PastMembership, Shop
from portal.permissions import Actor
from portal.queries import membership
from portal.services import customers, groups, items, preview
from portal.services.items import NewItem
from tests.conftest import Database

New = Callable[..., Any]


def told(found: preview.Preview) -> list[tuple[str, int, int, int, list[str], list[str]]]:
    return [
        (one.group.name, one.joining, one.leaving, one.n_after, [row.name for row in one.who_joins],
         [row.name for row in one.who_leaves])
        for one in found.moves
    ]  # fmt: skip


def stored() -> list[set[Any]]:
    return [
        set(Membership.select(Membership.group, Membership.customer).tuples()),
        set(PastMembership.select(PastMembership.group, PastMembership.customer).tuples()),
        set(Group.select(Group.id, Group.n_members, Group.status, Group.version).tuples()),
        set(GroupItem.select(GroupItem.id, GroupItem.ended_at).tuples()),
        {row.id for row in Change.select()},
    ]


def test_all_groups_that_would_move_are_told_and_it_is_what_is_then_written(
    cass: Actor, new_customer: New, new_group: New, s1: Shop, database: Database
) -> None:
    people = [new_customer(f"P{n}", s1) for n in range(4)]
    ann = new_customer("Ann")
    inner = new_group("Inner", [ann])
    outer, without = new_group("Outer"), new_group("Without", [people[0]])
    items.add(cass, outer.id, [NewItem(of_group_id=inner.id)])
    items.add(cass, without.id, [NewItem(of_group_id=inner.id, sign="exclude")])
    before = stored()

    def act() -> items.Put:
        return items.add(
            cass, inner.id, [NewItem(shop_id=s1.id), NewItem(customer_id=ann.id, sign="exclude")]
        )

    found = preview.of(cass, act)
    assert stored() == before
    names = ["P0", "P1", "P2", "P3"]
    assert told(found) == [
        ("Inner", 4, 1, 4, names, ["Ann"]),
        ("Outer", 4, 1, 4, names, ["Ann"]),
        ("Without", 0, 1, 0, [], ["P0"]),
    ]
    assert [one.group.name for one in found.others(inner.id)] == ["Outer", "Without"]
    assert preview.of(cass, act).fingerprint == found.fingerprint
    put = act()
    assert (put.joined, put.left) == (4, 1)
    for one in found.moves:
        assert Group.get_by_id(one.group.id).n_members == one.n_after
    assert told(preview.of(cass, act)) == []
    assert membership.differences() == []


def test_archive_delete_and_a_move_of_shop_are_previewed_too(
    cass: Actor, new_customer: New, new_group: New, s1: Shop, s2: Shop
) -> None:
    ann = new_customer("Ann", s1)
    first, second = new_group("First", shops=[s1]), new_group("Second", shops=[s2])
    before = stored()
    assert told(preview.of(cass, lambda: groups.set_status(cass, first.id, "archived"))) == [
        ("First", 0, 1, 0, [], ["Ann"])
    ]
    assert told(preview.of(cass, lambda: groups.delete(cass, first.id))) == [("First", 0, 1, 0, [], ["Ann"])]
    found = preview.of(cass, lambda: customers.edit(cass, ann.id, {"shop": "S2"}))
    assert told(found) == [("First", 0, 1, 0, [], ["Ann"]), ("Second", 1, 0, 1, ["Ann"], [])]
    assert found.of(second.id) is not None and found.of(99) is None
    assert stored() == before
    assert Customer.get_by_id(ann.id).shop_id == s1.id


def test_what_the_save_would_refuse_is_refused_and_nothing_is_written(
    cass: Actor, sam: Actor, new_customer: New, new_group: New, s1: Shop
) -> None:
    ann, group = new_customer("Ann", s1), new_group("First", without_shops=[s1])
    before = stored()
    with pytest.raises(Refusal, match="cannot be added"):
        preview.of(cass, lambda: items.add(cass, group.id, [NewItem(customer_id=ann.id)]))
    with pytest.raises(Denied):
        preview.of(sam, lambda: groups.set_status(sam, group.id, "archived"))
    assert stored() == before


@pytest.mark.parametrize("n_first", [2, 3, 4, 5_000])
def test_the_first_are_named_and_everybody_counted(
    n_first: int, cass: Actor, new_group: New, new_customer: New, s1: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Of many they are looked for among the first of all customers: of whom enough join, or too few.
    monkeypatch.setattr(preview, "_MANY", 3)
    monkeypatch.setattr(preview, "_FIRST", n_first)
    new_customer("Ada")
    for name in ("Bo", "Al", "Cy"):
        new_customer(name, s1)
    group = new_group("First")
    found = preview.of(cass, lambda: items.add(cass, group.id, [NewItem(shop_id=s1.id)]), named=2)
    assert told(found) == [("First", 3, 0, 3, ["Al", "Bo"], [])]


def test_other_customers_have_another_fingerprint_and_the_same_ones_the_same_in_any_order(
    cass: Actor, new_customer: New, new_group: New
) -> None:
    people = [new_customer(f"P{n}") for n in range(8)]
    groups_ = [new_group("First"), new_group("Second")]

    def fingerprint(*places: int, group: Group = groups_[0], **said: str) -> str:
        new = [NewItem(customer_id=people[place].id, **said) for place in places]  # type: ignore[arg-type]
        return preview.of(cass, lambda: items.add(cass, group.id, new)).fingerprint

    # As many each, and the same sum: 0 + 3 = 1 + 2; and the same sum of squares: 0, 4, 5 and 1, 2, 6.
    sets = [(0, 3), (1, 2), (0, 4, 5), (1, 2, 6), (0,), (), (0, 1, 2, 3, 4, 5, 6, 7)]
    told = [fingerprint(*places) if places else preview.of(cass, lambda: None).fingerprint for places in sets]
    assert len({*told, fingerprint(0, 3, group=groups_[1])}) == len(sets) + 1
    assert fingerprint(5, 0, 4) == fingerprint(4, 5, 0) == told[2]
    items.add(cass, groups_[0].id, [NewItem(customer_id=people[place].id) for place in (0, 3)])
    leaving = [fingerprint(0, 3, sign="exclude"), fingerprint(3, sign="exclude"), fingerprint(0, sign="exclude")]
    assert len({*leaving, *told}) == len(sets) + 3


@pytest.mark.parametrize("is_nested", [False, True])
def test_acts_one_after_the_other_are_previewed_as_they_are_written(
    is_nested: bool, cass: Actor, new_customer: New, new_group: New, s1: Shop, s2: Shop
) -> None:
    people = [new_customer(f"P{n}", s1) for n in range(4)]
    others = [new_customer(f"Q{n}", s2) for n in range(2)]
    inner, outer, apart = new_group("Inner", others[:1]), new_group("Outer", people[:1]), new_group("Apart")
    if is_nested:
        items.add(cass, outer.id, [NewItem(of_group_id=inner.id)])
        items.add(cass, apart.id, [NewItem(shop_id=s1.id), NewItem(of_group_id=inner.id, sign="exclude")])

    def act() -> None:
        items.add(cass, inner.id, [NewItem(shop_id=s1.id)])
        items.add(cass, inner.id, [NewItem(shop_id=s2.id, sign="exclude")])  # Q0 leaves, by an item of the same kind
        items.remove_member(cass, inner.id, people[1].id)  # who has just come
        customers.edit(cass, people[2].id, {"shop": "S2"})
        items.add(cass, outer.id, [NewItem(shop_id=s2.id)])

    def members() -> set[tuple[int, int]]:
        return set(Membership.select(Membership.group, Membership.customer).tuples())

    before, found = members(), preview.of(cass, act)
    assert members() == before
    act()
    after, name = members(), {row.id: row.name for row in Customer.select()}

    def named(pairs: set[tuple[int, int]], group: int) -> list[str]:
        return sorted(name[one] for of, one in pairs if of == group)

    assert {one.group.id: told(preview.Preview([one], ""))[0][1:] for one in found.moves} == {
        group: (len(named(after - before, group)), len(named(before - after, group)),
                Group.get_by_id(group).n_members, named(after - before, group), named(before - after, group))
        for group, _ in after ^ before
    }  # fmt: skip
    assert (membership.differences(), membership.wrong_counts()) == ([], [])
