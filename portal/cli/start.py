"""Opening the portal for a command: settings, app context, database, and who acts."""

import logging
import os
from collections.abc import Mapping
from pathlib import Path

import click
from flask import Flask

from portal import config, migrate
from portal.app import create_app
from portal.cli.options import AS
from portal.db import db
from portal.errors import N_, Refusal
from portal.permissions import OPERATOR, Actor, Door
from portal.queries import users

INSTANCE = Path("instance")
_APP = "portal.app"


def application(environ: Mapping[str, str] | None = None, *, pages: bool = False) -> Flask:
    """Return the app of this command, made when it is first asked for, with its context open until the command ends.

    With `pages` if the command serves or lists them. `environ` are variables that options of the command set in place
    of the environment's.
    """
    root = click.get_current_context().find_root()
    app: Flask | None = root.meta.get(_APP)
    if app is None:
        app = create_app(config.read(os.environ | dict(environ or {})), INSTANCE, pages=pages)
        # Standard error is for the one sentence; `serve` turns its log on again.
        logging.getLogger("portal").setLevel(logging.ERROR)
        root.meta[_APP] = app
        root.with_resource(app.app_context())
        root.call_on_close(close_database)
        root.call_on_close(app.extensions["workers"].close)
    return app


def open_database() -> None:
    """Connect to the database of this command; raises Refusal when it is missing or not migrated."""
    application()
    if is_missing() or pending():
        raise Refusal(N_("The database is not ready: run “portal migrate” first."))


def is_missing() -> bool:
    """Tell whether the SQLite file is not there yet; looking must not make it."""
    settings = config.current()
    return settings.is_sqlite and not settings.sqlite_path.exists()


def pending() -> list[str]:
    """Connect, and return the names of migrations that have not been applied: all of them where there is no file."""
    if is_missing():
        return migrate.known()
    db.connect(reuse_if_open=True)
    return migrate.pending()


def close_database() -> None:
    """Close this command's connection, if it has one."""
    if db.obj is not None and not db.is_closed():
        db.close()


def actor(*, operator: bool) -> Actor:
    """Return the person named with `--as`, or the machine's operator where the command lets her.

    Raises Refusal when nobody is named and somebody has to be, when she is unknown, and when her account is closed.
    """
    email = click.get_current_context().meta.get(AS)
    if email is None:
        if operator:
            return OPERATOR
        raise Refusal(N_("Say who acts, with --as EMAIL. Nothing was done."))
    user = users.by_email(email)
    if not user.is_active:
        raise Refusal(N_("The account of %(name)s is closed. Nothing was done."), name=user.name)
    return users.actor_of(user, Door.COMMAND)
