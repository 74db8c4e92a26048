"""The page of one customer: Personal Information and her groups."""

import wtforms
from flask import Response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_date, gettext

from portal.access import actor, needs
from portal.errors import Refusal
from portal.field_words import language_name
from portal.models import Customer
from portal.permissions import Action
from portal.queries import customers as find
from portal.queries import fields as find_fields
from portal.queries import filters
from portal.queries import groups as find_groups
from portal.received import reads
from portal.services import customers
from portal.values import GENDERS, ID_TYPES
from portal.web.customers import own
from portal.web.customers.blueprint import pages
from portal.web.forms import Form, _l
from portal.web.members import change_of
from portal.web.render import phone, render


class ReasonForm(Form):
    """Why somebody wants to see a masked ID."""

    reason = wtforms.StringField(_l("Why do you need it? This is written to the log."))


@pages.get("/customers/<code>")
@needs(Action.SEE_CUSTOMERS)
def show(code: str, form: ReasonForm | None = None, status: int = 200) -> Response:
    """Show one customer: Personal Information and her groups."""
    customer = find.by_code(actor(), code)
    hidden = find.masked(actor(), customer)
    own_facts = own.facts(customer, find_fields.live(), hidden)
    memberships = find_groups.of_customer(actor(), customer) if actor().may(Action.SEE_GROUPS) else []
    held = {one.group_id for one in memberships}
    choices = filters.group_choices(actor()) if actor().may(Action.WHY) else []
    may_ask = actor().may_in(Action.CHANGE_OPEN_MEMBER, customer.shop_id) and not actor().may(Action.CHANGE_MEMBER)
    is_open = may_ask and any(group.id not in held for group in find_groups.open_to(actor()))
    return render(
        "customers/show.html", status=status, customer=customer, said=said_of(customer, hidden), hidden=hidden,
        own=own_facts, may_reveal=bool(customer.id_number) or own_facts.has_masked,
        change_of=change_of, has_open=is_open,
        memberships=memberships, groups=[group for group in choices if group.id not in held],
        reason=form or ReasonForm(), may_edit=actor().may_in(Action.EDIT_CUSTOMER, customer.shop_id),
    )  # fmt: skip


def said_of(customer: Customer, hidden: frozenset[str]) -> dict[str, str]:
    """Return her fields as people read them: words for keys, the shop's name, dates as the language writes them."""
    values = find.shown(customer, hidden)
    born, gender, id_type = values["birth_date"], values["gender"], values["id_type"]
    return values | {
        "phone": phone(values["phone"]),
        "shop": customer.shop.name if customer.shop else "",
        "birth_date": format_date(born, "long") if born else "",
        "language": language_name(values["language"]),
        "gender": gettext(GENDERS[gender]) if gender in GENDERS else gender,
        "id_type": gettext(ID_TYPES[id_type]) if id_type in ID_TYPES else id_type,
    }


@pages.post("/customers/<code>/reveal")
@needs(Action.EDIT_CUSTOMER)
@reads(ReasonForm)
def reveal(code: str) -> ResponseReturnValue:
    """Show a masked ID for a few minutes; the reason is kept."""
    form = ReasonForm(request.form)
    try:
        customers.reveal(actor(), find.by_code(actor(), code).id, form.reason.data or "")
    except Refusal as refusal:
        return show(code, form.refused(refusal), refusal.status)
    return redirect(url_for("customers.show", code=code), 303)
