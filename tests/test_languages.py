"""Languages by name and by code."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.languages import is_language, read_language
from portal.text import clean, fold


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("rw", "rw"), ("RW", "rw"), ("Kinyarwanda", "rw"), ("quiniaruanda", "rw"), ("PORTUGUÊS", "pt"),
        ("portugues", "pt"), ("Español", "es"), ("inglés", "en"), ("Inglês", "en"), ("French", "fr"),
        ("pt-BR", "pt-BR"), ("by sign", "by sign"), ("", ""),
    ],
)  # fmt: skip
def test_a_language_is_read_by_code_and_by_name_in_the_languages_of_the_pages(typed: str, stored: str) -> None:
    assert read_language(typed) == stored


def test_a_code_comes_before_a_name_that_is_spelt_like_it() -> None:
    """Ga, of Ghana, has the code gaa; ga is Irish."""
    assert read_language("Ga") == "ga"


LETTERS = string.ascii_lowercase
CODES = [f"{a}{b}{c}" for a in LETTERS for b in LETTERS for c in ("", *LETTERS)]


@given(st.text(max_size=8) | st.sampled_from(CODES) | st.sampled_from(CODES).map(str.title))
def test_what_is_stored_means_a_language_only_where_it_is_its_code(typed: str) -> None:
    stored = read_language(clean(typed))
    assert is_language(stored) == is_language(fold(stored))
    assert read_language(stored) == stored
    assert not is_language(stored) or fold(stored) == stored


def test_every_code_of_a_language_is_stored_as_it_is() -> None:
    known = [code for code in CODES if is_language(code)]
    assert {"pt", "es", "en", "rw"} <= set(known)
    assert [read_language(code.upper()) for code in known] == known
