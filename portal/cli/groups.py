"""`portal group …`: bringing groups into being and looking at them."""

from pathlib import Path
from typing import Any

import click
from flask_babel import gettext

from portal.cli import importing, listing, output
from portal.cli import paste as pasting
from portal.cli.options import acting, as_option, json_option
from portal.errors import Missing
from portal.models import GroupItem
from portal.permissions import Action, Actor, require
from portal.queries import customers as find_customers
from portal.queries import filters
from portal.queries import groups as find
from portal.queries import items as find_items
from portal.queries import shops as find_shops
from portal.services import details, groups, items
from portal.words import say


@click.group("group")
@as_option
def group() -> None:
    """Customer groups. A group G is named by its code or its name, a customer REF by code, e-mail or phone."""


@group.command("create")
@click.argument("name")
@click.option("--type", "type_", type=click.Choice(groups.TYPES), help="Default: shop with --shop, else customer.")
@click.option("--shop", metavar="CODE", help="Include all customers of this shop, present and future.")
@acting
def create(actor: Actor, name: str, type_: str | None, shop: str | None) -> None:
    """Bring a group into being and print its code."""
    require(actor, Action.CREATE_GROUP)
    included = find_shops.by_code(shop) if shop is not None else None
    said = groups.Details(name, type_ or ("shop" if included else "customer"))
    saved = groups.create(actor, said, [items.NewItem(shop_id=included.id)] if included else [])
    click.echo(saved.group.code)
    if included:
        told = gettext(
            "Now all %(n)s present customers of %(shop)s, and all future ones, are members.",
            n=saved.joined, shop=included.name,
        )  # fmt: skip
        click.echo(told, err=True)


@group.command("list")
@click.option("--status", type=click.Choice(find.STATUSES), help="Default: active and draft.")
@json_option
@acting
def list_(actor: Actor, status: str | None, as_json: bool) -> None:
    """List the groups with type, status and number of members."""
    rows = [
        {
            "code": row.group.code,
            "name": row.group.name,
            "type": row.group.type,
            "status": row.group.status,
            "members": row.n_members,
        }
        for row in find.listed(actor, status=status or "")
    ]
    if as_json:
        output.json_value(rows)
        return
    header = (gettext("Code"), gettext("Name"), gettext("Type"), gettext("Status"), gettext("Members"))
    output.table(header, [["" if value is None else str(value) for value in row.values()] for row in rows])


@group.command("show")
@click.argument("reference", metavar="G")
@json_option
@acting
def show(actor: Actor, reference: str, as_json: bool) -> None:
    """Show a group with its items."""
    found = find.by_code(actor, find.resolve(actor, reference).code)
    told: dict[str, Any] = {
        name: getattr(found, name) for name in ("code", "name", "type", "status", "description", "agent_note")
    }
    told["owner"] = found.owner.name if found.owner else ""
    told |= {name: bool(getattr(found, f"is_{name}")) for name in ("guarded", "sensitive", "open")}
    told["review_on"] = found.review_on
    told["starts"], told["ends"] = details.day_of(found.starts_at), details.day_of(found.ends_at, is_end=True)
    if actor.may(Action.SEE_GROUPS):
        told["members"] = find.n_visible(actor, found)
        told["items"] = [_item(item) for item in find_items.every(actor, found)]
    if as_json:
        output.json_value(told)
        return
    rows = [(name, str(value)) for name, value in told.items() if name != "items" and value not in ("", False, None)]
    for item in told.get("items", []):
        rows.append((item["sign"], " ".join(filter(None, (item["kind"], item["code"], item["name"], item["note"])))))
    output.table((gettext("Field"), gettext("Value")), rows)


def _item(item: GroupItem) -> dict[str, Any]:
    target = item.customer if item.kind == "customer" else item.shop
    return {
        "id": item.id, "sign": item.sign, "kind": item.kind, "code": target.code, "name": target.name, "note": item.note
    }  # fmt: skip


@group.command("members")
@click.argument("reference", metavar="G")
@click.option("--format", "form", type=click.Choice(["csv", "json"]), help="Default: one member a line.")
@json_option
@acting
def members(actor: Actor, reference: str, form: str | None, as_json: bool) -> None:
    """List the members of a group, masked as that person sees them."""
    require(actor, Action.SEE_GROUPS)
    wanted = filters.Filter(all=(find.resolve(actor, reference),))
    listing.show(actor, wanted, "json" if as_json else form or "text")


