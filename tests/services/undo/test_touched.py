"""What somebody has touched since is named and never overwritten; the rest comes back (product.md §4, law 7)."""

from collections.abc import Callable
from typing import Any

import pytest

from portal.errors import Refusal
from portal.models import ChangeRow, Customer, Group, GroupItem, Membership, Shop, User, UserRole
from portal.permissions import Actor, Door, Grant, Role
from portal.queries import customers as find
from portal.queries import filters, membership
from portal.queries import groups as find_groups
from portal.queries import shops as find_shops
from portal.queries import users as find_users
from portal.services import changes, customers, groups, items, sessions, shops, undo, users
from portal.services.changes import record
from portal.services.groups import Details
from portal.services.items import NewItem
from tests.conftest import PASSWORD, Database
from tests.services.undo.test_undo import newest

New = Callable[..., Any]


def said(told: Any) -> list[str]:
    """Return the sentences about what stays."""
    return [remark.sentence % remark.params for remark in told.refused]


def refused(database: Database, actor: Actor, change_id: int) -> str:
    """Undo in vain: return why, having made sure that nothing was written."""
    before = database.checksum()
    with pytest.raises(Refusal) as told:
        undo.undo(actor, change_id)
    assert database.checksum() == before
    return str(told.value)


def test_other_columns_of_a_customer_may_have_been_changed(cass: Actor, new_customer: New) -> None:
    ann = new_customer("Ann", code="A1")
    customers.edit(cass, ann.id, {"name": "Anna", "address": "Here"})
    done = newest()
    customers.edit(cass, ann.id, {"language": "pt"})
    told = undo.undo(cass, done)
    stored = Customer.get_by_id(ann.id)
    assert (stored.name, stored.address, stored.language, stored.version) == ("Ann", "", "pt", 4)
    assert (said(told), dict(told.restored)) == ([], {"customer": 1})
    assert [row.name for row in filters.page(cass, filters.Filter(q="anna")).rows] == []


def test_one_changed_column_keeps_the_whole_row_even_if_it_reads_as_then(
    database: Database, cass: Actor, new_customer: New
) -> None:
    ann = new_customer("Ann", code="A1")
    customers.edit(cass, ann.id, {"name": "Anna", "address": "Here"})
    done = newest()
    customers.edit(cass, ann.id, {"address": "There"})
    assert refused(database, cass, done) == "Anna has been changed since."
    customers.edit(cass, ann.id, {"address": "Here"})
    assert refused(database, cass, done) == "Anna has been changed since."


def test_what_is_as_it_was_already_is_neither_written_nor_named(
    database: Database, cass: Actor, new_customer: New
) -> None:
    ann = new_customer("Ann", code="A1")
    customers.edit(cass, ann.id, {"name": "Anna"})
    done = newest()
    customers.edit(cass, ann.id, {"name": "Ann"})
    assert refused(database, cass, done) == "Everything of this change has been taken back already."
    undo.undo(cass, newest())
    assert Customer.get_by_id(ann.id).name == "Anna"
    undo.undo(cass, newest())
    assert refused(database, cass, done) == "Everything of this change has been taken back already."


def test_what_rules_compare_comes_back_with_its_text(cass: Actor, new_customer: New) -> None:
    ann = new_customer("Ann", code="A1", id_number="Áb 1", address="Rúa 1")
    customers.edit(cass, ann.id, {"id_number": "C 2", "address": ""})
    undo.undo(cass, newest())
    stored = Customer.get_by_id(ann.id)
    assert (stored.id_number_key, stored.address_key) == ("ab 1", "rua 1")
    undo.undo(cass, newest())
    stored = Customer.get_by_id(ann.id)
    assert (stored.id_number_key, stored.address_key) == ("c 2", None)


