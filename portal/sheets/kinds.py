"""Whether the values of a column are what its header says, so that phones are never stored as e-mails."""

import re
from collections import Counter
from collections.abc import Iterable

from portal.sheets.problems import COLUMN_MISFIT, Problem

_MAX_LENGTH = 300
_EXAMPLES = 3
# In this order: a date is also digits with dashes, a number is also a short phone.
_DATE = r"(?:\d{4}([-/.])\d{1,2}\1\d{1,2}|\d{1,2}([-/.])\d{1,2}\2(?:\d{4}|\d{2}))(?:[T ][\d:.+Z-]+)?"
_PHONE = r"(?=(?:\D*\d){7,15}(?:\D|$))[+(]?\(?\d[\d\s()./–-]*(?:\s*(?:x|ext\.?)\s*\d{1,9})?"
_KINDS = {
    "url": re.compile(r"(?:https?|ftp)://\S+|www\.\S+\.\S+", re.IGNORECASE),
    "email": re.compile(r"[^\s@]+@[^\s@]+"),
    "date": re.compile(_DATE),
    "phone": re.compile(_PHONE, re.IGNORECASE),
    "number": re.compile(r"[+-]?\d+(?:[.,]\d+)*(?:[eE][+-]?\d+)?"),
}
# What a column of each target must not be full of. A phone may look like a number, a birth date like one too
# (spreadsheets count days), so those say nothing.
_WRONG: dict[str, frozenset[str]] = {
    "email": frozenset({"phone", "date", "number", "url"}),
    "phone": frozenset({"email", "date", "url"}),
    "birth_date": frozenset({"email", "phone", "url"}),
}


def kind_of(text: str) -> str:
    """Return what `text` looks like: `email`, `url`, `date`, `phone`, `number`, or `text`."""
    text = text.strip()
    if len(text) > _MAX_LENGTH:
        return "text"
    return next((kind for kind, pattern in _KINDS.items() if pattern.fullmatch(text)), "text")


def misfit(target: str, values: Iterable[str]) -> Problem | None:
    """Return `COLUMN_MISFIT` if at least half of the non-empty `values` are plainly something else.

    `target` is what the column was matched to; only `email`, `phone` and `birth_date` have a look of their
    own, the others never misfit. Params: `target`, `looks_like` (the commonest kind), `examples` (the
    first three, joined by ", "). Values of no particular look are left to the check of each row.
    """
    wrong = _WRONG.get(target, frozenset())
    filled = [value.strip() for value in values if value.strip()] if wrong else []
    kinds = [kind_of(value) for value in filled]
    strange = [value for value, kind in zip(filled, kinds, strict=True) if kind in wrong]
    if not strange or len(strange) * 2 < len(filled):
        return None
    looks_like = Counter(kind for kind in kinds if kind in wrong).most_common(1)[0][0]
    examples = ", ".join(value[:60] for value in strange[:_EXAMPLES])
    return Problem(COLUMN_MISFIT, {"target": target, "looks_like": looks_like, "examples": examples})
