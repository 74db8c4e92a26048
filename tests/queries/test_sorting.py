"""The customer list in the order of an own field, against a reading of the same rows in plain Python."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from portal import db
from portal.errors import Refusal
from portal.models import Customer, Field, Group, Shop
from portal.permissions import Actor
from portal.queries import fields as find_fields
from portal.queries import filters, listing
from portal.queries.filters import Filter, sorting
from portal.queries.filters import fields as conditions
from portal.services import customers, fields
from portal.services.fields import Details
from tests.queries.test_filters import walk

New = Callable[..., Any]
# Values that a person types, with ties; what is left empty is so for half of the customers.
VALUES = {
    "text": ("Porto", "porto", "Évora", "evora", "Zürich", "Łódź", "Aveiro", "10", "9", "- -"),
    "number": ("3", "12", "-7.5", "0", "3.0"), "money": ("12.50", "-3", "900", "12.5"),
    "date": ("2026-05-01", "1999-12-31", "2026-05-02"), "datetime": ("2026-05-31T23:59", "2026-06-01T00:00"),
    "yesno": ("yes", "no"), "choice": ("Gold", "Silver"), "phone": ("0788412903", "0788412904", "12"),
    "email": ("b@x.example", "A@x.example"),
}  # fmt: skip


def order(field: Field, sort: str, rows: list[Customer]) -> list[str]:
    """Return the codes as they are to come: by what values are compared by, then by number; the empty ones last."""
    cells = find_fields.cells_of([row.id for row in rows], [field])
    keys = {}
    for row in rows:
        cell = cells.get(row.id, {}).get(field.code)
        keys[row.id] = None if cell is None else cell.key if field.key_column else cell.value
    turned = sort.startswith("-")
    filled = sorted((keys[row.id], row.id, row.code) for row in rows if keys[row.id] is not None)
    empty = sorted((row.id, row.code) for row in rows if keys[row.id] is None)
    parts = [reversed(filled), reversed(empty)] if turned else [filled, empty]
    return [one[-1] for part in parts for one in part]


def by(cass: Actor, sort: str, **said: Any) -> Filter:
    text, field = sorting.read(cass, sort)
    return Filter(sort=text, by=field, **said)


@pytest.fixture
def crowd(cass: Actor, s1: Shop, s2: Shop, new_group: New) -> list[Customer]:
    """Sixty customers in two shops or none, some in a group, with and without values of each type."""
    chance = Random(11)
    with db.transaction():
        for type_ in VALUES:
            choices = VALUES[type_] if type_ == "choice" else ()
            fields.create(cass, Details({"en": f"A {type_}"}, type_, choices=choices, is_filterable=True))
        for n in range(60):
            typed = {f"a-{type_}": chance.choice(values) for type_, values in VALUES.items() if chance.random() < 0.5}
            shop = chance.choice(["", "S1", "S2"])
            customers.create(cass, {"code": f"C{n:02}", "name": f"Row{n % 7}", "shop": shop, **typed})
        rows = list(Customer.select().order_by(Customer.id))
        new_group("Half", chance.sample(rows, 30)), new_group("Few", rows[::20])
    return rows


@pytest.mark.parametrize("type_", VALUES)
def test_every_page_forwards_and_backwards_equals_a_plain_reading(
    type_: str, crowd: list[Customer], cass: Actor
) -> None:
    field = Field.get(Field.code == f"a-{type_}")
    half, few = (Group.get(Group.code == code) for code in ("half", "few"))
    members = {row.code for row in filters.page(cass, Filter(all=(half,)), size=100).rows}
    for sort in (field.code, f"-{field.code}"):
        whole = order(field, sort, crowd)
        for size in (1, 7, 30, 60):
            assert walk(cass, by(cass, sort), size) == whole
        assert walk(cass, by(cass, sort, all=(half,))) == [code for code in whole if code in members]
        assert walk(cass, by(cass, sort, none=(half,))) == [code for code in whole if code not in members]
        assert walk(cass, by(cass, sort, all=(few,)), 2) == [code for code in whole if code in ("C00", "C20", "C40")]
        assert walk(cass, by(cass, sort, q="row3"), 2) == [code for code in whole if int(code[1:]) % 7 == 3]
        tests, _others = conditions.read(cass, {f"{field.code}.empty": ["no"]})
        assert walk(cass, by(cass, sort, fields=tuple(tests))) == order(
            field, sort, [row for row in crowd if find_fields.values_of([row.id], [field]).get(row.id)]
        )


def test_who_sees_one_shop_has_its_people_in_the_same_order(crowd: list[Customer], cass: Actor, sol: Actor) -> None:
    field = Field.get(Field.code == "a-text")
    s1 = Shop.get(Shop.code == "S1")
    own = [row for row in crowd if row.shop_id == s1.id]
    assert walk(sol, by(sol, "a-text"), 3) == order(field, "a-text", own)
    assert walk(cass, by(cass, "-a-text", shops=(s1,)), 3) == order(field, "-a-text", own)
    foreign = next(row for row in crowd if row.shop_id != s1.id)
    assert filters.page(sol, by(sol, "a-text"), after=foreign.code).is_lost


def test_a_long_list_holds_everybody_once_though_values_change_meanwhile(crowd: list[Customer], cass: Actor) -> None:
    for sort in ("a-number", "-a-number"):
        whole, found = order(Field.get(Field.code == "a-number"), sort, list(Customer.select())), []
        for n, part in enumerate(listing.parts(cass, by(cass, sort), 7)):
            found += [row.code for row in part.rows]
            if part.rows and n < 8:
                last = part.rows[-1]
                # She gets another value, none, or one if she had none; and so does somebody who is still to come.
                for row, value in ((last, ("1000", "", "-1000")[n % 3]), (part.rows[0], "5")):
                    customers.edit(cass, row.id, {"a-number": value})
        assert found == whole
    assert len(found) == 60


def test_what_is_masked_not_filterable_or_without_an_index_is_no_order(cass: Actor, ana: Actor, sam: Actor) -> None:
    def field(label: str, type_: str, **said: Any) -> None:
        fields.create(cass, Details({"en": label}, type_, **said))

    field("Cpf", "cpf", is_filterable=True), field("Second phone", "phone", is_filterable=True)
    field("Note", "text"), field("Card", "text", is_unique=True), field("Story", "longtext", is_filterable=True)
    field("Likes", "choices", choices=("Tea", "Coffee"), is_filterable=True)
    told = {}
    for who, name in ((cass, "cass"), (ana, "ana"), (sam, "sam")):
        for code in ("cpf", "second-phone", "note", "card", "story", "likes", "absent", "--cpf", ""):
            try:
                sorting.read(who, f"-{code}")
                told[name, code] = "yes"
            except Refusal as refusal:
                told[name, code] = str(refusal).partition("“")[0] or str(refusal).rpartition("” ")[2]
    no_order = "is not marked as filterable, or holds several values or long texts, so the list cannot be sorted by it."
    masked, unknown = "You see ", "The list cannot be sorted by "
    for name, sees in (("cass", {"cpf", "second-phone"}), ("sam", {"second-phone"}), ("ana", set())):
        assert {code: said for (who, code), said in told.items() if who == name} == {
            "cpf": "yes" if "cpf" in sees else masked, "second-phone": "yes" if "second-phone" in sees else masked,
            **dict.fromkeys(("note", "card", "story", "likes"), no_order),
            **dict.fromkeys(("absent", "--cpf", ""), unknown),
        }  # fmt: skip


def test_a_page_takes_as_many_queries_for_three_rows_as_for_one(
    cass: Actor, new_customer: New, new_group: New, s1: Shop, query_count: Any
) -> None:
    """Who has a value, who has none, their shops, their groups; further on also who shares the value."""
    fields.create(cass, Details({"en": "City"}, is_filterable=True))
    wanted = by(cass, "city")
    new_group("Vips", [new_customer("Ann", s1, city="Porto", code="A1"), new_customer("Ben", s1)])
    counts = [query_count(lambda: filters.page(cass, wanted))]
    for name in ("Eve", "Fay"):
        new_group(name, [new_customer(name, s1, city="Porto")])
    counts.append(query_count(lambda: filters.page(cass, wanted)))
    assert counts == [4, 4]
    assert query_count(lambda: filters.page(cass, wanted, after="A1")) == 6


@pytest.mark.parametrize("sort", ["city", "-city", "member", "-member"])
def test_a_page_deep_in_the_list_is_read_from_the_index_of_the_field(sort: str, cass: Actor, new_customer: New) -> None:
    fields.create(cass, Details({"en": "City"}, is_filterable=True))
    fields.create(cass, Details({"en": "Member"}, "yesno", is_filterable=True))
    for n in range(300):
        new_customer(f"N {n}", code=f"C{n}", city=f"City {n % 90}", member="yes" if n % 2 else "no")
    wanted, plans = by(cass, sort), []
    with db.transaction():
        db.db.execute_sql("ANALYZE")
        if not db.is_sqlite():
            for other in ("seqscan", "bitmapscan"):  # which are cheaper for three hundred rows
                db.db.execute_sql(f"SET LOCAL enable_{other} = off")
        for sql, params in _selects(lambda: filters.page(cass, wanted, after="C151", size=20)):
            if '"o"' in sql and "sort_key" in sql and "EXISTS" not in sql:
                explain = "EXPLAIN QUERY PLAN " if db.is_sqlite() else "EXPLAIN "
                rows = db.db.execute_sql(explain + sql, params).fetchall()
                plans.append(" ".join(str(row[-1]) for row in rows))
    assert len(plans) == (1 if "member" in sort else 2)  # of whom many share the value, it fills the page
    for plan in plans:
        assert "customer_value_f" in plan and "TEMP B-TREE" not in plan and "Sort" not in plan, plan


def _selects(call: Callable[[], Any]) -> list[tuple[str, Any]]:
    """Return the statements that a call sends, with their parameters."""
    found: list[tuple[str, Any]] = []

    def hook(event: Any) -> None:
        found.append((event.sql, event.params))

    db.db.obj.query_hooks.append(hook)
    try:
        call()
    finally:
        db.db.obj.query_hooks.remove(hook)
    return found
