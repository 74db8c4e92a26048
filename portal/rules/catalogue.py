"""What a rule may ask about: fields by their names, and groups, as the store has them now."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from portal.text import fold

# Which operators a type of field takes. `shop` is the type of the shop alone, `search` that of anything written.
_EMPTY = ("empty", "not_empty")
_SAME = ("is", "is_not", "one_of", "not_one_of")
_TEXT = (*_SAME, "contains", "not_contains", "starts_with", "ends_with", *_EMPTY)
_ORDERED = ("is", "is_not", "lt", "le", "gt", "ge", "between", *_EMPTY)
OPERATORS_OF: dict[str, tuple[str, ...]] = {
    "yesno": ("is", "is_not", *_EMPTY),
    **dict.fromkeys(("text", "longtext", "phone", "email", "url", "cpf", "cnpj", "postalcode"), _TEXT),
    **dict.fromkeys(("number", "money", "percent"), (*_ORDERED, "one_of", "not_one_of")),
    **dict.fromkeys(("date", "datetime"), _ORDERED),
    "choice": (*_SAME, *_EMPTY),
    "choices": ("contains", "not_contains", *_EMPTY),
    "shop": (*_SAME, *_EMPTY),
    "search": ("contains", "not_contains"),
}
DATES = frozenset({"date", "datetime"})
NUMBERS = frozenset({"number", "money", "percent"})
# Those of which two values may be compared letter by letter.
TEXTS = frozenset(name for name, operators in OPERATORS_OF.items() if operators == _TEXT)
# Which operators what a date makes takes: its age, the days since, its month.
_NUMERIC = ("is", "is_not", "lt", "le", "gt", "ge", "between")
PART_OPERATORS: dict[str, tuple[str, ...]] = {
    "age": _NUMERIC,
    "days_since": _NUMERIC,
    "month": ("is", "is_not", "between"),
}


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """A field that rules may ask about. `names` are what people call it, its labels first; `label` one for messages,
    `labels` those of an own one by language.

    `is_own` tells the store's own fields, whose values lie in `columns` (values, keys) of `customer_value`; a built-in
    one lies in the customer's own row, or counts her purchases (`is_purchase`).
    """

    code: str
    type: str
    label: str
    names: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    is_own: bool = False
    is_purchase: bool = False
    is_retired: bool = False
    is_indexed: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GroupInfo:
    """A group that rules may name."""

    id: int
    code: str
    name: str


@dataclass(frozen=True)
class Catalogue:
    """All fields by code, all groups by code, all shops by code (in lower case, to their id and name)."""

    fields: Mapping[str, FieldInfo]
    groups: Mapping[str, GroupInfo] = field(default_factory=dict)
    shops: Mapping[str, tuple[int, str]] = field(default_factory=dict)

    def field_named(self, name: str) -> FieldInfo | None:
        """Return the field that a person calls so: by its code first, then by any of its names."""
        return self.fields.get(name) or _named(self.fields.values(), name)

    def group_named(self, name: str) -> GroupInfo | None:
        """Return the group that a person calls so, by its code or its name."""
        if name in self.groups:
            return self.groups[name]
        wanted = compact(name)
        return next((one for one in self.groups.values() if wanted in {compact(one.code), compact(one.name)}), None)


def compact(name: str) -> str:
    """Return a name without case, accents, spaces, dashes and underscores: isEmployee, is_employee and Is employee."""
    return "".join(char for char in fold(name) if char.isalnum())


def _named(fields: Iterable[FieldInfo], name: str) -> FieldInfo | None:
    wanted, found = compact(name), None
    for one in fields:
        if wanted == compact(one.code):
            return one
        if found is None and wanted in {compact(known) for known in one.names}:
            found = one
    return found
