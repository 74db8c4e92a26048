"""Conditions as other systems list them: one a line, and above them whether all or any of them have to hold."""

import re
from dataclasses import dataclass

from portal.rules.grammar import WORDS
from portal.rules.tree import MAX_TESTS

_HEAD = re.compile(
    r"\s*(?:(?P<all>all|todos|todas)|any|qualquer|alguma?|cualquiera|algun[oa]?)(?:\s+of(?:\s+the\s+following)?)?"
    r"\s*(?::|(?=\n))",
    re.IGNORECASE,
)
_WHERE = re.compile(r"\s*[?&]?_where\s*=", re.IGNORECASE)
_PIECE = re.compile(f"{WORDS}|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Listed:
    """From where to where the parts of a list go.

    `is_any` tells that one of them has to hold; `is_named` that a word above says so.
    """

    spans: tuple[tuple[int, int], ...]
    is_any: bool
    is_named: bool


def without_where(text: str) -> str:
    """Return the text with blanks in the place of `_where=`, with which a copied address names its rule."""
    found = _WHERE.match(text)
    return " " * found.end() + text[found.end() :] if found else text


def as_list(text: str) -> Listed | None:
    """Return the parts of a list; None for what is none."""
    head = _HEAD.match(text)
    begin = head.end() if head else 0
    spans = [(a, b) for a, b in _spans(text, begin) if text[a:b].strip()]
    if not spans or len(spans) > MAX_TESTS + 1 or (head is None and spans == [(0, len(text))]):
        return None
    return Listed(tuple(spans), head is not None and head["all"] is None, head is not None)


def _spans(text: str, begin: int) -> list[tuple[int, int]]:
    """Return from where to where the parts go that commas, semicolons and line ends outside of parentheses divide."""
    spans, depth, last = [], 0, begin
    for found in _PIECE.finditer(text, begin):
        depth += {"(": 1, ")": -1}.get(found[0], 0)
        if found[0] in {",", ";", "\n"} and depth <= 0:
            spans.append((last, found.start()))
            last = found.end()
    return [*spans, (last, len(text))]
