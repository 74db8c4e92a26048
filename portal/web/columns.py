"""The columns of the customer list: built-in fields, the store's own, and groups as the yes/no fields that they are."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask_babel import format_date, gettext

from portal.access import actor
from portal.errors import N_
from portal.field_words import LABELS, language_name, say_own
from portal.models import Customer, Field, Group
from portal.permissions import Actor
from portal.queries import columns, filters
from portal.queries import customers as find
from portal.queries import fields as find_fields
from portal.rules.catalogue import DATES, NUMBERS
from portal.values import GENDERS, ID_TYPES
from portal.web.language import lang
from portal.web.render import phone


@dataclass(frozen=True)
class Column:
    """A column by its code and label; an own field or a group where it is one of those."""

    code: str
    label: str
    field: Field | None = None
    group: Group | None = None

    @property
    def kind(self) -> str:
        """Return the class of its cells."""
        if self.field is not None and self.field.type in NUMBERS:
            return "num"
        if self.code == "code":
            return "mono"
        is_short = self.code in {"phone", "birth_date", "created"} or (self.field and self.field.type in DATES)
        return "nowrap" if is_short else ""


def read(asker: Actor, texts: Iterable[str]) -> tuple[Column, ...]:
    """Return the columns that an address names, none where it names those of every list; raises Refusal."""
    return tuple(Column(one.code, _called(one), one.field, one.group) for one in columns.read(asker, texts))


def _called(chosen: columns.Chosen) -> str:
    if chosen.field is not None:
        return find_fields.label(chosen.field, lang())
    return chosen.group.label if chosen.group is not None else _label(chosen.code)


def _label(code: str) -> str:
    more = {"groups": N_("Groups"), "created": N_("Customer since")}
    return gettext(more.get(code) or LABELS[code])


def offered() -> list[Column]:
    """Return every column that this person may choose: built-in fields, own ones in their layout, active groups."""
    groups = filters.group_choices(actor())
    there = [Column(code, _label(code)) for code in columns.BUILT_IN if code != "groups" or groups]
    there += [Column(one.code, find_fields.label(one, lang()), field=one) for one in find_fields.live()]
    return there + [Column(one.code, one.label) for one in groups]


@dataclass(frozen=True)
class Cells:
    """What stands in the chosen columns of a page of the list."""

    columns: Sequence[Column]
    own: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    groups: Mapping[int, list[Group]] = field(default_factory=dict)

    @classmethod
    def of(cls, columns: Sequence[Column], found: filters.Page) -> "Cells":
        """Read what the rows of a page hold: one query for the own fields among the columns."""
        fields = [one.field for one in columns if one.field is not None]
        return cls(columns, find_fields.values_of([row.id for row in found.rows], fields), found.groups)

    def said(self, customer: Customer, column: Column) -> str:
        """Return what a cell says, in words, masked as on her page."""
        hidden = actor().masked(customer.shop_id)
        if column.field is not None:
            values = find_fields.shown([column.field], self.own.get(customer.id, {}), hidden)
            return say_own_value(column.field, values.get(column.code))
        if column.group is not None:
            mine = self.groups.get(customer.id, [])
            return gettext("yes") if any(group.id == column.group.id for group in mine) else gettext("no")
        return _said(customer, column.code, find.shown(customer, hidden))


def say(customer: Customer, code: str, hidden: frozenset[str]) -> str:
    """Return a built-in field of hers in words, masked as on her page."""
    return _said(customer, code, find.shown(customer, hidden))


def say_own_value(own: Field, value: Any) -> str:
    """Return a value of an own field in words, a day as shortly as those of the built-in columns."""
    return str(format_date(value, "medium")) if own.type == "date" and value else say_own(own, value)


def _said(customer: Customer, code: str, shown: Mapping[str, Any]) -> str:
    match code:
        case "shop":
            return customer.shop.name if customer.shop else ""
        case "created" | "birth_date":
            day = customer.created_at if code == "created" else shown[code]
            return str(format_date(day, "medium")) if day else ""
        case "phone":
            return phone(shown[code])
        case "language":
            return language_name(shown[code])
    words = {"gender": GENDERS, "id_type": ID_TYPES}.get(code, {})
    return gettext(words[shown[code]]) if shown[code] in words else str(shown[code] or "")
