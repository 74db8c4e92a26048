"""Pages of acts that need a second person: what an act would move, asking for approval, approving."""

import json
from typing import Any

import wtforms
from flask import Blueprint, Flask, Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from portal.access import actor, needs
from portal.errors import N_, Busy, Denied, Malformed, NeedsApproval, Refusal
from portal.models import Proposal
from portal.permissions import Action
from portal.queries import groups as find_groups
from portal.queries import proposals as find
from portal.queries.proposals import Move
from portal.received import reads
from portal.services import approvals
from portal.services.guards import Call
from portal.web.forms import Form, _l
from portal.web.language import say
from portal.web.render import render
from portal.words.proposals import of_group

pages = Blueprint("approvals", __name__, url_prefix="/proposals")


class CallForm(Form):
    """An act as data, carried by the form that asks for it."""

    call = wtforms.StringField(widget=wtforms.widgets.HiddenInput())
    arguments = wtforms.StringField(widget=wtforms.widgets.HiddenInput())
    reason = wtforms.StringField(_l("Why?"))
    typed = wtforms.StringField(_l("Name of the customer group"))

    def said(self) -> Call:
        """Return the act that the form carries; raises Malformed for what no page of ours sends."""
        try:
            arguments = json.loads(self.arguments.data or "")
        except (ValueError, RecursionError):
            arguments = None
        if not isinstance(arguments, dict):
            raise Malformed(N_("This request was not understood. Nothing was changed."))
        return Call(self.call.data or "", arguments)


def init_app(app: Flask) -> None:
    """Let `app` offer to ask for approval wherever an act needs one."""
    app.register_error_handler(NeedsApproval, needed)


def needed(refusal: NeedsApproval) -> Response:
    """Show what the act would move, and a form to ask for approval or, where nobody else could give it, to confirm."""
    form = CallForm(data={"call": refusal.call, "arguments": json.dumps(dict(refusal.arguments))})
    return _ask(form, say(refusal), refusal.status)


def _ask(form: CallForm, why: str, status: int) -> Response:
    call = form.said()
    shown = approvals.show(actor(), call)
    others = approvals.others(actor())
    return render(
        "proposals/approval.html", status=status, form=form, why=why, moves=told(shown.moves), others=others,
        label=approvals.label_of(actor(), call),
    )  # fmt: skip


def told(moves: list[Move]) -> list[dict[str, Any]]:
    """Return what would move as the page shows it; of a group that the person may not see only that it would."""
    there = find_groups.among(actor(), [move.group.id for move in moves if move.group is not None])
    return [
        {
            "label": of_group(actor(), move.group), "hue": move.group.hue,
            "code": move.group.code if move.group.id in there else "",
        } | _counts(move)
        if move.group is not None and find_groups.sees(actor(), move.group)
        else {"label": of_group(actor(), move.group), "code": "", "hue": "grey"}
        | _counts(move._replace(who_joins=[], who_leaves=[]))
        for move in moves
    ]  # fmt: skip


def _counts(move: Move) -> dict[str, Any]:
    return {
        "joining": move.joining, "leaving": move.leaving, "n_after": move.n_after, "who_joins": move.who_joins,
        "who_leaves": move.who_leaves,
    }  # fmt: skip


@pages.post("/approval")
@needs(Action.SEE_PROPOSALS)
@reads(CallForm)
def ask() -> ResponseReturnValue:
    """Send the request for approval."""
    form = CallForm(request.form)
    try:
        proposal = approvals.ask(actor(), form.said(), form.reason.data or "")
    except Refusal as refusal:
        _stay(refusal)
        return _ask(form.refused(refusal), "", refusal.status)
    flash(gettext("Request %(n)s is sent. You will see here what becomes of it.", n=proposal.id), "success")
    return redirect(url_for("proposals.index"), 303)


@pages.post("/approval/confirm")
@needs(Action.SEE_PROPOSALS)
@reads(CallForm)
def confirm() -> ResponseReturnValue:
    """Do an act that nobody else could approve, once the name of its group is typed."""
    form = CallForm(request.form)
    try:
        approvals.confirm(actor(), form.said(), form.typed.data or "")
    except Refusal as refusal:
        _stay(refusal)
        return _ask(form.refused(refusal), "", refusal.status)
    flash(gettext("It is done, without a second person; the log says so."), "success")
    return redirect(url_for("groups.index"), 303)


@pages.post("/<int:proposal_id>/approve")
@needs(Action.APPROVE)
@reads(also=("seen",))
def approve(proposal_id: int) -> ResponseReturnValue:
    """Do what was asked for, as the person who asked."""
    from portal.web import proposals

    try:
        approvals.approve(actor(), proposal_id, request.form.get("seen", ""))
    except Refusal as refusal:
        _stay(refusal)
        return proposals.show(proposal_id, problem=refusal, status=refusal.status)
    flash(gettext("Approved and done."), "success")
    return redirect(url_for("proposals.index"), 303)


def context(proposal: Proposal, *, may_decide: bool) -> dict[str, Any]:
    """Return what the page of a request for approval shows: what it moves now, and whether that is what was asked."""
    if not may_decide:
        return {"moves": told(find.moves(proposal)), "seen": "", "has_moved": False, "obstacle": ""}
    try:
        call = Call(proposal.act, proposal.arguments)
        shown = approvals.show(approvals.asker_of(proposal), call, reader=actor())
    except Busy:
        raise
    except Refusal as refusal:
        return {"moves": told(find.moves(proposal)), "seen": "", "has_moved": False, "obstacle": say(refusal)}
    return {
        "moves": told(shown.moves), "seen": shown.fingerprint, "has_moved": shown.fingerprint != proposal.fingerprint,
        "obstacle": "",
    }  # fmt: skip


def _stay(refusal: Refusal) -> None:
    """Raise what has a page of its own; the rest is told where it was asked for."""
    if isinstance(refusal, Denied | Busy | Malformed | NeedsApproval) or refusal.status == 404:
        raise refusal
