"""People who sign in: set-up, accounts, roles and passwords."""

import hmac
import secrets
from collections.abc import Sequence
from pathlib import Path

from portal import config
from portal.db import transaction
from portal.emails import read_email
from portal.errors import N_, Denied, Missing, Refusal
from portal.models import User, UserRole
from portal.permissions import SHOP_ROLES, Action, Actor, Door, Grant, Role, require
from portal.queries import users as find
from portal.services import passwords, sessions, tries
from portal.services.changes import Recorder, record, values
from portal.text import clean, fold

SETUP_CODE_FILE = "setup_code"


def setup_code(instance: Path) -> str:
    """Return the one-time code that set-up asks for, made and kept in `instance` when there is none yet."""
    return config.kept_secret(instance / SETUP_CODE_FILE, lambda: f"{secrets.randbelow(10**8):08}")


def set_up(instance: Path, *, code: str, email: str, name: str, password: str, is_manager: bool) -> User:
    """Make the first person, the owner; `is_manager` also makes her CSCC Manager, as she asked (product.md §6).

    Raises Denied once anybody exists, Refusal for a wrong code or unusable values.
    """
    with transaction():
        if find.is_set_up():
            raise Denied("setup")
        if not hmac.compare_digest(code.strip().encode(), setup_code(instance).encode()):
            raise Refusal(N_("This is not the code that the terminal shows."), "code")
        roles = [Grant(Role.OWNER)] + ([Grant(Role.CSCC_MANAGER)] if is_manager else [])
        actor = Actor(None, "set-up", Door.SETUP, is_operator=True)
        user = add(actor, email=email, name=name, grants=roles, password=password)
    (instance / SETUP_CODE_FILE).unlink(missing_ok=True)
    return user


def add(actor: Actor, *, email: str, name: str, grants: Sequence[Grant], password: str) -> User:
    """Add a person who may sign in, with her roles; raises Refusal naming the field."""
    require(actor, Action.EDIT_USER)
    if grants:
        require(actor, Action.GRANT_ROLE)
    with record(actor, "user.create") as change:
        read = read_email(clean(email))
        if read.key is None:
            raise Refusal(N_("“%(value)s” is not an e-mail address."), "email", value=email)
        if User.get_or_none(User.email_key == read.key) is not None:
            raise Refusal(N_("Somebody signs in as “%(value)s” already."), "email", value=email)
        name = " ".join(clean(name).split())
        if not fold(name) or len(name) > 120:
            raise Refusal(N_("Give a name of at most 120 characters."), "name")
        user = User.create(
            email=read.shown, email_key=read.key, name=name, password_hash=passwords.hashed(password, read.shown, name)
        )
        change.about("user", user.id)
        change.created("user", user)
        for item in grants:
            _grant(user, item, change)
    return user


def grant(actor: Actor, user_id: int, item: Grant) -> None:
    """Give a role; one she has already is no write. Raises Refusal when the role needs a shop or takes none."""
    require(actor, Action.GRANT_ROLE)
    with record(actor, "user.grant", f"user:{user_id}") as change:
        give(actor, user_id, item, change)


def give(actor: Actor, user_id: int, item: Grant, change: Recorder) -> bool:
    """Give a role inside a change that another service has open; tell whether she did not hold it already."""
    require(actor, Action.GRANT_ROLE)
    return _grant(_user(user_id), item, change)


def revoke(actor: Actor, user_id: int, item: Grant) -> None:
    """Take a role away; the last owner keeps hers. Effective at the person's next request."""
    require(actor, Action.GRANT_ROLE)
    with record(actor, "user.revoke", f"user:{user_id}") as change:
        take(actor, user_id, item, change)


def take(actor: Actor, user_id: int, item: Grant, change: Recorder) -> None:
    """Take a role away inside a change that another service has open; the last owner keeps hers."""
    require(actor, Action.GRANT_ROLE)
    user = _user(user_id)
    row = _held(user, item)
    if row is None:
        raise Missing(N_("%(name)s does not hold this role."), name=user.name)
    if item.role is Role.OWNER:
        _keep_an_owner(user)
    change.row("user_role", row.id, values(row), None)
    row.delete_instance()


def deactivate(actor: Actor, user_id: int) -> None:
    """Close a person's account; her sessions end with it. The last owner cannot be closed out.

    Raises Denied for somebody who grants roles (decision 0033), unless the actor does too.
    """
    require(actor, Action.EDIT_USER)
    with record(actor, "user.deactivate", f"user:{user_id}") as change:
        close(actor, user_id, change)


