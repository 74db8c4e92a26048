"""`portal customer …`."""

from pathlib import Path
from typing import Any

import click
from flask_babel import gettext

from portal import own_values
from portal.cli import filtering, importing, listing, output
from portal.cli.options import acting, as_option, json_option
from portal.errors import N_, Denied, Missing, Refusal
from portal.field_words import say_own
from portal.models import Field, Group
from portal.models.customer import FIELDS
from portal.permissions import Action, Actor, require
from portal.queries import customers as find
from portal.queries import fields as find_fields
from portal.queries import groups as find_groups
from portal.services import customers, items
from portal.words import say

# What --set may name beside the store's own fields and groups; the others have options of their own.
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
@click.option(
    "--set",
    "pairs",
    multiple=True,
    metavar="FIELD=VALUE",
    help=f"One of {', '.join(SETTABLE)}, a field of the store's own, or a group (yes or no).",
)
@acting
def add(actor: Actor, code: str, name: str, email: str, phone: str, shop: str, pairs: tuple[str, ...]) -> None:
    """Create a customer and print her code; an empty CODE lets the portal give one."""
    require(actor, Action.EDIT_CUSTOMER)
    said, boxes = _set(actor, pairs)
    saved = customers.create(actor, {"code": code, "name": name, "email": email, "phone": phone, "shop": shop, **said})
    click.echo(saved.customer.code)
    for warning in saved.warnings:
        click.echo(say(warning), err=True)
    for group, is_member in boxes:
        if is_member:
            items.add_member(actor, group.id, saved.customer.id)
        elif find_groups.since([saved.customer.id], group):
            items.remove_member(actor, group.id, saved.customer.id)


def _set(actor: Actor, pairs: tuple[str, ...]) -> tuple[dict[str, str], list[tuple[Group, bool]]]:
    """Return what is said of fields, and of groups which she should be in or not, looked up before anything is done."""
    own = {field.code for field in find_fields.live()}
    typed, boxes = {}, []
    for pair in pairs:
        field, equals, value = pair.partition("=")
        if not equals:
            raise click.BadParameter(f"“{pair}” is not FIELD=VALUE.", param_hint="--set")
        if field in SETTABLE or field in own:
            typed[field] = value
        else:
            boxes.append((_group(actor, field, own), _is_yes(field, value)))
    if boxes and not (actor.may(Action.CHANGE_MEMBER) or actor.may(Action.CHANGE_OPEN_MEMBER)):
        raise Denied(Action.CHANGE_MEMBER)
    return typed, boxes


def _group(actor: Actor, code: str, own: set[str]) -> Group:
    try:
        return find_groups.by_code(actor, code)
    except Missing:
        known = ", ".join((*SETTABLE, *sorted(own)))
        raise Refusal(N_("There is no field “%(field)s”; there are %(known)s."), field=code, known=known) from None


def _is_yes(field: str, value: str) -> bool:
    own = own_values.read(Field(code=field, type="yesno"), value, own_values.context())
    if own.refusal is not None:
        raise Refusal(own.refusal.sentence, field, **own.refusal.params)
    return bool(own.cell.value)


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
    fields = find_fields.live()
    own = find_fields.values_of([found.id], fields).get(found.id, {})
    own = find_fields.shown(fields, own, find.masked(actor, found))
    if as_json:
        told: dict[str, Any] = {name: values[name] for name in FIELDS}
        told["fields"] = {field.code: _plain(field, own.get(field.code)) for field in fields}
        told["groups"] = [membership.group.code for membership in memberships]
        told["since"] = {membership.group.code: membership.since for membership in memberships}
        output.json_value(told)
        return
    rows = [(name, str(values[name])) for name in FIELDS if values[name]]
    rows += [(field.code, say_own(field, own[field.code])) for field in fields if field.code in own]
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


def _plain(field: Field, value: Any) -> Any:
    is_masked = isinstance(value, str) and find.MASK in value
    return value if is_masked else own_values.plain(field, value, own_values.context())


@customer.command("list")
@filtering.options
@click.option("--format", "form", type=click.Choice(["csv", "json"]), help="Default: one customer a line.")
@json_option
@acting
def list_(actor: Actor, form: str | None, as_json: bool, **chosen: Any) -> None:
    """List all customers that fit: tab-separated into a pipe, aligned in a terminal, or as a file with every field."""
    listing.show(actor, filtering.read(actor, chosen), "json" if as_json else form or "text")


@customer.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@importing.options
@acting
def import_(actor: Actor, file: Path, **chosen: Any) -> None:
    """Create and update customers from a file; a file's groups column adds them to groups."""
    importing.run(actor, file, None, importing.Options(**chosen))
