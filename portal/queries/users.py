"""Reading users, their roles and their sessions."""

import hashlib

import peewee

from portal import clock
from portal.built import Built, Slot
from portal.emails import email_key
from portal.errors import N_, Missing
from portal.models import Shop, User, UserRole, UserSession
from portal.permissions import TABLE, Action, Actor, Door, Grant, Role
from portal.text import fold

# A browser that was away this long has to sign in again; one in use stays signed in for at most LONGEST_DAYS.
IDLE_HOURS = 12
LONGEST_DAYS = 14
_SESSION = Built(
    lambda: (
        UserSession.select(UserSession, User)
        .join(User)
        .where(
            UserSession.key_hash == Slot("key"),
            UserSession.ended_at.is_null(),
            UserSession.seen_at > Slot("idle"),
            UserSession.started_at > Slot("longest"),
            User.is_active == True,  # noqa: E712
        )
    )
)
_GRANTS = Built(
    lambda: (
        UserRole.select(UserRole.role, UserRole.shop)
        .where(UserRole.user == Slot("user"), UserRole.role.in_([role.value for role in Role]))
        .order_by(UserRole.id)
        .tuples()
    )
)


def key_hash(key: str) -> str:
    """Return what the table holds for a session key of 256 random bits; a plain hash suffices for such a key."""
    return hashlib.sha256(key.encode()).hexdigest()


def session(key: str) -> UserSession | None:
    """Return the live session of that key with its user, or None if it has ended, expired or lost its user."""
    idle, longest = clock.ago(hours=IDLE_HOURS), clock.ago(days=LONGEST_DAYS)
    found: UserSession | None = next(iter(_SESSION.rows(key=key_hash(key), idle=idle, longest=longest)), None)
    if found is not None:
        found.key = key
    return found


def owner_of_session(key: str) -> int | None:
    """Return the id of the user whose session has or had that key, ended or not."""
    found = UserSession.get_or_none(UserSession.key_hash == key_hash(key))
    return found.user_id if found else None


def sessions_of(user: User) -> list[UserSession]:
    """Return the live sessions of a user, the latest used first."""
    return list(
        UserSession.select()
        .where(
            UserSession.user == user,
            UserSession.ended_at.is_null(),
            UserSession.seen_at > clock.ago(hours=IDLE_HOURS),
            UserSession.started_at > clock.ago(days=LONGEST_DAYS),
        )
        .order_by(UserSession.seen_at.desc())
    )


def actor_of(user: User, door: Door) -> Actor:
    """Return the actor that `user` is when she comes through `door`, with the roles she holds at this moment.

    A role that this version does not know allows nothing.
    """
    grants = tuple(Grant(Role(role), shop_id) for role, shop_id in _GRANTS.rows(user=user.id))
    return Actor(user.id, user.name, door, grants)


def by_email(email: str) -> User:
    """Return the user who signs in by that address; raises Missing."""
    user = User.get_or_none(User.email_key == email_key(email))
    if user is None:
        raise Missing(N_("Nobody signs in as “%(email)s”."), email=email)
    return user


def signs_in_as(user_id: int | None, email: str) -> bool:
    """Tell whether that address is the one by which this very person signs in."""
    return bool(User.select().where(User.id == user_id, User.email_key == email_key(email)).exists())


def every() -> list[User]:
    """Return all users in the order of their folded names, the same on both databases."""
    return sorted(User.select(), key=lambda user: (fold(user.name), user.id))


def keepers() -> list[User]:
    """Return the people who may edit groups at this moment, in the order of their names."""
    return _holders(Action.EDIT_GROUP)


def approvers() -> list[User]:
    """Return the people who may decide at this moment what others ask for, in the order of their names."""
    return _holders(Action.APPROVE)


def _holders(action: Action) -> list[User]:
    roles = [role.value for role in Role if action in TABLE[role]]
    held = UserRole.select(UserRole.user).where(UserRole.role.in_(roles))
    users = User.select().where(User.id.in_(held), User.is_active == True)  # noqa: E712
    return sorted(users, key=lambda user: (fold(user.name), user.id))


def roles_by_user() -> dict[int, list[str]]:
    """Return the roles of everybody by user id, as the command line writes them: `owner`, `shop_staff:KGN`."""
    roles: dict[int, list[str]] = {}
    query = UserRole.select(UserRole, Shop).join(Shop, peewee.JOIN.LEFT_OUTER).order_by(UserRole.user, UserRole.id)
    for row in query:
        roles.setdefault(row.user_id, []).append(f"{row.role}:{row.shop.code}" if row.shop else row.role)
    return roles


def is_set_up() -> bool:
    """Tell whether anybody can sign in at all; before that only the set-up page answers."""
    return bool(User.select().exists())
