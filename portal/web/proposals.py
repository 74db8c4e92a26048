"""Pages of proposals: asking for a group or a membership, the list of requests, and deciding one."""

from functools import partial
from typing import Any

import wtforms
from flask import Blueprint, Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_number, gettext, ngettext
from werkzeug.datastructures import MultiDict

from portal.access import actor, can, needs
from portal.errors import N_, Busy, Denied, NeedsApproval, Refusal
from portal.models import Proposal
from portal.models.group import HUES
from portal.permissions import Action
from portal.queries import customers as find_customers
from portal.queries import filters
from portal.queries import groups as find_groups
from portal.queries import proposals as find
from portal.received import reads
from portal.services import proposals
from portal.services.groups import Details
from portal.services.items.new import from_json
from portal.web import approvals, choices, previewing
from portal.web.forms import VersionedForm, _l, options
from portal.web.groups import HUE_LABELS
from portal.web.language import say
from portal.web.picking import ItemsForm, Picker
from portal.web.render import render
from portal.words import proposals as words

pages = Blueprint("proposals", __name__, url_prefix="/proposals")

KINDS = {"open": "draft", "approved": "ok", "declined": "bad", "withdrawn": "neutral"}
STATES = {state: (_l(word), KINDS[state]) for state, word in words.STATES.items()}


class ProposedForm(VersionedForm):
    """A group as somebody proposes it."""

    name = wtforms.StringField(_l("Name of the customer group"))
    type = wtforms.RadioField(
        _l("Group Type"), choices=options((("customer", _l("Customer")), ("shop", _l("Shop")))), default="customer",
        validate_choice=False,
    )  # fmt: skip
    hue = wtforms.RadioField(
        _l("Colour"), choices=options((hue, HUE_LABELS[hue]) for hue in HUES), default="blue", validate_choice=False
    )
    description = wtforms.TextAreaField(_l("Description"))
    reason = wtforms.StringField(_l("Why?"))

    def details(self) -> Details:
        """Return what was typed as the service takes it."""
        return Details(
            self.name.data or "", self.type.data or "customer", self.hue.data or "blue", self.description.data or ""
        )


class MembershipForm(VersionedForm):
    """A customer who is to join or leave a group."""

    customer = wtforms.StringField(_l("Customer"))
    group = wtforms.SelectField(_l("Group"), validate_choice=False)
    act = wtforms.RadioField(
        _l("What is asked for"), choices=options((("add", _l("Add")), ("remove", _l("Remove")))), default="add",
        validate_choice=False,
    )  # fmt: skip
    reason = wtforms.StringField(_l("Why?"))

    def drawn(self) -> "MembershipForm":
        """Return the form with the groups that may be chosen."""
        groups = filters.group_choices(actor())
        self.group.choices = options([("", ""), *((group.code, group.label) for group in groups)])
        return self


class AnswerForm(VersionedForm):
    """A word to whoever asked."""

    answer = wtforms.StringField(_l("A word to whoever asked"))


@pages.get("")
@needs(Action.SEE_PROPOSALS)
def index() -> Response:
    """List what waits for a decision, what one has asked for oneself, and what was decided."""
    lists = [
        (gettext("Waiting for a decision"), find.waiting(actor()), can(Action.APPROVE)),
        (gettext("What you asked for"), find.own(actor()), can(Action.PROPOSE)),
        (gettext("Decided"), find.decided(actor()), False),
    ]
    return render("proposals/index.html", lists=lists, said=partial(words.of_proposal, actor()), states=STATES)


@pages.get("/new")
@needs(Action.PROPOSE)
def new(form: ProposedForm | None = None, picker: Picker | None = None, status: int = 200) -> Response:
    """Ask for a new group."""
    form = form or ProposedForm(request.args)
    picker = picker or Picker.read(actor(), request.args, shops_first=form.type.data == "shop")
    return render(
        "groups/new.html", status=status, form=form, picker=picker, shown=None, only_known=True,
        target=url_for("proposals.ask_group"),
    )  # fmt: skip


@pages.post("/new")
@needs(Action.PROPOSE)
@reads(ProposedForm, ItemsForm, also=("do",), many=("item",))
def ask_group() -> ResponseReturnValue:
    """Store the proposal of a group, or draw the form again when only an item was looked for."""
    form = ProposedForm(request.form)
    picker = Picker.read(actor(), request.form, shops_first=form.type.data == "shop")
    if request.form.get("do") in {"find", "new-customer"}:
        return new(form, picker)
    try:
        proposal = proposals.ask_group(actor(), form.details(), picker.new_items(), form.reason.data or "")
    except Refusal as refusal:
        return new(form.refused(refusal), picker, refusal.status)
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
        group = _group(form)
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


def _group(form: MembershipForm) -> int:
    if not form.group.data:
        raise Refusal(N_("Choose a group."), "group")
    return int(find_groups.by_code(actor(), form.group.data).id)


def _asked(proposal: Proposal) -> ResponseReturnValue:
    flash(gettext("Request %(n)s is sent. You will see here what becomes of it.", n=proposal.id), "success")
    return redirect(url_for("proposals.index"), 303)


