"""Importing a file of customers, with or without a group: check, then run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from flask_babel import gettext, ngettext

from portal.cli import output
from portal.errors import N_, Refusal
from portal.models import Group, Import
from portal.permissions import Action, Actor, require
from portal.queries import foreseen
from portal.services import imports
from portal.services.imports import again, foreseeing
from portal.services.imports.proposing import Proposal

COUNTS = ("rows", "new", "updated", "unchanged", "ambiguous", "refused", "joined", "already", "excluded", "left")
_DONE = ("joined", "left", "excluded")  # with a group that the file has a column of
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
    make_fields: bool = False
    orders: tuple[str, ...] = ()

    def columns(self) -> dict[str, str] | None:
        """Return the field of each header named with --map, or None when none is."""
        return _by_header(self.pairs, "FIELD", "--map") or None

    def dates(self) -> dict[str, str]:
        """Return the order of the dates of each header named with --dates."""
        return _by_header(self.orders, "ORDER", "--dates")


def _by_header(pairs: Sequence[str], word: str, option: str) -> dict[str, str]:
    named = {}
    for pair in pairs:
        header, equals, said = pair.rpartition("=")
        if not equals:
            raise click.BadParameter(f"“{pair}” is not HEADER={word}.", param_hint=option)
        named[header] = said.strip()
    return named


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of an import."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="Print the counts and problems as JSON."),
        click.option("--lift-exclusions", is_flag=True, help="Also add people whom somebody has excluded."),
        click.option("--make-fields", is_flag=True, help="Make a field of each column that is none of ours."),
        click.option("--dry-run", is_flag=True, help="Check the whole file and write nothing."),
        click.option(
            "--create/--no-create",
            default=None,
            help="Create groups that are not there; or refuse a file with customers who are not there yet.",
        ),
        click.option(
            "--map", "pairs", multiple=True, metavar="HEADER=FIELD", help="What a column means; may be repeated."
        ),
        click.option(
            "--dates", "orders", multiple=True, metavar="HEADER=ORDER",
            help="In which order the dates of a column are written: dmy, mdy or ymd; may be repeated.",
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
        actor, file, file.name, group=group, columns=chosen.columns(), dates=chosen.dates(),
        lift_exclusions=chosen.lift_exclusions, match=chosen.match, new_group=new_group,
        creates_groups=chosen.create is True and actor.may(Action.CREATE_GROUP),
    )  # fmt: skip
    if checked.state == "stopped":
        raise _stopped(imports.report(actor, checked), chosen)
    n_new = int(checked.counts["new"])
    if n_new and chosen.create is False:
        imports.cancel(actor, checked.id)
        raise Refusal(N_("Nothing was imported; rows of customers who are not there yet: %(n)s."), n=n_new)
    made = _proposed(actor, checked, chosen) if chosen.make_fields else []
    if made and not chosen.dry_run:
        checked = again.make_fields(actor, checked.id, {one.index: again.details_of(one) for one in made}, {})
    told: dict[str, Any] = imports.report(actor, checked)
    if chosen.dry_run:
        foreseeing.ensure(actor, checked)
        told["moves"] = _moves(actor, checked)
        imports.cancel(actor, checked.id)
    else:
        told = imports.report(actor, imports.run(actor, checked.id))
    if chosen.make_fields:
        told["fields"] = [
            {"header": one.header, "code": one.code, "label": one.label, "type": one.type, "choices": list(one.choices)}
            for one in made
        ]
    _print(told, chosen)


def _moves(actor: Actor, checked: Import) -> list[dict[str, Any]]:
    """Return what the file would move in each group, by its code, or by its name where it is yet to be.

    Raises the refusal that the run would meet.
    """
    why = foreseen.refused(checked)
    if why is not None:
        imports.cancel(actor, checked.id)
        raise Refusal(why.sentence, **why.params)
    return [
        {
            "group": one.group.code or one.group.name, "joining": one.joining, "leaving": one.leaving,
            "members": one.n_after,
        }
        for one in foreseen.totals(actor, checked)
    ]  # fmt: skip


def _proposed(actor: Actor, checked: Import, chosen: Options) -> list[Proposal]:
    """Return the fields that the file's columns become, and say which; only for who may make some."""
    require(actor, Action.EDIT_FIELDS)
    found = again.proposals(actor, checked)
    if not chosen.as_json and found:
        header = (gettext("Column"), gettext("Code"), gettext("Label"), gettext("Type"), gettext("Choices"))
        output.table(
            header, [(one.header, one.code, one.label, one.type, ", ".join(one.choices)) for one in found]
        )
    return found


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
    click.echo(", ".join(_counted(name, told[name]) for name in COUNTS if told.get(name) or name == "rows"))
    for name, n in told.get("groups", {}).items():
        click.echo(f"{name}: " + ", ".join(_counted(word, n[word]) for word in _DONE))
    if "moves" in told:
        output.moves(told["moves"])
    wrong = [*told.get("warnings", []), *told.get("problems", [])]
    for problem in wrong[:_SHOWN]:
        click.echo(_line(problem), err=True)
    if len(wrong) > _SHOWN:
        click.echo(gettext("… and %(n)s more; --json tells all.", n=len(wrong) - _SHOWN), err=True)
    if chosen.dry_run:
        click.echo(gettext("Nothing was imported: this was a dry run."))
        if chosen.make_fields:
            click.echo(gettext("The fields above would be made; the counts are those without them."))


def _counted(name: str, n: int) -> str:
    """Return one of the counts in words."""
    return {
        "rows": ngettext("%(n)s row", "%(n)s rows", n, n=n),
        "new": ngettext("%(n)s new", "%(n)s new", n, n=n),
        "updated": ngettext("%(n)s updated", "%(n)s updated", n, n=n),
        "unchanged": ngettext("%(n)s unchanged", "%(n)s unchanged", n, n=n),
        "ambiguous": ngettext("%(n)s ambiguous", "%(n)s ambiguous", n, n=n),
        "refused": ngettext("%(n)s refused", "%(n)s refused", n, n=n),
        "joined": ngettext("%(n)s joined", "%(n)s joined", n, n=n),
        "already": ngettext("%(n)s already", "%(n)s already", n, n=n),
        "excluded": ngettext("%(n)s excluded", "%(n)s excluded", n, n=n),
        "left": ngettext("%(n)s left", "%(n)s left", n, n=n),
    }[name]


def _line(problem: Any) -> str:
    """Return a problem as a line; the place comes first where there is one."""
    if not isinstance(problem, dict):
        return str(problem)
    row, column, reason = problem.get("row"), problem.get("column"), str(problem.get("reason", ""))
    if row and column:
        return gettext("Row %(row)s, %(column)s: %(reason)s", row=row, column=column, reason=reason)
    return gettext("Row %(row)s: %(reason)s", row=row, reason=reason) if row else reason
