"""Which import there is to be run, and by whom."""

from portal.errors import N_, Missing, Refusal
from portal.models import Group, Import
from portal.permissions import Action, Actor, require
from portal.services.imports import columns


def allowed(actor: Actor, import_id: int) -> Import:
    """Return an import that may be run, to who may run it. Raises Missing, Denied, Refusal."""
    require(actor, Action.IMPORT_CUSTOMERS)
    imported = there(import_id, "stopped", "reading")
    if imported.group_id or columns.changes_groups(imported):
        require(actor, Action.EDIT_GROUP)
    if imported.new_group or any(columns.is_new(key) for key in imported.counts.get("groups", {})):
        require(actor, Action.CREATE_GROUP)
    if imported.group_id and imported.state != "done":
        is_open(imported.group)
    return imported


def is_open(group: Group) -> None:
    """Raise Missing, or Refusal, for a group that no file can go into any more."""
    if group.status == "deleted":
        raise Missing(N_("This group is not there any more."), "group")
    if group.status == "archived":
        raise Refusal(N_("“%(name)s” is archived. Restore it before importing into it."), "group", name=group.label)


def there(import_id: int, *unfit: str) -> Import:
    """Return an import that nobody has dropped; raises Missing, and Refusal where its state is unfit."""
    imported = Import.get_or_none(Import.id == import_id)
    if imported is None or imported.state == "cancelled":
        raise Missing(N_("There is no such import."))
    if imported.state in unfit:
        raise Refusal(N_("This file could not be checked; nothing of it can be imported."))
    return imported
