"""Undoing what was written into the store's own fields: earlier values come back, where nobody has changed them since.

Those of a customer who came by the change go and come with her.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portal import own_values as values
from portal.errors import N_
from portal.models import ChangeRow, Customer, Field
from portal.models.field import CHOICE_TYPES
from portal.own_values import EMPTY, Cell
from portal.permissions import Action
from portal.queries import fields as find
from portal.services import membership, own_values
from portal.services.own_values import NOUN
from portal.services.undo.customers import CHANGED, GONE, NOT_YOURS, OWN_TAKEN
from portal.services.undo.work import Later, Work, touched
from portal.text import fold

NO_CHOICE = N_("%(name)s: “%(value)s” is no choice of %(field)s any more.")


def give_back(work: Work) -> Iterator[None]:
    """Give customers their earlier values back; part by part, others may write at each yield."""
    fields: list[Field] = []
    for rows in work.parts(NOUN):
        fields = fields or find.every()
        came = {
            row_id for (row_id,) in ChangeRow.select(ChangeRow.row_id).where(
                ChangeRow.change == work.of.id, ChangeRow.noun == "customer", ChangeRow.before.is_null(),
                ChangeRow.after.is_null(False), ChangeRow.row_id.in_(work.ids(NOUN, rows)),
            ).tuples()
        } if rows else set()  # fmt: skip
        mine = [row for row in rows if row.row_id not in came and row.before]
        if mine:
            _Part.of(work, mine, fields).undo()
            yield


@dataclass(slots=True)
class _Part:
    """Some hundred rows, and what they have to be held against."""

    work: Work
    rows: Sequence[ChangeRow]
    fields: Mapping[str, Field]
    people: Mapping[int, Customer]
    now: Mapping[int, Mapping[str, Cell]]
    later: Later

    @classmethod
    def of(cls, work: Work, rows: Sequence[ChangeRow], fields: Sequence[Field]) -> "_Part":
        ids = [row.row_id for row in rows]
        named = {code for row in rows for code in row.before}
        meant = {field.code: field for field in fields if field.code in named}
        columns = (Customer.id, Customer.name, Customer.code, Customer.shop, Customer.removed_at)
        people = {one.id: one for one in Customer.select(*columns).where(Customer.id.in_(ids))}
        return cls(work, rows, meant, people, find.cells_of(ids, list(meant.values())), work.later(NOUN, rows))

    def undo(self) -> None:
        said = values.context()
        wanted = {
            row.row_id: {code: values.from_plain(self.fields[code], row.before[code], said) for code in row.before}
            for row in self.rows
        }
        owners = self._owners(wanted)
        cells = {
            row.row_id: wanted[row.row_id]
            for row in self.rows
            if self._differs(row, wanted[row.row_id]) and self._may(row) and self._fits(row, wanted[row.row_id], owners)
        }
        written = own_values.put(self.work.actor, cells, list(self.fields.values()), self.work.recorder)
        if written:
            self.work.restored[NOUN] += len(written)
            membership.refresh(self.work.recorder, customers=list(written))

    def _differs(self, row: ChangeRow, wanted: Mapping[str, Cell]) -> bool:
        now = self.now.get(row.row_id, {})
        return any(now.get(code, EMPTY).value != cell.value for code, cell in wanted.items())

    def _may(self, row: ChangeRow) -> bool:
        """Tell whether her values are the actor's to give back, and as the change left them; keep them otherwise."""
        one, reach, said = self.people[row.row_id], self.work.actor.shops(Action.EDIT_CUSTOMER), values.context()
        now = self.now.get(row.row_id, {})
        if reach is not None and one.shop_id not in reach:
            self.work.keep(NOUN, row.row_id, NOT_YOURS)
            return False
        if one.removed_at is not None:
            self._keep(row, GONE)
            return False
        is_other = any(
            values.plain(self.fields[code], now.get(code, EMPTY).value, said) != value
            for code, value in row.after.items()
        )
        if is_other or touched(row, row.before, self.later):
            self._keep(row, CHANGED)
            return False
        return True

    def _owners(self, wanted: Mapping[int, Mapping[str, Cell]]) -> dict[tuple[str, Any], set[int]]:
        """Return who has the unique values that are to come back, by code and key; not who is in this part too."""
        found: dict[tuple[str, Any], set[int]] = {}
        for code, field in self.fields.items():
            if not field.is_unique:
                continue
            keys = [own_values.key_of(cells[code]) for cells in wanted.values() if code in cells]
            owners = find.owners(field, [key for key in keys if key is not None])
            found |= {(code, key): set(ids) - set(wanted) for key, ids in owners.items()}
        return found

    def _fits(self, row: ChangeRow, wanted: Mapping[str, Cell], owners: Mapping[tuple[str, Any], set[int]]) -> bool:
        """Tell whether the values may stand where they stood; keep what is there otherwise."""
        for code, cell in wanted.items():
            field = self.fields[code]
            sentence = ""
            if owners.get((code, own_values.key_of(cell))):
                sentence = OWN_TAKEN
            elif field.type in CHOICE_TYPES and not _chosen(row.before[code]) <= {fold(one) for one in field.choices}:
                sentence = NO_CHOICE
            if sentence:
                value = row.before[code]
                text = ", ".join(value) if isinstance(value, list) else str(value)
                self._keep(row, sentence, value=text, field=find.label(field))
                return False
        return True

    def _keep(self, row: ChangeRow, sentence: str, **params: object) -> None:
        one = self.people[row.row_id]
        self.work.keep(NOUN, row.row_id, sentence, name=one.name or one.code, **params)


def _chosen(value: str | list[str] | None) -> set[str]:
    texts = [value] if isinstance(value, str) else value or []
    return {fold(text) for text in texts}
