"""Judging what rows say of the store's own fields and of groups: what differs, what is missing, what somebody else has.

Values and boxes lie in `ImportRow.own` as JSON. They are held against what is stored part by part, in Python: no two
databases compare a JSON text with a column of another type in one way.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as made
from typing import Any, NamedTuple

from portal import own_values
from portal.db import db, in_chunks
from portal.errors import N_
from portal.models import Field, Group, Import, ImportRow
from portal.models.field import CHOICE_TYPES
from portal.queries import fields as find_fields
from portal.services.imports import boxes, columns
from portal.services.imports.columns import BOX, NEW
from portal.services.imports.own_cells import FIRST
from portal.services.imports.turns import Part
from portal.text import fold

REQUIRED = N_("A new customer needs a value of “%(column)s”.")
TAKEN = N_("Another customer has “%(value)s” already, and nobody else may have it.")
SAME = N_("“%(value)s” also stands in row %(row)s, and nobody else may have it.")
NO_CHOICE = N_("“%(value)s” is not one of the choices any more.")
SETTLED = (REQUIRED, TAKEN, SAME, NO_CHOICE)
ROWS = 500  # of a part: each is held against what is stored in Python
Step = Callable[[Part], None]


class _Row(NamedTuple):
    """A staged row that speaks of fields or groups."""

    id: int
    row: int
    leader: int
    customer: int | None
    shop: int | None
    own: dict[str, Any]

    def boxes(self) -> Iterator[tuple[str, bool]]:
        """Yield the groups that the row speaks of, by code, and whether she is to be in them."""
        return ((key.removeprefix(BOX), is_in) for key, is_in in self.own.items() if key.startswith(BOX))


@dataclass
class Judge:
    """Holds the rows of one import against what is stored; `counts` are what its boxes would do, by key of a box."""

    imported: Import
    fields: dict[str, Field]
    required: list[Field]
    groups: dict[str, Group]
    counts: dict[str, dict[str, int]] = made(default_factory=dict)

    def first_steps(self) -> list[Step]:
        """Return what comes before rows follow the first one that speaks of the same customer."""
        own = self.fields.values()
        steps = (
            (self._lacking, bool(self.required)),
            (self._taken, any(one.is_unique for one in own)),
            (self._chosen, any(one.type in CHOICE_TYPES for one in own)),
        )
        return [step for step, has_work in steps if has_work]

    def last_steps(self) -> list[Step]:
        """Return what comes when it is known who is new, and whom the others speak of."""
        return [self._differing] if self.fields or columns.changes_groups(self.imported) else []

    def _lacking(self, part: Part) -> None:
        """Refuse new customers who have no value where there has to be one."""
        for own in self.required:
            has_none = ImportRow.own.is_null() | ImportRow.own[own.code].is_null()
            ImportRow.update(result="refused", reason=REQUIRED, reason_column=own.code).where(
                *part.open(ImportRow.customer.is_null(), has_none)
            ).execute()

    def _taken(self, part: Part) -> None:
        """Refuse values that have to be unique and that somebody else has, or an earlier row of the file."""
        rows = _rows(part)
        for own in self.fields.values():
            if own.is_unique:
                _refuse(_taken_in_store(own, rows), TAKEN, own.code)
                rows = _rows(part)
                _refuse(_taken_in_file(own, rows, self.imported), SAME, own.code)

    def _chosen(self, part: Part) -> None:
        """Refuse choices that were dropped after the row was read."""
        rows = _rows(part)
        for own in self.fields.values():
            _refuse(_not_chosen(own, rows), NO_CHOICE, own.code)

    def _differing(self, part: Part) -> None:
        """Note which rows bring something, though the customer's own columns may be as they are."""
        rows = [row for row in _rows(part, ("", "new")) if row.leader == row.row]
        ids = {row.customer for row in rows if row.customer is not None}
        stored = _stored(ids, list(self.fields.values()))
        spoken = {code for row in rows for code, _is_in in row.boxes() if code in self.groups}
        standing = boxes.standing(self.imported, [self.groups[code] for code in spoken], ids)
        differing = [row.id for row in rows if self._brings(row, stored.get(row.customer or 0, {}), standing)]
        for some in in_chunks(differing):
            ImportRow.update(result="updated").where(ImportRow.id.in_(some), ImportRow.result == "").execute()

    def _brings(self, row: _Row, had: Mapping[str, Any], standing: boxes.Standing) -> bool:
        acts = {
            BOX + code: standing.act(self.groups[code], row.customer, row.shop, is_in=is_in)
            for code, is_in in row.boxes()
            if code in self.groups
        }
        acts |= {key: "joined" for key in row.own if key.startswith(NEW)}
        for key, act in acts.items():
            counts = self.counts.setdefault(key, dict.fromkeys(("joined", "left", "excluded"), 0))
            if act:
                counts[act] += 1
        differs = any(had.get(code) != value for code, value in row.own.items() if code in self.fields)
        return differs or bool({"joined", "left"} & set(acts.values()))


