"""Items: what a group includes and excludes (product.md §5)."""

from collections.abc import Callable
from typing import Any

import pytest

from portal.db import in_chunks, transaction
from portal.errors import Missing, Refusal
from portal.models import Customer, GroupItem, Membership, Shop
from portal.permissions import Actor
from portal.queries import items as find
from portal.services import items
from portal.services.changes import record
from portal.services.items import NewItem
from tests.conftest import Database

New = Callable[..., Any]


def live(group: Any) -> set[tuple[str, str, int]]:
    query = GroupItem.select().where(GroupItem.group == group.id, GroupItem.ended_at.is_null())
    return {(row.sign, row.kind, row.customer_id or row.shop_id) for row in query}


def test_several_added_in_one_request_join_those_who_are_there(cass: Actor, new_customer: New, new_group: New) -> None:
    """Behaviour B018."""
    people = [new_customer(str(n)) for n in range(4)]
    group = new_group("G", people[:2])
    put = items.add(cass, group.id, [NewItem(customer_id=row.id) for row in people[2:]])
    assert (put.joined, put.left, put.lifted) == (2, 0, [])
    members = {row.customer_id for row in Membership.select().where(Membership.group == group.id)}
    assert members == {row.id for row in people}


def test_there_is_one_live_item_for_each_customer_and_shop(
    cass: Actor, new_customer: New, new_group: New, s1: Shop
) -> None:
    ann = new_customer("Ann")
    group = new_group("G")
    for sign in ("include", "include", "exclude", "exclude", "include"):
        items.add(cass, group.id, [NewItem(customer_id=ann.id, sign=sign), NewItem(shop_id=s1.id, sign=sign)])
        assert live(group) == {(sign, "customer", ann.id), (sign, "shop", s1.id)}
    assert GroupItem.select().count() == 6


def test_the_same_customer_twice_in_one_request_is_one_item(cass: Actor, new_customer: New, new_group: New) -> None:
    ann = new_customer("Ann")
    group = new_group("G")
    assert items.add(cass, group.id, [NewItem(customer_id=ann.id)] * 2).joined == 1
    assert live(group) == {("include", "customer", ann.id)}


def test_adding_somebody_lifts_her_exclusion_and_names_her(cass: Actor, new_customer: New, new_group: New) -> None:
    ann, ben = new_customer("Ann"), new_customer("", code="B7")
    group = new_group("G", without=[ann, ben])
    put = items.add(cass, group.id, [NewItem(customer_id=row.id) for row in (ann, ben)])
    assert (put.joined, sorted(put.lifted)) == (2, ["Ann", "B7"])


def test_an_ended_item_is_kept_and_no_longer_counts(cass: Actor, new_customer: New, new_group: New, s1: Shop) -> None:
    ann = new_customer("Ann", s1)
    group = new_group("G", [ann], shops=[s1])
    item = GroupItem.get(GroupItem.kind == "customer")
    assert (items.end(cass, group.id, item.id).left, live(group)) == (0, {("include", "shop", s1.id)})
    shop_item = GroupItem.get(GroupItem.kind == "shop")
    assert items.end(cass, group.id, shop_item.id).left == 1
    assert GroupItem.select().where(GroupItem.ended_at.is_null(False)).count() == 2
    with pytest.raises(Missing, match=r"This item is not there any more."):
        items.end(cass, group.id, item.id)


def test_an_item_of_another_group_is_not_ended(
    cass: Actor, new_customer: New, new_group: New, database: Database
) -> None:
    one, two = new_group("One", [new_customer("Ann")]), new_group("Two")
    before = database.checksum()
    with pytest.raises(Missing):
        items.end(cass, two.id, GroupItem.get(GroupItem.group == one.id).id)
    assert database.checksum() == before


@pytest.mark.parametrize(
    "wrong",
    [
        NewItem(customer_id=2**40), NewItem(shop_id=2**40), NewItem(), NewItem(new_customer={"name": "Only a name"}),
        NewItem(new_customer={"code": "TAKEN"}), NewItem(new_customer={"email": "no address"}),
        NewItem(shop_id=1, sign="both"), NewItem(shop_id=1, note="n" * 501),
    ],
    ids=lambda item: repr(item)[8:70],
)  # fmt: skip
def test_a_wrong_item_is_refused_and_none_of_the_others_is_put(
    wrong: NewItem, cass: Actor, new_customer: New, new_group: New, database: Database
) -> None:
    ann = new_customer("Ann", code="taken")
    group = new_group("G")
    before = database.checksum()
    with pytest.raises(Refusal):
        items.add(cass, group.id, [NewItem(customer_id=ann.id), NewItem(new_customer={"code": "N1"}), wrong])
    assert database.checksum() == before


def test_three_named_customers_take_as_many_queries_as_one(
    cass: Actor, new_customer: New, new_group: New, query_count: New
) -> None:
    rows, groups = [new_customer(name) for name in ("Ann", "Bea", "Cleo")], [new_group("One"), new_group("Three")]
    named = [[NewItem(customer_id=row.id) for row in part] for part in (rows[:1], rows)]
    counts = [
        query_count(lambda group=group, part=part: items.add(cass, group.id, part))
        for group, part in zip(groups, named, strict=True)
    ]
    assert counts[0] == counts[1]
    assert live(groups[1]) == {("include", "customer", row.id) for row in rows}


