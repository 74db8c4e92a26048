"""The one place that asks what time it is, so that tests can move it."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo


def now() -> datetime:
    """Return the present moment in UTC as a naive datetime, as every `…_at` column holds it."""
    return datetime.now(UTC).replace(tzinfo=None)


def today(timezone: str) -> date:
    """Return the present day in the store's time zone, an IANA name."""
    return now().replace(tzinfo=UTC).astimezone(ZoneInfo(timezone)).date()


def ago(**parts: float) -> datetime:
    """Return the moment that lies `timedelta(**parts)` before now, in UTC."""
    return now() - timedelta(**parts)
