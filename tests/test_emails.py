"""E-mail addresses: the quick pattern and the library agree, internal hosts stay, the rest is named."""

import csv
from pathlib import Path

import email_validator
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.emails import EMAIL_INVALID, EMAIL_NO_DOT, Email, _read_any, read_email
from portal.text import clean
from tests.material import known, strings

NAUGHTY = strings()

LOCAL = st.text("abzAZ019._+-", min_size=1, max_size=20)
HOST = st.lists(st.text("abzAZ09-", min_size=1, max_size=8), min_size=1, max_size=4).map(".".join)


@pytest.mark.parametrize(
    ("typed", "shown", "key"),
    [
        ("ana@shop.co.mz", "ana@shop.co.mz", "ana@shop.co.mz"),
        (" MARY.SMITH@SakilaCustomer.org ", "MARY.SMITH@sakilacustomer.org", "mary.smith@sakilacustomer.org"),
        ("o'neil@example.com", "o'neil@example.com", "o'neil@example.com"),
        ("INFO@example.com", "info@example.com", "info@example.com"),
        ("Ana@example.test", "Ana@example.test", "ana@example.test"),
        ("o'neil@printer.LOCAL", "o'neil@printer.local", "o'neil@printer.local"),
        ("jose\u0301@correo.es", "josé@correo.es", "josé@correo.es"),
        ("Straße@bücher.DE", "Straße@bücher.de", "strasse@bücher.de"),
        ("a@xn--bcher-kva.de", "a@bücher.de", "a@bücher.de"),
    ],
)
def test_an_address_has_one_key(typed: str, shown: str, key: str) -> None:
    assert read_email(typed) == Email(shown, key, None, None)


@pytest.mark.parametrize("typed", ["name@internalmail", "name@localhost", "Ó@internalmail"])
def test_a_host_without_a_dot_is_kept_with_a_warning(typed: str) -> None:
    assert read_email(typed) == Email(typed, typed.casefold(), EMAIL_NO_DOT, None)


@pytest.mark.parametrize(
    "typed",
    ["ana", "ana@", "@x.org", "a b@x.org", "a@b@x.org", "a@x..org", ".a@x.org", "a.@x.org", "a@-x.org",
     "a@10.0.0.1", "a@[10.0.0.1]", '"a b"@x.org', "Ana <ana@x.org>", "a@x.org, b@x.org", "397.884.0519x718",
     "a@.local", "a@x.org\nb@x.org", "a@x_y.org", "a" * 250 + "@x.org", "\ud800@x.org", "a\x00b@x.org",
     "a@ab--c.org"],
)  # fmt: skip
def test_what_is_not_an_address_is_named(typed: str) -> None:
    answer = read_email(typed)
    assert (answer.key, answer.warning, answer.problem) == (None, None, EMAIL_INVALID)


@pytest.mark.parametrize("typed", ["", " \t"])
def test_an_empty_cell_is_no_address_and_no_problem(typed: str) -> None:
    assert read_email(typed) == Email("", None, None, None)


@given(LOCAL, HOST)
def test_the_quick_pattern_answers_as_the_library_does(local: str, host: str) -> None:
    typed = f"{local}@{host}"
    assert read_email(typed) == _read_any(typed)


@given(
    st.from_regex(
        r"[a-zA-Z0-9_+-]{1,9}(\.[a-z0-9]{1,9})?@([a-zA-Z0-9]{1,9}[.-]){1,3}[a-zA-Z]{2,9}", fullmatch=True
    )
)
def test_the_quick_pattern_answers_ordinary_addresses_as_the_library_does(typed: str) -> None:
    assert read_email(typed) == _read_any(typed)


@given(st.text(st.characters()))
def test_no_text_breaks_the_reading(text: str) -> None:
    answer = read_email(text + "@x.org")
    assert (answer.key is None) is (answer.problem == EMAIL_INVALID)


def test_ordinary_addresses_do_not_wake_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the library was asked")

    monkeypatch.setattr(email_validator, "validate_email", refuse)
    assert read_email("ana.maria+news@loja-da-ana.co.mz").key == "ana.maria+news@loja-da-ana.co.mz"
    with pytest.raises(AssertionError, match="the library was asked"):
        read_email("josé@correo.es")


def test_no_naughty_string_is_an_address() -> None:
    assert {text for text in NAUGHTY if clean(text) and read_email(text).problem != EMAIL_INVALID} == set()


LISTS = {
    "customers.csv": ("Email", 30),
    "customers_one_bad_email.csv": ("Email", 30),
    "customers_shifted.csv": ("EMAIL", 0),
    "two_shops.csv": ("email", 60),
    "chinook/derived_csv/Customer.csv": ("Email", 59),
    "sakila/customer.csv": ("email", 599),
    "r_rfm/rfm_data_orders.csv": ("email", 995),
    "datablist_100_family/customers-100.csv": ("Email", 100),
    "datablist_100_family/customers-1000.csv": ("EMAIL", 0),
}


@pytest.mark.parametrize(("path", "column", "n_good"), known(LISTS))
def test_a_list_holds_as_many_addresses_as_it_is_known_to(path: Path, column: str, n_good: int) -> None:
    with path.open(encoding="utf-8", newline="") as stream:
        keys = {read_email(row[column] or "").key for row in csv.DictReader(stream)}
    assert len(keys - {None}) == n_good