def test_of_two_items_for_one_customer_the_last_counts(cass: Actor, new_customer: New, new_group: New) -> None:
    ann, group = new_customer("Ann"), new_group("Vips")
    said = [NewItem(customer_id=ann.id, sign=sign) for sign in ("include", "exclude")]
    items.add(cass, group.id, said)
    assert live(group) == {("exclude", "customer", ann.id)}
    items.add(cass, group.id, said[::-1])
    assert live(group) == {("include", "customer", ann.id)}
    assert Membership.select().count() == 1


def test_many_are_added_in_one_change(cass: Actor, new_group: New) -> None:
    """More than a statement of PostgreSQL has room for, several times over."""
    group, n = new_group("Vips"), 14_000
    rows = ({"code": f"X{number}", "code_key": f"x{number}"} for number in range(n))
    with transaction():
        for part in in_chunks(rows):
            Customer.insert_many(part).execute()
    ids = [row_id for (row_id,) in Customer.select(Customer.id).tuples()]
    with record(cass, "group.items", f"group:{group.id}") as change:
        said = [{"sign": "include", "kind": "customer", "customer": id_, "shop": None, "note": ""} for id_ in ids]
        items.put_all(said, group, change)
        moved = items.settle(group, [NewItem(customer_id=id_) for id_ in ids], change)
    assert (moved.joined, moved.left, Membership.select().count()) == (n, 0, n)


def test_nothing_chosen_is_said(cass: Actor, new_group: New) -> None:
    with pytest.raises(Refusal, match=r"Choose at least one customer or shop."):
        items.add(cass, new_group("G").id, [])


def test_a_new_customer_comes_with_her_item(cass: Actor, new_group: New, s1: Shop) -> None:
    put = items.add(
        cass,
        new_group("G").id,
        [NewItem(new_customer={"name": "Ann", "phone": "12", "email": "a@internalmail", "shop": "s1"})],
    )
    ann = Customer.get(Customer.name == "Ann")
    assert (put.joined, ann.code, ann.shop_id, ann.email) == (1, f"C{1_000_000 + ann.id}", s1.id, "a@internalmail")
    assert [remark.field for remark in put.warnings] == ["phone", "email"] or [
        remark.field for remark in put.warnings
    ] == ["email", "phone"]


def test_shop_staff_see_only_items_of_their_own_shop(
    sol: Actor, cass: Actor, new_customer: New, new_group: New, s1: Shop, s2: Shop
) -> None:
    own, foreign = new_customer("Own", s1), new_customer("Foreign", s2)
    group = new_group("G", [own, foreign, new_customer("None")], shops=[s1, s2])
    assert len(find.every(cass, group)) == 5
    assert [(row.kind, row.customer.name if row.customer else row.shop.name) for row in find.every(sol, group)] == [
        ("shop", "Kigali North"), ("customer", "Own"),
    ]  # fmt: skip


# ---- reading them page by page ----


def test_items_are_read_page_by_page_both_ways_shops_first(
    cass: Actor, new_customer: New, new_group: New, s1: Shop, s2: Shop
) -> None:
    people = [new_customer(f"N{n:02}") for n in range(20)]
    group = new_group("G", people[:12], shops=[s2], without=people[12:], without_shops=[s1])
    items.end(cass, group.id, find.every(cass, group)[5].id)
    expected = [row.id for row in find.every(cass, group)]
    signs = [("include", "shop"), ("exclude", "shop"), *[("include", "customer")] * 11, *[("exclude", "customer")] * 8]
    assert [(row.sign, row.kind) for row in find.every(cass, group)] == signs
    pages = [find.page(cass, group, size=4)]
    while pages[-1].after:
        pages.append(find.page(cass, group, after=pages[-1].after, size=4))
    assert [row.id for page in pages for row in page.rows] == expected
    back = [pages[-1]]
    while back[-1].before:
        back.append(find.page(cass, group, before=back[-1].before, size=4))
    assert [[row.id for row in page.rows] for page in back[::-1]] == [[row.id for row in page.rows] for page in pages]
    assert find.count(cass, group) == len(expected) == 21


def test_a_page_goes_on_behind_an_item_that_has_ended_and_begins_anew_behind_one_of_another_group(
    cass: Actor, new_customer: New, new_group: New
) -> None:
    people = [new_customer(f"N{n:02}") for n in range(9)]
    group, other = new_group("G", people), new_group("H", people)
    first = find.page(cass, group, size=3)
    items.end(cass, group.id, first.after or 0)
    second = find.page(cass, group, after=first.after, size=3)
    assert [row.customer.name for row in second.rows] == ["N03", "N04", "N05"]
    for said in ({"after": find.every(cass, other)[4].id}, {"before": 0}):
        again = find.page(cass, group, size=2, **said)
        assert again.is_lost and again.before is None
        assert [row.customer.name for row in again.rows] == ["N00", "N01"]


def test_items_are_found_by_the_name_and_code_of_customer_and_shop(
    cass: Actor, ana: Actor, new_customer: New, new_group: New, s1: Shop, s2: Shop
) -> None:
    ann = new_customer("Ánn North", phone="+250788412903", code="Z1")
    group = new_group("G", [ann, new_customer("Ben")], shops=[s1], without_shops=[s2])

    def found(actor: Actor, text: str) -> list[str]:
        return [(row.customer or row.shop).name for row in find.page(actor, group, text).rows]

    assert found(cass, "north") == ["Kigali North", "Ánn North"]
    assert [found(cass, text) for text in ("ann z1", "0788412903", "huye", "s1 kigali", "none")] == [
        ["Ánn North"], ["Ánn North"], ["Huye"], ["Kigali North"], [],
    ]  # fmt: skip
    assert found(ana, "0788412903") == []  # who sees phones masked finds nobody by them