@group.command("archive")
@click.argument("reference", metavar="G")
@acting
def archive(actor: Actor, reference: str) -> None:
    """Archive a group: it keeps its items and history and has no members."""
    require(actor, Action.EDIT_GROUP)
    _say_moved(groups.set_status(actor, find.resolve(actor, reference).id, "archived"))


@group.command("restore")
@click.argument("reference", metavar="G")
@acting
def restore(actor: Actor, reference: str) -> None:
    """Make an archived or draft group active again."""
    require(actor, Action.CREATE_GROUP)
    _say_moved(groups.set_status(actor, find.resolve(actor, reference).id, "active"))


@group.command("duplicate")
@click.argument("reference", metavar="G")
@acting
def duplicate(actor: Actor, reference: str) -> None:
    """Make a new group with the same items, and print its code."""
    require(actor, Action.CREATE_GROUP)
    click.echo(groups.duplicate(actor, find.resolve(actor, reference).id).group.code)


@group.command("add")
@click.argument("reference", metavar="G")
@click.option("--customer", "references", multiple=True, metavar="REF", help="May be given several times.")
@click.option("--shop", "shops", multiple=True, metavar="CODE", help="All customers of the shop, present and future.")
@click.option("--exclude", is_flag=True, help="Keep them out instead; exclude always wins.")
@click.option("--note", default="", metavar="TEXT")
@acting
def add(
    actor: Actor, reference: str, references: tuple[str, ...], shops: tuple[str, ...], exclude: bool, note: str
) -> None:
    """Add items to a group as one change; an exclusion of a customer named here is lifted."""
    if not references and not shops:
        raise click.UsageError("Name at least one --customer REF or --shop CODE.")
    require(actor, Action.CHANGE_OPEN_MEMBER)
    found = find.resolve(actor, reference)
    sign = "exclude" if exclude else "include"
    customers = dict.fromkeys(find_customers.resolve(actor, text).id for text in references)
    new = [items.NewItem(customer_id=id_, sign=sign, note=note) for id_ in customers]
    new += [items.NewItem(shop_id=find_shops.by_code(code).id, sign=sign, note=note) for code in shops]
    if len(new) == 1 and new[0].customer_id and not exclude:
        _say_put(items.add_member(actor, found.id, new[0].customer_id, note))
    else:
        _say_put(items.add(actor, found.id, new))


@group.command("remove")
@click.argument("reference", metavar="G")
@click.option("--customer", "customer", required=True, metavar="REF")
@click.option("--note", default="", metavar="TEXT")
@acting
def remove(actor: Actor, reference: str, customer: str, note: str) -> None:
    """Remove a customer: she stays out until somebody adds her by name."""
    require(actor, Action.CHANGE_OPEN_MEMBER)
    found = find.resolve(actor, reference)
    _say_put(items.remove_member(actor, found.id, find_customers.resolve(actor, customer).id, note))


@group.command("paste")
@click.argument("reference", metavar="G")
@click.option("--partial", is_flag=True, help="Add those found even if some lines fit nobody.")
@acting
def paste(actor: Actor, reference: str, partial: bool) -> None:
    """Add everybody on standard input, one code, e-mail or phone a line, as one change."""
    require(actor, Action.EDIT_GROUP)
    found = find.resolve(actor, reference)
    new = pasting.read(actor, found, partial=partial)
    if new:
        _say_put(items.add(actor, found.id, new))


@group.command("import")
@click.argument("reference", metavar="G")
@click.argument("file", type=click.Path(path_type=Path))
@importing.options
@acting
def import_(actor: Actor, reference: str, file: Path, **chosen: Any) -> None:
    """Create and update customers from a file, and make them members of a group."""
    require(actor, Action.EDIT_GROUP)
    options = importing.Options(**chosen)
    try:
        group, new_group = find.resolve(actor, reference), ""
    except Missing:
        # Only somebody who may create groups can name one that is not there, and only on purpose.
        if not options.create:
            raise
        group, new_group = None, reference
    importing.run(actor, file, group, options, new_group)


def _say_put(put: items.Put) -> None:
    """Say what putting items did: who joined and left, whose exclusion was lifted, what to know."""
    _say_moved(put)
    if put.lifted:
        click.echo(gettext("Exclusion lifted: %(names)s.", names=", ".join(put.lifted)))
    for warning in put.warnings:
        click.echo(say(warning), err=True)


def _say_moved(done: items.Put | groups.Saved) -> None:
    click.echo(gettext("%(joined)s joined, %(left)s left.", joined=done.joined, left=done.left))
