"""The page about rules says what can be typed."""

import re
from pathlib import Path

import pytest

from portal.rules.checking import WRITTEN
from portal.rules.text import MAX_LENGTH, parse
from portal.rules.tree import MAX_DEPTH, MAX_TESTS, MAX_VALUES
from tests.rules.material import CATALOGUE

PAPER = (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")
# Whole conditions, not the single words and values that the page explains between them: they begin with what is asked.
BEGIN = re.compile(
    r"\(*(city|email|name|visits|created|newsletter|shop|resellers|isEmployee|gender|age\W|days since|month of|orders"
    r"|spent|(not )?in (group|any|all) [\w\"])"
)
INLINE = re.sub(r"```\n(.*?)\n```", r"`\1`", PAPER, flags=re.DOTALL).replace("\n(name", " (name")
EXAMPLES = [text for text in re.findall("`([^`]+)`", INLINE) if BEGIN.match(text)]


@pytest.mark.parametrize("text", EXAMPLES)
def test_every_example_is_a_rule(text: str) -> None:
    parse(text, CATALOGUE)


def test_there_are_examples_of_every_way_to_compare() -> None:
    assert len(EXAMPLES) >= 36
    assert {word for word in WRITTEN.values() if word not in PAPER} == {"<="}


def test_the_limits_are_those_that_hold() -> None:
    n = f"{MAX_LENGTH:,}".replace(",", " ")
    assert f"{n} characters, {MAX_TESTS} conditions, {MAX_DEPTH} levels" in PAPER
    assert f"{MAX_VALUES} values" in PAPER
