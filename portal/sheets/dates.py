"""Dates as files write them; where the order of day and month is open, a person is asked."""

import re
from collections.abc import Iterable
from datetime import date
from functools import lru_cache

ORDERS = ("ymd", "dmy", "mdy")
"""The orders a date may be written in: 2024-12-31, 31/12/2024, 12/31/2024."""

# A time after the date is dropped: exports write midnight behind every birthday.
_TIME = (
    r"(?:(?:T|\s+)\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:\s*[ap]\.?m\.?)?(?:\s*(?:Z|[+-]\d{2}:?\d{2}))?)?"
)
_YEAR_FIRST = re.compile(r"(\d{4})\s*([-/. ])\s*(\d{1,2})\s*\2\s*(\d{1,2})" + _TIME, re.ASCII | re.IGNORECASE)
_YEAR_LAST = re.compile(r"(\d{1,2})\s*([-/. ])\s*(\d{1,2})\s*\2\s*(\d{4})" + _TIME, re.ASCII | re.IGNORECASE)
_PARTS = re.compile(
    rf"(\d{{1,4}})\s*([-/. ])\s*(\d{{1,2}})\s*\2\s*(\d{{1,4}})({_TIME})", re.ASCII | re.IGNORECASE
)
# The years that two digits mean, as spreadsheets have it; a century that moved with today would read a file anew.
SHORT_YEARS = (1930, 2029)
_MAX_LENGTH = 50
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})", re.ASCII)


def read_date(text: str, order: str = "ymd") -> date | None:
    """Return the day `text` names when written in `order` (one of `ORDERS`), or None.

    A year in front (ISO 8601, also with `/` or `.`, or `20241231`) is read in every order. Years have four
    digits: the century of `12/05/30` would be a guess. Raises `ValueError` for an unknown order.
    """
    if order not in ORDERS:
        raise ValueError(f"unknown order of a date: {order!r}")
    text = text.strip()
    if len(text) > _MAX_LENGTH:
        return None
    if match := _YEAR_FIRST.fullmatch(text):
        return _date(match[1], match[3], match[4])
    if match := _COMPACT.fullmatch(text):
        return _date(match[1], match[2], match[3])
    match = _YEAR_LAST.fullmatch(text)
    if match is None or order == "ymd":
        return None
    day, month = (match[1], match[3]) if order == "dmy" else (match[3], match[1])
    return _date(match[4], month, day)


def guess_orders(values: Iterable[str]) -> set[str]:
    """Return the orders in which all the dates of whole years among `values` can be read: one, and nothing is open.

    Values that are no date in any order are left out (their rows are refused later anyway). `{'ymd'}` if
    every date has its year in front or no value is filled; the empty set if none of the filled values is a
    date, or no single order reads them all.
    """
    filled = [value for value in values if value.strip()]
    dates = [value for value in filled if any(read_date(value, order) for order in ORDERS)]
    if filled and not dates:
        return set()
    if all(read_date(value, "ymd") for value in dates):
        return {"ymd"}
    return {order for order in ORDERS if all(read_date(value, order) for value in dates)}


def rewritten(text: str, order: str) -> str | None:
    """Return a date that is written in `order` with its year in front, the time behind it as it was, or None.

    Unlike `read_date` this is for an order that somebody chose, or that alone fits a column: a year of two digits is
    one of `SHORT_YEARS`, and 'ymd' is no way to write 03/04/2025.
    """
    match = _PARTS.fullmatch(text.strip()) if len(text) <= _MAX_LENGTH else None
    if match is None:
        return None
    first, month, last = match[1], match[3], match[4]
    if order == "ymd":
        year, day = first, last
    else:
        year, day = last, first
    if order == "mdy":
        month, day = day, month
    if len(year) not in {2, 4} or len(day) > 2 or len(month) > 2:
        return None
    found = _date(_whole(year), month, day)
    return found.isoformat() + match[5] if found else None


@lru_cache(maxsize=5_000)
def orders_of(text: str) -> frozenset[str]:
    """Return the orders in which `text` is a date; all of them for one whose year of four digits stands in front."""
    if read_date(text):
        return frozenset(ORDERS)
    return frozenset(order for order in ORDERS if rewritten(text, order))


def has_short_year(text: str) -> bool:
    """Tell whether a text in three numbers has a year of two digits, whichever of them that is."""
    match = _PARTS.fullmatch(text.strip()) if len(text) <= _MAX_LENGTH else None
    return match is not None and max(len(match[1]), len(match[4])) == 2


def _whole(year: str) -> str:
    if len(year) == 4:
        return year
    found = SHORT_YEARS[0] // 100 * 100 + int(year)
    return str(found if found >= SHORT_YEARS[0] else found + 100)


def _date(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None
