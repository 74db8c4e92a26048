"""Pages of history: a group on any day, what changed between two, and the stays of one customer."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import wtforms
from flask import Blueprint, Response, request, stream_with_context
from flask.typing import ResponseReturnValue
from wtforms import widgets

from portal import clock, config
from portal.access import actor, needs
from portal.errors import Refusal
from portal.models import Group
from portal.permissions import Action
from portal.queries import customers as find_customers
from portal.queries import groups as find
from portal.queries import history
from portal.queries.history import lists
from portal.services import exports
from portal.sheets import csv_rows
from portal.web import paging
from portal.web.forms import Form, _l
from portal.web.members import frame
from portal.web.render import render
from portal.words.causes import say_cause
from portal.words.history import members_at

pages = Blueprint("history", __name__)
SIDES = ("joined", "left")


class DayForm(Form):
    """The day at which a group is looked at."""

    at = wtforms.StringField(_l("Day"), widget=widgets.DateInput())


class PeriodForm(Form):
    """The two days that are compared."""

    since = wtforms.StringField(_l("From"), name="from", widget=widgets.DateInput())
    until = wtforms.StringField(_l("To"), name="to", widget=widgets.DateInput())


@dataclass(frozen=True)
class Asked:
    """What the address asks of a group's history: a day, or two days and which of the two lists; or only its timeline.

    `crowd` is the list that is shown, `counts` how many joined and left between two days.
    """

    day: date | None = None
    days: tuple[date, date] | None = None
    side: str = ""
    crowd: history.Crowd | None = None
    n: int = 0
    counts: tuple[int, int] = (0, 0)

    @classmethod
    def read(cls, group: Group) -> "Asked":
        """Return what is asked; raises Refusal at the field of a day that cannot be answered for."""
        args = request.args
        if args.get("at"):
            day = history.past_day(args["at"], "at")
            crowd = history.members_at(actor(), group, day)
            return cls(day=day, crowd=crowd, n=crowd.count())
        if args.get("from") or args.get("to"):
            days = history.past_days(args.get("from", ""), args.get("to", ""), ("since", "until"))
            found = history.difference(actor(), group, *days)
            side = args.get("show") if args.get("show") in SIDES else "joined"
            counts = found.joined.count(), found.left.count()
            crowd, n = (found.joined, counts[0]) if side == "joined" else (found.left, counts[1])
            return cls(days=days, side=str(side), crowd=crowd, n=n, counts=counts)
        return cls()

    def params(self, **more: str | None) -> dict[str, str | None]:
        """Return the question as parameters of an address."""
        if self.days:
            return {"from": str(self.days[0]), "to": str(self.days[1]), "show": self.side, **more}
        return {"at": str(self.day) if self.day else None, **more}


@pages.get("/groups/<code>/history")
@needs(Action.SEE_GROUPS)
def show(code: str) -> ResponseReturnValue:
    """Show a group's members on a day, or who joined and left between two; below, what has moved its members."""
    group = find.by_code(actor(), code)
    day_form, period_form = DayForm(request.args), PeriodForm(request.args)
    asked, status = Asked(), 200
    try:
        asked = Asked.read(group)
    except Refusal as refusal:
        (day_form if refusal.field == "at" else period_form).refused(refusal)
        status = refusal.status
    after, before = paging.anchors()
    found = asked.crowd.page(asked.n, after=after, before=before) if asked.crowd else None
    if found is not None and found.is_lost:
        return paging.from_the_start()
    older, newer = paging.number("older"), paging.number("newer")
    return render(
        "groups/history.html", status=status, **frame(group), asked=asked, found=found, day_form=day_form,
        period_form=period_form, say_cause=say_cause,
        events=lambda: history.events(actor(), group, after=older, before=newer, size=10 if asked.crowd else 50),
    )  # fmt: skip


@pages.get("/groups/<code>/history.csv")
@needs(Action.EXPORT)
def members_csv(code: str) -> Response:
    """Return the members on a day (today, if none is named) as a CSV file; recorded as every export is."""
    group = find.by_code(actor(), code)
    text = request.args.get("at", "")
    day = history.past_day(text, "at") if text else clock.today(config.current().timezone)
    rows = exports.crowd(actor(), history.members_at(actor(), group, day), said=members_at(group, day))

    def lines() -> Iterator[bytes]:
        yield from csv_rows(lists.COLUMNS, (lists.cells(row) for row in rows))

    response = Response(stream_with_context(lines()), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{group.code}-{day}.csv"'
    return response


@pages.get("/customers/<code>/history")
@needs(Action.SEE_GROUPS)
def of_customer(code: str) -> ResponseReturnValue:
    """Show when a customer was in which group, and why she joined and left."""
    customer = find_customers.by_code(actor(), code)
    found = history.timeline(actor(), customer, after=paging.number("after"))
    if found.is_lost:
        return paging.from_the_start()
    context: dict[str, Any] = {"customer": customer, "found": found, "say_cause": say_cause}
    return render("customers/history.html", **context)
