"""Customers: identity, what is kept, what is refused, who may write whom."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from portal.errors import Conflict, Missing, Refusal, Refusals
from portal.models import Change, Customer, Shop
from portal.models.customer import FIELDS
from portal.permissions import Actor, Door, Role
from portal.queries import customers as find
from portal.queries import users as find_users
from portal.services import customers
from portal.values import MAX_LENGTH
from tests.conftest import Database

New = Callable[..., Any]


def refusals(call: Callable[[], Any]) -> list[tuple[str | None, str]]:
    with pytest.raises(Refusals) as refused:
        call()
    return [(each.field, str(each)) for each in refused.value.refusals]


@pytest.mark.parametrize("typed", [{}, {"name": "Ann"}, {"name": "Ann", "code": " ", "email": "", "phone": ""}])
def test_a_customer_needs_a_code_an_email_or_a_phone(typed: dict[str, str], cass: Actor, database: Database) -> None:
    assert refusals(lambda: customers.create(cass, typed)) == [
        ("code", "Give at least one of code, e-mail and phone, so that she can be found again.")
    ]
    assert Customer.select().count() == 0


@pytest.mark.parametrize("typed", [{"code": "A1"}, {"email": "a@b.example"}, {"phone": "0788 412 903"}])
def test_one_of_them_is_enough_and_a_missing_code_is_given(typed: dict[str, str], cass: Actor) -> None:
    customer = customers.create(cass, typed).customer
    assert customer.code == typed.get("code", "C1000001")


def test_a_given_code_is_one_that_nobody_has(cass: Actor) -> None:
    first = customers.create(cass, {"email": "a@b.example"}).customer
    customers.create(cass, {"code": "c1000003"})
    third = customers.create(cass, {"email": "b@b.example"}).customer
    assert (first.code, third.code) == ("C1000001", "C1000004")


def test_codes_are_unique_without_regard_to_case_and_nothing_else_is(cass: Actor) -> None:
    customers.create(cass, {"code": "Ab-1", "name": "Ann", "email": "a@b.example", "phone": "0788412903"})
    assert refusals(lambda: customers.create(cass, {"code": "aB-1"})) == [
        ("code", "Another customer has the code “Ab-1” already: Ann.")
    ]
    customers.create(cass, {"name": "Ann", "email": "a@b.example", "phone": "0788412903"})
    assert Customer.select().count() == 2
    with pytest.raises(Refusal, match="fits several customers"):
        find.resolve(cass, "A@b.example")


def test_an_international_address_is_found_in_each_of_its_spellings(cass: Actor) -> None:
    made = customers.create(cass, {"email": "a@bücher.de"}).customer
    assert {find.resolve(cass, text).id for text in ("a@bücher.de", "A@xn--bcher-kva.de")} == {made.id}


def test_what_was_typed_is_stored_in_one_form(cass: Actor, s1: Shop) -> None:
    typed = {
        "code": " A 1 ", "name": "  Ann   O’Neil ", "email": "Ann@EXAMPLE.com", "phone": "0788 412 903",
        "shop": " s1 ",
        "birth_date": "1991-06-14", "gender": "F", "language": "rw", "id_type": "passport", "id_number": "X1",
        "address": "Rúa  5",
    }  # fmt: skip
    row = Customer.get_by_id(customers.create(cass, typed).customer.id)
    assert (row.code, row.code_key, row.name, row.name_key) == ("A 1", "a 1", "Ann O’Neil", "ann o'neil")
    assert (row.email, row.email_key, row.phone, row.phone_key) == (
        "Ann@example.com", "ann@example.com", "+250788412903", "+250788412903",
    )  # fmt: skip
    assert (row.shop_id, row.birth_date.isoformat(), row.gender) == (s1.id, "1991-06-14", "female")
    assert (row.id_number, row.id_number_key, row.address, row.address_key) == ("X1", "x1", "Rúa  5", "rua 5")
    assert row.search == "ann o'neil\na 1\nann@example.com\n250788412903"


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"email": "nobody"}, "email"), ({"phone": "-4396"}, "phone"), ({"phone": "2.04E+10"}, "phone"),
        ({"birth_date": "31/31/1991"}, "birth_date"), ({"birth_date": "2999-01-01"}, "birth_date"),
        ({"shop": "S9"}, "shop"), ({"code": "a/b"}, "code"), ({"code": "new"}, "code"), ({"code": "Count"}, "code"),
        ({"code": ".."}, "code"), ({"code": "a\nb"}, "code"), ({"code": "\u200b\u00ad"}, "code"),
        ({"name": "a\x00b"}, "name"),
        ({"address": "\ud800"}, "address"),
        *(({name: "x" * (most + 1)}, name) for name, most in MAX_LENGTH.items()),
    ],
    ids=lambda value: repr(value)[:40],
)  # fmt: skip
def test_a_value_that_cannot_be_taken_is_refused_at_its_field(
    typed: dict[str, str], field: str, cass: Actor, new_customer: New, database: Database
) -> None:
    ann = new_customer("Ann")
    before = database.checksum()
    told = refusals(lambda: customers.create(cass, {"code": "B1", **typed}))
    assert [name for name, _ in told] == [field]
    assert [name for name, _ in refusals(lambda: customers.edit(cass, ann.id, typed))] == [field]
    assert database.checksum() == before


def test_what_is_kept_with_a_warning_is_named(cass: Actor) -> None:
    saved = customers.create(cass, {"code": "A1", "phone": "ask her sister", "email": "name@internalmail"})
    assert {(remark.field, remark.params["value"]) for remark in saved.warnings} == {
        ("phone", "ask her sister"), ("email", "name@internalmail"),
    }  # fmt: skip
    assert (saved.customer.phone_key, saved.customer.phone) == (None, "ask her sister")


def test_characters_that_no_page_can_show_are_left_out_and_that_is_said(cass: Actor) -> None:
    saved = customers.create(cass, {"code": "A1", "name": "Roses are \x1b[31mred", "address": " one\r\ntwo\tthree\x0b"})
    assert (saved.customer.name, saved.customer.address) == ("Roses are [31mred", "one\ntwo\tthree")
    told = [(remark.field, remark.sentence) for remark in saved.warnings]
    assert told == [("name", "This held characters that cannot be shown; they are left out.")]


def test_a_name_that_nobody_can_see_is_no_name(cass: Actor, new_customer: New) -> None:
    ann = new_customer("Ann")
    saved = customers.edit(cass, ann.id, {"name": " \u200b\ufeff"}).customer
    assert (saved.name, saved.name_key) == ("", "")


def test_a_value_that_is_not_sent_stays_and_an_empty_one_is_emptied(cass: Actor, new_customer: New, s1: Shop) -> None:
    ann = new_customer("Ann", s1, code="A1", email="a@b.example", address="KN 5", id_number="X1")
    customers.edit(cass, ann.id, {"name": "Anna", "email": "", "code": "", "id_number": ""})
    row = Customer.get_by_id(ann.id)
    assert (row.name, row.email, row.email_key, row.address, row.shop_id, row.code) == (
        "Anna",
        "",
        None,
        "KN 5",
        s1.id,
        "A1",
    )
    assert (row.address_key, row.id_number, row.id_number_key) == ("kn 5", "", None)


def test_a_second_editor_is_told_and_overwrites_nothing(cass: Actor, pat: Actor, new_customer: New) -> None:
    ann = new_customer("Ann")
    customers.edit(pat, ann.id, {"name": "Pat's"}, version=1)
    with pytest.raises(Conflict):
        customers.edit(cass, ann.id, {"name": "Cass's"}, version=1)
    assert Customer.get_by_id(ann.id).name == "Pat's"


# ---- shop staff ----


def test_shop_staff_write_customers_of_their_own_shop_only(sol: Actor, new_customer: New, s1: Shop, s2: Shop) -> None:
    own, foreign, none = new_customer("Own", s1), new_customer("Foreign", s2), new_customer("None")
    assert customers.edit(sol, own.id, {"name": "Owned"}).customer.name == "Owned"
    for other in (foreign, none):
        with pytest.raises(Missing):
            customers.edit(sol, other.id, {"name": "Taken"})
        with pytest.raises(Missing):
            customers.reveal(sol, other.id, "curious")
    for shop in ("S2", "", "S9"):
        assert refusals(lambda shop=shop: customers.edit(sol, own.id, {"shop": shop})) == [
            ("shop", "Choose one of your own shops.")
        ]
        assert refusals(lambda shop=shop: customers.create(sol, {"email": "a@b.example", "shop": shop})) == [
            ("shop", "Choose one of your own shops.")
        ]
    assert {(row.name, row.shop_id) for row in Customer.select()} == {
        ("Owned", s1.id),
        ("Foreign", s2.id),
        ("None", None),
    }


def test_shop_staff_cannot_type_a_code_and_so_never_learn_of_others(
    sol: Actor, new_customer: New, s1: Shop, s2: Shop
) -> None:
    """The answer is the same whether the code, e-mail or phone is somebody's of another shop or nobody's."""
    new_customer("Foreign", s2, code="F1", email="f@b.example", phone="0788412903")
    said = {
        code: refusals(lambda code=code: customers.create(sol, {"code": code, "shop": "S1", "email": "x@b.example"}))
        for code in ("F1", "G1")
    }
    assert said["F1"] == said["G1"] == [("code", "Leave the code empty; the portal gives one.")]
    taken = customers.create(sol, {"name": "Same", "email": "f@b.example", "phone": "0788412903", "shop": "S1"})
    free = customers.create(sol, {"name": "Free", "email": "g@b.example", "phone": "0788412904", "shop": "S1"})
    assert (taken.warnings, free.warnings) == ([], [])
    mine = customers.edit(sol, free.customer.id, {"code": "F1", "name": "Freed"}).customer
    assert (mine.code, mine.name) == (free.customer.code, "Freed")
    for reference in ("F1", "nobody@b.example", "0788 999 999"):
        with pytest.raises(Missing, match=f"There is no customer “{reference}”"):
            find.resolve(sol, reference)
    assert find.resolve(sol, "f@b.example").id == taken.customer.id


# ---- masking ----


def test_an_analyst_sees_contact_data_masked_and_support_the_id(
    ana: Actor, sam: Actor, sol: Actor, cass: Actor, new_customer: New, s1: Shop
) -> None:
    ann = new_customer(
        "Ann", s1, email="ann@b.example", phone="0788412903", id_number="1199080012345678", address="KN 5 Rd"
    )
    seen = {
        name: {
            key: find.shown(ann, find.masked(actor, ann))[key]
            for key in ("phone", "email", "id_number", "address", "name")
        }
        for name, actor in {"ana": ana, "sam": sam, "sol": sol, "cass": cass}.items()
    }
    plain = {
        "phone": "+250788412903",
        "email": "ann@b.example",
        "id_number": "1199080012345678",
        "address": "KN 5 Rd",
        "name": "Ann",
    }
    assert seen["cass"] == plain
    assert seen["sam"] == seen["sol"] == plain | {"id_number": "•••• 78"}
    assert seen["ana"] == {
        "phone": "•••• 03",
        "email": "••••@••••",
        "id_number": "•••• 78",
        "address": "••••",
        "name": "Ann",
    }


def test_what_is_masked_is_not_said_in_the_open_by_a_copy(ana: Actor, cass: Actor) -> None:
    """The columns that matching compares repeat e-mail and phone."""
    ann = customers.create(cass, {"name": "Ann", "email": "ann@b.example", "phone": "0788412903"}).customer
    shown = find.shown(ann, find.masked(ana, ann))
    assert tuple(shown) == FIELDS
    assert "ann@b" not in str(shown) and "412903" not in str(shown)


def test_a_short_value_is_masked_whole_and_an_empty_one_stays_empty() -> None:
    assert [find.mask("id_number", value) for value in ("", None, "1", "12345", "123456")] == [
        "",
        "",
        "••••",
        "••••",
        "•••• 56",
    ]


def test_a_reveal_opens_the_id_of_one_customer_for_one_person_for_ten_minutes(
    sam: Actor, sol: Actor, new_customer: New, s1: Shop
) -> None:
    ann, ben = (new_customer(name, s1, id_number="1199080012345678") for name in ("Ann", "Ben"))
    customers.reveal(sam, ann.id, "she asked")
    hidden = frozenset({"id_number"})
    assert (find.masked(sam, ann), find.masked(sam, ben), find.masked(sol, ann)) == (frozenset(), hidden, hidden)

    with time_machine.travel(Change.get(Change.act == "customer.reveal").at + timedelta(minutes=10, seconds=1)):
        assert find.masked(sam, ann) == hidden


@pytest.mark.parametrize("reason", ["", "   "])
def test_a_reveal_without_a_reason_is_refused(reason: str, sam: Actor, new_customer: New, database: Database) -> None:
    ann = new_customer("Ann", id_number="1199080012345678")
    before = database.checksum()
    with pytest.raises(Refusal, match=r"Say in a few words why you need the ID."):
        customers.reveal(sam, ann.id, reason)
    assert database.checksum() == before


def test_editing_never_overwrites_what_the_person_sees_masked(sam: Actor, new_customer: New) -> None:
    ann = new_customer("Ann", id_number="1199080012345678")
    customers.edit(sam, ann.id, {"name": "Anna", "id_number": "•••• 78"})
    row = Customer.get_by_id(ann.id)
    assert (row.name, row.id_number) == ("Anna", "1199080012345678")


def test_roles_add_up(new_person: New, new_customer: New, s1: Shop, s2: Shop) -> None:
    """Who is support in one shop and analyst everywhere sees the first's data open, all others' masked."""
    own, foreign = (new_customer("X", shop, phone="0788412903", id_number="123456789") for shop in (s1, s2))
    person = new_person("Both", (Role.SUPPORT, s1), (Role.ANALYST, None)).actor
    assert find.masked(person, own) == {"id_number"}
    assert find.masked(person, foreign) == {"phone", "email", "id_number", "address"}
    assert person.masked_anywhere() == {"phone", "email", "id_number", "address"}
    manager = new_person("Manager", (Role.ANALYST, None), (Role.CSCC_MANAGER, None)).actor
    assert (find.masked(manager, foreign), manager.masked_anywhere()) == (frozenset(), frozenset())


def test_an_actor_holds_the_roles_of_that_moment(new_person: New, database: Database) -> None:
    person = new_person("Pia", (Role.OWNER, None))
    actor = find_users.actor_of(person.user, Door.COMMAND)
    assert (actor.user_id, actor.name, actor.door, [grant.role for grant in actor.grants]) == (
        person.user.id, "Pia", Door.COMMAND, [Role.OWNER],
    )  # fmt: skip
