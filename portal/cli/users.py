"""`portal user …`: people who may sign in, and their roles."""

import secrets
import sys

import click
from flask_babel import gettext

from portal.cli import output
from portal.cli.options import as_option, json_option, operating
from portal.permissions import Action, Actor, Grant, Role, require
from portal.queries import shops as find_shops
from portal.queries import users as find
from portal.services import users


class RoleOf(click.ParamType):
    """ROLE or ROLE:SHOP; a word that is no role is wrong usage, a shop that is not there a refusal later."""

    name = "role"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> tuple[Role, str]:
        """Return the role and the code of the shop, '' for the whole company."""
        role, _colon, shop = value.partition(":")
        try:
            return Role(role.strip().lower().replace("-", "_")), shop.strip()
        except ValueError:
            self.fail(f"“{role}” is not a role; use one of {', '.join(Role)}.", param, ctx)


ROLE = RoleOf()
password_stdin = click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input instead of asking or making one."
)


@click.group("user")
@as_option
def user() -> None:
    """People who may sign in, and their roles."""


@user.command("add")
@click.argument("email")
@click.option("--name", required=True)
@click.option("--role", "roles", type=ROLE, multiple=True, metavar="ROLE[:SHOP]", help="May be given several times.")
@password_stdin
@operating
def add(actor: Actor, email: str, name: str, roles: tuple[tuple[Role, str], ...], password_stdin: bool) -> None:
    """Add a person; without --password-stdin asks for a password, or makes one and prints it once."""
    require(actor, Action.EDIT_USER)
    grants = [_grant(role) for role in roles]
    password, is_made = _password(from_stdin=password_stdin)
    made = users.add(actor, email=email, name=name, grants=grants, password=password)
    click.echo(gettext("%(name)s may sign in as %(email)s.", name=made.name, email=made.email))
    _say_password(password, is_made)


@user.command("list")
@json_option
@operating
def list_(actor: Actor, as_json: bool) -> None:
    """List everybody who may sign in."""
    require(actor, Action.EDIT_USER)
    roles = find.roles_by_user()
    rows = [(user.email, user.name, roles.get(user.id, []), bool(user.is_active)) for user in find.every()]
    if as_json:
        output.json_value(
            [{"email": email, "name": name, "roles": held, "active": active} for email, name, held, active in rows]
        )
        return
    output.table(
        (gettext("E-mail"), gettext("Name"), gettext("Roles"), gettext("Account")),
        [
            (email, name, ", ".join(held), gettext("open") if active else gettext("closed"))
            for email, name, held, active in rows
        ],
    )


@user.command("grant")
@click.argument("email")
@click.argument("role", type=ROLE, metavar="ROLE[:SHOP]")
@operating
def grant(actor: Actor, email: str, role: tuple[Role, str]) -> None:
    """Give a person a role, for one shop or for the whole company."""
    require(actor, Action.GRANT_ROLE)
    users.grant(actor, find.by_email(email).id, _grant(role))


@user.command("revoke")
@click.argument("email")
@click.argument("role", type=ROLE, metavar="ROLE[:SHOP]")
@operating
def revoke(actor: Actor, email: str, role: tuple[Role, str]) -> None:
    """Take a role away from a person, effective at once."""
    require(actor, Action.GRANT_ROLE)
    users.revoke(actor, find.by_email(email).id, _grant(role))


@user.command("deactivate")
@click.argument("email")
@operating
def deactivate(actor: Actor, email: str) -> None:
    """Close a person's account and end her sessions."""
    require(actor, Action.EDIT_USER)
    users.deactivate(actor, find.by_email(email).id)


@user.command("activate")
@click.argument("email")
@operating
def activate(actor: Actor, email: str) -> None:
    """Open a closed account again, with the roles and the password that it had."""
    require(actor, Action.EDIT_USER)
    users.activate(actor, find.by_email(email).id)


@user.command("password")
@click.argument("email")
@password_stdin
@operating
def password(actor: Actor, email: str, password_stdin: bool) -> None:
    """Give a person another password and end her sessions."""
    # Before anybody is looked up: who may not edit people does not learn who signs in.
    require(actor, Action.OWN_ACCOUNT if find.signs_in_as(actor.user_id, email) else Action.EDIT_USER)
    person = find.by_email(email)
    chosen, is_made = _password(from_stdin=password_stdin)
    users.set_password(actor, person.id, chosen)
    _say_password(chosen, is_made)


def _grant(role: tuple[Role, str]) -> Grant:
    return Grant(role[0], find_shops.by_code(role[1]).id if role[1] else None)


def _password(*, from_stdin: bool) -> tuple[str, bool]:
    """Return the password, and whether it was made up here."""
    if from_stdin:
        raw = sys.stdin.buffer.readline(4_096)
        return raw.decode("utf-8", errors="replace").rstrip("\r\n"), False
    if sys.stdin.isatty():
        typed: str = click.prompt(gettext("Password"), hide_input=True, confirmation_prompt=True, err=True)
        return typed, False
    return secrets.token_urlsafe(15), True


def _say_password(password: str, is_made: bool) -> None:
    if is_made:
        click.echo(gettext("Password, shown only now: %(password)s", password=password))
