"""What an import moves in all groups, worked out before it is written: part after part is done and taken back.

Who is in which group depends on each customer alone, and she is spoken of by the first of her rows alone. So the
difference that a file makes is the sum of those that its parts make, and nobody waits for more than a part (decision
0093). It is what is then written, for the same functions write it.
"""

import hashlib
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import peewee
from peewee import fn

from portal import clock
from portal.db import db, insert_all, transaction
from portal.errors import Busy, Refusal
from portal.models import Field, Group, Import, ImportMove, ImportRow, Job, MembershipDelta
from portal.permissions import Action, Actor, require
from portal.queries import fields as find_fields
from portal.queries import foreseen as find
from portal.queries import jobs as find_jobs
from portal.services import groups, jobs, membership
from portal.services.imports import apply, boxes, columns, effect, judging, resolve, turns
from portal.services.imports.allowing import allowed
from portal.services.imports.turns import Part
from portal.services.recorder import Unwritten
from portal.text import fold

LARGE = 2_000  # rows; what fewer move is worked out while the person waits
ROWS = 250  # of a part: half as many as an import writes at once, for it puts them into their groups too
SWEPT = 5_000  # moves that are dropped at once


class _Move(NamedTuple):
    """The customer of a row joins or leaves a group, by its number or the place of one that is yet to be."""

    row: int
    group_id: int
    is_joining: bool


class _TakenBack(Exception):
    pass


def key(import_id: int) -> str:
    """Return the key of the one job that works out what an import moves, which is also what that job is about."""
    return f"foresee:{import_id}"


def begin(actor: Actor, imported: Import, *, waits: bool = False) -> None:
    """Have it worked out what a checked import moves; of a large file in the background, if anybody works there.

    Where nobody does it is left until somebody asks for it, and then `waits`. Raises Busy.
    """
    require(actor, Action.IMPORT_CUSTOMERS)
    if imported.state != "checked" or find.is_current(imported):
        return
    _anew(imported)
    if imported.counts["rows"] > LARGE and find_jobs.is_worked_on():
        jobs.enqueue(actor, "import.foresee", {"import": imported.id}, subject=key(imported.id), key=key(imported.id))
    elif imported.counts["rows"] <= LARGE or waits:
        _work_out(actor, imported)


def ensure(actor: Actor, imported: Import) -> None:
    """Work it out here and now unless it is known, and nobody has written since."""
    require(actor, Action.IMPORT_CUSTOMERS)
    if imported.state == "checked" and not find.is_current(imported):
        _anew(imported)
        _work_out(actor, imported)


def _anew(imported: Import) -> None:
    with transaction(turns.PATIENCE):
        Import.update(foreseen={}).where(Import.id == imported.id, Import.state == "checked").execute()
    imported.foreseen = {}


def _work_out(actor: Actor, imported: Import) -> None:
    while not go_on(actor, imported.id):
        time.sleep(turns.BREATH)
    imported.foreseen = Import.get_by_id(imported.id).foreseen


def step(actor: Actor, job: Job) -> bool:
    """Work out what the next parts of a job's import move; tell whether those were the last."""
    require(actor, Action.IMPORT_CUSTOMERS)
    is_last = go_on(actor, job.args["import"])
    imported = Import.get_by_id(job.args["import"])
    job.n_all = imported.counts.get("rows", 0)
    job.n_done = job.n_all if is_last else min(job.n_all, imported.foreseen.get("reached", 0))
    return is_last


def go_on(actor: Actor, import_id: int) -> bool:
    """Work out what the next parts of a checked import move, whoever was at those before; tell whether that is all.

    What an import would be refused for is kept in the place of what it moves.
    """
    require(actor, Action.IMPORT_CUSTOMERS)
    with transaction(turns.PATIENCE):
        imported = Import.get_or_none(Import.id == import_id)
        if imported is None or imported.state != "checked" or imported.matching or find.is_over(imported):
            return True
        membership.catch_up(clock.now())  # what the clock moves is none of the file's
        if not imported.foreseen:
            if drop(ImportMove.imported == imported):
                return False
            imported.foreseen = {
                "reached": 0, "as_of": resolve.newest_change_row(), "at": clock.now().isoformat(), "print": "",
                "asked": {},
            }  # fmt: skip
        try:
            allowed(actor, import_id)
            _parts(actor, imported)
        except Busy:
            raise
        except Refusal as why:
            said = [why.sentence, {name: str(value) for name, value in why.params.items()}]
            imported.foreseen |= {"is_over": True, "refused": said}
        imported.save(only=[Import.foreseen])
        return find.is_over(imported)


