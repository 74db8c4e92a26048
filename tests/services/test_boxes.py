"""The boxes of the customer form: ticking is Add, unticking is Remove, within the save of the customer."""

from collections.abc import Callable
from typing import Any

import pytest

from portal.errors import Denied, NeedsApproval, Refusal
from portal.models import Change, Customer, Group, GroupItem, Membership, Shop
from portal.permissions import Actor
from portal.queries import boxes
from portal.queries.boxes import Box
from portal.services import approvals, customers, groups, items, settings, undo
from portal.services.guards import Call
from portal.words.proposals import of_proposal
from tests.conftest import Database

New = Callable[..., Any]


def codes(customer: Customer) -> list[str]:
    query = Group.select(Group.code).join(Membership).where(Membership.customer == customer).order_by(Group.code)
    return [code for (code,) in query.tuples()]


def said(actor: Actor, customer: Customer | None = None) -> dict[str, tuple[bool, str, str]]:
    return {box.code: (box.is_on, box.held_by, box.holder) for box in boxes.of(actor, customer)}


def opened(group: Group) -> Group:
    Group.update(is_open=True).where(Group.id == group.id).execute()
    return group


# ---- saving ----


def test_ticking_adds_and_unticking_removes_by_name_in_the_change_of_the_save(
    cass: Actor, new_customer: New, new_group: New
) -> None:
    ann = new_customer("Ann")
    new_group("Vips"), new_group("Old", [ann])
    customers.edit(cass, ann.id, {"name": "Anna"}, 1, {"vips": True, "old": False})
    assert codes(ann) == ["vips"]
    change = Change.select().order_by(Change.id.desc()).get()
    put = [(row.group.code, row.sign, row.kind) for row in GroupItem.select().where(GroupItem.created_by == change)]
    told = [("old", "exclude", "customer"), ("vips", "include", "customer")]
    assert (change.act, sorted(put)) == ("customer.edit", told)
    undo.undo(cass, change.id)
    assert (codes(ann), Customer.get_by_id(ann.id).name) == (["old"], "Ann")


def test_a_new_customer_is_in_the_groups_that_were_ticked_and_in_those_of_her_shop(
    cass: Actor, new_group: New, s1: Shop
) -> None:
    new_group("Vips"), new_group("North", shops=[s1], type="shop")
    saved = customers.create(cass, {"name": "Ann", "code": "A1", "shop": "S1"}, {"vips": True})
    assert codes(saved.customer) == ["north", "vips"]
    change = Change.select().order_by(Change.id.desc()).get()
    undo.undo(cass, change.id)
    assert Customer.get_by_id(saved.customer.id).removed_at is not None and codes(saved.customer) == []


def test_a_box_alone_is_a_save_and_one_that_says_what_is_so_is_none(
    cass: Actor, new_customer: New, new_group: New, database: Database
) -> None:
    ann = new_customer("Ann")
    new_group("Vips")
    customers.edit(cass, ann.id, {}, 1, {"vips": True})
    assert (codes(ann), Customer.get_by_id(ann.id).version) == (["vips"], 1)
    before = database.checksum()
    customers.edit(cass, ann.id, {}, 1, {"vips": True})
    assert database.checksum() == before


def test_ticking_lifts_an_exclusion_by_name_and_says_so(cass: Actor, new_customer: New, new_group: New) -> None:
    ann = new_customer("Ann")
    group = new_group("Vips", [ann])
    items.remove_member(cass, group.id, ann.id)
    saved = customers.edit(cass, ann.id, {}, 1, {"vips": True})
    assert (saved.lifted, codes(ann)) == (["Vips"], ["vips"])


def test_ticking_is_refused_while_the_group_excludes_her_shop_and_nothing_is_saved(
    cass: Actor, new_customer: New, new_group: New, s1: Shop, database: Database
) -> None:
    ann = new_customer("Ann", s1)
    new_group("Vips", without_shops=[s1])
    before = database.checksum()
    with pytest.raises(Refusal, match="the group excludes the shop Kigali North") as caught:
        customers.edit(cass, ann.id, {"name": "Anna"}, 1, {"vips": True})
    assert (caught.value.field, database.checksum()) == ("box", before)


@pytest.mark.parametrize("how", ["archived", "not a box", "not there", "sensitive"])
def test_a_group_that_is_no_box_is_not_ticked(
    how: str, cass: Actor, sam: Actor, new_customer: New, new_group: New, database: Database
) -> None:
    ann = new_customer("Ann")
    group = opened(new_group("Vips"))
    if how == "archived":
        groups.set_status(cass, group.id, "archived")
    said = {"not a box": {"in_form": False}, "not there": {"code": "x"}, "sensitive": {"is_sensitive": True}}
    if how in said:
        Group.update(said[how]).where(Group.id == group.id).execute()
    before = database.checksum()
    with pytest.raises(Refusal, match="is no box of this form any more"):
        customers.edit(sam, ann.id, {}, 1, {"vips": True}, "she asked")
    assert database.checksum() == before


