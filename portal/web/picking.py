"""“Add an item” as a form: what is chosen, what is found, new customers typed in the same form.

Without JavaScript the Find button posts the form and draws it again; with htmx the same post redraws one block.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import wtforms
from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from portal.errors import N_, Refusal
from portal.models import Customer, Group, Shop
from portal.permissions import Action, Actor
from portal.queries import customers as find
from portal.queries import groups as find_groups
from portal.queries import shops as find_shops
from portal.services.items import NewItem
from portal.text import fold
from portal.web import choices
from portal.web.choices import Choice
from portal.web.forms import Form, _l, options

MAX_ITEMS = 500
MAX_GROUPS = 8  # that are offered
UNSAID = N_(
    "Days, a share or a note are typed, and nothing that is chosen has them: they go with what is ticked after. "
    "Tick it once more, or empty them."
)


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
    find = wtforms.StringField(_l("Find customers, shops and groups"))
    from_day = wtforms.DateField(_l("From"))
    until_day = wtforms.DateField(_l("Until, inclusive"))
    low = wtforms.StringField(_l("Share of a group: from, in percent"))
    high = wtforms.StringField(_l("to, in percent"))
    seed = wtforms.StringField(_l("Seed"))
    on_leave = wtforms.SelectField(
        _l("Who leaves the shop"),
        choices=options((("leave", _l("leaves the group")), ("stay", _l("stays in the group")))),
        default="leave",
        validate_choice=False,
    )
    note = wtforms.StringField(_l("Note"))
    new_customers = wtforms.FieldList(wtforms.FormField(NewCustomerForm), max_entries=50)


@dataclass(frozen=True)
class Picker:
    """What the “Add an item” block shows."""

    form: ItemsForm
    chosen: list[Choice]
    found: list[Choice]
    text: str  # what was searched for, if anything
    n_fits: int  # how many fit it, those chosen already included
    said: Mapping[str, str]  # days, a share, a note, as they are typed for what is ticked next

    @classmethod
    def read(cls, actor: Actor, args: MultiDict[str, str], *, shops_first: bool) -> "Picker":
        """Return the block's state from what the form carried (nothing, for a form drawn first)."""
        form = ItemsForm(MultiDict((name, value) for name, value in args.items(multi=True) if _is_ours(name)))
        if args.get("do") == "new-customer" and len(form.new_customers) < form.new_customers.max_entries:
            form.new_customers.append_entry()
        shops = find_shops.visible_to(actor, Action.SEE_GROUPS)
        for entry in form.new_customers:
            entry.form.shop.choices = options([("", gettext("No shop")), *((shop.code, shop.name) for shop in shops)])
        sign = form.sign.data if form.sign.data in choices.SIGNS else "include"
        said = choices.typed(args)
        ticked = [choices.signed(value, sign, said) for value in args.getlist("item")]
        chosen = _chosen(actor, ticked, shops)
        taken = {choices.unsigned(choice.value) for choice in chosen}
        text = (form.find.data or "").strip()
        customers = [choices.of_customer(row) for row in find_groups.candidates(actor, text)]
        matching = [choices.of_shop(shop) for shop in shops if _shop_fits(shop, text, shops_first)]
        matching += [choices.of_group(group) for group in find_groups.offered(actor, text, MAX_GROUPS)]
        found = matching + customers if shops_first else customers + matching
        # Found ones have no sign yet: what “Add as” says when they are ticked counts,
        # not what it said when they were found.
        offered = [replace(choice, value=choices.unsigned(choice.value)) for choice in found]
        offered = [choice for choice in offered if choice.value not in taken]
        return cls(form, chosen, offered, text, len(found), said)

    @property
    def says_more(self) -> bool:
        """Tell whether anything is said of what is ticked next."""
        return bool(self.said)

    @property
    def says_something(self) -> bool:
        """Tell whether anything is chosen or typed that a save would put."""
        return bool(self.chosen) or any(entry.form.typed() for entry in self.form.new_customers)

    def new_items(self) -> list[NewItem]:
        """Return what was chosen and typed as items for the service; raises Refusal where days are said of nothing."""
        sign = self.form.sign.data or "include"
        own = choices.own_of("customer", sign, self.said)
        new = [values for values in (entry.form.typed() for entry in self.form.new_customers) if values]
        picked = [choices.parts(choice.value) for choice in self.chosen]
        carried = {pair for part in picked for pair in part.said.items()} | set(own.items() if new else ())
        if not carried.issuperset(self.said.items()):
            raise Refusal(UNSAID, "item")
        blank = replace(choices.Parts(sign, "customer", 0, own).item(), customer_id=None)
        return [part.item() for part in picked] + [replace(blank, new_customer=values) for values in new]


def _is_ours(name: str) -> bool:
    # The form library takes any mark that calls itself a digit, and numbers of any length, for the number of an entry.
    _, is_entry, rest = name.partition("new_customers-")
    number = rest.partition("-")[0]
    return not is_entry or (number.isascii() and number.isdigit() and len(number) <= 4)


def _shop_fits(shop: Shop, text: str, shops_first: bool) -> bool:
    if not text:
        return shops_first
    return fold(text) in shop.name_key or fold(text) in shop.code_key


def _chosen(actor: Actor, values: Sequence[str], shops: Sequence[Shop]) -> list[Choice]:
    if len(values) > MAX_ITEMS:
        raise Refusal(N_("At most 500 items are added at once; import a list for more."), "item")
    said = [choices.parts(value) for value in dict.fromkeys(values)]
    wanted = {kind: [part.number for part in said if part.kind == kind] for kind in choices.KINDS}
    people = find.visible_to(actor).where(Customer.id.in_(wanted["customer"])) if wanted["customer"] else []
    groups = find_groups.visible_to(actor).where(Group.id.in_(wanted["group"])) if wanted["group"] else []
    rows: Mapping[str, Mapping[int, Any]] = {
        "customer": {row.id: row for row in people},
        "shop": {row.id: row for row in shops},
        "group": {row.id: row for row in groups},
    }
    make = {"customer": choices.of_customer, "shop": choices.of_shop, "group": choices.of_group}
    # What is gone, or not hers to see, is no longer chosen.
    return [make[part.kind](rows[part.kind][part.number], part) for part in said if part.number in rows[part.kind]]
