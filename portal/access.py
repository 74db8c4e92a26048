"""The door in: who are you, may you, was this done already. One guard runs before anything else is looked at."""

import hashlib
import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, TypeVar

import peewee
from flask import Flask, Response, abort, current_app, flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import LoginManager, current_user
from flask_wtf.csrf import CSRFProtect
from werkzeug.datastructures import FileStorage

from portal import kept, received
from portal.errors import Busy, Denied
from portal.models import RequestKey, UserSession
from portal.permissions import Action, Actor, Door
from portal.queries import users as find
from portal.services import once, sessions
from portal.services.membership import due

View = TypeVar("View", bound=Callable[..., Any])

# The pages anybody may open: set-up, sign-in, static files.
OPEN = "open"
MAX_ID = 2**31 - 1  # the largest id that both databases hold
READS = frozenset({"GET", "HEAD", "OPTIONS"})
logger = logging.getLogger("portal.access")
csrf = CSRFProtect()
_login = LoginManager()
# flask-login's own protection hangs on an address header that anybody can send; our session rows do its work.
_login.session_protection = None


def needs(action: Action | str) -> Callable[[View], View]:
    """Record on an endpoint which action it needs; an endpoint that names none is refused to everybody."""

    def mark(view: View) -> View:
        view.needs = action  # type: ignore[attr-defined]
        return view

    return mark


def takes(n_bytes: int) -> Callable[[View], View]:
    """Let an endpoint take bodies of up to `n_bytes`; all others keep the small limit of the whole portal."""

    def mark(view: View) -> View:
        view.takes = n_bytes  # type: ignore[attr-defined]
        return view

    return mark


def polled(view: View) -> View:
    """Mark an endpoint that pages ask by themselves: when the session has ended it is told nothing, and goes nowhere.

    Sending the browser to the sign-in page would take what somebody is just typing away from her.
    """
    view.polled = True  # type: ignore[attr-defined]
    return view


def init_app(app: Flask) -> None:
    """Put the guard in front of every request of `app`, before form bodies are read and CSRF is checked."""
    app.config.setdefault("WTF_CSRF_CHECK_DEFAULT", False)
    app.config.setdefault("WTF_CSRF_TIME_LIMIT", None)
    # Where a post comes from is asked of Sec-Fetch-Site; a browser that names no page it comes from is served too.
    app.config.setdefault("WTF_CSRF_SSL_STRICT", False)
    # Templates ask for nobody: an error page has to be drawn when the database is away too.
    _login.init_app(app, add_context_processor=False)
    csrf.init_app(app)
    app.before_request(_guard)
    app.after_request(_answered)
    app.teardown_request(lambda error: once.end())


@_login.user_loader
def _load(key: str) -> UserSession | None:
    return find.session(key)


def actor() -> Actor:
    """Return who is acting in this request; raises Denied when nobody is signed in."""
    found: Actor | None = g.get("actor")
    if found is None:
        raise Denied("sign-in")
    return found


def importing() -> Actor:
    """Return who is acting, through the import door."""
    return replace(actor(), door=Door.IMPORT)


def can(action: Action | str) -> bool:
    """Tell whether the person of this request may do `action`; templates ask it before they draw a button."""
    found: Actor | None = g.get("actor")
    return found is not None and found.may(Action(action))


def _guard() -> ResponseReturnValue | None:
    once.end()
    if request.endpoint is None or request.endpoint == "static":
        return None  # no such page is the router's 404 or 405; static files are for everybody
    if any(isinstance(value, int) and value > MAX_ID for value in (request.view_args or {}).values()):
        abort(404)
    _no_nul([("", request.path), *request.args.items(multi=True)])
    view = current_app.view_functions[request.endpoint]
    refused = _may_enter(getattr(view, "needs", None))
    if refused is not None:
        return refused
    return None if request.method in READS else _posted(view)


def _posted(view: Callable[..., Any]) -> ResponseReturnValue | None:
    """Look at the form of a post; return the answer if this very form was done before."""
    _same_origin()
    request.max_content_length = getattr(view, "takes", current_app.config["MAX_CONTENT_LENGTH"])
    csrf.protect()
    _no_nul(request.form.items(multi=True))
    _no_nul((name, file.filename or "") for name, file in request.files.items(multi=True))
    received.check(view, request.form, request.files)
    key = request.form.get("once", "")
    if not key or g.get("actor") is None:
        return None
    said = sorted((name, text) for name, text in request.form.items(multi=True) if name != "csrf_token")
    files = sorted((name, file.filename or "", _digest(file)) for name, file in request.files.items(multi=True))
    once.begin(g.actor.user_id, str(request.endpoint), key, [request.path, said, files])
    earlier = once.earlier()
    return _as_before(earlier) if earlier else None


def _digest(file: FileStorage) -> str:
    found = hashlib.file_digest(file.stream, "sha256").hexdigest()  # type: ignore[arg-type]
    file.stream.seek(0)
    return found


def _answered(response: Response) -> Response:
    """Keep where a form led; one that failed because an equal one was quicker is answered as that one was."""
    if request.method in READS:
        return response
    try:
        earlier = once.earlier() if response.status_code >= 400 else None
        if earlier is None and response.status_code < 500:
            once.answered(response.status_code, response.location or "")
    except (Busy, peewee.PeeweeException):
        # What was done is done; only a second click would be sent to the start page instead of here.
        logger.warning("answer not kept", exc_info=True)
        return response
    return _as_before(earlier) if earlier else response


def _as_before(earlier: RequestKey) -> Response:
    flash(gettext("This was sent twice; it was done once."), "success")
    target = earlier.location or url_for("start.home")
    return current_app.make_response(redirect(target, earlier.status or 303))


def _no_nul(pairs: Iterable[tuple[str, str]]) -> None:
    # No keyboard types it, no database holds it, and no page could show it.
    if any("\x00" in name or "\x00" in value for name, value in pairs):
        abort(400)


def _may_enter(needed: Action | str | None) -> ResponseReturnValue | None:
    """Set who is acting; return the sign-in page, raise Denied, or return None to let the request in."""
    signed_in = current_user.is_authenticated
    if signed_in:
        g.actor = find.actor_of(current_user.user, Door.PAGE)
        sessions.touch(current_user)
    if needed is None:
        abort(403)
    if needed != OPEN:
        if not signed_in:
            return _to_sign_in()
        if not g.actor.may(needed):
            raise Denied(str(needed))
        _catch_up()
    return None


def _catch_up() -> None:
    """Write what the clock has moved, before anything is read: one look into an index when nothing is due."""
    try:
        due.refresh()
    except Busy:
        # Somebody is writing, and who writes catches up herself.
        logger.info("not caught up")


def _same_origin() -> None:
    # Browsers say where a request comes from; a form on another site is refused even with a stolen token.
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        abort(403)


def _to_sign_in() -> ResponseReturnValue:
    if not find.is_set_up():
        return redirect(url_for("users.set_up"))
    view = current_app.view_functions[str(request.endpoint)]
    if request.headers.get("HX-Request") and getattr(view, "polled", False):
        return "", 401
    typed = kept.sealed()
    if request.headers.get("HX-Request") and not typed:
        # Never the sign-in page inside a table: the browser goes there as a whole.
        return "", 401, {"HX-Redirect": url_for("users.sign_in")}
    # The sign-in page in place, with the status that says so; it remembers where the person wanted to go, and what
    # she typed. In the place of a fragment that carried typed text it becomes the whole page.
    target = request.full_path.rstrip("?") if request.method == "GET" else ""
    page: Any = current_app.view_functions["users.sign_in"]
    return page(status=401, target=target, typed=typed)
