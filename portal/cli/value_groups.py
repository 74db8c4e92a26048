"""`portal field groups`: groups made of a field's values."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import click
from flask_babel import gettext

from portal.cli import output
from portal.cli.options import acting, json_option
from portal.errors import N_, Refusal
from portal.field_words import group_names, say_held
from portal.permissions import Action, Actor, require
from portal.queries import field_values as find
from portal.queries import fields as find_fields
from portal.rules.catalogue import Catalogue, FieldInfo
from portal.rules.tree import Value
from portal.services import preview, value_groups
from portal.services.value_groups import Made, Wanted


@click.command("groups")
@click.argument("code")
@click.option("--value", "values", multiple=True, metavar="V", help="Of this one; several times. Default: of all.")
@click.option("--dry-run", is_flag=True, help="Say which groups would be made, and change nothing.")
@json_option
@acting
def groups(actor: Actor, code: str, values: tuple[str, ...], dry_run: bool, as_json: bool) -> None:
    """Make a group of each value of a field: whoever has it is a member, now and later.

    CODE is one of the store's own fields, or shop, language, gender or id_type. A value that has such a group already
    makes none.
    """
    require(actor, Action.CREATE_GROUP)
    info, catalogue = find.one(actor, code), find_fields.catalogue()
    wanted = _named(values, info, catalogue) if values else _all(actor, info, catalogue)
    # Of what no rule can ask for nothing can be said: the service tells what is wrong with it.
    known = [value for value in wanted if find.fits(info, value, catalogue)]
    names = dict(zip(known, group_names(info, known, catalogue), strict=True))
    new = [Wanted(find.as_typed(value), names.get(value, find.as_typed(value))) for value in wanted]
    done: list[Made] = []
    act = partial(_make, actor, info, new, done)
    if dry_run:
        preview.of(actor, act)
    else:
        act()
    _say(info, wanted, done[-1], catalogue, dry_run=dry_run, as_json=as_json)


def _make(actor: Actor, info: FieldInfo, new: Sequence[Wanted], done: list[Made]) -> None:
    done.append(value_groups.create(actor, info.code, new))


def _named(values: Sequence[str], info: FieldInfo, catalogue: Catalogue) -> list[Value]:
    read = [find.read(info, text, catalogue) for text in values]
    return list({find.key_of(info, value) or find.as_typed(value): value for value in reversed(read)}.values())[::-1]


def _all(actor: Actor, info: FieldInfo, catalogue: Catalogue) -> list[Value]:
    """Return all values of the field; raises Refusal where there are too many of them, or none."""
    found = find.of(actor, info, catalogue)
    if found.n_more:
        raise Refusal(
            N_("“%(code)s” has %(n)s values, more than %(most)s. Name those that are to become groups with --value."),
            "value", code=info.code, n=len(found.shown) + found.n_more, most=find.MOST,
        )  # fmt: skip
    if not found.shown:
        raise Refusal(N_("No customer has a value of “%(code)s”."), "value", code=info.code)
    return [row.value for row in found.shown]


def _say(
    info: FieldInfo, wanted: Sequence[Value], made: Made, catalogue: Catalogue, *, dry_run: bool, as_json: bool
) -> None:
    rows: list[dict[str, Any]] = [
        {
            "value": value, "group": group.code, "name": group.name, "members": group.n_members,
            "state": ("would be made" if dry_run else "made") if group.id in made.new_ids else "there already",
        }
        for value, group in zip(wanted, made.groups, strict=True)
    ]  # fmt: skip
    if as_json:
        output.json_value(rows)
        return
    states = {
        "would be made": gettext("would be made"), "made": gettext("made"), "there already": gettext("there already")
    }  # fmt: skip
    header = (gettext("Value"), gettext("Group"), gettext("Name"), gettext("Members"), gettext("State"))
    for row in rows:
        row |= {"value": say_held(info, row["value"], catalogue), "state": states[row["state"]]}
    output.table(header, [[str(part) for part in row.values()] for row in rows])
