"""Whether one value fits the type of a field, and which of several is the larger one."""

import math
import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches

from portal.errors import N_
from portal.rules.catalogue import Catalogue, FieldInfo, compact
from portal.rules.tree import UNITS, Days, Value
from portal.rules.typed import is_day
from portal.text import fold, has_forbidden

MAX_TEXT = 1_000  # characters of a value
MAX_NUMBER = 1_000_000_000_000_000
MAX_DAYS = 40_000
# A comma or point before three digits: thousands to one reader, a fraction to the other.
_LONG = re.compile(r"[+-]?\d{41,}(?:[.,]\d+)?", re.ASCII)  # more digits than are read
_TWO_WAYS = re.compile(r"([+-]?)([1-9]\d{0,2})[.,](\d{3})", re.ASCII)


def misfit(value: Value, kind: str, info: FieldInfo, catalogue: Catalogue) -> tuple[str, dict[str, str]] | None:
    """Return why a value does not fit a type, or a part of a date, as a sentence and what goes into its places."""
    told = _KINDS.get(kind, _of_text)(value, info, catalogue)
    return (told[0], {"value": shown(value), "target": info.label, **told[1]}) if told else None


def nearest(name: str, names: Mapping[str, str]) -> str:
    """Return the name that comes nearest to one, out of names by their compact forms; '' when none is near."""
    found = get_close_matches(compact(name)[:60], names, n=1, cutoff=0.75)
    return names[found[0]] if found else ""


def shown(value: Value) -> str:
    """Return a value, or a name, as a sentence repeats it: its beginning, where it is long."""
    return str(value) if len(str(value)) <= 60 else f"{str(value)[:60]}…"


def is_reversed(low: Value, high: Value) -> bool:
    """Say whether nothing lies between two values on any day."""
    if isinstance(low, Days) and isinstance(high, Days):
        # Months and years have no length of their own: reversed is what is so on every day.
        return min(_lengths(low)) > max(_lengths(high))
    if isinstance(low, Days) or isinstance(high, Days):
        return False
    return low > high  # type: ignore[operator]


def _lengths(days: Days) -> tuple[float, float]:
    shortest, longest = {"days": (1, 1), "weeks": (7, 7), "months": (28, 31), "years": (365, 366)}[days.unit]
    return days.n * shortest, days.n * longest


_Told = tuple[str, dict[str, str]] | None
_NO_VALUE: _Told = (N_("A value is missing here. To ask for customers without one, choose “is empty”."), {})


def _of_yesno(value: Value, info: FieldInfo, catalogue: Catalogue) -> _Told:
    return None if isinstance(value, bool) else (N_("“%(target)s” is yes or no; “%(value)s” is neither."), {})


def _of_length(value: Value, info: FieldInfo, catalogue: Catalogue) -> _Told:
    if isinstance(value, bool | str | Days) and value != "":
        return N_("This takes a number of years or days, such as 30; “%(value)s” is none."), {}
    return _of_number(value, info, catalogue)


def _of_number(value: Value, info: FieldInfo, catalogue: Catalogue) -> _Told:
    if value == "":
        return _NO_VALUE
    if isinstance(value, str) and (found := _TWO_WAYS.fullmatch(value)):
        ways = {"whole": f"{found[1]}{found[2]}{found[3]}", "fraction": f"{found[1]}{found[2]}.{found[3]}0"}
        return N_("“%(value)s” can be read in two ways. Write %(whole)s or %(fraction)s."), ways
    if isinstance(value, str) and _LONG.fullmatch(value):
        return N_("“%(value)s” is too large a number."), {}
    if isinstance(value, bool | str | Days):
        return N_("“%(target)s” takes a number, such as 3 or 2.5; “%(value)s” is none."), {}
    if abs(value) > MAX_NUMBER or not math.isfinite(value):
        return N_("“%(value)s” is too large a number."), {}
    return None


def _of_month(value: Value, info: FieldInfo, catalogue: Catalogue) -> _Told:
    if isinstance(value, str):
        is_month = value in {"this", "next", "last"}
    else:
        is_month = not isinstance(value, bool | Days) and value in range(1, 13)
    told = N_("“%(value)s” is no month: write 1 to 12, the name of one, this month, next month or last month.")
    return None if is_month else (told, {})


def _of_day(value: Value, info: FieldInfo, catalogue: Catalogue) -> _Told:
    if isinstance(value, Days):
        is_far = abs(value.n) > MAX_DAYS or value.unit not in UNITS
        return (N_("“%(value)s” is too far from today."), {"value": f"{value.n} {value.unit}"}) if is_far else None
    if value == "":
        return _NO_VALUE
    if isinstance(value, str) and is_day(value):
        return None
    return N_("“%(target)s” takes a date, such as 2026-02-28, -30d, +7d or today; “%(value)s” is none."), {}


def _of_choice(value: Value, info: FieldInfo, catalogue: Catalogue) -> _Told:
    if told := _of_text(value, info, catalogue):
        return told
    if any(fold(choice) == fold(str(value)) for choice in info.choices):
        return None
    few = ", ".join(info.choices[:12]) + (", …" if len(info.choices) > 12 else "")
    return N_("“%(value)s” is no choice of “%(target)s”, which has: %(choices)s."), {"choices": few}


def _of_shop(value: Value, info: FieldInfo, catalogue: Catalogue) -> _Told:
    if told := _of_text(value, info, catalogue):
        return told
    if str(value).casefold() in catalogue.shops:
        return None
    names = {compact(name): name for _, name in catalogue.shops.values()}
    if near := nearest(str(value), names | {compact(code): code for code in catalogue.shops}):
        return N_("There is no shop “%(value)s”; did you mean “%(near)s”?"), {"near": near}
    return N_("There is no shop “%(value)s”."), {}


def _of_text(value: Value, info: FieldInfo, catalogue: Catalogue) -> _Told:
    if not isinstance(value, str):
        return N_("“%(target)s” takes a text; “%(value)s” is none."), {}
    if has_forbidden(value):
        return N_("This holds characters that cannot be stored. Please type it anew."), {}
    if not fold(value):
        return _NO_VALUE
    if len(value) > MAX_TEXT:
        return N_("This has %(n)s characters; at most %(most)s fit."), {"n": str(len(value)), "most": str(MAX_TEXT)}
    return None


_KINDS: dict[str, Callable[[Value, FieldInfo, Catalogue], _Told]] = {
    "yesno": _of_yesno,
    **dict.fromkeys(("number", "money", "percent"), _of_number),
    **dict.fromkeys(("age", "days_since"), _of_length),
    "month": _of_month,
    **dict.fromkeys(("date", "datetime"), _of_day),
    **dict.fromkeys(("choice", "choices"), _of_choice),
    "shop": _of_shop,
}
