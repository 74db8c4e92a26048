"""Importing a file of customers: stage, resolve and show everything first, then write it in one transaction."""

from collections.abc import Mapping
from pathlib import Path

from portal.errors import N_, Conflict, Missing, Refusal
from portal.models import Group, Import, ImportRow
from portal.permissions import Action, Actor, require
from portal.services import groups, once
from portal.services.changes import record
from portal.services.imports import apply, resolve, stage

KEYS = ("code", "email", "phone")


def check(
    actor: Actor,
    path: Path,
    file_name: str,
    *,
    group: Group | None = None,
    new_group: str = "",
    columns: Mapping[str, str] | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    lift_exclusions: bool = False,
    match: str | None = None,
) -> Import:
    """Read the file at `path`, check every row, store only the staging, and return the import.

    `new_group` names a group that the run will bring into being, for who may create groups. `columns`
    says which field a header stands for where the headers alone do not; `match` the key that decides whom a row fits
    ('code', 'email', 'phone'). The import's state is then 'checked', or 'stopped' with the reason in its problems;
    nothing else was written. Raises Denied, Refusal.
    """
    require(actor, Action.IMPORT_CUSTOMERS)
    if group is not None:
        require(actor, Action.EDIT_GROUP)
        if group.status == "archived":
            raise Refusal(N_("“%(name)s” is archived. Restore it before importing into it."), "group", name=group.label)
    if new_group.strip():
        require(actor, Action.CREATE_GROUP)
        group = None
        groups.check(groups.Details(new_group))
    if match is not None and match not in KEYS:
        raise Refusal(N_("Rows are matched by code, email or phone."), "match")
    stage.sweep(actor)
    imported = stage.read(
        actor, path, file_name, group=group, new_group=new_group.strip(), columns=columns or {},
        encoding=encoding, delimiter=delimiter, lift_exclusions=lift_exclusions, first_key=match or "code",
    )  # fmt: skip
    if imported.state == "reading":
        with once.transaction():
            resolve.resolve(imported)
            imported.state = "checked"
            imported.save()
    return imported


def run(actor: Actor, import_id: int) -> Import:
    """Write what the check showed, as one change, and return the import with its counts.

    The rows are matched once more first: if the customers have changed so that the outcome would differ from what
    was shown, nothing but the new check is stored and Conflict is raised. Running a finished import again changes
    nothing. Raises Missing, Denied, Refusal.
    """
    require(actor, Action.IMPORT_CUSTOMERS)
    moved = False
    with record(actor, "import.run", f"import:{import_id}") as change:
        imported = _waiting(import_id)
        if imported.group_id:
            require(actor, Action.EDIT_GROUP)
        if imported.new_group:
            require(actor, Action.CREATE_GROUP)
        if imported.state == "done":
            return imported
        seen = imported.fingerprint
        resolve.resolve(imported)
        moved = imported.fingerprint != seen
        if not moved:
            if imported.new_group and imported.group_id is None:
                imported.group = groups.insert(actor, groups.Details(imported.new_group), change)
            apply.apply(imported, change)
            imported.state = "done"
            imported.change = change.id if change.n_rows else None
        imported.save()
    if moved:
        raise Conflict(
            N_(
                "Customers have changed since this file was checked, so nothing was written. "
                "The check is new now: look at it, then import."
            )
        )
    return imported


def cancel(actor: Actor, import_id: int) -> Import:
    """Drop an import that has not been run, with its staged rows."""
    require(actor, Action.IMPORT_CUSTOMERS)
    with once.transaction():
        imported = _waiting(import_id)
        if imported.state == "done":
            raise Refusal(N_("This import has been written already."))
        ImportRow.delete().where(ImportRow.imported == imported).execute()
        imported.state = "cancelled"
        imported.save()
    return imported


def report(actor: Actor, imported: Import) -> dict[str, object]:
    """Return the counts, warnings and problems of an import as the command line prints them (interfaces.md)."""
    from portal.queries import imports as find

    return find.report(actor, imported)


def _waiting(import_id: int) -> Import:
    imported = Import.get_or_none(Import.id == import_id)
    if imported is None or imported.state == "cancelled":
        raise Missing(N_("There is no such import."))
    if imported.state in {"stopped", "reading"}:
        raise Refusal(N_("This file could not be checked; nothing of it can be imported."))
    return imported


__all__ = ["KEYS", "cancel", "check", "report", "run"]
