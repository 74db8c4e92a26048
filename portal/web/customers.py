"""Pages of customers: the list with its filter, one customer, her form."""

from typing import Any

import wtforms
from flask import Blueprint, Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_date, gettext
from wtforms import widgets
from wtforms.fields.choices import SelectChoice

from portal.access import actor, needs
from portal.errors import Conflict, Refusal
from portal.field_words import language_name
from portal.languages import read_language
from portal.models import Customer
from portal.models.customer import FIELDS
from portal.permissions import Action, require_shop
from portal.queries import customers as find
from portal.queries import filters
from portal.queries import groups as find_groups
from portal.queries import shops as find_shops
from portal.received import reads
from portal.services import customers
from portal.services.customers import Saved
from portal.values import GENDERS, ID_TYPES, Remark
from portal.web import paging
from portal.web.filtering import Filtering
from portal.web.forms import Form, VersionedForm, _l, options
from portal.web.language import say
from portal.web.members import change_of
from portal.web.render import phone, render

pages = Blueprint("customers", __name__)


class CustomerForm(VersionedForm):
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


class ReasonForm(Form):
    """Why somebody wants to see a masked ID."""

    reason = wtforms.StringField(_l("Why do you need it? This is written to the log."))


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


@pages.get("/customers")
@needs(Action.SEE_CUSTOMERS)
def index() -> ResponseReturnValue:
    """List the customers that fit the filter in the address."""
    asked = Filtering.read(actor(), request.args)
    if asked.canonical:
        return redirect(asked.canonical)
    after, before = paging.anchors()
    found = filters.page(actor(), asked.wanted, after=after, before=before)
    if found.is_lost:
        return paging.from_the_start()
    n, is_exact = filters.count(actor(), asked.wanted)
    # Pages go on from a customer, not from a number; the number in the address only says where one is.
    start = request.args.get("start", "1")
    first = int(start) if start.isascii() and start.isdigit() and len(start) < 9 else 1
    return render(
        "customers/index.html", asked=asked, found=found, n=n, is_exact=is_exact, shown=_shown,
        first=first if "after" in request.args or "before" in request.args else 1, page_size=filters.PAGE,
    )  # fmt: skip


def _shown(customer: Customer) -> dict[str, Any]:
    return find.shown(customer, actor().masked(customer.shop_id))


@pages.get("/customers/count")
@needs(Action.SEE_CUSTOMERS)
def count() -> Response:
    """Say exactly how many fit, however long that takes; the list asks for it when its own count stopped early."""
    asked = Filtering.read(actor(), request.args)
    n, _exact = filters.count(actor(), asked.wanted, cap=None)
    return render("customers/count.html", n=n)


@pages.get("/customers/new")
@needs(Action.EDIT_CUSTOMER)
def new(form: CustomerForm | None = None, status: int = 200) -> Response:
    """Ask for a new customer, of the shop that the address names."""
    drawn = _with_choices(form or CustomerForm(data={"shop": request.args.get("shop", "")}))
    return render("customers/form.html", status=status, form=drawn, customer=None, stored={})


@pages.post("/customers/new")
@needs(Action.EDIT_CUSTOMER)
@reads(CustomerForm, also=("do",))
def create() -> ResponseReturnValue:
    """Store a new customer."""
    form = CustomerForm(request.form)
    try:
        saved = customers.create(actor(), _typed(form))
    except Refusal as refusal:
        return new(form.refused(refusal), refusal.status)
    return _stored(saved)


def _stored(saved: Saved) -> ResponseReturnValue:
    """Say what was stored, and lead on to where the button that saved leads."""
    customer = saved.customer
    _tell(gettext("%(name)s is stored.", name=customer.name or customer.code), saved.warnings)
    shop = customer.shop.code if customer.shop else None
    after = {"close": url_for("customers.index"), "new": url_for("customers.new", shop=shop)}
    return redirect(after.get(request.form.get("do", ""), url_for("customers.show", code=customer.code)), 303)


@pages.get("/customers/<code>")
@needs(Action.SEE_CUSTOMERS)
def show(code: str, form: ReasonForm | None = None, status: int = 200) -> Response:
    """Show one customer: Personal Information and her groups."""
    customer = find.by_code(actor(), code)
    hidden = find.masked(actor(), customer)
    memberships = find_groups.of_customer(actor(), customer) if actor().may(Action.SEE_GROUPS) else []
    held = {one.group_id for one in memberships}
    choices = filters.group_choices(actor()) if actor().may(Action.WHY) else []
    may_ask = actor().may_in(Action.CHANGE_OPEN_MEMBER, customer.shop_id) and not actor().may(Action.CHANGE_MEMBER)
    is_open = may_ask and any(group.id not in held for group in find_groups.open_to(actor()))
    return render(
        "customers/show.html", status=status, customer=customer, said=_said(customer, hidden), hidden=hidden,
        change_of=change_of, has_open=is_open,
        memberships=memberships, groups=[group for group in choices if group.id not in held],
        reason=form or ReasonForm(), may_edit=actor().may_in(Action.EDIT_CUSTOMER, customer.shop_id),
    )  # fmt: skip


def _said(customer: Customer, hidden: frozenset[str]) -> dict[str, str]:
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


@pages.get("/customers/<code>/edit")
@needs(Action.EDIT_CUSTOMER)
def edit(code: str, form: CustomerForm | None = None, status: int = 200) -> Response:
    """Ask for a customer's new values; after a conflict, beside what is stored now."""
    customer = find.by_code(actor(), code)
    require_shop(actor(), Action.EDIT_CUSTOMER, customer.shop_id)
    hidden = find.masked(actor(), customer)
    stored = {name: getattr(customer, name) for name in FIELDS if name != "shop" and name not in hidden}
    stored |= {"shop": customer.shop.code if customer.shop else "", "version": customer.version}
    name = language_name(customer.language)
    if read_language(name) == customer.language:  # a few names are spelt like the code of another language
        stored["language"] = name
    drawn = form or CustomerForm(
        data={name: "" if value is None else str(value) for name, value in stored.items()}
        | {"version": customer.version}
    )
    return render(
        "customers/form.html", status=status, form=_with_choices(drawn, customer), customer=customer,
        stored=stored if status == Conflict.status else {}, said=_said(customer, hidden),
    )  # fmt: skip


@pages.post("/customers/<code>/edit")
@needs(Action.EDIT_CUSTOMER)
@reads(CustomerForm, also=("do",))
def update(code: str) -> ResponseReturnValue:
    """Store a customer's new values."""
    customer = find.by_code(actor(), code)
    form = CustomerForm(request.form)
    try:
        saved = customers.edit(actor(), customer.id, _typed(form), form.seen())
    except Refusal as refusal:
        return edit(code, form.refused(refusal), refusal.status)
    return _stored(saved)


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


def _typed(form: CustomerForm) -> dict[str, str]:
    return {name: text for name, text in form.typed().items() if name in FIELDS}


def _tell(sentence: str, warnings: list[Remark]) -> None:
    flash(sentence, "success")
    for remark in warnings:
        flash(say(remark), "warning")
