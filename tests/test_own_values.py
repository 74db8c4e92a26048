"""Typed text of the store's own fields: what is read, what is refused, and that what is written is read again."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal import own_values
from portal.own_values import Cell, Context
from portal.text import fold


class Like(NamedTuple):
    """A field as reading knows it."""

    type: str
    code: str = "thing"
    choices: tuple[str, ...] = ()


USD, RWF, KWD = (
    Context(currency="USD"),
    Context(currency="RWF", region="RW", zone="Africa/Kigali"),
    Context(currency="KWD"),
)
LISBON = Context(zone="Europe/Lisbon", region="PT", currency="EUR")
BRAZIL = Context(region="BR", currency="BRL", zone="America/Sao_Paulo")
TIERS = ("Gold", "Silver", "São Tomé", "A, B")


def value(type_: str, text: str, said: Context = USD) -> Any:
    own = own_values.read(Like(type_, choices=TIERS), text, said)
    assert own.refusal is None, own.refusal
    return own.cell.value


def refused(type_: str, text: str, said: Context = USD) -> str:
    own = own_values.read(Like(type_, choices=TIERS), text, said)
    assert own.cell == Cell() and own.refusal is not None and own.refusal.field == "thing"
    return own.refusal.sentence % own.refusal.params


@pytest.mark.parametrize(
    "text", ["yes", "YES", "sim", "Sí", "si", "true", "TRUE", "1", "x", "X", "on", "verdadeiro", "✓"]
)
def test_yes_is_read_in_three_languages(text: str) -> None:
    assert value("yesno", text) is True


@pytest.mark.parametrize("text", ["no", "No", "não", "Nao", "false", "0", "off", "falso"])
def test_no_is_read_in_three_languages(text: str) -> None:
    assert value("yesno", text) is False


def test_what_is_neither_is_refused_and_nothing_is_nothing() -> None:
    assert refused("yesno", "maybe") == "“maybe” is neither yes nor no."
    assert {value(type_, "  ") for type_ in own_values.READERS} == {None}
    assert value("text", "\u200b\u200e") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12", 12), ("-12", -12), ("−12", -12), ("+3", 3), ("1.5", 1.5), ("1,5", 1.5), ("0,125", 0.125),
        ("0.125", 0.125), ("1.234,5", 1234.5), ("1,234.5", 1234.5), ("1.234.567", 1234567),
        ("1,234,567.25", 1234567.25), ("1 234", 1234),
        ("1\u202f234,5", 1234.5), ("1'234'567", 1234567), ("1234.567", 1234.567),
        ("1,2345", 1.2345),
        (".5", 0.5), ("5.", 5), ("12,34,567.5", 1234567.5), ("1.5E+3", 1500), ("1,5e-2", 0.015), ("١٢", 12),
        ("(12)", -12), ("1.2340", 1.234), ("-0", 0),
    ],
)  # fmt: skip
def test_a_number_is_read_with_a_decimal_comma_or_a_point(text: str, expected: float) -> None:
    assert value("number", text) == expected


@pytest.mark.parametrize("text", ["1,234", "1.234", "12.345", "123,456", "-1,234"])
def test_a_number_of_two_readings_is_refused_with_both(text: str) -> None:
    bare = text.lstrip("-").replace(",", "").replace(".", "")
    sentence = refused("number", text)
    assert sentence.startswith(f"“{text}” can be read in two ways. Write {bare} or ")
    assert value("number", bare) == float(bare)
    assert value("number", sentence.rpartition(" ")[2].rstrip(".")) == float(text.lstrip("-").replace(",", "."))


def test_a_known_mark_leaves_one_reading() -> None:
    assert value("number", "1.234", Context(mark=",")) == 1234
    assert value("number", "1.234", Context(mark=".")) == 1.234
    assert value("percent", "12,345", Context(mark=",")) == 12.345


@pytest.mark.parametrize(
    "text", [
        "twelve", "1.2.3", "1,2,3", "1.23,45.6", "1 23", "--1", "1..2", "inf", "nan", "0x10", "1e", "$5", "½",
        # One sign of any kind between digits is not what sets thousands apart.
        "555-123", "10/300", "12:345", "1x234", "1a234", "1_000",
    ],
)
def test_what_is_no_number_is_refused(text: str) -> None:
    assert refused("number", text) == f"“{text}” is not a number."


def test_a_number_too_large_to_be_held_is_refused() -> None:
    assert refused("number", "1000000000000000") == "“1000000000000000” is too large a number."
    assert refused("number", "1e300") == "“1e300” is too large a number."
    assert refused("money", "99999999999999.99").endswith("too large a number.")
    assert value("number", "999999999999999") == 999999999999999


@pytest.mark.parametrize("text", ["35", "35%", "35 %", "35,0", "35.0\u00a0%"])
def test_percent_is_read_with_and_without_its_sign(text: str) -> None:
    assert value("percent", text) == 35


@pytest.mark.parametrize(
    ("text", "said", "minor"),
    [
        ("12.50", USD, 1250), ("12,5", USD, 1250), ("$12.50", USD, 1250), ("12.50 USD", USD, 1250),
        ("usd 12", USD, 1200), ("1,234", USD, 123400), ("1.234", USD, 123400), ("1.234,56", USD, 123456),
        ("(5)", USD, -500),
        ("1.500", RWF, 1500), ("RWF 1 500", RWF, 1500), ("1500.00", RWF, 1500), ("12,50 €", LISBON, 1250),
        ("R$ 1.234,56", BRAZIL, 123456), ("1.2340", KWD, 1234), ("12.50", KWD, 12500),
    ],
)  # fmt: skip
def test_money_is_read_into_the_smallest_units_of_the_stores_currency(text: str, said: Context, minor: int) -> None:
    assert value("money", text, said) == minor


def test_a_decimal_too_many_is_no_thousand_to_whoever_has_that_mark() -> None:
    for home, slip, thousand in ((".", "12.345", "12,345"), (",", "12,345", "12.345")):
        said = replace(USD, home=home)
        assert value("money", thousand, said) == 1234500
        assert refused("money", slip, said) == f"“{slip}” can be read in two ways. Write 12345 or 12.35."
        assert refused("money", f"${slip}", said).endswith("can be read in two ways. Write 12345 or 12.35.")
    assert value("money", "1.500", replace(RWF, home=".")) == 1500  # a currency that has no decimals
    assert value("money", "12.345", replace(USD, mark=",", home=".")) == 1234500  # as a whole column is written


def test_money_of_another_currency_or_of_too_many_decimals_is_refused() -> None:
    assert refused("money", "€ 5") == "“€ 5” is not an amount in USD."
    assert refused("money", "1234.505") == "“1234.505” is not an amount in USD."
    assert refused("money", "1.50", RWF) == "“1.50” is not an amount in RWF."
    assert refused("money", "1.234", KWD).startswith("“1.234” can be read in two ways.")


def test_days_and_moments_are_read_in_the_stores_zone() -> None:
    assert value("date", "2026-01-31") == date(2026, 1, 31)
    assert value("date", "31/01/2026", Context(date_order="dmy")) == date(2026, 1, 31)
    assert refused("date", "31/01/2026").endswith("is not a date; write it as 1991-06-14.")
    assert refused("date", "0999-01-31").endswith("is not a date; write it as 1991-06-14.")
    assert value("datetime", "2026-01-31 14:05", RWF) == datetime(2026, 1, 31, 12, 5)
    assert value("datetime", "2026-01-31T14:05:07Z", RWF) == datetime(2026, 1, 31, 14, 5, 7)
    assert value("datetime", "2026-01-31 14:05 +0530") == datetime(2026, 1, 31, 8, 35)
    assert value("datetime", "2026-01-31 2:05 pm") == datetime(2026, 1, 31, 14, 5)
    assert value("datetime", "2026-07-31", LISBON) == datetime(2026, 7, 30, 23, 0)
    for text in ("2026-01-31 25:00", "2026-02-30 10:00", "soon", "2026-01-31 13:00 pm", "9999-12-31 23:00"):
        assert refused("datetime", text).endswith("is no date and time; write it as 1991-06-14 17:30.")


def test_an_hour_that_comes_twice_is_written_so_that_it_is_read_again() -> None:
    first, second = datetime(2026, 10, 25, 0, 30), datetime(2026, 10, 25, 1, 30)
    texts = [own_values.typed(Like("datetime"), moment, LISBON) for moment in (first, second)]
    assert texts == ["2026-10-25T01:30", "2026-10-25T01:30+0000"]
    assert [value("datetime", text, LISBON) for text in texts] == [first, second]


def test_a_choice_is_met_without_case_and_accents_and_others_are_named() -> None:
    assert value("choice", "gold") == "Gold"
    assert own_values.read(Like("choice", choices=TIERS), "SAO tome", USD).cell == Cell("São Tomé", "sao tome")
    assert refused("choice", "Bronze") == "“Bronze” is not one of the choices: Gold, Silver, São Tomé, A, B."


def test_several_choices_are_read_in_any_order_and_kept_in_theirs() -> None:
    field = Like("choices", choices=TIERS)
    for text in ("silver, GOLD", "Gold;Silver", "silver\nGold", "Gold, gold; silver"):
        assert own_values.read(field, text, USD).cell == Cell("\nGold\nSilver\n", "\ngold\nsilver\n")
    assert own_values.read(field, "a, b; Gold", USD).cell.value == "\nGold\nA, B\n"
    assert refused("choices", "Gold, Bronze").startswith("“Bronze” is not one of the choices: ")


def test_phones_and_addresses_follow_the_rules_of_the_built_in_ones() -> None:
    own = own_values.read(Like("phone"), "0788 412 903", RWF)
    assert (own.cell, own.warning) == (Cell("+250788412903", "+250788412903"), None)
    own = own_values.read(Like("phone"), "ask 12 at the desk", RWF)
    assert own.cell == Cell("ask 12 at the desk", "12") and own.warning is not None
    assert "damaged" in refused("phone", "2.04E+10")
    assert own_values.read(Like("email"), "Ann@EXAMPLE.com", USD).cell == Cell("Ann@example.com", "ann@example.com")
    assert own_values.read(Like("email"), "ann@internalmail", USD).warning is not None
    assert refused("email", "ann at home") == "“ann at home” is not an e-mail address."
    assert value("url", "store.example/a?b=c") == "https://store.example/a?b=c"
    assert value("url", "HTTP://store.example") == "HTTP://store.example"
    for text in (
        "javascript:alert(1)",
        "ftp://store.example",
        "http://",
        "a b.example",
        "https://x",
        'https://a.b/"><',
    ):
        assert refused("url", text).endswith("is not the address of a page; write it as https://store.example.")


@pytest.mark.parametrize("text", ["529.982.247-25", "52998224725", " 529.982.247-25 "])
def test_a_cpf_is_known_by_its_check_digits(text: str) -> None:
    assert own_values.read(Like("cpf"), text, USD).cell == Cell("529.982.247-25", "52998224725")


def test_zeros_that_a_spreadsheet_dropped_come_back() -> None:
    assert value("cpf", "1234567890") == "012.345.678-90"
    assert value("cnpj", "394460005887") == "00.394.460/0058-87"
    assert value("postalcode", "1310100", BRAZIL) == "01310-100"


@pytest.mark.parametrize(
    "text", ["529.982.247-26", "111.111.111-11", "123", "529.982.247", "5299822472A", "529982247255"]
)
def test_what_is_no_cpf_is_refused(text: str) -> None:
    assert refused("cpf", text) == f"“{text}” is not a CPF: its check digits do not fit."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("11.222.333/0001-81", "11.222.333/0001-81"), ("11222333000181", "11.222.333/0001-81"),
        # The example of the Receita Federal for the numbers with letters.
        ("12.ABC.345/01DE-35", "12.ABC.345/01DE-35"), ("12abc34501de35", "12.ABC.345/01DE-35"),
    ],
)  # fmt: skip
def test_a_cnpj_may_have_letters_too(text: str, expected: str) -> None:
    assert value("cnpj", text) == expected


@pytest.mark.parametrize(
    "text", ["11.222.333/0001-82", "12.ABC.345/01DE-36", "00000000000000", "12.ABC.345/01DE-3A", "1"]
)
def test_what_is_no_cnpj_is_refused(text: str) -> None:
    assert refused("cnpj", text) == f"“{text}” is not a CNPJ: its check digits do not fit."


def test_postal_codes_are_written_as_their_country_does() -> None:
    assert value("postalcode", "01310100", BRAZIL) == "01310-100"
    assert value("postalcode", "1000001", LISBON) == "1000-001"
    assert own_values.read(Like("postalcode"), "sw1a 1aa", USD).cell == Cell("SW1A 1AA", "sw1a1aa")
    for text in ("none", "1", "12345678901234", "12/34"):
        assert refused("postalcode", text) == f"“{text}” is not a postal code."


def test_length_has_an_end() -> None:
    assert refused("text", "x" * 501) == "This has 501 characters; at most 500 fit."
    assert refused("longtext", "x" * 5001) == "This has 5001 characters; at most 5000 fit."
    assert value("longtext", "a\r\n\r\nb") == "a\n\nb"
    assert value("text", " a \n b ") == "a b"
    assert refused("text", "a\x00b").startswith("This holds characters that cannot be stored.")
    assert len(own_values.read(Like("text"), "ﷺ" * 500, USD).cell.key or "") == 500  # what an index takes


SAIDS = st.sampled_from([USD, RWF, KWD, LISBON, BRAZIL])
TYPES = st.sampled_from(sorted(own_values.READERS))


@given(
    TYPES,
    st.text(max_size=40) | st.text("0123456789.,-+ %$e", max_size=12) | st.text("0123456789-:T /", max_size=20),
    SAIDS,
)
def test_reading_never_fails_and_what_is_written_is_read_again(type_: str, text: str, said: Context) -> None:
    field = Like(type_, choices=TIERS)
    own = own_values.read(field, text, said)
    assert own.refusal is None or own.cell == Cell()
    if own.refusal is None:
        for mark in ".,":
            assert own_values.read(field, own_values.typed(field, own.cell.value, said, mark), said).cell == own.cell
        plain = own_values.plain(field, own.cell.value, said)
        assert own_values.from_plain(field, plain, said) == own.cell


@given(st.floats(min_value=-9e14, max_value=9e14) | st.integers(-(10**14), 10**14).map(float), SAIDS)
def test_every_number_is_written_so_that_it_is_read_again(number: float, said: Context) -> None:
    field = Like("number")
    assert own_values.read(field, own_values.typed(field, number, said), said).cell.value == number


@given(st.integers(-(10**14), 10**14), SAIDS)
def test_every_amount_is_written_so_that_it_is_read_again(minor: int, said: Context) -> None:
    field = Like("money")
    assert own_values.read(field, own_values.typed(field, minor, said), said).cell.value == minor
    assert own_values.from_plain(field, own_values.plain(field, minor, said), said).value == minor


@given(st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)).map(lambda at: at.replace(microsecond=0)), SAIDS)
def test_every_moment_is_written_so_that_it_is_read_again(moment: datetime, said: Context) -> None:
    field = Like("datetime")
    assert own_values.read(field, own_values.typed(field, moment, said), said).cell.value == moment


def test_a_part_is_looked_for_as_its_whole_is_kept() -> None:
    assert own_values.part_key("phone", "788-412") == "788412"
    assert own_values.part_key("cnpj", "ABC.345") == "abc345"
    assert own_values.part_key("text", "SÃO") == fold("sao") == "sao"
