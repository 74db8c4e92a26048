"""Lists of customers in the terminal: lines for whoever may see them, a file's format only as an export."""

from flask_babel import gettext

from portal.cli import output
from portal.permissions import Actor
from portal.queries import fields as find_fields
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
    fields = find_fields.live()
    found = exports.customers(actor, wanted, of_filter(wanted) or gettext("all customers"), fields)
    if form == "json":
        output.json_list(found)
    else:
        names = (*listing.COLUMNS, *(field.code for field in fields))
        output.csv(names, (listing.cells(row, names) for row in found))
