"""What is wrong with a tree is told with its place, whoever made it; what a rule asks is known."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules.checking import check, reads
from portal.rules.text import parse
from portal.rules.tree import (
    MAX_DEPTH,
    MAX_TESTS,
    OPERATORS,
    All,
    Any_,
    Days,
    In,
    Malformed,
    Not,
    Tree,
    from_json,
    to_json,
)
from portal.rules.tree import Test as Leaf
from tests.rules.material import CATALOGUE
from tests.rules.reading import trees

GOOD = Leaf("city", "is", ("Porto",))


def wrong(tree: Tree) -> list[tuple[tuple[int, ...], str, int, str]]:
    return [
        (problem.path, problem.place, problem.n, problem.sentence % problem.params)
        for problem in check(tree, CATALOGUE)
    ]


@pytest.mark.parametrize("leaf, place, n, sentence", [
    (Leaf("", "is", ("",)), "field", 0, "Choose a field."),
    (Leaf("cty", "is", ("x",)), "field", 0, "There is no field “cty”; did you mean “city”?"),
    (Leaf("old", "is", ("x",)), "field", 0, "The field “Old one” is retired."),
    (In("gone"), "group", 0, "There is no group “gone”."),
    (In("Employee"), "group", 0, "There is no group “Employee”; did you mean “Employees”?"),
    (Leaf("city", "lt", ("x",)), "op", 0,
     "“City” cannot be asked with “<”, but with: =, !=, one of, not one of, contains, not contains, starts with,"
     " ends with, is empty, is not empty."),
    (Leaf("birth_date", "empty", (), part="age"), "op", 0,
     "“Birth date” cannot be asked with “is empty”, but with: =, !=, <, <=, >, >=, between."),
    (Leaf("visits", "is", (3,), is_exact=True), "op", 0,
     "“Visits” holds no text: it cannot be compared letter by letter."),
    (Leaf("city", "is", ("x",), part="age"), "part", 0,
     "“City” is no date: it has no age, no days since it and no month."),
    (Leaf("created", "is", (3,), part="month"), "part", 0,
     "Only dates without a time of day are asked for their month."),
    (Leaf("visits", "gt", (3,), last=Days(90)), "last", 0,
     "Only counts and sums of purchases are asked of the last days; “Visits” is none."),
    (Leaf("last_order", "gt", (Days(-3),), last=Days(90)), "last", 0,
     "Only counts and sums of purchases are asked of the last days; “Last order” is none."),
    (Leaf("orders", "gt", (3,), last=Days(-90)), "last", 0,
     "This takes a length of time such as 90d, 12w, 3m or 1y."),
    (Leaf("city", "is", ("  ",)), "value", 0,
     "A value is missing here. To ask for customers without one, choose “is empty”."),
    (Leaf("city", "is"), "value", 0, "A value is missing here."),
    (Leaf("city", "one_of"), "value", 0, "A value is missing here."),
    (Leaf("city", "one_of", ("x", 3)), "value", 1, "“City” takes a text; “3” is none."),
    (Leaf("city", "one_of", ("x",) * 501), "value", 500, "One condition takes at most 500 values."),
    (Leaf("city", "is", ("a\x00b",)), "value", 0,
     "This holds characters that cannot be stored. Please type it anew."),
    (Leaf("city", "is", ("x" * 1001,)), "value", 0, "This has 1001 characters; at most 1000 fit."),
    (Leaf("visits", "is", ("",)), "value", 0,
     "A value is missing here. To ask for customers without one, choose “is empty”."),
    (Leaf("visits", "is", ("many",)), "value", 0, "“Visits” takes a number, such as 3 or 2.5; “many” is none."),
    (Leaf("visits", "is", (True,)), "value", 0, "“Visits” takes a number, such as 3 or 2.5; “True” is none."),
    (Leaf("visits", "is", (float("nan"),)), "value", 0, "“nan” is too large a number."),
    (Leaf("visits", "is", (-10**400,)), "value", 0, f"“-1{'0' * 58}…” is too large a number."),
    (Leaf("visits", "between", (5, 3)), "value", 1,
     "The first value has to be the smaller one, or the earlier one: nothing lies between these."),
    (Leaf("created", "between", (Days(-1, "weeks"), Days(-1, "months"))), "value", 1,
     "The first value has to be the smaller one, or the earlier one: nothing lies between these."),
    (Leaf("created", "is", (3,)), "value", 0,
     "“Created” takes a date, such as 2026-02-28, -30d, +7d or today; “3” is none."),
    (Leaf("created", "is", ("2026-02-28T10:00",)), "value", 0,
     "“Created” takes a date, such as 2026-02-28, -30d, +7d or today; “2026-02-28T10:00” is none."),
    (Leaf("created", "is", (Days(40_001),)), "value", 0, "“40001 days” is too far from today."),
    (Leaf("birth_date", "is", ("x",), part="age"), "value", 0,
     "This takes a number of years or days, such as 30; “x” is none."),
    (Leaf("birth_date", "is", (13,), part="month"), "value", 0,
     "“13” is no month: write 1 to 12, the name of one, this month, next month or last month."),
    (Leaf("birth_date", "between", (3, "next"), part="month"), "value", 0,
     "“between” takes months by their numbers or names."),
    (Leaf("tier", "is", ("Bronze",)), "value", 0,
     "“Bronze” is no choice of “Tier”, which has: Gold, Silver, Prata & Ouro."),
    (Leaf("newsletter", "is", ("yes",)), "value", 0, "“Newsletter” is yes or no; “yes” is neither."),
    (Leaf("shop", "is", ("s3",)), "value", 0, "There is no shop “s3”."),
    (Leaf("shop", "is", (1,)), "value", 0, "“Shop” takes a text; “1” is none."),
])  # fmt: skip
def test_a_mistake_is_told_with_its_place(leaf: Tree, place: str, n: int, sentence: str) -> None:
    assert wrong(leaf) == [((), place, n, sentence)]


def test_what_only_may_be_reversed_on_some_days_is_no_mistake() -> None:
    assert wrong(Leaf("created", "between", (Days(-1, "months"), Days(-30)))) == []
    assert wrong(Leaf("created", "between", (Days(-30), Days(-1, "months")))) == []
    assert wrong(Leaf("created", "between", (Days(0), "2020-01-01"))) == []


def test_every_mistake_is_told_with_the_way_to_it() -> None:
    tree = All((GOOD, Any_((In("gone"), Not(Leaf("visits", "is", ("x",))))), Leaf("", "is", ("",))))
    assert [(path, place) for path, place, _, _ in wrong(tree)] == [
        ((1, 0), "group"), ((1, 1, 0), "value"), ((2,), "field"),
    ]  # fmt: skip


def test_a_long_name_is_repeated_by_its_beginning_alone() -> None:
    told = f"{'x' * 60}…"
    assert [sentence for _, _, _, sentence in wrong(All((Leaf("x" * 9_000, "is", ("a",)), In("x" * 9_000))))] == [
        f"There is no field “{told}”.", f"There is no group “{told}”.",
    ]  # fmt: skip


def test_as_many_mistakes_are_told_as_somebody_mends_at_once() -> None:
    assert [path for path, _, _, _ in wrong(All((In("gone"),) * 30))] == [(n,) for n in range(20)]


def test_a_tree_has_an_end_in_depth_and_in_number() -> None:
    tree: Tree = GOOD
    for _ in range(MAX_DEPTH):
        tree = Not(tree)
    assert (wrong(tree), wrong(All((GOOD,) * MAX_TESTS))) == ([], [])
    deep = "The parts of this rule lie more than 12 deep in one another."
    assert wrong(Not(tree)) == [((), "tree", 0, deep)]
    for _ in range(5_000):
        tree = Not(tree)
    assert wrong(tree) == [((), "tree", 0, deep)]
    assert wrong(All((GOOD,) * (MAX_TESTS + 1))) == [((), "tree", 0, "This rule has more than 200 conditions.")]


_VALUES = (
    st.text(max_size=4)
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from([*CATALOGUE.shops, "this", "2026-02-28"])
    | st.fixed_dictionaries({"days": st.integers(-50_000, 50_000)})
    | st.none()
)
_LEAVES = st.fixed_dictionaries(
    {"field": st.sampled_from([*CATALOGUE.fields, "x", ""]), "op": st.sampled_from([*OPERATORS, "is"])},
    optional={
        "value": _VALUES | st.lists(_VALUES, max_size=3), "exact": st.booleans(), "last": _VALUES,
        "part": st.sampled_from(["age", "days_since", "month", "", ["age"], {"age": 1}, None, 1]),
    },
) | st.fixed_dictionaries({"in": st.sampled_from([*CATALOGUE.groups, "x"])})  # fmt: skip


@given(st.recursive(_LEAVES, lambda inner: st.fixed_dictionaries({"all": st.lists(inner)}), max_leaves=4))
def test_whatever_json_holds_is_good_or_told(said: Any) -> None:
    try:
        tree = from_json(said)
    except Malformed:
        return
    for problem in check(tree, CATALOGUE):
        assert problem.sentence % problem.params


@given(trees(CATALOGUE))
def test_a_good_tree_is_the_same_through_json(tree: Tree) -> None:
    assert from_json(to_json(tree)) == tree


# ---- what is asked ----


@pytest.mark.parametrize("text, clock", [
    ("visits > 3", False), ("created > 2020-01-01", False), ("created > -30d", True), ("created = today", True),
    ("age > 3", True), ("days since created > 3", True), ("month of birth_date = 3", False),
    ("month of birth_date = this month", True), ("orders in last 90d > 3", True), ("created is empty", False),
])  # fmt: skip
def test_a_rule_reads_the_clock_when_the_day_matters(text: str, clock: bool) -> None:
    assert reads(parse(text, CATALOGUE)).reads_clock is clock


def test_a_rule_says_which_fields_and_groups_it_asks() -> None:
    fields, groups, clock = reads(parse("city = x and (age > 3 or not in group vip) and resellers = no", CATALOGUE))
    assert (fields, groups, clock) == ({"city", "birth_date"}, {"vip", "resellers"}, True)
