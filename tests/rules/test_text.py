"""Rules as text: read into the tree that they say, written so that they read the same, refused in words."""

from time import process_time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from portal.rules.checking import check
from portal.rules.text import MAX_LENGTH, RuleError, parse, write
from portal.rules.tree import MAX_DEPTH, MAX_TESTS, All, Any_, Days, In, Not, Tree
from portal.rules.tree import Test as Leaf
from tests.rules.material import CATALOGUE
from tests.rules.reading import trees

PORTO = Leaf("city", "is", ("Porto",))
BUYER = Leaf("orders", "ge", (3,))


def read(text: str) -> Tree:
    return parse(text, CATALOGUE)


def refused(text: str) -> tuple[int, int, str]:
    with pytest.raises(RuleError) as told:
        read(text)
    return told.value.line, told.value.column, str(told.value)


# ---- what is read ----


def test_a_whole_rule_is_read_with_its_parentheses() -> None:
    text = 'city = "Porto" and (orders >= 3 or last_order > -30d) and not in group "Employees"'
    recent = Leaf("last_order", "gt", (Days(-30),))
    assert read(text) == All((PORTO, Any_((BUYER, recent)), Not(In("employees"))))
    assert write(read(text), CATALOGUE) == text


def test_and_binds_more_tightly_than_or() -> None:
    assert read("city = Porto or orders >= 3 and city = Porto") == Any_((PORTO, All((BUYER, PORTO))))


@pytest.mark.parametrize("text", [
    "city = Porto and not orders >= 3", 'CITY="porto" AND NOT orders>=3', "city = Porto e não orders >= 3",
    "Ciudad es Porto y no orders >= 3", "Cidade = Porto && !(orders >= 3)", "city = 'Porto' & ! orders ≥ 3",
    "city is “Porto” and not Orders at least 3", "`City` equals «Porto» and not 'orders' >= 3",
])  # fmt: skip
def test_the_joining_words_are_there_in_three_languages_and_as_signs(text: str) -> None:
    found = read(text)
    assert isinstance(found, All)
    assert (found.parts[0], found.parts[1]) == (Leaf("city", "is", (found.parts[0].values[0],)), Not(BUYER))  # type: ignore[union-attr]


@pytest.mark.parametrize("text, op, values", [
    ("visits = 3", "is", (3,)), ("visits != 3", "is_not", (3,)), ("visits <> 3", "is_not", (3,)),
    ("visits is not 3", "is_not", (3,)), ("visits < 3", "lt", (3,)), ("visits <= 2.5", "le", (2.5,)),
    ("visits > -3", "gt", (-3,)), ("visits >= 3", "ge", (3,)), ("visits between 3 and 5", "between", (3, 5)),
    ("visits entre 3 y 5", "between", (3, 5)), ("visits one of (3, 5)", "one_of", (3, 5)),
    ("visits in (3, 5)", "one_of", (3, 5)), ("visits not one of (3)", "not_one_of", (3,)),
    ("visits not in (3)", "not_one_of", (3,)), ("visits is empty", "empty", ()), ("visits is null", "empty", ()),
    ("visits = null", "empty", ()), ("visits vazio", "empty", ()), ("visits está vacío", "empty", ()),
    ("visits is not empty", "not_empty", ()), ("visits is not null", "not_empty", ()),
    ("visits <> null", "not_empty", ()), ("visits não está vazio", "not_empty", ()),
    ("visits != -3.25", "is_not", (-3.25,)), ('"Number of visits" = 3', "is", (3,)),
])  # fmt: skip
def test_numbers_are_compared(text: str, op: str, values: tuple[float, ...]) -> None:
    assert read(text) == Leaf("visits", op, values)


@pytest.mark.parametrize("text, op", [
    ("city contains Por", "contains"), ("city contém Por", "contains"), ("city contiene Por", "contains"),
    ("city not contains Por", "not_contains"), ("city does not contain Por", "not_contains"),
    ("city não contém Por", "not_contains"), ("city starts with Por", "starts_with"),
    ("city empieza con Por", "starts_with"), ("city ends with Por", "ends_with"), ("city termina em Por", "ends_with"),
    ("city = *Por*", "contains"), ("city = Por*", "starts_with"), ("city = *Por", "ends_with"),
    ("city <> *Por*", "not_contains"),
])  # fmt: skip
def test_texts_are_looked_into(text: str, op: str) -> None:
    assert read(text) == Leaf("city", op, ("Por",))


