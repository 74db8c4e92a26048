"""Typed text that must not be lost: carried through the sign-in page, or drawn again beside a sentence of refusal.

What was typed rides in a hidden field of the sign-in form, signed and bound to the person who typed it. Nothing is
sent by itself: she sees what it is and presses a button. Passwords and files are never carried.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from flask import current_app, request, session
from flask_wtf.csrf import validate_csrf
from itsdangerous import BadData, URLSafeTimedSerializer
from wtforms import ValidationError

from portal.queries import users as find
from portal.received import fields_of

MOST = 64 * 1024  # bytes of a body that is carried
DAY = 24 * 3600  # seconds that a sign-in page may lie open and still carry it
LAST_USER = "last"  # in the cookie of a browser that has signed out: whose text its other tabs may still send


@dataclass(frozen=True)
class Kept:
    """A form that was sent and not done: its endpoint and address, its key, and what it says."""

    endpoint: str
    action: str
    once: str
    pairs: tuple[tuple[str, str], ...]

    @property
    def typed(self) -> list[tuple[Any, str]]:
        """Return what a person typed or chose, each with the field's label."""
        fields = fields_of(current_app.view_functions.get(self.endpoint))
        return [(label, value) for name, value in self.pairs if value and (label := fields.label(name))]


def of_request() -> Kept | None:
    """Return what this post says if it may be read and drawn again, else None.

    Only a body that is small, holds text alone, carries no password, and comes from a browser of this portal's people:
    one with our signed cookie, from a page of ours. A stranger's body is not touched.
    """
    fields = fields_of(current_app.view_functions.get(request.endpoint or ""))
    if request.method != "POST" or not fields.labels or fields.is_secret or not (_is_small_text() and _is_ours()):
        return None
    form = request.form
    pairs = tuple((name, value) for name, value in form.items(multi=True) if fields.label(name) is not None)
    if any("\x00" in value for _, value in pairs):
        return None
    return Kept(str(request.endpoint), request.script_root + request.path, form.get("once", ""), pairs)


def _is_small_text() -> bool:
    return request.mimetype == "application/x-www-form-urlencoded" and 0 < (request.content_length or 0) <= MOST


def _is_ours() -> bool:
    if "_user_id" not in session and LAST_USER not in session:
        return False
    # Browsers say where a request comes from; the token counts for those that do not, and for nobody else.
    said = request.headers.get("Sec-Fetch-Site", "")
    return said == "same-origin" or (not said and _has_token())


def _has_token() -> bool:
    try:
        validate_csrf(request.form.get("csrf_token", ""))
    except ValidationError:
        return False
    return True


def sealed() -> str:
    """Return what this post says, signed for the person whose session has ended; '' if it cannot be carried."""
    kept = of_request()
    user_id = _last_user() if kept else None
    return str(_seal().dumps({**asdict(kept), "user": user_id})) if kept and user_id else ""


def opened(text: str) -> tuple[int, Kept] | None:
    """Return whose text it is and what it says; None for nothing, for what is too old or was not sealed here."""
    try:
        said: Mapping[str, Any] = _seal().loads(text, max_age=DAY)
        pairs = tuple((str(name), str(value)) for name, value in said["pairs"])
        return said["user"], Kept(said["endpoint"], said["action"], said["once"], pairs)
    except (BadData, KeyError, TypeError, ValueError):  # the last three: sealed by a release that said it otherwise
        return None


def _last_user() -> int | None:
    key = session.get("_user_id")
    return find.owner_of_session(key) if key else session.get(LAST_USER)


def _seal() -> URLSafeTimedSerializer:
    fallbacks = current_app.config["SECRET_KEY_FALLBACKS"] or ()
    return URLSafeTimedSerializer([*reversed(fallbacks), str(current_app.secret_key)], salt="kept")
