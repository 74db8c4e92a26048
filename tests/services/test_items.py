"""Items: what a group includes and excludes (product.md §5)."""

from collections.abc import Callable
from typing import Any

import pytest

from portal.db import in_chunks, transaction
from portal.errors import Denied, Missing, Refusal
from portal.models import Change, ChangeRow, Customer, Group, GroupItem, Membership, MembershipRow, Shop
from portal.permissions import Actor
from portal.queries import items as find
from portal.services import groups, items
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
    with pytest.raises(Refusal, match=r"Choose at least one customer, shop, rule or group."):
        items.add(cass, new_group("G").id, [])


def test_each_act_is_a_change_of_its_own_name_about_the_group(
    cass: Actor, new_customer: New, new_group: New, s1: Shop
) -> None:
    ann, group = new_customer("Ann", s1), new_group("G")
    items.add(cass, group.id, [NewItem(shop_id=s1.id, note="  all of them ")])
    items.remove_member(cass, group.id, ann.id, "she asked")
    items.add_member(cass, group.id, ann.id, "she came back")
    items.end(cass, group.id, GroupItem.get(GroupItem.kind == "shop").id)
    done = list(Change.select().order_by(Change.id.desc()).limit(4))[::-1]
    assert [(change.act, change.subject) for change in done] == [
        (f"group.{act}", f"group:{group.id}") for act in ("items", "remove_member", "add_member", "end_item")
    ]
    shop_item, out, back = GroupItem.select().order_by(GroupItem.id)
    assert (shop_item.note, out.note, back.note) == ("all of them", "she asked", "she came back")
    assert [row.created_by_id for row in (shop_item, out, back)] == [change.id for change in done[:3]]
    assert (shop_item.ended_by_id, out.ended_by_id, back.ended_by_id) == (done[3].id, done[2].id, None)
    assert out.created_at <= out.ended_at <= back.created_at <= shop_item.ended_at
    # What was ended stands in the change as it was and as it is.
    row = ChangeRow.get(ChangeRow.change == done[3])
    assert (row.noun, row.row_id, row.before["ended_by"], row.after["ended_by"]) == (
        "group_item", shop_item.id, None, done[3].id
    )  # fmt: skip
    made = [(row.noun, row.row_id) for row in ChangeRow.select().where(ChangeRow.change.in_(done[:3]))]
    assert sorted(made) == [("group_item", id_) for id_ in sorted([shop_item.id, out.id, out.id, back.id])]


@pytest.mark.parametrize(
    ("wrong", "field", "sentence"),
    [
        (NewItem(shop_id=1, sign="both"), "sign", "An item includes or excludes."),
        (NewItem(shop_id=2**30), "item", "This shop is not there any more."),
        (NewItem(shop_id=1, note="n" * 501), "note", "A note has at most 500 characters."),
    ],
)
def test_a_refusal_names_its_field(
    wrong: NewItem, field: str, sentence: str, cass: Actor, new_group: New, s1: Shop
) -> None:
    with pytest.raises(Refusal, match=sentence) as refused:
        items.add(cass, new_group("G").id, [wrong])
    assert refused.value.field == field
    with pytest.raises(Refusal) as empty:
        items.add(cass, Group.get().id, [])
    assert empty.value.field == "item"


def test_who_is_kept_out_is_named_or_called_by_her_code(
    cass: Actor, new_customer: New, new_group: New, s1: Shop
) -> None:
    group = new_group("G", without_shops=[s1])
    for customer, called in ((new_customer("Ann", s1, code="A1"), "Ann"), (new_customer("", s1, code="B1"), "B1")):
        with pytest.raises(Refusal, match=f"{called} cannot be added: the group excludes the shop Kigali") as refused:
            items.add_member(cass, group.id, customer.id)
        assert refused.value.field == "item"
        items.remove_member(cass, group.id, customer.id)  # out twice over, as somebody may want to say
    # A shop that the same request excludes counts for what comes behind it.
    ben, other = new_customer("Ben", s1), new_group("H")
    assert items.add(cass, other.id, [NewItem(customer_id=ben.id), NewItem(shop_id=s1.id, sign="exclude")]).joined == 0


