"""Lists of customers, streamed page by page as the person who acts may read them."""

from collections.abc import Iterator
from typing import Any

from flask_babel import gettext

from portal.cli import output
from portal.models.customer import FIELDS
from portal.permissions import Actor
from portal.queries import filters
from portal.queries.customers import shown
from portal.services.changes import plain

PAGE = 500  # rows a query
COLUMNS = ("code", "name", "email", "phone", "shop", "groups")


def rows(actor: Actor, wanted: filters.Filter) -> Iterator[dict[str, Any]]:
    """Yield every fitting customer as FIELDS and the codes of her groups; masked as on the page."""
    after = ""
    while True:
        page = filters.page(actor, wanted, after=after, size=PAGE)
        for customer in page.rows:
            values = shown(customer, actor.masked(customer.shop_id))
            values["shop"] = customer.shop.code if customer.shop else ""
            groups = [group.code for group in page.groups.get(customer.id, [])]
            yield {**{name: plain(values[name]) for name in FIELDS}, "groups": groups}
        if page.after is None:
            return
        after = page.after


def show(actor: Actor, wanted: filters.Filter, form: str) -> None:
    """Print every fitting customer: `form` is text, csv or json."""
    found = rows(actor, wanted)
    if form == "json":
        output.json_list(found)
    elif form == "csv":
        output.csv((*FIELDS, "groups"), (_cells(row, (*FIELDS, "groups")) for row in found))
    else:
        header = (
            gettext("Code"),
            gettext("Name"),
            gettext("E-mail"),
            gettext("Phone"),
            gettext("Shop"),
            gettext("Groups"),
        )
        output.table(header, (_cells(row, COLUMNS) for row in found))


def _cells(row: dict[str, Any], names: tuple[str, ...]) -> list[str]:
    return [", ".join(row[name]) if name == "groups" else str(row[name] or "") for name in names]