def drop(*which: Any) -> bool:
    """Drop some of these moves, inside the open transaction; tell whether there may be more."""
    pair = peewee.Tuple(ImportMove.imported, ImportMove.group_id, ImportMove.is_joining, ImportMove.row)
    some = ImportMove.select(
        ImportMove.imported, ImportMove.group_id, ImportMove.is_joining, ImportMove.row
    ).where(*which).limit(SWEPT)  # fmt: skip
    return bool(ImportMove.delete().where(pair.in_(some)).execute() == SWEPT)


def _parts(actor: Actor, imported: Import) -> None:
    """Work out parts until others should have their turn."""
    until, said = time.monotonic() + turns.HOLD, imported.foreseen
    fields, is_alone = find_fields.live(), resolve.stands(imported)
    last = ImportRow.select(fn.MAX(ImportRow.row)).where(ImportRow.imported == imported).scalar() or 0
    while said["reached"] < last:
        part = Part(imported, said["reached"], said["reached"] + ROWS, leads=True)
        moves, asked = _of(actor, part, fields, is_alone)
        insert_all(
            "import_move", ["import_id", "group_id", "is_joining", "row"],
            [(imported.id, one.group_id, one.is_joining, one.row) for one in moves],
        )  # fmt: skip
        for group_id, (joined, left) in asked.items():
            before = said["asked"].get(str(group_id), [0, 0])
            said["asked"][str(group_id)] = [before[0] + joined, before[1] + left]
        told = "\n".join([said["print"], *(f"{one.row} {one.group_id} {one.is_joining:d}" for one in moves)])
        said["print"] = hashlib.sha256(told.encode()).hexdigest()
        said["reached"] = part.high
        if time.monotonic() >= until:
            break
    if said["reached"] >= last:
        counts = find.counted(imported)
        n_members = dict(Group.select(Group.id, Group.n_members).where(Group.id.in_(list(counts))).tuples())
        said["groups"] = [
            [group_id, joining, leaving, n_members.get(group_id, 0) + joining - leaving]
            for group_id, (joining, leaving) in sorted(counts.items())
        ]
        said["is_over"] = True


def _of(
    actor: Actor, part: Part, fields: Sequence[Field], is_alone: bool
) -> tuple[list[_Move], dict[int, tuple[int, int]]]:
    """Return what a part moves, in one order, and by group how many of it the file asks for; all is taken back."""
    moves: list[_Move] = []
    asked: dict[int, tuple[int, int]] = {}
    newest = Group.select(fn.MAX(Group.id)).scalar() or 0
    with suppress(_TakenBack), db.atomic():
        change = Unwritten(actor, "import.run", "", "")
        with membership.collecting(is_taken_back=True):
            before = _write(actor, part, change, fields, is_alone)
            place = _places(part.imported, newest)
            for group_id, (joined, left) in change.moves.items():
                was = before.get(group_id, (0, 0))
                if (joined, left) != was:
                    asked[place.get(group_id, group_id)] = joined - was[0], left - was[1]
            moves = _moved(part, place)
        raise _TakenBack
    if part.imported.new_group:
        part.imported.group = None
    return moves, asked


def _write(
    actor: Actor, part: Part, change: Unwritten, fields: Sequence[Field], is_alone: bool
) -> dict[int, tuple[int, int]]:
    """Do with a part what the run does with the file; return what had moved before its groups had their turn."""
    imported = part.imported
    if not is_alone:
        resolve.set_aside(part)
        judging.set_aside(part, fields)
    if imported.new_group:
        imported.group = groups.insert(actor, groups.Details(imported.new_group), change)
    apply.customers_of(actor, part, change, fields)
    before = dict(change.moves)
    if not is_alone:
        effect.join(part)
    if columns.changes_groups(imported):
        boxes.publish(actor, part, change)
    if imported.group_id:
        apply.publish(part, change)
    return before


def _places(imported: Import, newest: int) -> dict[int, int]:
    """Return, by its number, the place of each group that has just been brought into being."""
    place = {fold(name): -at for at, name in enumerate(find.brought(imported))}
    made = Group.select(Group.id, Group.name).where(Group.id > newest).tuples()
    return {group_id: place[fold(name)] for group_id, name in made}


def _moved(part: Part, place: dict[int, int]) -> list[_Move]:
    """Return what has moved since `membership.collecting` began, by row; who comes and goes has not."""
    step = fn.SUM(peewee.Case(None, [(MembershipDelta.is_joining == True, 1)], -1))  # noqa: E712
    net = (
        MembershipDelta.select(ImportRow.row, MembershipDelta.group_id, step)
        .join(ImportRow, on=(ImportRow.customer == MembershipDelta.customer_id))
        .where(*part.rows())
        .group_by(ImportRow.row, MembershipDelta.group_id)
        .having(step != 0)
    )
    return sorted(_Move(row, place.get(group_id, group_id), n > 0) for row, group_id, n in net.tuples())
