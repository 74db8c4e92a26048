"""Importing a file of customers, with or without a group: check, then run."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from flask_babel import gettext

from portal.cli import output
from portal.errors import N_, Refusal
from portal.models import Group
from portal.permissions import Action, Actor, require
from portal.services import imports

COUNTS = ("rows", "new", "updated", "unchanged", "ambiguous", "refused", "joined", "already", "excluded", "left")
_SHOWN = 20  # problems on a terminal; --json tells all


@dataclass(frozen=True, slots=True)
class Options:
    """What a person asked for beside the file."""

    mode: str
    match: str | None
    pairs: tuple[str, ...]
    create: bool | None
    dry_run: bool
    lift_exclusions: bool
    as_json: bool

    def columns(self) -> dict[str, str] | None:
        """Return the field of each header named with --map, or None when none is."""
        named = {}
        for pair in self.pairs:
            header, equals, field = pair.rpartition("=")
            if not equals:
                raise click.BadParameter(f"“{pair}” is not HEADER=FIELD.", param_hint="--map")
            named[header] = field.strip()
        return named or None


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of an import."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print the counts and problems as JSON."),
        click.option("--lift-exclusions", is_flag=True, help="Also add people whom somebody has excluded."),
        click.option("--dry-run", is_flag=True, help="Check the whole file and write nothing."),
        click.option(
            "--create/--no-create",
            default=None,
            help="Create the group if it is not there; or refuse a file with customers who are not there yet.",
        ),
        click.option(
            "--map", "pairs", multiple=True, metavar="HEADER=FIELD", help="What a column means; may be repeated."
        ),
        click.option("--match", type=click.Choice(["code", "email", "phone"]), help="Find customers by this alone."),
        click.option("--mode", type=click.Choice(["add", "equal", "remove"]), default="add", show_default=True),
    ):
        command = option(command)
    return command


def run(actor: Actor, file: Path, group: Group | None, chosen: Options, new_group: str = "") -> None:
    """Check the file and, unless it is a dry run, import it; prints the counts and what is wrong."""
    require(actor, Action.IMPORT_CUSTOMERS)
    if chosen.mode != "add":
        raise Refusal(N_("An import can only add so far. Nothing was imported."))
    if not file.is_file():
        raise Refusal(N_("There is no file “%(file)s”."), file=str(file))
    checked = imports.check(
        actor, file, file.name, group=group, columns=chosen.columns(), lift_exclusions=chosen.lift_exclusions,
        match=chosen.match, new_group=new_group,
    )  # fmt: skip
    told: dict[str, Any] = imports.report(actor, checked)
    if checked.state == "stopped":
        raise _stopped(told, chosen)
    n_new = int(told["new"])
    if n_new and chosen.create is False:
        imports.cancel(actor, checked.id)
        raise Refusal(N_("Nothing was imported; rows of customers who are not there yet: %(n)s."), n=n_new)
    if chosen.dry_run:
        imports.cancel(actor, checked.id)
    else:
        told = imports.report(actor, imports.run(actor, checked.id))
    _print(told, chosen)


def _stopped(told: dict[str, Any], chosen: Options) -> Refusal:
    """Return the refusal of a file of which nothing can be imported, and why."""
    if chosen.as_json:
        output.json_value(told)
    return Refusal(
        N_("Nothing was imported: %(reason)s"), reason=" ".join(str(problem["reason"]) for problem in told["problems"])
    )


def _print(told: dict[str, Any], chosen: Options) -> None:
    if chosen.as_json:
        output.json_value(told)
        return
    click.echo(", ".join(f"{told[name]} {name}" for name in COUNTS if told.get(name) or name == "rows"))
    wrong = [*told.get("warnings", []), *told.get("problems", [])]
    for problem in wrong[:_SHOWN]:
        click.echo(_line(problem), err=True)
    if len(wrong) > _SHOWN:
        click.echo(gettext("… and %(n)s more; --json tells all.", n=len(wrong) - _SHOWN), err=True)
    if chosen.dry_run:
        click.echo(gettext("Nothing was imported: this was a dry run."))


def _line(problem: Any) -> str:
    """Return a problem as a line; the place comes first where there is one."""
    if not isinstance(problem, dict):
        return str(problem)
    row, column, reason = problem.get("row"), problem.get("column"), str(problem.get("reason", ""))
    if row and column:
        return gettext("Row %(row)s, %(column)s: %(reason)s", row=row, column=column, reason=reason)
    return gettext("Row %(row)s: %(reason)s", row=row, reason=reason) if row else reason
