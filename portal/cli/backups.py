"""`portal backup` and `portal restore`: the whole database, out and back."""

from pathlib import Path

import click
from flask_babel import gettext

from portal.cli import start
from portal.cli.options import as_option
from portal.errors import N_, Refusal
from portal.permissions import Action, require
from portal.services import backups

# The tables by which people recognise their database.
_COUNTED = ("customer", "customer_group", "membership", "change")


@click.command("backup")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace FILE if it is there.")
@as_option
def backup(file: Path, force: bool) -> None:
    """Write the whole database into FILE and check it, while people go on working."""
    start.application()
    if start.is_missing():
        raise Refusal(N_("The database is not ready: run “portal migrate” first."))
    actor = start.actor(operator=True)
    require(actor, Action.MAINTAIN)
    if not file.parent.is_dir():
        raise Refusal(N_("There is no folder “%(folder)s”."), folder=str(file.parent))
    taken = backups.take(actor, file, force=force)
    click.echo(gettext("%(file)s: %(n)s bytes.", file=file, n=taken.size))
    _say_rows(taken.rows)
    if taken.rows:
        click.echo(gettext("Checked: the copy is whole, and stored membership equals the definition."))
    if not taken.is_recorded:
        click.echo(gettext("The backup is good, but could not be put on record in the database."), err=True)


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_option
def restore(file: Path, yes: bool) -> None:
    """Put the backup FILE in the place of the present database, which is kept beside it."""
    start.application()
    actor = start.actor(operator=True)
    require(actor, Action.MAINTAIN)
    found = backups.examine(actor, file)
    _say_rows(found.rows)
    if not yes:
        click.confirm(gettext("Replace the present database by this one?"), abort=True, err=True)
    done = backups.restore(actor, file)
    for name in done.migrations:
        click.echo(gettext("Migrated: %(name)s", name=name))
    click.echo(gettext("Restored: the database is whole, and stored membership equals the definition."))
    if done.kept is not None:
        click.echo(gettext("The database before it is kept as %(file)s.", file=done.kept))
    if done.was_damaged:
        click.echo(gettext("That one was damaged. Restart the portal now."))
    click.echo(
        gettext(
            "Everybody has to sign in again, with the passwords and roles of then; %(n)s sessions were ended.",
            n=done.n_sessions,
        )
    )


def _say_rows(rows: dict[str, int]) -> None:
    if rows:
        click.echo(", ".join(f"{rows.get(table, 0)} {table}" for table in _COUNTED))
