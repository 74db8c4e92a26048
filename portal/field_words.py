"""Columns and their values in words, as a change shows them before and after."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.numbers import format_decimal as decimal
from flask_babel import format_currency, format_date, format_datetime, format_decimal, get_locale, gettext

from portal import config
from portal.change_words import say_thing
from portal.errors import N_
from portal.own_values import FieldLike, context, plain
from portal.permissions import ROLE_LABELS
from portal.phones import format_phone
from portal.queries.change_rows import REFERENCES, Line, Rows
from portal.queries.changes import Thing
from portal.queries.customers import MASK
from portal.queries.fields import label
from portal.queries.groups import names_taken
from portal.rules.catalogue import Catalogue, FieldInfo
from portal.rules.tree import Value
from portal.services.details import MAX_NAME
from portal.text import fold
from portal.values import GENDERS, ID_TYPES

NOUNS = {
    "customer": N_("Customer"), "group": N_("Group"), "group_item": N_("Item"), "shop": N_("Shop"),
    "user": N_("Account"), "user_role": N_("Role"), "user_session": N_("Session"), "backup": N_("Backup"),
    "restore": N_("Restore"), "setting": N_("Setting"), "export": N_("Export"), "import": N_("Import of a file"),
    "field": N_("Field"), "file_shape": N_("Columns of a file"), "customer_value": N_("Own fields of a customer"),
    "change": N_("Change"), "change_row": N_("Forgotten values"), "proposal": N_("Request"), "approval": N_("Approval"),
}  # fmt: skip
LABELS = {
    "name": N_("Name"), "code": N_("Code"), "phone": N_("Phone"), "email": N_("E-mail"), "shop": N_("Shop"),
    "birth_date": N_("Date of birth"), "language": N_("Language"), "gender": N_("Gender"), "id_type": N_("ID type"),
    "id_number": N_("ID number"), "address": N_("Address"), "revealed": N_("Looked at"), "type": N_("Group Type"),
    "status": N_("Status"), "hue": N_("Colour"), "description": N_("Description"), "agent_note": N_("Agent note"),
    "owner": N_("Owner"), "starts_at": N_("Starts"), "ends_at": N_("Ends"), "review_on": N_("Review on"),
    "is_guarded": N_("Guarded"), "is_sensitive": N_("Sensitive"), "is_open": N_("Open to support"),
    "in_form": N_("Box in the customer form"),
    "group": N_("Group"), "sign": N_("Includes or excludes"), "customer": N_("Customer"), "note": N_("Note"),
    "ended_at": N_("Ended"), "of_group": N_("Other group"), "low": N_("Share from"), "high": N_("Share to"),
    "seed": N_("Seed"), "valid_from": N_("Valid from"), "valid_until": N_("Valid until"),
    "on_leave": N_("Who leaves the shop"), "user": N_("Account"), "role": N_("Role"), "is_active": N_("Open"),
    "password": N_("Password"), "filter": N_("Filter"), "rows": N_("Rows"), "bytes": N_("Bytes"),
    "key": N_("Setting"), "value": N_("Value"), "share": N_("Share of all customers"),
    "marked": N_("Groups marked guarded"), "has_begun": N_("Has begun"),
    "kind": N_("Kind"), "state": N_("State"), "asker": N_("Asked by"), "reason": N_("Reason"),
    "act": N_("What is asked for"), "answer": N_("Answer"), "decided_by": N_("Decided by"),
    "decided_at": N_("Decided"), "approver": N_("Approved by"), "typed": N_("Typed"), "proposal": N_("Request"),
    "removed_at": N_("Taken away"), "rule": N_("Rule"), "labels": N_("Label"),
    "helps": N_("Help text"), "choices": N_("Choices"), "default": N_("Default"), "section": N_("Section"),
    "side": N_("Column"), "place": N_("Place"), "is_required": N_("Required"), "is_searchable": N_("Searchable"),
    "is_filterable": N_("Filterable"), "is_unique": N_("Unique"), "retired_at": N_("Retired"),
    "en": N_("English"), "pt": N_("Portuguese"), "es": N_("Spanish"),
    "migrations": N_("Migrations"), "sessions_ended": N_("Sessions ended"),
    "chosen": N_("Columns, and what they stand for"), "dates": N_("Columns, and the order of their dates"),
    "forgotten": N_("Forgotten"),
}  # fmt: skip
# The types of own fields, in the order in which they are offered.
TYPES = {
    "yesno": N_("Yes or no"), "text": N_("Text"), "longtext": N_("Long text"), "number": N_("Number"),
    "money": N_("Money"), "percent": N_("Percent"), "date": N_("Date"), "datetime": N_("Date and time"),
    "choice": N_("Choice"), "choices": N_("Several choices"), "phone": N_("Phone"), "email": N_("E-mail"),
    "url": N_("Address of a page"), "cpf": "CPF", "cnpj": "CNPJ", "postalcode": N_("Postal code"),
}  # fmt: skip
_WORDS: dict[str, Mapping[str, str]] = {
    "gender": GENDERS,
    "id_type": ID_TYPES,
    "role": {role.value: label for role, label in ROLE_LABELS.items()},
    "type": {"customer": N_("Customer"), "shop": N_("Shop"), "rule": N_("Rule"), **TYPES},
    "status": {"active": N_("Active"), "draft": N_("Draft"), "archived": N_("Archived"), "deleted": N_("Deleted")},
    "sign": {"include": N_("includes"), "exclude": N_("excludes")},
    "on_leave": {"leave": N_("leaves the group"), "stay": N_("stays")},
    "key": {"guards": N_("Guard rails")},
    "state": {
        "open": N_("open"), "approved": N_("approved"), "declined": N_("declined"), "withdrawn": N_("withdrawn"),
    },
    "revealed": {"id_number": N_("ID number")},
    "hue": {
        "blue": N_("Blue"), "indigo": N_("Indigo"), "violet": N_("Violet"), "pink": N_("Pink"), "red": N_("Red"),
        "orange": N_("Orange"), "amber": N_("Amber"), "lime": N_("Lime"), "green": N_("Green"), "teal": N_("Teal"),
        "cyan": N_("Cyan"), "grey": N_("Grey"),
    },
}  # fmt: skip
_PLACES = {name: place for place, name in enumerate(LABELS)}


def say_noun(noun: str) -> str:
    """Return what a row of a change is of."""
    return gettext(NOUNS[noun]) if noun in NOUNS else _spaced(noun)


def say_field(name: str) -> str:
    """Return what a column is called; one that has no name here, in the words of its own."""
    return gettext(LABELS[name]) if name in LABELS else _spaced(name)


def in_order(names: Iterable[str]) -> list[str]:
    """Return columns in the order in which people read them."""
    return sorted(names, key=lambda name: (_PLACES.get(name, len(_PLACES)), name))


def _spaced(name: str) -> str:
    return name.replace("_", " ").capitalize()


def say_value(name: str, value: Any, things: Mapping[tuple[str, int], Thing]) -> str:
    """Return a value as people read it: names for numbers, words for keys, moments in the store's time; '' for none."""
    if value is None or value == "":
        return ""
    if isinstance(value, dict):
        return ", ".join(f"{say_field(part)}: {say_value(part, one, things) or '–'}" for part, one in value.items())
    if isinstance(value, list):
        return ", ".join(str(part) for part in value)
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    return _number(name, value, things) if isinstance(value, int | float) else _in_words(name, str(value))


