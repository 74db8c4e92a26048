"""Folding, slugs and tidying hold for every string, and for the names that real people have."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.text import clean, digits, fold, has_forbidden, slug
from tests.material import strings

ANY = st.text(st.characters())  # with lone surrogates
NAUGHTY = strings()


@pytest.mark.parametrize(
    ("typed", "folded"),
    [
        ("Stanisław Wójcik", "stanislaw wojcik"),
        ("  KÖHLER\t Holý ", "kohler holy"),
        ("Bjørn Ærø", "bjorn aero"),
        ("Straße", "strasse"),
        ("İstanbul Işık", "istanbul isik"),
        ("Þór Đặng", "thor dang"),
        ("João d’Ávila", "joao d'avila"),
        ("O´Brien", "o'brien"),
        ("O\u1ffdBrien", "o'brien"),
        ("A–B—C", "a-b-c"),
        ("℡ ﬁne", "tel fine"),
        ("zero\u200bwidth", "zerowidth"),
        ("Ёлка", "елка"),
        ("か", "か"),
        ("が", "が"),
        ("", ""),
        (" \u00a0 ", ""),
    ],
)
def test_a_fold_drops_case_accents_and_typography(typed: str, folded: str) -> None:
    assert fold(typed) == folded


def test_a_voicing_mark_is_part_of_the_letter_and_not_an_accent() -> None:
    assert fold("が") != fold("か")


@given(ANY)
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_folding_is_idempotent_for_each_character_alone_and_between_letters() -> None:
    unstable = [code for code in range(sys.maxunicode + 1) if fold(once := fold(f"a{chr(code)}b")) != once]
    assert unstable == []


@given(ANY)
def test_the_two_unicode_spellings_of_a_text_fold_alike(text: str) -> None:
    assert fold(unicodedata.normalize("NFC", text)) == fold(unicodedata.normalize("NFD", text))


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Super Bonus!", "super-bonus"),
        ("Revendedores – São Paulo", "revendedores-sao-paulo"),
        ("  --A  b-- ", "a-b"),
        ("Łódź & Straße", "lodz-strasse"),
        ("顧客", ""),
        ("!!!", ""),
        ("x" * 59 + " yz", "x" * 59),
        ("x" * 80, "x" * 60),
    ],
)
def test_a_slug_is_plain_ascii(name: str, code: str) -> None:
    assert slug(name) == code


@given(ANY)
def test_a_slug_of_a_slug_is_itself(text: str) -> None:
    once = slug(text)
    assert slug(once) == once
    assert len(once) <= 60
    assert once.strip("abcdefghijklmnopqrstuvwxyz0123456789-") == ""
    assert once == once.strip("-")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" a\x00b\x07c ", "abc"),
        ("line\r\nline\rline\nline", "line\nline\nline\nline"),
        ("tab\tstays", "tab\tstays"),
        ("e\u0301", "é"),
        ("\ud800x", "\ufffdx"),
        ("a\x85b\x9fc", "abc"),
        ("\u00a0x\u00a0", "x"),
    ],
)
def test_clean_keeps_text_and_drops_controls(typed: str, kept: str) -> None:
    assert clean(typed) == kept


@given(ANY)
def test_cleaned_text_can_be_stored_and_is_clean(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert not has_forbidden(once)
    assert once.encode("utf-8").decode("utf-8") == once


@pytest.mark.parametrize(
    ("text", "forbidden"),
    [("plain é 😀\n", False), ("\x07", False), ("a\x00", True), ("\udfff", True), ("\ud83d\ude00", True)],
)
def test_only_nul_and_lone_surrogates_are_forbidden(text: str, forbidden: bool) -> None:
    assert has_forbidden(text) is forbidden


@pytest.mark.parametrize(
    ("text", "found"), [("+258 (84) 12-3", "25884123"), ("٠١٢ ३", "0123"), ("x²½", ""), ("", "")]
)
def test_digits_of_any_script_become_ascii(text: str, found: str) -> None:
    assert digits(text) == found


@pytest.mark.parametrize("text", NAUGHTY)
def test_a_naughty_string_survives(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert clean(clean(text)) == clean(text)
    assert slug(slug(text)) == slug(text)
    assert all(char in "0123456789" for char in digits(text))
