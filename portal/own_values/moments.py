"""Days with an hour as people and files write them, in the store's time zone."""

import re
from datetime import UTC, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

from portal.sheets.dates import read_date

_TIME = re.compile(
    r"(?P<day>\d[\d/. -]*?\d)(?:[T\s]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d{1,9})?)?"
    r"(?:\s*(?P<half>[ap])\.?m\.?)?\s*(?P<zone>Z|[+-]\d{2}:?\d{2})?)?",
    re.ASCII | re.IGNORECASE,
)
_MAX_LENGTH = 60


def read_moment(text: str, zone: str, order: str = "ymd") -> datetime | None:
    """Return the moment in UTC that `text` names, None for none; a day alone is its beginning in the store's zone.

    An hour that the clocks skip is read as the same distance from midnight; of one that comes twice the first is meant
    unless a distance from UTC stands behind it.
    """
    found = _TIME.fullmatch(text.strip()) if len(text) <= _MAX_LENGTH else None
    day = read_date(found["day"], order) if found else None
    clock = _clock(found) if found and day else None
    if found is None or day is None or clock is None:
        return None
    try:
        moment = datetime.combine(day, clock, _zone(found["zone"], zone)).astimezone(UTC).replace(tzinfo=None)
    except (OverflowError, ValueError):
        return None
    return moment if 1000 <= moment.year <= 9998 else None


def write_moment(moment: datetime, zone: str) -> str:
    """Return a moment as `read_moment` reads it back; with its distance from UTC where its hour comes twice."""
    local = moment.replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
    text = local.strftime("%H:%M" if not local.second else "%H:%M:%S")
    is_second = local.fold == 1 and local.utcoffset() != local.replace(fold=0).utcoffset()
    return f"{local.date().isoformat()}T{text}" + (f"{local:%z}" if is_second else "")


def _clock(found: re.Match[str]) -> time | None:
    if found["hour"] is None:
        return time()
    hour, half = int(found["hour"]), (found["half"] or "").lower()
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    try:
        return time(hour, int(found["minute"]), int(found["second"] or 0))
    except ValueError:
        return None


def _zone(said: str | None, zone: str) -> ZoneInfo | timezone:
    if said is None:
        return ZoneInfo(zone)
    if said.upper() == "Z":
        return UTC
    distance = timedelta(hours=int(said[1:3]), minutes=int(said[-2:]))
    return timezone(-distance if said[0] == "-" else distance)
