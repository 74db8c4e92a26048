"""The store's own fields on the pages of a customer: as inputs of the form, in words on her page, in their layout."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import wtforms
from flask import request
from flask_babel import gettext
from wtforms import widgets

from portal import own_values
from portal.errors import Refusal, Refusals
from portal.field_words import say_own
from portal.models import Customer, Field
from portal.numbers import mark_of
from portal.queries import fields as find
from portal.received import OWN
from portal.rules.catalogue import NUMBERS
from portal.web.forms import options
from portal.web.language import lang

FEW = 40  # beyond so many, her page leaves out those that are empty

Base = TypeVar("Base", bound=wtforms.Form)
_INPUTS: Mapping[str, Any] = {
    "date": widgets.DateInput(), "datetime": widgets.DateTimeLocalInput(), "phone": widgets.TelInput(),
    "email": widgets.EmailInput(), "url": widgets.URLInput(), "longtext": widgets.TextArea(),
}  # fmt: skip


@dataclass(frozen=True)
class Section:
    """A part of the layout with its heading; `parts` are fields, or what is drawn of them."""

    title: str
    parts: list[Any] = field(default_factory=list)


@dataclass(frozen=True)
class Layout:
    """Own fields as the store placed them: those of Personal Information, and the sections of the two sides."""

    personal: tuple[list[Any], list[Any]]
    sides: tuple[list[Section], list[Section]]
    n_left_out: int = 0
    has_masked: bool = False  # one that a reveal of the ID would show

    def drawn(self, parts: Mapping[str, Any]) -> "Layout":
        """Return the same layout of what is drawn, by code; what is not among it is left out, and so are bare headings.
        """

        def of(codes: Sequence[str]) -> list[Any]:
            return [parts[code] for code in codes if code in parts]

        left, right = ([Section(one.title, of(one.parts)) for one in side if of(one.parts)] for side in self.sides)
        return replace(self, personal=(of(self.personal[0]), of(self.personal[1])), sides=(left, right))


def layout(fields: Sequence[Field]) -> Layout:
    """Return the layout of fields that come in the order of the form, by their codes."""
    found = Layout(([], []), ([], []))
    for one in fields:
        side = 0 if one.side == 1 else 1
        if not one.section:
            found.personal[side].append(one.code)
            continue
        sections = found.sides[side]
        if not sections or sections[-1].title != one.section:
            sections.append(Section(one.section))
        sections[-1].parts.append(one.code)
    return found


# ---- the form ----


def form_of(base: type[Base], fields: Sequence[Field]) -> type[Base]:
    """Return the form with an input for each of these fields."""
    return type(base.__name__, (base,), {OWN + one.code: _input(one) for one in fields})


def _input(of: Field) -> Any:
    said: dict[str, Any] = {"label": find.label(of, lang()), "description": find.help_text(of, lang())}
    if of.type == "yesno":
        yes_no = [("", ""), ("yes", gettext("yes")), ("no", gettext("no"))]
        return wtforms.SelectField(**said, choices=options(yes_no), validate_choice=False)
    if of.type == "choice":
        choices = options([("", ""), *((text, text) for text in of.choices)])
        return wtforms.SelectField(**said, choices=choices, validate_choice=False)
    if of.type == "choices":
        choices = options((text, text) for text in of.choices)
        return wtforms.SelectMultipleField(
            **said, choices=choices, validate_choice=False, option_widget=widgets.CheckboxInput()
        )
    return wtforms.StringField(**said, widget=_INPUTS.get(of.type))


def stored(customer: Customer, fields: Sequence[Field]) -> dict[str, str]:
    """Return her values as a person types them, by code; '' where there is none."""
    found, said = find.values_of([customer.id], fields).get(customer.id, {}), own_values.context()
    return {one.code: own_values.typed(one, found.get(one.code), said, mark_of(lang())) for one in fields}


def data(values: Mapping[str, str], fields: Sequence[Field]) -> dict[str, Any]:
    """Return typed values, by code, as the form takes them."""
    said = own_values.context()
    by_code = {one.code: one for one in fields}
    return {
        OWN + code: _chosen(by_code[code], text, said) if by_code[code].type == "choices" else text
        for code, text in values.items()
    }


def _chosen(of: Field, text: str, said: own_values.Context) -> list[str]:
    cell = own_values.read(of, text, said).cell
    return list(own_values.plain(of, cell.value, said) or ())


def defaults(fields: Sequence[Field]) -> dict[str, str]:
    """Return what stands in the form of a new customer, by code."""
    said = own_values.context()
    return {one.code: _default(one, said) for one in fields if one.default}


def _default(of: Field, said: own_values.Context) -> str:
    if of.type not in NUMBERS:
        return str(of.default)
    return own_values.typed(of, own_values.read(of, of.default, said).cell.value, said, mark_of(lang())) or of.default


def typed(form: wtforms.Form, fields: Sequence[Field]) -> dict[str, str]:
    """Return what the request says of own fields that the form has, by code; several choices as lines.

    Amounts are written as every language reads them. Raises Refusals for those that this page's language forbids.
    """
    names = {one.code: OWN + one.code for one in fields}
    found = {
        code: "\n".join(text for text in request.form.getlist(name) if text) if _is_several(form, name)
        else request.form[name]
        for code, name in names.items()
        if name in request.form and name in form
    }  # fmt: skip
    return found | _amounts(found, [one for one in fields if one.type == "money" and one.code in found])


def _amounts(found: Mapping[str, str], fields: Sequence[Field]) -> dict[str, str]:
    said, stores, refusals, amounts = own_values.context(language=lang()), own_values.context(), [], {}
    for one in fields:
        read = own_values.read(one, found[one.code], said)
        if read.refusal is None:
            amounts[one.code] = own_values.typed(one, read.cell.value, said)
        elif own_values.read(one, found[one.code], stores).refusal is None:  # else it is refused with all other faults
            refusals.append(Refusal(read.refusal.sentence, one.code, **read.refusal.params))
    if refusals:
        raise Refusals(refusals)
    return amounts


def _is_several(form: wtforms.Form, name: str) -> bool:
    return isinstance(form[name], wtforms.SelectMultipleField)


@dataclass(frozen=True)
class Drawn:
    """An input of the form as the template draws it."""

    input: wtforms.Field
    is_required: bool
    attributes: Mapping[str, Any]


def drawn(form: wtforms.Form, fields: Sequence[Field]) -> Layout:
    """Return the inputs of the form in their layout; those that were taken out of it are left out."""
    there = {one.code: _drawn(form[OWN + one.code], one) for one in fields if OWN + one.code in form}
    return layout(fields).drawn(there)


def _drawn(part: wtforms.Field, of: Field) -> Drawn:
    attributes: dict[str, Any] = {"required": True} if of.is_required else {}
    if of.type in NUMBERS:
        attributes["inputmode"] = "decimal"
    if of.type == "longtext":
        attributes["rows"] = 3
    if of.type in {"choice", "choices"}:
        # What was chosen before it was taken from the list stays choosable.
        gone = [text for text in _as_list(part.data) if text and text not in of.choices]
        part.choices += options((text, text) for text in gone)
    elif of.type == "datetime" and part.data and len(part.data) > len("2026-05-01T10:30:00"):
        part.widget = widgets.TextInput()  # an hour that comes twice, said with its distance from UTC
    elif of.type != "yesno":
        attributes["autocomplete"] = "off"
    return Drawn(part, of.is_required, attributes)


def _as_list(value: Any) -> list[str]:
    return list(value or ()) if isinstance(value, list) else [value or ""]


# ---- her page ----


@dataclass(frozen=True)
class Fact:
    """A field with its value in words."""

    label: str
    words: str


def facts(customer: Customer, fields: Sequence[Field], hidden: Collection[str]) -> Layout:
    """Return her own values in words, in their layout; of many fields only those that have a value."""
    words = said(customer, fields, hidden)
    is_short = len(fields) <= FEW
    told = {one.code: Fact(find.label(one, lang()), words[one.code]) for one in fields if is_short or words[one.code]}
    masked = find.masked_codes(fields, {"id_number"} & set(hidden))
    return replace(
        layout(fields).drawn(told), n_left_out=len(fields) - len(told),
        has_masked=any(words[code] for code in masked),
    )  # fmt: skip


def said(customer: Customer, fields: Sequence[Field], hidden: Collection[str]) -> dict[str, str]:
    """Return her own values in words by code; those that are masked with the built-in columns `hidden` so."""
    values = find.values_of([customer.id], fields).get(customer.id, {})
    shown = find.shown(fields, values, hidden)
    return {one.code: say_own(one, shown.get(one.code)) for one in fields}
