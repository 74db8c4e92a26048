"""The list of customers with its filter."""

from dataclasses import dataclass
from typing import Any

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from portal.access import actor, needs
from portal.models import Customer
from portal.numbers import mark_of
from portal.permissions import Action
from portal.queries import customers as find
from portal.queries import fields as find_fields
from portal.queries import filters
from portal.queries.filters import fields
from portal.rules.catalogue import NUMBERS, FieldInfo
from portal.values import GENDERS, ID_TYPES
from portal.web import columns, paging
from portal.web.customers.blueprint import pages
from portal.web.filtering import Filtering
from portal.web.language import lang
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
        cells=columns.Cells.of(asked.columns, found),
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


@pages.get("/customer-list/filter")  # below /customers/ stand their codes
@needs(Action.SEE_CUSTOMERS)
def further() -> Response:
    """Ask by which fields the list is to be filtered; the answer is an address of the list."""
    asked = Filtering.read(actor(), request.args)
    infos = fields.filterable(actor(), find_fields.live(), lang())
    said = {test.key: _as_typed(test) for test in asked.wanted.fields}
    drawn = [Asked(info, [(_name(info, way), way, said.get(_name(info, way), "")) for way in fields.ways_of(info)])
             for info in infos.values()]  # fmt: skip
    names = {name for one in drawn for name, _way, _said in one.inputs}
    rest = {name: text for name, text in asked.params().items() if name not in names}
    return render("customers/filter.html", asked=asked, drawn=drawn, rest=rest, choices=_choices)


def _as_typed(test: fields.FieldTest) -> str:
    """Return what stands in the input of a condition: a number as the reader's language writes it."""
    is_number = test.info.type in NUMBERS and len(test.values) == 1
    return test.said.replace(".", mark_of(lang())) if is_number else test.said


@dataclass(frozen=True)
class Asked:
    """A field by which the list may be filtered, and its inputs: name, how it asks, and what stands in it."""

    info: FieldInfo
    inputs: list[tuple[str, str, str]]


def _name(info: FieldInfo, way: str) -> str:
    return f"{info.code}.{way}" if way else info.code


def _choices(info: FieldInfo, said: str) -> list[tuple[str, str]]:
    """Return what a select offers of a field, with what is said already if that is something else."""
    words = GENDERS if info.code == "gender" else ID_TYPES if info.code == "id_type" else {}
    known = [("yes", gettext("yes")), ("no", gettext("no"))] if info.type == "yesno" else [
        (fields.written([text]), gettext(words[text]) if text in words else text) for text in info.choices
    ]  # fmt: skip
    return known if not said or said in dict(known) else [*known, (said, said)]


@pages.get("/customer-list/columns")
@needs(Action.SEE_CUSTOMERS)
def choose_columns() -> Response:
    """Ask which columns the list is to have; the answer is an address of the list."""
    asked = Filtering.read(actor(), request.args)
    chosen = {one.code for one in asked.columns} or set(columns.DEFAULT)
    there = sorted(columns.offered(), key=lambda one: one.code not in chosen)
    rest = {name: text for name, text in asked.params().items() if name != "columns"}
    return render("customers/columns.html", asked=asked, offered=there, chosen=chosen, rest=rest)