def test_a_code_that_somebody_else_has_by_now_stays_hers(database: Database, cass: Actor, new_customer: New) -> None:
    ann = new_customer("Ann", code="A1")
    customers.edit(cass, ann.id, {"code": "A2"})
    done = newest()
    new_customer("Bea", code="a1")
    assert refused(database, cass, done) == "Ann: the code “A1” belongs to Bea by now."
    created = newest()
    undo.undo(cass, created)
    back = newest()
    undo.undo(cass, done)
    assert Customer.get_by_id(ann.id).code_key == "a1"
    assert refused(database, cass, back) == "Bea: the code “a1” belongs to Ann by now."


def test_a_removed_customer_is_found_by_nothing_and_her_code_is_free(
    cass: Actor, sam: Actor, new_customer: New, new_group: New, s1: Shop
) -> None:
    north = new_group("North", shops=[s1])
    ann = new_customer("Ann Removed", s1, code="A1", email="ann@a.example", phone="0788412903")
    undo.undo(cass, newest())
    stored = Customer.get_by_id(ann.id)
    assert (stored.code, stored.code_key, stored.email_key, stored.phone_key) == ("A1", f" {ann.id}", None, None)
    assert (stored.shop, stored.search, stored.name) == (None, "", "Ann Removed")
    for actor in (cass, sam):
        assert filters.page(actor, filters.Filter()).rows == []
        assert filters.count(actor, filters.Filter(), cap=None) == (0, True)
    for sort in filters.SORTS:
        assert filters.page(cass, filters.Filter(sort=sort)).rows == []
    for text in ("ann", "removed", "a1", "0788412903", "ann@a.example"):
        assert filters.page(cass, filters.Filter(q=text)).rows == []
        assert find_groups.candidates(cass, text) == []
        with pytest.raises(Refusal):
            find.resolve(cass, text)
    assert list(find.visible_to(cass)) == list(find.visible_to(sam)) == []
    assert (Group.get_by_id(north.id).n_members, Membership.select().count()) == (0, 0)
    with pytest.raises(Refusal):
        items.add_member(cass, north.id, ann.id)
    with pytest.raises(Refusal):
        customers.edit(cass, ann.id, {"name": "X"})
    assert new_customer("Another", code="A1").id != ann.id
    assert {shop.code: n for shop, n in find_shops.with_counts()} == {"S1": 0, "S2": 0}


def test_a_customer_of_whom_an_item_speaks_since_stays(
    database: Database, cass: Actor, new_customer: New, new_group: New
) -> None:
    ann = new_customer("Ann")
    done = newest()
    group = new_group("Vips", [ann])
    expected = "Ann stays: an item of Vips that was added since speaks of her."
    assert refused(database, cass, done) == expected
    groups.delete(cass, group.id)
    assert refused(database, cass, done) == expected
    undo.undo(cass, newest())
    items.end(cass, group.id, GroupItem.get().id)
    assert said(undo.undo(cass, done)) == []
    assert list(find.visible_to(cass)) == []


def test_the_shop_to_which_she_would_go_back_must_still_be_there(
    database: Database, cass: Actor, olive: Actor, new_customer: New, s1: Shop
) -> None:
    shops.create(olive, code="S9", name="Ninth")
    made = newest()
    ann = new_customer("Ann", find_shops.by_code("S9"))
    customers.edit(cass, ann.id, {"shop": "S1"})
    moved = newest()
    undo.undo(olive, made)
    assert refused(database, cass, moved) == "Ann: the shop she was in is not there any more."
    undo.undo(olive, newest())
    undo.undo(cass, moved)
    assert Customer.get_by_id(ann.id).shop.code == "S9"


