"""An item as somebody says it, before it is put: what it names, from when to when, and whether that can be."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from portal.clock import now
from portal.errors import N_, Refusal
from portal.text import clean

MAX_NOTE = 500
MAX_SEED = 60
WHOLE = 10_000  # hundredths of a percent


@dataclass(frozen=True, slots=True)
class NewItem:
    """An item to be put: a customer, a new one (typed values), a shop, a rule, a group or a share of one; in or out.

    `low` and `high`, in hundredths of a percent, make it the share of `of_group_id` whose lots by `seed` lie from
    `low` up to, not at, `high`. It counts from `valid_from` on and up to, not at, `valid_until` (UTC). `on_leave` says
    what becomes of who leaves the shop: 'leave' or 'stay'. `rule` is a tree as JSON holds it (portal/rules/tree.py).
    """

    customer_id: int | None = None
    shop_id: int | None = None
    new_customer: Mapping[str, str] = field(default_factory=dict)
    sign: str = "include"
    note: str = ""
    of_group_id: int | None = None
    low: int | None = None
    high: int | None = None
    seed: str = ""
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    on_leave: str = "leave"
    rule: Mapping[str, Any] | None = None

    @property
    def is_share(self) -> bool:
        """Tell whether it is a share of a group, not all of it."""
        return self.low is not None or self.high is not None

    def said(self) -> dict[str, Any]:
        """Return the columns that hold what is said, apart from whom it names."""
        return {
            "sign": self.sign, "note": clean(self.note), "low": self.low, "high": self.high, "seed": clean(self.seed),
            "valid_from": self.valid_from, "valid_until": self.valid_until, "on_leave": self.on_leave,
        }  # fmt: skip


def as_json(item: NewItem) -> dict[str, Any]:
    """Return what an item says that is not said by leaving it out, as JSON holds it."""
    blank, said = NewItem(), {part.name: getattr(item, part.name) for part in fields(NewItem)}
    told = {name: value for name, value in said.items() if value != getattr(blank, name)}
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in told.items()}


def from_json(said: dict[str, Any]) -> NewItem:
    """Return the item that `as_json` gave; raises ValueError or TypeError for what it cannot have given."""
    for name, value in said.items():
        is_number = name in {"customer_id", "shop_id", "of_group_id", "low", "high"}
        if name == "rule":
            fits = isinstance(value, dict)
        elif name == "new_customer":
            fits = isinstance(value, dict) and all(isinstance(text, str) for text in value.values())
        else:
            fits = type(value) is int and 0 <= value < 2**31 if is_number else isinstance(value, str)
        if not fits:
            raise ValueError(name)
    moments = {name: datetime.fromisoformat(said[name]) for name in ("valid_from", "valid_until") if name in said}
    columns: dict[str, Any] = said | moments
    return NewItem(**columns)


def check(item: NewItem) -> None:
    """Raise Refusal, naming the field, where an item cannot be what it says."""
    if item.sign not in {"include", "exclude"}:
        raise Refusal(N_("An item includes or excludes."), "sign")
    if len(clean(item.note)) > MAX_NOTE:
        raise Refusal(N_("A note has at most 500 characters."), "note")
    if item.on_leave not in {"leave", "stay"}:
        raise Refusal(N_("Who leaves the shop leaves the group or stays."), "on_leave")
    if item.on_leave == "stay" and (item.shop_id is None or item.sign == "exclude"):
        raise Refusal(N_("Only who is included by a shop can stay when she leaves it."), "on_leave")
    _check_dates(item)
    if item.is_share:
        _check_share(item)


def _check_dates(item: NewItem) -> None:
    moment = now()
    if item.valid_from is not None and item.valid_from < moment:
        raise Refusal(N_("“From” lies in the past. What was is read in the history; choose a day to come."), "from")
    if item.valid_until is not None and item.valid_until <= moment:
        raise Refusal(N_("“Until” lies in the past. What was is read in the history; choose a day to come."), "until")
    if item.valid_from is not None and item.valid_until is not None and item.valid_until <= item.valid_from:
        raise Refusal(N_("“Until” comes before “from”; the item would never count."), "until")


def _check_share(item: NewItem) -> None:
    if item.of_group_id is None:
        raise Refusal(N_("A share is a share of a group: choose the group."), "item")
    if item.low is None or item.high is None or not 0 <= item.low < item.high <= WHOLE:
        raise Refusal(N_("A share goes from 0 to 100 percent, and its end lies above its beginning."), "share")
    if not clean(item.seed) or len(clean(item.seed)) > MAX_SEED:
        raise Refusal(
            N_("Give the share a seed of at most 60 characters: one seed draws the same people each time."), "seed"
        )


def hundredths(text: str) -> int:
    """Return typed percent, with at most two decimals, in hundredths; raises Refusal for what is no such number."""
    whole, _, decimals = text.strip().rstrip("%").strip().replace(",", ".").partition(".")
    if not re.fullmatch(r"[0-9]{1,3}", whole) or not re.fullmatch(r"[0-9]{0,2}", decimals):
        raise Refusal(N_("“%(text)s” is no percentage; write it like 12.5."), "share", text=clean(text)[:20])
    return int(whole) * 100 + int(decimals.ljust(2, "0"))
