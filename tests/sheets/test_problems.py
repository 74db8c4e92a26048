"""Every code is listed once with what it carries, so that a translator can know them all."""

import pytest

from portal import emails, phones
from portal.sheets import CODES, column_letters, problems


def test_every_code_is_listed() -> None:
    constants = {
        value
        for module in (problems, phones, emails)
        for name, value in vars(module).items()
        if name.isupper() and not name.startswith("_") and isinstance(value, str)
    }
    assert constants == set(CODES)


@pytest.mark.parametrize(
    ("index", "letters"), [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (702, "AAA")]
)
def test_a_column_has_the_letters_of_a_spreadsheet(index: int, letters: str) -> None:
    assert column_letters(index) == letters
