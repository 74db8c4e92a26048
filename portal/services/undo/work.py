"""One undo at work: the change it undoes, what it has restored, what stays because it was touched since."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

import peewee

from portal.models import Change, ChangeRow
from portal.permissions import Actor
from portal.services.changes import Recorder
from portal.values import Remark

# What others wrote into rows since, by row id: the number of their change row, its columns.
Later = dict[int, list[tuple[int, frozenset[str]]]]
CHUNK = 500  # rows that are undone while others wait


class Kept(NamedTuple):
    """A row that stays as it is, and the sentence that says why."""

    noun: str
    row_id: int
    remark: Remark


@dataclass(slots=True)
class Work:
    """What the parts of one undo share; `recorder` is that of the transaction which is open."""

    actor: Actor
    of: Change
    root: Change  # at the end of the chain of undoing: the act whose rights count
    earlier: frozenset[int]  # undos of the same change that were made before
    brings_back: bool  # the change took things away by undoing: they come back before what speaks of them
    recorder: Recorder
    restored: Counter[str] = field(default_factory=Counter)
    kept: list[Kept] = field(default_factory=list)

    def keep(self, noun: str, row_id: int, sentence: str, **params: object) -> None:
        """Note a row that stays as it is, and why."""
        remark = Remark(sentence, noun, {name: str(value) for name, value in params.items()})
        self.kept.append(Kept(noun, row_id, remark))

    def parts(self, noun: str) -> Iterator[list[ChangeRow]]:
        """Yield the rows of the undone change, the newest first, some hundred at a time; not those it left alone."""
        own = [ChangeRow.change == self.of.id, ChangeRow.noun == noun]
        rows = list(ChangeRow.select().where(*own).order_by(ChangeRow.id.desc()).limit(CHUNK))
        while rows:
            if undone := [row for row in rows if "kept" not in (row.after or {})]:
                yield undone
            older = ChangeRow.id < rows[-1].id
            rows = list(ChangeRow.select().where(*own, older).order_by(ChangeRow.id.desc()).limit(CHUNK))

    def ids(self, noun: str, rows: Sequence[ChangeRow]) -> peewee.ModelSelect:
        """Return a select of the row ids of one of the parts, far shorter a statement than their list."""
        return ChangeRow.select(ChangeRow.row_id).where(
            ChangeRow.change == self.of.id, ChangeRow.noun == noun, ChangeRow.id.between(rows[-1].id, rows[0].id)
        )

    def later(self, noun: str, rows: Sequence[ChangeRow], among: str = "") -> Later:
        """Return what others wrote into these rows since the oldest of them, or into those of `among`."""
        others = (
            ChangeRow.select(ChangeRow.row_id, ChangeRow.id, ChangeRow.before, ChangeRow.after)
            .where(
                ChangeRow.noun == (among or noun), ChangeRow.row_id.in_(self.ids(noun, rows)),
                ChangeRow.id > rows[-1].id, ChangeRow.change.not_in(self._own()),
            )
            .tuples()
        )  # fmt: skip
        found: Later = {}
        for row_id, number, before, after in others:
            found.setdefault(row_id, []).append((number, frozenset({**(before or {}), **(after or {})})))
        return found

    def _own(self) -> list[int]:
        return [self.of.id, *([self.recorder.id] if self.recorder.is_made else [])]


def touched(row: ChangeRow, columns: Iterable[str], later: Later) -> bool:
    """Tell whether anything wrote into one of these columns after the change row."""
    wanted = frozenset(columns)
    return any(number > row.id and wanted & written for number, written in later.get(row.row_id, ()))


def typed(column: peewee.Field, value: Any) -> Any:
    """Return a value of a change row as the column takes it: times and days are kept there as ISO text."""
    if isinstance(value, str) and isinstance(column, peewee.DateTimeField):
        return datetime.fromisoformat(value)
    if isinstance(value, str) and isinstance(column, peewee.DateField):
        return date.fromisoformat(value)
    return value
