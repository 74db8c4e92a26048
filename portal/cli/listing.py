"""Lists of customers in the terminal: lines for whoever may see them, a file's format only as an export."""

from flask_babel import gettext

from portal.cli import output
from portal.permissions import Actor
from portal.queries import filters, listing
from portal.services import exports
from portal.words import of_filter

LINE = ("code", "name", "email", "phone", "shop", "groups")


def show(actor: Actor, wanted: filters.Filter, form: str) -> None:
    """Print every fitting customer: `form` is text, csv or json; csv and json are exports, with right and change."""
    if form == "text":
        header = (
            gettext("Code"),
            gettext("Name"),
            gettext("E-mail"),
            gettext("Phone"),
            gettext("Shop"),
            gettext("Groups"),
        )
        output.table(header, (listing.cells(row, LINE) for row in listing.rows(actor, wanted)))
        return
    found = exports.customers(actor, wanted, said=of_filter(wanted) or gettext("all customers"))
    if form == "json":
        output.json_list(found)
    else:
        output.csv(listing.COLUMNS, (listing.cells(row) for row in found))