# ---- who may ----


def test_support_ticks_groups_that_are_open_to_it_and_says_why(
    sam: Actor, new_customer: New, new_group: New, database: Database
) -> None:
    ann = new_customer("Ann")
    opened(new_group("Club")), new_group("Vips")
    before = database.checksum()
    with pytest.raises(Refusal, match="Say why"):
        customers.edit(sam, ann.id, {"name": "Anna"}, 1, {"club": True})
    with pytest.raises(Denied):
        customers.edit(sam, ann.id, {"name": "Anna"}, 1, {"vips": True}, "she asked")
    assert database.checksum() == before
    customers.edit(sam, ann.id, {"name": "Anna"}, 1, {"club": True}, "She asked")
    change = Change.select().order_by(Change.id.desc()).get()
    assert (codes(ann), change.note, GroupItem.get().note) == (["club"], "She asked", "She asked")


def test_the_owner_edits_customers_and_ticks_nothing(
    olive: Actor, new_customer: New, new_group: New, database: Database
) -> None:
    ann = new_customer("Ann")
    opened(new_group("Club"))
    before = database.checksum()
    with pytest.raises(Denied):
        customers.edit(olive, ann.id, {"name": "Anna"}, 1, {"club": True}, "r")
    with pytest.raises(Denied):
        customers.create(olive, {"name": "Ben", "code": "B1"}, {"club": True}, "r")
    assert (database.checksum(), boxes.of(olive), boxes.of(olive, ann)) == (before, [], [])


def test_an_undo_by_who_may_not_change_members_leaves_the_boxes(
    cass: Actor, olive: Actor, new_customer: New, new_group: New
) -> None:
    ann = new_customer("Ann")
    new_group("Vips")
    customers.edit(cass, ann.id, {"name": "Anna"}, 1, {"vips": True})
    done = undo.undo(olive, Change.select().order_by(Change.id.desc()).get().id)
    assert (Customer.get_by_id(ann.id).name, codes(ann)) == ("Ann", ["vips"])
    assert [remark.sentence for remark in done.refused] == ["An item of this change is not yours to change any more."]


def test_an_undo_by_the_owner_takes_back_that_somebody_stayed_when_she_left_her_shop(
    cass: Actor, olive: Actor, new_customer: New, s1: Shop, s2: Shop
) -> None:
    ann = new_customer("Ann", s1)
    group = groups.create(cass, groups.Details("North"), [items.NewItem(shop_id=s1.id, on_leave="stay")]).group
    customers.edit(cass, ann.id, {"shop": "S2"}, 1)
    assert codes(ann) == ["north"]
    undo.undo(olive, Change.select().order_by(Change.id.desc()).get().id)
    live = GroupItem.select(GroupItem.kind).where(GroupItem.group == group, GroupItem.ended_at.is_null())
    assert (codes(ann), [kind for (kind,) in live.tuples()]) == (["north"], ["shop"])


# ---- guard rails ----


def test_a_guarded_group_needs_a_second_person_for_the_whole_save(
    cass: Actor, pat: Actor, olive: Actor, new_customer: New, new_group: New, database: Database
) -> None:
    ann = new_customer("Ann")
    new_group("Vips", is_guarded=True)
    settings.set_guards(olive, "", is_marked=True)
    before = database.checksum()
    with pytest.raises(NeedsApproval) as caught:
        customers.edit(cass, ann.id, {"name": "Anna"}, 1, {"vips": True})
    assert database.checksum() == before
    call = Call(caught.value.call, dict(caught.value.arguments))
    assert approvals.label_of(cass, call) == "Vips"
    asked = approvals.ask(cass, call, "She bought a lot")
    assert (codes(ann), Customer.get_by_id(ann.id).name) == ([], "Ann")
    assert of_proposal(pat, asked) == "Edit Ann, and her place in Vips"
    approvals.approve(pat, asked.id, approvals.show(cass, call).fingerprint)
    assert (codes(ann), Customer.get_by_id(ann.id).name) == (["vips"], "Anna")
    with pytest.raises(NeedsApproval) as caught:
        customers.create(cass, {"name": "Ben", "code": "B1"}, {"vips": True})
    asked = approvals.ask(cass, Call(caught.value.call, dict(caught.value.arguments)), "r")
    assert of_proposal(pat, asked) == "New customer, in Vips"
    approvals.approve(pat, asked.id, asked.fingerprint)
    assert codes(Customer.get(Customer.code == "B1")) == ["vips"]


