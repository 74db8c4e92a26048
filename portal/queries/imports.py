"""Reading imports: one of them, its rows page by page, its report."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import peewee
from peewee import fn

from portal import clock
from portal.db import db
from portal.errors import N_, Missing
from portal.models import Change, Customer, Group, Import, ImportRow, User
from portal.permissions import Action, Actor, require
from portal.queries.filters import Choice
from portal.values import Remark

PAGE = 100
QUIET_MINUTES = 5  # after which nobody is at a file that is still being checked: the largest takes one
KEPT_DAYS = 30  # for which the rows of a finished import can be looked at; then its counts alone stay
RESULTS = ("new", "updated", "unchanged", "ambiguous", "refused")
WARNED = "warned"  # rows that are taken, with a warning
JOINS = ("joined", "already", "excluded")


def by_id(actor: Actor, import_id: int) -> Import:
    """Return the import of that number; raises Missing."""
    require(actor, Action.IMPORT_CUSTOMERS)
    imported = (
        Import.select(Import, Group)
        .join(Group, peewee.JOIN.LEFT_OUTER)
        .where(Import.id == import_id, Import.state != "cancelled")
        .first()
    )
    if imported is None:
        raise Missing(N_("There is no such import."))
    return imported


def group_choices(actor: Actor, asked: str = "") -> list[Choice]:
    """Return the groups that a file can go into, in name order, and with them the one that is `asked` for.

    An archived one is refused when the file is checked. Were it left out here, the form would be drawn with no group
    in its place, and the next press would import the file into none.
    """
    require(actor, Action.EDIT_GROUP)
    offered = Group.status.in_(("active", "draft")) | ((Group.code == asked) & (Group.status == "archived"))
    query = Group.select(Group.id, Group.code, Group.name).where(offered).order_by(Group.name_key, Group.code)
    return [Choice(row_id, code, name or code) for row_id, code, name in db.execute(query)]


def earlier(imported: Import) -> Import | None:
    """Return an earlier finished import of the very same file, if there is one."""
    return (
        Import.select()
        .where(Import.file_hash == imported.file_hash, Import.state == "done", Import.id != imported.id)
        .order_by(Import.id.desc())
        .first()
    )


def long_over() -> peewee.ModelSelect:
    """Return a select of the ids of imports whose rows nobody may look at any more."""
    ended = fn.COALESCE(Change.at, Import.created_at)  # one that wrote nothing has no change
    done = (Import.state == "done") & (ended < clock.ago(days=KEPT_DAYS))
    joined = Import.select(Import.id).join(Change, peewee.JOIN.LEFT_OUTER)
    return joined.where((Import.state == "cancelled") | done)


def is_long_over(imported: Import) -> bool:
    """Tell whether the rows of an import are dropped, or about to be."""
    return bool(long_over().where(Import.id == imported.id).exists())


def unfinished(actor: Actor) -> list[Import]:
    """Return the imports that are being checked or written, or were interrupted at it, the newest first."""
    require(actor, Action.IMPORT_CUSTOMERS)
    return list(Import.select().where(Import.state.in_(("reading", "running"))).order_by(Import.id.desc()).limit(20))


def is_read(imported: Import) -> bool:
    """Tell whether a file that is still being checked was read to its end: what it holds is stored after its rows."""
    return bool(imported.headers)


def is_interrupted(imported: Import) -> bool:
    """Tell whether the check of a file has gone on for so long that nobody is at it any more."""
    return imported.state == "reading" and imported.created_at < clock.ago(minutes=QUIET_MINUTES)


def n_written(imported: Import) -> int:
    """Return how many customers of an import that is being written are stored already."""
    query = ImportRow.select(fn.COUNT(ImportRow.id)).where(
        ImportRow.imported == imported, ImportRow.row <= imported.reached, ImportRow.result.in_(("new", "updated"))
    )
    return int(query.scalar())


@dataclass(frozen=True)
class Rows:
    """One page of staged rows, and the row number to go on after (None: no more)."""

    rows: list[ImportRow]
    after: int | None


def rows(imported: Import, *, show: str = "", after: int = 0, size: int = PAGE) -> Rows:
    """Return the rows after the given row number; `show` is a result, an effect or WARNED, '' for all."""
    query = (
        ImportRow.select(ImportRow, Customer)
        .join(Customer, peewee.JOIN.LEFT_OUTER)
        .where(ImportRow.imported == imported, ImportRow.row > after)
        .order_by(ImportRow.row)
    )
    if show == WARNED:
        query = query.where(*_warned())
    elif show in RESULTS:
        query = query.where(ImportRow.result == show)
    elif show in JOINS:
        query = query.where(ImportRow.joins == show)
    found = list(query.limit(size + 1))
    return Rows(found[:size], found[size - 1].row if len(found) > size else None)


def why_not(row: ImportRow) -> Remark | None:
    """Return why a row is not taken, as a sentence with its column; None if it is."""
    if not row.reason:
        return None
    for sentence, column, params in row.remarks:
        if sentence == row.reason and column == row.reason_column:
            return Remark(sentence, column, params)
    is_key = row.reason_column in {"code", "email", "phone"}
    value = getattr(row, row.reason_column) if is_key else (row.own or {}).get(row.reason_column)
    params = {"value": str(value or ""), "row": str(row.reason_row or ""), "column": row.reason_column}
    return Remark(row.reason, row.reason_column, params)


def wrong_cells(imported: Import, row: ImportRow) -> list[int]:
    """Return the columns, by index, whose cells keep a row from being taken: those that are to be corrected."""
    if row.result not in {"refused", "ambiguous"} or len(row.cells) > len(imported.headers):
        return []
    if (imported.corrections.get(str(row.row)) or {}).get("out"):
        return []
    named = {column for _sentence, column, _params in row.remarks} | {row.reason_column} - {""}
    named = named or {"code", "email", "phone"}  # by which somebody would be found
    if "name" in named:
        named |= {"first_name", "last_name"}
    return [index for index, target in enumerate(imported.columns) if target in named]


def correctors(imported: Import) -> dict[int, str]:
    """Return the names of who has corrected rows of an import, by id."""
    ids = {one["by"] for one in imported.corrections.values()}
    return dict(User.select(User.id, User.name).where(User.id.in_(ids)).tuples()) if ids else {}


def warnings(row: ImportRow) -> list[Remark]:
    """Return what a person should know about cells of a row that is taken."""
    return [] if row.reason else [Remark(*parts) for parts in row.remarks]


def header_of(imported: Import, field: str) -> str:
    """Return the file's own header for a field; '' if no column stands for it."""
    for header, target in zip(imported.headers, imported.columns, strict=False):
        if target == field:
            return str(header)
    return ""


