"""The sentence of a rule says what the rule does, in each language, and can be read in one way only."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask_babel import Babel, force_locale, gettext
from hypothesis import HealthCheck, given, settings

from portal import config
from portal.rules.catalogue import Catalogue
from portal.rules.checking import check
from portal.rules.text import RuleError, parse
from portal.rules.tree import All, Any_, In, Not, Tree
from portal.rules.tree import Test as Leaf
from portal.words import rules as words
from tests.conftest import settings_for
from tests.rules.material import CATALOGUE
from tests.rules.reading import trees
from tests.words.sentences import Reader, francs, meant

LANGUAGES = ("en", "pt", "es")
TRANSLATIONS = Path(words.__file__).parents[1] / "translations"


@pytest.fixture(scope="module", autouse=True)
def languages() -> Iterator[None]:
    """Sentences need no database: an application that knows nothing but the languages."""
    app = Flask("sentences")
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(TRANSLATIONS)
    Babel(app)
    config.use(settings_for("sqlite:///none.db", currency="RWF"))
    with app.test_request_context():
        yield


def said(text: str, language: str = "en", catalogue: Catalogue = CATALOGUE) -> str:
    with force_locale(language):
        return words.sentence(parse(text, catalogue), catalogue)


SEED = 'city = "Porto" and (orders >= 3 or last_order > -30d) and not in group "Employees"'


@pytest.mark.parametrize("language, sentence", [
    ("en", "City is “Porto”, and at least one of (Orders is at least 3; Last order is after 30 days ago),"
           " and not in the group “Employees”."),
    ("pt", "City é “Porto”, e pelo menos uma destas condições (Orders é no mínimo 3; Last order é posterior a"
           " 30 dias atrás), e não está no grupo “Employees”."),
    ("es", "City es “Porto”, y al menos una de estas condiciones (Orders es como mínimo 3; Last order es posterior a"
           " hace 30 días), y no está en el grupo “Employees”."),
])  # fmt: skip
def test_a_rule_is_said_in_each_language(language: str, sentence: str) -> None:
    assert said(SEED, language) == sentence


@pytest.mark.parametrize("text, sentence", [
    ("city != Porto", "City is not “Porto” (or is empty)."),
    ("not city = Porto", "City is not “Porto” (or is empty)."),
    ("not visits >= 3", "Not (Visits is at least 3) (or is empty)."),
    ("city not one of (a, b) or visits > 1000.5",
     "At least one of (City is not one of “a” or “b” (or is empty); Visits is more than 1,000.5)."),
    ("city not contains exactly 'P'", "City does not contain exactly “P” (or is empty)."),
    ("newsletter = no", "Newsletter is no."),
    ("credit >= 2499.5", "Credit is at least RWF2,500."),
    ("percent = 0.3333333", "Percent is 0.3333333 %."),
    ("first-visit on or before 2026-02-28", "First visit is February 28, 2026 or before."),
    ("age >= 18 and month of birth_date = next month",
     "Age (by Birth date) is at least 18, and month of Birth date is next month."),
    ("days since called > 90", "Number of days since Called is more than 90."),
    ("orders in last 1w = 0", "Orders in the last 1 week is 0."),
    ("shop = s1", "Shop is “Kigali North”."),
    ('city = "a” or City is “b"', "City is “a”” or City is “b”."),
    ("not (city = a and visits = 1)", "Not (all of (City is “a”; Visits is 1))."),
    ("", "Nobody at all."),
])  # fmt: skip
def test_it_says_what_it_does_with_empty_values_numbers_and_days(text: str, sentence: str) -> None:
    assert said(text) == sentence


def test_further_values_are_counted() -> None:
    sentence = said(f"visits one of ({', '.join(map(str, range(23)))})")
    assert sentence == f"Visits is one of {' or '.join(map(str, range(20)))} or 3 more."


def test_fields_and_shops_of_one_name_are_told_apart() -> None:
    fields = {**CATALOGUE.fields, "town": replace(CATALOGUE.fields["city"], code="town")}
    twice = replace(CATALOGUE, fields=fields, shops={"s1": (1, "Huye"), "s2": (2, "huye")})
    assert said("town = a and shop = s2", catalogue=twice) == "City (town) is “a”, and Shop is “huye (s2)”."


def test_what_is_not_there_any_more_is_said_by_its_code() -> None:
    tree = All((Leaf("gone", "is", ("x",)), In("gone-too")))
    assert words.sentence(tree, CATALOGUE) == "“gone” is “x”, and in the group “gone-too”."


def _as_francs(tree: Tree) -> Tree:
    """Amounts are compared in whole francs, which is what the sentence says."""
    match tree:
        case All(parts) | Any_(parts):
            return type(tree)(tuple(_as_francs(part) for part in parts))
        case Not(part):
            return Not(_as_francs(part))
        case Leaf() if CATALOGUE.fields[tree.field].type == "money":
            return replace(tree, values=tuple(francs(value) for value in tree.values))
    return tree


@pytest.mark.parametrize("language", LANGUAGES)
@given(tree=trees(CATALOGUE))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_a_sentence_never_lies(language: str, tree: Tree) -> None:
    with force_locale(language):
        labels = {code: info.label if info.is_own else gettext(info.label) for code, info in CATALOGUE.fields.items()}
        sentence = words.sentence(tree, CATALOGUE)
    assert Reader(language, CATALOGUE, labels).read(sentence) == {meant(_as_francs(tree))}, sentence


# ---- mistakes ----


@pytest.mark.parametrize("language, sentence", [
    ("en", "Line 2, column 2: There is no field “cty”; did you mean “city”?"),
    ("pt", "Linha 2, coluna 2: Não existe o campo “cty”; quis dizer “city”?"),
    ("es", "Línea 2, columna 2: No existe el campo “cty”; ¿quiso decir “city”?"),
])  # fmt: skip
def test_a_mistake_is_told_with_line_and_column(language: str, sentence: str) -> None:
    with pytest.raises(RuleError) as told:
        parse("\n cty = 3", CATALOGUE)
    with force_locale(language):
        assert words.of_mistake(told.value) == sentence


def test_a_problem_of_a_part_is_told() -> None:
    (problem,) = check(Leaf("visits", "is", ("x",)), CATALOGUE)
    assert words.of_problem(problem) == "“Visits” takes a number, such as 3 or 2.5; “x” is none."
