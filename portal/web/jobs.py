"""Pages of jobs: what is done in the background, how far it is, and taking it back."""

from flask import Blueprint, Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from portal.access import actor, can, needs, polled
from portal.models import Job
from portal.permissions import Action
from portal.queries import jobs as find
from portal.received import reads
from portal.services import jobs
from portal.web.render import render
from portal.words import of_job, progress_of

pages = Blueprint("jobs", __name__, url_prefix="/jobs")
# How a job stands, and the sign that goes with it.
SIGNS = {"waiting": "draft", "running": "active", "done": "ok", "failed": "bad", "cancelled": "neutral"}


@pages.get("")
@needs(Action.OWN_ACCOUNT)
def index() -> Response:
    """List this person's jobs, and everybody's for who maintains the portal."""
    below = request.args.get("below", "")
    page = find.page(actor(), below=int(below) if below.isascii() and below.isdigit() and len(below) < 10 else None)
    is_open = any(row.finished_at is None for row in page.rows)
    return render(
        "jobs/index.html", page=page, said=of_job, progress=progress_of, signs=SIGNS, link=_link, is_open=is_open,
        is_worked_on=not is_open or find.is_worked_on(), below=below,
    )  # fmt: skip


@pages.get("/running")
@needs(Action.OWN_ACCOUNT)
@polled
def running() -> Response:
    """Tell how many are waiting or running; the frame of every page asks while there are any."""
    return index()


@pages.post("/<int:job_id>/cancel")
@needs(Action.OWN_ACCOUNT)
@reads()
def cancel(job_id: int) -> ResponseReturnValue:
    """Take back what has not begun."""
    job = jobs.cancel(actor(), job_id)
    flash(gettext("It was taken back. Nothing of it was done."), "success")
    return redirect(_link(job) or url_for("jobs.index"), 303)


def _link(job: Job) -> str:
    """Return where the thing is that a job is about; '' where this person cannot go."""
    noun, _, number = job.subject.partition(":")
    if noun in {"import", "foresee"} and can(Action.IMPORT_CUSTOMERS):
        return url_for("imports.show", import_id=int(number))
    if noun == "change" and can(Action.UNDO_OWN):
        done = job.result.get("change") if job.user_id == actor().user_id or can(Action.UNDO_ANY) else None
        return url_for("undoing.undone", change_id=done) if done else ""
    return ""
