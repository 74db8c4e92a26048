"""Values of a rule in words: days, lengths of time, months, numbers and amounts as the reader's language writes them.

Nothing is rounded away that the rule compares by.
"""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from babel import Locale
from babel.numbers import format_currency, format_decimal, get_currency_precision
from flask_babel import format_date, get_locale, gettext, ngettext

from portal import config
from portal.rules.catalogue import DATES, Catalogue, FieldInfo
from portal.rules.tree import Days, Value
from portal.rules.typed import is_day
from portal.text import fold


def in_words(value: Value, kind: str, info: FieldInfo | None, catalogue: Catalogue) -> str:
    """Return a value of a test of that kind: the type of the field, or the part of its date."""
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, Days):
        return _distance(value)
    if kind == "month":
        return _month(value)
    if isinstance(value, int | float):
        return _number(value, kind)
    if kind in DATES and is_day(value):
        return str(format_date(date.fromisoformat(value), "long"))
    return quoted(_shop(value, catalogue) if kind == "shop" else value)


def quoted(text: str) -> str:
    """Return a text in quotes; a closing quote in it is doubled, so that it is seen to end nothing."""
    return f"“{text.replace('”', '””')}”"


def _locale() -> Locale:
    return get_locale() or Locale("en")


def _number(value: float, kind: str) -> str:
    exact = Decimal(str(value))
    if kind == "money":
        currency = config.current().currency
        unit = Decimal(1).scaleb(-get_currency_precision(currency))
        return str(format_currency(exact.quantize(unit, ROUND_HALF_UP), currency, locale=_locale()))
    shown = str(format_decimal(exact, locale=_locale(), decimal_quantization=False))
    return f"{shown} %" if kind == "percent" else shown


def _month(value: Value) -> str:
    words = {"this": gettext("this month"), "next": gettext("next month"), "last": gettext("last month")}
    if value in words:
        return words[str(value)]
    names = _locale().months["stand-alone"]["wide"]
    return str(names[int(value)]) if isinstance(value, int | float) and int(value) in names else quoted(str(value))


def _shop(code: str, catalogue: Catalogue) -> str:
    """Return the name of a shop, and its code where another one is called so too."""
    name = catalogue.shops[code][1] if code in catalogue.shops else ""
    same = [other for _, other in catalogue.shops.values() if fold(other) == fold(name)]
    return name if name and len(same) == 1 else f"{name} ({code})" if name else code


def _distance(days: Days) -> str:
    """Return a day by its distance from today."""
    n, shown = abs(days.n), str(format_decimal(abs(days.n), locale=_locale()))
    if days.n == 0:
        return gettext("today")
    if days.n < 0:
        told = {
            "days": ngettext("%(n)s day ago", "%(n)s days ago", n, n=shown),
            "weeks": ngettext("%(n)s week ago", "%(n)s weeks ago", n, n=shown),
            "months": ngettext("%(n)s month ago", "%(n)s months ago", n, n=shown),
            "years": ngettext("%(n)s year ago", "%(n)s years ago", n, n=shown),
        }
    else:
        told = {
            "days": ngettext("%(n)s day from today", "%(n)s days from today", n, n=shown),
            "weeks": ngettext("%(n)s week from today", "%(n)s weeks from today", n, n=shown),
            "months": ngettext("%(n)s month from today", "%(n)s months from today", n, n=shown),
            "years": ngettext("%(n)s year from today", "%(n)s years from today", n, n=shown),
        }
    return told[days.unit]


def span(days: Days) -> str:
    """Return a length of time."""
    shown = str(format_decimal(days.n, locale=_locale()))
    told = {
        "days": ngettext("%(n)s day", "%(n)s days", days.n, n=shown),
        "weeks": ngettext("%(n)s week", "%(n)s weeks", days.n, n=shown),
        "months": ngettext("%(n)s month", "%(n)s months", days.n, n=shown),
        "years": ngettext("%(n)s year", "%(n)s years", days.n, n=shown),
    }
    return told[days.unit]
