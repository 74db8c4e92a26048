"""What a value of a test is compared as: folded, in the international form of a phone, in minor units of money."""

from collections.abc import Callable, Iterable
from decimal import ROUND_HALF_UP, Decimal

from portal.languages import is_language, read_language
from portal.numbers import decimals_of
from portal.own_values import context, part_key
from portal.own_values.readers import key_of
from portal.queries.customers import words as words_of
from portal.rules.tree import Days, Value
from portal.text import digits, fold
from portal.values import GENDER_BY_WORD, GENDERS, ID_TYPES


def of(kind: str, value: Value, op: str) -> str:
    """Return the text that a field of that kind is compared with; '' for one that is equal to no value."""
    if isinstance(value, bool | Days):
        raise ValueError(value)
    text, is_whole = str(value), op in {"is", "one_of"}
    if kind == "code":
        return text.strip().casefold()
    if kind in _WORDS:
        return _WORDS[kind](text) if is_whole else fold(text)
    if kind == "phone" and op == "starts_with":
        bare = digits(text)
        return f"+{bare.removeprefix('00')}" if bare else fold(text)
    return key_of(kind, text, context()) if is_whole else part_key(kind, text)


def are_stored(kind: str, texts: Iterable[str]) -> bool:
    """Tell whether a built-in field holds these words as they are, so that nothing has to be folded to find them."""
    if kind == "language":
        return all(is_language(text) for text in texts)
    return kind == "gender" and set(texts) <= set(GENDERS)


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
    if kind != "money":
        return value
    return int(Decimal(str(value)).scaleb(decimals_of(context().currency)).to_integral_value(ROUND_HALF_UP))


def _id_type(key: str) -> str:
    return next((known for known, label in ID_TYPES.items() if fold(label) == key), key)


# Built-in fields whose words are read into one word when they are stored.
_WORDS: dict[str, Callable[[str], str]] = {
    "gender": lambda text: fold(GENDER_BY_WORD.get(fold(text), text)),
    "language": lambda text: fold(read_language(text)),
    "id_type": lambda text: _id_type(fold(text)),
}
