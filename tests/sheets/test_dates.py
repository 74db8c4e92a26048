"""Dates are read in the order that was chosen, and the possible orders are worked out, not guessed."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.sheets import ORDERS, guess_orders, orders_of, read_date, rewritten


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(
    "text",
    [
        "2024-12-31",
        "2024/12/31",
        "2024.12.31",
        "20241231",
        " 2024-12-31T23:59:59.5Z ",
        "2024-12-31 00:00:00",
        "2024 12 31",
    ],
)
def test_a_year_in_front_is_read_in_every_order(text: str, order: str) -> None:
    assert read_date(text, order) == date(2024, 12, 31)


@pytest.mark.parametrize(
    ("text", "order", "expected"),
    [
        ("05/12/1990", "dmy", date(1990, 12, 5)),
        ("05/12/1990", "mdy", date(1990, 5, 12)),
        ("5.12.1990", "dmy", date(1990, 12, 5)),
        ("5-12-1990 00:00", "mdy", date(1990, 5, 12)),
        ("05/12/1990", "ymd", None),
        ("31/12/1990", "mdy", None),
        ("12/31/1990", "dmy", None),
        ("05/12/90", "dmy", None),
        ("5/12/1990 1:30 pm +02:00", "dmy", date(1990, 12, 5)),
        ("05/12-1990", "dmy", None),
        ("29/02/2023", "dmy", None),
        ("2024-13-01", "ymd", None),
        ("36526", "ymd", None),
        ("", "dmy", None),
        ("٣١/١٢/٢٠٢٤", "dmy", None),
    ],
)
def test_a_year_at_the_end_needs_the_order(text: str, order: str, expected: date | None) -> None:
    assert read_date(text, order) == expected


def test_an_unknown_order_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="ydm"):
        read_date("2024-12-31", "ydm")


@pytest.mark.parametrize(
    ("values", "orders"),
    [
        (["01/02/2000", "31/12/1999"], {"dmy"}),
        (["01/02/2000", "12/31/1999"], {"mdy"}),
        (["01/02/2000", "03/04/2001"], {"dmy", "mdy"}),
        (["2000-01-02", "31/12/1999"], {"dmy"}),
        (["2000-01-02", "1999/12/31", ""], {"ymd"}),
        (["31/12/1999", "12/31/1999"], set()),
        (["31/12/1999", "n/a", ""], {"dmy"}),
        (["n/a", "36526"], set()),
        (["", " "], {"ymd"}),
    ],
)
def test_the_possible_orders_are_those_that_read_every_date(values: list[str], orders: set[str]) -> None:
    assert guess_orders(values) == orders


@given(
    st.dates(),
    st.sampled_from([("dmy", "{0.day}/{0.month}/{0.year:04}"), ("mdy", "{0.month}-{0.day}-{0.year:04}")]),
)
def test_a_written_date_reads_back(day: date, form: tuple[str, str]) -> None:
    order, pattern = form
    assert read_date(pattern.format(day), order) == day
    assert order in guess_orders([pattern.format(day)])


@given(st.text(st.characters()), st.sampled_from(ORDERS))
def test_no_text_breaks_the_reading(text: str, order: str) -> None:
    assert read_date(text + "x", order) is None


def test_a_long_cell_is_answered_at_once() -> None:
    assert read_date("1" + " " * 32_000 + "/", "dmy") is None


@pytest.mark.parametrize(
    ("text", "order", "found"),
    [
        ("03/04/2025", "dmy", "2025-04-03"),
        ("03/04/2025", "mdy", "2025-03-04"),
        ("03/04/2025", "ymd", None),
        ("3.4.25", "dmy", "2025-04-03"),
        ("04-03-2025 9:30 pm", "mdy", "2025-04-03 9:30 pm"),
        ("25/4/3", "ymd", "2025-04-03"),
        ("25/4/3", "dmy", None),
        ("1/1/29", "dmy", "2029-01-01"),
        ("1/1/30", "dmy", "1930-01-01"),
        ("1/1/00", "mdy", "2000-01-01"),
        ("31/02/2025", "dmy", None),
        ("31/12/125", "dmy", None),
        ("2025-04-03", "dmy", None),
        ("03/04-2025", "dmy", None),
        ("٣/٤/٢٠٢٥", "dmy", None),
        ("1" + " " * 32_000 + "/", "dmy", None),
    ],
)
def test_a_date_in_a_chosen_order_gets_its_year_in_front(text: str, order: str, found: str | None) -> None:
    assert rewritten(text, order) == found


def test_the_orders_of_a_date_are_all_that_read_it() -> None:
    assert orders_of("2025-04-03") == orders_of("20250403") == set(ORDERS) == orders_of("03/04/25")
    assert orders_of("25/12/2024") == {"dmy"} and orders_of("3.4.2025") == {"dmy", "mdy"}
    assert orders_of("31/12/24") == {"dmy", "ymd"}
    assert orders_of("n/a") == orders_of("") == orders_of("45000") == orders_of("31/31/2024") == set()


@given(st.dates(date(1930, 1, 1), date(2029, 12, 31)), st.sampled_from(("dmy", "mdy")))
def test_what_is_rewritten_is_the_day_that_was_written(day: date, order: str) -> None:
    pattern = "{0.day}.{0.month}.{1}" if order == "dmy" else "{0.month}.{0.day}.{1}"
    for year in (f"{day.year}", f"{day.year % 100:02}"):
        assert rewritten(pattern.format(day, year), order) == day.isoformat()
