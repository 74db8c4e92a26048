"""Checks of people and of what they made: roles, passwords, sessions, membership, imports, backups. Counts only."""

from peewee import fn

from portal import clock
from portal.errors import N_
from portal.models import Change, Import, SignInFailure, User, UserRole, UserSession
from portal.permissions import Role
from portal.queries import membership
from portal.queries import users as find
from portal.queries.doctor.findings import Check, Finding, Place, bad, none, ok, strict, warn

DEMO = "@demo.example"
STALE_ROWS = 1_000
GUESSES = 50
BACKUP_DAYS = 2
_ACTIVE = User.is_active == True  # noqa: E712


def _owner(place: Place) -> Finding:
    n = UserRole.select().join(User).where(UserRole.role == Role.OWNER.value, _ACTIVE).count()
    if n:
        return ok(n)
    return strict(place, 0, N_("Nobody is the owner. Open /setup, or use “portal user add” with --role owner."))


def _without_roles(place: Place) -> Finding:
    n = User.select().where(_ACTIVE, User.id.not_in(UserRole.select(UserRole.user))).count()
    return none(n, warn, N_("People without any role can sign in and see nothing. Give them one or close them."))


def _without_shop(place: Place) -> Finding:
    n = UserRole.select().where(UserRole.role == Role.SHOP_STAFF.value, UserRole.shop.is_null()).count()
    return none(n, bad, N_("Shop staff without a shop see nobody. Revoke the role and grant it with a shop."))


def _roles_known(place: Place) -> Finding:
    n = UserRole.select().where(UserRole.role.not_in([role.value for role in Role])).count()
    return none(n, bad, N_("Somebody holds a role that this version does not know. Install the newer version."))


def _without_password(place: Place) -> Finding:
    n = User.select().where(_ACTIVE, ~User.password_hash.startswith("$argon2id$")).count()
    return none(n, warn, N_("Accounts without a password cannot be used: “portal user password”, or close them."))


def _demo_people(place: Place) -> Finding:
    n = User.select().where(_ACTIVE, User.email_key.endswith(DEMO)).count()
    if n:
        return strict(place, n, N_("The demo's people are here; their password is known to all. Close their accounts."))
    return ok(0)


def _stale_sessions(place: Place) -> Finding:
    old = (UserSession.seen_at < clock.ago(hours=find.IDLE_HOURS)) | (
        UserSession.started_at < clock.ago(days=find.LONGEST_DAYS)
    )
    n = UserSession.select().where(UserSession.ended_at.is_null(), old).count()
    if n > STALE_ROWS:
        return warn(n, N_("Many sessions have run out and were never ended. They open nothing; it is only clutter."))
    return ok(n)


def _closed_sessions(place: Place) -> Finding:
    n = UserSession.select().join(User).where(UserSession.ended_at.is_null(), ~_ACTIVE).count()
    return none(n, bad, N_("Closed accounts still hold sessions. Close them again: “portal user deactivate”."))


def _guessing(place: Place) -> Finding:
    n = SignInFailure.select().where(SignInFailure.failed_at > clock.ago(minutes=15)).count()
    if n > GUESSES:
        return warn(n, N_("Many sign-ins failed in the last minutes. Somebody may be guessing; see the log."))
    return ok(n)


def _membership(place: Place) -> Finding:
    moment = membership.settled(membership.next_due().scalar())
    n = membership.joining(moment=moment).count() + membership.leaving(moment=moment).count()
    return none(n, bad, N_("Stored membership differs from the definition; run “portal verify” to see where."))


def _intervals(place: Place) -> Finding:
    n = len(membership.broken_intervals())
    return none(n, bad, N_("Stored membership differs from the definition; run “portal verify” to see where."))


def _counts(place: Place) -> Finding:
    n = len(membership.wrong_counts())
    return none(n, bad, N_("Stored membership differs from the definition; run “portal verify” to see where."))


def _imports(place: Place) -> Finding:
    old = Import.select().where(Import.state.in_(("reading", "checked")), Import.created_at < clock.ago(days=1))
    n = old.count()
    return none(n, warn, N_("Imports were begun and neither run nor dropped. Finish or drop them on their pages."))


def _backup(place: Place) -> Finding:
    newest = Change.select(fn.MAX(Change.at)).where(Change.act == "system.backup").scalar()
    if newest is None:
        return warn("", N_("No backup is on record. Run “portal backup FILE” every night and keep it elsewhere."))
    days = (clock.now() - newest).days
    if days > BACKUP_DAYS:
        return warn(f"{days} d", N_("The last backup is old. See why “portal backup FILE” does not run every night."))
    return ok(f"{days} d")


CHECKS = (
    Check("owner", _owner, needs="tables"),
    Check("roles-known", _roles_known, needs="tables"),
    Check("people-without-roles", _without_roles, needs="tables"),
    Check("shop-staff-without-shop", _without_shop, needs="tables"),
    Check("accounts-without-password", _without_password, needs="tables"),
    Check("demo-people", _demo_people, needs="tables", deploy=True),
    Check("sessions-stale", _stale_sessions, needs="tables"),
    Check("sessions-of-closed-accounts", _closed_sessions, needs="tables"),
    Check("sign-in-failures", _guessing, needs="tables"),
    Check("membership", _membership, needs="tables"),
    Check("membership-intervals", _intervals, needs="tables"),
    Check("membership-counts", _counts, needs="tables"),
    Check("imports-unfinished", _imports, needs="tables"),
    Check("last-backup", _backup, needs="tables", deploy=True),
)
