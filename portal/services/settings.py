"""Settings of the store that are made on a page."""

from decimal import Decimal
from typing import Any

from portal.errors import N_, Conflict, Refusal
from portal.models import Setting
from portal.permissions import Action, Actor, require
from portal.queries.settings import GUARDS, Guards, guards
from portal.services.changes import Recorder, record, values
from portal.text import clean

OFF = {"share": None, "marked": False}


def set_guards(actor: Actor, share: str, *, is_marked: bool, version: int | None = None) -> Guards:
    """Store from when on a change needs a second person, and return it.

    `share` is a share of all customers in percent as typed, '' for off; `is_marked` whether every change that moves
    members of a group marked guarded needs one. `version` is what the form was drawn with. Raises Refusal, Conflict.
    """
    require(actor, Action.SET_GUARDS)
    value = {"share": _share(share), "marked": is_marked}
    with record(actor, "setting.guards", "setting:guards") as change:
        before = guards()
        if version is not None and version != before.version:
            raise Conflict(
                N_(
                    "Somebody else changed these settings since you opened the form. What you typed is still here; "
                    "compare it with what is stored now and save again."
                )
            )
        found = Setting.get_or_none(Setting.key == GUARDS)
        if found is None:
            change.created("setting", Setting.create(key=GUARDS, value=value))
        elif found.value != value:
            put_back(actor, found, value, change)
    return guards()


def put_back(actor: Actor, found: Setting, value: Any, change: Recorder) -> None:
    """Give a setting another value inside a change that is open."""
    require(actor, Action.SET_GUARDS)
    was = values(found)
    found.value, found.version = value, found.version + 1
    found.save()
    change.updated("setting", found.id, was, values(found))


def _share(text: str) -> int | None:
    text = clean(text).rstrip("% \u00a0").replace(",", ".")
    if not text:
        return None
    try:
        share = Decimal(text) * 100
    except ArithmeticError:
        share = Decimal(-1)
    if not share.is_finite() or not 1 <= share <= 10_000 or share != int(share):
        raise Refusal(
            N_("Write a share between 0.01 and 100 percent with at most two decimals, or leave it empty."), "share"
        )
    return int(share)
