"""Own values are written with the customer, in the same change, by the same checks; her search and version follow."""

from collections.abc import Callable
from typing import Any

import pytest

from portal import db
from portal import own_values as reading
from portal.errors import Refusal, Refusals
from portal.models import Change, ChangeRow, Customer, Field, Shop
from portal.own_values import Cell
from portal.permissions import Actor
from portal.queries import change_rows
from portal.queries import customers as find_customers
from portal.queries import fields as find
from portal.services import customers, fields, items, own_values
from portal.services.changes import record
from tests.conftest import Database

New = Callable[..., Any]


def add(actor: Actor, label: str, type_: str = "text", **said: Any) -> Field:
    return fields.create(actor, fields.Details({"en": label}, type_, **said))


def refusals(call: Callable[[], Any]) -> list[tuple[str | None, str]]:
    with pytest.raises(Refusals) as refused:
        call()
    return [(each.field, str(each)) for each in refused.value.refusals]


def values(customer: Customer) -> dict[str, Any]:
    return find.values_of([customer.id], find.live()).get(customer.id, {})


def newest() -> Change:
    return Change.select().order_by(Change.id.desc()).first()


def rows(change: Change) -> list[tuple[Any, ...]]:
    query = ChangeRow.select().where(ChangeRow.change == change).order_by(ChangeRow.id)
    return [(row.noun, row.row_id, told(row.before), told(row.after)) for row in query]


def told(said: dict[str, Any] | None) -> dict[str, Any] | None:
    return said and {name: value for name, value in said.items() if name not in {"version", "updated_at"}}


def search_of(customer: Customer) -> str:
    return str(Customer.get_by_id(customer.id).search)


@pytest.fixture
def tier(cass: Actor) -> Field:
    return add(cass, "Tier", "choice", choices=("Gold", "Silver"))


@pytest.fixture
def limit(cass: Actor) -> Field:
    return add(cass, "Limit", "money")


def test_a_new_customer_and_her_values_are_one_change(cass: Actor, tier: Field, limit: Field) -> None:
    ann = customers.create(cass, {"code": "A1", "tier": "gold", "limit": "12.50"}).customer
    assert values(ann) == {"tier": "Gold", "limit": 1250}
    assert (newest().act, newest().n_rows) == ("customer.create", 2)
    assert rows(newest())[1] == (
        "customer_value", ann.id, {"tier": None, "limit": None}, {"tier": "Gold", "limit": 12.5},
    )  # fmt: skip
    assert Customer.get_by_id(ann.id).version == 1


def test_an_edit_writes_what_differs_and_nothing_else(cass: Actor, tier: Field, limit: Field) -> None:
    ann = customers.create(cass, {"code": "A1", "tier": "gold", "limit": "12.50"}).customer
    edited = customers.edit(cass, ann.id, {"name": "Ann", "tier": "Silver", "limit": "12,5"}, 1).customer
    assert edited.version == Customer.get_by_id(ann.id).version == 2
    assert rows(newest()) == [
        ("customer", ann.id, {"name": ""}, {"name": "Ann"}),
        ("customer_value", ann.id, {"tier": "Gold"}, {"tier": "Silver"}),
    ]
    edited = customers.edit(cass, ann.id, {"tier": ""}, 2).customer
    assert edited.version == Customer.get_by_id(ann.id).version == 3
    assert rows(newest()) == [("customer_value", ann.id, {"tier": "Silver"}, {"tier": None})]
    n = Change.select().count()
    assert customers.edit(cass, ann.id, {"name": "Ann", "tier": "", "limit": "$ 12.50"}, 3).customer.version == 3
    assert (Change.select().count(), values(ann)) == (n, {"limit": 1250})


def test_what_cannot_be_read_is_refused_together_with_the_rest(cass: Actor, limit: Field, database: Database) -> None:
    ann = customers.create(cass, {"code": "A1"}).customer
    before = database.checksum()
    assert refusals(lambda: customers.edit(cass, ann.id, {"email": "no", "limit": "a lot"})) == [
        ("email", "“no” is not an e-mail address."), ("limit", "“a lot” is not an amount in USD."),
    ]  # fmt: skip
    assert database.checksum() == before
    phone = add(cass, "Other phone", "phone")
    saved = customers.edit(cass, ann.id, {phone.code: "ask at the desk"})
    assert [(remark.field, remark.params["value"]) for remark in saved.warnings] == [("other-phone", "ask at the desk")]


