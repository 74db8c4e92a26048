"""`portal proposal …`: what others ask for, to be approved or declined, and one's own requests."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import click
from flask_babel import format_datetime, gettext

from portal.cli import output
from portal.cli.options import acting, as_option, json_option
from portal.errors import Busy, Conflict, Refusal
from portal.models import Proposal
from portal.permissions import Action, Actor, require
from portal.queries import proposals as find
from portal.queries.proposals import Move
from portal.services import approvals, preview, proposals
from portal.services.details import Details
from portal.services.guards import Call
from portal.services.items.new import from_json
from portal.words import say
from portal.words.proposals import STATES, of_group, of_proposal, rules_of

NUMBER = click.argument("number", metavar="N", type=click.IntRange(1, 2**31 - 1))
SHORT = 12  # characters of a fingerprint that are typed


@click.group("proposal")
@as_option
def proposal() -> None:
    """Requests: what somebody asks for who may not do it herself, or not alone."""


@proposal.command("list")
@click.option("--all", "is_whole", is_flag=True, help="What has been decided, too.")
@json_option
@acting
def list_(actor: Actor, is_whole: bool, as_json: bool) -> None:
    """List the requests that wait for that person's decision, and her own that wait."""
    require(actor, Action.SEE_PROPOSALS)
    own = [one for one in find.own(actor) if is_whole or one.state == "open"]
    rows = [*find.waiting(actor), *own, *(find.decided(actor) if is_whole else [])]
    if as_json:
        output.json_value([_told(actor, one) for one in rows])
        return
    header = (gettext("Request"), gettext("What"), gettext("By"), gettext("Why"), gettext("When"), gettext("Status"))
    output.table(header, [_cells(actor, one) for one in rows])


def _cells(actor: Actor, one: Proposal) -> Sequence[str]:
    when = str(format_datetime(one.created_at, "medium"))
    return str(one.id), of_proposal(actor, one), one.asker.name, one.reason, when, gettext(STATES[one.state])


def _told(actor: Actor, one: Proposal) -> dict[str, Any]:
    is_seen = one.group is not None and find.is_shown(actor, one)
    return {
        "id": one.id, "kind": one.kind, "state": one.state, "said": of_proposal(actor, one), "by": one.asker.email,
        "reason": one.reason, "group": one.group.code if is_seen else None,
        "customer": one.customer.code if one.customer else None, "created_at": one.created_at,
        "decided_by": one.decided_by.email if one.decided_by else None, "decided_at": one.decided_at,
        "answer": one.answer, "change": one.change_id,
    }  # fmt: skip


@proposal.command("show")
@NUMBER
@json_option
@acting
def show(actor: Actor, number: int, as_json: bool) -> None:
    """Show a request with what it would move now; --seen of “approve” takes what stands there as seen."""
    one = find.by_id(actor, number)
    shown = _shown(actor, one)
    if as_json:
        moves = [_move(actor, move) for move in shown.moves]
        output.json_value(
            {**_told(actor, one), "rules": rules_of(actor, one), "moves": moves, "seen": shown.fingerprint[:SHORT],
             "obstacle": shown.obstacle}
        )
        return
    labels = (gettext("Request"), gettext("What"), gettext("By"), gettext("Why"), gettext("When"), gettext("Status"))
    rows = [*zip(labels, _cells(actor, one), strict=True), (gettext("Answer"), one.answer)]
    rows += [(gettext("Rule"), text) for text in rules_of(actor, one)]
    rows += [(gettext("Seen"), shown.fingerprint[:SHORT]), (gettext("Obstacle"), shown.obstacle)]
    output.table((gettext("Field"), gettext("Value")), [row for row in rows if row[1]])
    _print(actor, shown.moves)


def _print(actor: Actor, moves: Sequence[Move]) -> None:
    told = [_move(actor, move) for move in moves]
    rows = [
        (one["label"], f"+{one['joining']}", f"−{one['leaving']}", "" if one["then"] is None else str(one["then"]))
        for one in told
    ]
    header = (gettext("Group"), gettext("Join"), gettext("Leave"), gettext("Members then"))
    output.table(header, rows)


def _move(actor: Actor, move: Move) -> dict[str, Any]:
    return {
        "label": of_group(actor, move.group), "joining": move.joining, "leaving": move.leaving, "then": move.n_after
    }


class _Shown(NamedTuple):
    """What a request would move, as the person may see it; or why it cannot be done as it stands."""

    moves: Sequence[Move]
    fingerprint: str = ""
    obstacle: str = ""


def _shown(actor: Actor, one: Proposal) -> _Shown:
    """Return what an open request would move now to who may decide it, to others what it was asked to move."""
    if one.state != "open" or not actor.may(Action.APPROVE) or one.asker_id == actor.user_id:
        return _Shown(find.moves(one))
    try:
        if one.kind == "approval":
            found = approvals.show(approvals.asker_of(one), Call(one.act, one.arguments), reader=actor)
            return _Shown(found.moves, found.fingerprint)
        foreseen = preview.of(actor, lambda: _do(actor, one))
    except Busy:
        raise
    except Refusal as refusal:
        return _Shown(find.moves(one), obstacle=say(refusal))
    return _Shown([Move(each.group, each.joining, each.leaving, each.n_after) for each in foreseen.moves])


def _do(actor: Actor, one: Proposal) -> object:
    """Do what a request asks for as it stands; what it needs of rights the service asks."""
    if one.kind == "membership":
        return proposals.approve_member(actor, one.id, one.group_id, one.act, one.version)
    said = Details(**one.arguments["details"])
    rows = [from_json(row) for row in one.arguments["items"]]
    return proposals.approve_group(actor, one.id, said, rows, one.version)


@proposal.command("approve")
@NUMBER
@click.option("--seen", metavar="TEXT", help="What “show” has shown, where it moves others than it was asked to.")
@acting
def approve(actor: Actor, number: int, seen: str | None) -> None:
    """Do what somebody else has asked for; where it would move others by now, show that and do nothing."""
    require(actor, Action.APPROVE)
    one = find.by_id(actor, number)
    if one.kind != "approval":
        _do(actor, one)
    else:
        try:
            approvals.approve(actor, number, _whole(actor, one, seen))
        except Conflict:
            if one.state == "open":
                _print(actor, _shown(actor, one).moves)
            raise
    click.echo(gettext("Approved and done."), err=True)


def _whole(actor: Actor, one: Proposal, seen: str | None) -> str:
    """Return the fingerprint whose beginning was typed; what the request was asked with where nothing was."""
    if seen is None:
        return one.fingerprint
    found = _shown(actor, one).fingerprint
    return found if len(seen) >= SHORT and found.startswith(seen) else seen


@proposal.command("decline")
@NUMBER
@click.option("--note", default="", metavar="TEXT", help="A word to whoever asked.")
@acting
def decline(actor: Actor, number: int, note: str) -> None:
    """Decline what somebody else has asked for."""
    proposals.decline(actor, number, note or gettext("Declined in the terminal."))
    click.echo(gettext("The request is declined. Whoever asked sees your answer."), err=True)


@proposal.command("withdraw")
@NUMBER
@acting
def withdraw(actor: Actor, number: int) -> None:
    """Take back a request of one's own."""
    proposals.withdraw(actor, number)
    click.echo(gettext("Your request is withdrawn."), err=True)
