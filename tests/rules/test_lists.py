"""Expressions as VTEX writes them are pasted and give the rule."""

import pytest

from portal.rules.text import RuleError, parse, write
from portal.rules.tree import All, Any_, In, Tree
from portal.rules.tree import Test as Leaf
from tests.rules.material import CATALOGUE

EMPLOYEE = In("is-employee")
MAIL = Leaf("email", "contains", ("@store.example",))


def read(text: str) -> Tree:
    return parse(text, CATALOGUE)


def test_one_expression_is_a_rule() -> None:
    assert read("isEmployee=true") == EMPLOYEE
    assert read("email contains @store.example") == MAIL


def test_the_grammar_of_its_filters_is_understood() -> None:
    text = "((gender=male AND percent=0.35) AND any is null) AND (name=*go*)"
    inner = All((Leaf("gender", "is", ("male",)), Leaf("percent", "is", (0.35,))))
    found = All((All((inner, Leaf("any", "empty"))), Leaf("name", "contains", ("go",))))
    assert read(text) == found
    assert read(f"_where={text}") == found
    assert read(f"?_where={text}") == found
    assert write(found, CATALOGUE) == (
        '((gender = "male" and percent = 0.35) and "any" is empty) and name contains "go"'
    )


@pytest.mark.parametrize("text, same", [
    ("city is not null", "city is not empty"), ("city<>Porto", 'city != "Porto"'), 
    ("name=go*", 'name starts with "go"'),
    ("name=*go", 'name ends with "go"'), ("name=*", "name is not empty"), ("name<>*go*", 'name not contains "go"'),
    ("name<>go*", 'not name starts with "go"'), ("created between 2001-01-01 AND 2016-01-01",
     'created between "2001-01-01" and "2016-01-01"'), ("(city=Porto OR city=Huye) OR (visits>3)",
     '(city = "Porto" or city = "Huye") or visits > 3'),
])  # fmt: skip
def test_its_signs_say_the_same_as_words(text: str, same: str) -> None:
    assert write(read(text), CATALOGUE) == same


@pytest.mark.parametrize("text, kind", [
    ("isEmployee=true\nemail contains @store.example", All), ("isEmployee=true; email contains @store.example;", All),
    ("isEmployee=true, email contains @store.example", All),
    ("all:\nisEmployee=true\nemail contains @store.example\n", All),
    ("Any of the following\n\n  isEmployee=true\n  email contains @store.example", Any_),
    ("qualquer: isEmployee=true; email contains @store.example", Any_),
    ("any (isEmployee=true, email contains @store.example)", Any_),
])  # fmt: skip
def test_several_expressions_hold_all_or_any(text: str, kind: type) -> None:
    assert read(text) == kind((EMPLOYEE, MAIL))


def test_a_list_of_one_is_that_one() -> None:
    assert read("any:\nisEmployee=true") == EMPLOYEE
    assert read("isEmployee=true;") == EMPLOYEE


@pytest.mark.parametrize("text, line, column, sentence", [
    ("any:\nisEmployee=true\ncty = Porto", 3, 1, "There is no field “cty”; did you mean “city”?"),
    ("all of\n city = Porto\n visits", 3, 8,
     "The rule ends where a way to compare should stand, such as =, >=, contains or is empty."),
    # Where nothing says that it is a list, the text is explained as the one rule that it is meant to be.
    ("city = Porto or\ncity = Huye\nvisits > 3", 3, 1,
     "“and”, “or” or the end should stand here, not “visits”. A text of several words stands in quotes."),
    # Each line is a rule by its form: what is wrong is a name in one of them.
    ("email contains gmail\nisVIP=true", 2, 1, "There is no field “isVIP”; did you mean “vip”?"),
    ("_where=cty=3", 1, 8, "There is no field “cty”; did you mean “city”?"),
])  # fmt: skip
def test_a_mistake_in_a_list_is_told_where_it_is(text: str, line: int, column: int, sentence: str) -> None:
    with pytest.raises(RuleError) as told:
        read(text)
    assert (told.value.line, told.value.column, str(told.value)) == (line, column, sentence)


def test_a_long_list_has_an_end_too() -> None:
    with pytest.raises(RuleError, match="more than 200 conditions"):
        read("\n".join(["visits > 1"] * 201))
