"""Days in conditions: days relative to today, ages and distances turned into days that a column is held against.

A rule speaks of days in the store's time zone. Whatever it asks of a date is a comparison of the column with fixed
days, so that an index answers it.
"""

import calendar
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from portal import clock
from portal.rules.tree import Days, Value


@dataclass(frozen=True, slots=True)
class Today:
    """The day on which a rule is asked, and the store's time zone."""

    day: date
    timezone: str


def day_of(value: Value, today: Today) -> date:
    """Return the day that a value of a test means; raises ValueError for one that is no day."""
    if isinstance(value, Days):
        return shifted(today.day, value.n, value.unit)
    if not isinstance(value, str):
        raise ValueError(value)
    return datetime.fromisoformat(value).date() if len(value) > 10 else date.fromisoformat(value)


def shifted(day: date, n: int, unit: str) -> date:
    """Return the day that lies `n` units from `day`; the 31st of a shorter month is its last day."""
    try:
        if unit in {"days", "weeks"}:
            return day + timedelta(days=n * (7 if unit == "weeks" else 1))
        months = day.year * 12 + day.month - 1 + n * (12 if unit == "years" else 1)
        year, month = divmod(months, 12)
        return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
    except (ValueError, OverflowError, calendar.IllegalMonthError):
        return date.max if n > 0 else date.min


def reaching(part: str, today: Today) -> Callable[[int], date]:
    """Return a function: the last day that a date may be for its `part`, age or days since, to be at least `n`."""
    if part == "age":
        return lambda n: shifted(today.day, -n, "years")
    return lambda n: shifted(today.day, -n, "days")


def month_of(value: Value, today: Today) -> int:
    """Return the number of a month, 1 to 12, that is said as a number or as this, next or last month."""
    steps = {"this": 0, "next": 1, "last": -1}
    if isinstance(value, str):
        return (today.day.month - 1 + steps[value]) % 12 + 1
    if isinstance(value, Days):
        raise ValueError(value)
    return int(value)


def whole(op: str, value: Value) -> tuple[str, int] | None:
    """Return a comparison of a whole number in terms of `ge` and `lt`, or `is`; None where no whole number meets it."""
    if isinstance(value, bool | str | Days):
        raise ValueError(value)
    match op:
        case "ge" | "lt":
            return op, math.ceil(value)
        case "gt":
            return "ge", math.floor(value) + 1
        case "le":
            return "lt", math.floor(value) + 1
    return ("is", int(value)) if value == int(value) else None


def begins(day: date, timezone: str) -> datetime:
    """Return the moment (UTC) at which the day begins; the first and last days there are begin at the ends of time."""
    try:
        return clock.beginning(day, timezone)
    except (OverflowError, ValueError):
        return datetime.min if day.year < 1000 else datetime.max


def after(day: date) -> date:
    """Return the following day."""
    return day if day == date.max else day + timedelta(days=1)