def test_without_a_box_the_save_of_a_customer_needs_nobody_else(
    cass: Actor, olive: Actor, new_customer: New, new_group: New, s1: Shop
) -> None:
    """Membership that follows from her own data needs only the right to edit her (product.md §5)."""
    ann = new_customer("Ann")
    new_group("North", shops=[s1], is_guarded=True)
    settings.set_guards(olive, "", is_marked=True)
    customers.edit(cass, ann.id, {"shop": "S1"}, 1)
    assert codes(ann) == ["north"]


# ---- what the form shows ----


def test_the_boxes_are_the_active_groups_that_are_in_the_form(
    cass: Actor, ana: Actor, new_customer: New, new_group: New, s1: Shop
) -> None:
    ann = new_customer("Ann", s1)
    new_group("Vips", [ann], hue="red"), new_group("Draft", [ann], status="draft")
    new_group("North", shops=[s1], type="shop")
    groups.create(cass, groups.Details("South", type="shop", in_form=True))
    groups.set_status(cass, new_group("Gone").id, "archived")
    assert boxes.of(cass) == [Box("south", "South", "blue"), Box("vips", "Vips", "red")]
    assert said(cass, ann) == {"south": (False, "", ""), "vips": (True, "", "")}
    assert boxes.of(ana, ann) == []


def test_who_may_change_open_groups_only_sees_their_boxes_where_she_may(
    sam: Actor, sol: Actor, new_customer: New, new_group: New, s1: Shop, s2: Shop
) -> None:
    opened(new_group("Club")), new_group("Vips")
    hidden = opened(new_group("Secret"))
    Group.update(is_sensitive=True).where(Group.id == hidden.id).execute()
    own, foreign = new_customer("Own", s1), new_customer("Foreign", s2)
    assert [[*said(sam, own)], [*said(sam)], [*said(sol, own)], [*said(sol, foreign)]] == [
        ["club"], ["club"], ["club"], [],
    ]  # fmt: skip
    assert [boxes.asks_why(actor) for actor in (sam, sol)] == [True, True]


def test_a_box_says_what_else_than_her_name_holds_it(
    cass: Actor, sam: Actor, new_customer: New, new_group: New, s1: Shop, s2: Shop
) -> None:
    ann = new_customer("Ann", s1)
    base = new_group("Base", [ann])
    secret = new_group("Secret", [ann], is_sensitive=True)
    new_group("By shop", shops=[s1]), new_group("By both", [ann], shops=[s1]), new_group("Not hers", shops=[s2])
    new_group("No shop", without_shops=[s1]), new_group("Removed", without=[ann])
    for name, sign, of, part in (
        ("Nested", "include", base, {}), ("Share", "include", base, {"low": 0, "high": 10_000, "seed": "s"}),
        ("Mixed", "include", base, {}), ("No base", "exclude", base, {}), ("No secret", "exclude", secret, {}),
    ):  # fmt: skip
        group = opened(new_group(name))
        items.add(cass, group.id, [items.NewItem(of_group_id=of.id, sign=sign, **part)])
    items.add(cass, Group.get(Group.code == "mixed").id, [items.NewItem(shop_id=s1.id)])
    for name, sign in (("By rule", "include"), ("No rule", "exclude")):
        rule = {"field": "name", "op": "is", "value": "ann"}
        items.add(cass, new_group(name).id, [items.NewItem(rule={"all": [rule]}, sign=sign)])
    assert said(cass, ann) == {
        "base": (True, "", ""), "secret": (True, "", ""), "by-shop": (True, "shop", ""), "by-both": (True, "", ""),
        "not-hers": (False, "", ""), "no-shop": (False, "shop", "Kigali North"), "removed": (False, "", ""),
        "nested": (True, "group", ""), "share": (True, "group", ""), "mixed": (True, "shop", ""),
        "by-rule": (True, "rule", ""), "no-rule": (False, "rule", ""),
        "no-base": (False, "group", "Base"), "no-secret": (False, "group", "Secret"),
    }  # fmt: skip
    assert [box.code for box in boxes.of(cass, ann) if box.is_lifting] == ["removed"]
    assert said(sam, ann)["no-secret"] == (False, "group", "")


@pytest.mark.parametrize("n", [1, 5])
def test_boxes_take_as_many_queries_for_five_groups_as_for_one(
    n: int, cass: Actor, new_customer: New, new_group: New, s1: Shop, query_count: Any
) -> None:
    ann = new_customer("Ann", s1)
    base = new_group("Base", [ann])
    for name in range(n):
        new_group(f"In {name}", shops=[s1]), new_group(f"Out {name}", without_shops=[s1])
        items.add(cass, new_group(f"No {name}").id, [items.NewItem(of_group_id=base.id, sign="exclude")])
    customer = Customer.get_by_id(ann.id)
    customer.shop = s1
    assert query_count(lambda: boxes.of(cass, customer)) == 8
    assert query_count(lambda: boxes.of(cass)) == 1
