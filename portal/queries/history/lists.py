"""A crowd of the past row by row: what a file holds, and a list in the terminal."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from portal import config
from portal.models.customer import FIELDS
from portal.queries.customers import shown
from portal.queries.history.crowds import Crowd

CHUNK = 500  # rows a query; a cursor left open for long would hold back the log of the database
COLUMNS = (*FIELDS, "joined", "left")


def rows(crowd: Crowd, n: int) -> Iterator[dict[str, Any]]:
    """Yield each of the `n` customers as FIELDS, masked as on the page, with when she joined and left (None: never)."""
    for part in crowd.parts(n, CHUNK):
        for customer in part.rows:
            values = shown(customer, crowd.actor.masked(customer.shop_id))
            values["shop"] = customer.shop.code if customer.shop else ""
            stay = part.intervals[customer.id]
            yield values | {"joined": local(stay.joined_at), "left": local(stay.left_at) if stay.left_at else None}


def local(moment: datetime) -> str:
    """Return a moment as the store's clock showed it, to the minute."""
    return moment.replace(tzinfo=UTC).astimezone(ZoneInfo(config.current().timezone)).strftime("%Y-%m-%d %H:%M")


def cells(row: dict[str, Any], names: Sequence[str] = COLUMNS) -> list[str]:
    """Return a row's values under these names as text."""
    return [str(row[name] or "") for name in names]
