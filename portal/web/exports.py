"""Lists as files: the same filter, the same masking, recorded as a change."""

from collections.abc import Iterator

from flask import Blueprint, Response, request, stream_with_context
from flask_babel import gettext

from portal.access import actor, needs
from portal.permissions import Action
from portal.queries import columns, listing
from portal.queries import fields as find_fields
from portal.services import exports
from portal.sheets import csv_rows
from portal.web.filtering import Filtering

pages = Blueprint("exports", __name__)


@pages.get("/customers.csv")
@needs(Action.EXPORT)
def customers() -> Response:
    """Return the filtered customers as a CSV file that spreadsheets open without harm."""
    asked = Filtering.read(actor(), request.args)
    chosen = asked.columns
    fields = [one.field for one in chosen if one.field is not None] if chosen else find_fields.live()
    names = columns.of_file([one.code for one in chosen], fields)
    rows = exports.customers(actor(), asked.wanted, asked.words() or gettext("all customers"), fields)

    def lines() -> Iterator[bytes]:
        yield from csv_rows(names, (listing.cells(row, names) for row in rows))

    response = Response(stream_with_context(lines()), mimetype="text/csv")
    response.headers["Content-Disposition"] = 'attachment; filename="customers.csv"'
    return response
