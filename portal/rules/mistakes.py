"""A text that is no rule: where it stops being one, and in words what stands there and what should."""

import re
from typing import Any

from lark import UnexpectedInput, UnexpectedToken

from portal.errors import N_, Refusal
from portal.rules.grammar import QUOTED, WORDS

_FOUND = re.compile(rf"{WORDS}|[=<>!&|]+|\S", re.DOTALL)
_QUOTED = re.compile(QUOTED, re.DOTALL)
_QUOTES = frozenset("\"“«'`")
# What may stand in a place, by one of the terminals that may: the sentence for something else there, and for the end.
_EXPECTED = (
    ("NAME", N_("A field or a group should stand here, not “%(found)s”."),
     N_("The rule ends where a field or a group should stand.")),
    ("BARE", N_("A value should stand here, not “%(found)s”. A value such as this one stands in quotes."),
     N_("The rule ends where a value should stand.")),
    ("GROUP_WORD", N_("The name of a group should stand here, not “%(found)s”."),
     N_("The rule ends where the name of a group should stand.")),
    ("SPAN", N_("A length of time such as 90d, 12w, 3m or 1y should stand here, not “%(found)s”."),
     N_("The rule ends where a length of time such as 90d, 12w, 3m or 1y should stand.")),
    ("IS", N_("A way to compare should stand here, such as = or is empty, not “%(found)s”. "
              "A name of several words stands in quotes."),
     N_("The rule ends where a way to compare should stand, such as =, >=, contains or is empty.")),
    ("_OR", N_("“and”, “or” or the end should stand here, not “%(found)s”. A text of several words stands in quotes."),
     N_("This parenthesis is never closed.")),
    ("_AND", N_("“and” and the second value should stand here, not “%(found)s”."),
     N_("The rule ends where “and” and the second value should stand.")),
    ("_COMMA", N_("A comma or a closing parenthesis should stand here, not “%(found)s”."),
     N_("This parenthesis is never closed.")),
    ("_LEFT", N_("An opening parenthesis should stand here, not “%(found)s”."),
     N_("The rule ends where an opening parenthesis should stand.")),
    ("_RIGHT", N_("A closing parenthesis should stand here, not “%(found)s”."),
     N_("This parenthesis is never closed.")),
)  # fmt: skip


class RuleError(Refusal):
    """A text that is no rule; `line` and `column`, both from 1, say where, and so does `at`, from 0."""

    def __init__(self, text: str, at: int, sentence: str, /, **params: object) -> None:
        super().__init__(sentence, "rule", **params)
        self.at = at
        self.line = text.count("\n", 0, at) + 1
        self.column = at - (text.rfind("\n", 0, at) + 1) + 1


def explained(text: str, stopped: UnexpectedInput) -> RuleError:
    """Return in words where and why the grammar stopped."""
    known: Any = stopped
    may: set[str] = set(known.interactive_parser.accepts())
    # A closing parenthesis too many is met where the whole rule has been read: only its end may stand there.
    may |= {"_OR"} if "$END" in may else set()
    other, end = next((other, end) for terminal, other, end in _EXPECTED if terminal in may)
    if isinstance(stopped, UnexpectedToken) and stopped.token.type == "$END":
        return _ended(text, end)
    at = stopped.pos_in_stream or 0
    found = _FOUND.match(text, at)
    what = found[0] if found else ""
    if what[:1] in _QUOTES and _QUOTED.fullmatch(what) is None:
        return RuleError(text, at, N_("The quote that opens here is never closed."))
    if what == ")" and "_OR" in may:
        return RuleError(text, at, N_("This parenthesis was never opened."))
    if what == "," and "_OR" in may and text[at - 1].isdigit() and text[at + 1 : at + 2].isdigit():
        return RuleError(text, at, N_("Numbers have a decimal point in the text of a rule, as in 12.5."))
    return RuleError(text, at, other, found=what if len(what) <= 40 else f"{what[:40]}…")


def _ended(text: str, sentence: str) -> RuleError:
    opened = _open(text) if sentence == N_("This parenthesis is never closed.") else None
    return RuleError(text, len(text.rstrip()) if opened is None else opened, sentence)


def _open(text: str) -> int | None:
    """Return where the innermost parenthesis that is never closed stands."""
    opened: list[int] = []
    for found in _FOUND.finditer(text):
        if found[0] == "(":
            opened.append(found.start())
        elif found[0] == ")" and opened:
            opened.pop()
    return opened[-1] if opened else None
