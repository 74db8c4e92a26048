"""How the text of each type of the store's own fields is read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlsplit

from portal import numbers
from portal.emails import email_key, read_email
from portal.errors import N_
from portal.own_values import moments, papers
from portal.phones import read_phone
from portal.sheets.dates import read_date
from portal.text import digits, fold
from portal.values import PHONE_SENTENCES

MAX_TEXT = 500
MAX_LONG = 5_000
MAX_AMOUNT = 10**15  # of a number, and of the smallest units of money: far below where a double loses whole numbers
MAX_NAMED = 12  # choices that a refusal repeats
SENTENCES = {
    "forbidden": N_("This holds characters that cannot be stored. Please type it anew."),
    "long": N_("This has %(n)s characters; at most %(most)s fit."),
    "yesno": N_("“%(value)s” is neither yes nor no."),
    "number": N_("“%(value)s” is not a number."),
    "two_ways": N_("“%(value)s” can be read in two ways. Write %(whole)s or %(fraction)s."),
    "large": N_("“%(value)s” is too large a number."),
    "money": N_("“%(value)s” is not an amount in %(currency)s."),
    "percent": N_("“%(value)s” is not a percentage."),
    "date": N_("“%(value)s” is not a date; write it as 1991-06-14."),
    "datetime": N_("“%(value)s” is no date and time; write it as 1991-06-14 17:30."),
    "choice": N_("“%(value)s” is not one of the choices: %(choices)s."),
    "email": N_("“%(value)s” is not an e-mail address."),
    "email_no_dot": N_("“%(value)s” has no dot after the @; it is kept as typed."),
    "url": N_("“%(value)s” is not the address of a page; write it as https://store.example."),
    "cpf": N_("“%(value)s” is not a CPF: its check digits do not fit."),
    "cnpj": N_("“%(value)s” is not a CNPJ: its check digits do not fit."),
    "postalcode": N_("“%(value)s” is not a postal code."),
    **PHONE_SENTENCES,
}
_YES_NO = {
    True: "yes y true t on 1 x sim s si verdadeiro verdadero v yego ✓ ✔ ☑ checked",
    False: "no n false f off 0 nao falso oya ✗ ✘ ☐ unchecked",
}
YES_NO_BY_WORD = {word: is_yes for is_yes, words in _YES_NO.items() for word in words.split()}


class FieldLike(Protocol):
    """What reading has to know of a field."""

    @property
    def code(self) -> str: ...  # noqa: D102

    @property
    def type(self) -> str: ...  # noqa: D102

    @property
    def choices(self) -> Sequence[str]: ...  # noqa: D102


class Cell(NamedTuple):
    """A value as its column holds it, and what it is compared by (of texts alone); None for none."""

    value: Any = None
    key: str | None = None


EMPTY = Cell()


@dataclass(frozen=True, slots=True)
class Context:
    """How the store and its files write: country of phones, time zone, currency, order of dates, decimal mark.

    `home` is the decimal mark of the language of whoever writes, who may write another one too.
    """

    region: str = ""
    zone: str = "UTC"
    currency: str = "USD"
    date_order: str = "ymd"
    mark: str = ""  # '' where it is not known
    home: str = ""


class Unfit(Exception):
    """A value that cannot be taken; the sentence by its name, and what goes into its places."""

    def __init__(self, name: str, **params: str) -> None:
        super().__init__(name)
        self.name, self.params = name, params


def part_key(type_: str, text: str) -> str:
    """Return what a part of a value of that type is compared by: digits of a phone, bare signs of numbers, else folded.

    It is to be looked for in the keys of values (contains, begins with), as `read` gives the key of a whole one.
    """
    if type_ == "phone":
        return digits(text) or fold(text)
    if type_ in {"cpf", "cnpj", "postalcode"}:
        return papers.bare_of(text)
    return fold(text)


def key_of(type_: str, value: str, said: Context) -> str:
    """Return what the stored text of a type is compared by."""
    if type_ == "phone":
        return read_phone(value, said.region or None).key or part_key(type_, value)
    if type_ == "email":
        return email_key(value)
    if type_ in {"cpf", "cnpj", "postalcode"}:
        return papers.bare_of(value)
    return fold(value) if type_ == "longtext" else fold(value)[:MAX_TEXT]


_Read = tuple[Cell, str]


def _yesno(field: FieldLike, text: str, said: Context) -> _Read:
    said_yes = YES_NO_BY_WORD.get(fold(text))
    if said_yes is None:
        raise Unfit("yesno")
    return Cell(said_yes), ""


def _text(field: FieldLike, text: str, said: Context) -> _Read:
    line = text if field.type == "longtext" else " ".join(text.split())
    return Cell(line, key_of(field.type, line, said)), ""


def _amount(text: str, said: Context, name: str, places: int | None = None, **params: str) -> Decimal:
    try:
        return numbers.read_number(text, said.mark, places, said.home)
    except numbers.Unread:
        raise Unfit(name, **params) from None
    except numbers.TwoWays as two:
        raise Unfit("two_ways", whole=two.whole, fraction=two.fraction) from None


def _number(field: FieldLike, text: str, said: Context) -> _Read:
    bare = text.rstrip("% \u00a0") if field.type == "percent" else text
    amount = numbers.read_scientific(bare) if field.type == "number" else None
    if amount is None:
        amount = _amount(bare, said, field.type)
    if abs(amount) >= MAX_AMOUNT:
        raise Unfit("large")
    return Cell(float(amount) + 0.0), ""


def _money(field: FieldLike, text: str, said: Context) -> _Read:
    currency = said.currency
    bare = numbers.bare_amount(text, currency)
    places = numbers.decimals_of(currency)
    minor = _amount(bare, said, "money", places, currency=currency).scaleb(places)
    if abs(minor) >= MAX_AMOUNT:
        raise Unfit("large")
    return Cell(int(minor)), ""


def _date(field: FieldLike, text: str, said: Context) -> _Read:
    found = read_date(text, said.date_order)
    if found is None or not found.year >= 1000:
        raise Unfit("date")
    return Cell(found), ""


def _datetime(field: FieldLike, text: str, said: Context) -> _Read:
    found = moments.read_moment(text, said.zone, said.date_order)
    if found is None:
        raise Unfit("datetime")
    return Cell(found), ""


def _chosen(field: FieldLike, text: str) -> str:
    wanted = fold(text)
    for choice in field.choices:
        if fold(choice) == wanted:
            return choice
    more = ", …" if len(field.choices) > MAX_NAMED else ""
    raise Unfit("choice", value=text.strip()[:100], choices=", ".join(field.choices[:MAX_NAMED]) + more)


def _choice(field: FieldLike, text: str, said: Context) -> _Read:
    choice = _chosen(field, text)
    return Cell(choice, fold(choice)), ""


def _choices(field: FieldLike, text: str, said: Context) -> _Read:
    known = {fold(choice) for choice in field.choices}
    pieces: list[str] = []
    for line in text.replace(";", "\n").split("\n"):
        pieces += [line] if fold(line) in known else line.split(",")
    chosen = {_chosen(field, piece) for piece in pieces if fold(piece)}
    return several([choice for choice in field.choices if choice in chosen]), ""


def several(chosen: Sequence[str]) -> Cell:
    """Return the cell of several choices: lines, with one before and one behind each."""
    if not chosen:
        return EMPTY
    return Cell("\n{}\n".format("\n".join(chosen)), "\n{}\n".format("\n".join(fold(choice) for choice in chosen)))


def _phone(field: FieldLike, text: str, said: Context) -> _Read:
    phone = read_phone(text, said.region or None)
    if phone.warning == "phone_damaged":
        raise Unfit("phone_damaged")
    return Cell(phone.shown, phone.key or part_key("phone", phone.shown)), phone.warning or ""


def _email(field: FieldLike, text: str, said: Context) -> _Read:
    email = read_email(text)
    if email.problem:
        raise Unfit("email")
    return Cell(email.shown, email.key), email.warning or ""


def _url(field: FieldLike, text: str, said: Context) -> _Read:
    address = text if "://" in text else f"https://{text}"
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
        fits = parts.scheme.lower() in {"http", "https"} and "." in host.strip(".") and parts.port != 0
    except ValueError:
        fits = False
    if not fits or any(char.isspace() or char in "<>\"'`\\" for char in address):
        raise Unfit("url")
    return Cell(address, key_of("url", address, said)), ""


def _paper(field: FieldLike, text: str, said: Context) -> _Read:
    match field.type:
        case "cpf":
            found = papers.read_cpf(text)
        case "cnpj":
            found = papers.read_cnpj(text)
        case _:
            found = papers.read_postal_code(text, said.region.upper())
    if found is None:
        raise Unfit(field.type)
    return Cell(found, papers.bare_of(found)), ""


READERS: dict[str, Callable[[FieldLike, str, Context], _Read]] = {
    "yesno": _yesno, "text": _text, "longtext": _text, "number": _number, "money": _money, "percent": _number,
    "date": _date, "datetime": _datetime, "choice": _choice, "choices": _choices, "phone": _phone, "email": _email,
    "url": _url, "cpf": _paper, "cnpj": _paper, "postalcode": _paper,
}  # fmt: skip
