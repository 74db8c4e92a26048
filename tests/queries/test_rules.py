"""What a rule's SQL finds is what plain Python reads in the same customers, on each database."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.db import db, run, run_many
from portal.languages import read_language
from portal.models import Change, Customer, Group, MembershipRow, Shop
from portal.models.field import COLUMN_TYPES, KEYED
from portal.queries.rules import keys, matching
from portal.queries.rules.compiling import of_tree
from portal.queries.rules.dates import Today
from portal.rules.catalogue import Catalogue, FieldInfo
from portal.rules.tree import Tree, from_json, to_json
from portal.text import fold
from portal.values import keys_of, read_customer
from tests.conftest import Database, use
from tests.rules.material import CATALOGUE
from tests.rules.reading import TODAY, Asked, Sample, customers, holds, trees

ZONE = "Africa/Kigali"
MOMENT = datetime(2020, 5, 5, 12)
# Gender and language are read from words of three languages when they are stored.
FIELDS = {code: info for code, info in CATALOGUE.fields.items() if code != "gender"}
FIELDS |= {code: FieldInfo(code, "text", code.title()) for code in ("id_number", "address")}
ASKED = Catalogue(FIELDS, {code: info for code, info in CATALOGUE.groups.items() if code != "vip"}, CATALOGUE.shops)
OWN = {code: (n, info.type) for n, (code, info) in enumerate(FIELDS.items(), 1) if info.is_own}


@pytest.fixture
def store(database: Database) -> Database:
    """A store with shops, groups and the columns of its own fields, and nobody in it."""
    use(database.url, timezone=ZONE, currency="USD")
    for code, (id_, name) in ASKED.shops.items():
        Shop.create(id=id_, code=code, code_key=code, name=name, name_key=name.lower())
    for info in ASKED.groups.values():
        Group.create(id=info.id, code=info.code, name=info.name, name_key=info.name.lower())
    for number, kind in OWN.values():
        for column, sql_type in _columns(number, kind):
            db.execute_sql(f'ALTER TABLE customer_value ADD COLUMN "{column}" {sql_type}')
    Change.create(door="command", act="test.fill")
    return database


def _columns(number: int, kind: str) -> list[tuple[str, str]]:
    return [(f"f{number}", COLUMN_TYPES[kind]), *([(f"k{number}", "TEXT")] if kind in KEYED else [])]


def fill(samples: Sequence[Sample]) -> None:
    """Store customers with the numbers 1, 2, …, and nobody else."""
    for table in ("membership_row", "customer_value", "customer"):
        db.execute_sql(f"DELETE FROM {table}")
    for id_, sample in enumerate(samples, 1):
        _store(id_, sample.values)
        for code in sample.groups:
            MembershipRow.create(group=ASKED.groups[code].id, customer=id_, since=MOMENT, cause=1)


def _store(id_: int, values: dict[str, Any]) -> None:
    name, email, phone = (values[code] or "" for code in ("name", "email", "phone"))
    shop = ASKED.shops[values["shop"]][0] if values["shop"] else None
    Customer.create(
        id=id_, code=f"C{id_}", code_key=f"c{id_}", name=name, name_key=keys.of("text", name, "is"), email=email,
        email_key=email.casefold() or None, phone=phone, phone_key=phone or None, shop=shop,
        birth_date=values["birth_date"], created_at=values["created"],
        **(told := {code: values[code] or "" for code in ("id_number", "address")}), **keys_of(told, ""),
    )  # fmt: skip
    columns: dict[str, Any] = {"customer_id": id_}
    for code, (number, kind) in OWN.items():
        columns |= _held(number, kind, values[code])
    names = ", ".join(columns)
    run_many(f"INSERT INTO customer_value ({names}) VALUES ({', '.join('?' * len(columns))})", [[*columns.values()]])


def _held(number: int, kind: str, value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    if kind == "money":
        return {f"f{number}": value * 100}
    if kind == "choices":
        text = "\n".join(["", *value, ""])
        return {f"f{number}": text, f"k{number}": "\n".join(["", *(keys.of(kind, one, "is") for one in value), ""])}
    if kind not in KEYED:
        return {f"f{number}": str(value) if isinstance(value, datetime) else value}
    return {f"f{number}": value, f"k{number}": value if kind == "phone" else keys.of(kind, value, "is")}


def usual(sample: Sample) -> Sample:
    """Return the sample with a moment of creation, which everybody has."""
    return replace(sample, values=sample.values | {"created": sample.values["created"] or MOMENT})


def found(tree: Tree) -> set[int]:
    condition = of_tree(tree, OWN, Today(TODAY, ZONE))
    return {row[0] for row in db.execute(matching.fitting(condition))}


def test_sql_and_plain_python_agree_on_every_rule_and_customer(store: Database) -> None:
    asked = Asked(places=2)

    @hypothesis.settings(max_examples=60)
    @given(st.lists(customers(ASKED), min_size=1, max_size=6), st.lists(trees(ASKED), min_size=1, max_size=12))
    def agree(samples: list[Sample], rules: list[Tree]) -> None:
        people = [usual(sample) for sample in samples]
        with db.atomic():
            fill(people)
        for tree in rules:
            expected = {id_ for id_, sample in enumerate(people, 1) if holds(tree, sample, ASKED, asked)}
            assert found(tree) == expected, to_json(tree)
            assert matching.count(of_tree(tree, OWN, Today(TODAY, ZONE))) == len(expected)

    agree()


def test_a_language_is_asked_by_each_of_its_names_and_any_other_text_as_it_is(store: Database) -> None:
    fill([usual(Sample(dict.fromkeys(FIELDS)))])
    named = ("pt", "PT", "Português", "portugues", "French", "fr", "by sign", "By Sign", "pt-BR", "PT-br", "São", "sao")

    @hypothesis.settings(max_examples=100)
    @given(st.sampled_from(named), st.lists(st.sampled_from(named), min_size=1, max_size=3))
    def agree(typed: str, asked: list[str]) -> None:
        stored = read_customer({"language": typed}, "", TODAY).columns["language"]
        run("UPDATE customer SET language = ?", [stored])
        fits = fold(stored) in {fold(read_language(text)) for text in asked}
        test = {"field": "language", "op": "one_of", "value": asked}
        assert found(from_json(test)) == ({1} if fits else set())
        assert found(from_json({**test, "op": "not_one_of"})) == (set() if fits else {1})

    agree()


def test_what_is_not_there_any_more_and_a_value_of_another_type_fit_nobody(store: Database) -> None:
    fill([usual(Sample(dict.fromkeys(FIELDS)))])
    for said in ({"field": "gone", "op": "is", "value": "x"}, {"field": "visits", "op": "gt", "value": "many"},
                 {"field": "created", "op": "gt", "value": "soon"}, {"in": "gone"},
                 {"field": "called", "part": "month", "op": "is", "value": 3}):  # fmt: skip
        assert found(from_json(said)) == set()
        assert found(from_json({"not": said})) == {1}


def test_all_rules_are_asked_about_one_customer_in_one_statement(store: Database, query_count: Any) -> None:
    fill([usual(Sample(dict.fromkeys(FIELDS))), usual(Sample(dict.fromkeys(FIELDS) | {"city": "Porto"}))])
    trees_ = [from_json({"field": "city", "op": op, "value": "porto"}) for op in ("is", "is_not") * 50]
    rules = [
        matching.RuleItem(n, 1000 + n, n % 4 == 0, of_tree(tree, OWN, Today(TODAY, ZONE)), frozenset())
        for n, tree in enumerate(trees_)
    ]
    assert query_count(lambda: list(matching.of_customers(rules, [1, 2]))) == 1
    fits = set(matching.of_customers(rules, [1, 2]))
    assert fits == {(n, 2 if n % 2 == 0 else 1) for n in range(100)}
    asked = {tuple(row) for row in db.execute(matching.matches(rules))}
    assert asked == {(1000 + n, n % 4 == 0, customer_id) for n, customer_id in fits}


def test_removed_customers_fit_no_rule(store: Database) -> None:
    fill([usual(Sample(dict.fromkeys(FIELDS)))])
    run("UPDATE customer SET removed_at = created_at")
    assert found(from_json({"field": "city", "op": "empty"})) == set()
