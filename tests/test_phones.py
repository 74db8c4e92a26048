"""Telephone numbers: one form for what can be read, the typed text for the rest, never a wrong key."""


import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.phones import PHONE_DAMAGED, PHONE_UNPARSED, Phone, format_phone, looks_damaged, read_phone
from tests.material import strings

NAUGHTY = strings()


@pytest.mark.parametrize(
    ("typed", "region", "key"),
    [
        ("84 123 4567", "MZ", "+258841234567"),
        ("841234567", "mz", "+258841234567"),
        ("+258 84-123-4567", None, "+258841234567"),
        ("00258 84 123 4567", None, "+258841234567"),
        ("00258841234567", "US", "+258841234567"),
        ("tel: +55 (12) 3923-5555", None, "+551239235555"),
        ("+49 0711 2842222", "BR", "+497112842222"),
        ("٠٧٧٣٩ ٤٦٨ ٠٥٠", "GB", "+447739468050"),
        ("229.077.5154", "US", "+12290775154"),
        ("(11) 98765-4321", "BR", "+5511987654321"),
        ("\u202a+258 84 123 4567\u202c", None, "+258841234567"),
    ],
)
def test_every_way_of_typing_a_number_has_one_form(typed: str, region: str | None, key: str) -> None:
    assert read_phone(typed, region) == Phone(key, key, None)


@pytest.mark.parametrize("typed", ["+1-539-402-0259x123", "+1 539 402 0259 ext. 123", "+15394020259;ext=123"])
def test_an_extension_is_kept_and_does_not_decide(typed: str) -> None:
    assert read_phone(typed, "US") == Phone("+15394020259 x123", "+15394020259", None)


@pytest.mark.parametrize(
    ("typed", "region"),
    [
        ("841234567", None),
        ("123", "MZ"),
        ("402-0259", "US"),
        ("flat 12, 84 123 4567", "MZ"),
        ("841234567 (Ana)", "MZ"),
        ("84 123 4567 / 82 123 4567", "MZ"),
        ("1-800-FLOWERS", "US"),
        ("ana@example.com", "MZ"),
        ("841234567", "ZZ"),
        ("9" * 61, "MZ"),
        ("0004 02-44120", "BR"),
        ("+" + "9" * 30, "MZ"),
    ],
)
def test_what_is_not_surely_one_number_is_kept_as_typed(typed: str, region: str | None) -> None:
    assert read_phone(typed, region) == Phone(typed, None, PHONE_UNPARSED)


@pytest.mark.parametrize(
    "typed",
    ["-4396", "2.04E+10", "2,04E+10", "2.58841E+11", "#REF!", "#N/A", "#DIV/0!", "#¡REF!", "#VALOR!", "####",
     "=1-2", '="841234567"', "258841234567.0", "-4396.5", "1 000 000.00"],
)  # fmt: skip
def test_what_a_spreadsheet_has_spoilt_needs_a_person(typed: str) -> None:
    assert looks_damaged(typed)
    assert read_phone(typed, "MZ") == Phone(typed, None, PHONE_DAMAGED)


@pytest.mark.parametrize(
    "typed", ["+1-539-402-0259", "84 123 4567", "212.555.0000", "#31#841234567", "", "none"]
)
def test_an_ordinary_number_is_not_taken_for_spoilt(typed: str) -> None:
    assert not looks_damaged(typed)


@pytest.mark.parametrize("typed", ["", "  ", "\x00"])
def test_an_empty_cell_is_no_phone_and_no_warning(typed: str) -> None:
    assert read_phone(typed, "MZ") == Phone("", None, None)


@pytest.mark.parametrize(
    ("shown", "spaced"),
    [
        ("+258841234567", "+258 84 123 4567"),
        ("+15394020259 x123", "+1 539-402-0259 ext. 123"),
        ("ask Ana", "ask Ana"),
        ("+", "+"),
        ("", ""),
    ],
)
def test_a_number_is_spaced_for_reading(shown: str, spaced: str) -> None:
    assert format_phone(shown) == spaced


@given(st.text("0123456789+-() .x/"), st.sampled_from(["MZ", "BR", "US", "IT", None]))
def test_a_stored_number_reads_as_itself_anywhere(typed: str, region: str | None) -> None:
    once = read_phone(typed, region)
    if once.key is not None:
        assert read_phone(once.shown, None) == once
        assert read_phone(format_phone(once.shown), None) == once


def test_a_naughty_string_is_never_a_key() -> None:
    keys = {text: read_phone(text, "MZ").key for text in NAUGHTY}
    assert {text for text, key in keys.items() if key is not None and not text.isdigit()} == set()


@given(st.text(st.characters()), st.sampled_from(["MZ", None, "??"]))
def test_no_text_breaks_the_reading(text: str, region: str | None) -> None:
    phone = read_phone(text, region)
    assert (phone.key is None) is (phone.warning is not None or phone.shown == "")
    assert isinstance(format_phone(text), str)


@pytest.mark.parametrize(
    "typed", ["#A" + "0" * 30_000 + " ", "1" * 32_000, "1 " * 16_000, "1.000" * 6_000 + "x"]
)
def test_a_long_cell_is_answered_at_once(typed: str) -> None:
    assert read_phone(typed, "MZ") == Phone(typed.strip(), None, PHONE_UNPARSED)
