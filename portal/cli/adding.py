"""`portal group add`: items of every kind, and what putting them did or would do."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import click
from flask_babel import gettext

from portal.cli import output
from portal.cli.options import acting, json_option
from portal.errors import N_, Refusal
from portal.permissions import Action, Actor, require
from portal.queries import customers as find_customers
from portal.queries import fields as find_fields
from portal.queries import groups as find
from portal.queries import shops as find_shops
from portal.rules.mistakes import RuleError
from portal.rules.text import parse
from portal.rules.tree import to_json
from portal.services import days, groups, items, preview
from portal.services.items import plans
from portal.words import say


@click.command("add")
@click.argument("reference", metavar="G")
@click.option("--customer", "customers", multiple=True, metavar="REF", help="May be given several times.")
@click.option("--shop", "shops", multiple=True, metavar="CODE", help="All customers of the shop, present and future.")
@click.option("--rule", "rules", multiple=True, metavar="TEXT", help="Whoever fits the rule, now and later.")
@click.option("--group", "groups_", multiple=True, metavar="G2", help="Whoever is in that group.")
@click.option("--share", metavar="LO-HI", help="A random share of the group --of, in percent, such as 0-10.")
@click.option("--of", "of", metavar="G2", help="The group whose share it is.")
@click.option("--seed", default="", metavar="TEXT", help="One seed draws the same people each time.")
@click.option("--exclude", is_flag=True, help="Keep them out instead; exclude always wins.")
@click.option("--from", "first", default="", metavar="DATE", help="The first day on which it counts.")
@click.option("--until", "last", default="", metavar="DATE", help="The last day on which it counts.")
@click.option("--stay", is_flag=True, help="Who leaves the shop stays in the group.")
@click.option("--note", default="", metavar="TEXT")
@click.option("--dry-run", is_flag=True, help="Say what it would move, and change nothing.")
@json_option
@acting
def add(actor: Actor, reference: str, dry_run: bool, as_json: bool, **said: Any) -> None:
    """Add items to a group as one change; an exclusion of a customer named here is lifted."""
    if not any(said[name] for name in ("customers", "shops", "rules", "groups_", "share")):
        raise click.UsageError(
            "Name at least one --customer REF, --shop CODE, --rule TEXT, --group G2 or --share LO-HI."
        )
    if (said["share"] is None) != (said["of"] is None):
        raise click.UsageError("--share LO-HI and --of G2 go together.")
    require(actor, Action.CHANGE_OPEN_MEMBER)
    found = find.resolve(actor, reference)
    new = _new_items(actor, said)
    if dry_run:
        ask = partial(plans.of_new, actor, found.id, new) if said["rules"] else None
        _say_preview(preview.of(actor, lambda: _put(actor, found.id, new), ask=ask), as_json)
        return
    say_put(_put(actor, found.id, new))


def _put(actor: Actor, group_id: int, new: Sequence[items.NewItem]) -> items.Put:
    only = new[0]
    if len(new) == 1 and only == items.NewItem(customer_id=only.customer_id, note=only.note) and only.customer_id:
        return items.add_member(actor, group_id, only.customer_id, only.note)
    return items.add(actor, group_id, new)


def _new_items(actor: Actor, said: Mapping[str, Any]) -> list[items.NewItem]:
    first, last = days.span(said["first"], said["last"])
    common: dict[str, Any] = {
        "sign": "exclude" if said["exclude"] else "include", "note": said["note"], "valid_from": first,
        "valid_until": last, "on_leave": "stay" if said["stay"] else "leave",
    }  # fmt: skip
    customers = dict.fromkeys(find_customers.resolve(actor, text).id for text in said["customers"])
    new = [items.NewItem(customer_id=id_, **common) for id_ in customers]
    new += [items.NewItem(shop_id=find_shops.by_code(code).id, **common) for code in said["shops"]]
    new += [items.NewItem(rule=read_rule(actor, text), **common) for text in said["rules"]]
    new += [items.NewItem(of_group_id=find.resolve(actor, text).id, **common) for text in said["groups_"]]
    if said["share"]:
        low, dash, high = said["share"].partition("-")
        if not dash:
            raise Refusal(N_("Write a share as two percentages with a dash between, such as 0-10."), "share")
        common |= {"low": items.hundredths(low), "high": items.hundredths(high), "seed": said["seed"]}
        new.append(items.NewItem(of_group_id=find.resolve(actor, said["of"]).id, **common))
    return new


def read_rule(actor: Actor, text: str) -> dict[str, Any]:
    """Return the tree of a typed rule, over groups that she may see, as JSON; raises Refusal with line and column."""
    try:
        return to_json(parse(text, find_fields.catalogue(actor=actor)))
    except RuleError as error:
        # The terminal says where in the text, as the page marks it.
        where = N_("Line %(line)s, column %(column)s: %(what)s")
        raise Refusal(where, "rule", line=error.line, column=error.column, what=say(error)) from error


def _say_preview(found: preview.Preview, as_json: bool) -> None:
    rows = [
        {"group": one.group.code, "joining": one.joining, "leaving": one.leaving, "members": one.n_after}
        for one in found.moves
    ]
    if as_json:
        output.json_value(rows)
    else:
        output.moves(rows)


def told(item: Mapping[str, Any]) -> str:
    """Return what an item of `portal group show` says, in one line."""
    parts = [item["kind"], item.get("rule", ""), item["code"], item["name"]]
    if "seed" in item:
        parts.append(f"{item['low']:g}-{item['high']:g} % {item['seed']}")
    parts += [gettext("from %(day)s", day=item["from"])] if "from" in item else []
    parts += [gettext("until %(day)s", day=item["until"])] if "until" in item else []
    parts += [gettext("who leaves the shop stays")] if item["on_leave"] == "stay" else []
    return " ".join(part for part in [*parts, item["note"]] if part)


def say_put(put: items.Put) -> None:
    """Say what putting items did: who joined and left, whose exclusion was lifted, what to know."""
    say_moved(put)
    if put.lifted:
        click.echo(gettext("Exclusion lifted: %(names)s.", names=", ".join(put.lifted)))
    for warning in put.warnings:
        click.echo(say(warning), err=True)


def say_moved(done: items.Put | groups.Saved) -> None:
    """Say how many joined and left."""
    click.echo(gettext("%(joined)s joined, %(left)s left.", joined=done.joined, left=done.left))
