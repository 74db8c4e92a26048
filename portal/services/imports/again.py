"""A file that is checked, checked once more with other columns; fields made of columns that are none of ours.

The file itself is not kept: its rows are staged once more, from their cells, under a number of their own. The earlier
check is dropped when the new one stands.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as made
from itertools import islice
from typing import Any

from portal import config, own_values
from portal.errors import N_, Conflict, Refusal, Refusals
from portal.models import Field, Import, ImportRow, Job
from portal.permissions import Action, Actor, require
from portal.queries import codes
from portal.services import fields, imports, once
from portal.services.changes import record
from portal.services.imports import columns, dating, foreseeing, preparing, proposing, remembering, resolve, stage
from portal.services.imports.columns import GROUPS, Known
from portal.services.imports.dating import Chosen, Dates
from portal.services.imports.proposing import Proposal
from portal.sheets import header_key, restore
from portal.sheets.headers import header_problems
from portal.sheets.problems import Problem
from portal.sheets.read import Row
from portal.text import clean, fold

BUSY = N_("This file is being imported, or has been; its columns stay as they are.")
MEANWHILE = N_(
    "This file was checked anew, imported or dropped meanwhile, so nothing was changed. Look at its newest check."
)
_REASON = "coterie reason"  # the column that the download of refused rows adds
_CHUNK = 1_000


@dataclass(frozen=True)
class Staged:
    """The rows of an import as they were staged, to be read once more."""

    imported: Import
    headers: list[str]
    header_problems: list[Problem] = made(default_factory=list)
    corrections: Mapping[str, Any] = made(default_factory=dict)

    def rows(self) -> Iterator[Row]:
        """Yield the rows in the order of the file."""
        width, after = len(self.headers), 0
        while True:
            query = ImportRow.select(ImportRow.row, ImportRow.cells).where(
                ImportRow.imported == self.imported, ImportRow.row > after
            )
            page = list(query.order_by(ImportRow.row).limit(_CHUNK).tuples())
            for row, cells in page:
                whole = [*cells, *[""] * (width - len(cells))]
                for index, (_said, text) in self.corrections.get(str(row), {}).get("cells", {}).items():
                    whole[int(index)] = text
                yield Row(row, whole[:width], whole[width:])
            if len(page) < _CHUNK:
                return
            after = page[-1][0]


def staged(imported: Import, corrections: Mapping[str, Any] | None = None) -> Staged:
    """Return the rows of an import as a table, with cells that are corrected."""
    headers = list(imported.headers)
    return Staged(imported, headers, header_problems(headers, 1), corrections or {})


def proposals(actor: Actor, imported: Import, wanted: Sequence[int] | None = None) -> list[Proposal]:
    """Return which fields columns could become: the `wanted` ones, or all that are none of ours and hold something."""
    require(actor, Action.IMPORT_CUSTOMERS)
    asked = unknown(actor, imported) if wanted is None else wanted
    said = own_values.context()
    held = proposing.gather((row.cells for row in staged(imported).rows()), asked)
    found: list[Proposal] = []
    for index, column in held.items():
        if column.n or wanted is not None:
            found.append(proposing.propose(index, imported.headers[index], column, said))
    return _with_free_codes(found)


def samples(imported: Import) -> list[list[str]]:
    """Return some different filled cells of each column, from its first rows."""
    found: list[list[str]] = [[] for _ in imported.headers]
    for row in islice(staged(imported).rows(), 100):
        for seen, cell in zip(found, row.cells, strict=True):
            text = clean(restore(cell))[:60]
            if text and len(seen) < 3 and text not in seen:
                seen.append(text)
    return found


def dates(actor: Actor, imported: Import) -> dict[int, Dates]:
    """Return how the columns of dates are written, by their index, with the orders that a person may choose of."""
    require(actor, Action.IMPORT_CUSTOMERS)
    known = columns.known_to(actor, imported.group)
    dated = [index for index, target in enumerate(imported.columns) if dating.is_dates(target, known)]
    return dating.look((row.cells for row in staged(imported).rows()), dated)


def unknown(actor: Actor, imported: Import) -> list[int]:
    """Return the columns that stand for nothing, and do not say once more what another one says."""
    require(actor, Action.IMPORT_CUSTOMERS)
    known = columns.known_to(actor, imported.group)
    matches = columns.match(imported.headers, {}, known)
    named = [matches[index] for index in with_header(imported)]
    return [
        match.index
        for match in named
        if imported.columns[match.index] is None and header_key(match.header) != _REASON
        and (match.target is None or match.target == GROUPS) and match.duplicate_of is None
    ]  # fmt: skip


def with_header(imported: Import) -> list[int]:
    """Return the columns of which something can be said: those with a header, of one that stands twice the first."""
    first: dict[str, int] = {}
    for index, header in enumerate(imported.headers):
        if header:
            first.setdefault(fold(header), index)
    return list(first.values())


def details_of(proposal: Proposal) -> fields.Details:
    """Return what a person says who takes a proposal as it is."""
    label = {config.current().locale: proposal.label}
    return fields.Details(label, proposal.type, proposal.code, choices=proposal.choices)


def with_columns(
    actor: Actor, import_id: int, said: Mapping[str, str], dates: Mapping[str, str] | None = None,
    corrections: Mapping[str, Any] | None = None,
) -> Import:
    """Check the rows of a checked import once more; `said` are the fields of headers, '' for none. Others stay.

    `dates` are the orders in which the dates of headers are written. What is said counts for the next file with the
    same columns too. `corrections` are all that were made of its rows, if there are new ones.

    Returns the new import; the earlier one is dropped. Raises Missing, Denied, Refusal: then it stays. Raises Conflict
    when somebody else was quicker: then hers stands.
    """
    require(actor, Action.IMPORT_CUSTOMERS)
    earlier = checked(actor, import_id)
    mended = earlier.corrections if corrections is None else corrections
    is_creating = any(columns.is_new(key) for key in earlier.counts.get("groups", {}))
    known = columns.known_to(actor, earlier.group, creates_groups=is_creating)
    with once.transaction():
        imported = Import.create(
            user=actor.user_id, group=earlier.group_id, new_group=earlier.new_group, file_name=earlier.file_name,
            file_hash=earlier.file_hash, encoding=earlier.encoding, delimiter=earlier.delimiter,
            lifts_exclusions=earlier.lifts_exclusions, first_key=earlier.first_key,
            corrections=mended,
        )  # fmt: skip
    try:
        table, targets = staged(earlier, mended), _all(earlier, said, known)
        stage.fill(imported, table, targets, known, _orders(earlier, targets, dates or {}, known))
    except Refusal:
        imports.cancel(actor, imported.id)
        raise
    stage.store(imported)
    _refuse_if_stopped(imported)
    chosen = dating.chosen_in(imported)
    orders = {key: order for key, order in (dates or {}).items() if fold(key) in chosen}
    remembering.keep(actor, earlier, said, known, orders, about=imported.id)
    resolve.resolve(imported)
    _replace(actor, earlier, imported)
    foreseeing.begin(actor, imported)
    return imported


def make_fields(
    actor: Actor, import_id: int, wanted: Mapping[int, fields.Details], said: Mapping[str, str],
    dates: Mapping[str, str] | None = None,
) -> Import:
    """Make fields of columns, given by their index, all as one change; then check the file once more with them.

    `said` are the fields of other headers, `dates` the orders of their dates. Raises Refusals that name the columns
    ("code-2": the code of the third).
    """
    require(actor, Action.EDIT_FIELDS)
    imported = checked(actor, import_id)
    _try(actor, imported, {**said, **{imported.headers[index]: "" for index in wanted}}, dates or {})
    own: dict[str, str] = {}
    refusals: list[Refusal] = []
    with record(actor, "field.create") as change:
        for index, details in wanted.items():
            try:
                field: Field = fields.insert(actor, details, change)
            except Refusal as refusal:
                told = refusal.refusals if isinstance(refusal, Refusals) else [refusal]
                refusals += [Refusal(one.sentence, f"{one.field}-{index}", **one.params) for one in told]
                continue
            if not own:
                change.about("field", field.id)
            own[imported.headers[index]] = field.code
        if refusals:
            raise Refusals(refusals)
    return with_columns(actor, import_id, {**said, **own}, dates)


def _replace(actor: Actor, earlier: Import, imported: Import) -> None:
    """Drop the earlier check of a file for the new one; where it was run or checked anew meanwhile, the new one."""
    try:
        with once.transaction():
            checked(actor, earlier.id)
            imports.cancel(actor, earlier.id)
    except Refusal as why:
        imports.cancel(actor, imported.id)
        raise Conflict(MEANWHILE) from why


def _refuse_if_stopped(imported: Import) -> None:
    if imported.state == "stopped":
        sentence, header, params = imported.problems[-1]
        raise Refusal(sentence, None, **params | {"header": header})


def _try(actor: Actor, earlier: Import, said: Mapping[str, str], dates: Mapping[str, str]) -> None:
    """Raise Refusal where the file could not be checked with these columns; nothing is written."""
    known, trial = columns.known_to(actor, earlier.group), Import(file_name=earlier.file_name)
    targets = _all(earlier, said, known)
    preparing.prepare(trial, staged(earlier), targets, known, _orders(earlier, targets, dates, known))
    _refuse_if_stopped(trial)


def checked(actor: Actor, import_id: int) -> Import:
    """Return an import that is checked and that nobody is about to write. Raises Missing, Denied, Refusal."""
    require(actor, Action.IMPORT_CUSTOMERS)
    imported = imports.allowed(actor, import_id)
    if imported.state != "checked" or Job.select().where(Job.key == imports.key(import_id)).exists():
        raise Refusal(BUSY)
    return imported


def _all(earlier: Import, said: Mapping[str, str], known: Known) -> dict[str, str]:
    """Return what is said of every column: as it was, but for what is said now."""
    found: dict[str, str] = {}
    for header, target in zip(earlier.headers, earlier.columns, strict=False):
        if header and fold(header) not in {fold(one) for one in found}:
            found[header] = target if target and known.target(target) else ""
    by_key = {fold(header): header for header in found}
    return found | {by_key.get(fold(header), header): target for header, target in said.items()}


def _orders(earlier: Import, targets: Mapping[str, str], said: Mapping[str, str], known: Known) -> Chosen:
    """Return what is said of the order of dates: as it was where a column still holds dates, but for what is said."""
    keys = {fold(header) for header in said}
    orders = {earlier.headers[int(index)]: order for index, order in earlier.dates.items() if order}
    kept = {
        header: order
        for header, order in orders.items()
        if fold(header) not in keys and dating.is_dates(targets.get(header), known)
    }
    return Chosen({**kept, **said})


def _with_free_codes(found: Sequence[Proposal]) -> list[Proposal]:
    """Return proposals whose codes nothing else has, and no two of them."""
    taken: set[str] = set()
    free = []
    for one in found:
        code, n = one.code, 1
        while codes.bare(code) in taken or codes.holder(code) is not None:
            n += 1
            code = f"{one.code[:56]}-{n}"
        taken.add(codes.bare(code))
        free.append(proposing.coded(one, code))
    return free
