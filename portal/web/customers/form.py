"""The form of a customer: Personal Information, the store's own fields, and the groups that are boxes of it."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import wtforms
from flask import Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from wtforms import widgets
from wtforms.fields.choices import SelectChoice

from portal.access import actor, needs
from portal.errors import Conflict, Refusal
from portal.field_words import language_name
from portal.languages import read_language
from portal.models import Customer, Field
from portal.models.customer import FIELDS
from portal.permissions import Action, require_shop
from portal.queries import customers as find
from portal.queries import fields as find_fields
from portal.queries import shops as find_shops
from portal.received import OWN, reads
from portal.services import customers
from portal.services.customers import Saved
from portal.values import GENDERS, ID_TYPES, Remark
from portal.web.customers import boxes, own
from portal.web.customers.blueprint import pages
from portal.web.customers.boxes import BoxesForm
from portal.web.customers.page import said_of
from portal.web.forms import VersionedForm, _l, options
from portal.web.language import say
from portal.web.render import render

Stored: TypeAlias = Sequence[tuple[str, str]]

class CustomerForm(VersionedForm, BoxesForm):
    """Personal Information."""

    name = wtforms.StringField(_l("Name"))
    code = wtforms.StringField(_l("Code"))
    phone = wtforms.TelField(_l("Phone"))
    email = wtforms.StringField(_l("E-mail"), widget=widgets.EmailInput())
    shop = wtforms.SelectField(_l("Shop"), validate_choice=False)
    birth_date = wtforms.StringField(_l("Date of birth"), widget=widgets.DateInput())
    language = wtforms.StringField(_l("Language"))
    gender = wtforms.SelectField(_l("Gender"), validate_choice=False)
    id_type = wtforms.SelectField(_l("ID type"), validate_choice=False)
    id_number = wtforms.StringField(_l("ID number"))
    address = wtforms.TextAreaField(_l("Address"))


def _with_choices(form: CustomerForm, customer: Customer | None = None) -> CustomerForm:
    """Fill the selects with what this person may choose; a stored value outside the list stays choosable."""
    hidden = find.masked(actor(), customer) if customer else frozenset()
    limited = actor().shops(Action.EDIT_CUSTOMER) is not None
    shops = [(shop.code, shop.name) for shop in find_shops.visible_to(actor(), Action.EDIT_CUSTOMER)]
    form.shop.choices = options(shops if limited else [("", gettext("No shop")), *shops])
    form.gender.choices = _choices(GENDERS, form.gender.data)
    form.id_type.choices = _choices(ID_TYPES, form.id_type.data)
    for name in hidden | ({"code"} if limited else frozenset()):
        delattr(form, name)
    return form


def _choices(labels: dict[str, str], value: str | None) -> list[SelectChoice]:
    known = [("", ""), *((key, gettext(label)) for key, label in labels.items())]
    return options(known if not value or value in labels else [*known, (value, value)])


@pages.get("/customers/new")
@needs(Action.EDIT_CUSTOMER)
def new(form: CustomerForm | None = None, status: int = 200) -> Response:
    """Ask for a new customer, of the shop that the address names."""
    fields = find_fields.live()
    if form is None:
        said = {"shop": request.args.get("shop", "")} | own.data(own.defaults(fields), fields)
        form = own.form_of(CustomerForm, fields)(data=said)
    return _drawn(_with_choices(form), fields, None, status)


def _drawn(
    form: CustomerForm, fields: Sequence[Field], customer: Customer | None, status: int, stored: Stored = ()
) -> Response:
    return render(
        "customers/form.html", status=status, form=form, customer=customer, stored=stored,
        is_conflict=status == Conflict.status, own=own.drawn(form, fields),
        boxes=boxes.drawn(customer, form.changed()), say_box=boxes.say_box,
    )  # fmt: skip


def _received() -> tuple[CustomerForm, Sequence[Field]]:
    fields = find_fields.live()
    return own.form_of(CustomerForm, fields)(request.form), fields


@pages.post("/customers/new")
@needs(Action.EDIT_CUSTOMER)
@reads(CustomerForm, also=("do",), many=("box",), own=True)
def create() -> ResponseReturnValue:
    """Store a new customer."""
    form, fields = _received()
    try:
        saved = customers.create(actor(), _typed(form, fields), form.changed(), form.reason.data or "")
    except Refusal as refusal:
        return new(form.refused(refusal), refusal.status)
    return _stored(saved)


def _stored(saved: Saved) -> ResponseReturnValue:
    """Say what was stored, and lead on to where the button that saved leads."""
    customer = saved.customer
    name = customer.name or customer.code
    _tell(gettext("%(name)s is stored.", name=name), saved.warnings)
    if saved.lifted:
        lifted = ", ".join(saved.lifted)
        told = gettext("%(name)s was kept out of %(groups)s by name; that is lifted.", name=name, groups=lifted)
        flash(told, "warning")
    shop = customer.shop.code if customer.shop else None
    after = {"close": url_for("customers.index"), "new": url_for("customers.new", shop=shop)}
    return redirect(after.get(request.form.get("do", ""), url_for("customers.show", code=customer.code)), 303)


@pages.get("/customers/<code>/edit")
@needs(Action.EDIT_CUSTOMER)
def edit(code: str, form: CustomerForm | None = None, status: int = 200) -> Response:
    """Ask for a customer's new values; after a conflict, beside what is stored now."""
    customer = find.by_code(actor(), code)
    require_shop(actor(), Action.EDIT_CUSTOMER, customer.shop_id)
    fields = find_fields.live()
    hidden = find.masked(actor(), customer)
    hidden |= {OWN + masked for masked in find_fields.masked_codes(fields, hidden)}
    now = _as_typed(customer) | own.data(own.stored(customer, fields), fields)
    now = {name: value for name, value in now.items() if name not in hidden}
    drawn = _with_choices(form or own.form_of(CustomerForm, fields)(data=now), customer)
    for name in hidden:
        if name in drawn:
            del drawn[name]
    if status != Conflict.status:
        return _drawn(drawn, fields, customer, status)
    drawn.version.data = str(customer.version)
    said = said_of(customer, hidden) | {
        OWN + name: words for name, words in own.said(customer, fields, find.masked(actor(), customer)).items()
    }
    return _drawn(drawn, fields, customer, status, _differing(drawn, now, said))


