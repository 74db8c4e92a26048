"""The list of customers with its filter."""

from typing import Any

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue

from portal.access import actor, needs
from portal.models import Customer
from portal.permissions import Action
from portal.queries import customers as find
from portal.queries import filters
from portal.web import paging
from portal.web.customers.blueprint import pages
from portal.web.filtering import Filtering
from portal.web.render import render


@pages.get("/customers")
@needs(Action.SEE_CUSTOMERS)
def index() -> ResponseReturnValue:
    """List the customers that fit the filter in the address."""
    asked = Filtering.read(actor(), request.args)
    if asked.canonical:
        return redirect(asked.canonical)
    after, before = paging.anchors()
    found = filters.page(actor(), asked.wanted, after=after, before=before)
    if found.is_lost:
        return paging.from_the_start()
    n, is_exact = filters.count(actor(), asked.wanted)
    # Pages go on from a customer, not from a number; the number in the address only says where one is.
    start = request.args.get("start", "1")
    first = int(start) if start.isascii() and start.isdigit() and len(start) < 9 else 1
    return render(
        "customers/index.html", asked=asked, found=found, n=n, is_exact=is_exact, shown=_shown,
        first=first if "after" in request.args or "before" in request.args else 1, page_size=filters.PAGE,
    )  # fmt: skip


def _shown(customer: Customer) -> dict[str, Any]:
    return find.shown(customer, actor().masked(customer.shop_id))


@pages.get("/customers/count")
@needs(Action.SEE_CUSTOMERS)
def count() -> Response:
    """Say exactly how many fit, however long that takes; the list asks for it when its own count stopped early."""
    asked = Filtering.read(actor(), request.args)
    n, _exact = filters.count(actor(), asked.wanted, cap=None)
    return render("customers/count.html", n=n)
