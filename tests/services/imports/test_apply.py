"""Writing what the check showed: customers whole, as their history tells it, and the items of one group alone."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from portal import db
from portal.models import Change, ChangeRow, Customer, Group, GroupItem, Import, Membership, Shop
from portal.permissions import Actor
from portal.queries import membership
from portal.services import customers, imports, items
from portal.services.imports import put
from portal.text import fold

New = Callable[..., Any]
HEADER = "code,name,email,phone,shop,birth_date,language,gender,id_type,id_number,address\n"
FULL = {
    "code": "A1", "name": "Ann Lee", "email": "Ann@x.example", "phone": "+250788412901", "birth_date": "1991-06-14",
    "language": "pt", "gender": "female", "id_type": "passport", "id_number": "P-7", "address": "Here 1",
}  # fmt: skip


@pytest.fixture
def write(cass: Actor, tmp_path: Path) -> New:
    """Check a file as Cass and write it."""

    def written(text: str, **options: Any) -> Import:
        path = tmp_path / "people.csv"
        path.write_text(text, encoding="utf-8")
        return imports.run(cass, imports.check(cass, path, "people.csv", **options).id)

    return written


def line(values: dict[str, Any], shop: str = "") -> str:
    return ",".join(str((values | {"shop": shop}).get(name, "")) for name in HEADER.strip().split(",")) + "\n"


def shown(customer: Customer) -> dict[str, Any]:
    values = {name: getattr(customer, name) for name in FULL}
    return values | {"birth_date": values["birth_date"] and str(values["birth_date"]), "shop": customer.shop_id}


def history(noun: str = "customer") -> list[tuple[Any, ...]]:
    last = Change.select().order_by(Change.id.desc()).get()
    rows = ChangeRow.select().where(ChangeRow.change == last, ChangeRow.noun == noun).order_by(ChangeRow.row_id)
    return [(row.row_id, row.before, row.after) for row in rows]


def live(group: Group) -> list[tuple[str, int, int]]:
    found = GroupItem.select().where(GroupItem.group == group.id, GroupItem.ended_at.is_null())
    return sorted((item.sign, item.customer_id or 0, item.shop_id or 0) for item in found)


def test_a_new_customer_is_stored_and_told_whole(write: New, s1: Shop, time_machine: Any) -> None:
    time_machine.move_to("2040-01-01T10:00:00Z", tick=False)
    done = write(HEADER + line(FULL, "S1") + line({"code": "A2"}))
    ann, bare = Customer.select().order_by(Customer.id)
    empty = dict.fromkeys(FULL, "") | {"code": "A2", "phone": "", "birth_date": None, "shop": None}
    assert shown(ann) == FULL | {"phone": ann.phone, "shop": s1.id}
    assert shown(bare) == empty
    assert (ann.name_key, ann.email_key, ann.phone_key) == ("ann lee", "ann@x.example", "+250788412901")
    assert (ann.id_number_key, ann.address_key) == (fold(ann.id_number), fold(ann.address))
    assert (bare.name_key, bare.email_key, bare.phone_key) == ("", None, None)
    assert (bare.id_number_key, bare.address_key) == (None, None)
    assert {(row.version, row.created_at.year, row.updated_at.year) for row in (ann, bare)} == {(1, 2040, 2040)}
    assert history() == [(ann.id, None, shown(ann)), (bare.id, None, empty)]
    assert Change.get_by_id(done.change_id).n_rows == 2


def test_an_update_stores_every_column_that_differs_and_tells_those_alone(
    write: New, new_customer: New, s1: Shop, s2: Shop, time_machine: Any
) -> None:
    ann, bea = new_customer("Ann", s1, code="a1", address="There"), new_customer("Bea", s1, code="B1")
    before = {id_: shown(Customer.get_by_id(id_)) for id_ in (ann.id, bea.id)}
    time_machine.move_to("2040-01-01T10:00:00Z", tick=False)
    done = write(HEADER + line(FULL, "S2") + line({"code": "B1", "name": "Bea", "birth_date": "1991-06-14"}))
    new_ann, new_bea = Customer.get_by_id(ann.id), Customer.get_by_id(bea.id)
    assert shown(new_ann) == FULL | {"phone": new_ann.phone, "shop": s2.id}
    assert shown(new_bea) == before[bea.id] | {"birth_date": "1991-06-14"}
    assert new_bea.birth_date == date(1991, 6, 14)
    assert (new_ann.code_key, new_ann.phone_key, new_ann.search) == (
        "a1", "+250788412901", "ann lee\na1\nann@x.example\n250788412901",
    )  # fmt: skip
    assert {(row.version, row.updated_at.year) for row in (new_ann, new_bea)} == {(2, 2040)}
    assert new_ann.created_at == ann.created_at
    assert history() == [
        (ann.id, before[ann.id], shown(new_ann)), (bea.id, {"birth_date": None}, {"birth_date": "1991-06-14"}),
    ]  # fmt: skip
    assert Change.get_by_id(done.change_id).n_rows == 2


def test_customers_without_a_code_get_one_that_neither_the_file_nor_anybody_has(write: New) -> None:
    taken = customers.code_base() + 1
    write(f"code,name,email\n,Ann,a@x.example\nc{taken},Bea,\n,Cy,c@x.example\n")
    found = {row.name: row for row in Customer.select()}
    codes = [found["Ann"].code, found["Cy"].code]
    # Each by the number of her row, so that it does not depend on who else has none.
    assert codes == [f"C{(taken - 1) * 10 + 1}", f"C{taken - 1 + 3}"]
    assert [found[name].code_key for name in ("Ann", "Cy")] == [code.lower() for code in codes]
    assert found["Ann"].search == f"ann\na@x.example\n{codes[0].lower()}"


def test_lifting_ends_the_exclusions_of_the_named_in_this_group_alone_and_tells_it(
    cass: Actor, write: New, new_customer: New, new_group: New, s1: Shop
) -> None:
    ann, bea, cy = (new_customer(name, code=f"{name[0]}1") for name in ("Ann", "Bea", "Cy"))
    group = new_group("Resellers", [cy], without=[ann, bea], without_shops=[s1])
    other = new_group("Others", without=[ann])
    done = write("code\nA1\nC1\n", group=group, lift_exclusions=True)
    assert live(group) == [
        ("exclude", 0, s1.id), ("exclude", bea.id, 0), ("include", ann.id, 0), ("include", cy.id, 0),
    ]  # fmt: skip
    assert live(other) == [("exclude", ann.id, 0)]
    assert [row.customer_id for row in Membership.select().order_by(Membership.customer)] == [ann.id, cy.id]
    ended = GroupItem.get(GroupItem.group == group.id, GroupItem.customer == ann.id, GroupItem.sign == "exclude")
    included = GroupItem.get(GroupItem.group == group.id, GroupItem.customer == ann.id, GroupItem.sign == "include")
    assert (ended.ended_by_id, included.created_by_id, included.note) == (done.change_id, done.change_id, "")
    assert history() == []
    assert [(row, before) for row, before, _ in history("group_item")] == [(ended.id, None), (included.id, None)]
    end, new = (after for _, _, after in history("group_item"))
    assert (set(end), end["ended_by"]) == ({"ended_at", "ended_by"}, done.change_id)
    assert new == {"group": group.id, "sign": "include", "kind": "customer", "customer": ann.id}
    assert Change.get_by_id(done.change_id).n_rows == 2


def test_who_has_an_item_gets_no_second_one_and_who_was_once_included_is_again(
    cass: Actor, write: New, new_customer: New, new_group: New
) -> None:
    ann, bea, cy = (new_customer(name, code=f"{name[0]}1") for name in ("Ann", "Bea", "Cy"))
    new_group("Others", [cy])
    group = new_group("Resellers", [ann, bea])
    first = {item.customer_id: item.id for item in GroupItem.select().where(GroupItem.group == group.id)}
    items.end(cass, group.id, first[bea.id])
    done = write("code\nA1\nB1\nC1\n", group=group)
    assert live(group) == [("include", row.id, 0) for row in (ann, bea, cy)]
    assert [after["customer"] for _, _, after in history("group_item")] == [bea.id, cy.id]
    assert {name: n for name, n in done.counts.items() if n} == {"rows": 3, "unchanged": 3, "already": 1, "joined": 2}
    assert membership.differences() == []


def test_a_file_without_a_group_brings_nobody_into_one(write: New, new_group: New) -> None:
    group = new_group("Resellers")
    write("code\nA1\n")
    assert (live(group), Membership.select().count()) == ([], 0)


def test_who_has_an_item_already_is_asked_by_customer_and_not_by_group(new_customer: New, new_group: New) -> None:
    """PostgreSQL would read all items of a group that has just become large for each of the customers."""
    people = [new_customer(f"N {n}") for n in range(30)]
    group = new_group("Vips", people[1:])
    query = Customer.select().where(*put.without_item(group.id, Customer.select(Customer.id)))
    assert list(query) == people[:1]
    sql, params = query.sql()
    with db.transaction():
        if not db.is_sqlite():
            db.db.execute_sql("SET LOCAL enable_seqscan = off")  # thirty rows are read faster without an index
        explain = "EXPLAIN QUERY PLAN " if db.is_sqlite() else "EXPLAIN "
        plan = " ".join(str(row[-1]) for row in db.db.execute_sql(explain + sql, params).fetchall())
    asked = "group_item_customer (customer_id=?)" if db.is_sqlite() else "Index Cond: (customer_id = t1.id)"
    assert asked in plan, plan
