"""Seals: keyed hashes by which a change that was altered afterwards is found (decision 0050).

Each row of a change carries a digest of its values. Each transaction that wrote rows ends with a seal over the seal
before it, the change and the digests; the newest seal stands in the anchor. The values can be erased later, the digests
stay. Whoever does not hold the secret key can make none of them.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from json.encoder import c_make_encoder, encode_basestring  # type: ignore[attr-defined]
from typing import Any

from portal import config
from portal.db import is_sqlite, run, run_many

PART = 2_000
_LOOSE = frozenset({float, dict, list})  # what holds numbers that databases write in several ways
_ANCHOR = """SELECT "seal", "seal_mac", "mac", (SELECT max("id") FROM "change_seal")
FROM (SELECT 1 AS "one") AS "always" LEFT JOIN "change_anchor" ON "change_anchor"."id" = 1"""

Values = Mapping[str, Any]
Row = tuple[int, Values | None, Values | None]  # the id of what was changed, its values before and after


@dataclass(frozen=True, slots=True)
class Sealed:
    """What of a change its seals cover; the number of its rows follows from the seals."""

    id: int
    at: datetime
    actor: int | None
    door: str
    act: str
    subject: str
    note: str
    undoes: int | None = None


class Rows:
    """The rows of one transaction, as its seal covers them: added in the order of their ids."""

    def __init__(self) -> None:
        self.n = self.first = self.last = 0
        self._hash = hashlib.sha256()

    def add(self, rows: Sequence[tuple[int, str]]) -> None:
        """Add the next rows, as (id, digest)."""
        if rows:
            self.first = self.first or rows[0][0]
            self.last = rows[-1][0]
            self.n += len(rows)
            self._hash.update("".join([f"{row_id}:{digest};" for row_id, digest in rows]).encode())

    @property
    def digest(self) -> str:
        """Return one hash of all that were added."""
        return self._hash.hexdigest()


# ---- keys ----


def known() -> Mapping[str, bytes]:
    """Return the keys that this portal knows, by their names: the one that seals first, then earlier ones."""
    settings = config.current()
    return _keys((settings.secret_key, *settings.earlier_keys))


@lru_cache(maxsize=8)
def _keys(secrets: tuple[str, ...]) -> Mapping[str, bytes]:
    found = [hmac.digest(secret.encode(), b"audit log", "sha256") for secret in secrets]
    return {_hmac(key, "name")[:8]: key for key in found}


def _own() -> tuple[str, bytes]:
    return next(iter(known().items()))


def is_newest_known() -> bool | None:
    """Tell whether a key that this portal knows made the newest seal and its anchor; None while nothing is sealed."""
    anchored, seal_mac, mac, _newest = run(_ANCHOR).fetchone()
    if not anchored:
        return None
    return is_anchor(anchored, seal_mac, mac)


# ---- hashes ----


def text_of(values: Values | None) -> str | None:
    """Return values as the one JSON text that stands for them on every database."""
    if values is None:
        return None
    text = "".join(_encode(values, 0))
    if _LOOSE.isdisjoint(map(type, values.values())):
        return text
    # PostgreSQL gives 1e16 and -0.0 back in other digits: a whole number is written as one.
    return "".join(_encode(json.loads(text, parse_float=_number), 0))


def _plain(value: date) -> str:
    return value.isoformat()


# `json.dumps` makes one of these for every call, which takes longer than what it is made for.
_encode = c_make_encoder(None, _plain, encode_basestring, None, ":", ",", True, False, True)


def _number(digits: str) -> Any:
    number = float(digits)
    return int(number) if number.is_integer() else number


def digested(change_id: int, noun: str, rows: Iterable[Row]) -> Iterator[tuple[int, str | None, str | None, str]]:
    """Yield rows of a change as (id, before, after) with the texts that stand for their values, and their digests."""
    key = _own()[1]
    for row_id, before, after in rows:
        was, is_now = text_of(before), text_of(after)
        yield row_id, was, is_now, digest_by(key, change_id, noun, row_id, was, is_now)


def digest_by(key: bytes, change_id: int, noun: str, row_id: int, before: str | None, after: str | None) -> str:
    """Return the digest of a row; the first half of a keyed hash, since every row of every change carries one."""
    said = f"{change_id}\n{noun}\n{row_id}\n{before or ''}\n{after or ''}"
    return hmac.digest(key, said.encode(), "sha256")[:16].hex()


def mac_by(key: bytes, seal_id: int, previous: str, change: Sealed, rows: tuple[int, int, int, str], prior: str) -> str:
    """Return what makes a seal one: a keyed hash of the seal before it, the change and its rows."""
    said = [
        "seal", seal_id, previous, change.id, change.at.isoformat(), change.actor, change.door, change.act,
        change.subject, change.note, change.undoes, *rows, prior,
    ]  # fmt: skip
    return _hmac(key, json.dumps(said, separators=(",", ":")))


def anchor_by(key: bytes, seal_id: int, seal_mac: str) -> str:
    """Return the keyed hash by which the anchor says which seal is the newest."""
    return _hmac(key, f"anchor\n{seal_id}\n{seal_mac}")


def is_anchor(seal_id: int, seal_mac: str, mac: str) -> bool:
    """Tell whether a key that this portal knows made the anchor; before the first seal it needs none."""
    return seal_id == 0 or any(hmac.compare_digest(anchor_by(key, seal_id, seal_mac), mac) for key in known().values())


def _hmac(key: bytes, text: str) -> str:
    return hmac.digest(key, text.encode(), "sha256").hex()


# ---- writing ----


def append(change: Sealed, rows: Rows) -> None:
    """Seal a change and its rows of the transaction that is open, behind the newest seal.

    Where the newest seal is not what the anchor says, somebody has been at them: the new one keeps that in `prior`, so
    that going on heals nothing.
    """
    anchored, previous, mac, newest = run(_ANCHOR).fetchone()
    prior = ""
    if anchored is None or newest != (anchored or None) or not is_anchor(anchored, previous, mac):
        prior = json.dumps([anchored, previous, mac, newest], separators=(",", ":"))
    seal_id = max(anchored or 0, newest or 0) + 1
    _anchor(seal_id, _write(seal_id, previous or "", change, rows, prior))


def _write(seal_id: int, previous: str, change: Sealed, rows: Rows, prior: str = "") -> str:
    name, key = _own()
    said = rows.first, rows.last, rows.n, rows.digest
    mac = mac_by(key, seal_id, previous, change, said, prior)
    run(
        "INSERT INTO change_seal (id, change_id, first_row, last_row, n_rows, digest, prior, key_name, mac)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (seal_id, change.id, *said, prior, name, mac),
    )
    return mac


def _anchor(seal_id: int, mac: str) -> None:
    said = (seal_id, mac, anchor_by(_own()[1], seal_id, mac))
    if not run('UPDATE "change_anchor" SET "seal" = ?, "seal_mac" = ?, "mac" = ? WHERE "id" = 1', said).rowcount:
        run('INSERT INTO "change_anchor" ("id", "seal", "seal_mac", "mac") VALUES (1, ?, ?, ?)', said)


def rows_of(change_id: int, after: int = 0) -> Rows:
    """Return the rows of a change behind the row `after`; those that have no digest yet are given theirs."""
    rows, last = Rows(), after
    while True:
        found = run(
            f'SELECT "id", "digest" FROM "change_row" WHERE "change_id" = ? AND "id" > ? ORDER BY "id" LIMIT {PART}',
            (change_id, last),
        ).fetchall()
        bare = [row_id for row_id, digest in found if not digest]
        if bare:
            made = _digested(change_id, bare[0], bare[-1])
            found = [(row_id, digest or made[row_id]) for row_id, digest in found]
        rows.add(found)
        if len(found) < PART:
            return rows
        last = found[-1][0]


def _digested(change_id: int, low: int, high: int) -> dict[int, str]:
    """Give their digests to rows that one set-based statement has written, and return them by row."""
    found = run(
        'SELECT "id", "noun", "row_id", "before", "after" FROM "change_row" WHERE "change_id" = ?'
        ' AND "id" BETWEEN ? AND ? AND "digest" = \'\'',
        (change_id, low, high),
    ).fetchall()
    key = _own()[1]
    made = {
        row_id: digest_by(key, change_id, noun, of, text_of(values_of(before)), text_of(values_of(after)))
        for row_id, noun, of, before, after in found
    }
    if is_sqlite():
        run_many('UPDATE "change_row" SET "digest" = ? WHERE "id" = ?', [(one, row_id) for row_id, one in made.items()])
    elif made:
        run(
            'UPDATE "change_row" SET "digest" = "made"."digest" FROM unnest(?::int[], ?::text[]) AS "made" ("id",'
            ' "digest") WHERE "change_row"."id" = "made"."id"',
            (list(made), list(made.values())),
        )
    return made


def values_of(stored: Any) -> Any:
    """Return values as `text_of` takes them: SQLite gives a JSON column as its text, PostgreSQL as what it says."""
    return json.loads(stored) if isinstance(stored, str) else stored


def begin(changes: Iterable[Sealed]) -> None:
    """Seal the changes made before there were seals, in their order, and set the anchor; the migration calls it."""
    seal_id, mac = 0, ""
    for change in changes:
        seal_id, mac = seal_id + 1, _write(seal_id + 1, mac, change, rows_of(change.id))
    run("INSERT INTO change_anchor (id, seal, seal_mac, mac) VALUES (1, 0, '', '')")
    if seal_id:
        _anchor(seal_id, mac)
