"""No write without its change (product.md §4, law 13)."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from portal.errors import Refusal
from portal.models import Change, ChangeRow, Customer, Group, GroupItem, Shop, User
from portal.models.customer import KEYS
from portal.permissions import OPERATOR, Actor, Door, Grant, Role
from portal.queries import filters
from portal.services import changes, customers, exports, groups, items, sessions, shops, users
from portal.services.groups import Details
from portal.services.items import NewItem
from tests.conftest import PASSWORD, Database

New = Callable[..., Any]


def last() -> dict[str, Any]:
    """Return the latest change with its rows, as plain values."""
    change = Change.select().order_by(Change.id.desc()).first()
    rows = ChangeRow.select().where(ChangeRow.change == change).order_by(ChangeRow.id)
    listed = [(row.noun, row.row_id, row.before, row.after) for row in rows]
    assert change.n_rows == len(listed)
    return {
        "act": change.act, "actor": change.actor_id, "door": change.door, "subject": change.subject,
        "note": change.note, "rows": listed,
    }  # fmt: skip


def test_creating_a_customer_is_a_change_with_all_she_is(cass: Actor, s1: Shop) -> None:
    typed = {"code": "A1", "name": "Ann", "email": "Ann@Example.com", "shop": "S1", "birth_date": "1991-06-14"}
    typed |= {"id_number": "P 7", "address": "Rúa 1"}
    customer = customers.create(cass, typed).customer
    told = last()
    ((noun, row_id, before, after),) = told.pop("rows")
    assert told == {
        "act": "customer.create", "actor": cass.user_id, "door": "page", "subject": f"customer:{customer.id}",
        "note": "",
    }  # fmt: skip
    assert (noun, row_id, before) == ("customer", customer.id, None)
    assert {name: after[name] for name in ("code", "name", "email", "shop", "birth_date", "version")} == {
        "code": "A1", "name": "Ann", "email": "Ann@example.com", "shop": s1.id, "birth_date": "1991-06-14",
        "version": 1,
    }  # fmt: skip
    assert set(after) & {"search", *KEYS} == set()


def test_editing_a_customer_keeps_only_what_differs(cass: Actor, new_customer: New) -> None:
    ann = new_customer("Ann")
    customers.edit(cass.through(Door.IMPORT), ann.id, {"name": "Anna", "address": ""})
    told = last()
    ((noun, row_id, before, after),) = told["rows"]
    moment = after.pop("updated_at")
    assert before.pop("updated_at") < moment
    assert (told["act"], told["door"], noun, row_id) == ("customer.edit", "import", "customer", ann.id)
    assert (before, after) == ({"name": "Ann", "version": 1}, {"name": "Anna", "version": 2})


def test_a_reveal_keeps_its_reason(sam: Actor, new_customer: New) -> None:
    ann = new_customer("Ann", id_number="1199080012345678")
    customers.reveal(sam, ann.id, "  she asked  ")
    told = last()
    assert (told["act"], told["actor"], told["note"]) == ("customer.reveal", sam.user_id, "she asked")
    assert told["rows"] == [("customer", ann.id, None, {"revealed": "id_number"})]


def test_creating_a_group_is_one_change_with_its_items(cass: Actor, new_customer: New, s1: Shop) -> None:
    ann = new_customer("Ann")
    first = [NewItem(customer_id=ann.id), NewItem(shop_id=s1.id, sign="exclude"), NewItem(new_customer={"code": "N1"})]
    group = groups.create(cass, Details(name="Vips", hue="red"), first).group
    told = last()
    assert (told["act"], told["subject"]) == ("group.create", f"group:{group.id}")
    assert [(noun, before) for noun, _, before, _ in told["rows"]] == [
        ("group", None), ("group_item", None), ("customer", None), ("group_item", None), ("group_item", None),
    ]  # fmt: skip
    assert [row[3].get("sign") for row in told["rows"]] == [None, "exclude", None, "include", "include"]
    assert (told["rows"][0][3]["name"], told["rows"][0][3]["owner"]) == ("Vips", cass.user_id)


@pytest.mark.parametrize(
    ("call", "act", "before", "after"),
    [
        (lambda a, g: groups.edit(a, g.id, Details(name="Best")), "group.edit", {"name": "Vips"}, {"name": "Best"}),
        (
            lambda a, g: groups.set_status(a, g.id, "archived"),
            "group.archive",
            {"status": "active"},
            {"status": "archived"},
        ),
        (lambda a, g: groups.set_status(a, g.id, "draft"), "group.draft", {"status": "active"}, {"status": "draft"}),
        (lambda a, g: groups.delete(a, g.id), "group.delete", {"status": "active"}, {"status": "deleted"}),
    ],
    ids=["edit", "archive", "draft", "delete"],
)
def test_what_is_done_to_a_group_says_before_and_after(
    call: Callable[..., Any], act: str, before: Any, after: Any, cass: Actor, new_group: New
) -> None:
    group = new_group("Vips")
    call(cass, group)
    told = last()
    ((noun, row_id, was, became),) = told["rows"]
    assert (told["act"], told["subject"], noun, row_id) == (act, f"group:{group.id}", "group", group.id)
    for values, expected, version in ((was, before, 1), (became, after, 2)):
        values.pop("updated_at")
        assert values == expected | {"version": version}


def test_removing_a_member_ends_one_item_and_begins_another(cass: Actor, new_customer: New, new_group: New) -> None:
    ann = new_customer("Ann")
    group = new_group("Vips", [ann])
    items.remove_member(cass, group.id, ann.id)
    told = last()
    (ended, begun) = told["rows"]
    change_id = Change.select(Change.id).order_by(Change.id.desc()).limit(1).scalar()
    assert (ended[0], ended[2]) == ("group_item", {"ended_at": None, "ended_by": None})
    assert ended[3]["ended_by"] == change_id
    assert (begun[0], begun[2], begun[3]["sign"], begun[3]["customer"]) == ("group_item", None, "exclude", ann.id)
    items.end(cass, group.id, begun[1])
    assert [row[:2] for row in last()["rows"]] == [("group_item", begun[1])]


def test_the_machines_operator_stands_in_changes_without_a_person(database: Database) -> None:
    shop = shops.create(OPERATOR, code="S1", name="North")
    told = last()
    assert (told["act"], told["actor"], told["door"], told["subject"]) == (
        "shop.create",
        None,
        "command",
        f"shop:{shop.id}",
    )
    shops.edit(OPERATOR, shop.id, code="S1", name="South")
    ((noun, row_id, before, after),) = last()["rows"]
    assert (noun, row_id, before["name"], after["name"]) == ("shop", shop.id, "North", "South")


def test_an_export_is_a_change_that_says_who_took_which_list(ana: Actor, new_customer: New) -> None:
    new_customer("Ann")
    list(exports.customers(ana, filters.Filter(q="ann"), "with “ann”"))
    told = last()
    assert (told["act"], told["actor"], told["note"]) == ("customer.export", ana.user_id, "with “ann”")
    assert told["rows"][0][3] == {"filter": "with “ann”", "rows": 1}


def test_what_is_done_to_people_is_a_change(olive: Actor, database: Database) -> None:
    user = users.add(
        olive, email="n@n.example", name="Nan", grants=[Grant(Role.ANALYST)], password="marble kettle giraffe 7"
    )
    assert [row[0] for row in last()["rows"]] == ["user", "user_role"]
    sessions.sign_in("n@n.example", "marble kettle giraffe 7", "Firefox")
    assert (last()["act"], last()["actor"], last()["rows"][0][3]) == ("user.sign_in", user.id, {"user": user.id})
    users.set_password(olive, user.id, "another kettle giraffe 8")
    assert [row[0] for row in last()["rows"]] == ["user", "user_session"]
    users.grant(olive, user.id, Grant(Role.SUPPORT))
    users.revoke(olive, user.id, Grant(Role.SUPPORT))
    ((noun, _row_id, before, after),) = last()["rows"]
    assert (noun, before["role"], after) == ("user_role", "support", None)
    users.deactivate(olive, user.id)
    assert last()["rows"] == [("user", user.id, {"is_active": True}, {"is_active": False})]


NOTHING_NEW: dict[str, Callable[[Any], Any]] = {
    "a customer saved as she is": lambda w: customers.edit(w["cass"], w["ann"].id, {"name": "Ann", "code": "A1"}),
    "a group saved as it is": lambda w: groups.edit(w["cass"], w["group"].id, Details(name="Vips")),
    "a group archived again": lambda w: groups.set_status(w["cass"], w["old"].id, "archived"),
    "an item that is there": lambda w: items.add(w["cass"], w["group"].id, [NewItem(customer_id=w["ann"].id)]),
    "a member added again": lambda w: items.add_member(w["cass"], w["group"].id, w["ann"].id),
    "somebody removed again": lambda w: items.remove_member(w["cass"], w["group"].id, w["ben"].id),
    "a shop saved as it is": lambda w: shops.edit(w["olive"], w["s1"].id, code="S1", name="Kigali North"),
    "a role she has": lambda w: users.grant(w["olive"], w["ana"].user_id, Grant(Role.ANALYST)),
    "the language she has": lambda w: users.set_language(w["cass"], ""),
}


@pytest.mark.parametrize("what", NOTHING_NEW)
def test_a_write_of_what_is_there_already_leaves_no_trace(
    what: str, database: Database, cass: Actor, olive: Actor, ana: Actor, s1: Shop, new_customer: New, new_group: New
) -> None:
    ann, ben = new_customer("Ann", code="A1"), new_customer("Ben")
    group, old = new_group("Vips", [ann], without=[ben]), new_group("Old")
    groups.set_status(cass, old.id, "archived")
    before = database.checksum()
    NOTHING_NEW[what](
        {"cass": cass, "olive": olive, "ana": ana, "ann": ann, "ben": ben, "group": group, "old": old, "s1": s1}
    )
    assert database.checksum() == before


def test_a_refused_write_takes_everything_back_with_its_change(
    database: Database, cass: Actor, new_customer: New, new_group: New, s1: Shop
) -> None:
    ann, ben = new_customer("Ann", s1), new_customer("Ben")
    group = new_group("Vips", without_shops=[s1])
    before = database.checksum()
    with pytest.raises(Refusal):
        items.add(
            cass,
            group.id,
            [NewItem(customer_id=ben.id), NewItem(new_customer={"code": "N1"}), NewItem(customer_id=ann.id)],
        )
    with pytest.raises(RuntimeError), changes.record(cass, "test.fails") as change:
        Customer.create(code="X", code_key="x")
        change.row("customer", 1, None, {})
        raise RuntimeError
    assert database.checksum() == before


def test_no_secret_is_ever_written_into_a_change(olive: Actor, new_customer: New, app: Any) -> None:
    user = users.add(olive, email="n@n.example", name="Nan", grants=[], password="marble kettle giraffe 7")
    session = sessions.sign_in("n@n.example", "marble kettle giraffe 7")
    users.set_password(olive, user.id, "another kettle giraffe 8")
    ann = new_customer("Ann", email="ann@canary.example")
    hash_now = User.get_by_id(user.id).password_hash
    written = json.dumps([[row.before, row.after] for row in ChangeRow.select()])
    assert "ann@canary.example" in written and ann.email in written
    secrets = ("marble", "another kettle", "argon2", hash_now, session.key, session.key_hash, PASSWORD)
    assert [secret for secret in secrets if secret in written] == []
    assert "password_hash" not in written and "key_hash" not in written


def test_every_stored_thing_has_a_change_that_made_it(
    cass: Actor, olive: Actor, new_customer: New, new_group: New, s1: Shop, s2: Shop
) -> None:
    """Whatever is in a table was written down when it came: nothing slips in beside the changes."""
    ann = new_customer("Ann", s1)
    new_group("Vips", [ann], shops=[s2])
    told = {(row.noun, row.row_id) for row in ChangeRow.select().where(ChangeRow.before.is_null())}
    for noun, model in (("customer", Customer), ("group", Group), ("group_item", GroupItem), ("shop", Shop)):
        assert {(noun, row.id) for row in model.select()} == {pair for pair in told if pair[0] == noun}