def _number(name: str, value: float, things: Mapping[tuple[str, int], Thing]) -> str:
    """Return what a number says: another row, a share, or how many."""
    if name in REFERENCES:
        return say_thing(things.get((REFERENCES[name], int(value))), REFERENCES[name]).strip("“”")
    if name in {"low", "high", "share"}:
        return f"{format_decimal(value / 100)} %"
    return str(format_decimal(value))


def _in_words(name: str, text: str) -> str:
    """Return a text as people write what it says."""
    if name == "phone":
        return text if MASK in text else format_phone(text)
    if name == "language":
        return language_name(text)
    word = _WORDS.get(name, {}).get(text)
    return gettext(word) if word else _moment(name, text)


def language_name(text: str) -> str:
    """Return a language code as the language's name, in the language of the page; other text as it is."""
    try:
        name = Locale.parse(text).get_display_name(get_locale())
    except (UnknownLocaleError, ValueError, TypeError):
        return text
    return (name or text).capitalize()


def _moment(name: str, text: str) -> str:
    """Return a text as it is, a day or a moment as the language writes it."""
    try:
        if name.endswith(("_at", "_from", "_until")):
            return str(format_datetime(datetime.fromisoformat(text), "medium"))
        if name.endswith(("_on", "_date")):
            return str(format_date(date.fromisoformat(text), "long"))
    except ValueError:
        pass
    return text


