"""Set-up, sign-in, sign-out, and a person's own account."""

from pathlib import Path
from urllib.parse import urlsplit

import wtforms
from flask import Blueprint, Response, current_app, flash, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user, login_user, logout_user
from wtforms import validators

from portal import kept
from portal.access import OPEN, actor, needs
from portal.app_limits import limiter
from portal.errors import Denied, Refusal
from portal.permissions import Action, Door
from portal.queries import users as find
from portal.received import reads
from portal.services import sessions, users
from portal.web.forms import Form, _l
from portal.web.language import LANGUAGE_NAMES
from portal.web.render import render

pages = Blueprint("users", __name__)


class SetUpForm(Form):
    """The first person."""

    code = wtforms.StringField(_l("Code shown in the terminal"), [validators.InputRequired(_l("Type the code."))])
    name = wtforms.StringField(_l("Your name"), [validators.InputRequired(_l("Type your name."))])
    email = wtforms.EmailField(_l("E-mail address"), [validators.InputRequired(_l("Type your e-mail address."))])
    password = wtforms.PasswordField(_l("Password"), [validators.InputRequired(_l("Choose a password."))])
    is_manager = wtforms.BooleanField(_l("I also act as CSCC Manager"))


class SignInForm(Form):
    """Address and password."""

    email = wtforms.EmailField(_l("E-mail address"), [validators.InputRequired(_l("Type your e-mail address."))])
    password = wtforms.PasswordField(_l("Password"), [validators.InputRequired(_l("Type your password."))])


class PasswordForm(Form):
    """A new password, with the old one."""

    current = wtforms.PasswordField(
        _l("Present password"), [validators.InputRequired(_l("Type your present password."))]
    )
    password = wtforms.PasswordField(_l("New password"), [validators.InputRequired(_l("Choose a new password."))])


@pages.get("/setup")
@needs(OPEN)
def set_up(form: SetUpForm | None = None, status: int = 200) -> ResponseReturnValue:
    """Ask for the first person, as long as there is none."""
    if find.is_set_up():
        return redirect(url_for("users.sign_in"))
    users.setup_code(Path(current_app.instance_path))
    return render("users/set_up.html", status=status, form=form or SetUpForm())


@pages.post("/setup")
@needs(OPEN)
@limiter.limit("20 per 15 minutes")
@reads(SetUpForm)
def set_up_first() -> ResponseReturnValue:
    """Make the owner and sign her in."""
    form = SetUpForm(request.form)
    if find.is_set_up():
        raise Denied("setup")
    if not form.validate():
        return set_up(form, 422)
    try:
        users.set_up(
            Path(current_app.instance_path),
            code=form.code.data or "",
            email=form.email.data or "",
            name=form.name.data or "",
            password=form.password.data or "",
            is_manager=bool(form.is_manager.data),
        )
    except Refusal as refusal:
        return set_up(form.refused(refusal), refusal.status)
    return _enter(form.email.data or "", form.password.data or "")


@pages.get("/sign-in")
@needs(OPEN)
def sign_in(
    form: SignInForm | None = None, status: int = 200, target: str | None = None, typed: str = ""
) -> ResponseReturnValue:
    """Ask who is there; `typed` is the sealed text of somebody whose session ended while she typed."""
    if not find.is_set_up():
        return redirect(url_for("users.set_up"))
    if current_user.is_authenticated:
        return redirect(url_for("start.home"))
    target = local(request.args.get("next", "") if target is None else target) or _came_from()
    return render(
        "users/sign_in.html", status=status, whole=True, form=form or SignInForm(), target=target, typed=typed
    )


@pages.post("/sign-in")
@needs(OPEN)
@reads(SignInForm, also=("next", "typed"))
def enter() -> ResponseReturnValue:
    """Sign somebody in and bring her where she wanted to go, or back to what she typed."""
    form = SignInForm(request.form)
    target, typed = request.form.get("next", ""), request.form.get("typed", "")
    if not form.validate():
        return sign_in(form, 422, target, typed)
    try:
        return _enter(form.email.data or "", form.password.data or "", local(target), typed)
    except Refusal as refusal:
        return sign_in(form.refused(refusal), refusal.status, target, typed)


