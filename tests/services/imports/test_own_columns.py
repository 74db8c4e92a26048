"""Columns of the store's own fields in a file: read, held against what is stored, written, taken back."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from portal.errors import Conflict, Denied, Refusal, Refusals
from portal.models import Change, ChangeRow, Customer, Field, Import, ImportRow
from portal.permissions import Actor
from portal.queries import fields as find_fields
from portal.queries import imports as find
from portal.services import fields, imports, undo
from portal.services.imports import again, apply, turns

New = Callable[..., Any]


@pytest.fixture
def new_field(cass: Actor) -> New:
    """Define a field, as Cass would."""

    def make(label: str, type_: str = "text", **details: Any) -> Field:
        return fields.create(cass, fields.Details({"en": label}, type_, **details))

    return make


def results(imported: Import) -> list[tuple[str, str]]:
    return [(row.result, (find.why_not(row) or ("",))[0]) for row in find.rows(imported).rows]


def told(actor: Actor, imported: Import, kind: str) -> list[tuple[Any, ...]]:
    lines: Any = find.report(actor, imported)[kind]
    return [(line["row"], line["column"], line["reason"]) for line in lines]


def values(code: str) -> dict[str, Any]:
    customer = Customer.get(Customer.code == code)
    return find_fields.values_of([customer.id], find_fields.every()).get(customer.id, {})


def test_columns_are_found_by_code_and_by_label_in_any_language(cass: Actor, check: New, new_field: New) -> None:
    fields.create(cass, fields.Details({"en": "Tier", "pt": "Nível", "es": "Categoría"}, "text", code="tier"))
    new_field("Loyalty points", "number")
    for header in ("tier", "Nivel", "CATEGORIA", "Tier"):
        assert check(f"code,{header},loyalty_points\nA1,Gold,3\n").columns == ["code", "tier", "loyalty-points"]
    said = check("code,Stufe,Punkte\nA1,Gold,3\n", columns={"Stufe": "tier", "punkte": "loyalty-points"})
    assert said.columns == ["code", "tier", "loyalty-points"]


def test_each_type_is_read_and_written_and_said_again_changes_nothing(
    cass: Actor, check: New, new_field: New
) -> None:
    for label, type_ in (
        ("Points", "number"), ("Paid", "money"), ("Discount", "percent"), ("Since", "date"), ("Seen", "datetime"),
        ("Member", "yesno"), ("Motto", "text"), ("Work phone", "phone"), ("Home page", "url"), ("Zip", "postalcode"),
    ):  # fmt: skip
        new_field(label, type_)
    new_field("Tier", "choice", choices=["Gold", "Silver"])
    new_field("Colours", "choices", choices=["red", "blue"])
    header = "code,Points,Paid,Discount,Since,Seen,Member,Motto,Work phone,Home page,Zip,Tier,Colours\n"
    text = header + (
        'A1,"1.234,5",$12.50,35 %,31/12/2024,2024-05-01 10:00,sim,Ave,0788 412 903,x.example,h2g 1a7,gold,"blue; RED"\n'
        'A2,"0,5",,,01/02/2023,,não,,,,,,\n'
    )
    checked = check(text)
    assert results(checked) == [("new", "")] * 2
    done = imports.run(cass, checked.id)
    assert {code: str(value) for code, value in values("A1").items()} == {
        "points": "1234.5", "paid": "1250", "discount": "35.0", "since": "2024-12-31", "seen": "2024-05-01 08:00:00",
        "member": "True", "motto": "Ave", "work-phone": "+250788412903", "home-page": "https://x.example",
        "zip": "H2G 1A7", "tier": "Gold", "colours": "\nred\nblue\n",
    }  # fmt: skip
    assert values("A2") == {"points": 0.5, "since": date(2023, 2, 1), "member": False}
    again_ = check(text)
    assert (again_.counts["unchanged"], imports.run(cass, again_.id).change_id) == (2, None)
    undo.undo(cass, done.change_id)
    assert Customer.select().where(Customer.removed_at.is_null()).count() == 0


def test_an_update_writes_what_differs_alone_and_its_undo_gives_back_what_was(
    cass: Actor, check: New, new_field: New
) -> None:
    new_field("Tier")
    new_field("Points", "number")
    imports.run(cass, check("code,name,tier,points\nA1,Ann,Gold,5\nA2,Bea,Silver,6\nA3,Cy,,7\n").id)
    versions = dict(Customer.select(Customer.code, Customer.version).tuples())
    checked = check("code,name,tier,points\nA1,Ann,Gold,\nA2,Bea,Bronze,6\nA3,Cyd,Iron,7\n")
    assert [result for result, _why in results(checked)] == ["unchanged", "updated", "updated"]
    done = imports.run(cass, checked.id)
    rows = ChangeRow.select().where(ChangeRow.change == done.change_id, ChangeRow.noun == "customer_value")
    assert [(row.before, row.after) for row in rows.order_by(ChangeRow.row_id)] == [
        ({"tier": "Silver"}, {"tier": "Bronze"}), ({"tier": None}, {"tier": "Iron"}),
    ]  # fmt: skip
    # Empty cells never erase; whoever is written gets one new version, whatever of hers it was.
    assert values("A1") == {"tier": "Gold", "points": 5.0}
    now = dict(Customer.select(Customer.code, Customer.version).tuples())
    assert {code: now[code] - versions[code] for code in now} == {"A1": 0, "A2": 1, "A3": 1}
    undo.undo(cass, done.change_id)
    assert [values(code) for code in ("A1", "A2", "A3")] == [
        {"tier": "Gold", "points": 5.0}, {"tier": "Silver", "points": 6.0}, {"points": 7.0},
    ]  # fmt: skip


def test_a_cell_that_cannot_be_read_refuses_its_row_and_says_why(cass: Actor, check: New, new_field: New) -> None:
    new_field("Points", "number")
    new_field("Tier", "choice", choices=["Gold"])
    new_field("Work phone", "phone")
    checked = check("code,PTS,Tier,work phone\nA1,many,Gold,\nA2,1,Lead,\nA3,2,gold,12\n", columns={"PTS": "points"})
    assert told(cass, checked, "problems") == [
        (2, "PTS", "“many” is not a number."), (3, "Tier", "“Lead” is not one of the choices: Gold."),
    ]  # fmt: skip
    assert told(cass, checked, "warnings") == [
        (4, "work phone", "“12” could not be read as a phone number; it is kept as typed."),
    ]
    imports.run(cass, checked.id)
    assert [row.code for row in Customer.select()] == ["A3"]


def test_two_rows_of_one_customer_with_other_values_are_not_the_same(check: New, new_field: New) -> None:
    new_field("Points", "number")
    checked = check("code,points\nA1,1\nA1,1.0\nA1,2\n")
    assert [result for result, _why in results(checked)] == ["new", "unchanged", "refused"]


def test_a_new_customer_needs_what_is_required_and_gets_the_defaults(
    cass: Actor, check: New, new_field: New, new_customer: New
) -> None:
    new_customer("Ann", code="A1")
    new_field("Tier", is_required=True)
    new_field("Channel", is_required=True, default="shop")
    checked = check("code,name,tier\nA1,Anna,\nA2,Bea,\nA2,Bea,\nA3,Cy,Gold\n")
    reason = "A new customer needs a value of “%(column)s”."
    assert results(checked) == [("updated", ""), ("refused", reason), ("refused", reason), ("new", "")]
    assert told(cass, checked, "problems")[0] == (3, "tier", "A new customer needs a value of “tier”.")
    imports.run(cass, checked.id)
    assert (values("A1"), values("A3")) == ({}, {"tier": "Gold", "channel": "shop"})
    # Also where the file has no such column at all.
    assert results(check("code,name\nA9,Zed\n")) == [("refused", reason)]


def test_what_has_to_be_unique_is_held_against_the_store_and_the_file(
    cass: Actor, check: New, new_field: New, new_customer: New
) -> None:
    new_field("Card", "text", is_unique=True)
    new_customer("Ann", code="A1", card="K-1")
    checked = check("code,card\nA1,K-1\nA2,k-1\nA3,K-2\nA4,K-2\nA3,K-2\nA5,\nA6,\n")
    assert results(checked) == [
        ("unchanged", ""), ("refused", "Another customer has “%(value)s” already, and nobody else may have it."),
        ("new", ""), ("refused", "“%(value)s” also stands in row %(row)s, and nobody else may have it."),
        ("unchanged", ""), ("new", ""), ("new", ""),
    ]  # fmt: skip
    assert told(cass, checked, "problems") == [
        (3, "card", "Another customer has “k-1” already, and nobody else may have it."),
        (5, "card", "“K-2” also stands in row 4, and nobody else may have it."),
    ]
    assert imports.run(cass, checked.id).counts["new"] == 3


def test_a_unique_value_that_somebody_else_was_given_meanwhile_is_refused_alone(
    cass: Actor, check: New, new_field: New, new_customer: New, monkeypatch: pytest.MonkeyPatch
) -> None:
    new_field("Card", is_unique=True)
    monkeypatch.setattr(apply, "CHUNK", 1)
    monkeypatch.setattr(turns, "HOLD", 0.0)
    checked = check("code,card\nA1,K-1\nA2,K-2\nA3,K-3\n")
    imports.go_on(cass, checked.id)
    new_customer("Zed", code="Z1", card="k-2")
    done = imports.run(cass, checked.id)
    assert [result for result, _why in results(done)] == ["new", "refused", "new"]
    assert sorted(row.code for row in Customer.select()) == ["A1", "A3", "Z1"]


def test_a_choice_that_is_dropped_between_two_parts_is_refused_alone(
    cass: Actor, check: New, new_field: New, monkeypatch: pytest.MonkeyPatch
) -> None:
    tier = new_field("Tier", "choice", choices=("Gold", "Silver"))
    monkeypatch.setattr(apply, "CHUNK", 1)
    monkeypatch.setattr(turns, "HOLD", 0.0)
    checked = check("code,tier\nA1,silver\nA2,gold\nA3,silver\n")
    imports.go_on(cass, checked.id)
    fields.edit(cass, tier.id, fields.Details(tier.labels, choices=("Silver",)))
    done = imports.run(cass, checked.id)
    assert [result for result, _why in results(done)] == ["new", "refused", "new"]
    assert sorted(row.code for row in Customer.select()) == ["A1", "A3"]


def test_searchable_values_are_found_after_an_import_that_brings_them_and_one_that_does_not(
    cass: Actor, check: New, new_field: New
) -> None:
    new_field("Motto", is_searchable=True)
    imports.run(cass, check("code,name,motto\nA1,Ann,Carpe diem\n").id)
    imports.run(cass, check("code,name\nA1,Anna\n").id)
    assert Customer.get().search.split("\n") == ["anna", "a1", "carpe diem"]
    imports.run(cass, check("code,motto\nA1,Ora\n").id)
    assert Customer.get().search.split("\n") == ["anna", "a1", "ora"]


def test_a_retired_field_is_no_column_and_one_retired_after_the_check_is_written_nowhere(
    cass: Actor, check: New, new_field: New
) -> None:
    tier = new_field("Tier")
    checked = check("code,tier\nA1,Gold\n")
    fields.retire(cass, tier.id)
    assert check("code,tier\nA1,Gold\n").columns == ["code", None]
    imports.run(cass, checked.id)
    assert values("A1") == {}


def test_a_choice_that_was_dropped_after_the_check_is_written_nowhere(
    cass: Actor, check: New, new_field: New
) -> None:
    tier = new_field("Tier", "choice", choices=("Gold", "Silver"))
    perks = new_field("Perks", "choices", choices=("Bag", "Hat"))
    checked = check("code,tier,perks\nA1,gold,Bag\nA2,silver,Bag; Hat\nA3,silver,Bag\n")
    for field, kept in ((tier, "Silver"), (perks, "Bag")):
        fields.edit(cass, field.id, fields.Details(field.labels, choices=(kept,)))
    with pytest.raises(Conflict, match="nothing was written"):
        imports.run(cass, checked.id)
    assert Customer.select().count() == 0
    assert results(checked) == [
        ("refused", "“%(value)s” is not one of the choices any more."),
        ("refused", "“%(value)s” is not one of the choices any more."), ("new", ""),
    ]  # fmt: skip
    imports.run(cass, checked.id)
    assert values("A3") == {"tier": "Silver", "perks": "\nBag\n"}


def test_fields_are_made_of_columns_in_one_change_and_the_rows_are_staged_anew(
    cass: Actor, check: New, new_field: New
) -> None:
    new_field("Shoe size", "number")
    checked = check("code,Tier,mobile,Mobile 2,Hat,Blank\n" + "".join(f"A{n},Gold,,,{n}.5,\n" for n in range(3)))
    found = again.proposals(cass, checked)
    assert [(one.index, one.code, one.type) for one in found] == [(1, "tier", "text"), (4, "hat", "number")]
    wanted = {one.index: fields.Details({"en": one.label}, one.type, one.code) for one in found}
    made = again.make_fields(cass, checked.id, wanted, {})
    assert (made.columns, made.counts["new"]) == (["code", "tier", "phone", None, "hat", None], 3)
    assert [row.own for row in ImportRow.select().order_by(ImportRow.row)] == [
        {"tier": "Gold", "hat": n + 0.5} for n in range(3)
    ]
    assert (Import.get_by_id(checked.id).state, Change.select().where(Change.act == "field.create").count()) == (
        "cancelled", 2,
    )  # fmt: skip
    imports.run(cass, made.id)
    assert values("A2") == {"tier": "Gold", "hat": 2.5}


def test_a_code_that_something_has_is_proposed_with_a_number(cass: Actor, check: New, new_group: New) -> None:
    new_group("Resellers")
    fields.retire(cass, fields.create(cass, fields.Details({"en": "Hat"})).id)
    checked = check("code,Hat,hat!,Rule\nA1,x,y,z\n")
    assert [one.code for one in again.proposals(cass, checked)] == ["hat-2", "hat-3", "rule-2"]


def test_of_a_header_that_stands_twice_one_field_is_made(cass: Actor, check: New) -> None:
    checked = check("code,Hat,,hat,HAT!\nA1,red,,y,z\n")
    found = again.proposals(cass, checked)
    assert [(one.index, one.code) for one in found] == [(1, "hat"), (4, "hat-2")]
    made = again.make_fields(cass, checked.id, {one.index: again.details_of(one) for one in found}, {})
    assert made.columns == ["code", "hat", None, None, "hat-2"]
    imports.run(cass, made.id)
    assert values("A1") == {"hat": "red", "hat-2": "z"}


def test_columns_without_a_header_are_not_those_of_a_field_named_by_a_sign(check: New, new_field: New) -> None:
    new_field("★", code="stars")
    assert check("code,,!!\nA1,lost,lost\n").columns == ["code", None, None]


def test_of_columns_that_mean_the_same_the_first_is_named_whatever_is_left_out(cass: Actor, check: New) -> None:
    checked = check("code,a,b,Name,Full name\nA1,,,Ann,Ann\n", columns={"a": "", "b": ""})
    assert told(cass, checked, "warnings") == [
        (None, "Full name", "The column “Full name” means the same as “Name” and is left out.")
    ]


def test_columns_are_changed_after_the_check_and_what_cannot_be_leaves_it_as_it_was(
    cass: Actor, olive: Actor, pat: Actor, check: New, new_field: New
) -> None:
    new_field("Tier")
    checked = check("code,Stufe,Name\nA1,Gold,Ann\n")
    with pytest.raises(Refusal, match="There is no field “height”"):
        again.with_columns(cass, checked.id, {"stufe": "height"})
    with pytest.raises(Refusal, match="No column holds a code"):
        again.with_columns(cass, checked.id, {"code": ""})
    with pytest.raises(Denied):
        again.make_fields(pat, checked.id, {1: fields.Details({"en": "Stufe"})}, {})
    with pytest.raises(Refusals) as refused:
        again.make_fields(olive, checked.id, {1: fields.Details({"en": "Stufe"}, code="tier")}, {})
    assert [one.field for one in refused.value.refusals] == ["code-1"]
    with pytest.raises(Refusal, match="No column holds a code"):
        again.make_fields(cass, checked.id, {1: fields.Details({"en": "Stufe"}, code="stufe")}, {"code": ""})
    with pytest.raises(Refusal, match="No column holds a code"):
        again.make_fields(cass, checked.id, {0: fields.Details({"en": "Key"})}, {})
    assert (Import.get_by_id(checked.id).state, Field.select().count()) == ("checked", 1)
    other = again.with_columns(cass, checked.id, {"stufe": "tier", "Name": ""})
    assert (other.columns, told(cass, other, "warnings")) == (["code", "tier", None], [])
    imports.run(cass, other.id)
    assert (values("A1"), Customer.get().name) == ({"tier": "Gold"}, "")
    with pytest.raises(Refusal, match="has been; its columns stay"):
        again.with_columns(cass, other.id, {"Name": "name"})
