"""What the columns of a file stand for: seen, changed, and made fields of where they are none of ours."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import wtforms
from flask import Blueprint, Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_number, gettext, ngettext

from portal import config
from portal.access import actor, importing, needs
from portal.errors import N_, Refusal, Refusals
from portal.field_words import TYPES
from portal.file_words import FIELD_WORDS, ORDER_WORDS
from portal.models import Import
from portal.models.field import CHOICE_TYPES
from portal.permissions import Action
from portal.queries import imports as find
from portal.received import reads
from portal.services import fields
from portal.services.imports import again, columns, dating
from portal.services.imports.columns import Known
from portal.services.imports.dating import Dates
from portal.services.imports.proposing import Proposal
from portal.services.imports.remembering import REMEMBERED
from portal.sheets import MAX_COLUMNS, match_headers
from portal.text import fold
from portal.web.forms import Form, _l, options
from portal.web.language import say
from portal.web.render import render

pages = Blueprint("file_columns", __name__, url_prefix="/imports")
NONE = N_("There is no field or group that is called so. Choose one that is offered, or leave this empty.")
_TYPES = [(name, _l(label)) for name, label in TYPES.items()]


class ColumnForm(wtforms.Form):
    """What a person says of one column."""

    at = wtforms.StringField(widget=wtforms.widgets.HiddenInput())  # which column: entries are numbered as they come
    stands = wtforms.StringField(_l("Stands for"))
    order = wtforms.SelectField(_l("Order of the dates"), choices=[], default="", validate_choice=False)
    make = wtforms.BooleanField(_l("Make a field of it"))
    label = wtforms.StringField(_l("Label"))
    code = wtforms.StringField(_l("Code"))
    type = wtforms.SelectField(_l("Type"), choices=options(_TYPES), default="text", validate_choice=False)


class ColumnsForm(Form):
    """What a person says of all of them; a column without a header is left out, so it has no part."""

    columns = wtforms.FieldList(wtforms.FormField(ColumnForm), max_entries=MAX_COLUMNS)
    is_filterable = wtforms.BooleanField(_l("The new fields are filterable"))

    def entries(self) -> dict[int, ColumnForm]:
        """Return the parts of the form by the index of their column."""
        said = {str(entry.form.at.data or ""): entry.form for entry in self.columns}
        return {int(at): part for at, part in said.items() if at.isascii() and at.isdigit() and len(at) < 5}


@pages.get("/<int:import_id>/columns")
@needs(Action.IMPORT_CUSTOMERS)
def show(import_id: int, form: ColumnsForm | None = None, status: int = 200) -> Response:
    """Show what each column stands for, and which field those that are none of ours could become."""
    imported = find.by_id(actor(), import_id)
    if imported.state != "checked":
        raise Refusal(again.BUSY)
    known = columns.known_to(actor(), imported.group)
    free = [n for n, target in enumerate(imported.columns) if target is None and imported.headers[n]]
    proposed = {one.index: one for one in again.proposals(actor(), imported, free)}
    drawn = [_drawn(imported, index, proposed.get(index), known) for index in range(len(imported.columns))]
    form = form or ColumnsForm(data={"columns": drawn})
    entries, unknown = form.entries(), set(again.unknown(actor(), imported))
    dates, samples = again.dates(actor(), imported), again.samples(imported)
    for index in dates.keys() & entries.keys():
        _offer(entries[index], dates[index])
        samples[index] = dates[index].samples or samples[index]
    n_unknown = sum(bool(one.samples) for one in proposed.values() if one.index in unknown)
    return render(
        "imports/columns.html", status=status, imported=imported, form=form, proposed=proposed,
        entries={index: entries[index] for index in again.with_header(imported) if index in entries},
        is_remembered=any(sentence == REMEMBERED for sentence, *_ in imported.problems),
        words=sorted(_words(known), key=fold), n_unknown=n_unknown, samples=samples, dates=dates,
        said_of=lambda index: _said_of(imported, index, dates[index]),
    )  # fmt: skip


def _drawn(imported: Import, index: int, one: Proposal | None, known: Known) -> dict[str, Any]:
    target = imported.columns[index]
    order = imported.dates.get(str(index), "")
    said = {"at": str(index), "stands": _word(target, known) if target else "", "order": order}
    return said | ({"label": one.label, "code": one.code, "type": one.type} if one else {})


def _offer(entry: ColumnForm, dates: Dates) -> None:
    """Offer the orders that a column's dates can be in; where several can, none of them is chosen by itself."""
    none = [] if dates.evident else [("", gettext("Choose…"))]
    entry.order.choices = [*none, *((order, gettext(ORDER_WORDS[order])) for order in dates.offered)]


def _said_of(imported: Import, index: int, dates: Dates) -> list[str]:
    """Return in words how the dates of a column are read."""
    if not dates.reads:
        return [gettext("Their year stands in front, so there is nothing to choose.")] if dates.has_any else []
    header = imported.headers[index]
    told = [dating.told(header, dates, imported.dates.get(str(index), ""))]
    return [say(remark) for remark in (*told, *([dating.of_short_years(header)] if dates.has_short else []))]


