"""Recording changes: every write of the portal happens inside `record`."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from typing import Any

from portal.clock import now
from portal.db import WRITE_DEADLINE, Model, in_chunks, insert_all
from portal.models import Change, ChangeRow
from portal.permissions import Actor
from portal.services import once

# Never written down, not even in a change: a hash of a password is a secret; the others are derived, or a lot.
_LEFT_OUT = frozenset(
    {
        "password_hash", "key_hash", "search", "code_key", "name_key", "email_key", "phone_key", "uid", "n_members",
        "level", "next_change_at",
    }
)  # fmt: skip

# What has been recorded since somebody began to note it: number and act.
Noted = list[tuple[int, str]]
_noted: ContextVar[Noted | None] = ContextVar("noted", default=None)


def noting() -> Noted:
    """Return a list to which each change that is recorded from now on is added, in this thread."""
    noted: Noted = []
    _noted.set(noted)
    return noted


@contextmanager
def record(
    actor: Actor, act: str, subject: str = "", note: str = "", seconds: float = WRITE_DEADLINE
) -> Iterator["Recorder"]:
    """Run the block as one transaction and one change by `actor`.

    `act` is noun.verb, `subject` names what it is about (such as "group:12"); the block may set it later on the
    recorder. A block that records no row and moves nobody was no write: it leaves no change behind. Raises Busy when
    no turn to write was to be had within `seconds`.
    """
    from portal.services.membership.due import catch_up

    with once.transaction(seconds):
        # What the clock has moved before comes first: it is judged by what was there then.
        catch_up(now())
        recorder = Recorder(actor, act, subject, note)
        yield recorder
        recorder.finish()
    noted = _noted.get()
    if noted is not None and recorder.is_made and (recorder.id, act) not in noted:
        noted.append((recorder.id, act))


class Recorder:
    """The change being made; services tell it each row they touch."""

    def __init__(self, actor: Actor, act: str, subject: str, note: str) -> None:
        self._said: dict[str, Any] = {"actor": actor.user_id, "door": actor.door.value, "act": act, "note": note}
        self._id: int | None = None
        self.subject = subject
        self.n_rows = 0
        self.moves: dict[int, tuple[int, int]] = {}  # who joined and who left, by group

    @property
    def id(self) -> int:
        """The change's number. Whoever asks writes it down somewhere, so the change comes into being with it.

        Made beforehand and taken back when nothing was written, it cost a look through all tables that may name it.
        """
        if self._id is None:
            self._id = int(Change.insert(**self._said, subject=self.subject).execute())
        return self._id

    @property
    def is_made(self) -> bool:
        """Tell whether anything was written under this change."""
        return self._id is not None

    def go_on(self, change_id: int | None) -> None:
        """Make the block a further part of an earlier change, if there is one."""
        self._id = change_id

    def undo_of(self, change_id: int) -> None:
        """Say that this change undoes an earlier one; before anything is recorded."""
        self._said["undoes"] = change_id

    def about(self, noun: str, row_id: int) -> None:
        """Say what the change is about, once it has an id."""
        self.subject = f"{noun}:{row_id}"

    def moved(self, group_id: int, joined: int, left: int) -> None:
        """Note how many memberships of a group began and ended."""
        before = self.moves.get(group_id, (0, 0))
        self.moves[group_id] = before[0] + joined, before[1] + left

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
        ChangeRow.insert(change=self.id, noun=noun, row_id=row_id, before=before, after=after).execute()
        self.n_rows += 1

    def created_all(self, noun: str, rows: Iterable[Model]) -> None:
        """Record many rows that were not there before, some hundred a statement."""
        for part in in_chunks(rows):
            own = {"change": self.id, "noun": noun, "before": None}
            ChangeRow.insert_many([{**own, "row_id": row.id, "after": values(row)} for row in part]).execute()
            self.n_rows += len(part)

    def all(self, noun: str, rows: Iterable[tuple[int, dict[str, Any] | None, dict[str, Any] | None]]) -> None:
        """Record many rows with their values before and after by the quickest way in."""
        made = [
            [self.id, noun, row_id, *(json.dumps(state) if state is not None else None for state in (before, after))]
            for row_id, before, after in rows
        ]
        insert_all("change_row", ["change_id", "noun", "row_id", "before", "after"], made)
        self.n_rows += len(made)

    def counted(self, n: int) -> None:
        """Count `n` rows that were recorded by one set-based statement."""
        self.n_rows += n

    def finish(self) -> None:
        """Write down the number of rows, and what the change turned out to be about."""
        if self._id is not None:
            Change.update(n_rows=Change.n_rows + self.n_rows, subject=self.subject).where(
                Change.id == self._id
            ).execute()


def values(row: Model) -> dict[str, Any]:
    """Return a row's columns as JSON can hold them, without secrets and derived copies."""
    return {name: plain(value) for name, value in row.__data__.items() if name not in _LEFT_OUT}


def plain(value: Any) -> Any:
    """Return a value as JSON can hold it: dates and times as ISO text."""
    return value.isoformat() if isinstance(value, date | datetime) else value
