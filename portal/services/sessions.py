"""Sessions: signing in and out, noting use, ending all of a person's, dropping those long over."""

import secrets
from contextlib import suppress

import peewee

from portal import clock
from portal.db import transaction
from portal.emails import email_key
from portal.errors import N_, Busy, Missing, Refusal
from portal.models import User, UserSession
from portal.permissions import Action, Actor, Door, require
from portal.queries import users as find
from portal.services import passwords, tries
from portal.services.changes import Recorder, record
from portal.services.imports import sweep
from portal.text import clean

TOUCH_SECONDS = 0.1  # reading goes on while writing has to wait
KEPT_DAYS = 30  # since its last use, for which a session that is over is kept: longer than one can last
SWEPT = 100  # sessions that one signing in drops at most


def sign_in(email: str, password: str, agent: str = "", address: str = "") -> UserSession:
    """Return a new session for the right e-mail address and password, tried from a network address.

    Raises Refusal with one and the same sentence for an unknown person, a wrong password and a closed account, after
    the same work, so that nobody can list accounts; another sentence after too many failures (services/tries.py).
    """
    # Read as it was read when it was stored: an international address has more than one spelling.
    email = email_key(email)
    user = User.get_or_none(User.email_key == email)
    tried = tries.count(email, address)
    matches = passwords.verify(user.password_hash if user else passwords.decoy(), password)
    if user is None or not matches or not user.is_active:
        raise _wrong()
    session_key, anew = secrets.token_urlsafe(32), passwords.hashed_anew(user.password_hash, password)
    actor = find.actor_of(user, Door.PAGE)
    with record(actor, "user.sign_in", f"user:{user.id}") as change:
        # Verifying takes its time: a password that was changed meanwhile has ended all sessions, and opens none.
        now = User.get_by_id(user.id)
        if now.password_hash != user.password_hash or not now.is_active:
            raise _wrong()
        session = UserSession.create(key_hash=find.key_hash(session_key), user=user, agent=clean(agent)[:200])
        change.row("user_session", session.id, None, {"user": user.id})
        tries.take_back(tried)
        if anew:
            User.update(password_hash=anew).where(User.id == user.id).execute()
            change.row("user", user.id, {}, {"password": "hashed anew"})
        _sweep()
        sweep.long_over()  # in a portal that is in use, somebody signs in every day
    session.key = session_key
    return session


def sign_out(actor: Actor, session_id: int) -> None:
    """End one session of this person's own; a session of somebody else is Missing."""
    require(actor, Action.OWN_ACCOUNT)
    with record(actor, "user.sign_out", f"user:{actor.user_id}") as change:
        session = UserSession.get_or_none(UserSession.id == session_id, UserSession.user == actor.user_id)
        if session is None:
            raise Missing(N_("This session has ended already."))
        if session.ended_at is None:
            session.ended_at = clock.now()
            session.save()
            change.row("user_session", session.id, {"ended_at": None}, {"ended_at": session.ended_at.isoformat()})


def touch(session: UserSession) -> None:
    """Note that a session is in use, at most once a minute, so that reading pages writes next to nothing."""
    if session.seen_at < clock.ago(minutes=1):
        with suppress(Busy, peewee.OperationalError), transaction(TOUCH_SECONDS):
            UserSession.update(seen_at=clock.now()).where(UserSession.id == session.id).execute()


def end_all(user: User, change: Recorder) -> None:
    """End every session of a person, inside the open change."""
    live = UserSession.select(UserSession.id).where(UserSession.user == user, UserSession.ended_at.is_null())
    moment = clock.now()
    for session in list(live):
        change.row("user_session", session.id, {"ended_at": None}, {"ended_at": moment.isoformat()})
    UserSession.update(ended_at=moment).where(UserSession.user == user, UserSession.ended_at.is_null()).execute()


def _sweep() -> None:
    """Drop some of the sessions that are long over: no cookie opens them, and no page carries typed text for them."""
    over = UserSession.seen_at < clock.ago(days=KEPT_DAYS)
    swept = [row.id for row in UserSession.select(UserSession.id).where(over).order_by(UserSession.id).limit(SWEPT)]
    if swept:
        UserSession.delete().where(UserSession.id.in_(swept)).execute()


def _wrong() -> Refusal:
    return Refusal(N_("E-mail address or password is wrong."), "email")