def test_texts_are_compared_letter_by_letter_when_that_is_asked() -> None:
    assert read("city == Porto") == Leaf("city", "is", ("Porto",), is_exact=True)
    assert read('city contains exactly "P"') == Leaf("city", "contains", ("P",), is_exact=True)
    assert read('city not one of exactly ("P", q)') == Leaf("city", "not_one_of", ("P", "q"), is_exact=True)
    assert read("visits == 3") == Leaf("visits", "is", (3,))


@pytest.mark.parametrize("text, value", [
    ("2026-02-28", "2026-02-28"), ("today", Days(0)), ("hoje", Days(0)), ("yesterday", Days(-1)), ("mañana", Days(1)),
    ("-30d", Days(-30)), ("+7d", Days(7)), ("-6m", Days(-6, "months")), ("- 2 weeks", Days(-2, "weeks")),
    ("−1y", Days(-1, "years")), ("30 days ago", Days(-30)), ("há 2 semanas", Days(-2, "weeks")),
    ("28/02/2026", "2026-02-28"), ("02/28/2026", "2026-02-28"), ("2026/2/28", "2026-02-28"),
    ("in 3 months", Days(3, "months")), ("hace 1 año", Days(-1, "years")), ('"-30d"', Days(-30)),
])  # fmt: skip
def test_days_are_dates_or_lie_so_far_from_today(text: str, value: object) -> None:
    assert read(f"first-visit before {text}") == Leaf("first-visit", "lt", (value,))


@pytest.mark.parametrize("way, op", [
    ("before", "lt"), ("after", "gt"), ("on or before", "le"), ("on or after", "ge"), ("on", "is"), ("is after", "gt"),
    ("antes de", "lt"), ("depois de", "gt"), ("después de", "gt"),
])  # fmt: skip
def test_dates_have_words_of_their_own(way: str, op: str) -> None:
    assert read(f"created {way} today") == Leaf("created", op, (Days(0),))


def test_a_date_is_asked_for_its_age_its_distance_and_its_month() -> None:
    thirty = Leaf("birth_date", "ge", (30,), part="age")
    assert [read(text) for text in ("age >= 30", "age(birth_date) >= 30", "age of `Birth date` >= 30")] == [thirty] * 3
    assert read("days since last_order > 90") == Leaf("last_order", "gt", (90,), part="days_since")
    this = Leaf("birth_date", "is", ("this",), part="month")
    assert [read(f"month of birth_date = {text}") for text in ("this month", "este mês", "este mes")] == [this] * 3
    assert read("month(birth_date) = março") == Leaf("birth_date", "is", (3,), part="month")
    assert read("month = 3") == Leaf("month", "is", (3,)), "a field of the store's own may be called so"
    assert read("age is empty") == Leaf("birth_date", "empty")


def test_purchases_are_counted_in_the_last_days() -> None:
    wanted = Leaf("orders", "ge", (3,), last=Days(90))
    texts = ("orders in last 90d >= 3", "orders in the last 90 days >= 3", "orders nos últimos 90 dias >= 3")
    assert [read(text) for text in texts] == [wanted] * 3


@pytest.mark.parametrize("text", [
    "in group Resellers", 'in group "resellers"', "in cluster RESELLERS", "member of segment resellers",
    "resellers = true", "Resellers=TRUE", "resellers = yes", "resellers = sim", "resellers = sí", "resellers != no",
    "em grupo resellers", "in any of groups (resellers)",
])  # fmt: skip
def test_a_group_is_a_field_that_says_yes_or_no(text: str) -> None:
    found = read(text)
    assert found in (In("resellers"), Any_((In("resellers"),)))


@pytest.mark.parametrize("text", ["resellers = false", "not in group Resellers", "Resellers=não", "resellers <> true"])
def test_a_group_that_says_no_is_one_she_is_not_in(text: str) -> None:
    assert read(text) == Not(In("resellers"))


def test_several_groups_are_asked_at_once() -> None:
    both = (In("employees"), In("resellers"))
    assert read("in any of groups (employees, Resellers)") == Any_(both)
    assert read("in all of groups (employees, Resellers)") == All(both)
    assert read("not in any of groups (employees, Resellers)") == Not(Any_(both))
    assert read("in none of groups (employees, Resellers)") == Not(Any_(both))


def test_values_are_read_as_the_field_wants_them() -> None:
    assert read("newsletter = sí") == Leaf("newsletter", "is", (True,))
    assert read("percent >= 35%") == read("percent >= 35 %") == Leaf("percent", "ge", (35,))
    assert read("tier = gold") == Leaf("tier", "is", ("Gold",))
    assert read("shop = 'kigali north'") == Leaf("shop", "is", ("s1",))
    assert read("shop one of (S1, Huye)") == Leaf("shop", "one_of", ("s1", "s2"))
    assert read("likes = silver") == Leaf("likes", "contains", ("Silver",))
    assert read('city = "-30d"') == Leaf("city", "is", ("-30d",))
    assert read("city = 30 days ago") == Leaf("city", "is", ("30 days ago",))
    assert read('city = "*go*"') == Leaf("city", "is", ("*go*",)), "in quotes an asterisk is one"