def judge_of(imported: Import) -> Judge:
    """Return who judges the rows of an import; it has nothing to do where no column and no rule asks for it."""
    live = find_fields.live()
    groups = Group.select().where(Group.status.in_(("active", "draft")))
    return Judge(
        imported,
        {own.code: own for own in live if own.code in imported.columns},
        [own for own in live if own.is_required and not own.default],
        {group.code: group for group in groups} if columns.changes_groups(imported) else {},
    )


def set_aside(part: Part, fields: Sequence[Field]) -> None:
    """Refuse the rows that bring what was taken away meanwhile: a unique value given to somebody, a dropped choice."""
    for own in fields:
        if own.code not in part.imported.columns:
            continue
        if own.is_unique:
            _refuse(_taken_in_store(own, _rows(part, ("new", "updated"))), TAKEN, own.code)
        if own.type in CHOICE_TYPES:
            _refuse(_not_chosen(own, _rows(part, ("new", "updated"))), NO_CHOICE, own.code)


def _rows(part: Part, results: Sequence[str] = ("",)) -> list[_Row]:
    query = ImportRow.select(
        ImportRow.id, ImportRow.row, ImportRow.leader, ImportRow.customer, ImportRow.shop, ImportRow.own
    ).where(*part.rows(ImportRow.result.in_(results), ImportRow.own.is_null(False)))
    found = db.execute(query.order_by(ImportRow.row))
    return [_Row(*row)._replace(own=json.loads(row[5]) if isinstance(row[5], str) else row[5]) for row in found]


def _stored(ids: set[int], fields: Sequence[Field]) -> dict[int, dict[str, Any]]:
    """Return what customers have of these fields, as JSON holds it."""
    said, by_code = own_values.context(), {own.code: own for own in fields}
    found: dict[int, dict[str, Any]] = {}
    for some in in_chunks(ids):
        for customer, values in find_fields.values_of(some, fields).items():
            found[customer] = {code: own_values.plain(by_code[code], value, said) for code, value in values.items()}
    return found


def _taken_in_store(own: Field, rows: Sequence[_Row]) -> list[int]:
    said = own_values.context()
    keys: dict[Any, list[_Row]] = defaultdict(list)
    for row in rows:
        if own.code in row.own:
            cell = own_values.from_plain(own, row.own[own.code], said)
            keys[cell.key or cell.value].append(row)
    taken = []
    for some in in_chunks(keys):
        for key, owners in find_fields.owners(own, some).items():
            taken += [row.id for row in keys[key] if set(owners) - {row.customer}]
    return taken


def _not_chosen(own: Field, rows: Sequence[_Row]) -> list[int]:
    if own.type not in CHOICE_TYPES:
        return []
    kept = {fold(choice) for choice in own.choices}
    return [row.id for row in rows if not {fold(text) for text in _several(row.own.get(own.code))} <= kept]


def _several(value: str | list[str] | None) -> list[str]:
    return [value] if isinstance(value, str) else value or []


def _taken_in_file(own: Field, rows: Sequence[_Row], imported: Import) -> dict[int, int]:
    """Return, by id, the earlier row that says a value of somebody else."""
    firsts = {row.id: (row.leader, row.own[FIRST + own.code]) for row in rows if FIRST + own.code in row.own}
    leaders: dict[int, int] = {}
    for some in in_chunks({first for _leader, first in firsts.values()}):
        query = ImportRow.select(ImportRow.row, ImportRow.leader).where(
            ImportRow.imported == imported, ImportRow.row.in_(some)
        )
        leaders |= dict(query.tuples())
    return {id_: first for id_, (leader, first) in firsts.items() if leaders.get(first) != leader}


def _refuse(rows: Sequence[int] | Mapping[int, int], reason: str, column: str) -> None:
    for some in in_chunks(rows):
        said = {"result": "refused", "reason": reason, "reason_column": column}
        if not isinstance(rows, Mapping):
            ImportRow.update(**said).where(ImportRow.id.in_(some)).execute()
            continue
        for id_ in some:
            ImportRow.update(**said, reason_row=rows[id_]).where(ImportRow.id == id_).execute()
