"""Telephone numbers: one stored form for what can be read, the typed text and a warning for the rest."""

import re
from functools import lru_cache
from typing import NamedTuple

from portal.text import clean

PHONE_UNPARSED = "phone_unparsed"
PHONE_DAMAGED = "phone_damaged"

# What a spreadsheet leaves of a number: +1-539-… computed to -4396, 2.04E+10, a float or an amount, an error,
# a formula.
_DAMAGED = re.compile(
    r"=.*|-\d+([.,]\d+)?|\d{1,3}([ ,.]\d{3})+[.,]00?|\d{5,}[.,]0+|[+-]?\d+([.,]\d+)?\s?[eE]\s?[+-]?\d+"
    r"|#+|#[¡¿]?[^\W\d_]+(/[^\W_]+)?[!?]?",
    re.DOTALL,
)
# The library finds a number inside any sentence ("flat 12, 84 123 4567"). Only text that is nothing but a
# number is read, so that a note never becomes somebody's phone.
_NUMBER = re.compile(
    r"(?:tel(?:efone|efono|éfono|\.)?:?\s*)?[+＋]?[\d\s()\[\]./\-‐‑‒–—−·]+"
    r"(?:(?:;ext=|,?\s*(?:x|ext|ext\.|extn|ramal|#)\s*[:.]?\s*)\d{1,9})?",
    re.IGNORECASE,
)
# Address books wrap a copied number in invisible marks of direction.
_INVISIBLE = re.compile("[\xad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_BETWEEN = str.maketrans("", "", " ()-./")
_MAX_LENGTH = 60


class Phone(NamedTuple):
    """A telephone number as read: `shown` is stored, `key` matches customers, `warning` is a code or None."""

    shown: str
    key: str | None
    warning: str | None


def read_phone(text: str, region: str | None) -> Phone:
    """Read one number as typed in `region` (two letters, such as `MZ`; None: only with a country code).

    A number that parses and has a possible length for its country gives `+258841234567` as `shown` and
    `key`; an extension is kept in `shown` (`+15394020259 x123`) and left out of the key. Possible, not
    valid: validity depends on the numbering plan of the day, and a number of a range opened last month must
    not be refused. Numbers that can be dialled only within a town are not taken, since they name nobody.
    What does not parse is kept as typed with `PHONE_UNPARSED`; what a spreadsheet has spoilt gets
    `PHONE_DAMAGED`; neither has a key. Empty text gives `Phone('', None, None)`. Never raises.
    Rule: product "Phones".
    """
    shown = clean(text)
    if not shown:
        return Phone("", None, None)
    if looks_damaged(shown):
        return Phone(shown, None, PHONE_DAMAGED)
    number = _INVISIBLE.sub("", shown).strip()
    if len(number) > _MAX_LENGTH or not _NUMBER.fullmatch(number):
        return Phone(shown, None, PHONE_UNPARSED)
    key, extension = _parse(number, region.upper() if region else None)
    if key is None and number.startswith("00"):
        # 00 is the international prefix of most countries (ITU-T E.164), also typed where it is another.
        key, extension = _parse("+" + number[2:], None)
    if key is None:
        return Phone(shown, None, PHONE_UNPARSED)
    return Phone(f"{key} x{extension}" if extension else key, key, None)


def looks_damaged(text: str) -> bool:
    """Say whether `text` is what a spreadsheet makes of a number: `-4396`, `2.04E+10`, `#REF!`, `=…`."""
    return _DAMAGED.fullmatch(text.strip()) is not None


@lru_cache(maxsize=10_000)
def format_phone(shown: str) -> str:
    """Return a stored number spaced for reading (`+258 84 123 4567`), or `shown` itself if it has no key."""
    import phonenumbers

    if not shown.startswith("+"):
        return shown
    try:
        number = phonenumbers.parse(shown, None)
    except phonenumbers.NumberParseException:
        return shown
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def _parse(text: str, region: str | None) -> tuple[str | None, str | None]:
    """Return (E.164 form, extension) of a number that has one form, else (None, None)."""
    key, extension = _possible(text, region)
    # A few odd inputs (a doubled trunk zero in Brazil) give a form that itself reads as another number; such
    # a key would match a stranger the second time. One that was typed digit for digit has just been read.
    if key is None or (key != _bare(text) and _possible(key, None)[0] != key):
        return None, None
    return key, extension


def _bare(text: str) -> str:
    """Return a number without what people put between its digits."""
    return text.translate(_BETWEEN)


def _possible(text: str, region: str | None) -> tuple[str | None, str | None]:
    import phonenumbers

    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None, None
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None, None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), number.extension