def say_own(field: FieldLike, value: Any) -> str:
    """Return a value of an own field as people read it, in the language of the page; '' for none.

    A value that is masked comes as the text that it is masked with.
    """
    if value is None or (isinstance(value, str) and MASK in value):
        return value or ""
    return _say_plain(field, plain(field, value, context()))


def _say_plain(field: FieldLike, value: Any) -> str:
    """Return a value of an own field that is given as JSON holds it; money may be of another currency by now."""
    if value is None or (isinstance(value, str) and MASK in value):
        return value or ""
    say = _OWN.get(field.type)
    return say(value) if say else str(value)


def say_held(info: FieldInfo, value: Value, catalogue: Catalogue) -> str:
    """Return a value of any field, given as a rule holds it, as people read it; no number is rounded."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        shown = str(decimal(value, locale=get_locale(), decimal_quantization=False))
        return f"{shown} %" if info.type == "percent" else shown
    if info.code == "shop":
        return catalogue.shops[str(value)][1]
    if not info.is_own:
        return say_value(info.code, value, {})
    return str(value) if info.type == "choices" else _say_plain(info, value)


def group_names(info: FieldInfo, values: Iterable[Value], catalogue: Catalogue) -> list[str]:
    """Return what the group of each value could be called: the value, or "Tier: Gold" where that alone says too little.

    No two are the same, nor is one another group's name, as long as a number behind it helps.
    """
    says_little = info.type in {"yesno", "number", "percent"}
    possible = []
    for value in values:
        said = " ".join(say_held(info, value, catalogue).split())
        long = f"{gettext(info.label)}: {said}"[: MAX_NAME - 5].rstrip()
        short = [] if says_little or len(said) > MAX_NAME else [said]
        possible.append([*short, long, *(f"{long} ({n})" for n in range(2, 10))])
    taken, found = names_taken(name for names in possible for name in names), []
    for names in possible:
        found.append(next((name for name in names if fold(name) not in taken), names[-1]))
        taken.add(fold(found[-1]))
    return found


def say_row(page: Rows, line: Line, name: str) -> tuple[str, str, str]:
    """Return what a row of a change says of one of its columns: what that is called, and its value before and after."""
    before, after = ((values or {}).get(name) for values in (line.before, line.after))
    own = page.own.get(name) if line.noun == "customer_value" else None
    if own is not None:
        return label(own, str(get_locale())), _say_plain(own, before), _say_plain(own, after)
    called = gettext("Type") if (line.noun, name) == ("field", "type") else say_field(name)
    return called, say_value(name, before, page.things), say_value(name, after, page.things)


def _moment_in_words(text: str) -> str:
    return str(format_datetime(datetime.fromisoformat(text), "medium"))


# What says a value of a type, given as JSON holds it; the others are texts as they stand.
_OWN: dict[str, Callable[[Any], str]] = {
    "yesno": lambda value: gettext("yes") if value else gettext("no"),
    "number": lambda value: str(format_decimal(value)),
    "percent": lambda value: f"{format_decimal(value)} %",
    "money": lambda value: str(format_currency(value, config.current().currency)),
    "date": lambda value: str(format_date(date.fromisoformat(value), "long")),
    "datetime": _moment_in_words,
    "choices": ", ".join,
    "phone": format_phone,
}
