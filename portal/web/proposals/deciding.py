"""One request, seen and decided."""

from typing import Any

from flask import Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_number, gettext, ngettext
from werkzeug.datastructures import MultiDict

from portal.access import actor, can, needs
from portal.errors import Busy, Denied, NeedsApproval, Refusal
from portal.models import Proposal
from portal.permissions import Action
from portal.queries import proposals as find
from portal.received import reads
from portal.rules.tree import from_json as tree_of_json
from portal.services import proposals
from portal.services.items.new import from_json
from portal.web import approvals, choices, looking, previewing, rule_words
from portal.web.builder import NOTHING, ROWS, Builder
from portal.web.groups import first_items
from portal.web.language import say
from portal.web.picking import ItemsForm, Picker
from portal.web.proposals.asking import STATES
from portal.web.proposals.blueprint import pages
from portal.web.proposals.forms import (
    AnswerForm,
    MembershipForm,
    ProposedForm,
    building,
    chosen_group,
    is_drawn_again,
)
from portal.web.render import render
from portal.words import proposals as words
from portal.words import rules_read


@pages.get("/<int:proposal_id>")
@needs(Action.SEE_PROPOSALS)
def show(
    proposal_id: int, form: Any = None, picker: Picker | None = None, answer: AnswerForm | None = None,
    problem: Refusal | None = None, status: int = 200, builder: Builder | None = None,
) -> Response:  # fmt: skip
    """Show one request; to who may decide it, as a form that can be changed before it is approved."""
    proposal = find.by_id(actor(), proposal_id)
    is_own = proposal.asker_id == actor().user_id
    may_decide = can(Action.APPROVE) and not is_own and proposal.state == "open"
    is_approval = proposal.kind == "approval"
    right = Action.CREATE_GROUP if proposal.kind == "group" else Action.CHANGE_MEMBER
    may_approve = may_decide and not is_approval and can(right)
    if may_approve:
        form, picker, builder = _filled(proposal, form, picker, builder)
    page = "groups/new.html" if builder else "proposals/show.html"
    target = url_for("proposals.approve_group", proposal_id=proposal_id)
    return render(
        page, status=status, proposal=proposal, said=words.of_proposal(actor(), proposal), states=STATES, is_own=is_own,
        may_decide=may_decide, may_approve=may_approve, form=form if may_approve else None, picker=picker,
        only_known=False, items=_items(proposal), answer=answer or AnswerForm(data={"version": proposal.version}),
        shown=_previewed(proposal, form, picker, builder) if may_approve and problem is None else None,
        **(building(builder, form, target, status) if builder else {}),
        approval=approvals.context(proposal, may_decide=may_decide) if is_approval else None,
        is_shown=find.is_shown(actor(), proposal), problem=say(problem) if problem else "",
    )  # fmt: skip


def _items(proposal: Proposal) -> list[dict[str, Any]]:
    """Return the items that a proposal would put as the page tells them, with their days and whatever else is said."""
    said_items = proposal.arguments.get("items", [])
    rows = zip(find.items(actor(), proposal), said_items, strict=True)
    return [
        row | {"said": [*_fits(one.get("rule")), *choices.said_of(from_json(one))]} | _sentence(one.get("rule"))
        for row, one in rows
    ]


def _sentence(rule: dict[str, Any] | None) -> dict[str, str]:
    return {} if rule is None else {"label": rule_words.sentence_of_rule(rule)}


def _fits(rule: dict[str, Any] | None) -> list[str]:
    """Return how many customers a rule fits now, of those whom its reader sees; nothing where she may not be told."""
    if rule is None:
        return []
    there = rule_words.catalogue()
    found = looking.of(Builder.of(rules_read.tree_for(actor(), rule, there), there)).found
    if found is None:
        return []
    n, n_all = format_number(found.n), format_number(found.n_all)
    return [gettext("Fits %(n)s of %(all)s customers", n=n, all=n_all)]


def _previewed(
    proposal: Proposal, form: Any, picker: Picker | None, builder: Builder | None
) -> previewing.Shown:
    """Return what approving the request as it stands in the form would move."""
    if picker is None or builder is None:
        group_id, act = proposal.group_id, proposal.act
        return previewing.of(lambda: proposals.approve_member(actor(), proposal.id, group_id, act))
    return previewing.of(
        lambda: proposals.approve_group(actor(), proposal.id, form.details(), first_items(picker, builder))
    )


def _filled(
    proposal: Proposal, form: Any, picker: Picker | None, builder: Builder | None
) -> tuple[Any, Picker | None, Builder | None]:
    """Return the form and its items as they were asked for, where nothing has been typed over them."""
    if proposal.kind == "membership":
        known = {"group": proposal.group.code, "act": proposal.act, "version": proposal.version}
        return (form or MembershipForm(data=known)).drawn(proposal.group), None, None
    if form is None:
        form = ProposedForm(data=proposal.arguments["details"] | {"version": proposal.version})
        asked = [from_json(row) for row in proposal.arguments["items"]]
        args = MultiDict(("item", choices.value_of(item)) for item in asked if item.rule is None)
        picker = Picker.read(actor(), args, shops_first=form.type.data == "shop")
        tree = next((tree_of_json(item.rule) for item in asked if item.rule is not None), NOTHING)
        builder = Builder.of(tree, rule_words.catalogue())
    return form, picker, builder


@pages.post("/<int:proposal_id>/approve-group")
@needs(Action.CREATE_GROUP)
@reads(ProposedForm, ItemsForm, also=("do",), many=("item",), families=(ROWS,))
def approve_group(proposal_id: int) -> ResponseReturnValue:
    """Bring the proposed group into being as it stands in the form."""
    form = ProposedForm(request.form)
    picker = Picker.read(actor(), request.form, shops_first=form.type.data == "shop")
    builder = Builder.read(request.form, rule_words.catalogue())
    if is_drawn_again(request.form.get("do", "")):
        return show(proposal_id, form, picker, builder=builder)
    try:
        chosen = first_items(picker, builder)
        saved = proposals.approve_group(actor(), proposal_id, form.details(), chosen, form.seen())
    except Refusal as refusal:
        _stay(refusal)
        return show(proposal_id, form.refused(refusal), picker, status=refusal.status, builder=builder)
    flash(gettext("%(name)s is stored.", name=saved.group.label), "success")
    return redirect(url_for("members.show", code=saved.group.code), 303)


@pages.post("/<int:proposal_id>/approve-member")
@needs(Action.CHANGE_MEMBER)
@reads(also=("group", "act", "version"))
def approve_member(proposal_id: int) -> ResponseReturnValue:
    """Add or remove the customer as it stands in the form."""
    form = MembershipForm(request.form)
    try:
        put = proposals.approve_member(actor(), proposal_id, chosen_group(form), form.act.data or "", form.seen())
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
