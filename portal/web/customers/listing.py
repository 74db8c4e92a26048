"""The list of customers with its filter."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from portal.access import actor, needs
from portal.errors import Refusal
from portal.models import Customer
from portal.numbers import mark_of
from portal.permissions import Action
from portal.queries import customers as find
from portal.queries import fields as find_fields
from portal.queries import filters
from portal.queries.filters import fields
from portal.rules.catalogue import DATES, NUMBERS, FieldInfo
from portal.rules.typed import is_day
from portal.values import GENDERS, ID_TYPES
from portal.web import columns, paging
from portal.web.customers.blueprint import pages
from portal.web.filtering import Filtering
from portal.web.language import lang, say
from portal.web.render import render


@pages.get("/customers")
@needs(Action.SEE_CUSTOMERS)
def index() -> ResponseReturnValue:
    """List the customers that fit the filter in the address."""
    try:
        asked = Filtering.read(actor(), request.args)
    except Refusal as refusal:
        return _refused(refusal)
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
    return _form(asked, {test.key: _as_typed(test) for test in asked.wanted.fields})


def _form(asked: Filtering, said: Mapping[str, str], refusal: Refusal | None = None) -> Response:
    """Return the form of a filter with what is `said` in it, and what is wrong with that."""
    infos = fields.filterable(actor(), find_fields.live(), lang())
    wrong = {refusal.field: say(refusal)} if refusal else {}
    drawn = [Asked(info, [(_name(info, way), way, said.get(_name(info, way), "")) for way in fields.ways_of(info)],
                   wrong.get(info.code, "")) for info in infos.values()]  # fmt: skip
    names = {name for one in drawn for name, _way, _said in one.inputs}
    rest = {name: text for name, text in asked.params().items() if name not in names}
    return render(
        "customers/filter.html", asked=asked, drawn=drawn, rest=rest, choices=_choices,
        status=refusal.status if refusal else 200,
    )


def _refused(refusal: Refusal) -> Response:
    """Return the form of the filter with a refusal at its field; raises what is about none that it has."""
    if refusal.field not in fields.filterable(actor(), find_fields.live(), lang()):
        raise refusal
    of = {name for name in request.args if name.partition(".")[0] == refusal.field}
    others = MultiDict((name, text) for name, text in request.args.items(multi=True) if name not in of)
    try:
        asked = Filtering.read(actor(), others)
    except Refusal:
        raise refusal from None  # more than one is wrong
    typed = {name: request.args.get(name, "") for name in of}
    return _form(asked, {test.key: _as_typed(test) for test in asked.wanted.fields} | typed, refusal)


def _as_typed(test: fields.FieldTest) -> str:
    """Return what stands in the input of a condition: a number as the reader's language writes it."""
    is_number = test.info.type in NUMBERS and len(test.values) == 1
    return test.said.replace(".", mark_of(lang())) if is_number else test.said


@dataclass(frozen=True)
class Asked:
    """A field by which the list may be filtered, and its inputs: name, how it asks, what stands in it."""

    info: FieldInfo
    inputs: list[tuple[str, str, str]]
    wrong: str = ""

    def is_day(self, said: str) -> bool:
        """Tell whether an input for days of the calendar can hold what is said; not a distance such as -30d."""
        return self.info.type in DATES and (not said or is_day(said))

    def marks(self) -> dict[str, str]:
        """Return what marks its inputs as wrong; nothing where they are not."""
        return {"aria-invalid": "true", "aria-describedby": f"f-{self.info.code}-error"} if self.wrong else {}


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