def _enter(email: str, password: str, target: str = "", typed: str = "") -> Response:
    agent = request.headers.get("User-Agent", "")
    signed_in = sessions.sign_in(email, password, agent, request.remote_addr or "")
    session.clear()  # a session that began before sign-in must not go on after it
    login_user(signed_in)
    whose, form = kept.opened(typed) or (None, None)
    if form is not None and whose == signed_in.user_id:
        g.actor = find.actor_of(signed_in.user, Door.PAGE)
        return render("users/still_here.html", whole=True, kept=form)
    if form is not None:
        flash(gettext("Somebody else had typed something here. It was dropped; nothing of it was stored."), "warning")
        target = ""
    return redirect(target or url_for("start.home"), 303)  # type: ignore[return-value]


@pages.post("/sign-out")
@needs(Action.OWN_ACCOUNT)
def sign_out() -> ResponseReturnValue:
    """End this session, here and on the server."""
    sessions.sign_out(actor(), current_user.id)
    _leave()
    response = redirect(url_for("users.sign_in"), 303)
    response.headers["Clear-Site-Data"] = '"cache"'
    response.headers["Referrer-Policy"] = "no-referrer"  # whoever signs in next begins at the start page
    return response


def _leave() -> None:
    logout_user()
    session.clear()
    session[kept.LAST_USER] = actor().user_id


@pages.get("/account")
@needs(Action.OWN_ACCOUNT)
def account(form: PasswordForm | None = None, status: int = 200) -> Response:
    """Show a person's own account: language, password, where she is signed in."""
    return render(
        "users/account.html", status=status, form=form or PasswordForm(), user=current_user.user,
        sessions=find.sessions_of(current_user.user), here=current_user.id, languages=LANGUAGE_NAMES,
    )  # fmt: skip


@pages.post("/account/language")
@needs(Action.OWN_ACCOUNT)
@reads(also=("language",))
def choose_language() -> ResponseReturnValue:
    """Remember the language she reads."""
    users.set_language(actor(), request.form.get("language", ""))
    return redirect(url_for("users.account"), 303)


@pages.post("/account/password")
@needs(Action.OWN_ACCOUNT)
@reads(PasswordForm, also=("username",))
def change_password() -> ResponseReturnValue:
    """Change her password; every session ends, and she signs in with the new one."""
    form = PasswordForm(request.form)
    if not form.validate():
        return account(form, 422)
    try:
        users.change_own_password(
            actor(), form.current.data or "", form.password.data or "", request.remote_addr or ""
        )
    except Refusal as refusal:
        return account(form.refused(refusal), refusal.status)
    _leave()
    flash(gettext("Your password was changed and all sessions ended. Please sign in with the new one."), "success")
    return redirect(url_for("users.sign_in"), 303)


@pages.post("/account/sessions/<int:session_id>/end")
@needs(Action.OWN_ACCOUNT)
def end_session(session_id: int) -> ResponseReturnValue:
    """End another session of hers."""
    sessions.sign_out(actor(), session_id)
    flash(gettext("That session has ended."), "success")
    return redirect(url_for("users.account"), 303)


def _came_from() -> str:
    """Return the page of this portal on which the browser was when its session was found to have ended, '' if none.

    A live search is answered by the address of the sign-in page alone, so the browser says where it was.
    """
    try:
        parts = urlsplit(request.referrer or "")
    except ValueError:
        return ""
    routes = current_app.create_url_adapter(request)
    if parts.netloc != request.host or parts.path in {url_for("users.sign_in"), url_for("users.set_up")}:
        return ""
    if routes is None or not routes.test(parts.path, "GET"):
        return ""
    return local(parts._replace(scheme="", netloc="", fragment="").geturl())


def local(target: str) -> str:
    """Return `target` if it is an address of this portal, else ''. (reliability.md, promise 14)."""
    if len(target) > 2_000 or not target.startswith("/") or target[1:2] in {"/", "\\"}:
        return ""
    return "" if any(ord(mark) < 33 or ord(mark) == 127 or mark == "\\" for mark in target) else target
