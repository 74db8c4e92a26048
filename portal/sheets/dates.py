"""Dates as files write them; where the order of day and month is open, a person is asked."""

import re
from collections.abc import Iterable
from datetime import date

ORDERS = ("ymd", "dmy", "mdy")
"""The orders a date may be written in: 2024-12-31, 31/12/2024, 12/31/2024."""

# A time after the date is dropped: exports write midnight behind every birthday.
_TIME = r"(?:(?:T|\s+)\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:\s*(?:Z|[+-]\d{2}:?\d{2}|[ap]\.?m\.?))?)?"
_YEAR_FIRST = re.compile(r"(\d{4})\s*([-/. ])\s*(\d{1,2})\s*\2\s*(\d{1,2})" + _TIME, re.ASCII | re.IGNORECASE)
_YEAR_LAST = re.compile(r"(\d{1,2})\s*([-/. ])\s*(\d{1,2})\s*\2\s*(\d{4})" + _TIME, re.ASCII | re.IGNORECASE)
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
    """Return the orders in which all the dates among `values` can be read: one, and there is nothing to ask.

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


def _date(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None
