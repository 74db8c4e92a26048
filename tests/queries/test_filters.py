"""The customer list's filter, against a reading of the same rows in plain Python."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from portal import db
from portal.models import Customer, Group, Shop
from portal.permissions import Actor
from portal.queries import filters
from portal.queries import groups as find_groups
from portal.queries.customers import words
from portal.queries.filters import Filter
from portal.services import customers, groups
from portal.services.groups import Details
from portal.services.items import NewItem
from tests.conftest import Person

New = Callable[..., Any]
NAMES = (
    "Helena Holý", "Leonie Köhler", "Stanisław Wójcik", "Bjørn Hansen", "Luís Gonçalves", "Aline Uwimana",
    "ANN o’Neil",
    "Zoë Straße", "李小龍", "Ann_100%", "", "ann", "Æsa",
)  # fmt: skip


@dataclass
class Crowd:
    """Stored rows, and the same in plain Python."""

    rows: list[Customer]
    groups: dict[str, Group]
    members: dict[str, set[int]]  # customer ids by group code
    shops: dict[str, Shop]

    def expected(self, wanted: Filter, fits: Callable[[Customer], bool] = lambda row: True) -> list[str]:
        """Return the codes of whoever fits, in order."""
        found = [
            row for row in self.rows
            if fits(row)
            and (not wanted.any or any(row.id in self.members[group.code] for group in wanted.any))
            and all(row.id in self.members[group.code] for group in wanted.all)
            and not any(row.id in self.members[group.code] for group in wanted.none)
            and (not wanted.shops or row.shop_id in {shop.id for shop in wanted.shops})
        ]  # fmt: skip
        keys: dict[str, Any] = {
            "name": lambda row: (row.name_key, row.id), "code": lambda row: row.code_key,
            "created": lambda row: row.id,
        }  # fmt: skip
        found.sort(key=keys[wanted.sort.lstrip("-")], reverse=wanted.sort.startswith("-"))
        return [row.code for row in found]


@pytest.fixture
def crowd(cass: Actor, s1: Shop, s2: Shop) -> Crowd:
    """120 customers in two shops or none, in four overlapping groups, one of them empty."""
    chance = Random(7)
    with db.transaction():
        rows = [
            customers.create(
                cass,
                {
                    "code": f"{chance.choice('abcXYZ')}{n:03}", "name": chance.choice(NAMES),
                    "shop": chance.choice(["", "S1", "S2"]),
                    "phone": f"0788{chance.randrange(10**6):06}" if n % 3 else "",
                    "email": f"person{n}@{chance.choice(['one', 'two'])}.example" if n % 2 else "",
                },
            ).customer
            for n in range(120)
        ]  # fmt: skip
        made, members = {}, {}
        for name, n in (("Big", 90), ("Half", 60), ("Few", 3), ("Nobody", 0)):
            chosen = chance.sample(rows, n)
            group = groups.create(cass, Details(name=name), [NewItem(customer_id=row.id) for row in chosen]).group
            made[group.code], members[group.code] = group, {row.id for row in chosen}
    return Crowd([Customer.get_by_id(row.id) for row in rows], made, members, {"S1": s1, "S2": s2})


def walk(actor: Actor, wanted: Filter, size: int = 7) -> list[str]:
    """Turn every page forwards, then backwards, and return the codes; both ways must tell the same."""
    pages = [filters.page(actor, wanted, size=size)]
    while pages[-1].after:
        pages.append(filters.page(actor, wanted, after=pages[-1].after, size=size))
    assert pages[0].before is None
    assert all(len(page.rows) == size for page in pages[:-1])
    back = [pages[-1]]
    while back[-1].before:
        back.append(filters.page(actor, wanted, before=back[-1].before, size=size))
    assert [[row.id for row in page.rows] for page in reversed(back)] == [
        [row.id for row in page.rows] for page in pages
    ]
    return [row.code for page in pages for row in page.rows]


def in_either_order(wanted: Filter) -> list[Filter]:
    return [
        Filter(**{**wanted.__dict__, "sort": sort})
        for sort in ("name", "-name", "code", "-code", "created", "-created")
    ]


def test_any_all_none_and_shops_equal_a_plain_reading(crowd: Crowd, cass: Actor) -> None:
    big, half, few, empty = (crowd.groups[code] for code in ("big", "half", "few", "nobody"))
    s1, s2 = crowd.shops["S1"], crowd.shops["S2"]
    asked = [
        Filter(), Filter(any=(half,)), Filter(all=(big, half)), Filter(none=(big,)), Filter(any=(half, few),
        none=(big,)),
        Filter(all=(few,)), Filter(any=(empty,)), Filter(all=(big, empty)), Filter(none=(empty,)), Filter(shops=(s1,)),
        Filter(shops=(s1, s2)), Filter(all=(big,), any=(half, few), none=(few,), shops=(s2,)),
        Filter(all=(big,), none=(big,)),
    ]  # fmt: skip
    sizes = set()
    for wanted in asked:
        for one in in_either_order(wanted):
            expected = crowd.expected(one)
            assert walk(cass, one) == expected, one
            assert filters.count(cass, one) == filters.count(cass, one, cap=None) == (len(expected), True)
        sizes.add(len(expected))
    assert len(sizes) >= 8  # the cases differ, or they would prove little


TEXTS: dict[str, Callable[[Customer], bool]] = {
    "holy": lambda row: "Holý" in row.name,
    "HOLÝ": lambda row: "Holý" in row.name,
    "kohler": lambda row: "Köhler" in row.name,
    "stanislaw": lambda row: "Stanisław" in row.name,
    "wojcik stanis": lambda row: "Stanisław" in row.name,
    "bjorn": lambda row: "Bjørn" in row.name,
    "strasse": lambda row: "Straße" in row.name,
    "aesa": lambda row: "Æsa" in row.name,
    "o'neil": lambda row: "Neil" in row.name,
    "小龍": lambda row: "小龍" in row.name,
    "an": lambda row: "an" in row.search,
    "ann": lambda row: "ann" in row.search,
    "100%": lambda row: "100%" in row.name,
    "_": lambda row: "_" in row.search,
    "%": lambda row: "%" in row.search,
    "!": lambda row: False,
    '"': lambda row: False,
    "person7@": lambda row: row.email.startswith("person7@"),
    "two.example": lambda row: "two.example" in row.email,
    "one.example ann": lambda row: "one.example" in row.email and "ann" in row.search,
    "x0": lambda row: "x0" in row.code.casefold(),
    "+250 788": lambda row: "+250788" in row.phone,
    "0788": lambda row: "788" in row.phone,
    "AND": lambda row: "and" in row.search,
    "nobody at all": lambda row: False,
    "   ": lambda row: True,
}


def test_searching_equals_a_plain_reading(crowd: Crowd, cass: Actor) -> None:
    half, big = crowd.groups["half"], crowd.groups["big"]
    for text, fits in TEXTS.items():
        for wanted in (Filter(q=text), Filter(q=text, all=(half,)), Filter(q=text, none=(big,))):
            for one in in_either_order(wanted)[:4]:
                assert walk(cass, one) == crowd.expected(one, fits), one


@pytest.mark.parametrize(
    "typed",
    [
        "+250788412903",
        "0788412903",
        "0788 412 903",
        "+250 788 412 903",
        "00250 788 412 903",
        "(0788) 412-903",
        "0788.412.903",
        "412903",
        "788 412",
    ],
)
def test_a_phone_is_found_in_any_format(typed: str, cass: Actor, new_customer: New) -> None:
    new_customer("Ann", phone="0788 412 903")
    new_customer("Ben", phone="0788 412 904", code="X412")
    names = {"788 412": ["Ann", "Ben"]}.get(typed, ["Ann"])
    assert [row.name for row in filters.page(cass, Filter(q=typed)).rows] == names


@pytest.mark.parametrize("typed", ["0123", "0124", "00123"])
def test_a_short_number_means_the_same_with_and_without_the_index(typed: str, cass: Actor, new_customer: New) -> None:
    """The text index and the plain comparison must agree, whichever one the row counts choose."""
    new_customer("A", code="K0123"), new_customer("B", code="K123"), new_customer("C", code="K00123")
    by_index = [row.code for row in filters.page(cass, Filter(q=typed)).rows]
    bare = typed.lstrip("0")
    plain = [code for code in ("K0123", "K123", "K00123") if typed in code or (len(bare) >= 4 and bare in code)]
    assert by_index == plain


@pytest.mark.parametrize("who", ["cass", "ana"])
def test_a_text_longer_than_any_name_finds_nobody_and_breaks_nothing(
    who: str, people: dict[str, Person], new_customer: New
) -> None:
    """SQLite refuses a pattern of more than 50 000 bytes."""
    new_customer("Ann")
    for text in ("a" * 60_000, "1" * 60_000, "ﷺ" * 5_000):
        assert find_groups.candidates(people[who].actor, text) == []
        assert filters.page(people[who].actor, Filter(q=text)).rows == []


def test_the_chinook_names_are_found(cass: Actor, new_customer: New) -> None:
    for name in ("Helena Holý", "Leonie Köhler", "Stanisław Wójcik"):
        new_customer(name)
    found = {
        text: [row.name for row in filters.page(cass, Filter(q=text)).rows] for text in ("holy", "kohler", "stanislaw")
    }
    assert found == {"holy": ["Helena Holý"], "kohler": ["Leonie Köhler"], "stanislaw": ["Stanisław Wójcik"]}


def test_an_analyst_cannot_find_by_what_she_sees_masked(ana: Actor, cass: Actor, new_customer: New) -> None:
    new_customer("Ann", code="A1", phone="0788412903", email="secret@b.example")
    for text in ("0788412903", "412903", "secret", "secret@b.example", "b.example"):
        assert [row.name for row in filters.page(cass, Filter(q=text)).rows] == ["Ann"]
        assert filters.page(ana, Filter(q=text)).rows == []
        assert filters.count(ana, Filter(q=text)) == (0, True)
    for text in ("ann", "A1"):
        assert [row.name for row in filters.page(ana, Filter(q=text)).rows] == ["Ann"]


def test_shop_staff_find_their_own_only_by_whatever_filter(sol: Actor, crowd: Crowd) -> None:
    own = {row.id for row in crowd.rows if row.shop_id == crowd.shops["S1"].id}
    for wanted in (Filter(), Filter(q="ann"), Filter(all=(crowd.groups["big"],)), Filter(none=(crowd.groups["big"],))):
        fitting = {row.id for row in crowd.rows if row.id in own and wanted.q in row.search}
        expected = crowd.expected(wanted, lambda row, fitting=fitting: row.id in fitting)
        assert walk(sol, wanted) == expected
        assert filters.count(sol, wanted) == filters.count(sol, wanted, cap=None) == (len(expected), True)
    assert filters.page(sol, Filter(shops=(crowd.shops["S2"],))).rows == []
    foreign = next(row for row in crowd.rows if row.shop_id == crowd.shops["S2"].id)
    beyond = filters.page(sol, Filter(sort="code"), after=foreign.code)
    assert [row.id for row in beyond.rows] == [row.id for row in filters.page(sol, Filter(sort="code")).rows]


def test_a_count_stops_at_its_cap_and_says_so(cass: Actor, crowd: Crowd) -> None:
    assert filters.count(cass, Filter(), cap=120) == (120, True)
    assert filters.count(cass, Filter(), cap=119) == (119, False)
    assert filters.count(cass, Filter(), cap=None) == (120, True)


@pytest.mark.parametrize("said", [{"after": "no such code"}, {"before": "no such code"}])
def test_a_page_that_went_on_from_somebody_who_is_gone_is_the_first_and_says_so(
    said: dict[str, str], cass: Actor, crowd: Crowd
) -> None:
    first = filters.page(cass, Filter(), size=5)
    again = filters.page(cass, Filter(), size=5, **said)
    assert [row.id for row in again.rows] == [row.id for row in first.rows]
    assert (again.before, again.after) == (None, first.after)
    assert (first.is_lost, again.is_lost) == (False, True)


@pytest.mark.parametrize(("wanted", "n"), [(Filter(), 3), (Filter(q="ann"), 6)])
def test_a_page_takes_as_many_queries_for_three_rows_as_for_one(
    wanted: Filter, n: int, cass: Actor, new_customer: New, new_group: New, s1: Shop, query_count: Any
) -> None:
    """The rows, their shops, their groups; a text also asks how many there are, twice, and how many it fits."""
    one = new_customer("Ann", s1)
    new_group("Vips", [one])
    counts = [query_count(lambda: filters.page(cass, wanted))]
    more = [new_customer(name, s1) for name in ("Ann B", "Ann C")]
    new_group("Others", [one, *more])
    counts.append(query_count(lambda: filters.page(cass, wanted)))
    assert len(filters.page(cass, wanted).rows) == 3
    assert counts == [n, n]


def test_rows_come_with_their_shops_and_groups_in_name_order(
    cass: Actor, new_customer: New, new_group: New, s1: Shop
) -> None:
    ann, ben = new_customer("Ann", s1), new_customer("Ben")
    new_group("Zeta", [ann]), new_group("Älpha", [ann]), new_group("Old", [ann])
    groups.set_status(cass, Group.get(Group.code == "old").id, "archived")
    page = filters.page(cass, Filter())
    assert [(row.name, row.shop.code if row.shop else None) for row in page.rows] == [("Ann", "S1"), ("Ben", None)]
    assert {key: [group.name for group in listed] for key, listed in page.groups.items()} == {ann.id: ["Älpha", "Zeta"]}
    assert ben.id not in page.groups
    assert all(a.name_key <= b.name_key for a, b in pairwise(page.rows))


@pytest.mark.parametrize("typed", ["o gonc", "is gon 1", "ann 0%", "小龍 李", "zo stra x9"])
def test_a_short_word_beside_a_long_one_is_looked_for_too(typed: str, crowd: Crowd, cass: Actor) -> None:
    """Only words of three characters are in the index; the others are looked for among what it finds."""
    found = {row.id for row in filters.page(cass, Filter(q=typed), size=200).rows}
    assert found == {row.id for row in crowd.rows if all(word in row.search for word in words(typed))}
    assert filters.count(cass, Filter(q=typed)) == (len(found), True)


def test_parts_of_texts_are_read_from_an_index(crowd: Crowd, cass: Actor) -> None:
    """A rare text is never looked for row by row."""
    query = filters.select(cass, Filter(q="person117@"))
    with db.transaction():
        if not db.is_sqlite():
            # A hundred rows are read faster without any index, by the primary key, or by that of all who are there.
            db.db.execute_sql("DROP INDEX customer_live")
            db.db.execute_sql("SET LOCAL enable_seqscan = off")
            db.db.execute_sql("SET LOCAL enable_indexscan = off")
        sql, params = query.sql()
        explain = "EXPLAIN QUERY PLAN " if db.is_sqlite() else "EXPLAIN "
        plan = " ".join(str(row) for row in db.db.execute_sql(explain + sql, params).fetchall())
        if not db.is_sqlite():
            db.db.rollback()
    assert "VIRTUAL TABLE INDEX" in plan if db.is_sqlite() else "on customer_trigrams" in plan, plan


def plan_of(query: Any) -> str:
    """Return how SQLite runs a query."""
    sql, params = query.sql()
    return " ".join(str(row) for row in db.db.execute_sql(f"EXPLAIN QUERY PLAN {sql}", params).fetchall())


def test_every_part_of_one_or_two_letters_is_found_wherever_it_stands(crowd: Crowd, cass: Actor) -> None:
    """At the beginning, in the middle and at the very end of what is searched, in any writing."""
    for row in crowd.rows:  # the signs that no index of three letters holds where nothing follows them
        customers.edit(cass, row.id, {"email": "", "phone": ""}) if row.code.endswith("7") else None
    texts = [row.search for row in Customer.select()]
    lines = {line for text in texts for line in text.split("\n")}
    parts = {line[at : at + n] for line in lines for n in (1, 2) for at in range(len(line))}
    parts = {part for part in parts if " " not in part}
    assert {"小龍", "7", "x0"} <= parts
    for part in sorted(parts):
        fitting = sum(all(word in text for word in words(part)) for text in texts)
        assert filters.count(cass, Filter(q=part)) == (fitting, True), part


def test_who_has_a_rare_part_of_two_letters_is_read_from_the_index(
    crowd: Crowd, cass: Actor, new_customer: New
) -> None:
    """Reading everybody in the order of names for it takes seconds where there are many."""
    rare = new_customer("Quijxo")
    for typed in ("jx", "jx quij", "jx an"):
        query = filters.select(cass, Filter(q=typed))
        assert [row.id for row in query] == ([rare.id] if typed != "jx an" else [])
        if db.is_sqlite():
            plan = plan_of(query)
            assert "VIRTUAL TABLE INDEX" in plan and "INTEGER PRIMARY KEY" in plan, plan
            assert "SCAN t1" not in plan, plan


def test_a_walk_asks_for_gathered_ids_before_it_reads_a_row(crowd: Crowd, cass: Actor) -> None:
    """Of a text that many have, who comes late by name is reached without reading whoever comes before."""
    wanted = Filter(q="0788")
    assert walk(cass, wanted) == crowd.expected(wanted, lambda row: "0788" in row.search)
    if not db.is_sqlite():
        return
    query = filters.select(cass, wanted).order_by(Customer.name_key, Customer.id).limit(51)
    plan = plan_of(query)
    assert "USING INDEX customer_live" in plan and "LIST SUBQUERY" in plan and "VIRTUAL TABLE INDEX" in plan, plan
    assert " LIKE " not in query.sql()[0]


def test_the_index_of_texts_forgets_what_is_replaced_by_the_words_it_was_given(cass: Actor, new_customer: New) -> None:
    """What is written to it and what is taken out is the same text, to its last sign."""
    one = new_customer("Quijxo")
    customers.edit(cass, one.id, {"name": "Ann"})
    assert filters.count(cass, Filter(q="jx")) == (0, True)
    if not db.is_sqlite():
        return
    left = db.db.execute_sql("SELECT count(*) FROM customer_search_terms WHERE term LIKE '%jx%'").fetchone()[0]
    assert left == 0
    db.db.execute_sql("INSERT INTO customer_search(customer_search, rank) VALUES ('integrity-check', 1)")
