"""Acts as data, to be done later or by another: a service by its name, and what it was called with, as JSON holds it.

What is called stands in one table; so does what it will do to the rules of a group, where it does no more than that.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from portal.errors import N_, Malformed
from portal.permissions import Action, Actor, Door, require
from portal.services import customers, groups, imports, items, undo, value_groups
from portal.services.details import Details
from portal.services.guards import Call
from portal.services.items import plans, rules
from portal.services.items.new import from_json
from portal.services.membership import Plan
from portal.services.undo import plans as undo_plans
from portal.services.value_groups import Wanted
from portal.text import has_forbidden

Said = Mapping[str, Any]
MAX_ID = 2**31 - 1  # the largest id that both databases hold


def id_of(said: Said, name: str = "group_id") -> int:
    """Return a number of an argument that may be an id; raises ValueError, KeyError."""
    value = said[name]
    if type(value) is not int or not 0 <= value <= MAX_ID:
        raise ValueError(name)
    return value


def _text(said: Said, name: str) -> str:
    if not isinstance(said[name], str):
        raise ValueError(name)
    return str(said[name])


def details_of(said: Said) -> Details:
    """Return the details of a group; raises ValueError, KeyError, TypeError."""
    details = Details(**said["details"])
    blank = Details("")
    for name, value in asdict(details).items():
        if name not in {"owner_id", "in_form"} and type(value) is not type(getattr(blank, name)):
            raise ValueError(name)
    if details.in_form not in (None, True, False):
        raise ValueError("in_form")
    if details.owner_id is not None:
        id_of({"owner_id": details.owner_id}, "owner_id")
    return details


def _version(said: Said) -> int | None:
    return None if said["version"] is None else id_of(said, "version")


def _typed(said: Said) -> dict[str, str]:
    return {name: _text(said["typed"], name) for name in said["typed"]}


def boxes_of(said: Said) -> dict[str, bool]:
    """Return the boxes of groups and how each is to be; raises ValueError, KeyError."""
    boxes = dict(said["boxes"])
    if any(type(is_on) is not bool for is_on in boxes.values()):
        raise ValueError("boxes")
    return boxes


def wanted_of(said: Said) -> list[Wanted]:
    """Return which groups of values are wanted; raises ValueError, KeyError, TypeError."""
    wanted = [Wanted(*one) for one in said["wanted"]]
    if any(not isinstance(part, str) for one in wanted for part in one):
        raise ValueError("wanted")
    return wanted


# What may be asked for: every service that the guard rails can stop.
ACTS: dict[str, Callable[[Actor, Said], object]] = {
    "items.add": lambda actor, said: items.add(actor, id_of(said), [from_json(row) for row in said["items"]]),
    "items.end": lambda actor, said: items.end(actor, id_of(said), id_of(said, "item_id")),
    "items.change_rule": lambda actor, said: rules.change_rule(
        actor, id_of(said), id_of(said, "item_id"), said["said"]
    ),
    "items.add_member": lambda actor, said: items.add_member(
        actor, id_of(said), id_of(said, "customer_id"), _text(said, "note")
    ),
    "items.remove_member": lambda actor, said: items.remove_member(
        actor, id_of(said), id_of(said, "customer_id"), _text(said, "note")
    ),
    "groups.create": lambda actor, said: groups.create(
        actor, details_of(said), [from_json(row) for row in said["items"]]
    ),
    "value_groups.create": lambda actor, said: value_groups.create(actor, _text(said, "code"), wanted_of(said)),
    "groups.duplicate": lambda actor, said: groups.duplicate(actor, id_of(said)),
    "customers.create": lambda actor, said: customers.create(
        actor, _typed(said), boxes_of(said), _text(said, "reason")
    ),
    "customers.edit": lambda actor, said: customers.edit(
        actor, id_of(said, "customer_id"), _typed(said), _version(said), boxes_of(said), _text(said, "reason")
    ),
    "groups.set_status": lambda actor, said: groups.set_status(actor, id_of(said), _text(said, "status")),
    "groups.delete": lambda actor, said: groups.delete(actor, id_of(said)),
    "groups.edit": lambda actor, said: groups.edit(
        actor, id_of(said), details_of(said), _version(said)
    ),
    "undo.undo": lambda actor, said: undo.undo(actor, id_of(said, "change_id")),
    "imports.run": lambda actor, said: imports.run(actor.through(Door.IMPORT), id_of(said, "import_id")),
}
PLANS: dict[str, Callable[[Actor, Said], Plan | None]] = {
    "items.add": lambda actor, said: plans.of_new(actor, id_of(said), [from_json(row) for row in said["items"]]),
    "items.end": lambda actor, said: plans.of_end(actor, id_of(said), id_of(said, "item_id")),
    "items.change_rule": lambda actor, said: plans.of_change(actor, id_of(said), id_of(said, "item_id"), said["said"]),
    "groups.create": lambda actor, said: plans.of_group(
        actor, details_of(said), [from_json(row) for row in said["items"]]
    ),
    "groups.set_status": lambda actor, said: plans.of_status(actor, id_of(said), _text(said, "status")),
    "groups.delete": lambda actor, said: plans.of_status(actor, id_of(said), "deleted"),
    "undo.undo": lambda actor, said: undo_plans.of_undo(actor, id_of(said, "change_id")),
}


def run(actor: Actor, call: Call) -> object:
    """Do what a call says, as `actor`; the service that it names asks for her rights."""
    require(actor, Action.SEE_GROUPS)
    act = None if _is_unfit(call.arguments) else ACTS.get(call.name)
    try:
        if act is not None:
            return act(actor, call.arguments)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Malformed(N_("This request was not understood. Nothing was changed.")) from error
    raise Malformed(N_("This request was not understood. Nothing was changed."))


def planned(actor: Actor, call: Call) -> Plan | None:
    """Return what a call will do to the rules of a group, as `preview.of` and `membership.ahead` ask for it."""
    require(actor, Action.SEE_GROUPS)
    plan = None if _is_unfit(call.arguments) else PLANS.get(call.name)
    try:
        return plan(actor, call.arguments) if plan is not None else None
    except (KeyError, TypeError, ValueError, AttributeError):
        return None  # `run` says so


def _is_unfit(arguments: Said) -> bool:
    """Tell whether no database could hold the arguments: the door looks at what a form says, not into its JSON."""
    text = json.dumps(arguments, ensure_ascii=False)
    return has_forbidden(text) or "\\u0000" in text