def test_a_required_field_is_asked_of_new_customers_and_of_forms_that_send_it(cass: Actor, new_group: New) -> None:
    ann = customers.create(cass, {"code": "A1"}).customer
    add(cass, "City", is_required=True)
    empty = [("city", "“City” is required.")]
    assert refusals(lambda: customers.create(cass, {"code": "A2"})) == empty
    assert refusals(lambda: customers.create(cass, {"code": "A2", "city": " "})) == empty
    assert refusals(lambda: customers.edit(cass, ann.id, {"name": "Ann", "city": ""})) == empty
    assert customers.edit(cass, ann.id, {"name": "Ann"}).customer.name == "Ann"
    new = items.NewItem(new_customer={"code": "A3"})
    assert refusals(lambda: items.add(cass, new_group("Best").id, [new])) == empty
    assert [row.code for row in Customer.select()] == ["A1"]


def test_a_default_is_given_to_whoever_says_nothing(cass: Actor) -> None:
    add(cass, "City", default="Kigali", is_required=True)
    add(cass, "News", "yesno", default="yes")
    assert values(customers.create(cass, {"code": "A1"}).customer) == {"city": "Kigali", "news": True}
    assert values(customers.create(cass, {"code": "A2", "city": "Huye", "news": ""}).customer) == {"city": "Huye"}


def test_a_retired_field_is_neither_asked_nor_filled(cass: Actor) -> None:
    field = add(cass, "City", default="Kigali", is_required=True)
    fields.retire(cass, field.id)
    assert values(customers.create(cass, {"code": "A1"}).customer) == {}


def test_a_unique_value_is_refused_where_somebody_has_it(
    cass: Actor, sol: Actor, s1: Shop, s2: Shop, database: Database
) -> None:
    add(cass, "Card", is_unique=True)
    customers.create(cass, {"code": "A1", "name": "Ann", "shop": "S2", "card": "X 1"})
    before = database.checksum()
    assert refusals(lambda: customers.create(cass, {"code": "A2", "card": "x 1"})) == [
        ("card", "Another customer has “x 1” already: Ann.")
    ]
    # Shop staff never learn who the people of other shops are.
    assert refusals(lambda: customers.create(sol, {"email": "a@b.example", "shop": "S1", "card": "X 1"})) == [
        ("card", "Another customer has “X 1” already.")
    ]
    assert database.checksum() == before


def test_whose_masked_number_it_is_is_told_to_nobody_who_sees_it_masked(
    cass: Actor, sam: Actor, sol: Actor, s1: Shop
) -> None:
    add(cass, "Tax number", "cpf", is_unique=True)
    customers.create(cass, {"code": "A1", "name": "Ann", "shop": "S1", "tax-number": "529.982.247-25"})
    said = {"email": "a@b.example", "shop": "S1", "tax-number": "52998224725"}
    taken = "Another customer has “529.982.247-25” already"
    assert refusals(lambda: customers.create(cass, said)) == [("tax-number", f"{taken}: Ann.")]
    for actor in (sam, sol):
        assert refusals(lambda actor=actor: customers.create(actor, said)) == [("tax-number", f"{taken}.")]


def test_more_values_than_the_database_keeps_of_one_customer_are_refused_in_words(
    cass: Actor, database: Database
) -> None:
    with record(cass, "field.create") as change:
        for n in range(200):
            fields.insert(cass, fields.Details({"en": f"Field {n}"}), change)
    said = {f"field-{n}": "x" * 200 for n in range(200)}
    assert len(values(customers.create(cass, {"code": "A1"} | said).customer)) == 200
    # Texts of some twenty letters are too short for PostgreSQL to keep elsewhere, and too long for all to fit.
    said = {f"field-{n}": f"Twenty letters {n:5} .." for n in range(200)}
    before = database.checksum()
    if db.is_sqlite():
        assert len(values(customers.create(cass, {"code": "A2"} | said).customer)) == 200
        return
    with pytest.raises(Refusal, match="more values than the database keeps of one customer"):
        customers.create(cass, {"code": "A2"} | said)
    assert database.checksum() == before


