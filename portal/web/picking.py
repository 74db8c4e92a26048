"""“Add an item” as a form: what is chosen, what is found, new customers typed in the same form.

Without JavaScript the Find button posts the form and draws it again; with htmx the same post redraws one block.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import wtforms
from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from portal.access import MAX_ID
from portal.errors import N_, Refusal
from portal.models import Customer, Shop
from portal.permissions import Action, Actor
from portal.queries import customers as find
from portal.queries import groups as find_groups
from portal.queries import shops as find_shops
from portal.services.items import NewItem
from portal.text import fold
from portal.web.forms import Form, _l, options

MAX_ITEMS = 500
_SIGNS = ("include", "exclude")


class NewCustomerForm(wtforms.Form):
    """A customer who does not exist yet, typed where an item is added."""

    name = wtforms.StringField(_l("Name"))
    phone = wtforms.TelField(_l("Phone"))
    email = wtforms.StringField(_l("E-mail"))
    code = wtforms.StringField(_l("Code"))
    shop = wtforms.SelectField(_l("Shop"), validate_choice=False)

    def typed(self) -> dict[str, str]:
        """Return what was typed; empty if nothing was."""
        typed = {name: (field.data or "").strip() for name, field in self._fields.items()}
        return typed if any(text for name, text in typed.items() if name != "shop") else {}


class ItemsForm(Form):
    """The part of a form in which items are chosen."""

    sign = wtforms.RadioField(
        _l("Add as"),
        choices=options((("include", _l("Include")), ("exclude", _l("Exclude")))),
        default="include",
        validate_choice=False,
    )
    find = wtforms.StringField(_l("Find customers and shops"))
    new_customers = wtforms.FieldList(wtforms.FormField(NewCustomerForm), max_entries=50)


@dataclass(frozen=True)
class Choice:
    """A line that can be ticked: its value in the form, what it is called, and more about it."""

    value: str
    label: str
    about: str
    sign: str
    kind: str


@dataclass(frozen=True)
class Picker:
    """What the “Add an item” block shows."""

    form: ItemsForm
    chosen: list[Choice]
    found: list[Choice]
    text: str  # what was searched for, if anything
    n_fits: int  # how many fit it, those chosen already included

    @classmethod
    def read(cls, actor: Actor, args: MultiDict[str, str], *, shops_first: bool) -> "Picker":
        """Return the block's state from what the form carried (nothing, for a form drawn first)."""
        form = ItemsForm(MultiDict((name, value) for name, value in args.items(multi=True) if _is_ours(name)))
        if args.get("do") == "new-customer" and len(form.new_customers) < form.new_customers.max_entries:
            form.new_customers.append_entry()
        shops = find_shops.visible_to(actor, Action.SEE_GROUPS)
        for entry in form.new_customers:
            entry.form.shop.choices = options([("", gettext("No shop")), *((shop.code, shop.name) for shop in shops)])
        sign = form.sign.data if form.sign.data in _SIGNS else "include"
        chosen = _chosen(actor, [_signed(value, sign) for value in args.getlist("item")], shops)
        taken = {_unsigned(choice.value) for choice in chosen}
        text = (form.find.data or "").strip()
        customers = [_customer_choice(row, sign) for row in find_groups.candidates(actor, text)]
        matching = [_shop_choice(shop, sign) for shop in shops if _shop_fits(shop, text, shops_first)]
        found = matching + customers if shops_first else customers + matching
        # Found ones have no sign yet: what “Add as” says when they are ticked counts,
        # not what it said when they were found.
        offered = [replace(choice, value=_unsigned(choice.value)) for choice in found]
        offered = [choice for choice in offered if choice.value not in taken]
        return cls(form, chosen, offered, text, len(found))

    def new_items(self) -> list[NewItem]:
        """Return what was chosen and typed as items for the service."""
        picked = [_item(choice.value) for choice in self.chosen]
        sign = self.form.sign.data or "include"
        typed = [entry.form.typed() for entry in self.form.new_customers]
        return picked + [NewItem(new_customer=values, sign=sign) for values in typed if values]


def _is_ours(name: str) -> bool:
    # The form library takes any mark that calls itself a digit, and numbers of any length, for the number of an entry.
    _, is_entry, rest = name.partition("new_customers-")
    number = rest.partition("-")[0]
    return not is_entry or (number.isascii() and number.isdigit() and len(number) <= 4)


def _shop_fits(shop: Shop, text: str, shops_first: bool) -> bool:
    if not text:
        return shops_first
    return fold(text) in shop.name_key or fold(text) in shop.code_key


def _signed(value: str, sign: str) -> str:
    return f"{sign}:{value}" if value.count(":") == 1 else value


def _unsigned(value: str) -> str:
    return value.partition(":")[2]


def _item(value: str) -> NewItem:
    sign, kind, number = _parts(value)
    return NewItem(sign=sign, customer_id=number) if kind == "customer" else NewItem(sign=sign, shop_id=number)


def _parts(value: str) -> tuple[str, str, int]:
    sign, _, rest = value.partition(":")
    kind, _, number = rest.partition(":")
    if sign not in _SIGNS or kind not in {"customer", "shop"} or not (number.isascii() and number.isdigit()):
        raise Refusal(N_("One of the chosen items was not understood. Choose it again."), "item")
    if len(number) > 10 or int(number) > MAX_ID:
        raise Refusal(N_("One of the chosen items was not understood. Choose it again."), "item")
    return sign, kind, int(number)


def _chosen(actor: Actor, values: Sequence[str], shops: Sequence[Shop]) -> list[Choice]:
    if len(values) > MAX_ITEMS:
        raise Refusal(N_("At most 500 items are added at once; import a list for more."), "item")
    parts = [_parts(value) for value in dict.fromkeys(values)]
    wanted = [number for _, kind, number in parts if kind == "customer"]
    people = {row.id: row for row in find.visible_to(actor).where(Customer.id.in_(wanted))} if wanted else {}
    by_id: dict[int, Any] = {shop.id: shop for shop in shops}
    chosen = []
    for sign, kind, number in parts:
        row = people.get(number) if kind == "customer" else by_id.get(number)
        if row is not None:
            chosen.append(_customer_choice(row, sign) if kind == "customer" else _shop_choice(row, sign))
    return chosen


def _customer_choice(customer: Customer, sign: str) -> Choice:
    return Choice(f"{sign}:customer:{customer.id}", customer.name or customer.code, customer.code, sign, "customer")


def _shop_choice(shop: Shop, sign: str) -> Choice:
    return Choice(f"{sign}:shop:{shop.id}", shop.name, shop.code, sign, "shop")
