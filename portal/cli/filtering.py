"""Which customers a list is to hold, as options of a command: read as the address of the customer list is."""

from collections.abc import Callable
from typing import Any

import click

from portal.permissions import Action, Actor, require
from portal.queries import filters
from portal.queries import groups as find_groups
from portal.queries import shops as find_shops
from portal.queries.filters import fields, sorting

_FIELD = (
    "A filterable field or a group: city=Porto,Lisboa, orders.min=3, orders.max=9, city.has=port, city.empty=yes, "
    "resellers=yes; may be given several times."
)
_SORT = "name, code, created or a filterable field; with a minus in front the other way round."


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of a filter."""
    for option in (
        click.option("--sort", default="name", metavar="KEY", help=_SORT),
        click.option("--field", "pairs", multiple=True, metavar="FIELD=VALUE", help=_FIELD),
        click.option("--shop", "shops", multiple=True, metavar="CODE"),
        click.option("--q", default="", metavar="TEXT", help="Part of a name, code, e-mail or phone."),
        click.option("--none", multiple=True, metavar="G", help="In none of these groups."),
        click.option("--all", multiple=True, metavar="G", help="In all of these groups."),
        click.option(
            "--any", multiple=True, metavar="G", help="In any of these groups; may be given several times."
        ),
    ):
        command = option(command)
    return command


def read(actor: Actor, chosen: dict[str, Any]) -> filters.Filter:
    """Return the filter that the options say.

    Raises Missing for groups and shops that are not there, Refusal for what no list is filtered by.
    """
    require(actor, Action.SEE_CUSTOMERS)
    if chosen["any"] or chosen["all"] or chosen["none"]:
        require(actor, Action.SEE_GROUPS)
    named = {key: [find_groups.resolve(actor, text) for text in chosen[key]] for key in ("any", "all", "none")}
    said = _said(chosen["pairs"])
    tests, others = fields.read(actor, said)
    for group, is_in in fields.twins(actor, others, said):
        named["all" if is_in else "none"].append(group)
    sort, by = sorting.read(actor, chosen["sort"])
    return filters.Filter(
        q=chosen["q"][:200],
        any=tuple(named["any"]),
        all=tuple(named["all"]),
        none=tuple(named["none"]),
        shops=tuple(find_shops.named(actor, code) for code in chosen["shops"]),
        fields=tuple(tests),
        sort=sort,
        by=by,
    )


def _said(pairs: tuple[str, ...]) -> dict[str, list[str]]:
    said: dict[str, list[str]] = {}
    for pair in pairs:
        name, _equals, value = pair.partition("=")
        # In an address an empty value is a field that was left empty; a command that says none would list everybody.
        if not name.strip() or not value.strip():
            raise click.BadParameter(f"“{pair}” is not FIELD=VALUE.", param_hint="--field")
        said.setdefault(name.strip(), []).append(value)
    return said
