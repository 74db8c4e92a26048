"""The one place that asks what time it is, so that tests can move it."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def now() -> datetime:
    """Return the present moment in UTC as a naive datetime, as every `…_at` column holds it."""
    return datetime.now(UTC).replace(tzinfo=None)


def today(timezone: str) -> date:
    """Return the present day in the store's time zone, an IANA name."""
    return day(now(), timezone)


def day(moment: datetime, timezone: str) -> date:
    """Return the day in that time zone on which a moment in UTC lies."""
    return moment.replace(tzinfo=UTC).astimezone(ZoneInfo(timezone)).date()


def beginning(of: date, timezone: str) -> datetime:
    """Return the moment in UTC at which a day begins in that time zone."""
    return datetime.combine(of, time.min, ZoneInfo(timezone)).astimezone(UTC).replace(tzinfo=None)


def end_of(day: date, timezone: str) -> datetime:
    """Return the moment, in UTC, at which `day` ends in the store's time zone: the start of the day after it."""
    following = datetime.combine(day + timedelta(days=1), time(), ZoneInfo(timezone))
    return following.astimezone(UTC).replace(tzinfo=None)


def ago(**parts: float) -> datetime:
    """Return the moment that lies `timedelta(**parts)` before now, in UTC."""
    return now() - timedelta(**parts)
