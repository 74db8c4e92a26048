"""`portal serve`: the portal on this machine, for browsers."""

import logging
import resource
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import click
from flask import Flask
from flask_babel import gettext

from portal import config, migrate
from portal.cli import start
from portal.cli.options import as_option
from portal.db import db
from portal.errors import N_, Refusal
from portal.queries import users as find_users
from portal.services import users
from portal.services.imports.stage import MAX_BYTES

THREADS = 8
# The server reads every body to its end before the portal sees the request, without holding a thread for it: a
# half-sent one costs a connection and a little memory, a stranger's whole one some disk until the guard turns it away.
SERVER = {
    "threads": THREADS,
    "ident": None,
    "clear_untrusted_proxy_headers": True,  # nobody says where others come from, but for PORTAL_PROXY
    "connection_limit": 1_000,
    "asyncore_use_poll": True,  # select() knows no file beyond the 1 024th
    "channel_timeout": 60,  # seconds without a byte
    "cleanup_interval": 10,
    "max_request_header_size": 64 * 1024,
    "max_request_body_size": MAX_BYTES + 2 * 1024 * 1024,  # the largest upload, and the form around it
    "inbuf_overflow": 64 * 1024,  # more of a body than this waits on the disk
}
OPEN_FILES = 4_096  # connections, bodies on the disk, the database


@click.command("serve")
@click.option("--host", metavar="H", help="Address to serve on (PORTAL_HOST).")
@click.option("--port", metavar="P", help="Port to serve on (PORTAL_PORT).")
@click.option("--no-jobs", is_flag=True, help="Leave background jobs to “portal worker”.")
@as_option
def serve(host: str | None, port: str | None, no_jobs: bool) -> None:
    """Serve the portal until Ctrl-C; a new SQLite database is made on the way."""
    options = {name: text for name, text in (("PORTAL_HOST", host), ("PORTAL_PORT", port)) if text}
    app = start.application(options, pages=True)
    _prepare()
    server = bound(app)
    logging.getLogger("portal").setLevel(logging.INFO)  # one line of JSON for each request
    click.echo(gettext("Coterie is at %(address)s (Ctrl-C stops it).", address=address()))
    if not find_users.is_set_up():
        code = users.setup_code(Path(app.instance_path))
        click.echo(
            gettext("First start: open %(address)ssetup and type the code %(code)s.", address=address(), code=code)
        )
    run(server, None if no_jobs else app.extensions["workers"])


def _prepare() -> None:
    """Make the tables of a new SQLite database; raises Refusal when an existing one has to be migrated."""
    is_new = start.is_missing()
    pending = start.pending()
    if not pending:
        return
    if not config.current().is_sqlite or not (is_new or not db.get_tables()):
        raise Refusal(N_("The database is not ready: run “portal migrate” first."))
    migrate.up()


def address() -> str:
    """Return where browsers find the portal."""
    settings = config.current()
    scheme = "https" if settings.https else "http"
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"{scheme}://{host}:{settings.port}/"


def bound(app: Flask):  # type: ignore[no-untyped-def]
    """Return a server that holds the port already; raises Refusal when it cannot be had."""
    from waitress.server import create_server

    settings = config.current()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < OPEN_FILES:
        resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES if hard < 0 else min(OPEN_FILES, hard), hard))
    try:
        return create_server(app, host=settings.host, port=settings.port, **SERVER, **_believed(settings))
    except OSError as error:
        raise Refusal(
            N_("Cannot serve on %(host)s, port %(port)s: %(reason)s. Choose another with PORTAL_PORT."),
            host=settings.host, port=settings.port, reason=error.strerror or str(error),
        ) from None  # fmt: skip


def _believed(settings: config.Settings) -> dict[str, Any]:
    """Return what the server takes from the proxy that the settings name: the last address and scheme it tells of."""
    if not settings.proxy:
        return {}
    headers = {"x-forwarded-for", "x-forwarded-proto"}
    return {"trusted_proxy": settings.proxy, "trusted_proxy_count": 1, "trusted_proxy_headers": headers}


def run(server, workers=None) -> None:  # type: ignore[no-untyped-def]
    """Serve, with `workers` in the background if they are given, until the process is asked to stop; end cleanly."""
    start.close_database()  # this command's own; each thread of the server opens its own
    sys.stdout.flush()
    signal.signal(signal.SIGTERM, _stop)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a short queue is no news
    if workers is not None:
        workers.try_to_start()
    server.run()
    server.close()
    if workers is not None:
        workers.stop()


def _stop(number: int, frame: FrameType | None) -> None:
    raise SystemExit(0)
