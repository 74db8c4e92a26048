"""`portal group …`: bringing groups into being and looking at them."""

from pathlib import Path
from typing import Any

import click
from flask_babel import gettext

from portal.cli import adding, history, importing, listing, output
from portal.cli import paste as pasting
from portal.cli.options import acting, as_option, json_option
from portal.errors import Missing
from portal.models import GroupItem
from portal.permissions import Action, Actor, require
from portal.queries import customers as find_customers
from portal.queries import fields as find_fields
from portal.queries import filters
from portal.queries import groups as find
from portal.queries import items as find_items
from portal.queries import shops as find_shops
from portal.rules.writing import write
from portal.services import details, groups, items
from portal.words.rules_read import tree_for


@click.group("group")
@as_option
def group() -> None:
    """Customer groups. A group G is named by its code or its name, a customer REF by code, e-mail or phone."""


@group.command("create")
@click.argument("name")
@click.option("--type", "type_", type=click.Choice(groups.TYPES), help="Default: what the first item is.")
@click.option("--shop", metavar="CODE", help="Include all customers of this shop, present and future.")
@click.option("--rule", metavar="TEXT", help='Include whoever fits, such as: city = "Porto" and age >= 30.')
@click.option("--in-form/--no-in-form", default=None, help="A box of the customer form; default: if of type customer.")
@acting
def create(
    actor: Actor, name: str, type_: str | None, shop: str | None, rule: str | None, in_form: bool | None
) -> None:
    """Bring a group into being and print its code."""
    require(actor, Action.CREATE_GROUP)
    included = find_shops.by_code(shop) if shop is not None else None
    first = [items.NewItem(shop_id=included.id)] if included else []
    first += [items.NewItem(rule=adding.read_rule(actor, rule))] if rule is not None else []
    kind = type_ or ("shop" if included else "rule" if rule is not None else "customer")
    saved = groups.create(actor, groups.Details(name, kind, in_form=in_form), first)
    click.echo(saved.group.code)
    if rule is not None and not included:
        click.echo(gettext("%(n)s customers fit the rule and are members.", n=saved.joined), err=True)
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
    told["in_form"] = found.in_form
    told["review_on"] = found.review_on
    told["starts"], told["ends"] = details.day_of(found.starts_at), details.day_of(found.ends_at, is_end=True)
    if actor.may(Action.SEE_GROUPS):
        told["members"] = find.n_visible(actor, found)
        told["items"] = [_item(actor, item) for item in find_items.every(actor, found)]
    if as_json:
        output.json_value(told)
        return
    rows = [(name, str(value)) for name, value in told.items() if name != "items" and value not in ("", False, None)]
    for item in told.get("items", []):
        rows.append((item["sign"], adding.told(item)))
    output.table((gettext("Field"), gettext("Value")), rows)


def _item(actor: Actor, item: GroupItem) -> dict[str, Any]:
    target = {"customer": item.customer, "shop": item.shop, "rule": None}.get(item.kind, item.of_group)
    told = {"id": item.id, "sign": item.sign, "kind": item.kind}
    told |= {"code": target.code if target else "", "name": target.name if target else ""}
    if item.kind == "rule":
        told["rule"] = write(tree_for(actor, item.rule, find_fields.catalogue(actor=actor)), find_fields.catalogue())
    if item.of_group and item.of_group.is_sensitive and not actor.may(Action.SEE_SENSITIVE):
        told |= {"code": "", "name": gettext("a group you may not see")}
    if item.kind == "share":
        told |= {"low": item.low / 100, "high": item.high / 100, "seed": item.seed}
    days = {"from": details.day_of(item.valid_from), "until": details.day_of(item.valid_until, is_end=True)}
    return told | {name: day for name, day in days.items() if day} | {"on_leave": item.on_leave, "note": item.note}


@group.command("members")
@click.argument("reference", metavar="G")
@click.option("--at", metavar="DATE", help="The members at the end of that day, such as 2026-05-31; default: now.")
@click.option("--format", "form", type=click.Choice(["csv", "json"]), help="Default: one member a line.")
@json_option
@acting
def members(actor: Actor, reference: str, at: str | None, form: str | None, as_json: bool) -> None:
    """List the members of a group, masked as that person sees them."""
    require(actor, Action.SEE_GROUPS)
    found, form = find.resolve(actor, reference), "json" if as_json else form or "text"
    if at is not None:
        history.members_at(actor, found, at, form)
    else:
        listing.show(actor, filters.Filter(all=(found,)), form)


@group.command("diff")
@click.argument("reference", metavar="G")
@click.option("--from", "one", metavar="DATE", required=True, help="The day from whose end on, such as 2026-05-01.")
@click.option("--to", "other", metavar="DATE", required=True, help="The day to whose end.")
@json_option
@acting
def diff(actor: Actor, reference: str, one: str, other: str, as_json: bool) -> None:
    """List who joined and who left a group between two days."""
    require(actor, Action.SEE_GROUPS)
    history.difference(actor, find.resolve(actor, reference), one, other, as_json=as_json)


@group.command("archive")
@click.argument("reference", metavar="G")
@acting
def archive(actor: Actor, reference: str) -> None:
    """Archive a group: it keeps its items and history and has no members."""
    require(actor, Action.EDIT_GROUP)
    adding.say_moved(groups.set_status(actor, find.resolve(actor, reference).id, "archived"))


@group.command("restore")
@click.argument("reference", metavar="G")
@acting
def restore(actor: Actor, reference: str) -> None:
    """Make an archived or draft group active again."""
    require(actor, Action.CREATE_GROUP)
    adding.say_moved(groups.set_status(actor, find.resolve(actor, reference).id, "active"))


@group.command("duplicate")
@click.argument("reference", metavar="G")
@acting
def duplicate(actor: Actor, reference: str) -> None:
    """Make a new group with the same items, and print its code."""
    require(actor, Action.CREATE_GROUP)
    click.echo(groups.duplicate(actor, find.resolve(actor, reference).id).group.code)


@group.command("remove")
@click.argument("reference", metavar="G")
@click.option("--customer", "customer", required=True, metavar="REF")
@click.option("--note", default="", metavar="TEXT")
@acting
def remove(actor: Actor, reference: str, customer: str, note: str) -> None:
    """Remove a customer: she stays out until somebody adds her by name."""
    require(actor, Action.CHANGE_OPEN_MEMBER)
    found = find.resolve(actor, reference)
    adding.say_put(items.remove_member(actor, found.id, find_customers.resolve(actor, customer).id, note))


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
        adding.say_put(items.add(actor, found.id, new))


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


group.add_command(adding.add)
