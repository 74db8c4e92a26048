"""`portal migrate, verify, settings, routes`: the machine's side of the portal."""

from dataclasses import fields

import click
from flask import Flask
from flask_babel import gettext

from portal import config
from portal import migrate as migrations
from portal.cli import output, start
from portal.cli.options import as_option, json_option, operating
from portal.errors import N_, Refusal, Refusals
from portal.models import Group
from portal.permissions import Action, Actor, require
from portal.queries import membership, sealed

MASKED = "••••••••"


@click.command("migrate")
@click.option("--down", type=click.IntRange(1), metavar="N", help="Take back the last N migrations, and their data.")
@as_option
def migrate(down: int | None) -> None:
    """Bring the database to the shape this version needs; with nothing to do, nothing is touched."""
    start.application()
    require(start.actor(operator=True), Action.MAINTAIN)
    done = migrations.up() if down is None else migrations.down(down)
    for name in done:
        click.echo(name)
    if not done:
        click.echo(gettext("Nothing to do: the database has the shape this version needs."))


@click.command("verify")
@click.option("--seal", metavar="N-HASH", help="Also prove that the list of changes still holds this seal.")
@json_option
@operating
def verify(actor: Actor, seal: str | None, as_json: bool) -> None:
    """Check that stored membership equals the definition, and that nobody altered the list of changes.

    The last line names the newest seal of the list. Kept elsewhere and given to a later check, it proves that the list
    was not put back to an earlier state as a whole.
    """
    require(actor, Action.MAINTAIN)
    differences, intervals, counts = membership.differences(), membership.broken_intervals(), membership.wrong_counts()
    proof = sealed.prove()
    if seal is not None and not sealed.is_there(seal):
        proof.found(N_("Seal %(seal)s is not in the list."), seal=seal)
    if as_json:
        output.json_value(
            {
                "differences": [
                    {"group": group, "customer": customer, "missing": missing}
                    for group, customer, missing in differences
                ],
                "intervals": [{"group": group, "customer": customer} for group, customer in intervals],
                "counts": [{"group": group, "kept": kept, "true": true} for group, kept, true in counts],
                "changes": [broken.sentence % broken.params for broken in proof.broken],
                "seal": proof.newest,
            }
        )
    else:
        _say_wrong(differences, intervals, counts)
        for broken in proof.broken:
            click.echo(gettext(broken.sentence) % broken.params)
    _refuse(len(differences) + len(intervals) + len(counts), len(proof.broken))
    if not as_json:
        click.echo(gettext("Stored membership equals the definition."))
        click.echo(_whole(proof))


def _refuse(n_wrong: int, n_broken: int) -> None:
    """End the command with what is wrong, if anything is."""
    wrong = [Refusal(N_("Places where stored membership is wrong: %(n)s."), n=n_wrong)] if n_wrong else []
    broken = [Refusal(N_("Places where the list of changes is not as it was written: %(n)s."), n=n_broken)]
    if wrong or n_broken:
        raise Refusals(wrong + (broken if n_broken else []))


def _whole(proof: sealed.Proof) -> str:
    if not proof.newest:
        return gettext("The list of changes is empty.")
    return gettext(
        "The list of changes is whole: %(rows)s rows under %(seals)s seals. The newest seal is %(seal)s.",
        rows=proof.n_rows, seals=proof.n_seals, seal=proof.newest,
    )  # fmt: skip


def _say_wrong(
    differences: list[tuple[int, int, bool]], intervals: list[tuple[int, int]], counts: list[tuple[int, int, int]]
) -> None:
    names = {group.id: group.label for group in Group.select(Group.id, Group.name, Group.code)}
    for group_id, customer_id, is_missing in differences:
        sentence = (
            N_("%(group)s: customer %(customer)s should be a member and is not.")
            if is_missing
            else N_("%(group)s: customer %(customer)s is a member and should not be.")
        )
        click.echo(gettext(sentence, group=names.get(group_id, group_id), customer=customer_id))
    for group_id, customer_id in intervals:
        sentence = N_("%(group)s: the times of customer %(customer)s overlap or end before they begin.")
        click.echo(gettext(sentence, group=names.get(group_id, group_id), customer=customer_id))
    for group_id, kept, true in counts:
        click.echo(
            gettext(
                "%(group)s: counted %(kept)s members, there are %(true)s.", group=names[group_id], kept=kept, true=true
            )
        )


@click.command("settings")
@json_option
@as_option
def settings(as_json: bool) -> None:
    """Print all settings with variable, meaning and value; secrets are masked."""
    start.application()
    rows = [
        (
            item.metadata["env"],
            _shown(item.name, secret=bool(item.metadata.get("secret"))),
            gettext(item.metadata["meaning"]),
        )
        for item in fields(config.Settings)
    ]
    if as_json:
        output.json_value(
            [{"variable": variable, "value": value, "meaning": meaning} for variable, value, meaning in rows]
        )
    else:
        output.table((gettext("Variable"), gettext("Value"), gettext("Meaning")), rows)


def _shown(name: str, *, secret: bool) -> str:
    value = getattr(config.current(), name)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if secret:
        return MASKED if value else ""
    return _without_password(str(value)) if name == "database" else str(value)


def _without_password(url: str) -> str:
    """Return the address of a database without the password in it, wherever it stands."""
    front, at, place = url.rpartition("@")
    scheme, slashes, person = front.partition("://")
    if at and ":" in person:
        url = f"{scheme}{slashes}{person.split(':', 1)[0]}:{MASKED}@{place}"
    address, mark, options = url.partition("?")
    pairs = (pair.partition("=") for pair in options.split("&"))
    # `password`, and `sslpassword` of a key.
    kept = [name + equals + (MASKED if name.endswith("password") else text) for name, equals, text in pairs]
    return address + mark + "&".join(kept)


@click.command("routes")
@json_option
@as_option
def routes(as_json: bool) -> None:
    """Print all pages: method, path, endpoint and the action it needs."""
    rows = _routes(start.application(pages=True))
    if as_json:
        output.json_value([{"method": row[0], "path": row[1], "endpoint": row[2], "action": row[3]} for row in rows])
    else:
        output.table((gettext("Method"), gettext("Path"), gettext("Endpoint"), gettext("Action")), rows)


def _routes(app: Flask) -> list[tuple[str, str, str, str]]:
    rows = []
    for rule in app.url_map.iter_rules():
        needed = "open" if rule.endpoint == "static" else getattr(app.view_functions[rule.endpoint], "needs", "nobody")
        methods = ",".join(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}))
        rows.append((methods, rule.rule, rule.endpoint, str(needed)))
    return sorted(rows, key=lambda row: (row[1], row[0]))