def test_a_note_of_five_hundred_characters_is_kept(cass: Actor, new_group: New, s1: Shop) -> None:
    items.add(cass, new_group("G").id, [NewItem(shop_id=s1.id, note="n" * 500)])
    assert GroupItem.get().note == "n" * 500


def test_only_live_exclusions_of_this_group_are_lifted_in_name_order(
    cass: Actor, new_customer: New, new_group: New
) -> None:
    dot, ann, bea, cay = (new_customer(name) for name in ("dot", "Ann", "Bea", "Cay"))
    new_group("Other", without=[bea])
    group = new_group("G", [cay], without=[dot, ann])
    items.remove_member(cass, group.id, cay.id)
    items.add_member(cass, group.id, cay.id)  # lifted already
    everybody = [NewItem(customer_id=row.id) for row in (dot, bea, cay)]
    put = items.add(cass, group.id, [*everybody, NewItem(customer_id=ann.id, sign="exclude")])
    assert (put.lifted, put.joined, put.left) == (["dot"], 2, 0)
    put = items.add(cass, group.id, [NewItem(customer_id=row.id, sign="exclude") for row in (dot, cay)])
    assert (put.lifted, put.joined, put.left) == ([], 0, 2)
    assert items.add(cass, group.id, [NewItem(customer_id=row.id) for row in (dot, ann)]).lifted == ["Ann", "dot"]


def test_of_two_items_for_one_customer_the_last_counts_whatever_was_there(
    cass: Actor, new_customer: New, new_group: New
) -> None:
    ann, ben = new_customer("Ann"), new_customer("Ben")
    group = new_group("G", [ann])
    said = [(ann, "exclude"), (ben, "include"), (ann, "include"), (ben, "exclude")]
    items.add(cass, group.id, [NewItem(customer_id=row.id, sign=sign) for row, sign in said])
    assert live(group) == {("include", "customer", ann.id), ("exclude", "customer", ben.id)}


def test_what_is_ended_moves_whom_it_held_and_nobody_else(
    cass: Actor, new_customer: New, new_group: New, s1: Shop
) -> None:
    ann, ben = new_customer("Ann", s1), new_customer("Ben")
    group = new_group("G", [ben], without=[ann], shops=[s1])
    put = items.end(cass, group.id, GroupItem.get(GroupItem.sign == "exclude").id)
    assert put == items.Put(1, 0, [], [])
    assert items.end(cass, group.id, GroupItem.get(GroupItem.customer == ben).id) == items.Put(0, 1, [], [])


@pytest.mark.parametrize("sign", ["include", "exclude"])
def test_an_item_that_was_ended_may_be_put_again(
    sign: str, cass: Actor, new_customer: New, new_group: New, s1: Shop
) -> None:
    ann, group = new_customer("Ann"), new_group("G")
    both = [NewItem(customer_id=ann.id, sign=sign), NewItem(shop_id=s1.id, sign=sign)]
    for n in (2, 4):
        items.add(cass, group.id, both)
        assert live(group) == {(sign, "customer", ann.id), (sign, "shop", s1.id)}
        assert GroupItem.select().count() == n
        for item in GroupItem.select().where(GroupItem.ended_at.is_null()):
            items.end(cass, group.id, item.id)
        assert live(group) == set()


