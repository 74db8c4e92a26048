"""Removal sticks (product.md §4, law 4): only a person who adds her by name brings her back."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from portal.models import GroupItem, Membership, Shop
from portal.permissions import Actor
from portal.queries import membership
from portal.services import customers, imports, items
from portal.services.items import NewItem

New = Callable[..., Any]


def test_who_was_removed_from_a_shops_group_stays_out_through_moves_and_files_until_added_by_name(
    cass: Actor, new_customer: New, new_group: New, s1: Shop, s2: Shop, tmp_path: Path
) -> None:
    ann, ben = new_customer("Ann", s1, code="A1"), new_customer("Ben", s1, code="B1")
    group = new_group("North", shops=[s1])
    outer = new_group("Of North")
    items.add(cass, outer.id, [NewItem(of_group_id=group.id)])
    items.remove_member(cass, group.id, ann.id)

    def inside() -> set[tuple[int, int]]:
        return set(Membership.select(Membership.group, Membership.customer).tuples())

    out = {(group.id, ben.id), (outer.id, ben.id)}
    assert inside() == out
    for code in ("S2", "S1", "", "S1"):
        customers.edit(cass, ann.id, {"shop": code})
        assert inside() == out
    path = tmp_path / "people.csv"
    path.write_text("code,name,shop\nA1,Ann,S1\nB1,Ben,S1\n")
    for _ in range(2):
        done = imports.run(cass, imports.check(cass, path, path.name, group=group).id)
        assert (done.counts["excluded"], done.counts["already"], inside()) == (1, 1, out)
    put = items.add_member(cass, group.id, ann.id)
    assert (put.joined, put.lifted) == (1, ["Ann"])
    assert inside() == out | {(group.id, ann.id), (outer.id, ann.id)}
    assert GroupItem.select().where(GroupItem.sign == "exclude", GroupItem.ended_at.is_null()).count() == 0
    assert membership.differences() == []