@pages.get("/<int:proposal_id>")
@needs(Action.SEE_PROPOSALS)
def show(
    proposal_id: int, form: Any = None, picker: Picker | None = None, answer: AnswerForm | None = None,
    problem: Refusal | None = None, status: int = 200,
) -> Response:  # fmt: skip
    """Show one request; to who may decide it, as a form that can be changed before it is approved."""
    proposal = find.by_id(actor(), proposal_id)
    is_own = proposal.asker_id == actor().user_id
    may_decide = can(Action.APPROVE) and not is_own and proposal.state == "open"
    is_approval = proposal.kind == "approval"
    right = Action.CREATE_GROUP if proposal.kind == "group" else Action.CHANGE_MEMBER
    may_approve = may_decide and not is_approval and can(right)
    if may_approve:
        form, picker = _filled(proposal, form, picker)
    page = "proposals/group.html" if may_approve and proposal.kind == "group" else "proposals/show.html"
    return render(
        page, status=status, proposal=proposal, said=words.of_proposal(actor(), proposal), states=STATES, is_own=is_own,
        may_decide=may_decide, may_approve=may_approve, form=form if may_approve else None, picker=picker,
        items=_items(proposal), answer=answer or AnswerForm(data={"version": proposal.version}),
        shown=_previewed(proposal, form, picker) if may_approve and problem is None else None,
        approval=approvals.context(proposal, may_decide=may_decide) if is_approval else None,
        is_shown=find.is_shown(actor(), proposal), problem=say(problem) if problem else "",
    )  # fmt: skip


def _items(proposal: Proposal) -> list[dict[str, Any]]:
    """Return the items that a proposal would put as the page tells them, with their days and whatever else is said."""
    said_items = proposal.arguments.get("items", [])
    rows = zip(find.items(actor(), proposal), said_items, strict=True)
    return [row | {"said": choices.said_of(from_json(one))} for row, one in rows]


def _previewed(proposal: Proposal, form: Any, picker: Picker | None) -> previewing.Shown:
    """Return what approving the request as it stands in the form would move."""
    if picker is None:
        group_id, act = proposal.group_id, proposal.act
        return previewing.of(lambda: proposals.approve_member(actor(), proposal.id, group_id, act))
    return previewing.of(
        lambda: proposals.approve_group(actor(), proposal.id, form.details(), picker.new_items())
    )


def _filled(proposal: Proposal, form: Any, picker: Picker | None) -> tuple[Any, Picker | None]:
    """Return the form and its items as they were asked for, where nothing has been typed over them."""
    if proposal.kind == "membership":
        known = {"group": proposal.group.code, "act": proposal.act, "version": proposal.version}
        return (form or MembershipForm(data=known)).drawn(), None
    if form is None:
        form = ProposedForm(data=proposal.arguments["details"] | {"version": proposal.version})
        args = MultiDict(("item", choices.value_of(from_json(row))) for row in proposal.arguments["items"])
        picker = Picker.read(actor(), args, shops_first=form.type.data == "shop")
    return form, picker


@pages.post("/<int:proposal_id>/approve-group")
@needs(Action.CREATE_GROUP)
@reads(ProposedForm, ItemsForm, also=("do",), many=("item",))
def approve_group(proposal_id: int) -> ResponseReturnValue:
    """Bring the proposed group into being as it stands in the form."""
    form = ProposedForm(request.form)
    picker = Picker.read(actor(), request.form, shops_first=form.type.data == "shop")
    if request.form.get("do") in {"find", "new-customer"}:
        return show(proposal_id, form, picker)
    try:
        saved = proposals.approve_group(actor(), proposal_id, form.details(), picker.new_items(), form.seen())
    except Refusal as refusal:
        _stay(refusal)
        return show(proposal_id, form.refused(refusal), picker, status=refusal.status)
    flash(gettext("%(name)s is stored.", name=saved.group.label), "success")
    return redirect(url_for("members.show", code=saved.group.code), 303)


@pages.post("/<int:proposal_id>/approve-member")
@needs(Action.CHANGE_MEMBER)
@reads(also=("group", "act", "version"))
def approve_member(proposal_id: int) -> ResponseReturnValue:
    """Add or remove the customer as it stands in the form."""
    form = MembershipForm(request.form)
    try:
        put = proposals.approve_member(actor(), proposal_id, _group(form), form.act.data or "", form.seen())
    except Refusal as refusal:
        _stay(refusal)
        return show(proposal_id, form.refused(refusal), status=refusal.status)
    n = put.joined + put.left
    told = ngettext("Approved: %(n)s customer moved.", "Approved: %(n)s customers moved.", n, n=format_number(n))
    flash(told, "success")
    return redirect(url_for("proposals.index"), 303)


def _stay(refusal: Refusal) -> None:
    """Raise what has a page of its own: what is not hers or not there. The rest is told where it was asked for."""
    if isinstance(refusal, Denied | Busy | NeedsApproval) or refusal.status == 404:
        raise refusal


@pages.post("/<int:proposal_id>/decline")
@needs(Action.APPROVE)
@reads(AnswerForm)
def decline(proposal_id: int) -> ResponseReturnValue:
    """Decline a request with a word."""
    form = AnswerForm(request.form)
    try:
        proposals.decline(actor(), proposal_id, form.answer.data or "", form.seen())
    except Refusal as refusal:
        _stay(refusal)
        return show(proposal_id, answer=form.refused(refusal), status=refusal.status)
    flash(gettext("The request is declined. Whoever asked sees your answer."), "success")
    return redirect(url_for("proposals.index"), 303)


@pages.post("/<int:proposal_id>/withdraw")
@needs(Action.SEE_PROPOSALS)
def withdraw(proposal_id: int) -> ResponseReturnValue:
    """Take back a request of one's own."""
    try:
        proposals.withdraw(actor(), proposal_id)
    except Refusal as refusal:
        _stay(refusal)
        return show(proposal_id, problem=refusal, status=refusal.status)
    flash(gettext("Your request is withdrawn."), "success")
    return redirect(url_for("proposals.index"), 303)
