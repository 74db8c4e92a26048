"""`portal customer …`."""

from pathlib import Path
from typing import Any

import click
from flask_babel import gettext

from portal.cli import importing, listing, output
from portal.cli.options import acting, as_option, json_option
from portal.errors import N_, Refusal
from portal.models.customer import FIELDS
from portal.permissions import Action, Actor, require
from portal.queries import customers as find
from portal.queries import filters
from portal.queries import groups as find_groups
from portal.queries import shops as find_shops
from portal.services import customers
from portal.words import say

# What --set may name; the others have options of their own.
SETTABLE = tuple(name for name in FIELDS if name not in {"code", "name", "email", "phone", "shop"})


@click.group("customer")
@as_option
def customer() -> None:
    """Customers."""


@customer.command("add")
@click.argument("code")
@click.option("--name", required=True)
@click.option("--email", default="")
@click.option("--phone", default="")
@click.option("--shop", default="", metavar="CODE")
@click.option("--set", "pairs", multiple=True, metavar="FIELD=VALUE", help=f"One of {', '.join(SETTABLE)}.")
@acting
def add(actor: Actor, code: str, name: str, email: str, phone: str, shop: str, pairs: tuple[str, ...]) -> None:
    """Create a customer and print her code; an empty CODE lets the portal give one."""
    typed = {"code": code, "name": name, "email": email, "phone": phone, "shop": shop, **_set(pairs)}
    saved = customers.create(actor, typed)
    click.echo(saved.customer.code)
    for warning in saved.warnings:
        click.echo(say(warning), err=True)


def _set(pairs: tuple[str, ...]) -> dict[str, str]:
    typed = {}
    for pair in pairs:
        field, equals, value = pair.partition("=")
        if not equals:
            raise click.BadParameter(f"“{pair}” is not FIELD=VALUE.", param_hint="--set")
        if field not in SETTABLE:
            raise Refusal(
                N_("There is no field “%(field)s”; there are %(known)s."), field=field, known=", ".join(SETTABLE)
            )
        typed[field] = value
    return typed


@customer.command("show")
@click.argument("reference", metavar="REF")
@json_option
@acting
def show(actor: Actor, reference: str, as_json: bool) -> None:
    """Show a customer, by code, e-mail or phone, with her groups; masked as that person sees her."""
    require(actor, Action.SEE_CUSTOMERS)
    found = find.resolve(actor, reference)
    values = find.shown(found, find.masked(actor, found))
    values["shop"] = found.shop.code if found.shop else ""
    memberships = find_groups.of_customer(actor, found)
    if as_json:
        told: dict[str, Any] = {name: values[name] for name in FIELDS}
        told["groups"] = [membership.group.code for membership in memberships]
        told["since"] = {membership.group.code: membership.since for membership in memberships}
        output.json_value(told)
        return
    rows = [(name, str(values[name])) for name in FIELDS if values[name]]
    rows += [
        (
            "group",
            gettext(
                "%(name)s (%(code)s), since %(day)s", name=row.group.label, code=row.group.code, day=row.since.date()
            ),
        )
        for row in memberships
    ]
    output.table((gettext("Field"), gettext("Value")), rows)


@customer.command("list")
@click.option("--any", "any_", multiple=True, metavar="G", help="In any of these groups; may be given several times.")
@click.option("--all", "all_", multiple=True, metavar="G", help="In all of these groups.")
@click.option("--none", "none_", multiple=True, metavar="G", help="In none of these groups.")
@click.option("--q", default="", metavar="TEXT", help="Part of a name, code, e-mail or phone.")
@click.option("--shop", "shops", multiple=True, metavar="CODE")
@json_option
@acting
def list_(
    actor: Actor,
    any_: tuple[str, ...],
    all_: tuple[str, ...],
    none_: tuple[str, ...],
    q: str,
    shops: tuple[str, ...],
    as_json: bool,
) -> None:
    """List all customers that fit: tab-separated into a pipe, aligned in a terminal, or JSON."""
    require(actor, Action.SEE_CUSTOMERS)
    if any_ or all_ or none_:
        require(actor, Action.SEE_GROUPS)
    wanted = filters.Filter(
        q=q[:200],
        any=tuple(find_groups.resolve(actor, reference) for reference in any_),
        all=tuple(find_groups.resolve(actor, reference) for reference in all_),
        none=tuple(find_groups.resolve(actor, reference) for reference in none_),
        shops=tuple(find_shops.named(actor, code) for code in shops),
    )
    listing.show(actor, wanted, "json" if as_json else "text")


@customer.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@importing.options
@acting
def import_(actor: Actor, file: Path, **chosen: Any) -> None:
    """Create and update customers from a file; a file's groups column adds them to groups."""
    importing.run(actor, file, None, importing.Options(**chosen))
