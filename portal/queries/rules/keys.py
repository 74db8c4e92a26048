"""What a value of a test is compared as: folded, in the international form of a phone, in minor units of money."""

from decimal import ROUND_HALF_UP, Decimal

from portal import config
from portal.languages import read_language
from portal.phones import read_phone
from portal.queries.customers import words as words_of
from portal.rules.tree import Days, Value
from portal.text import digits, fold
from portal.values import GENDER_BY_WORD, ID_TYPES


def of(kind: str, value: Value, op: str) -> str:
    """Return the text that a field of that kind is compared with; '' for one that is equal to no value."""
    if isinstance(value, bool | Days):
        raise ValueError(value)
    text = str(value)
    match kind:
        case "code" | "email":
            return text.strip().casefold()
        case "phone":
            return _phone(text, op)
        case "gender":
            return fold(GENDER_BY_WORD.get(fold(text), text))
        case "language":
            return fold(read_language(text))
        case "id_type":
            return _id_type(fold(text))
        case "cpf" | "cnpj" | "postalcode":
            return "".join(char for char in fold(text) if char.isalnum())
    return fold(text)


def words(value: Value) -> list[str]:
    """Return the words of which each has to be somewhere in what is searched, as the customer list looks for them."""
    found = []
    for word in words_of(str(value)):
        bare = word.lstrip("0")
        found.append(bare if word.isdigit() and len(bare) >= 4 else word)
    return found


def number(kind: str, value: Value) -> float | int:
    """Return a number as the column of that kind holds it."""
    if isinstance(value, bool | str | Days):
        raise ValueError(value)
    return minor(value) if kind == "money" else value


def minor(value: float) -> int:
    """Return an amount of the store's currency in its minor units."""
    from babel.numbers import get_currency_precision

    places = get_currency_precision(config.current().currency)
    return int(Decimal(str(value)).scaleb(places).to_integral_value(ROUND_HALF_UP))


def _phone(text: str, op: str) -> str:
    if op in {"is", "one_of"}:
        return read_phone(text, config.current().region or None).key or ""
    bare = digits(text)
    return f"+{bare.removeprefix('00')}" if op == "starts_with" and bare else bare


def _id_type(key: str) -> str:
    return next((known for known, label in ID_TYPES.items() if fold(label) == key), key)
