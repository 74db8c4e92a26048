"""Recording changes: every write of the portal happens inside `record`."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from portal.db import Model, in_chunks
from portal.models import Change, ChangeRow
from portal.permissions import Actor
from portal.services import once

# Never written down, not even in a change: a hash of a password is a secret, a search column a copy.
_LEFT_OUT = frozenset({"password_hash", "key_hash", "search", "code_key", "name_key", "email_key", "phone_key"})


@contextmanager
def record(actor: Actor, act: str, subject: str = "", note: str = "") -> Iterator["Recorder"]:
    """Run the block as one transaction and one change by `actor`.

    `act` is noun.verb, `subject` names what it is about (such as "group:12"); the block may set it later on the
    recorder. A block that records no row was no write: its change is taken back and leaves no trace.
    """
    with once.transaction():
        change = Change.create(actor=actor.user_id, door=actor.door.value, act=act, subject=subject, note=note)
        recorder = Recorder(change)
        yield recorder
        recorder.finish()


class Recorder:
    """The change being made; services tell it each row they touch."""

    def __init__(self, change: Change) -> None:
        self.change = change
        self.id: int = change.id
        self.n_rows = 0

    def about(self, noun: str, row_id: int) -> None:
        """Say what the change is about, once it has an id."""
        self.change.subject = f"{noun}:{row_id}"

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

    def counted(self, n: int) -> None:
        """Count `n` rows that were recorded by one set-based statement."""
        self.n_rows += n

    def finish(self) -> None:
        """Write down the number of rows, or take the change back when there are none."""
        if self.n_rows:
            self.change.n_rows = self.n_rows
            self.change.save(only=[Change.n_rows, Change.subject, Change.note])
        else:
            self.change.delete_instance()


def values(row: Model) -> dict[str, Any]:
    """Return a row's columns as JSON can hold them, without secrets and derived copies."""
    return {name: plain(value) for name, value in row.__data__.items() if name not in _LEFT_OUT}


def plain(value: Any) -> Any:
    """Return a value as JSON can hold it: dates and times as ISO text."""
    return value.isoformat() if isinstance(value, date | datetime) else value
