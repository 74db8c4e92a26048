"""Errors as pages: the only place where a refusal becomes HTML."""

import errno
import logging
from collections.abc import Iterator

import peewee
from flask import Flask, Response, g, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, SecurityError

from portal import kept
from portal.errors import N_, Refusal
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
        # The fault may have come after the act was stored, while its answer was being drawn.
        N_("The fault was written to the log. Look whether what you did is stored before you do it again."),
    ),
    503: (N_("The portal is busy"), N_("Nothing was changed. Please try again in a moment.")),
    507: (
        N_("The disk is full"),
        N_("Nothing was changed; reading goes on. Whoever keeps the machine has to make space on its disk."),
    ),
}
# After these the same form may be sent again as it was; what was typed is drawn again with a button.
AGAIN = frozenset({400, 409, 500, 503, 507})
RETRY_AFTER = "2"  # seconds
# What SQLite says when a file can grow no more, and PostgreSQL.
_NO_SPACE = frozenset({errno.ENOSPC, errno.EFBIG, errno.EDQUOT})
_FULL = ("disk is full", "disk I/O error", "No space left on device", "could not extend file")


def init_app(app: Flask) -> None:
    """Let `app` answer every error in words."""
    app.register_error_handler(Refusal, _refused)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(peewee.OperationalError, _database)
    app.register_error_handler(peewee.InterfaceError, _database)
    app.register_error_handler(Exception, _fault)
    app.after_request(_later)


def _refused(refusal: Refusal) -> ResponseReturnValue:
    return _page(refusal.status, say(refusal))


def _http(error: HTTPException) -> ResponseReturnValue:
    # For a host name that is not ours no address can be made, so no page of ours can be drawn either.
    if error.code is None or error.code < 400 or isinstance(error, SecurityError):
        return error.get_response()
    if isinstance(error, CSRFError) and kept.of_request():
        return _page(400, gettext("This page was drawn before you signed in anew. What you typed is still here."))
    response = _page(error.code)
    for name, value in error.get_headers():  # Allow of a 405, Retry-After, Content-Range
        if name != "Content-Type":
            response.headers[name] = value
    return response


def _database(error: peewee.PeeweeException) -> ResponseReturnValue:
    logger.exception("database")
    return _page(507 if any(words in str(cause) for cause in _causes(error) for words in _FULL) else 503)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    # SQLite has taken a transaction back by itself when the disk is full; what is told last is that nothing was left.
    while error is not None:
        yield error
        error = error.__context__


def _fault(error: Exception) -> ResponseReturnValue:
    logger.exception("fault")
    # A file that was uploaded is written to the disk before the database is.
    return _page(507 if isinstance(error, OSError) and error.errno in _NO_SPACE else 500)


def _later(response: Response) -> Response:
    if response.status_code == 503:
        response.headers.setdefault("Retry-After", RETRY_AFTER)
    return response


def _page(status: int, sentence: str = "") -> Response:
    title, advice = WORDS.get(status, WORDS[400 if status < 500 else 500])
    template = "layout/error_plain.html" if g.get("actor") is None else "layout/error.html"
    if request.headers.get("HX-Request-Type") == "partial":
        # A refusal inside a fragment would replace a table by an error page; say it as a toast instead. It comes as a
        # part of its own, for of an answer of 500 or more htmx swaps nothing else (layout/base.html).
        toast = render_template("layout/error_toast.html", sentence=sentence or gettext(title))
        return make_response(toast, status, {"HX-Reswap": "none"})
    typed = kept.of_request() if status in AGAIN else None
    return render(template, status=status, title=gettext(title), sentence=sentence or gettext(advice), kept=typed)
