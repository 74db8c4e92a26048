"""Importing a file of customers: stage, resolve and show everything first, then write it; the group all at once."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from portal import clock
from portal.errors import N_, Conflict, NeedsApproval, Refusal
from portal.models import Group, Import, ImportRow
from portal.permissions import Action, Actor, require
from portal.queries import fields as find_fields
from portal.queries import foreseen
from portal.queries import imports as find
from portal.services import groups, guards, jobs, once
from portal.services.changes import Recorder, record
from portal.services.imports import (
    apply,
    boxes,
    columns,
    counts,
    effect,
    foreseeing,
    judging,
    resolve,
    stage,
    sweep,
    turns,
)
from portal.services.imports.allowing import allowed, is_open, there

KEYS = ("code", "email", "phone")


def check(
    actor: Actor,
    path: Path,
    file_name: str,
    *,
    group: Group | None = None,
    new_group: str = "",
    columns: Mapping[str, str] | None = None,
    dates: Mapping[str, str] | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    lift_exclusions: bool = False,
    match: str | None = None,
    creates_groups: bool = False,
) -> Import:
    """Read the file at `path`, check every row, store only the staging, and return the import.

    `new_group` names a group that the run will bring into being, for who may create groups; `creates_groups` lets the
    list of groups in a column do so too. `columns` says which field a header stands for where the headers alone do
    not; `dates` in which order the dates of a header are written ('dmy', 'mdy', 'ymd'); `match` the key that decides
    whom a row fits ('code', 'email', 'phone'). The import's state is then 'checked', or 'stopped' with the reason in
    its problems; nothing else was written. Raises Denied, Refusal.
    """
    require(actor, Action.IMPORT_CUSTOMERS)
    if group is not None:
        require(actor, Action.EDIT_GROUP)
        is_open(group)
    if new_group.strip():
        require(actor, Action.CREATE_GROUP)
        group = None
        groups.check(groups.Details(new_group))
    if creates_groups:
        require(actor, Action.CREATE_GROUP)
    if match is not None and match not in KEYS:
        raise Refusal(N_("Rows are matched by code, email or phone."), "match")
    sweep.interrupted()
    while sweep.long_over():
        time.sleep(turns.BREATH)
    imported = stage.read(
        actor, path, file_name, group=group, new_group=new_group.strip(), said=columns or {}, dates=dates or {},
        encoding=encoding, delimiter=delimiter, lift_exclusions=lift_exclusions, first_key=match or "code",
        creates_groups=creates_groups,
    )  # fmt: skip
    if imported.state == "reading":
        resolve.resolve(imported)
        foreseeing.begin(actor, imported)
    return imported


def run(actor: Actor, import_id: int) -> Import:
    """Write what the check showed, as one change, and return the import with its counts.

    If anybody has written since the check, the rows are matched once more first: an outcome that differs from what
    was shown is stored as the new check, and Conflict is raised. Customers are then written some hundred a
    transaction, the group changes in the last one. One that was interrupted goes on where it stood; running a
    finished import again changes nothing. Raises Missing, Denied, Refusal.
    """
    require(actor, Action.IMPORT_CUSTOMERS)
    imported = prepare(actor, import_id)
    while imported.state != "done":
        imported = go_on(actor, import_id)
        time.sleep(turns.BREATH)
    return imported


def prepare(actor: Actor, import_id: int) -> Import:
    """Match the rows of a checked import once more if anybody has written since the check, and return it.

    Raises Conflict when the outcome differs from what was shown, Missing, Denied, Refusal.
    """
    require(actor, Action.IMPORT_CUSTOMERS)
    imported = allowed(actor, import_id)
    if imported.state == "checked" and (imported.matching or not resolve.stands(imported)):
        _match_again(actor, imported)
    if imported.state == "checked" and _is_guarded(imported):
        foreseeing.ensure(actor, imported)
        check_guards(imported)
    return imported


def check_guards(imported: Import) -> None:
    """Raise NeedsApproval where a checked import changes groups more than one person may, unless it was approved.

    Asked beforehand, of what was foreseen of the whole file: groups change last, when the customers are written. What
    follows from customers' own data counts not (decision 0062). Raises Refusal while it is not known what it moves.
    """
    if not _is_guarded(imported):
        return
    if not foreseen.is_over(imported):
        raise Refusal(foreseen.UNKNOWN)
    touched = {group.id: group.is_guarded for group in [*boxes.moves(imported), imported.group] if group is not None}
    moved = foreseen.asked(imported)
    brought = [group_id for group_id in moved if group_id <= 0]
    try:
        guards.check(moved, touched, guards.calling("imports.run", import_id=imported.id), brought)
    except NeedsApproval:
        if guards.approved(imported.id, foreseen.fingerprint(imported)) is None:
            raise


def _is_guarded(imported: Import) -> bool:
    return columns.moves_members(imported) and guards.are_on()


@contextmanager
def _as_approved(import_id: int) -> Iterator[None]:
    """Note in the change of the block who approved the import, if anybody had to.

    The first part notes it, and only one that has a group can have needed it: nothing else is asked of.
    """
    imported = Import.get_or_none(Import.id == import_id)
    leave = guards.leave()
    if leave is None and imported is not None and imported.change_id is None and columns.moves_members(imported):
        leave = guards.approved(import_id, foreseen.fingerprint(imported))
    if leave is None:
        yield
        return
    if imported is not None:
        leave.change_id = leave.change_id or imported.change_id
    with guards.passing(leave):
        yield


def check_again(actor: Actor, import_id: int) -> Import:
    """Check rows whose check was interrupted, or since which others have written, and return the import.

    What it moves in all groups is worked out too, if that is not known as things are now. Whoever is at the check
    after all is stopped. Raises Missing, Denied, Refusal where the file was not read to its end.
    """
    require(actor, Action.IMPORT_CUSTOMERS)
    imported = there(import_id, "stopped")
    if imported.state == "reading" and not find.is_read(imported):
        raise Refusal(N_("This file was not read to its end. Choose it once more."))
    if imported.state == "reading" or (imported.state == "checked" and not resolve.stands(imported)):
        resolve.resolve(imported)
    foreseeing.begin(actor, imported, waits=True)
    return imported


def _match_again(actor: Actor, imported: Import) -> None:
    seen = imported.fingerprint
    resolve.resolve(imported)
    if imported.fingerprint != seen:
        foreseeing.begin(actor, imported)
        raise Conflict(
            N_(
                "Customers have changed since this file was checked, so nothing was written. "
                "The check is new now: look at it, then import."
            )
        )


def go_on(actor: Actor, import_id: int) -> Import:
    """Write the next parts of an import, whoever wrote those before; with the last one its group."""
    require(actor, Action.IMPORT_CUSTOMERS)
    subject = f"import:{import_id}"
    with _as_approved(import_id), record(actor, "import.run", subject, seconds=turns.PATIENCE) as change:
        imported = allowed(actor, import_id)
        if imported.state == "done":
            return imported
        if imported.matching:
            raise Conflict(resolve.BEING_MATCHED)
        change.go_on(imported.change_id)
        is_alone = resolve.stands(imported)
        if imported.new_group and imported.group_id is None:
            imported.group = groups.insert(actor, groups.Details(imported.new_group), change)
        imported.state, imported.written_at = "running", clock.now()
        if _customers(actor, imported, change, is_alone):
            _finish(actor, imported, change, is_alone)
            imported.state = "done"
        imported.change = change.id if change.is_made else None
        if is_alone:
            imported.as_of = resolve.newest_change_row()
        imported.save()
    return imported


def _customers(actor: Actor, imported: Import, change: Recorder, is_alone: bool) -> bool:
    """Write parts until others should have their turn; tell whether that was the last."""
    until = time.monotonic() + turns.HOLD
    fields = find_fields.live()
    while True:
        part, is_last = apply.next_part(imported)
        if not is_alone:
            resolve.set_aside(part)
            judging.set_aside(part, fields)
        apply.customers_of(actor, part, change, fields)
        imported.reached = part.high
        if is_last or time.monotonic() >= until:
            return is_last


def _finish(actor: Actor, imported: Import, change: Recorder, is_alone: bool) -> None:
    resolve.follow(imported)
    if not is_alone:
        for part in turns.parts(imported):
            effect.join(part)
        counts.summarise(imported)
    if columns.changes_groups(imported):
        boxes.publish(actor, turns.whole(imported), change)
    if imported.group_id:
        apply.publish(turns.whole(imported), change)
        if Group.get_by_id(imported.group_id).level:
            # Whom a group that the group excludes has taken in with the file is found out by now only.
            effect.tell_kept_out(imported)
            counts.summarise(imported)


def cancel(actor: Actor, import_id: int) -> Import:
    """Drop an import that has not been run, or whose check was interrupted, with its staged rows."""
    require(actor, Action.IMPORT_CUSTOMERS)
    with once.transaction():
        imported = there(import_id, "stopped")
        if imported.state == "done":
            raise Refusal(N_("This import has been written already."))
        if imported.state == "running":
            raise Refusal(N_("This import is being written; some of its customers are stored already."))
        jobs.drop(key(import_id))
        jobs.drop(foreseeing.key(import_id))
        ImportRow.delete().where(ImportRow.imported == imported).execute()
        # Whoever matches its rows just now finds that they are nobody's any more.
        imported.state, imported.matching = "cancelled", ""
        imported.save()
    return imported


def key(import_id: int) -> str:
    """Return the key of the one job that may write an import, which is also what that job is about."""
    return f"import:{import_id}"


def report(actor: Actor, imported: Import) -> dict[str, object]:
    """Return the counts, warnings and problems of an import as the command line prints them (interfaces.md)."""
    return find.report(actor, imported)


__all__ = ["KEYS", "allowed", "cancel", "check", "check_again", "go_on", "key", "prepare", "report", "run"]
