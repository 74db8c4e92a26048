"""Reading customers: who is found by whom, what is masked, what a searched text means."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from portal.errors import Missing, Refusal
from portal.models import Change, Shop
from portal.permissions import OPERATOR, Action, Actor
from portal.queries import customers as find
from portal.services import customers
from portal.services.changes import record

New = Callable[..., Any]
PHONE = "0788 412 903"


def test_one_is_found_by_code_email_or_phone_however_they_are_written(
    cass: Actor, new_customer: New, s1: Shop
) -> None:
    ann = new_customer("Ann", s1, code="A1", email="ann@b.example", phone=PHONE)
    new_customer("Bea", code="B1", email="bea@b.example", phone="0788 412 904")
    new_customer("Cay", code="C1")  # neither e-mail nor phone: found by no text that is none
    for reference in ("A1", " a1 ", "Ann@B.example", "0788412903", "+250 788 412 903", " 00250788412903"):
        assert find.resolve(cass, reference).id == ann.id, reference
    assert {find.by_code(cass, code).shop.name for code in ("a1", "A1")} == {"Kigali North"}
    for reference in ("A", "nobody@b.example", "0788 412 905", "Ann", "7"):
        with pytest.raises(Missing, match=f"There is no customer “{reference}”"):
            find.resolve(cass, reference)


def test_a_code_counts_before_the_email_or_phone_of_somebody_else(cass: Actor, new_customer: New) -> None:
    new_customer("Ann", code="A1", email="x@b.example", phone=PHONE)
    for code in ("x@b.example", "0788412903"):
        named = new_customer("Bea", code=code)
        assert find.resolve(cass, code).id == named.id


def test_several_of_one_phone_are_named_six_at_most(cass: Actor, new_customer: New) -> None:
    new_customer("Ann", code="A1", phone=PHONE), new_customer("", code="B1", phone=PHONE)
    with pytest.raises(Refusal, match=rf"“{PHONE}” fits several customers: A1 Ann, B1\. Use the code\."):
        find.resolve(cass, PHONE)
    for n in range(5):
        new_customer("Cay", code=f"C{n}", phone=PHONE)
    with pytest.raises(Refusal) as refused:
        find.resolve(cass, PHONE)
    assert str(refused.value.params["names"]).count(",") == 5


def test_nobody_is_found_by_what_is_masked(ana: Actor, sam: Actor, new_customer: New) -> None:
    ann = new_customer("Ann", code="A1", email="ann@b.example", phone=PHONE)
    for reference in ("ann@b.example", PHONE):
        assert find.resolve(sam, reference).id == ann.id
        with pytest.raises(Missing):
            find.resolve(ana, reference)
    assert find.resolve(ana, "A1").id == ann.id


def test_who_sees_nobody_finds_nobody(
    nadia: Actor, tess: Actor, sol: Actor, new_customer: New, s1: Shop, s2: Shop
) -> None:
    own, foreign, none = new_customer("Ann", s1), new_customer("Bea", s2), new_customer("Cay")
    assert {row.id for row in find.visible_to(sol)} == {own.id}
    assert list(find.visible_to(sol, Action.EXPORT)) == []
    for who in (nadia, tess, OPERATOR):
        assert list(find.visible_to(who)) == []
    for who, customer in ((nadia, own), (sol, foreign), (sol, none)):
        with pytest.raises(Missing, match=f"There is no customer “{customer.id}”"):
            find.by_id(who, customer.id)
        with pytest.raises(Missing, match=f"There is no customer “{customer.code}”"):
            find.by_code(who, customer.code)


def test_only_her_own_reveal_of_this_customer_opens_the_id(
    sam: Actor, ana: Actor, new_customer: New, s1: Shop
) -> None:
    ann = new_customer("Ann", s1, code="A1", id_number="1199080012345678")
    hidden = frozenset({"id_number"})
    customers.edit(sam, ann.id, {"name": "Anna"})  # another act of hers reveals nothing
    assert find.masked(sam, ann) == hidden
    customers.reveal(sam, ann.id, "she asked")
    at = Change.get(Change.act == "customer.reveal").at
    for minutes, seen in ((9.9, frozenset()), (10, frozenset()), (10.1, hidden)):
        with time_machine.travel(at + timedelta(minutes=minutes), tick=False):
            assert find.masked(sam, ann) == seen
    # To whom more is masked, a reveal opens nothing, whatever brought it about.
    with time_machine.travel(at + timedelta(minutes=11), tick=False):
        with record(ana, "customer.reveal", f"customer:{ann.id}") as change:
            change.row("customer", ann.id, None, {"revealed": "id_number"})
        assert find.masked(ana, ann) == {"phone", "email", "id_number", "address"}
        assert find.masked(sam, ann) == hidden


def test_who_is_found_comes_with_her_shop(
    cass: Actor, new_customer: New, s1: Shop, query_count: Callable[[Callable[[], Any]], int]
) -> None:
    new_customer("Ann", s1, code="A1")
    assert query_count(lambda: find.by_code(cass, "A1").shop.name) == 1


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("phone", "+250788412903", "•••• 03"), ("id_number", "123456", "•••• 56"), ("id_number", "12345", "••••"),
        ("id_number", 1234567, "•••• 67"), ("email", "a@b.example", "••••@••••"), ("email", "", ""),
        ("address", "KN 5 Rd, Kigali", "••••"), ("address", "", ""), ("address", None, ""), ("phone", None, ""),
    ],
)  # fmt: skip
def test_a_masked_value_is_told_apart_by_its_end_and_not_read(name: str, value: object, shown: str) -> None:
    assert find.mask(name, value) == shown


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []), ("  ", []), ("Ann  Müller", ["ann", "muller"]), ("12 3", ["12", "3"]), ("12 34", ["1234"]),
        ("+250 (788) 412-903", ["250788412903"]), ("0788.412/903", ["0788412903"]), ("0788–412–903", ["0788412903"]),
        ("0788\u00a0412\u202f903", ["0788412903"]), ("X1234", ["x1234"]), ("ann 1234", ["ann", "1234"]),
        ("a b c d e f g h i j", list("abcdefgh")), ("a" * 300, ["a" * 200]), ("()", ["()"]),
    ],
)  # fmt: skip
def test_a_searched_text_is_a_phone_or_words(text: str, words: list[str]) -> None:
    assert find.words(text) == words


def test_zeros_before_a_number_count_only_where_they_are_stored(
    cass: Actor, ana: Actor, sam: Actor, new_customer: New
) -> None:
    new_customer("Ann", code="A1", phone=PHONE), new_customer("Bea", code="X00123"), new_customer("Cay", code="X1234")

    def found(who: Actor, text: str) -> list[str]:
        rows = find.visible_to(who).where(*find.matching(who, text))
        return sorted(row.name for row in rows)

    new_customer("Diana", code="D1")
    # Of fewer than four digits the zeros are part of what is looked for; of more they may be a prefix.
    texts = ("00788412903", "00123", "000123", "01234", "0123", "788 412", "00diana")
    said = {text: found(cass, text) for text in texts}
    assert said == {
        "00788412903": ["Ann"], "00123": ["Bea"], "000123": [], "01234": ["Cay"], "0123": ["Bea"], "788 412": ["Ann"],
        "00diana": [],
    }  # fmt: skip
    assert found(sam, "788 412") == ["Ann"]  # to whom only the ID is masked
    by_analyst = {text: found(ana, text) for text in ("788 412", "x12", "bea", "ann x")}
    assert by_analyst == {"788 412": [], "x12": ["Cay"], "bea": ["Bea"], "ann x": []}