def test_a_text_without_a_condition_is_a_rule_that_fits_nobody() -> None:
    assert [read(text) for text in ("", "  \n", "all ()", "any ()")] == [All(()), All(()), All(()), Any_(())]


# ---- written and read again ----


@given(trees(CATALOGUE))
def test_a_tree_that_is_written_reads_as_itself(tree: Tree) -> None:
    text = write(tree, CATALOGUE)
    assert read(text) == tree
    assert write(read(text), CATALOGUE) == text


@pytest.mark.parametrize("number, text", [
    (2.123456789, "2.123456789"), (0.0000001, "0.0000001"), (123456789012345.6, "123456789012345.6"), (0.1, "0.1"),
    (-12.5, "-12.5"), (30.0, "30"), (10**15, "1000000000000000"), (100, "100"),
])  # fmt: skip
def test_a_number_keeps_all_its_decimals(number: float, text: str) -> None:
    tree = Leaf("visits", "is", (number,))
    assert write(tree, CATALOGUE) == f"visits = {text}"
    assert read(f"visits = {text}") == tree


@pytest.mark.parametrize("text", [
    "“" * MAX_LENGTH, '"\\' * (MAX_LENGTH // 2), "city = “a" * (MAX_LENGTH // 10), "visits = +" + "'\\" * 20_000,
    "any:\n" + "«" * (MAX_LENGTH - 5), "`" * (MAX_LENGTH - 1), "'" * (MAX_LENGTH - 1),
])  # fmt: skip
def test_quotes_that_are_never_closed_are_refused_at_once(text: str) -> None:
    before = process_time()
    refused(text)
    # Each of them looked for its end would be half a minute and more.
    assert process_time() - before < 4


def test_what_is_read_has_nothing_wrong_with_it() -> None:
    assert check(read("city = Porto and (visits > 3 or not in group vip)"), CATALOGUE) == []


# ---- refused ----


@pytest.mark.parametrize("text, line, column, sentence", [
    ("visits > 12,5", 1, 12, "Numbers have a decimal point in the text of a rule, as in 12.5."),
    ("cty = Porto", 1, 1, "There is no field “cty”; did you mean “city”?"),
    ("city = Porto\n  and xqz = 3", 2, 7, "There is no field “xqz”."),
    ("old = 3", 1, 1, "The field “Old one” is retired."),
    ("in group employes", 1, 10, "There is no group “employes”; did you mean “Employees”?"),
    ("city", 1, 5, "The rule ends where a way to compare should stand, such as =, >=, contains or is empty."),
    ("city =", 1, 7, "The rule ends where a value should stand."),
    ("city = Porto Alegre", 1, 14,
     "“and”, “or” or the end should stand here, not “Alegre”. A text of several words stands in quotes."),
    ("city = Porto or", 1, 16, "The rule ends where a field or a group should stand."),
    ("(city = Porto", 1, 1, "This parenthesis is never closed."),
    ("city = O'Brien and (visits = 3 or (visits > 2)", 1, 20, "This parenthesis is never closed."),
    ("visits one of (3, 4", 1, 15, "This parenthesis is never closed."),
    ("city = Porto)", 1, 13, "This parenthesis was never opened."),
    ('city = "Porto', 1, 8, "The quote that opens here is never closed."),
    ("city # 3", 1, 6,
     "A way to compare should stand here, such as = or is empty, not “#”. A name of several words stands in quotes."),
    ("last order > 3", 1, 6,
     "A way to compare should stand here, such as = or is empty, not “order”."
     " A name of several words stands in quotes."),
    ("visits = abc", 1, 10, "“Visits” takes a number, such as 3 or 2.5; “abc” is none."),
    ("visits between 5 and 3", 1, 22,
     "The first value has to be the smaller one, or the earlier one: nothing lies between these."),
    ("visits between 5", 1, 17, "The rule ends where “and” and the second value should stand."),
    ("visits one of 3", 1, 15, "An opening parenthesis should stand here, not “3”."),
    ("visits one of (3 4)", 1, 18, "A comma or a closing parenthesis should stand here, not “4”."),
    ("first-visit > 30d", 1, 15,
     "“First visit” takes a date, such as 2026-02-28, -30d, +7d or today; “30d” is none."),
    ("first-visit = 2026-02-30", 1, 15,
     "“First visit” takes a date, such as 2026-02-28, -30d, +7d or today; “2026-02-30” is none."),
    ("created > 03/04/2026", 1, 11,
     "“Created” takes a date, such as 2026-02-28, -30d, +7d or today; “03/04/2026” is none."),
    ("created > '2026-02-28 10:00'", 1, 11,
     "“Created” takes a date, such as 2026-02-28, -30d, +7d or today; “2026-02-28 10:00” is none."),
    ("tier = platinum", 1, 8, "“platinum” is no choice of “Tier”, which has: Gold, Silver, Prata & Ouro."),
    ("shop = Hye", 1, 8, "There is no shop “Hye”; did you mean “Huye”?"),
    ("newsletter = maybe", 1, 14, "“Newsletter” is yes or no; “maybe” is neither."),
    ("newsletter > true", 1, 12, "“Newsletter” cannot be asked with “>”, but with: =, !=, is empty, is not empty."),
    ("month of city = 3", 1, 1, "“City” is no date: it has no age, no days since it and no month."),
    ("visits in last 90d > 3", 1, 16,
     "Only counts and sums of purchases are asked of the last days; “Visits” is none."),
    ("orders in last week > 3", 1, 16, "A length of time such as 90d, 12w, 3m or 1y should stand here, not “week”."),
    ("resellers > 3", 1, 11, "“resellers” is a group: write “= true”, “= false” or “in group”."),
    ("resellers is empty", 1, 11, "“resellers” is a group: write “= true”, “= false” or “in group”."),
    ("city = a*b", 1, 8, "An asterisk stands at the beginning or the end of a value only."),
    ('city = ""', 1, 8, "A value is missing here. To ask for customers without one, choose “is empty”."),
    ("visits = 9999999999999999", 1, 10, "“9999999999999999” is too large a number."),
    (f"visits > {'9' * 400}", 1, 10, f"“{'9' * 60}…” is too large a number."),
    ("in group", 1, 9, "The rule ends where the name of a group should stand."),
    ("age(city", 1, 4, "This parenthesis is never closed."),
])  # fmt: skip
def test_what_is_no_rule_is_refused_where_it_goes_wrong(text: str, line: int, column: int, sentence: str) -> None:
    assert refused(text) == (line, column, sentence)


@pytest.mark.parametrize("text", ["not all ()", "not (any ())", "any (not all (), all ())", "all:\nnot any ()\nall ()"])
def test_a_rule_that_denies_no_condition_is_refused_since_it_would_have_everybody(text: str) -> None:
    assert refused(text)[2] == "A rule without a condition has no members. Add a condition."


def test_there_is_an_end_to_the_length_the_depth_and_the_number_of_conditions() -> None:
    assert refused("x" * (MAX_LENGTH + 1))[2] == "A rule has at most 50000 characters."
    assert refused("not " * (MAX_DEPTH + 1) + "visits = 1")[2] == (
        "The parts of this rule lie more than 12 deep in one another."
    )
    assert refused("not " * 12_000 + "visits = 1")[2] == "The parts of this rule lie more than 12 deep in one another."
    assert refused(" or ".join(["visits = 1"] * (MAX_TESTS + 1)))[2] == "This rule has more than 200 conditions."
    many = ", ".join(["1"] * 501)
    assert refused(f"visits one of ({many})")[2] == "One condition takes at most 500 values."
    assert read("(" * 20_000 + "visits = 1" + ")" * 20_000) == Leaf("visits", "is", (1,))


_PIECES = [
    "city", "visits", "and", "or", "not", "(", ")", ",", "=", "==", "!=", "<", ">=", "contains", "between", "one of",
    "is empty", "in group", "in any of groups", "resellers", "Porto", "3", "-30d", '"', "'", "`", "“", "\\", "*", "%",
    "month of", "birth_date", "in last", "90d", "exactly", "all", "any", "null", "\n", "é", "no", "!", "&&", "\x00",
]  # fmt: skip


@example("\ud800 = 3")
@example('city = "\ud800"')
@given(st.text() | st.lists(st.sampled_from(_PIECES) | st.text(max_size=3), max_size=14).map(" ".join))
def test_whatever_is_typed_is_a_rule_or_refused_in_words(text: str) -> None:
    try:
        tree = read(text)
    except RuleError as told:
        assert 1 <= told.line <= text.count("\n") + 1
        assert 1 <= told.column <= len(text) + 1
        return
    assert check(tree, CATALOGUE) == []
    assert read(write(tree, CATALOGUE)) == tree