def test_a_shop_in_use_stays_and_says_why(
    database: Database, cass: Actor, olive: Actor, new_customer: New, new_group: New
) -> None:
    shop = shops.create(olive, code="S9", name="Ninth")
    done = newest()
    ann = new_customer("Ann", shop)
    assert refused(database, olive, done) == "Ninth stays: customers belong to this shop by now."
    customers.edit(cass, ann.id, {"shop": ""})
    group = new_group("North", shops=[shop])
    assert refused(database, olive, done) == "Ninth stays: an item of a group speaks of this shop by now."
    items.end(cass, group.id, GroupItem.get().id)
    user = users.add(olive, email="n@n.example", name="Nan", grants=[Grant(Role.SUPPORT, shop.id)], password=PASSWORD)
    assert refused(database, olive, done) == "Ninth stays: somebody holds a role for this shop by now."
    users.revoke(olive, user.id, Grant(Role.SUPPORT, shop.id))
    undo.undo(olive, done)
    assert {found.code for found in find_shops.every()} == {"S1", "S2"}
    assert {choice.code for choice in filters.shop_choices(cass)} == {"S1", "S2"}
    assert {found.code for found in find_shops.visible_to(cass)} == {"S1", "S2"}
    for call in (
        lambda: find_shops.by_code("S9"),
        lambda: shops.edit(olive, shop.id, code="S9", name="Ninth"),
        lambda: items.add(cass, group.id, [NewItem(shop_id=shop.id)]),
        lambda: customers.create(cass, {"code": "A9", "shop": "S9"}),
    ):
        with pytest.raises(Refusal):
            call()
    again = shops.create(olive, code="s9", name="Again")
    back = newest() - 1
    assert refused(database, olive, back) == "Another shop has the code “S9” already: Again."
    shops.edit(olive, again.id, code="S10", name="Again")
    undo.undo(olive, back)
    assert find_shops.by_code("S9") == shop
    shops.edit(olive, shop.id, code="S9", name="New Name")
    assert refused(database, olive, done) == "The shop New Name has been changed since."


def test_items_that_were_ended_since_are_named_and_the_others_end(
    cass: Actor, new_customer: New, new_group: New
) -> None:
    ann, ben = new_customer("Ann"), new_customer("Ben")
    group = new_group("Vips")
    items.add(cass, group.id, [NewItem(customer_id=ann.id), NewItem(customer_id=ben.id)])
    done = newest()
    items.remove_member(cass, group.id, ben.id)
    told = undo.undo(cass, done)
    assert (said(told), dict(told.restored)) == (["Ben in Vips has been ended since."], {"group_item": 1})
    (left,) = GroupItem.select().where(GroupItem.ended_at.is_null())
    assert (left.customer, left.sign) == (ben, "exclude")
    row = ChangeRow.get(ChangeRow.change == told.change_id, ChangeRow.row_id == GroupItem.get(customer=ben).id)
    assert (row.noun, row.before) == ("group_item", None)
    assert row.after == {
        "kept": "%(item)s in %(group)s has been ended since.", "params": {"item": "Ben", "group": "Vips"}
    }  # fmt: skip
    # What it left alone is nothing that it did.
    undo.undo(cass, told.change_id)
    assert {item.customer_id: item.sign for item in GroupItem.select().where(GroupItem.ended_at.is_null())} == {
        ann.id: "include", ben.id: "exclude"
    }  # fmt: skip


def test_an_ended_item_comes_back_unless_another_for_the_same_thing_stands(
    database: Database, cass: Actor, new_customer: New, new_group: New, s1: Shop
) -> None:
    ann = new_customer("Ann")
    group = new_group("Vips", [ann], shops=[s1])
    ended = {}
    for item in list(GroupItem.select()):
        items.end(cass, group.id, item.id)
        ended[item.kind] = newest()
    items.remove_member(cass, group.id, ann.id, "a word")
    removed = newest()
    assert refused(database, cass, ended["customer"]) == "Ann in Vips: another item for it has come since."
    told = undo.undo(cass, ended["shop"])
    assert said(told) == [] and Group.get_by_id(group.id).n_members == 0
    (back,) = GroupItem.select().where(GroupItem.ended_at.is_null(), GroupItem.shop == s1)
    assert (back.created_by_id, back.note) == (told.change_id, "")
    assert refused(database, cass, ended["shop"]) == "Everything of this change has been taken back already."
    undo.undo(cass, removed)
    undo.undo(cass, ended["customer"])
    member = Membership.get(Membership.customer == ann)
    assert member.cause_id == newest() and membership.differences() == []
    undo.undo(cass, newest())
    assert Membership.select().count() == 0


