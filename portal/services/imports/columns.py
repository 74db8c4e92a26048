"""Columns: which field each column of a file stands for; what the person says counts before the headers."""

from collections.abc import Mapping, Sequence

from portal.errors import N_, Refusal
from portal.models.customer import FIELDS
from portal.sheets import match_headers, match_problems
from portal.sheets.headers import Match
from portal.sheets.problems import Problem
from portal.text import fold

TARGETS = frozenset(FIELDS) | {"first_name", "last_name"}


def match(headers: Sequence[str], columns: Mapping[str, str]) -> list[Match]:
    """Match headers to fields; what the person said counts before what the headers say."""
    unknown = [field for field in columns.values() if field and field not in TARGETS]
    missing = [header for header in columns if fold(header) not in {fold(known) for known in headers}]
    if unknown:
        raise Refusal(N_("There is no field “%(field)s”."), "map", field=unknown[0])
    if missing:
        raise Refusal(N_("The file has no column “%(header)s”."), "map", header=missing[0])
    said = {fold(header): field or None for header, field in columns.items()}
    chosen: dict[str | None, int] = {}
    for index, header in enumerate(headers):
        if said.get(fold(header)):
            chosen.setdefault(said[fold(header)], index)
    return [_meant(match, said, chosen) for match in match_headers(headers)]


def remarks(matches: Sequence[Match], columns: Mapping[str, str]) -> list[Problem]:
    """Return what a person should know of the matching: nothing of columns that she leaves out by choice."""
    left_out = {fold(header) for header, field in columns.items() if not field}
    return match_problems([match for match in matches if fold(match.header) not in left_out])


def _meant(match: Match, said: Mapping[str, str | None], chosen: Mapping[str | None, int]) -> Match:
    """Return what a column means; nothing is doubtful about what the person said, and each field is one column."""
    is_said = fold(match.header) in said
    known = match.target if match.target in TARGETS else None
    target = said[fold(match.header)] if is_said else known
    if chosen.get(target, match.index) != match.index:
        return Match(match.index, match.header, None, duplicate_of=chosen[target])
    if is_said:
        return Match(match.index, match.header, target)
    return Match(match.index, match.header, target, match.is_sure, match.duplicate_of)
