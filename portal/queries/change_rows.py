"""The rows of one change, as far as the reader may see their values."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from portal.models import ChangeRow, Customer, Field
from portal.permissions import Action, Actor, require
from portal.queries import changes
from portal.queries import fields as find_fields
from portal.queries.changes import Thing
from portal.queries.customers import known_to, mask

PAGE = 50
# The columns that say another row by its number, and what that row is.
REFERENCES = {
    "shop": "shop",
    "owner": "user",
    "user": "user",
    "customer": "customer",
    "group": "group",
    "of_group": "group",
    "asker": "user",
    "decided_by": "user",
}
# What only the portal reads.
UNTOLD = frozenset({"id", "version", "updated_at", "created_at", "created_by", "ended_by", "kind"}) | {
    "n_members", "next_change_at", "level", "arguments", "seen", "fingerprint", "change", "act", "params", "reads",
    "reads_clock", "shape",
}  # fmt: skip
_PEOPLE = frozenset({"customer", "customer_value"})  # rows numbered as the customer is
_HIDDEN = _PEOPLE | {"group"}  # what some readers may not see; it has no name for them then
Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """One row: what it is of, and its values before and after as the reader may see them.

    `is_hidden`: a customer or a group that she may not see; `is_forgotten`: the values were taken out for good.
    """

    id: int
    noun: str
    thing: Thing
    before: Values | None = None
    after: Values | None = None
    is_hidden: bool = False
    is_forgotten: bool = False

    @property
    def is_kept(self) -> bool:
        """Tell whether an undo left this row as it was; `after` says why."""
        return self.before is None and "kept" in (self.after or {})

    @property
    def names(self) -> list[str]:
        """Return the columns that have something to tell, before or after."""
        both = [values for values in (self.before, self.after) if values]
        said = {name for values in both for name, value in values.items() if value not in (None, "")}
        return sorted(said if self.noun == "customer_value" else said - UNTOLD)


@dataclass(frozen=True)
class Rows:
    """One page of rows, the number to go on after (None: no more), and the names of all that they speak of.

    `own` are the store's own fields by code, where a row speaks of their values.
    """

    rows: list[Line]
    after: int | None
    things: dict[tuple[str, int], Thing]
    own: dict[str, Field] = field(default_factory=dict)


def page(actor: Actor, change_id: int, *, after: int = 0, size: int = PAGE) -> Rows:
    """Return rows of a change that the caller has found to be the reader's to see, masked as she sees customers."""
    require(actor, Action.SEE_CHANGES)
    query = ChangeRow.select().where(ChangeRow.change == change_id, ChangeRow.id > after).order_by(ChangeRow.id)
    found = list(query.limit(size + 1))
    rows = found[:size]
    things = changes.things(actor, _named(rows))
    seen = _shops(actor, [row.row_id for row in rows if row.noun in _PEOPLE])
    own = find_fields.every() if any(row.noun == "customer_value" for row in rows) else []
    lines = [_line(actor, row, things, seen, own) for row in rows]
    by_code = {one.code: one for one in own}
    return Rows(lines, rows[-1].id if len(found) > size else None, things, by_code)


def _named(rows: Iterable[ChangeRow]) -> set[tuple[str, int]]:
    """Return all that rows speak of, by noun and number."""
    wanted = set()
    for row in rows:
        wanted.add((row.noun, row.row_id))
        for values in (row.before or {}, row.after or {}):
            wanted |= {
                (noun, values[name])
                for name, noun in REFERENCES.items()
                if isinstance(values.get(name), int) and not isinstance(values[name], bool)
            }
    return wanted


def _shops(actor: Actor, ids: list[int]) -> dict[int, int | None]:
    """Return the shop of each of these customers whom the reader may see."""
    if not ids:
        return {}
    return dict(known_to(actor).select(Customer.id, Customer.shop).where(Customer.id.in_(ids)).tuples())


def _line(
    actor: Actor, row: ChangeRow, things: dict[tuple[str, int], Thing], seen: dict[int, int | None], own: list[Field]
) -> Line:
    thing = things.get((row.noun, row.row_id), Thing(row.noun))
    if row.before is None and row.after is None:
        return Line(row.id, row.noun, thing, is_forgotten=True)
    if row.noun in _HIDDEN and not thing.label:
        return Line(row.id, row.noun, thing, is_hidden=True)
    if row.noun not in _PEOPLE:
        return Line(row.id, row.noun, thing, row.before, row.after)
    hidden = actor.masked(seen[row.row_id])
    hides = {name: name for name in hidden} | {
        field.code: find_fields.MASKED_AS[field.type]
        for field in own
        if find_fields.MASKED_AS.get(field.type) in hidden
    }
    before, after = (_masked(values, hides) for values in (row.before, row.after))
    return Line(row.id, row.noun, thing, before, after)


def _masked(values: Values | None, hides: Mapping[str, str]) -> Values | None:
    """Return values with those masked that are hidden, each as the built-in column that it is hidden with."""
    if values is None:
        return None
    return {name: mask(hides[name], value) if name in hides else value for name, value in values.items()}