def refused(imported: Import) -> Iterator[tuple[list[str], ImportRow]]:
    """Return the rows that are not taken, with their original cells, in the order of the file.

    Raises Missing once they are dropped.
    """
    if is_long_over(imported):
        raise Missing(N_("The rows of this file were dropped 30 days after the import."))
    return _refused(imported)


def _refused(imported: Import) -> Iterator[tuple[list[str], ImportRow]]:
    after = 0
    while True:
        page = list(
            ImportRow.select()
            .where(
                ImportRow.imported == imported, ImportRow.result.in_(("refused", "ambiguous")), ImportRow.row > after
            )
            .order_by(ImportRow.row)
            .limit(500)
        )
        for row in page:
            yield [*row.cells, *[""] * (len(imported.headers) - len(row.cells))], row
        if len(page) < 500:
            return
        after = page[-1].row


def _warned() -> list[Any]:
    """Return the conditions for rows that are taken with a warning."""
    return [ImportRow.reason == "", ImportRow.remarks.cast("text") != "[]"]


def n_warned(imported: Import) -> int:
    """Return how many rows are taken with a warning."""
    return int(
        ImportRow.select(fn.COUNT(ImportRow.id))
        .where(ImportRow.imported == imported, *_warned())
        .scalar()
    )


def report(actor: Actor, imported: Import) -> dict[str, Any]:
    """Return an import's counts, warnings and problems with English sentences, as the command line prints them."""
    require(actor, Action.IMPORT_CUSTOMERS)
    told: dict[str, Any] = dict(imported.counts) or dict.fromkeys(("rows", *RESULTS, *JOINS, "left"), 0)
    if "groups" in told:  # by code, or by name where it is yet to be
        told["groups"] = {key.partition(":")[2]: n for key, n in sorted(told["groups"].items())}
    told["warnings"] = []
    told["problems"] = []
    for sentence, header, params in imported.problems:
        kind = (
            "problems"
            if imported.state == "stopped" and [sentence, header, params] == imported.problems[-1]
            else "warnings"
        )
        told[kind].append({"row": None, "column": header, "reason": sentence % params if params else sentence})
    noted = ImportRow.select().where(
        ImportRow.imported == imported, (ImportRow.reason != "") | (ImportRow.remarks.cast("text") != "[]")
    )
    for row in noted.order_by(ImportRow.row).iterator():
        why = why_not(row)
        for remark in [why] if why else warnings(row):
            line = {
                "row": row.row,
                "column": header_of(imported, remark.field) or remark.field,
                "reason": remark.sentence % remark.params if remark.params else remark.sentence,
            }
            told["problems" if why else "warnings"].append(line)
    if imported.state == "done":
        told["change"] = imported.change_id
    return told