def test_what_an_item_spoke_of_may_be_gone(database: Database, cass: Actor, new_customer: New, new_group: New) -> None:
    ann = new_customer("Ann")
    created = newest()
    group = new_group("Vips", [ann])
    items.end(cass, group.id, GroupItem.get().id)
    ended = newest()
    groups.delete(cass, group.id)
    assert refused(database, cass, ended) == "Ann: the group Vips is not there any more."
    undo.undo(cass, newest())
    undo.undo(cass, created)
    assert refused(database, cass, ended) == "Ann is not there any more and cannot come back into Vips."
    undo.undo(cass, newest())
    undo.undo(cass, ended)
    assert Membership.select().count() == 1


def test_an_undo_that_left_all_groups_of_a_change_alone_can_be_undone_too(
    cass: Actor, new_customer: New, new_group: New
) -> None:
    ann, ben = new_customer("Ann"), new_customer("Ben")
    group = new_group("Vips", [ann])
    done = newest()
    items.add_member(cass, group.id, ben.id)
    undo.undo(cass, done)
    assert Membership.select().count() == 1
    told = undo.undo(cass, newest())
    assert (told.restored, said(told), Membership.select().count()) == ({"group_item": 1}, [], 2)


def test_a_group_with_items_that_came_since_stays_and_loses_only_its_own(
    cass: Actor, new_customer: New, new_group: New
) -> None:
    ann, ben = new_customer("Ann"), new_customer("Ben")
    group = new_group("Vips", [ann])
    done = newest()
    items.add_member(cass, group.id, ben.id)
    told = undo.undo(cass, done)
    assert said(told) == ["The group Vips stays: items were added to it since. Delete it if it should go."]
    assert [row.customer for row in Membership.select()] == [ben]


def test_a_group_returns_only_with_its_code_and_name_free(database: Database, cass: Actor, new_group: New) -> None:
    group = new_group("Vips")
    groups.delete(cass, group.id)
    deleted = newest()
    other = new_group("Vips")
    assert refused(database, cass, deleted) == "Another group has the code “vips” by now."
    groups.delete(cass, other.id)
    third = new_group("V-ips!")
    groups.edit(cass, third.id, Details("Vips"))
    assert refused(database, cass, deleted) == "There is a group called “Vips” already."
    groups.edit(cass, third.id, Details("Others"))
    undo.undo(cass, deleted)
    assert Group.get_by_id(group.id).status == "active"


def test_a_group_changed_since_keeps_what_was_changed(database: Database, cass: Actor, new_group: New) -> None:
    group = new_group("Vips")
    created = newest()
    groups.edit(cass, group.id, Details("Best", hue="red"))
    done = newest()
    groups.set_status(cass, group.id, "archived")
    assert refused(database, cass, created) == "The group Best has been changed since."
    undo.undo(cass, done)
    stored = Group.get_by_id(group.id)
    assert (stored.name, stored.name_key, stored.hue, stored.status) == ("Vips", "vips", "blue", "archived")
    groups.delete(cass, group.id)
    assert refused(database, cass, newest() - 1) == "The group Vips is not there any more."


