"""Pages of a list: what the address goes on from."""

from urllib.parse import urlencode

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext


def anchors() -> tuple[str, str]:
    """Return after and before what this page begins, '' where the address says nothing of it."""
    return request.args.get("after", ""), request.args.get("before", "")


def numbers() -> tuple[int | None, int | None]:
    """Return the same where rows are told apart by numbers; what is no number is one that no row has."""
    return number("after"), number("before")


def number(name: str) -> int | None:
    """Return the number that the address gives under this name: None where it says nothing, 0 for what is none."""
    text = request.args.get(name, "")
    return (int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0) if text else None


def from_the_start() -> ResponseReturnValue:
    """Lead to the first page of this list, and say so: the row that this page went on from is gone."""
    flash(gettext("The row from which this page went on is gone. This is the beginning of the list."), "warning")
    pairs = [pair for pair in request.args.items(multi=True) if pair[0] not in {"after", "before", "start"}]
    return redirect(request.path + (f"?{urlencode(pairs)}" if pairs else ""))
