"""Pages of imports: choose a file, see every row checked, import, verify."""

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import wtforms
from flask import Blueprint, Response, flash, redirect, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_number, gettext, ngettext
from werkzeug.datastructures import FileStorage

from portal.access import actor, importing, needs, takes
from portal.errors import N_, Busy, Denied, Missing, NeedsApproval, Refusal
from portal.models import Import, ImportRow
from portal.permissions import Action
from portal.queries import fields as find_fields
from portal.queries import groups as find_groups
from portal.queries import imports as find
from portal.queries import jobs as find_jobs
from portal.received import reads
from portal.services import imports
from portal.services.imports import again, background, boxes, dating
from portal.services.imports.remembering import REMEMBERED
from portal.services.imports.stage import MAX_BYTES, MAX_ROWS
from portal.sheets import DELIMITERS, ENCODINGS, csv_rows
from portal.values import Remark
from portal.web import corrected, differing, foreseen, samples
from portal.web.forms import Form, _l
from portal.web.language import say
from portal.web.render import render
from portal.words import of_job, progress_of

pages = Blueprint("imports", __name__, url_prefix="/imports")

SAMPLE = (
    ("code", "name", "email", "phone", "shop", "birth_date", "language", "address"),
    ("A-1001", "Aline Uwimana", "aline@example.com", "+250 788 412 903", "", "1991-06-14", "rw", "KN 5 Rd, Kigali"),
    ("A-1002", "João d'Ávila", "joao@example.com", "+351 912 004 118", "", "", "pt", ""),
)
# How a row fared, in one word wherever it is told, and the sign that goes with it.
RESULTS = {
    "new": (_l("New"), "ok"), "updated": (_l("Updated"), "active"), "unchanged": (_l("Unchanged"), "neutral"),
    "ambiguous": (_l("Ambiguous"), "bad"), "refused": (_l("Refused"), "bad"),
}  # fmt: skip
HEADINGS = {
    "reading": _l("This file is being checked"),
    "checked": _l("Check before anything is written"),
    "running": _l("The file is being imported"),
    "done": _l("Verify the imported customer group"),
    "stopped": _l("This file cannot be imported"),
}
DELIMITER_LABELS = {",": _l("Comma"), ";": _l("Semicolon"), "\t": _l("Tab"), "|": _l("Bar")}


class ImportForm(Form):
    """The file and where its rows go."""

    group = wtforms.SelectField(_l("Select the group"), validate_choice=False)
    new_group = wtforms.StringField(_l("or the name of a new group"))
    file = wtforms.FileField(_l("CSV file"))
    encoding = wtforms.SelectField(_l("Encoding"), validate_choice=False)
    delimiter = wtforms.SelectField(_l("Columns separated by"), validate_choice=False)
    lift_exclusions = wtforms.BooleanField(_l("Lift exclusions"))


@pages.get("/new")
@needs(Action.IMPORT_CUSTOMERS)
def new(form: ImportForm | None = None, status: int = 200) -> Response:
    """Ask for a group and a file."""
    form = form or ImportForm(request.args)
    groups = find.group_choices(actor(), asked=form.group.data or "") if actor().may(Action.EDIT_GROUP) else []
    form.group.choices = [("", gettext("No group: only customers")), *((group.code, group.label) for group in groups)]
    form.encoding.choices = [("", gettext("Find out")), *((name, name) for name in ENCODINGS)]
    form.delimiter.choices = [("", gettext("Find out")), *((mark, DELIMITER_LABELS[mark]) for mark in DELIMITERS)]
    return render(
        "imports/new.html", status=status, form=form, max_rows=MAX_ROWS, max_mb=MAX_BYTES // 1024 // 1024,
        unfinished=find.unfinished(actor()),
    )  # fmt: skip


@pages.post("/new")
@needs(Action.IMPORT_CUSTOMERS)
@takes(MAX_BYTES + 1024 * 1024)
@reads(ImportForm)
def check() -> ResponseReturnValue:
    """Check every row of the file and show what would happen; nothing of it is written."""
    form = ImportForm(request.form)
    upload = request.files.get("file")
    try:
        imported = _checked(form, upload)
    except Refusal as refusal:
        return new(form.refused(refusal), refusal.status)
    return redirect(url_for("imports.show", import_id=imported.id), 303)


def _checked(form: ImportForm, upload: FileStorage | None) -> Import:
    if upload is None or not upload.filename:
        raise Refusal(N_("Choose a file first."), "file")
    group = find_groups.by_code(actor(), form.group.data) if form.group.data else None
    with tempfile.TemporaryDirectory(prefix="coterie-") as folder:
        path = Path(folder) / "upload"
        upload.save(path)
        return imports.check(
            importing(), path, upload.filename, group=group, new_group=form.new_group.data or "",
            encoding=form.encoding.data or None,
            delimiter=form.delimiter.data or None, lift_exclusions=bool(form.lift_exclusions.data),
        )  # fmt: skip


