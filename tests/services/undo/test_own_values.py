"""Undo of what was written into own fields: it comes back with the rest, and is named where somebody touched it."""

from collections.abc import Callable
from typing import Any

import pytest

from portal.models import Customer, Field, Shop
from portal.permissions import Actor
from portal.queries import customers as find_customers
from portal.queries import fields as find
from portal.services import customers, fields, undo
from tests.conftest import Database
from tests.services.undo.test_touched import refused, said
from tests.services.undo.test_undo import newest, stored

New = Callable[..., Any]


def add(actor: Actor, label: str, type_: str = "text", **marks: Any) -> Field:
    return fields.create(actor, fields.Details({"en": label}, type_, **marks))


def values(customer: Customer) -> dict[str, Any]:
    return find.values_of([customer.id], find.every()).get(customer.id, {})


@pytest.fixture
def own(cass: Actor) -> list[Field]:
    """A field of several types."""
    kinds = ("yesno", "text", "number", "money", "date", "datetime", "choice", "choices", "phone", "cnpj")
    return [
        add(
            cass,
            f"Own {kind}",
            kind,
            choices=("Gold", "Silver") if "choice" in kind else (),
            is_searchable=kind == "text",
        )
        for kind in kinds
    ]


FIRST = {
    "own-yesno": "no", "own-text": "Zé", "own-number": "1.5", "own-money": "12.50", "own-date": "2026-01-31",
    "own-datetime": "2026-01-31 14:05", "own-choice": "Gold", "own-choices": "Gold; Silver",
    "own-phone": "0788 412 903", "own-cnpj": "12.ABC.345/01DE-35",
}  # fmt: skip
SECOND = {
    "own-yesno": "", "own-text": "Zeca", "own-number": "2", "own-money": "", "own-date": "2026-02-01",
    "own-datetime": "2026-02-01", "own-choice": "Silver", "own-choices": "", "own-phone": "", "own-cnpj": "",
}  # fmt: skip


def test_values_of_every_type_come_back_and_go_again(cass: Actor, own: list[Field], new_customer: New) -> None:
    ann = new_customer("Ann", code="A1", **FIRST)
    before, first = stored(), values(ann)
    customers.edit(cass, ann.id, {"name": "Anna", **SECOND})
    after = stored()
    for expected in (before, after, before, after):
        assert said(undo.undo(cass, newest())) == []
        assert stored() == expected
    undo.undo(cass, newest())
    assert values(ann) == first
    assert Customer.get_by_id(ann.id).search == "ann\na1\nze"


def test_own_values_alone_are_undone_and_counted(cass: Actor, own: list[Field], new_customer: New) -> None:
    ann = new_customer("Ann", code="A1", **FIRST)
    customers.edit(cass, ann.id, {"own-text": "Zeca"})
    told = undo.undo(cass, newest())
    assert dict(told.restored) == {"customer_value": 1}
    assert (values(ann)["own-text"], Customer.get_by_id(ann.id).version) == ("Zé", 3)


def test_what_somebody_has_changed_since_stays(
    database: Database, cass: Actor, own: list[Field], new_customer: New
) -> None:
    ann = new_customer("Ann", code="A1", **FIRST)
    customers.edit(cass, ann.id, {"own-text": "Zeca", "own-number": "2"})
    done = newest()
    customers.edit(cass, ann.id, {"own-yesno": "yes"})
    customers.edit(cass, ann.id, {"own-number": "3"})
    assert refused(database, cass, done) == "Ann has been changed since."
    customers.edit(cass, ann.id, {"own-number": "2"})
    assert refused(database, cass, done) == "Ann has been changed since."


def test_who_came_goes_with_her_values_and_comes_back_with_them(
    database: Database, cass: Actor, own: list[Field], new_customer: New
) -> None:
    before = stored()
    ann = new_customer("Ann", code="A1", **FIRST)
    made, had = newest(), values(ann)
    undo.undo(cass, made)
    assert stored()["customer"] == before["customer"]
    assert list(find_customers.visible_to(cass)) == []
    undo.undo(cass, newest())
    assert values(ann) == had and Customer.get_by_id(ann.id).search == "ann\na1\nze"
    customers.edit(cass, ann.id, {"own-text": "Zeca"})
    assert refused(database, cass, made) == "Ann has been changed since."
    assert values(ann) == had | {"own-text": "Zeca"}


def test_a_unique_value_that_somebody_else_has_by_now_does_not_come_back(
    database: Database, cass: Actor, new_customer: New
) -> None:
    add(cass, "Card", is_unique=True)
    ann = new_customer("Ann", code="A1", card="X 1")
    customers.edit(cass, ann.id, {"card": "X 2"})
    changed = newest()
    ben = new_customer("Ben", code="B1", card="x 1")
    made = newest()
    assert refused(database, cass, changed) == "Ann: another customer has “X 1” as Card by now."
    undo.undo(cass, made)
    gone = newest()
    assert said(undo.undo(cass, changed)) == [] and values(ann) == {"card": "X 1"}
    assert refused(database, cass, gone) == "Ben: another customer has “x 1” as Card by now."
    customers.edit(cass, ann.id, {"card": ""})
    assert said(undo.undo(cass, gone)) == [] and values(ben) == {"card": "x 1"}


def test_a_choice_that_was_dropped_does_not_come_back(database: Database, cass: Actor, new_customer: New) -> None:
    tier = add(cass, "Tier", "choice", choices=("Gold", "Silver"))
    ann = new_customer("Ann", code="A1", tier="Gold")
    customers.edit(cass, ann.id, {"tier": "Silver"})
    changed = newest()
    fields.edit(cass, tier.id, fields.Details({"en": "Tier"}, choices=("Silver",)))
    assert refused(database, cass, changed) == "Ann: “Gold” is no choice of Tier any more."


def test_shop_staff_undo_nothing_of_a_customer_who_has_left_their_shop(
    database: Database, cass: Actor, sol: Actor, own: list[Field], s1: Shop, s2: Shop, new_customer: New
) -> None:
    ann = new_customer("Ann", s1, code="A1")
    customers.edit(sol, ann.id, {"own-text": "Zeca"})
    changed = newest()
    customers.edit(cass, ann.id, {"shop": "S2"})
    assert refused(database, sol, changed) == "A customer of this change is in a shop that is not yours."