def _word(target: str, known: Known) -> str:
    word = columns.word_for(target, known)
    return gettext(word) if target in FIELD_WORDS else word


def _words(known: Known) -> dict[str, str]:
    """Return what a column may stand for by what it is called here."""
    targets = [*FIELD_WORDS, *known.fields]
    if known.may_change_groups:
        targets += [columns.GROUPS, *(columns.BOX + code for code in known.groups if code != known.into)]
    return {_word(target, known): target for target in reversed(targets)}


@pages.post("/<int:import_id>/columns")
@needs(Action.IMPORT_CUSTOMERS)
@reads(ColumnsForm, also=("do",))
def change(import_id: int) -> ResponseReturnValue:
    """Check the file once more with the columns as they are said, and with the fields that are made of some."""
    form = ColumnsForm(request.form)
    imported = find.by_id(actor(), import_id)
    try:
        known = columns.known_to(actor(), imported.group)
        said = _said(form, imported, known)
        dates = _orders(form, imported, said, known)
        wanted = _wanted(form, imported, takes_all=request.form.get("do") == "all")
        if wanted:
            checked = again.make_fields(importing(), import_id, wanted, said, dates)
        else:
            checked = again.with_columns(importing(), import_id, said, dates)
    except Refusal as refusal:
        if imported.state != "checked" or refusal.status != Refusal.status:
            raise
        return show(import_id, _refused(form, refusal), refusal.status)
    made = ngettext("%(n)s field was made.", "%(n)s fields were made.", len(wanted), n=format_number(len(wanted)))
    again_ = gettext("Every row was checked again.")
    flash(f"{made} {again_}" if wanted else again_, "success")
    return redirect(url_for("imports.show", import_id=checked.id), 303)


def _said(form: ColumnsForm, imported: Import, known: Known) -> dict[str, str]:
    """Return the targets of headers; raises Refusals that name the columns whose words mean nothing."""
    words = {fold(word): target for word, target in _words(known).items()}
    said: dict[str, str] = {}
    refusals: list[Refusal] = []
    for index, entry in form.entries().items():
        if index >= len(imported.headers) or not imported.headers[index]:
            continue
        text = (entry.stands.data or "").strip()
        target = words.get(fold(text)) or known.target(text) or _meant(text, known) if text else ""
        if target is None:
            refusals.append(Refusal(NONE, f"stands-{index}"))
        else:
            said[imported.headers[index]] = target
    if refusals:
        raise Refusals(refusals)
    return said


def _orders(form: ColumnsForm, imported: Import, said: Mapping[str, str], known: Known) -> dict[str, str]:
    """Return the orders that are chosen, by header; of a column that is to be no date any more there is none."""
    chosen = {
        imported.headers[index]: entry.order.data or ""
        for index, entry in form.entries().items()
        if index < len(imported.headers)
    }
    return {header: order for header, order in chosen.items() if order and dating.is_dates(said.get(header), known)}


def _meant(text: str, known: Known) -> str | None:
    """Return the target of words as if they were a header."""
    (found,) = match_headers([text], known.names)
    return found.target if found.is_sure else None


def _wanted(form: ColumnsForm, imported: Import, *, takes_all: bool) -> dict[int, fields.Details]:
    """Return the fields to be made, by column: those that are ticked, or of every column that is none of ours."""
    entries = form.entries()
    ticked = [index for index, entry in entries.items() if entry.make.data and index < len(imported.headers)]
    wanted: dict[int, fields.Details] = {}
    if takes_all:
        wanted = {one.index: again.details_of(one) for one in again.proposals(actor(), imported)}
        entries = {index: entry for index, entry in entries.items() if index in wanted}
    for one in again.proposals(actor(), imported, [*wanted, *(n for n in ticked if n not in wanted)]):
        entry = entries.get(one.index)
        details = _details(entry, one) if entry is not None else again.details_of(one)
        wanted[one.index] = replace(details, is_filterable=bool(form.is_filterable.data))
    return wanted


def _details(entry: ColumnForm, proposal: Proposal) -> fields.Details:
    """Return the details of a field as they are typed; the choices are those that the file holds."""
    type_ = entry.type.data or proposal.type
    choices: Sequence[str] = proposal.choices or (proposal.values if type_ in CHOICE_TYPES else ())
    return fields.Details(
        {config.current().locale: entry.label.data or ""}, type_, entry.code.data or "",
        choices=choices if type_ in CHOICE_TYPES else (),
    )  # fmt: skip


def _refused(form: ColumnsForm, refusal: Refusal) -> ColumnsForm:
    """Put what is refused at the columns that it is about, the rest on top."""
    by_name = {
        f"{name}-{index}": part
        for index, entry in form.entries().items()
        for name, part in (*entry._fields.items(), ("labels", entry.label), ("choices", entry.type))
    }
    rest = []
    for one in refusal.refusals if isinstance(refusal, Refusals) else [refusal]:
        part: Any = by_name.get(one.field or "")
        if part is None:
            rest.append(one)
        else:
            part.errors = [*part.errors, say(one)]
    if rest:
        form.refused(Refusals(rest))
    return form
