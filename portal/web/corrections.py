"""Correcting the cells of a checked file where its rows are shown."""

from typing import Any

import wtforms
from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from portal.access import importing, needs
from portal.errors import Busy, Conflict, Denied, Missing, Refusal
from portal.models import Import
from portal.permissions import Action
from portal.queries import imports as find
from portal.received import reads
from portal.services.imports import correcting
from portal.services.imports.correcting import Corrections
from portal.web import imports as pages_of_imports
from portal.web.forms import Form, _l
from portal.web.language import say

pages = Blueprint("corrections", __name__, url_prefix="/imports")
MAX_CELLS = 9_000  # of a page with a hundred rows


class CellForm(wtforms.Form):
    """One cell as it should be."""

    row = wtforms.StringField(widget=wtforms.widgets.HiddenInput())
    at = wtforms.StringField(widget=wtforms.widgets.HiddenInput())  # its column
    text = wtforms.StringField(_l("Cell"))


class CorrectionsForm(Form):
    """The cells of a page that are wrong, and below them the rows that are left out."""

    cells = wtforms.FieldList(wtforms.FormField(CellForm), max_entries=MAX_CELLS)


@pages.post("/<int:import_id>/corrections")
@needs(Action.IMPORT_CUSTOMERS)
@reads(CorrectionsForm, many=("out", "back"))
def correct(import_id: int) -> ResponseReturnValue:
    """Check the file once more with its cells corrected."""
    said = _said(CorrectionsForm(request.form))
    try:
        checked = correcting.correct(importing(), import_id, said)
    except (Denied, Busy, Conflict, Missing):
        raise
    except Refusal as refusal:
        flash(say(refusal), "error")  # she may have scrolled away from where the page itself would say it
        return pages_of_imports.show(import_id, None, refusal.status, said.cells)
    is_same = checked.id == import_id
    flash(gettext("Nothing differs.") if is_same else gettext("Every row was checked again."), "success")
    return redirect(url_for("imports.show", import_id=checked.id, **_place(checked)), 303)


def _place(checked: Import) -> dict[str, Any]:
    """Return which rows to show now: those that were shown, as long as there are any."""
    asked, after = request.args.get("show", ""), pages_of_imports.after()
    shown = asked if checked.counts.get(asked) else None  # the last row of a tab is gone from it
    is_there = after and shown == (asked or None) and find.rows(checked, show=asked, after=after).rows
    return {"show": shown, "after": after if is_there else None}


def _said(form: CorrectionsForm) -> Corrections:
    cells: dict[tuple[int, int], str] = {}
    for entry in form.cells:
        row, at = (_number(part.data) for part in (entry.form.row, entry.form.at))
        cells[row, at] = str(entry.form.text.data or "")
    out, back = ({_number(text) for text in request.form.getlist(name)} for name in ("out", "back"))
    return Corrections(cells, out, back)


def _number(text: Any) -> int:
    """Return the number of a row or column; one that no file has (-1) where it is none."""
    said = str(text or "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 10 else -1