def _as_typed(customer: Customer) -> dict[str, Any]:
    stored = {name: getattr(customer, name) for name in FIELDS if name != "shop"}
    language = language_name(customer.language)
    if read_language(language) == customer.language:  # a few names are spelt like the code of another language
        stored["language"] = language
    stored |= {"shop": customer.shop.code if customer.shop else "", "version": customer.version}
    return {name: "" if value is None else str(value) for name, value in stored.items()}


def _differing(form: CustomerForm, now: Mapping[str, Any], said: Mapping[str, str]) -> Stored:
    """Return what is stored otherwise than it is typed, each with its label and in words."""
    return [
        (str(part.label.text), said[part.name])
        for part in form
        if part.name in said and _bare(part.data) != _bare(now[part.name])
    ]


def _bare(data: Any) -> Any:
    # A form of several choices sends an empty one first, so that none can be said.
    return [text for text in data if text] if isinstance(data, list) else data or ""


@pages.post("/customers/<code>/edit")
@needs(Action.EDIT_CUSTOMER)
@reads(CustomerForm, also=("do",), many=("box",), own=True)
def update(code: str) -> ResponseReturnValue:
    """Store a customer's new values."""
    customer = find.by_code(actor(), code)
    form, fields = _received()
    try:
        saved = customers.edit(
            actor(), customer.id, _typed(form, fields), form.seen(), form.changed(), form.reason.data or ""
        )
    except Refusal as refusal:
        return edit(code, form.refused(refusal), refusal.status)
    return _stored(saved)


def _typed(form: CustomerForm, fields: Sequence[Field]) -> dict[str, str]:
    return {name: text for name, text in form.typed().items() if name in FIELDS} | own.typed(form, fields)


def _tell(sentence: str, warnings: list[Remark]) -> None:
    flash(sentence, "success")
    for remark in warnings:
        flash(say(remark), "warning")
