"""Values of a condition as the boxes in which they are typed, and back."""

import json
from dataclasses import dataclass
from decimal import Decimal

from portal.numbers import mark_of, write_number
from portal.rules import typed
from portal.rules.catalogue import DATES, Catalogue, FieldInfo
from portal.rules.tree import UNITS, Days, Value
from portal.web.language import lang

# How a day may be said: as one of the calendar, as today, or by its distance from today.
WAYS = ("", "today", *(f"-{unit}" for unit in UNITS), *(f"+{unit}" for unit in UNITS))
# What stands in the box of a distance that was chosen just now.
USUAL = {"days": "30", "weeks": "4", "months": "3", "years": "1"}


@dataclass(frozen=True, slots=True)
class Box:
    """What stands in the box of a value, and of a day the way it is said."""

    text: str = ""
    way: str = ""

    @property
    def is_day(self) -> bool:
        """Tell whether a box for days of the calendar can hold it."""
        return not self.way and (not self.text or typed.is_day(self.text))


def boxed(value: Value) -> Box:
    """Return the box of a value, numbers as the reader's language writes them."""
    if isinstance(value, bool):
        return Box("true" if value else "false")
    if isinstance(value, Days):
        if value == Days(0):
            return Box("", "today")
        return Box(str(abs(value.n)), f"{'+' if value.n > 0 else '-'}{value.unit}")
    if isinstance(value, str):
        return Box(on_one_line(value))
    return Box(write_number(Decimal(repr(value)), mark_of(lang())))


def read(box: Box, info: FieldInfo | None, part: str, catalogue: Catalogue) -> Value:
    """Return what stands in a box as the field wants it; what cannot be read stays the text that it is."""
    if info is None:
        return as_typed(box.text)
    if info.type in DATES and not part and box.way:
        if box.way == "today":
            return Days(0)
        n = number(box.text)
        return box.text.strip() if n is None else Days(-n if box.way[0] == "-" else n, box.way[1:])
    return typed.value(as_typed(box.text), info, part, catalogue, mark=mark_of(lang()))


def number(text: str) -> int | None:
    """Return the whole number that was typed, of at most six digits; None for anything else."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 6 else None


def on_one_line(text: str) -> str:
    """Return a text as it stands in a box or on a line of a list: in quotes where it would not come back otherwise."""
    return json.dumps(text, ensure_ascii=False) if "\n" in text or text.startswith('"') else text


def as_typed(text: str) -> str:
    """Return the text that stands in a box, without the quotes of `on_one_line`."""
    text = text.strip()
    if len(text) < 2 or not (text.startswith('"') and text.endswith('"')):
        return text
    try:
        inner = json.loads(text)
    except ValueError:
        return text
    return inner if isinstance(inner, str) else text
