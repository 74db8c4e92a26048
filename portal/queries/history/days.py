"""Days of the past, as people name them; a group *at* a day is the group at its end (product.md §5, Dates)."""

from datetime import date, datetime

from portal import clock, config
from portal.errors import N_, Refusal
from portal.sheets.dates import read_date


def past_day(text: str, field: str) -> date:
    """Return the day that `text` names; raises Refusal at `field` for one that cannot be read or is still to come."""
    day = read_date(text)
    if day is None:
        raise Refusal(N_("“%(value)s” is not a day; write it as 2026-05-31."), field, value=text[:40])
    if day > clock.today(config.current().timezone):
        raise Refusal(N_("%(value)s is still to come; history tells of days that have been."), field, value=day)
    return day


def past_days(first: str, second: str, fields: tuple[str, str]) -> tuple[date, date]:
    """Return two days of the past in their order; raises Refusal likewise, or when they stand the wrong way round."""
    days = past_day(first, fields[0]), past_day(second, fields[1])
    if days[0] > days[1]:
        raise Refusal(
            N_("%(first)s comes after %(second)s; turn the two days round."), fields[0], first=days[0], second=days[1]
        )
    return days


def end_of(day: date) -> datetime:
    """Return the moment (UTC) at which `day` ends for the store."""
    return clock.end_of(day, config.current().timezone)
