"""Exporting customers. An export writes nothing but its change: who took which list, when."""

from collections.abc import Iterator

from portal.models import Shop
from portal.models.customer import FIELDS
from portal.permissions import Action, Actor, require
from portal.queries import filters
from portal.queries.customers import shown
from portal.services.changes import record

CHUNK = 500  # rows a query; a cursor left open for long would hold back the log of the database


def customers(actor: Actor, wanted: filters.Filter, said: str) -> Iterator[list[str]]:
    """Record the export and return its rows, in the columns FIELDS and groups; masked as on the page.

    `said` is the filter in words, kept with the change.
    """
    require(actor, Action.EXPORT)
    with record(actor, "customer.export", note=said[:500]) as change:
        n, _exact = filters.count(actor, wanted, cap=None)
        change.row("export", change.id, None, {"filter": said, "rows": n})
    return _rows(actor, wanted)


def _rows(actor: Actor, wanted: filters.Filter) -> Iterator[list[str]]:
    after = ""
    while True:
        page = filters.page(actor, wanted, after=after, size=CHUNK)
        for customer in page.rows:
            values = shown(customer, actor.masked(customer.shop_id))
            shop: Shop | None = customer.shop
            values["shop"] = shop.code if shop else ""
            groups = ", ".join(group.code for group in page.groups.get(customer.id, []))
            yield [*(_text(values[name]) for name in FIELDS), groups]
        if page.after is None:
            return
        after = page.after


def _text(value: object) -> str:
    return "" if value is None else str(value)