@pages.get("/<int:import_id>")
@needs(Action.IMPORT_CUSTOMERS)
def show(
    import_id: int, problem: Refusal | None = None, status: int = 200, typed: Mapping[corrected.At, str] | None = None
) -> Response:
    """Show the check of a file, row by row; after the import, what to verify. `typed` stands in its wrong cells."""
    imported = find.by_id(actor(), import_id)
    asked = request.args.get("show", "")
    rows = find.rows(imported, show=asked, after=after())
    noted = [Remark(*parts) for parts in imported.problems]
    problems = [(say(remark), remark.field) for remark in noted if remark.sentence != REMEMBERED]
    job = find_jobs.newest_about(imports.key(import_id)) if imported.state in {"checked", "running"} else None
    state = "running" if job is not None and job.finished_at is None else imported.state
    return render(
        "imports/show.html", status=status, imported=imported, counts=imported.counts, rows=rows, asked=asked,
        results=RESULTS, problems=problems, is_remembered=len(problems) < len(noted),
        told=_told, field_of=imported.columns, earlier=find.earlier(imported),
        n_taken=sum(imported.counts.get(name, 0) for name in ("new", "updated", "unchanged")),
        n_warned=find.n_warned(imported), n_written=find.n_written(imported) if imported.state == "running" else 0,
        **corrected.of(imported, rows.rows if state == "checked" else []), typed=typed or {},
        was=differing.of(imported, rows.rows if state == "checked" else []),
        problem=say(problem) if problem else "", heading=HEADINGS[state], state=state, job=job,
        is_interrupted=find.is_interrupted(imported), is_read=find.is_read(imported),
        is_long_over=find.is_long_over(imported), said=of_job,
        moved=foreseen.of(imported) if state == "checked" else None, boxes=boxes.named(imported),
        open_dates=dating.open_columns(imported) if state == "checked" else [],
        n_unknown=len(again.unknown(actor(), imported)) if state == "checked" else 0,
        progress=progress_of, is_worked_on=state == imported.state or find_jobs.is_worked_on(),
    )  # fmt: skip


def after() -> int:
    """Return behind which row of the file the page begins."""
    said = request.args.get("after", "0")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 10 else 0


def _told(row: ImportRow) -> list[str]:
    """Return what there is to say about a row, in the language of the page."""
    why = find.why_not(row)
    return [say(remark) for remark in ([why] if why else find.warnings(row))]


@pages.get("/<int:import_id>/preview")
@needs(Action.IMPORT_CUSTOMERS)
def preview(import_id: int) -> Response:
    """Show what an import that is checked would move, in its own group and in all others, and who it is."""
    imported = find.by_id(actor(), import_id)
    if imported.state != "checked":
        raise Missing(N_("There is no such import."))
    return foreseen.page(imported)


@pages.post("/<int:import_id>/run")
@needs(Action.IMPORT_CUSTOMERS)
def run(import_id: int) -> ResponseReturnValue:
    """Write what the check showed, or go on where that was interrupted; a large file in the background."""
    try:
        if background.start(importing(), import_id) is not None:
            return redirect(url_for("imports.show", import_id=import_id), 303)
        imported = imports.run(importing(), import_id)
    except (Denied, Busy, NeedsApproval):
        raise
    except Refusal as refusal:
        return show(import_id, refusal, refusal.status)
    n = sum(imported.counts[name] for name in ("new", "updated"))
    flash(
        ngettext("%(n)s customer was written.", "%(n)s customers were written.", n, n=format_number(n))
        + (
            " "
            + gettext(
                "%(n)s joined %(group)s.", n=format_number(imported.counts["joined"]), group=imported.group.label
            )
            if imported.group
            else ""
        ),
        "success",
    )
    return redirect(url_for("imports.show", import_id=import_id), 303)


@pages.post("/<int:import_id>/check")
@needs(Action.IMPORT_CUSTOMERS)
def check_again(import_id: int) -> ResponseReturnValue:
    """Check a file again whose check was interrupted."""
    try:
        imports.check_again(importing(), import_id)
    except (Denied, Busy):
        raise
    except Refusal as refusal:
        return show(import_id, refusal, refusal.status)
    return redirect(url_for("imports.show", import_id=import_id), 303)


@pages.post("/<int:import_id>/cancel")
@needs(Action.IMPORT_CUSTOMERS)
def cancel(import_id: int) -> ResponseReturnValue:
    """Drop a file that is checked, or whose check was interrupted."""
    imports.cancel(importing(), import_id)
    flash(gettext("The file was dropped. Nothing of it was stored."), "success")
    return redirect(url_for("imports.new"), 303)


@pages.get("/<int:import_id>/refused.csv")
@needs(Action.IMPORT_CUSTOMERS)
def refused(import_id: int) -> Response:
    """Return the rows that are not taken: the file's own columns, and a reason that is left out when uploaded again."""
    imported = find.by_id(actor(), import_id)

    rows = find.refused(imported)

    def lines() -> Iterator[list[str]]:
        for cells, row in rows:
            yield [*cells, " ".join([*_told(row), *corrected.as_said(imported, row)])]

    return _csv("refused.csv", csv_rows([*imported.headers, "coterie_reason"], lines()))


@pages.get("/sample.csv")
@needs(Action.IMPORT_CUSTOMERS)
def sample() -> Response:
    """Return a small file that shows the columns, those of the store's own fields among them."""
    own = [(field.code, *samples.cells(field)) for field in find_fields.live()]
    header, *rows = ((*line, *(column[n] for column in own)) for n, line in enumerate(SAMPLE))
    return _csv("sample.csv", csv_rows(header, rows))


def _csv(name: str, lines: Iterator[bytes]) -> Response:
    response = Response(stream_with_context(lines), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