def test_values_may_change_places_in_one_change(cass: Actor) -> None:
    card = add(cass, "Card", is_unique=True)
    ann = customers.create(cass, {"code": "A1", "card": "1"}).customer
    ben = customers.create(cass, {"code": "A2", "card": "2"}).customer
    with record(cass, "customer.edit") as change:
        own_values.put(cass, {ann.id: {"card": Cell("2", "2")}, ben.id: {"card": Cell("1", "1")}}, [card], change)
    assert (values(ann), values(ben)) == ({"card": "2"}, {"card": "1"})
    with pytest.raises(Refusal, match="Another customer has “3” already"), record(cass, "customer.edit") as change:
        own_values.put(cass, {ann.id: {"card": Cell("3", "3")}, ben.id: {"card": Cell("3", "3")}}, [card], change)
    assert (values(ann), values(ben)) == ({"card": "2"}, {"card": "1"})


def test_many_are_written_in_as_many_queries_as_few(
    cass: Actor, new_customer: New, query_count: Callable[..., int]
) -> None:
    made = [add(cass, "City"), add(cass, "Age group", "number"), add(cass, "Nick", is_searchable=True)]
    people = [new_customer(f"Person {n}") for n in range(40)]
    seen = []

    def write(n: int, text: str) -> None:
        said = reading.context()
        cells = {field.code: reading.read(field, text, said).cell for field in made}
        with record(cass, "customer.edit") as change:
            written = own_values.put(cass, {one.id: cells for one in people[:n]}, made, change)
        seen.append(len(written))

    assert query_count(lambda: write(3, "5")) == query_count(lambda: write(40, "6"))
    assert seen == [3, 40]
    assert {tuple(values(one).values()) for one in people} == {("6", 6.0, "6")}
    assert {Customer.get_by_id(one.id).version for one in people[:3]} == {3}
    assert {Customer.get_by_id(one.id).version for one in people[3:]} == {2}
    assert ChangeRow.select().where(ChangeRow.noun == "customer_value", ChangeRow.change == newest()).count() == 40


def test_a_searchable_value_finds_her_whatever_else_is_written(cass: Actor, sam: Actor) -> None:
    add(cass, "Nickname", is_searchable=True)
    add(cass, "Second phone", "phone", is_searchable=True)
    typed = {"code": "A1", "nickname": "Zé", "second-phone": "+250 788 412 903"}
    ann = customers.create(cass, typed).customer
    assert search_of(ann) == "a1\nze\n250788412903"
    customers.edit(cass, ann.id, {"name": "Ann"})
    assert search_of(ann) == "ann\na1\nze\n250788412903"
    customers.edit(cass, ann.id, {"name": "Anna", "nickname": "Zeca"})
    assert search_of(ann) == "anna\na1\nzeca\n250788412903"
    assert [row.id for row in find_customers.visible_to(sam).where(*find_customers.matching(sam, "412 903"))] == [
        ann.id
    ]
    customers.edit(cass, ann.id, {"nickname": ""})
    assert search_of(ann) == "anna\na1\n250788412903"


def test_who_may_not_read_a_value_does_not_overwrite_it(cass: Actor, sam: Actor, ana: Actor) -> None:
    add(cass, "CPF", "cpf")
    add(cass, "Second phone", "phone")
    typed = {"code": "A1", "cpf": "529.982.247-25", "second-phone": "+250788412903"}
    ann = customers.create(cass, typed).customer
    customers.edit(sam, ann.id, {"cpf": "", "second-phone": "+250788412904"})
    assert values(ann) == {"cpf": "529.982.247-25", "second-phone": "+250788412904"}
    customers.reveal(sam, ann.id, "she asked")
    customers.edit(sam, ann.id, {"cpf": ""})
    assert values(ann) == {"second-phone": "+250788412904"}
    first = Change.get(Change.act == "customer.create")
    seen = [
        {name: row.after[name] for name in ("cpf", "second-phone")}
        for actor in (cass, ana)
        for row in change_rows.page(actor, first.id).rows
        if row.noun == "customer_value"
    ]
    assert seen == [
        {"cpf": "529.982.247-25", "second-phone": "+250788412903"}, {"cpf": "•••• 25", "second-phone": "•••• 03"},
    ]  # fmt: skip


def test_shop_staff_see_no_own_values_of_another_shops_customer_in_changes(cass: Actor, sol: Actor, s2: Shop) -> None:
    add(cass, "City")
    customers.create(cass, {"code": "A1", "shop": "S2", "city": "Huye"})
    lines = change_rows.page(sol, newest().id).rows
    assert [(line.noun, line.is_hidden, line.after) for line in lines] == [
        ("customer", True, None), ("customer_value", True, None),
    ]  # fmt: skip
