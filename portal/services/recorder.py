"""A change being made: the rows it touched, and its seal at the end. Services record by it, inside `changes.record`."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from peewee import fn

from portal import seals
from portal.db import Model, in_chunks, insert_all, run
from portal.models import Change, ChangeRow, ChangeSeal, Group
from portal.models.customer import KEYS
from portal.permissions import Actor
from portal.queries.sealed import FORGOTTEN

# Never written down, not even in a change: a hash of a password is a secret; the others are derived, or a lot. What is
# asked for stands in the request alone: it may hold values of a customer that not every reader of changes may see.
_LEFT_OUT = frozenset(
    {
        "password_hash", "key_hash", "search", *KEYS, "uid", "n_members", "level", "next_change_at", "reads",
        "reads_clock", "arguments", "seen", "fingerprint",
    }
)  # fmt: skip

_COLUMNS = "change_id, noun, row_id, before, after, digest"
_FIELDS = [field for field in Change._meta.sorted_fields if field is not Change.id]
_MAKE = (
    f"INSERT INTO change ({', '.join(field.column_name for field in _FIELDS)})"
    f" VALUES ({', '.join('?' * len(_FIELDS))}) RETURNING id"
)


class Recorder:
    """The change being made; services tell it each row they touch."""

    def __init__(self, actor: Actor, act: str, subject: str, note: str) -> None:
        self._change = Change(actor=actor.user_id, door=actor.door.value, act=act, note=note)
        self._id: int | None = None
        self._goes_on = False
        # The rows that were recorded one by one; None when others have been, and all are read back at the end.
        self._rows: list[tuple[int, str]] | None = []
        self.subject = subject
        self.n_rows = 0
        self.moves: dict[int, tuple[int, int]] = {}  # who joined and who left, by group
        self.touched: dict[int, bool] = {}  # groups the act is about, and whether each was marked guarded before
        self.planned: set[int] = set()  # groups whose start or end is planned anew
        self.brought: set[int] = set()  # groups that come into being by the act

    @property
    def id(self) -> int:
        """The change's number. Whoever asks writes it down somewhere, so the change comes into being with it.

        Made beforehand and taken back when nothing was written, it cost a look through all tables that may name it.
        """
        if self._id is None:
            self._change.subject = self.subject
            said = [field.db_value(self._change.__data__.get(field.name)) for field in _FIELDS]
            self._change.id = self._id = int(run(_MAKE, said).fetchone()[0])
        return self._id

    @property
    def is_made(self) -> bool:
        """Tell whether anything was written under this change."""
        return self._id is not None

    def go_on(self, change_id: int | None) -> None:
        """Make the block a further part of an earlier change, if there is one."""
        self._id = change_id
        self._goes_on = change_id is not None

    def undo_of(self, change_id: int) -> None:
        """Say that this change undoes an earlier one; before anything is recorded."""
        self._change.undoes = change_id

    def about(self, noun: str, row_id: int) -> None:
        """Say what the change is about, once it has an id; one that goes on stays about what it was."""
        self.subject = f"{noun}:{row_id}"

    def moved(self, group_id: int, joined: int, left: int) -> None:
        """Note how many memberships of a group began and ended."""
        before = self.moves.get(group_id, (0, 0))
        self.moves[group_id] = before[0] + joined, before[1] + left

    def touches(self, group: Group, *, was_guarded: bool = False) -> None:
        """Say that the act is about a group, for the guard rails, whether or not anybody moves."""
        self.touched[group.id] = was_guarded or group.is_guarded

    def plans(self, group: Group) -> None:
        """Say that the clock is to begin or end a group at another moment than before."""
        self.planned.add(group.id)

    def brings(self, group: Group) -> None:
        """Say that the act brings a group into being: a mark that it gets is nobody's loss."""
        self.brought.add(group.id)

    def created(self, noun: str, row: Model) -> None:
        """Record a row that was not there before."""
        self.row(noun, row.id, None, values(row))

    def updated(self, noun: str, row_id: int, before: dict[str, Any], after: dict[str, Any]) -> None:
        """Record what differs between two states of a row, if anything does."""
        differing = [name for name in after if before.get(name) != after[name]]
        if differing:
            self.row(
                noun, row_id, {name: before.get(name) for name in differing}, {name: after[name] for name in differing}
            )

    def row(self, noun: str, row_id: int, before: dict[str, Any] | None, after: dict[str, Any] | None) -> None:
        """Record one row's values before and after; None where it was not there."""
        ((_, was, is_now, digest),) = seals.digested(self.id, noun, [(row_id, before, after)])
        said = (self.id, noun, row_id, was, is_now, digest)
        made = run(f"INSERT INTO change_row ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?) RETURNING id", said)
        if self._rows is not None:
            self._rows.append((made.fetchone()[0], digest))
        self.n_rows += 1

    def rows(self, noun: str, rows: Iterable[seals.Row]) -> int:
        """Record many rows as (id, before, after), some hundred a statement; return how many they were."""
        n = 0
        for part in in_chunks(rows):
            lines = [(self.id, noun, *line) for line in seals.digested(self.id, noun, part)]
            insert_all("change_row", _COLUMNS.split(", "), lines)
            n += len(part)
        return self.counted(n)

    def created_all(self, noun: str, rows: Iterable[Model]) -> None:
        """Record many rows that were not there before."""
        self.rows(noun, ((row.id, None, values(row)) for row in rows))

    def counted(self, n: int) -> int:
        """Count `n` rows that a statement of the caller's own has recorded; they get their digests at the end."""
        if n:
            self._rows = None
            self.n_rows += n
        return n

    def forget(self, row_ids: Iterable[int]) -> None:
        """Take the values out of rows of earlier changes for good, and record of which; their digests stay."""
        for part in in_chunks(row_ids):
            self.rows(FORGOTTEN, ((row_id, None, {"forgotten": True}) for row_id in part))
            ChangeRow.update(before=None, after=None).where(ChangeRow.id.in_(part)).execute()

    def finish(self) -> None:
        """Write down the number of rows and what the change turned out to be about, and seal it."""
        if self._id is None:
            return
        if self._goes_on:
            self._finish_part(self._id)
            return
        self._change.subject = self.subject
        run("UPDATE change SET n_rows = ?, subject = ? WHERE id = ?", (self.n_rows, self.subject, self._id))
        seals.append(sealed(self._change), self._sealed_rows(self._id))

    def _finish_part(self, change_id: int) -> None:
        if not self.n_rows:
            return
        run("UPDATE change SET n_rows = n_rows + ? WHERE id = ?", (self.n_rows, change_id))
        last = ChangeSeal.select(fn.MAX(ChangeSeal.last_row)).where(ChangeSeal.change == change_id).scalar() or 0
        seals.append(sealed(Change.get_by_id(change_id)), seals.rows_of(change_id, last))

    def _sealed_rows(self, change_id: int) -> seals.Rows:
        if self._rows is None:
            return seals.rows_of(change_id)
        rows = seals.Rows()
        rows.add(self._rows)
        return rows


class Unwritten(Recorder):
    """A change that is taken back before anybody could read it: its rows are not written."""

    def row(self, noun: str, row_id: int, before: dict[str, Any] | None, after: dict[str, Any] | None) -> None:
        """Write nothing."""

    def rows(self, noun: str, rows: Iterable[seals.Row]) -> int:
        """Write nothing."""
        return 0


def sealed(change: Change) -> seals.Sealed:
    """Return what of a stored change its seals cover."""
    return seals.Sealed(
        change.id, change.at, change.actor_id, change.door, change.act, change.subject, change.note, change.undoes_id
    )


def values(row: Model) -> dict[str, Any]:
    """Return a row's columns as JSON can hold them, without secrets and derived copies."""
    return {name: plain(value) for name, value in row.__data__.items() if name not in _LEFT_OUT}


def plain(value: Any) -> Any:
    """Return a value as JSON can hold it: dates and times as ISO text."""
    return value.isoformat() if isinstance(value, date | datetime) else value
