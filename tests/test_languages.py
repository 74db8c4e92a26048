"""Languages by name and by code."""

import pytest

from portal.languages import read_language


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
