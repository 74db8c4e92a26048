"""The list of requests, and asking for a group or a membership."""

from functools import partial

from flask import Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from portal.access import actor, can, needs
from portal.errors import Refusal
from portal.models import Proposal
from portal.permissions import Action
from portal.queries import customers as find_customers
from portal.queries import proposals as find
from portal.received import reads
from portal.services import proposals
from portal.web import rule_words
from portal.web.builder import ROWS, Builder
from portal.web.forms import _l
from portal.web.groups import first_items
from portal.web.picking import ItemsForm, Picker
from portal.web.proposals.blueprint import pages
from portal.web.proposals.forms import MembershipForm, ProposedForm, building, chosen_group, is_drawn_again
from portal.web.render import render
from portal.words import proposals as words

KINDS = {"open": "draft", "approved": "ok", "declined": "bad", "withdrawn": "neutral"}
STATES = {state: (_l(word), KINDS[state]) for state, word in words.STATES.items()}


@pages.get("")
@needs(Action.SEE_PROPOSALS)
def index() -> Response:
    """List what waits for a decision, what one has asked for oneself, and what was decided."""
    lists = [
        (gettext("Waiting for a decision"), find.waiting(actor()), can(Action.APPROVE)),
        (gettext("What you asked for"), find.own(actor()), can(Action.PROPOSE)),
        (gettext("Decided"), find.decided(actor()), False),
    ]
    return render(
        "proposals/index.html", lists=lists, said=partial(words.of_proposal, actor()), states=STATES, rules=_rules
    )


def _rules(proposal: Proposal) -> list[str]:
    """Return the rules of a request in words; what may be asked is read for the first of them."""
    has_rule = any("rule" in item for item in proposal.arguments.get("items", []))
    return words.rules_of(actor(), proposal, rule_words.catalogue()) if has_rule else []


@pages.get("/new")
@needs(Action.PROPOSE)
def new(
    form: ProposedForm | None = None, picker: Picker | None = None, builder: Builder | None = None, status: int = 200
) -> Response:
    """Ask for a new group."""
    form = form or ProposedForm(request.args)
    picker = picker or Picker.read(actor(), request.args, shops_first=form.type.data == "shop")
    builder = builder or Builder.read(request.args, rule_words.catalogue())
    return render(
        "groups/new.html", status=status, form=form, picker=picker, shown=None, only_known=True, proposal=None,
        **building(builder, form, url_for("proposals.ask_group"), status),
    )  # fmt: skip


@pages.post("/new")
@needs(Action.PROPOSE)
@reads(ProposedForm, ItemsForm, also=("do",), many=("item",), families=(ROWS,))
def ask_group() -> ResponseReturnValue:
    """Store the proposal of a group, or draw the form again when only an item was looked for."""
    form = ProposedForm(request.form)
    picker = Picker.read(actor(), request.form, shops_first=form.type.data == "shop")
    builder = Builder.read(request.form, rule_words.catalogue())
    if is_drawn_again(request.form.get("do", "")):
        return new(form, picker, builder)
    try:
        proposal = proposals.ask_group(actor(), form.details(), first_items(picker, builder), form.reason.data or "")
    except Refusal as refusal:
        return new(form.refused(refusal), picker, builder, refusal.status)
    return _asked(proposal)


@pages.get("/membership")
@needs(Action.PROPOSE)
def membership(form: MembershipForm | None = None, status: int = 200) -> Response:
    """Ask that a customer join or leave a group."""
    form = form or MembershipForm(request.args)
    return render("proposals/membership.html", status=status, form=form.drawn())


@pages.post("/membership")
@needs(Action.PROPOSE)
@reads(MembershipForm)
def ask_member() -> ResponseReturnValue:
    """Store the request for a membership."""
    form = MembershipForm(request.form)
    try:
        customer = _named(form.customer.data or "")
        group = chosen_group(form)
        proposal = proposals.ask_member(
            actor(), group, customer, form.act.data or "", form.reason.data or ""
        )
    except Refusal as refusal:
        return membership(form.refused(refusal), 422 if refusal.status == 404 else refusal.status)
    return _asked(proposal)


def _named(reference: str) -> int:
    try:
        return int(find_customers.resolve(actor(), reference).id)
    except Refusal as refusal:
        raise Refusal(refusal.sentence, "customer", **refusal.params) from refusal


def _asked(proposal: Proposal) -> ResponseReturnValue:
    flash(gettext("Request %(n)s is sent. You will see here what becomes of it.", n=proposal.id), "success")
    return redirect(url_for("proposals.index"), 303)
