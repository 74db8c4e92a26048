"""`portal change …`: what was done, and taking it back."""

import click
from flask_babel import gettext

from portal.cli import output
from portal.cli.options import acting, as_option, json_option
from portal.permissions import Actor
from portal.services import undo as undoing
from portal.words import of_restored, say


@click.group("change")
@as_option
def change() -> None:
    """Changes: everything that was done."""


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
