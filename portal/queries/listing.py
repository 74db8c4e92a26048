"""Every customer that fits a filter, row by row: what a file holds, and a list in the terminal."""

from collections.abc import Iterator, Sequence
from typing import Any

from portal.models.customer import FIELDS
from portal.permissions import Actor
from portal.queries import filters
from portal.queries.customers import shown

CHUNK = 500  # rows a query; a cursor left open for long would hold back the log of the database
COLUMNS = (*FIELDS, "groups")


def rows(actor: Actor, wanted: filters.Filter) -> Iterator[dict[str, Any]]:
    """Yield every fitting customer as FIELDS and the codes of her groups; masked as on the page."""
    for part in filters.parts(actor, wanted, CHUNK):
        for customer in part.rows:
            values = shown(customer, actor.masked(customer.shop_id))
            values["shop"] = customer.shop.code if customer.shop else ""
            yield values | {"groups": [group.code for group in part.groups.get(customer.id, [])]}


def cells(row: dict[str, Any], names: Sequence[str] = COLUMNS) -> list[str]:
    """Return a row's values under these names as text."""
    return [", ".join(row[name]) if name == "groups" else str(row[name] or "") for name in names]
