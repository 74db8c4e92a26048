"""Why memberships began and ended: the change behind each, with what a person wants to know of it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import peewee

from portal.models import Change, ChangeRow, Customer, Import, Shop, User


@dataclass(frozen=True, slots=True)
class Cause:
    """The change that began or ended an interval.

    `who` is '' for the machine itself. `number` and `file` are those of an import; `shops` are the names of the shop
    that a customer left and of the one that she came to ('' for none), where that is what the change did.
    """

    change_id: int
    at: datetime
    act: str
    door: str
    who: str
    subject: str = ""
    number: int | None = None
    file: str = ""
    shops: tuple[str, str] | None = None

    @property
    def kind(self) -> str:
        """Return what made it happen: import, shop, clock, undo, or act for what a person did to the group."""
        noun = self.act.partition(".")[0]
        if self.number is not None or noun == "import":
            return "import"
        if "clock" in (self.door, noun):
            return "clock"
        if self.act.endswith("undo"):
            return "undo"
        return "shop" if self.shops else "act"


@dataclass(slots=True)
class _Found:
    imports: dict[int, tuple[int, str]] = field(default_factory=dict)
    moves: dict[int, tuple[str, str]] = field(default_factory=dict)


def of(change_ids: Iterable[int], customer: Customer | None = None) -> dict[int, Cause]:
    """Return the causes by change number, in four queries at most.

    With a `customer` her own move to another shop is told of every change, an import's too; without one only of those
    that edited a single customer.
    """
    changes = _changes(sorted(set(change_ids)))
    found = _Found()
    if any(row["act"].startswith("import.") for row in changes):
        query = Import.select(Import.change, Import.id, Import.file_name)
        rows = query.where(Import.change.in_([row["id"] for row in changes])).tuples()
        found.imports = {change_id: (number, name) for change_id, number, name in rows}
    moving = [row["id"] for row in changes if row["act"] == "customer.edit" or (customer and "import" in row["act"])]
    if moving:
        found.moves = _moves(moving, customer)
    return {row["id"]: _cause(row, found) for row in changes}


def _changes(ids: list[int]) -> list[dict[str, Any]]:
    if not ids:
        return []
    query = Change.select(Change.id, Change.at, Change.act, Change.door, Change.subject, User.name.alias("who"))
    return list(query.join(User, peewee.JOIN.LEFT_OUTER).where(Change.id.in_(ids)).order_by(Change.id).dicts())


def _cause(row: dict[str, Any], found: _Found) -> Cause:
    number, file = found.imports.get(row["id"], (None, ""))
    return Cause(
        row["id"], row["at"], row["act"], row["door"], row["who"] or "", row["subject"], number, file,
        found.moves.get(row["id"]),
    )  # fmt: skip


def _moves(change_ids: list[int], customer: Customer | None) -> dict[int, tuple[str, str]]:
    """Return the names of the shops before and after, of each change that moved a customer to another shop."""
    query = ChangeRow.select(ChangeRow.change, ChangeRow.before, ChangeRow.after).where(
        ChangeRow.change.in_(change_ids), ChangeRow.noun == "customer"
    )
    if customer is not None:
        query = query.where(ChangeRow.row_id == customer.id)
    pairs = {
        change_id: (before.get("shop"), after.get("shop"))
        for change_id, before, after in query.tuples()
        if before and after and "shop" in after
    }
    ids = {shop_id for pair in pairs.values() for shop_id in pair if shop_id}
    names = dict(Shop.select(Shop.id, Shop.name).where(Shop.id.in_(ids)).tuples()) if ids else {}
    return {change_id: (names.get(old, ""), names.get(new, "")) for change_id, (old, new) in pairs.items()}
