"""Reading what people typed or filed about a customer into what the table holds; form and import share it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from portal.emails import read_email
from portal.errors import N_, Refusal
from portal.languages import read_language
from portal.phones import read_phone
from portal.sheets.dates import read_date
from portal.text import clean, digits, fold, has_forbidden, loses_controls

MAX_LENGTH = {
    "code": 64,
    "name": 200,
    "email": 254,
    "phone": 60,
    "language": 60,
    "gender": 40,
    "id_type": 60,
    "id_number": 60,
    "address": 500,
}
GENDERS = {"female": N_("Female"), "male": N_("Male"), "other": N_("Other")}
_GENDER_WORDS = {
    "female": "f female woman mujer mulher feminino femenino femenina feminina gore",
    "male": "m male man hombre homem masculino masculina gabo",
    "other": "o x other otro outro otra outra",
}
GENDER_BY_WORD = {word: gender for gender, words in _GENDER_WORDS.items() for word in words.split()}
ID_TYPES = {
    "national_id": N_("National ID"),
    "passport": N_("Passport"),
    "driving_licence": N_("Driving licence"),
    "cpf": "CPF",
    "nif": "NIF",
    "dni": "DNI",
    "nie": "NIE",
}
# A code stands in addresses of pages; these would mean something else there.
RESERVED_CODES = frozenset({"new", "count", ".", ".."})
_NOT_IN_CODES = frozenset("/\\?#%")

PHONE_SENTENCES = {
    "phone_unparsed": N_("“%(value)s” could not be read as a phone number; it is kept as typed."),
    "phone_damaged": N_("“%(value)s” looks like a phone number that a spreadsheet has damaged; please type it anew."),
}


class Remark(NamedTuple):
    """A sentence about one value: an English source text, the field, and what goes into its places."""

    sentence: str
    field: str
    params: dict[str, str]


@dataclass(slots=True)
class Reading:
    """What was read: column values, refusals (the value cannot be taken) and warnings (it is kept nevertheless)."""

    columns: dict[str, Any] = field(default_factory=dict)
    refusals: list[Remark] = field(default_factory=list)
    warnings: list[Remark] = field(default_factory=list)

    def refuse(self, name: str, sentence: str, /, **params: str) -> None:
        """Note that the value of a field cannot be taken."""
        self.refusals.append(Remark(sentence, name, params))

    def warn(self, name: str, sentence: str, /, **params: str) -> None:
        """Note something a person should know about a value that is kept."""
        self.warnings.append(Remark(sentence, name, params))

    def as_refusals(self) -> list[Refusal]:
        """Return the refusals as exceptions that name their fields."""
        return [Refusal(remark.sentence, remark.field, **remark.params) for remark in self.refusals]


def read_customer(typed: Mapping[str, str], region: str, today: date) -> Reading:
    """Read the typed values of a customer's own columns (not her shop) and return a Reading.

    Only fields present in `typed` are read, so that a form or file which lacks one leaves it alone. `region` is a
    two-letter country for phones without a country code, or ''. Rules: product.md §5, Identity and Phones.
    """
    reading = Reading()
    context = _Context(region, today)
    for name, text in typed.items():
        if not (text.isascii() and text.isprintable()) and has_forbidden(text):
            reading.refuse(name, N_("This holds characters that cannot be stored. Please type it anew."))
            continue
        if loses_controls(text):
            reading.warn(name, N_("This held characters that cannot be shown; they are left out."))
        text = clean(text)
        if len(text) > MAX_LENGTH.get(name, 60):
            reading.refuse(
                name,
                N_("This has %(n)s characters; at most %(most)s fit."),
                n=str(len(text)),
                most=str(MAX_LENGTH.get(name, 60)),
            )
            continue
        reader = _READERS.get(name)
        if reader is None:
            reading.columns[name] = text
        else:
            reader(reading, text, context)
    return reading


class _Context(NamedTuple):
    region: str
    today: date


def _code(reading: Reading, text: str, context: _Context) -> None:
    is_unseen = bool(text) and not text.isascii() and not fold(text)
    if is_unseen or text.casefold() in RESERVED_CODES or _NOT_IN_CODES & set(text) or "\n" in text or "\t" in text:
        reading.refuse(
            "code", N_("“%(value)s” cannot be a code: no slashes, #, ? or %%, and not “new” or “count”."), value=text
        )
        return
    reading.columns |= {"code": text, "code_key": text.casefold()}


def _name(reading: Reading, text: str, context: _Context) -> None:
    key = fold(text)
    # Invisible characters alone are no name: lists would show a link without a word.
    reading.columns |= {"name": " ".join(text.split()) if key else "", "name_key": key}


def _email(reading: Reading, text: str, context: _Context) -> None:
    if not text:
        reading.columns |= {"email": "", "email_key": None}
        return
    email = read_email(text)
    if email.problem:
        reading.refuse("email", N_("“%(value)s” is not an e-mail address."), value=text)
        return
    if email.warning:
        reading.warn("email", N_("“%(value)s” has no dot after the @; it is kept as typed."), value=text)
    reading.columns |= {"email": email.shown, "email_key": email.key}


def _phone(reading: Reading, text: str, context: _Context) -> None:
    if not text:
        reading.columns |= {"phone": "", "phone_key": None}
        return
    phone = read_phone(text, context.region or None)
    if phone.warning == "phone_damaged":
        reading.refuse("phone", PHONE_SENTENCES["phone_damaged"], value=text)
        return
    if phone.warning:
        reading.warn("phone", PHONE_SENTENCES[phone.warning], value=text)
    reading.columns |= {"phone": phone.shown, "phone_key": phone.key}


def _birth_date(reading: Reading, text: str, context: _Context) -> None:
    if not text:
        reading.columns["birth_date"] = None
        return
    found = read_date(text)
    if found is None:
        reading.refuse("birth_date", N_("“%(value)s” is not a date; write it as 1991-06-14."), value=text)
    elif not date(1850, 1, 1) <= found <= context.today:
        reading.refuse("birth_date", N_("“%(value)s” cannot be a date of birth."), value=text)
    else:
        reading.columns["birth_date"] = found


def _gender(reading: Reading, text: str, context: _Context) -> None:
    reading.columns["gender"] = GENDER_BY_WORD.get(fold(text), text)


def _language(reading: Reading, text: str, context: _Context) -> None:
    reading.columns["language"] = read_language(text)


def _id_number(reading: Reading, text: str, context: _Context) -> None:
    reading.columns |= {"id_number": text, "id_number_key": fold(text) or None}


def _address(reading: Reading, text: str, context: _Context) -> None:
    reading.columns |= {"address": text, "address_key": fold(text) or None}


_READERS: dict[str, Callable[[Reading, str, _Context], None]] = {
    "code": _code,
    "name": _name,
    "email": _email,
    "phone": _phone,
    "birth_date": _birth_date,
    "gender": _gender,
    "language": _language,
    "id_number": _id_number,
    "address": _address,
}


def keys_of(columns: Mapping[str, Any], region: str) -> dict[str, Any]:
    """Return the columns that matching and sorting compare, derived from stored values; of those named only."""
    keys: dict[str, Any] = {}
    if "code" in columns:
        keys["code_key"] = columns["code"].casefold()
    if "name" in columns:
        keys["name_key"] = fold(columns["name"])
    if "email" in columns:
        keys["email_key"] = read_email(columns["email"]).key
    if "phone" in columns:
        keys["phone_key"] = read_phone(columns["phone"], region or None).key
    for name in {"id_number", "address"} & columns.keys():
        keys[f"{name}_key"] = fold(columns[name]) or None
    return keys


def search_text(columns: Mapping[str, Any], own: str = "") -> str:
    """Return the text that searching compares: folded name, code, e-mail and the digits of the phone, a line each.

    `own` are the lines of the store's own searchable fields (services/own_values.lines).
    """
    parts = (
        columns.get("name_key"),
        fold(columns.get("code") or ""),
        fold(columns.get("email") or ""),
        digits(columns.get("phone") or ""),
        own,
    )
    return "\n".join(part for part in parts if part)
