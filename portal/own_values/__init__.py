"""The values of the store's own fields: reading what people typed or filed, JSON and back, and as typed again.

The form, files and the command line share it. A field is anything with a `code`, a `type` and its `choices`.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from portal import config, numbers
from portal.own_values import moments
from portal.own_values.readers import (
    EMPTY,
    MAX_LONG,
    MAX_TEXT,
    READERS,
    SENTENCES,
    Cell,
    Context,
    FieldLike,
    Unfit,
    key_of,
    part_key,
    several,
)
from portal.text import clean, digits, fold, has_forbidden
from portal.values import Remark


@dataclass(frozen=True, slots=True)
class Own:
    """What was read: the cell, or why it cannot be taken; and what a person should know though it is kept."""

    cell: Cell = EMPTY
    refusal: Remark | None = None
    warning: Remark | None = None


def context(date_order: str = "ymd", mark: str = "", language: str = "") -> Context:
    """Return how this store writes, or who reads `language` in it."""
    settings = config.current()
    home = numbers.mark_of(language or settings.locale)
    return Context(settings.region, settings.timezone, settings.currency, date_order, mark, home)


def read(field: FieldLike, text: str, said: Context) -> Own:
    """Read the typed text of a field; empty text is no value. Never raises."""
    if not (text.isascii() and text.isprintable()) and has_forbidden(text):
        return Own(refusal=Remark(SENTENCES["forbidden"], field.code, {}))
    text = clean(text)
    most = MAX_LONG if field.type in {"longtext", "choices"} else MAX_TEXT
    if len(text) > most:
        return Own(refusal=Remark(SENTENCES["long"], field.code, {"n": str(len(text)), "most": str(most)}))
    if not text or not fold(text):  # nobody could see it
        return Own()
    try:
        cell, warning = READERS[field.type](field, text, said)
    except Unfit as no:
        return Own(refusal=Remark(SENTENCES[no.name], field.code, {"value": text[:100], **no.params}))
    remark = Remark(SENTENCES[warning], field.code, {"value": text}) if warning else None
    return Own(cell, warning=remark)


def plain(field: FieldLike, value: Any, said: Context) -> Any:
    """Return a value as JSON holds it: days and moments as ISO text, money in major units, choices as a list."""
    if value is None or field.type == "yesno":
        return None if value is None else bool(value)
    if field.type == "money":
        amount = Decimal(int(value)).scaleb(-numbers.decimals_of(said.currency))
        return int(amount) if amount == int(amount) else float(amount)
    if field.type in {"number", "percent"}:
        return int(value) if float(value).is_integer() else float(value)
    if field.type == "choices":
        return str(value).strip("\n").split("\n")
    return value.isoformat() if isinstance(value, date | datetime) else value


def from_plain(field: FieldLike, value: Any, said: Context) -> Cell:
    """Return the cell of a value that `plain` has made, also of one that could not be typed any more."""
    if value is None:
        return EMPTY
    if field.type == "money":
        return Cell(int((Decimal(repr(value)).scaleb(numbers.decimals_of(said.currency))).to_integral_value()))
    if field.type in {"yesno", "number", "percent"}:
        return Cell(bool(value) if field.type == "yesno" else float(value))
    if field.type in {"date", "datetime"}:
        return Cell(date.fromisoformat(value) if field.type == "date" else datetime.fromisoformat(value))
    if field.type == "choices":
        return several(value)
    return Cell(value, key_of(field.type, value, said))


def typed(field: FieldLike, value: Any, said: Context, mark: str = ".") -> str:
    """Return a value as a person types it, numbers with that decimal mark: `read` gives the same value back."""
    if value is None:
        return ""
    match field.type:
        case "yesno":
            return "yes" if value else "no"
        case "money":
            places = numbers.decimals_of(said.currency)
            amount = Decimal(int(value)).scaleb(-places)
            whole = format(amount, f".{places}f").replace(".", mark)
            return whole if places < 3 else numbers.write_number(amount, mark)
        case "number" | "percent":
            return numbers.write_number(Decimal(repr(float(value))), mark)
        case "datetime":
            return moments.write_moment(value, said.zone)
        case "choices":
            return "; ".join(plain(field, value, said))
    return str(value)


def as_column(type_: str, raw: Any) -> Any:
    """Return a value as Python has it of what the database gave: SQLite knows no days, moments or yes and no."""
    if raw is None:
        return None
    match type_:
        case "yesno":
            return bool(raw)
        case "date":
            return date.fromisoformat(raw) if isinstance(raw, str) else raw
        case "datetime":
            return datetime.fromisoformat(raw) if isinstance(raw, str) else raw
        case "number" | "percent":
            return float(raw)
    return raw


def search_line(type_: str, cell: Cell) -> str:
    """Return the line by which searching finds a value."""
    return digits(str(cell.value)) or cell.key or "" if type_ == "phone" else cell.key or ""


__all__ = [
    "EMPTY",
    "READERS",
    "Cell",
    "Context",
    "FieldLike",
    "Own",
    "as_column",
    "context",
    "from_plain",
    "part_key",
    "plain",
    "read",
    "search_line",
    "typed",
]  # fmt: skip
