"""Lists of customers in the terminal: lines for whoever may see them, a file's format only as an export."""

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext

from portal.cli import output
from portal.permissions import Actor
from portal.queries import columns, filters, listing
from portal.queries import fields as find_fields
from portal.services import exports
from portal.words import of_filter

LINE = ("code", "name", "email", "phone", "shop", "groups")


def show(actor: Actor, wanted: filters.Filter, form: str, chosen: Sequence[columns.Chosen] = ()) -> None:
    """Print every fitting customer with the chosen columns: `form` is text, csv or json.

    csv and json are exports, with right and change; without a choice they have every field.
    """
    fields = [one.field for one in chosen if one.field is not None]
    codes = [one.code for one in chosen]
    if form == "text":
        names = columns.of_file(codes, fields) if codes else LINE
        header = names if codes else _header()
        output.table(header, (listing.cells(row, names) for row in listing.rows(actor, wanted, fields)))
        return
    fields = fields if chosen else find_fields.live()
    names = columns.of_file(codes, fields)
    found = exports.customers(actor, wanted, of_filter(wanted) or gettext("all customers"), fields)
    if form == "csv":
        output.csv(names, (listing.cells(row, names) for row in found))
    else:
        output.json_list((_picked(row, names) for row in found) if codes else found)


def _header() -> tuple[str, ...]:
    return gettext("Code"), gettext("Name"), gettext("E-mail"), gettext("Phone"), gettext("Shop"), gettext("Groups")


def _picked(row: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Return a row's values of these names; one that is no field's is that of a group, true or false."""
    return {name: row[name] if name in row else name in row["groups"] for name in names}
