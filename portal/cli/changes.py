"""`portal change …`: what was done, by whom, with every row before and after, and taking it back."""

from typing import Any

import click
from flask_babel import format_datetime, gettext

from portal.change_words import DOORS, KINDS, say_change, say_door, say_who
from portal.cli import output
from portal.cli.options import acting, as_option, json_option
from portal.field_words import in_order, say_noun, say_row
from portal.permissions import Actor
from portal.queries import change_list as find
from portal.queries import change_rows
from portal.queries import fields as find_fields
from portal.queries import users as find_users
from portal.queries.change_list import Wanted
from portal.queries.change_rows import Line
from portal.queries.changes import Told
from portal.services import undo as undoing
from portal.words import of_restored, say
from portal.words.rules_read import both_for


@click.group("change")
@as_option
def change() -> None:
    """What was done: every change, by number, with its rows before and after."""


@change.command("list")
@click.option("--by", "email", metavar="EMAIL", help="Done by this person.")
@click.option("--door", type=click.Choice(list(DOORS)), help="Through this door.")
@click.option("--kind", type=click.Choice(list(KINDS)), help="Of this kind.")
@click.option("--customer", metavar="CODE")
@click.option("--group", metavar="CODE")
@click.option("--shop", metavar="CODE")
@click.option("--import", "import_", metavar="N")
@click.option("--since", metavar="DAY", help="From this day on, like 2026-01-31.")
@click.option("--until", metavar="DAY", help="Up to and with this day.")
@click.option("--before", type=click.IntRange(1), metavar="N", help="Older than change N, to go on.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@json_option
@acting
def list_(
    actor: Actor, email: str | None, door: str | None, kind: str | None, since: str | None, until: str | None,
    before: int | None, limit: int, as_json: bool, **about: str | None,
) -> None:  # fmt: skip
    """List changes, the newest first, as that person may see them."""
    named = {name.rstrip("_"): code for name, code in about.items() if code}
    if len(named) > 1:
        raise click.UsageError("Name one of --customer, --group, --shop, --import.")
    noun, code = next(iter(named.items()), ("", ""))
    # Who sees her own acts only does not learn who else signs in.
    who = "" if not email else str(find_users.by_email(email).id) if find.people(actor) else str(actor.user_id)
    wanted = Wanted(who, door or "", kind or "", noun, code, since or "", until or "")
    found = find.page(actor, wanted, after=before, size=limit).rows
    if as_json:
        output.json_value([_told(one) for one in found])
        return
    header = (gettext("Change"), gettext("When"), gettext("What"), gettext("Through"), gettext("Rows"))
    output.table(
        header, [(str(one.id), _when(one), say_change(one), say_door(one.door), str(one.n_rows)) for one in found]
    )


@change.command("show")
@click.argument("number", metavar="N", type=click.IntRange(1, 2**31 - 1))
@json_option
@acting
def show(actor: Actor, number: int, as_json: bool) -> None:
    """Show a change with all its rows before and after, masked as that person sees customers."""
    one = find.by_id(actor, number)
    if as_json:
        rows = [_row(line) for page in _pages(actor, number) for line in page.rows]
        output.json_value({**_told(one), "rows": rows})
        return
    click.echo(f"{say_change(one)} · {_when(one)} · {say_who(one)}")
    if one.note:
        click.echo(one.note)
    header = (gettext("What"), gettext("Field"), gettext("Before"), gettext("After"))
    output.table(header, (cells for page in _pages(actor, number) for cells in _cells(actor, page)))


def _when(one: Told) -> str:
    return str(format_datetime(one.at, "medium"))


def _told(one: Told) -> dict[str, Any]:
    about = one.about and {"noun": one.about.noun, "label": one.about.label, "code": one.about.code}
    return {
        "id": one.id, "at": one.at.isoformat(), "who": one.who, "act": one.act, "door": one.door, "about": about,
        "said": say_change(one), "note": one.note, "n_rows": one.n_rows,
    }  # fmt: skip


def _row(line: Line) -> dict[str, Any]:
    return {
        "noun": line.noun, "label": line.thing.label, "before": line.before, "after": line.after,
        "hidden": line.is_hidden, "forgotten": line.is_forgotten,
    }  # fmt: skip


def _pages(actor: Actor, number: int) -> Any:
    after: int | None = 0
    while after is not None:
        page = change_rows.page(actor, number, after=after, size=500)
        yield page
        after = page.after


def _cells(actor: Actor, page: change_rows.Rows) -> Any:
    for line in page.rows:
        what = f"{say_noun(line.noun)} {line.thing.label}".strip()
        for name in in_order(line.names):
            called, *said = say_row(page, line, name)
            if line.noun == "group_item" and name == "rule":
                said = both_for(actor, (line.before, line.after), find_fields.catalogue(actor=actor))
            yield what, called, *said
        if not line.names:
            yield what, "", "", ""


@change.command("undo")
@click.argument("number", metavar="N", type=click.IntRange(1, 2**31 - 1))
@json_option
@acting
def undo(actor: Actor, number: int, as_json: bool) -> None:
    """Undo change N, as far as nobody has touched what it did since; an undo can be undone too."""
    done = undoing.undo(actor, number)
    if as_json:
        output.json_value(
            {"change": done.change_id, "restored": done.restored, "refused": [say(remark) for remark in done.refused]}
        )
        return
    click.echo(of_restored(done.restored))
    click.echo(gettext("This is change %(n)s.", n=done.change_id), err=True)
    for remark in done.refused:
        click.echo(say(remark), err=True)
