"""Why is she in that group, or why not: one page for every yes and every no, and the card that lists open."""

from contextlib import suppress
from dataclasses import dataclass

import wtforms
from flask import Blueprint, Response, request
from wtforms import widgets

from portal.access import actor, needs
from portal.errors import N_, Missing, Refusal
from portal.models import Customer, Group
from portal.permissions import Action
from portal.queries import customers as find_customers
from portal.queries import groups as find_groups
from portal.queries import history
from portal.queries import why as find
from portal.web.forms import Form, _l
from portal.web.language import say
from portal.web.render import render
from portal.words import why as words

pages = Blueprint("why", __name__)
MOST = 50  # groups that are answered for at once


class WhyForm(Form):
    """Whom and which group is asked about, and the day; without one it is now."""

    customer = wtforms.StringField(_l("Customer"))
    group = wtforms.StringField(_l("Group"))
    at = wtforms.StringField(_l("Day"), widget=widgets.DateInput())


@dataclass(frozen=True)
class Answer:
    """One proof, with the acts that are offered; there are none for a past day."""

    proof: find.Proof | find.PastProof
    fixes: list[find.Fix]


@pages.get("/why")
@needs(Action.WHY)
def show() -> Response:
    """Say why a customer is in one or several groups, or why not; without a question, ask for one."""
    form, status, problem = WhyForm(request.args), 200, ""
    customer, answers = None, list[Answer]()
    try:
        if form.customer.data or form.group.data:
            customer = _customer(form)
            answers = _answers(form, customer)
    except Refusal as refusal:
        form.refused(refusal)
        status, problem = refusal.status, say(refusal)
    return render(
        "why/show.html", status=status, form=form, customer=customer, answers=answers, problem=problem, words=words
    )


def _customer(form: WhyForm) -> Customer:
    try:
        return find_customers.by_id(actor(), find_customers.resolve(actor(), str(form.customer.data or "")).id)
    except Refusal as refusal:
        raise _at("customer", refusal) from refusal


def _answers(form: WhyForm, customer: Customer) -> list[Answer]:
    """Return a proof for each of the groups that are named."""
    text = str(form.group.data or "").strip()
    if not text:
        raise Refusal(N_("Choose a group."), "group")
    day = history.past_day(str(form.at.data), "at") if form.at.data else None
    groups = _groups(text)
    if day is not None:
        return [Answer(find.why_at(actor(), group, customer, day), []) for group in groups]
    proofs = [find.why(actor(), group, customer) for group in groups]
    return [Answer(proof, find.fixes_of(actor(), proof)) for proof in proofs]


def _groups(text: str) -> list[Group]:
    """Return the group of that code or name, or those whose codes stand with commas between: a name may hold some."""
    try:
        if "," in text:
            with suppress(Missing):
                return [find_groups.resolve(actor(), text)]
        return [find_groups.resolve(actor(), code) for code in dict.fromkeys(text.split(",")[:MOST])]
    except Refusal as refusal:
        raise _at("group", refusal) from refusal


def _at(field: str, refusal: Refusal) -> Refusal:
    return type(refusal)(refusal.sentence, field, **refusal.params)
