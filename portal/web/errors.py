"""Errors as pages: the only place where a refusal becomes HTML."""

import logging

import peewee
from flask import Flask, g, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from werkzeug.exceptions import HTTPException, SecurityError

from portal.errors import N_, Busy, Refusal
from portal.web.language import say
from portal.web.render import render

logger = logging.getLogger("portal.web")

# What a person reads for each answer that the framework gives: a title, and what to do now.
WORDS = {
    400: (N_("This request was not understood"), N_("Nothing was changed. Go back, reload the page and try again.")),
    403: (
        N_("This is not yours to do"),
        N_("Your roles do not allow this. Nothing was changed. An owner can give you a role."),
    ),
    404: (N_("There is no such page"), N_("It may have been moved or deleted, or never was. Nothing was changed.")),
    405: (
        N_("This address does not work that way"),
        N_("Nothing was changed. Use the buttons and links of the portal."),
    ),
    409: (N_("Somebody else was quicker"), N_("Nothing was changed. Reload the page to see what is stored now.")),
    413: (N_("This is too large"), N_("Nothing was changed. Send less text, or split the file.")),
    422: (N_("This could not be done"), N_("Nothing was changed.")),
    429: (N_("Too many tries"), N_("Nothing was changed. Wait a few minutes and try again.")),
    500: (
        N_("Something went wrong here"),
        N_("Nothing was changed. The fault was written to the log; please try again."),
    ),
    503: (N_("The portal is busy"), N_("Nothing was changed. Please try again in a moment.")),
}


def init_app(app: Flask) -> None:
    """Let `app` answer every error in words."""
    app.register_error_handler(Refusal, _refused)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(peewee.OperationalError, _database)
    app.register_error_handler(Exception, _fault)


def _refused(refusal: Refusal) -> ResponseReturnValue:
    response = _page(refusal.status, say(refusal))
    if isinstance(refusal, Busy):
        response.headers["Retry-After"] = "2"
    return response


def _http(error: HTTPException) -> ResponseReturnValue:
    # For a host name that is not ours no address can be made, so no page of ours can be drawn either.
    if error.code is None or error.code < 400 or isinstance(error, SecurityError):
        return error.get_response()
    return _page(error.code)


def _database(error: peewee.OperationalError) -> ResponseReturnValue:
    logger.exception("database")
    response = _page(503)
    response.headers["Retry-After"] = "5"
    return response


def _fault(error: Exception) -> ResponseReturnValue:
    logger.exception("fault")
    return _page(500)


def _page(status: int, sentence: str = ""):  # type: ignore[no-untyped-def]
    title, advice = WORDS.get(status, WORDS[400 if status < 500 else 500])
    template = "layout/error_plain.html" if g.get("actor") is None else "layout/error.html"
    if request.headers.get("HX-Request-Type") == "partial":
        # A refusal inside a fragment would replace a table by an error page; say it as a toast instead.
        response = render("layout/error_toast.html", status=status, sentence=sentence or gettext(title))
        response.headers |= {"HX-Retarget": "#toasts", "HX-Reswap": "beforeend"}
        return response
    return render(template, status=status, title=gettext(title), sentence=sentence or gettext(advice))
