"""`portal worker` and `portal job …`: work that outlives a request."""

import logging
import signal
import threading

import click
from flask_babel import gettext

from portal.cli import output, start
from portal.cli.options import as_option, json_option, operating
from portal.errors import N_, Refusal
from portal.models import Job
from portal.permissions import Actor
from portal.queries import jobs as find
from portal.words import of_job


@click.command("worker")
@as_option
def worker() -> None:
    """Work on background jobs until Ctrl-C."""
    app = start.application()
    if start.is_missing() or start.pending():
        raise Refusal(N_("The database is not ready: run “portal migrate” first."))
    logging.getLogger("portal").setLevel(logging.INFO)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    click.echo(gettext("Working on jobs (Ctrl-C stops it)."))
    start.close_database()
    app.extensions["workers"].run(stop)


@click.group("job")
@as_option
def job() -> None:
    """Background jobs."""


@job.command("list")
@json_option
@operating
def list_(actor: Actor, as_json: bool) -> None:
    """List the jobs, the newest first: one's own, or all for who maintains the portal."""
    rows, below = [], None
    while True:
        page = find.page(actor, below=below)
        rows += page.rows
        below = page.below
        if below is None:
            break
    if as_json:
        output.json_value([_told(row) for row in rows])
        return
    header = tuple(map(gettext, (N_("Job"), N_("What"), N_("State"), N_("Done"), N_("By"), N_("Since"), N_("Remark"))))
    output.table(header, [tuple(_cells(row)) for row in rows])


def _told(row: Job) -> dict[str, object]:
    return {
        "id": row.id, "kind": row.kind, "about": row.subject, "state": row.state, "done": row.n_done,
        "all": row.n_all, "by": row.user.email if row.user_id else None, "attempts": row.attempt,
        "created_at": row.created_at, "started_at": row.started_at, "finished_at": row.finished_at,
        "error": row.error % row.error_params if row.error_params else row.error, "result": row.result,
    }  # fmt: skip


def _cells(row: Job) -> list[str]:
    done = f"{row.n_done}/{row.n_all}" if row.n_all else ""
    by = row.user.name if row.user_id else gettext("the portal")
    said = of_job(row)
    return [str(row.id), said.kind, said.state, done, by, f"{row.created_at:%Y-%m-%d %H:%M}", said.error]
