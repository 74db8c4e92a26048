"""`portal why`: the proof that a customer is in a group or not, with the nearest miss."""

import click

from portal.cli import output
from portal.cli.options import acting, json_option
from portal.permissions import Action, Actor, require
from portal.queries import customers as find_customers
from portal.queries import groups as find_groups
from portal.queries import history
from portal.queries import why as find
from portal.queries.why import data
from portal.words import why as words


@click.command("why")
@click.option("--customer", "reference", metavar="REF", required=True, help="A code, e-mail or phone.")
@click.option("--group", "group", metavar="G", required=True, help="A group's code or name.")
@click.option("--at", metavar="DATE", help="At the end of that day, such as 2026-05-31, from history; default: now.")
@json_option
@acting
def why(actor: Actor, reference: str, group: str, at: str | None, as_json: bool) -> None:
    """Say why a customer is in a group, or why not."""
    require(actor, Action.WHY)
    named = find_customers.resolve(actor, reference)
    customer, of = find_customers.by_id(actor, named.id), find_groups.resolve(actor, group)
    proof: find.Proof | find.PastProof
    if at is None:
        proof = find.why(actor, of, customer)
        told = data.of_proof(proof, find.fixes_of(actor, proof))
    else:
        proof = find.why_at(actor, of, customer, history.past_day(at, "at"))
        told = data.of_past(proof)
    lines = words.lines(proof)
    if as_json:
        output.json_value({**told, "sentences": [words.headline(proof), *(line.text for line in lines)]})
        return
    click.echo(words.headline(proof))
    for line in lines:
        click.echo(f"{'  ' * line.level}- {line.text}")
