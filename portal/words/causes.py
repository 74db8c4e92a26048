"""Why somebody joined or left a group, said for people: what was done, then who did it."""

from flask_babel import gettext

from portal.errors import N_
from portal.queries.history.causes import Cause

# What a person did to the group or the customer, as part of a list; said of whoever joined or left by it.
_ACTS = {
    "group.create": N_("Group created"),
    "group.duplicate": N_("Group created as a copy"),
    "group.of_values": N_("Group made of a field's value"),
    "group.edit": N_("Group edited"),
    "group.items": N_("Items added"),
    "group.add_member": N_("Added by name"),
    "group.remove_member": N_("Removed by name"),
    "group.end_item": N_("Item ended"),
    "group.rule": N_("Rule changed"),
    "group.archive": N_("Group archived"),
    "group.draft": N_("Group made a draft"),
    "group.restore": N_("Group made active"),
    "group.delete": N_("Group deleted"),
    "customer.create": N_("New customer"),
    "customer.edit": N_("Customer edited"),
    "customer.import": N_("Customers stored"),
    "field.edit": N_("Field edited"),
    "field.retire": N_("Field retired"),
    "field.restore": N_("Field restored"),
}
_DOORS = {"command": N_("command line"), "api": N_("API")}


def say_cause(cause: Cause) -> str:
    """Return what the change was and who made it, such as: Import 12, people.csv · Cass."""
    return f"{_what(cause)} · {who(cause)}"


def who(cause: Cause) -> str:
    """Return who made the change, and through which door where it was no page."""
    if cause.kind == "clock":
        return gettext("the clock")
    name = cause.who or gettext("the machine's operator")
    door = _DOORS.get(cause.door)
    return f"{name} ({gettext(door)})" if door else name


def _what(cause: Cause) -> str:
    if cause.kind == "import":
        return _import(cause)
    if cause.kind == "shop" and cause.shops:
        return _move(*cause.shops)
    if cause.kind == "clock":
        return gettext("A day that was set has come")
    if cause.kind == "undo":
        return gettext("Undo of change %(number)s", number=cause.subject.rpartition(":")[2])
    return gettext(_ACTS[cause.act]) if cause.act in _ACTS else gettext("Change %(number)s", number=cause.change_id)


def _import(cause: Cause) -> str:
    number = cause.number or cause.subject.rpartition(":")[2]
    said = gettext("Import %(number)s, %(file)s", number=number, file=cause.file or "–")
    return f"{said} ({_move(*cause.shops)})" if cause.shops else said


def _move(before: str, after: str) -> str:
    if not before:
        return gettext("Came to the shop %(shop)s", shop=after)
    if not after:
        return gettext("Left the shop %(shop)s", shop=before)
    return gettext("Moved from %(before)s to %(after)s", before=before, after=after)
