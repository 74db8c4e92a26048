"""Before a row is staged: what the columns of a table stand for, and how the cells of some of them are written."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Protocol

from portal import clock, config
from portal.errors import N_
from portal.file_words import sentence_of
from portal.models import Import, Shop
from portal.services.imports import columns, dating
from portal.services.imports.columns import GROUPS, Known
from portal.services.imports.dating import Chosen
from portal.services.imports.own_cells import Cells, names_any, wants_whole
from portal.services.imports.proposing import Column, gather
from portal.sheets import header_key, misfit
from portal.sheets.headers import Match
from portal.sheets.problems import Problem
from portal.sheets.read import Row
from portal.text import fold

PEEK = 2_000  # rows looked at before any is staged, to find a column that holds something else
NO_KEY = N_("No column holds a code, an e-mail address or a phone number, so nobody can be found or kept by it.")


class Table(Protocol):
    """Headers and rows: a sheet that is read, or the rows of one that were staged before."""

    @property
    def headers(self) -> list[str]: ...  # noqa: D102

    @property
    def header_problems(self) -> list[Problem]: ...  # noqa: D102

    def rows(self) -> Iterable[Row]: ...  # noqa: D102


@dataclass
class Prepared:
    """What reading a row needs to know."""

    imported: Import
    targets: Sequence[str | None]  # the built-in fields alone
    own: Cells
    shops: Mapping[str, int]
    region: str
    today: date


def prepare(
    imported: Import, table: Table, said: Mapping[str, str], known: Known, orders: Chosen | None = None
) -> Prepared | None:
    """Match the columns, note what a person should know of them; None when the file has to be stopped.

    Raises Refusal where what she says of a column, or of the order of its dates (`orders`), cannot be.
    """
    matches = columns.match(table.headers, said, known)
    own = _own_columns(table, matches, known)
    matches = [_opened(imported, match, own, said, known) for match in matches]
    imported.headers, imported.columns = table.headers, [match.target for match in matches]
    for problem in [*table.header_problems, *columns.remarks(matches, said)]:
        note(imported, problem)
    if not {"code", "email", "phone"} & set(imported.columns):
        imported.state = "stopped"
        imported.problems = [*imported.problems, [NO_KEY, "", {}]]
        return None
    targets = [target if target in columns.BUILT_IN else None for target in imported.columns]
    peeked = _peek(table, targets)
    for index, target in enumerate(targets):
        wrong = misfit(target, peeked[index]) if target else None
        if wrong is not None:
            sentence, _, params = sentence_of(wrong)
            imported.state = "stopped"
            imported.problems = [*imported.problems, [sentence, imported.headers[index], params]]
    if imported.state == "stopped":
        return None
    dated = [index for index, target in enumerate(imported.columns) if dating.is_dates(target, known)]
    dating.settle(imported, dating.look((row.cells for row in table.rows()), dated), orders or Chosen())
    settings = config.current()
    return Prepared(
        imported, targets, Cells(imported.columns, known, own), _shops(), settings.region,
        clock.today(settings.timezone),
    )  # fmt: skip


def note(imported: Import, problem: Problem) -> None:
    """Add to an import what a person should know of the whole file, or why it is stopped."""
    sentence, column, params = sentence_of(problem)
    imported.problems = [*imported.problems, [sentence, _header(imported, column), params]]


def _header(imported: Import, letters: str) -> str:
    """Return the header of a column given by its letters; '' for none."""
    index = 0
    for letter in letters:
        index = index * 26 + ord(letter) - ord("A") + 1
    return imported.headers[index - 1] if 0 < index <= len(imported.headers) else ""


def _own_columns(table: Table, matches: Sequence[Match], known: Known) -> dict[int, Column]:
    """Return what those columns hold, to their end, that can be written in several ways, or perhaps name groups."""
    wanted = [
        match.index for match in matches if match.target == GROUPS or wants_whole(known.fields.get(match.target or ""))
    ]
    return gather((row.cells for row in table.rows()), wanted) if wanted else {}


def _opened(imported: Import, match: Match, own: Mapping[int, Column], said: Mapping[str, str], known: Known) -> Match:
    """Return what a column stands for, as far as this person may fill it in and its values say so."""
    if match.target == GROUPS and fold(match.header) not in {fold(header) for header in said}:
        is_plain = header_key(match.header) in columns.PLAINLY_GROUPS or known.may_create_groups
        if not is_plain and not names_any(known, own[match.index].said):
            return Match(match.index, match.header, None)
    closed = known.why_closed(match.target)
    if closed:
        imported.problems = [*imported.problems, [closed, match.header, {"header": match.header}]]
        return Match(match.index, "", None)  # that is all there is to say of it
    return match


def _peek(table: Table, targets: Sequence[str | None]) -> list[list[str]]:
    """Return the first cells of each column that has a target."""
    found: list[list[str]] = [[] for _ in targets]
    for row in islice(table.rows(), PEEK):
        for index, cell in enumerate(row.cells):
            if targets[index]:
                found[index].append(cell)
    return found


def _shops() -> dict[str, int]:
    """Return the ids of shops by what a cell may call them: a code, or a name that only one of them has."""
    shops = list(Shop.select(Shop.id, Shop.code_key, Shop.name_key).where(Shop.removed_at.is_null()))
    named = Counter(shop.name_key for shop in shops)
    only = {shop.name_key: shop.id for shop in shops if named[shop.name_key] == 1}
    return only | {shop.code_key: shop.id for shop in shops}
