"""What an import would move in all groups, as far as it was worked out: how many, who, and as of when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import peewee
from peewee import fn

from portal.errors import N_
from portal.models import ChangeRow, Customer, Group, Import, ImportMove, ImportRow
from portal.permissions import Action, Actor, require
from portal.queries import customers as find_customers
from portal.queries import groups as find_groups
from portal.text import fold
from portal.values import Remark

PAGE = 50
NEW = "new:"  # before the name of a group that a file's list of groups brings into being (services/imports/columns)
UNKNOWN = N_("What this file moves in all groups is not known yet. Wait until it is worked out, then try again.")


class Total(NamedTuple):
    """What an import would do to one group: how many join and leave, and how many are members then.

    `group_id` is 0, -1 … for one that is yet to be.
    """

    group_id: int
    group: Group
    joining: int
    leaving: int
    n_after: int


class Person(NamedTuple):
    """Somebody who would join or leave, and the row that speaks of her; `code` is '' for who gets one with the import.

    `is_there` tells whether she is a customer already.
    """

    row: int
    name: str
    code: str
    is_there: bool


@dataclass(frozen=True)
class People:
    """A page of those who would join or leave a group, and the row to go on after (None: no more)."""

    rows: list[Person]
    after: int | None


def is_over(imported: Import) -> bool:
    """Tell whether it is known what a checked import moves, or why that cannot be known."""
    return bool(imported.foreseen.get("is_over"))


def is_current(imported: Import) -> bool:
    """Tell whether that is known, and nobody has written anything since it was looked at."""
    return is_over(imported) and not ChangeRow.select().where(ChangeRow.id > imported.foreseen["as_of"]).exists()


def refused(imported: Import) -> Remark | None:
    """Return why the import would be refused as it stands; None where it would not, or nobody knows yet."""
    said = imported.foreseen.get("refused")
    return Remark(said[0], "", said[1]) if said else None


def at(imported: Import) -> datetime:
    """Return the moment as of which it is known (UTC)."""
    return datetime.fromisoformat(imported.foreseen["at"])


def fingerprint(imported: Import) -> str:
    """Return a text that differs whenever the check, or what it moves in any group, would be another."""
    return "\n".join([imported.fingerprint, str(imported.foreseen.get("print", ""))])


def brought(imported: Import) -> list[str]:
    """Return the names of the groups that the run brings into being: that of place 0, -1 …"""
    named = sorted(key.removeprefix(NEW) for key in imported.counts.get("groups", {}) if key.startswith(NEW))
    return [*([imported.new_group] if imported.new_group else []), *named]


def totals(actor: Actor, imported: Import) -> list[Total]:
    """Return what would become of each group that moves and that `actor` may see, the largest move first."""
    require(actor, Action.IMPORT_CUSTOMERS)
    found = [(group, *counts) for group, *counts in imported.foreseen.get("groups", [])]
    seen = find_groups.visible_to(actor).where(Group.id.in_([row[0] for row in found if row[0] > 0]))
    groups = {group.id: group for group in seen}
    groups |= {-place: Group(code="", name=name) for place, name in enumerate(brought(imported))}
    told = [Total(row[0], groups[row[0]], *row[1:]) for row in found if row[0] in groups]
    return sorted(told, key=lambda one: (-one.joining - one.leaving, fold(one.group.label), one.group_id))


def asked(imported: Import) -> dict[int, tuple[int, int]]:
    """Return, by group, how many join and leave because the file says so of groups, and not of customers alone."""
    return {int(group): (joined, left) for group, (joined, left) in imported.foreseen.get("asked", {}).items()}


def people(
    actor: Actor, imported: Import, group_id: int, *, is_joining: bool, after: int = 0, size: int = PAGE
) -> People:
    """Return who would join a group, or leave it, in the order of the file; only whom `actor` may see."""
    require(actor, Action.IMPORT_CUSTOMERS)
    columns: Sequence[Any] = (
        ImportMove.row, Customer.id, Customer.name, Customer.code, ImportRow.name, ImportRow.code,
    )  # fmt: skip
    query = (
        ImportMove.select(*columns)
        .join(ImportRow, on=((ImportRow.imported == ImportMove.imported) & (ImportRow.row == ImportMove.row)))
        .join(Customer, peewee.JOIN.LEFT_OUTER, on=(Customer.id == ImportRow.customer))
        .where(
            ImportMove.imported == imported, ImportMove.group_id == group_id, ImportMove.is_joining == is_joining,
            ImportMove.row > after,
        )
        .order_by(ImportMove.row)
    )  # fmt: skip
    rows = list(query.limit(size + 1).tuples())
    # Of a page at a time: a select of all whom she sees would be gone through whole.
    ids = [id_ for _row, id_, *_ in rows if id_ is not None]
    seen = {id_ for (id_,) in find_customers.visible_to(actor).select(Customer.id).where(Customer.id.in_(ids)).tuples()}
    found = [
        Person(row, (name if id_ else said) or "", (code if id_ else written) or "", id_ is not None)
        for row, id_, name, code, said, written in rows[:size]
        if id_ is None or id_ in seen
    ]
    return People(found, rows[size - 1][0] if len(rows) > size else None)


def counted(imported: Import) -> dict[int, tuple[int, int]]:
    """Return how many join and leave each group, counted from who does."""
    joins = fn.SUM(peewee.Case(None, [(ImportMove.is_joining == True, 1)], 0))  # noqa: E712
    query = ImportMove.select(ImportMove.group_id, joins, fn.COUNT(ImportMove.row))
    rows = query.where(ImportMove.imported == imported).group_by(ImportMove.group_id).tuples()
    return {group: (int(joined), int(n) - int(joined)) for group, joined, n in rows}