def test_an_act_on_one_item_looks_at_nobody_else(cass: Actor, new_customer: New, new_group: New, s1: Shop) -> None:
    """The whole group may be large, and she may be in many: who is missing there by a fault stays for `verify`."""
    ann, ben = new_customer("Ann", s1), new_customer("Ben", s1)
    group, other = new_group("G", [ben], shops=[s1]), new_group("H", [ann, ben])
    named = GroupItem.get(GroupItem.group == group, GroupItem.customer == ben)
    items.remove_member(cass, group.id, ann.id)
    shop = GroupItem.get(GroupItem.kind == "shop")

    def spoilt(*customers: Customer) -> None:
        MembershipRow.delete().where(MembershipRow.customer.in_(customers)).execute()

    for act in (
        lambda: items.add_member(cass, group.id, ann.id),
        lambda: items.add(cass, group.id, [NewItem(customer_id=ann.id)]),
    ):
        spoilt(ann, ben)
        assert act().joined == 1
    spoilt(ann, ben)
    assert items.end(cass, group.id, named.id).joined == 1  # he is in through the shop
    spoilt(ann, ben)
    items.add(cass, group.id, [NewItem(customer_id=ben.id)])
    spoilt(ann, ben)
    assert items.end(cass, group.id, shop.id).joined == 2
    spoilt(ann, ben)
    assert items.add(cass, group.id, [NewItem(new_customer={"code": "N1"})]).joined == 1
    assert items.add(cass, group.id, [NewItem(shop_id=s1.id)]).joined == 2  # the whole group, and no other
    assert Membership.select().where(Membership.group == other.id).count() == 0
    assert {item.note for item in GroupItem.select()} == {""}


def test_what_one_group_says_is_said_by_another(cass: Actor, new_customer: New, new_group: New, s1: Shop) -> None:
    ann, ben, cay, dot = (new_customer(name) for name in ("Ann", "Ben", "Cay", "Dot"))
    group, other = new_group("G", [cay, ben], shops=[s1]), new_group("H", [dot])
    items.remove_member(cass, group.id, ann.id, "she asked")
    items.end(cass, group.id, GroupItem.get(GroupItem.customer == cay).id)
    said = items.live_items(group)
    assert [{name: row[name] for name in ("sign", "kind", "customer", "shop", "note")} for row in said] == [
        {"sign": "include", "kind": "shop", "customer": None, "shop": s1.id, "note": ""},
        {"sign": "include", "kind": "customer", "customer": ben.id, "shop": None, "note": ""},
        {"sign": "exclude", "kind": "customer", "customer": ann.id, "shop": None, "note": "she asked"},
    ]
    with record(cass, "group.items", f"group:{other.id}") as change:
        items.put_all(said, other, change)
        items.put_all([], other, change)
    assert items.live_items(other)[1:] == said
    made = GroupItem.select().where(GroupItem.created_by == change.id).order_by(GroupItem.id)
    told = ChangeRow.select().where(ChangeRow.change == change.id).order_by(ChangeRow.id)
    assert [row.row_id for row in told] == [item.id for item in made] and len(made) == 3


def test_a_deleted_group_takes_no_items(cass: Actor, new_customer: New, new_group: New) -> None:
    ann, group = new_customer("Ann"), new_group("G")
    groups.delete(cass, group.id)
    for act in (items.add_member, items.remove_member, items.end):
        with pytest.raises(Missing, match=r"This group is not there any more\."):
            act(cass, group.id, ann.id)
    with pytest.raises(Missing):
        items.add(cass, group.id, [NewItem(customer_id=ann.id)])


def test_only_who_may_edit_groups_puts_and_ends_items(
    olive: Actor, sam: Actor, sol: Actor, ana: Actor, new_customer: New, new_group: New, s1: Shop
) -> None:
    ann = new_customer("Ann", s1)
    group = new_group("G", [ann])
    for who in (olive, sam, sol, ana):
        for act in (
            lambda who=who: items.add(who, group.id, []), lambda who=who: items.end(who, group.id, GroupItem.get().id),
            lambda who=who: items.add_member(who, group.id, ann.id),
            lambda who=who: items.remove_member(who, group.id, ann.id),
        ):  # fmt: skip
            with pytest.raises(Denied):
                act()
    assert live(group) == {("include", "customer", ann.id)}


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
