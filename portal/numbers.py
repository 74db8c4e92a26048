"""Numbers as people and files write them, with a decimal comma or a decimal point, never guessed between the two.

A lone comma or point before exactly three digits, as in 1,234, is a thousand to one reader and a fraction to the other:
it is refused with both ways of writing it, unless the caller knows the mark. An amount of money cannot have three
decimals, so that 1,234 dollars are a thousand; not to whoever has a decimal comma, for whom that is one digit too many.
"""

import re
import unicodedata
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import cache

from babel import Locale, UnknownLocaleError
from babel.numbers import get_currency_precision, get_currency_symbol, get_decimal_symbol

from portal.config import LOCALES

_SPACES = re.compile(r"[\s\u00a0\u202f\u2009']")
_SCIENTIFIC = re.compile(r"[+-]?\d{1,20}(?:[.,]\d{1,20})?[eE][+-]?\d{1,3}")
_MINUS = str.maketrans({"−": "-", "–": "-", "‒": "-", "－": "-", "＋": "+", "’": "'", "，": ",", "．": "."})
_MARKS = ".,"
_BETWEEN = f"{_MARKS} "  # what may set thousands apart: 555-123 is a phone, and 10/300 no number


class Unread(Exception):
    """What was typed is no number."""


class TwoWays(Exception):
    """What was typed is a number in two ways; the texts write each of them so that it is one."""

    def __init__(self, whole: str, fraction: str) -> None:
        super().__init__(whole, fraction)
        self.whole, self.fraction = whole, fraction


def read_number(text: str, mark: str = "", places: int | None = None, home: str = "") -> Decimal:
    """Return the number that `text` writes.

    `mark` is the decimal mark where it is known ('.' or ','), `places` how many decimals there can be, `home` the
    decimal mark of whose language it is, who may have written another one too. Raises Unread, TwoWays.
    """
    text = _plain(text)
    sign, body = ("-", text[1:]) if text.startswith("-") else ("", text.removeprefix("+"))
    whole, fraction = _halves(body.strip(), mark, places, home)
    if places is not None and len(fraction.rstrip("0")) > places:
        raise Unread
    return Decimal(f"{sign}{whole or '0'}.{fraction or '0'}")


def read_scientific(text: str) -> Decimal | None:
    """Return the number that `text` writes as 1.5E+3; None where it is not written so."""
    text = _plain(text)
    if not _SCIENTIFIC.fullmatch(text):
        return None
    try:
        return Decimal(text.replace(",", "."))
    except InvalidOperation:
        return None


def read_typed(text: str, kind: str, currency: str, home: str = "") -> Decimal:
    """Return the number that a person typed on a page: a `number`, a `percent`, or `money` in the store's currency.

    The signs of percent and of the currency may stand beside it; `home` is as in `read_number`. Raises Unread, TwoWays.
    """
    bare = text.rstrip("% \u00a0") if kind == "percent" else bare_amount(text, currency) if kind == "money" else text
    try:
        return read_number(bare)
    except TwoWays:
        if kind != "money" or decimals_of(currency) > 2:
            raise
        return read_number(bare, places=decimals_of(currency), home=home)


def bare_amount(text: str, currency: str) -> str:
    """Return what was typed as an amount without the sign or code of the currency beside it."""
    for sign in signs_of(currency):
        if text.upper().startswith(sign.upper()):
            return text[len(sign) :].strip()
        if text.upper().endswith(sign.upper()):
            return text[: -len(sign)].strip()
    return text


def write_number(value: Decimal, mark: str = ".") -> str:
    """Return a number as `read_number` reads it back, with a decimal `mark` and nothing between thousands."""
    text = format(value, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    whole, _, fraction = text.lstrip("-").partition(".")
    is_open = len(fraction) == 3 and len(whole) <= 3 and whole != "0"
    return (f"{text}0" if is_open else text or "0").replace(".", mark)


@cache
def mark_of(language: str) -> str:
    """Return the decimal mark of a language: a point in English, a comma in Portuguese and Spanish."""
    return str(get_decimal_symbol(Locale.parse(language)))


@cache
def decimals_of(currency: str) -> int:
    """Return how many decimals amounts of a currency have: two of dollars, none of Rwandan francs."""
    return int(get_currency_precision(currency))


@cache
def signs_of(currency: str) -> tuple[str, ...]:
    """Return what may stand beside an amount of a currency, the longest first: its code and its signs."""
    signs = {currency}
    for name in LOCALES:
        try:
            signs.add(get_currency_symbol(currency, Locale.parse(name)))
        except (UnknownLocaleError, ValueError):
            continue
    signs |= {sign.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ") for sign in signs if not sign.isalpha()}
    return tuple(sorted((sign for sign in signs if sign), key=len, reverse=True))


def _plain(text: str) -> str:
    """Return `text` with ASCII digits and signs, an amount in brackets as a negative one."""
    text = "".join(str(unicodedata.decimal(char)) if char.isdecimal() else char for char in text.translate(_MINUS))
    text = text.strip()
    return f"-{text[1:-1].strip()}" if text.startswith("(") and text.endswith(")") else text


def _halves(body: str, mark: str, places: int | None, home: str) -> tuple[str, str]:
    """Return the digits before and behind the decimal mark."""
    body = _SPACES.sub(" ", body)
    mark = mark or _mark(body, places, home)
    whole, _, fraction = body.partition(mark) if mark else (body, "", "")
    if not (whole or fraction) or (fraction and not (fraction.isascii() and fraction.isdigit())):
        raise Unread
    return _ungrouped(whole), fraction


def _mark(body: str, places: int | None, home: str) -> str:
    """Return the decimal mark of a number that may have either; '' where it has none."""
    found = [char for char in body if char in _MARKS]
    if len(set(found)) == 2:
        return found[-1]
    if len(found) != 1:
        return ""
    whole, _, fraction = body.partition(found[0])
    is_open = len(fraction) == 3 and re.fullmatch(r"[1-9]\d{0,2}", whole, re.ASCII) is not None
    if not is_open:
        return found[0]
    if places is None or places > 2:
        raise TwoWays(whole + fraction, f"{whole}.{fraction}0")
    if places and found[0] == home:
        rounded = Decimal(f"{whole}.{fraction}").quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
        raise TwoWays(whole + fraction, str(rounded))
    return ""  # three decimals of a currency that has none or two: the sign sets thousands apart


def _ungrouped(whole: str) -> str:
    """Return the digits of a number whose thousands may be set apart, all by the same sign."""
    signs = set(whole) - set("0123456789")
    if not signs:
        return whole
    sign = signs.pop()
    if signs or sign not in _BETWEEN:
        raise Unread
    parted = re.escape(sign)
    if not re.fullmatch(rf"\d{{1,3}}(?:{parted}\d{{2,3}})*{parted}\d{{3}}", whole, re.ASCII):
        raise Unread
    return whole.replace(sign, "")
