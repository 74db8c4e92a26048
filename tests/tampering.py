"""A small list of changes, and one random alteration of it at a time, past the portal and past its triggers."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import peewee
from peewee import fn

from portal.db import db, is_sqlite, run
from portal.models import Change
from portal.permissions import OPERATOR, Actor, Grant, Role
from portal.services import customers, groups, imports, items, shops, undo, users
from portal.services.imports import apply, turns

TABLES = {
    "change": ("id", "at", "actor_id", "door", "act", "subject", "note", "n_rows", "undoes_id"),
    "change_row": ("id", "change_id", "noun", "row_id", "before", "after", "digest"),
    "change_seal": (
        "id", "change_id", "first_row", "last_row", "n_rows", "digest", "prior", "key_name", "mac",
    ),
}  # fmt: skip
ANCHOR = ("id", "seal", "seal_mac", "mac")


def make(cass: Actor, folder: Path) -> list[tuple[Any, ...]]:
    """Let some things happen, an import in parts with others between them too; return all anchors there were."""
    anchors = []

    def happens(what: Callable[[], Any]) -> Any:
        found = what()
        anchors.append(run("SELECT seal, seal_mac, mac FROM change_anchor").fetchone())
        return found

    happens(lambda: shops.create(OPERATOR, code="T1", name="First"))
    ann, ben = (
        happens(lambda name=name: customers.create(cass, {"name": name, "code": name})).customer
        for name in ("Ann", "Ben")
    )
    group = happens(lambda: groups.create(cass, groups.Details("Vips"), [items.NewItem(customer_id=ann.id)])).group
    happens(lambda: customers.edit(cass, ann.id, {"name": "Anna", "address": "Street 1"}))
    happens(lambda: items.add_member(cass, group.id, ben.id))
    happens(lambda: items.remove_member(cass, group.id, ann.id, "asked"))
    file = folder / "people.csv"
    file.write_text("code,name\n" + "".join(f"N{n},Person {n}\n" for n in range(12)))
    checked = imports.check(cass, file, "people.csv", group=group)
    with _small_parts():
        for n in range(100):
            if imports.go_on(cass, checked.id).state == "done":
                break
            happens(lambda n=n: customers.edit(cass, ben.id, {"address": f"Street {n}"}))
    happens(lambda: groups.edit(cass, group.id, groups.Details("Best", description="of all")))
    happens(lambda: customers.edit(cass, ann.id, {"phone": "+250788412903"}))
    happens(lambda: undo.undo(cass, Change.select(fn.MAX(Change.id)).scalar()))
    happens(
        lambda: users.add(
            OPERATOR, email="t@t.example", name="Tim", grants=[Grant(Role.ANALYST)], password="marble kettle giraffe 7"
        )
    )
    return anchors


@contextmanager
def _small_parts() -> Iterator[None]:
    """Let imports write four customers a transaction."""
    chunk, hold = apply.CHUNK, turns.HOLD
    apply.CHUNK, turns.HOLD = 4, 0.0
    try:
        yield
    finally:
        apply.CHUNK, turns.HOLD = chunk, hold


@contextmanager
def unguarded() -> Iterator[None]:
    """Take the triggers and references away, as somebody with the database in her hands would."""
    db.connect(reuse_if_open=True)
    if is_sqlite():
        found = run("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'change%'").fetchall()
        run("PRAGMA foreign_keys = 0")
        for name, _sql in found:
            run(f'DROP TRIGGER "{name}"')
        yield
        for _name, sql in found:
            run(sql)
        run("PRAGMA foreign_keys = 1")
    else:
        run("SET session_replication_role = replica")
        yield
        run("SET session_replication_role = origin")


def state() -> list[Any]:
    """Return everything that the list of changes says."""
    found = []
    for table, columns in [*TABLES.items(), ("change_anchor", ANCHOR)]:
        names = ", ".join(f'"{name}"' for name in columns)
        for row in run(f'SELECT {names} FROM "{table}" ORDER BY id').fetchall():
            found.append((table, *(_read(name, value) for name, value in zip(columns, row, strict=True))))
    return found


def _read(name: str, value: Any) -> Any:
    return json.loads(value) if name in {"before", "after"} and isinstance(value, str) else value


class Tamperer:
    """Alters the list at random; each call does one thing and says which."""

    def __init__(self, seed: int, anchors: list[tuple[Any, ...]]) -> None:
        self.draw = Random(seed)
        self.anchors = anchors
        self.ways = (
            self.alter, self.alter, self.alter, self.alter, self.delete, self.delete, self.insert, self.swap,
            self.swap, self.reorder, self.cut, self.anchor,
        )  # fmt: skip

    def once(self) -> str:
        """Do one thing that leaves the list another than it was; the transaction is the caller's."""
        before = state()
        while True:
            with db.atomic() as step:
                try:
                    said = self.draw.choice(self.ways)()
                except peewee.IntegrityError:  # an id that is taken: draw again
                    step.rollback()
                    continue
                if state() != before:
                    return said
                step.rollback()

    def _table(self) -> tuple[str, tuple[str, ...]]:
        return self.draw.choice(list(TABLES.items()))

    def _id(self, table: str) -> int:
        return int(self.draw.choice(run(f'SELECT id FROM "{table}"').fetchall())[0])

    def alter(self) -> str:
        """Write another value into one column of one row."""
        table, columns = self._table()
        name, row_id = self.draw.choice(columns), self._id(table)
        (value,) = run(f'SELECT "{name}" FROM "{table}" WHERE id = ?', (row_id,)).fetchone()
        run(f'UPDATE "{table}" SET "{name}" = ? WHERE id = ?', (self._other(name, value), row_id))
        return f"{table}.{name} of {row_id}"

    def _other(self, name: str, value: Any) -> Any:
        if name in {"before", "after"}:
            return self._other_values(_read(name, value))
        if name == "at":
            moment = datetime.fromisoformat(value) if isinstance(value, str) else value
            moved = moment + self.draw.choice((-1, 1)) * timedelta(microseconds=10 ** self.draw.randint(0, 12))
            return str(moved) if isinstance(value, str) else moved
        if value is None or isinstance(value, int):
            return max(1, (value or 0) + self.draw.choice((-2, -1, 1, 2, 1000)))
        place = self.draw.randrange(len(value) + 1)
        return self.draw.choice((value[:place] + "x" + value[place:], value[:place] + value[place + 1 :], ""))

    def _other_values(self, values: Any) -> str | None:
        if not values or self.draw.random() < 0.2:
            return None if values is not None else '{"name": "x"}'
        name = self.draw.choice(sorted(values))
        if self.draw.random() < 0.3:
            del values[name]
        else:
            values[name] = self.draw.choice((None, 7, "x", f"{values[name]}.", True))
        return json.dumps(values)

    def delete(self) -> str:
        """Take one to three rows away, anywhere or from the end."""
        table, _columns = self._table()
        if self.draw.random() < 0.5:
            ids = {self._id(table) for _ in range(self.draw.randint(1, 3))}
        else:
            n = self.draw.randint(1, 3)
            ids = {row[0] for row in run(f'SELECT id FROM "{table}" ORDER BY id DESC LIMIT {n}').fetchall()}
        for row_id in ids:
            run(f'DELETE FROM "{table}" WHERE id = ?', (row_id,))
        return f"{table}: {sorted(ids)} deleted"

    def insert(self) -> str:
        """Put in a copy of a row under another number, beyond the end or into a place that was made free."""
        table, columns = self._table()
        row_id, rest = self._id(table), ", ".join(f'"{name}"' for name in columns if name != "id")
        (end,) = run(f'SELECT max(id) FROM "{table}"').fetchone()
        new = end + self.draw.choice((1, 1, 2, 50))
        run(f'INSERT INTO "{table}" (id, {rest}) SELECT {new}, {rest} FROM "{table}" WHERE id = ?', (row_id,))
        return f"{table}: {row_id} again as {new}"

    def swap(self) -> str:
        """Exchange what two rows say in one column, or in all but their numbers."""
        table, columns = self._table()
        one, two = self._id(table), self._id(table)
        names = [name for name in columns if name != "id"]
        if self.draw.random() < 0.7:
            names = [self.draw.choice(names)]
        listed = ", ".join(f'"{name}"' for name in names)
        was = [run(f'SELECT {listed} FROM "{table}" WHERE id = ?', (row_id,)).fetchone() for row_id in (one, two)]
        for row_id, values in ((one, was[1]), (two, was[0])):
            said = [json.dumps(value) if isinstance(value, dict) else value for value in values]
            sets = ", ".join(f'"{name}" = ?' for name in names)
            run(f'UPDATE "{table}" SET {sets} WHERE id = ?', (*said, row_id))
        return f"{table}: {names} of {one} and {two} exchanged"

    def reorder(self) -> str:
        """Exchange the numbers of two rows, or give one a number that nobody has."""
        table, _columns = self._table()
        one, two = self._id(table), self._id(table)
        if one == two or self.draw.random() < 0.2:
            run(f'UPDATE "{table}" SET id = ? WHERE id = ?', (100_000 + one, one))
            return f"{table}: {one} renumbered"
        for was, becomes in ((one, 0), (two, one), (0, two)):
            run(f'UPDATE "{table}" SET id = ? WHERE id = ?', (becomes, was))
        return f"{table}: numbers {one} and {two} exchanged"

    def cut(self) -> str:
        """Take the end away whole: seals with their rows and changes; the anchor stays."""
        (newest,) = run("SELECT max(id) FROM change_seal").fetchone()
        first = newest - self.draw.randint(0, 4)
        (row,) = run("SELECT max(last_row) FROM change_seal WHERE id < ?", (first,)).fetchone()
        run("DELETE FROM change_row WHERE id > ?", (row,))
        run("DELETE FROM change_seal WHERE id >= ?", (first,))
        run("DELETE FROM change WHERE id NOT IN (SELECT change_id FROM change_seal)")
        return f"cut from seal {first}"

    def anchor(self) -> str:
        """Alter the anchor, take it away, or put an earlier one back."""
        if self.draw.random() < 0.2:
            run("DELETE FROM change_anchor")
            return "no anchor"
        if self.draw.random() < 0.5:
            run("UPDATE change_anchor SET seal = ?, seal_mac = ?, mac = ?", self.draw.choice(self.anchors[:-1]))
            return "an earlier anchor"
        name = self.draw.choice(ANCHOR[1:])
        (value,) = run(f"SELECT {name} FROM change_anchor").fetchone()
        run(f"UPDATE change_anchor SET {name} = ?", (self._other(name, value),))
        return f"change_anchor.{name}"