def test_an_item_that_was_edited_takes_its_earlier_values_unless_touched(
    database: Database, cass: Actor, new_customer: New, new_group: New
) -> None:
    """Whatever column an edit has changed: no kind of item is asked for."""
    ann = new_customer("Ann")
    group = new_group("Vips", [ann])
    created, item = newest(), GroupItem.get()

    def edit(**said: Any) -> int:
        with changes.record(cass, "group.items", f"group:{group.id}") as change:
            before = {name: getattr(item, name) for name in said}
            GroupItem.update(**said).where(GroupItem.id == item.id).execute()
            change.updated("group_item", item.id, before, said)
        return newest()

    first = edit(note="one", on_leave="stay")
    assert refused(database, cass, created).startswith("Nothing of this change can be taken back")
    undo.undo(cass, first)
    item = GroupItem.get_by_id(item.id)
    assert (item.note, item.on_leave) == ("", "leave")
    second = edit(note="two")
    item = GroupItem.get_by_id(item.id)
    edit(note="three")
    assert refused(database, cass, second) == "Ann in Vips has been changed since."
    items.remove_member(cass, group.id, ann.id)
    assert refused(database, cass, second) == "Ann in Vips has been ended since."


def test_roles_and_accounts_come_and_go_again(database: Database, olive: Actor, people: Any) -> None:
    user = users.add(
        olive, email="n@n.example", name="Nan", grants=[Grant(Role.ANALYST), Grant(Role.OWNER)], password=PASSWORD
    )
    created = newest()
    undo.undo(olive, created)
    assert (User.get_by_id(user.id).is_active, UserRole.select().where(UserRole.user == user).count()) == (False, 0)
    undo.undo(olive, newest())
    held = {row.role for row in UserRole.select().where(UserRole.user == user)}
    assert (User.get_by_id(user.id).is_active, held) == (True, {"analyst", "owner"})
    users.revoke(olive, user.id, Grant(Role.ANALYST))
    revoked = newest()
    users.grant(olive, user.id, Grant(Role.ANALYST))
    granted = newest()
    assert refused(database, olive, revoked) == "Nan has been given this role again since."
    users.revoke(olive, user.id, Grant(Role.ANALYST))
    assert refused(database, olive, granted) == "This role of Nan has been taken away since."
    users.deactivate(olive, user.id)
    closed = newest()
    users.activate(olive, user.id)
    opened = newest()
    assert refused(database, olive, closed) == "Everything of this change has been taken back already."
    undo.undo(olive, opened)
    assert not User.get_by_id(user.id).is_active
    users.activate(olive, user.id)
    assert refused(database, olive, opened) == "The account of Nan has been changed since."
    # The last owner keeps her role, however it came.
    users.revoke(olive, people["olive"].user.id, Grant(Role.OWNER))
    assert refused(database, people["cass"].actor, created).startswith("Your roles do not allow")


def test_the_last_owner_is_not_undone(database: Database, olive: Actor) -> None:
    nan = users.add(olive, email="n@n.example", name="Nan", grants=[], password=PASSWORD)
    users.grant(olive, nan.id, Grant(Role.OWNER))
    granted = newest()
    users.revoke(olive, olive.user_id or 0, Grant(Role.OWNER))
    owner = find_users.actor_of(nan, Door.PAGE)
    assert refused(database, owner, granted) == "Nan is the only owner. Make somebody else an owner first."


def test_what_cannot_be_undone_says_why(
    database: Database, olive: Actor, sam: Actor, cass: Actor, new_customer: New
) -> None:
    ann = new_customer("Ann", id_number="1199080012345678")
    customers.reveal(sam, ann.id, "she asked")
    assert refused(database, sam, newest()) == "An ID was shown. That cannot be undone."
    user = users.add(olive, email="n@n.example", name="Nan", grants=[], password="marble kettle giraffe 7")
    users.set_password(olive, user.id, "another kettle giraffe 8")
    assert refused(database, olive, newest()).startswith("A password is not kept anywhere")
    sessions.sign_in("n@n.example", "another kettle giraffe 8")
    assert refused(database, olive, newest()).startswith("Signing in and out cannot be undone")
    with pytest.raises(Refusal, match="no change with the number 999999"):
        undo.undo(cass, 999999)
    with record(olive, "some.thing") as change:
        change.row("thing", 1, None, {"name": "new"})
    assert refused(database, olive, newest()).startswith("This version of the portal does not know")
