"""Which column of a file means which of our fields."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from portal.sheets import problems
from portal.sheets.kinds import kind_of
from portal.sheets.problems import Problem, column_letters
from portal.sheets.synonyms import FOREIGN, LOOSE, NEUTRAL, SYNONYMS
from portal.text import clean, fold

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
# Longer than any name of a column: a file without a header may hold a whole letter there.
_MAX_LENGTH = 200
_PARTS = re.compile(r"[^\W\d_]+|\d+")
# "Nome" beside "Apelido" is the first name; "Nome completo" beside it is not.
_SHORT_NAMES = frozenset({"name", "nome", "nombre"})


@dataclass(frozen=True, slots=True)
class Match:
    """What one column means. `index` counts columns from 0; `target` is a field, or None for "not ours".

    `is_sure` is False if the header only ends or begins like one of ours ("Dads email"): ask before
    importing. `duplicate_of` is the index of the column that has the field already; `target` is then None.
    """

    index: int
    header: str
    target: str | None
    is_sure: bool = True
    duplicate_of: int | None = None


def header_key(header: str) -> str:
    """Return the words of a header in one spelling: `CustomerId` and `customer_id` are `customer id`.

    Case, accents and everything but letters and digits are folded away; a number is a word of its own.
    """
    return " ".join(_PARTS.findall(fold(_CAMEL.sub(" ", clean(header)))))


def match_headers(
    headers: Sequence[str], field_codes: Mapping[str, Sequence[str]] | None = None
) -> list[Match]:
    """Return one `Match` per header, in their order.

    `field_codes` are the store's own fields: code → its names in any language; they come before our
    synonyms. Where two headers mean one field the first wins, and a sure one before an unsure one; the
    other says so in `duplicate_of`. Rule: product "Identity" and interfaces "Import files".
    """
    own = {_compact(name): code for code, names in (field_codes or {}).items() for name in (code, *names)}
    own.pop("", None)  # a name of signs alone, such as ★, is no header, or every empty one would be it
    meant = [_meaning(header, own) for header in headers]
    winners: dict[str, int] = {}
    for wanted in (True, False):
        for index, (target, is_sure) in enumerate(meant):
            if target is not None and is_sure is wanted:
                winners.setdefault(target, index)
    matches = [
        Match(index, header, target, is_sure)
        if target is None or winners[target] == index
        else Match(index, header, None, is_sure, winners[target])
        for index, (header, (target, is_sure)) in enumerate(zip(headers, meant, strict=True))
    ]
    return _first_names(matches, winners)


def match_problems(matches: Sequence[Match]) -> list[Problem]:
    """Return what a person should know of the matching: unknown, second and unsure headers."""
    found = []
    for match in matches:
        column = column_letters(match.index)
        if match.duplicate_of is not None:
            first = matches[match.duplicate_of].header
            params: dict[str, str | int] = {"header": match.header, "first": first}
            found.append(Problem(problems.HEADER_SECOND, params, column=column))
        elif match.target is None and match.header:
            found.append(Problem(problems.HEADER_UNKNOWN, {"header": match.header}, column=column))
        elif match.target is not None and not match.is_sure:
            params = {"header": match.header, "target": match.target}
            found.append(Problem(problems.HEADER_UNSURE, params, column=column))
    return found


def header_problems(headers: Sequence[str], row: int) -> list[Problem]:
    """Return what is wrong with the header line itself: empty cells, the same header twice, data instead."""
    found: list[Problem] = []
    seen: dict[str, int] = {}
    for index, header in enumerate(headers):
        column = column_letters(index)
        key = fold(header)
        if not header:
            found.append(Problem(problems.HEADER_EMPTY, {}, row, column))
        elif key in seen:
            params: dict[str, str | int] = {"header": header, "first": column_letters(seen[key])}
            found.append(Problem(problems.HEADER_DUPLICATE, params, row, column))
        seen.setdefault(key, index)
    data = next((header for header in headers if kind_of(header) in ("email", "phone", "date")), None)
    if data is not None:
        found.append(Problem(problems.HEADER_IS_DATA, {"example": data}, row))
    return found


def _compact(text: str) -> str:
    return header_key(text).replace(" ", "")


@cache
def _index() -> dict[str, str]:
    index: dict[str, str] = {}
    for target, names in SYNONYMS.items():
        for name in (target, *names):
            index.setdefault(_compact(name), target)
    return index


def _meaning(header: str, own: Mapping[str, str]) -> tuple[str | None, bool]:
    if len(header) > _MAX_LENGTH:
        return None, False
    words = header_key(header).split()
    compact = "".join(words)
    if compact in own:
        return own[compact], True
    bare = [word for word in words if not word.isdigit()]
    # "Phone 1 - Value" is how address books of mail programs write the first phone.
    if len(bare) < len(words) and bare[-1:] == ["value"]:
        bare = bare[:-1]
    target = _index().get("".join(bare)) or _index().get("".join(_without_neutral(bare)))
    return (target, True) if target else (_loose(bare), False)


def _without_neutral(words: list[str]) -> list[str]:
    start, end = 0, len(words)
    while start < end and words[start] in NEUTRAL:
        start += 1
    while start < end and words[end - 1] in NEUTRAL:
        end -= 1
    return words[start:end]


def _loose(words: list[str]) -> str | None:
    """Return the target that `words` end with, or begin with before "of" ("telefone da mãe")."""
    if FOREIGN.intersection(words):
        return None
    return next((target for part in _parts(words) if (target := _index().get(part)) in LOOSE), None)


def _parts(words: list[str]) -> Iterator[str]:
    for start in range(1, len(words)):
        yield "".join(words[start:])
    for end in range(1, len(words)):
        if words[end] in ("do", "da", "de", "del", "of"):
            yield "".join(words[:end])


def _first_names(matches: list[Match], winners: Mapping[str, int]) -> list[Match]:
    if "last_name" not in winners or "first_name" in winners:
        return matches
    return [
        Match(match.index, match.header, "first_name", match.is_sure)
        if match.target == "name" and _compact(match.header) in _SHORT_NAMES
        else match
        for match in matches
    ]