def close(actor: Actor, user_id: int, change: Recorder) -> None:
    """Close an account inside a change that another service has open."""
    require(actor, Action.EDIT_USER)
    user = _reached(actor, user_id)
    if _held(user, Grant(Role.OWNER)):
        _keep_an_owner(user)
    if user.is_active:
        user.is_active = False
        user.save()
        change.row("user", user.id, {"is_active": True}, {"is_active": False})
        sessions.end_all(user, change)


def activate(actor: Actor, user_id: int) -> None:
    """Open a closed account again, with the roles and the password that it had.

    Raises Denied for somebody who grants roles (decision 0033), unless the actor does too.
    """
    require(actor, Action.EDIT_USER)
    with record(actor, "user.activate", f"user:{user_id}") as change:
        open_again(actor, user_id, change)


def open_again(actor: Actor, user_id: int, change: Recorder) -> None:
    """Open a closed account inside a change that another service has open."""
    require(actor, Action.EDIT_USER)
    user = _reached(actor, user_id)
    if not user.is_active:
        user.is_active = True
        user.save()
        change.row("user", user.id, {"is_active": False}, {"is_active": True})


def set_password(actor: Actor, user_id: int, password: str) -> None:
    """Give a person another password; all her sessions end. Her own, or anybody's for who may edit users.

    Raises Denied for somebody who grants roles (decision 0033), unless the actor does too.
    """
    require(actor, Action.OWN_ACCOUNT if actor.user_id == user_id else Action.EDIT_USER)
    with record(actor, "user.password", f"user:{user_id}") as change:
        user = _reached(actor, user_id)
        user.password_hash = passwords.hashed(password, user.email, user.name)
        user.save()
        change.row("user", user.id, {}, {"password": "changed"})
        sessions.end_all(user, change)


def change_own_password(actor: Actor, current: str, password: str, address: str = "") -> None:
    """Change the actor's own password if she knows the present one; all her sessions end. Raises Refusal.

    Guesses from a network address are counted with those of signing in there (services/tries.py).
    """
    require(actor, Action.OWN_ACCOUNT)
    user = _user(actor.user_id or 0)
    tried = tries.count(user.email_key, address, "current")
    if not passwords.verify(user.password_hash, current):
        raise Refusal(N_("This is not your present password."), "current")
    with transaction():
        tries.take_back(tried)
    set_password(actor, user.id, password)


def set_language(actor: Actor, language: str) -> None:
    """Remember the language in which this person reads the portal; '' follows her browser."""
    require(actor, Action.OWN_ACCOUNT)
    with record(actor, "user.language", f"user:{actor.user_id}") as change:
        if language not in {"", *config.LOCALES}:
            raise Refusal(N_("Choose one of the languages shown."), "language")
        put_language(actor, actor.user_id or 0, language, change)


def put_language(actor: Actor, user_id: int, language: str, change: Recorder) -> None:
    """Remember a language inside a change that another service has open; raises Denied for that of somebody else."""
    require(actor, Action.OWN_ACCOUNT)
    if user_id != actor.user_id:
        raise Denied(Action.OWN_ACCOUNT)
    user = _user(user_id)
    if user.language != language:
        change.row("user", user.id, {"language": user.language}, {"language": language})
        user.language = language
        user.save()


def _user(user_id: int) -> User:
    user = User.get_or_none(User.id == user_id)
    if user is None:
        raise Missing(N_("This person is not there any more."))
    return user


def _reached(actor: Actor, user_id: int) -> User:
    """Return a person whose account the actor may touch; raises Denied for one through whom she would rise."""
    user = _user(user_id)
    if actor.user_id != user_id and find.actor_of(user, actor.door).may(Action.GRANT_ROLE):
        require(actor, Action.GRANT_ROLE)
    return user


def _held(user: User, item: Grant) -> UserRole | None:
    shop = UserRole.shop.is_null() if item.shop_id is None else UserRole.shop == item.shop_id
    return UserRole.get_or_none(UserRole.user == user, UserRole.role == item.role.value, shop)


def _grant(user: User, item: Grant, change: Recorder) -> bool:
    if item.shop_id is not None and item.role not in SHOP_ROLES:
        raise Refusal(N_("Only support and shop staff can be limited to a shop."), "role")
    if item.shop_id is None and item.role is Role.SHOP_STAFF:
        raise Refusal(N_("Shop staff belong to a shop: name it, as in shop_staff:CODE."), "role")
    if _held(user, item) is not None:
        return False
    row = UserRole.create(user=user, role=item.role.value, shop=item.shop_id)
    change.created("user_role", row)
    return True


def _keep_an_owner(leaving: User) -> None:
    others = (
        UserRole.select()
        .join(User)
        .where(UserRole.role == Role.OWNER.value, User.is_active == True, User.id != leaving.id)  # noqa: E712
    )
    if not others.exists():
        raise Refusal(N_("%(name)s is the only owner. Make somebody else an owner first."), name=leaving.name)
