"""What somebody typed as a value of a test, read as the type of the field wants it.

What cannot be read stays the text that it is, so that `checking` says what is wrong with it.
"""

import re
from datetime import date
from functools import cache

from babel import Locale

from portal import config, numbers
from portal.rules.catalogue import DATES, NUMBERS, Catalogue, FieldInfo
from portal.rules.tree import Days, Value
from portal.sheets.dates import ORDERS, read_date
from portal.text import clean, fold

_YES = frozenset(["true", "yes", "sim", "si", "verdadero", "verdadeiro", "1"])
_NO = frozenset(["false", "no", "nao", "falso", "0"])
_DAYS = {
    "today": 0, "hoje": 0, "hoy": 0, "yesterday": -1, "ontem": -1, "ayer": -1, "tomorrow": 1, "amanha": 1, "manana": 1,
}  # fmt: skip
_MONTHS = {"this": "this", "este": "this", "next": "next", "proximo": "next", "last": "last", "ultimo": "last"}
_NUMBER = re.compile(r"[+-]?\d{1,40}(?:\.\d{1,40})?")
_LONGEST = 80  # characters of a number
_ISO = re.compile(r"\d{4}-\d\d-\d\d")
# A day by its distance: -30d, +2 weeks, 30 days ago, in 3 months; há 30 dias, hace 2 semanas.
_UNIT = r"(d|w|m|y|days?|weeks?|months?|years?|dias?|semanas?|mes|meses|anos?)"
_SIGNED = re.compile(rf"([+-])\s*(\d{{1,6}})\s*{_UNIT}")
_AGO = (re.compile(rf"(\d{{1,6}})\s+{_UNIT}\s+(?:ago|atras)"), re.compile(rf"(?:ha|hace)\s+(\d{{1,6}})\s+{_UNIT}"))
_AHEAD = re.compile(rf"(?:in|em|en|dentro de|daqui a)\s+(\d{{1,6}})\s+{_UNIT}")
_SPAN = re.compile(rf"(\d{{1,6}})\s*{_UNIT}")
_UNITS = {"d": "days", "w": "weeks", "s": "weeks", "m": "months", "y": "years", "a": "years"}


def value(text: str, info: FieldInfo, part: str, catalogue: Catalogue, *, mark: str = "") -> Value:
    """Return a typed value as a test of this field (or of this `part` of its date) holds it; else the text itself.

    Numbers have a decimal point in the text of a rule; on a page they may be written as forms take them. `mark` is the
    decimal mark of the page's language.
    """
    kind = part or info.type
    text = clean(text)
    if kind == "yesno":
        return yes_or_no(text)
    if kind in NUMBERS or kind in {"age", "days_since"}:
        return amount(text, kind, mark) if mark else number(text.removesuffix("%") if kind == "percent" else text)
    if kind == "month":
        return month(text)
    if kind in DATES:
        return day(text)
    if kind in {"choice", "choices"}:
        return next((choice for choice in info.choices if fold(choice) == fold(text)), text)
    return shop(text, catalogue) if kind == "shop" else text


def yes_or_no(text: str) -> Value:
    """Return the truth that a word of English, Portuguese or Spanish names."""
    word = fold(text)
    return True if word in _YES else False if word in _NO else text


def number(text: str) -> Value:
    """Return the number, written with a point; whole ones as int, so that they are written without one."""
    plain = fold(text).replace(" ", "")
    if not _NUMBER.fullmatch(plain):
        return text
    if "." not in plain:
        return int(plain)
    read = float(plain)
    return int(read) if read.is_integer() else read


def amount(text: str, kind: str, mark: str) -> Value:
    """Return the number that was typed on a page, where it can be read in one way only; else the text itself."""
    try:
        currency = config.current().currency
        read = numbers.read_typed(text, kind, currency, mark) if len(text) <= _LONGEST else None
    except (numbers.Unread, numbers.TwoWays):
        return text
    return text if read is None else int(read) if read == read.to_integral_value() else float(read)


def day(text: str) -> Value:
    """Return the day as an ISO text, or as a distance from today."""
    word = fold(text)
    if word in _DAYS:
        return Days(_DAYS[word])
    for pattern in _AGO:
        if found := pattern.fullmatch(word):
            return Days(-int(found[1]), _UNITS[found[2][0]])
    if found := _AHEAD.fullmatch(word):
        return Days(int(found[1]), _UNITS[found[2][0]])
    if found := _SIGNED.fullmatch(word):
        return Days(int(found[1] + found[2]), _UNITS[found[3][0]])
    if is_day(word):
        return word
    # 28/02/2026 is one day whichever is the month; 03/04/2026 is two, and is not guessed.
    meant = {one.isoformat() for order in ORDERS if ":" not in word and (one := read_date(word, order))}
    return meant.pop() if len(meant) == 1 else text


def is_day(text: str) -> bool:
    """Say whether a text is a day of the calendar as ISO writes it, such as 2026-02-28."""
    try:
        return _ISO.fullmatch(text) is not None and date.fromisoformat(text) is not None
    except ValueError:
        return False


def span(text: str) -> Days | None:
    """Return a length of time, such as 90d or 3 months."""
    found = _SPAN.fullmatch(fold(text))
    return Days(int(found[1]), _UNITS[found[2][0]]) if found else None


def month(text: str) -> Value:
    """Return the number of a month by its number or name, or 'this', 'next', 'last'."""
    words = fold(text).split()
    if not words or len(words) > 2 or (len(words) == 2 and words[1] not in {"month", "mes"}):
        return text
    if words[0] in _MONTHS:
        return _MONTHS[words[0]]
    if len(words) == 2:
        return text
    named = _month_names().get(words[0])
    return named if named is not None else number(text)


@cache
def _month_names() -> dict[str, int]:
    return {
        fold(name): n for page in ("en", "pt", "es") for n, name in Locale(page).months["stand-alone"]["wide"].items()
    }


def shop(text: str, catalogue: Catalogue) -> Value:
    """Return the code, in lower case, of the shop with that code or name."""
    if text.casefold() in catalogue.shops:
        return text.casefold()
    return next((code for code, (_, name) in catalogue.shops.items() if fold(name) == fold(text)), text)
