"""Proving that the list of changes is as it was written: every row by its digest, every transaction by its seal.

Others may write meanwhile: what is looked at in several statements ends at the seal that was the newest at the start,
and what lies behind it is looked at in one.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from portal import seals
from portal.db import run
from portal.errors import N_

PART = 2_000
_UNREADABLE = (ValueError, TypeError, AttributeError, IndexError)  # what stands there is no moment, no JSON, no values
FORGOTTEN = "change_row"  # the noun of a row that says of which other row the values were taken out

_ROWS = """SELECT "id", "change_id", "noun", "row_id", "before", "after", "digest" FROM "change_row"
WHERE "id" > ? AND "id" <= ? ORDER BY "id" LIMIT ?"""
_BY_ROW = """SELECT "first_row", "id", "change_id", "last_row", "n_rows", "digest", "key_name" FROM "change_seal"
WHERE ("first_row" > ? OR ("first_row" = ? AND "id" > ?)) AND "id" <= ? ORDER BY "first_row", "id" LIMIT ?"""
_CHAIN = """SELECT s."id", s."change_id", s."first_row", s."last_row", s."n_rows", s."digest", s."prior", s."key_name",
s."mac", c."id", c."at", c."actor_id", c."door", c."act", c."subject", c."note",
c."undoes_id"
FROM "change_seal" s LEFT JOIN "change" c ON c."id" = s."change_id" WHERE s."id" > ? AND s."id" <= ? ORDER BY s."id"
LIMIT ?"""
_COUNTED = """SELECT c."id", c."n_rows", count(s."id"), coalesce(sum(s."n_rows"), 0)
FROM "change" c LEFT JOIN "change_seal" s ON s."change_id" = c."id"
GROUP BY c."id", c."n_rows" HAVING count(s."id") = 0 OR c."n_rows" <> coalesce(sum(s."n_rows"), 0) ORDER BY c."id" """
_BEHIND = """SELECT r."id", r."change_id" FROM "change_row" r WHERE r."id" > ? AND NOT EXISTS (SELECT 1
FROM "change_seal" s WHERE s."change_id" = r."change_id" AND r."id" BETWEEN s."first_row" AND s."last_row")
ORDER BY r."id" """
_ANCHOR = """SELECT a."id", a."seal", a."seal_mac", a."mac", (SELECT max("id") FROM "change_seal"),
(SELECT count(*) FROM "change_anchor") FROM (SELECT 1 AS "one") AS "always" LEFT JOIN "change_anchor" a ON a."id" = 1"""

ROW_ALTERED = N_("Change %(change)s: row %(row)s was altered.")
ROW_ADDED = N_("Change %(change)s: row %(row)s was put in afterwards.")
ROWS_MISSING = N_("Change %(change)s: %(n)s of its rows are missing.")
ROWS_EXCHANGED = N_("Change %(change)s: its rows are not those that were sealed.")
CHANGE_ALTERED = N_("Change %(change)s, or its seal %(seal)s, was altered.")
CHANGE_MISSING = N_("Change %(change)s is missing; its seal is %(seal)s.")
CHANGE_ADDED = N_("Change %(change)s has no seal: it was put in afterwards, or its seal was taken away.")
COUNT_ALTERED = N_("Change %(change)s says it has %(kept)s rows; %(true)s were sealed.")
SEALS_MISSING = N_("Seals %(first)s to %(last)s are missing.")
END_ALTERED = N_("The anchor, which says where the list ends, was altered.")
END_MISSING = N_("The anchor, which says where the list ends, is missing.")
CUT = N_("The end of the list is missing: its last seal is %(seal)s, and %(anchor)s is anchored.")
TURNED_BACK = N_("The anchor was turned back: it names seal %(anchor)s, and there are seals up to %(seal)s.")
GONE_ON = N_("Before seal %(seal)s the end of the list had been altered, or was of another secret key.")
UNKNOWN_KEY = N_(
    "Seals %(first)s to %(last)s are of a secret key that is not known here; name it in PORTAL_SECRET_KEY_FALLBACKS."
)


@dataclass(frozen=True, slots=True)
class Broken:
    """One thing that is not as it was written, as a sentence with what goes into it."""

    sentence: str
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Proof:
    """What was looked at: how many seals and rows, the newest seal (number and keyed hash), and what is broken."""

    n_seals: int = 0
    n_rows: int = 0
    newest: str = ""
    broken: list[Broken] = field(default_factory=list)

    def found(self, sentence: str, **params: Any) -> None:
        """Note that something is broken."""
        self.broken.append(Broken(sentence, params))


def prove() -> Proof:
    """Look at every change, row and seal there is."""
    proof = Proof()
    last = _end(proof)
    last_row = _chain(proof, last)
    _rows(proof, last, last_row)
    for change_id, kept, n_seals, true in run(_COUNTED).fetchall():
        if n_seals:
            proof.found(COUNT_ALTERED, change=change_id, kept=kept, true=true)
        else:
            proof.found(CHANGE_ADDED, change=change_id)
    for row_id, change_id in run(_BEHIND, (last_row,)).fetchall():
        proof.found(ROW_ADDED, change=change_id, row=row_id)
    return proof


def is_there(mark: str) -> bool:
    """Tell whether the list still holds the seal that an earlier proof ended with (`Proof.newest`)."""
    number, _, mac = mark.partition("-")
    if not (number.isascii() and number.isdigit() and len(number) < 10 and mac):
        return False
    found = run('SELECT "mac" FROM "change_seal" WHERE "id" = ?', (int(number),)).fetchone()
    return found is not None and found[0].startswith(mac)


def _end(proof: Proof) -> int:
    """Compare the newest seal with the anchor, and return its number."""
    anchor, seal, seal_mac, mac, newest, n = run(_ANCHOR).fetchone()
    newest = int(newest or 0)
    if anchor is None:
        proof.found(END_MISSING)
    elif newest < seal:
        proof.found(CUT, seal=newest, anchor=seal)
    elif newest > seal:
        proof.found(TURNED_BACK, seal=newest, anchor=seal)
    elif n > 1 or (not seals.is_anchor(seal, seal_mac, mac) and _is_of_known_key(newest)):
        proof.found(END_ALTERED)
    return newest


def _is_of_known_key(seal_id: int) -> bool:
    # Of one that is not known here, the chain tells; the first anchor of all is of whatever key it was.
    found = run('SELECT "key_name" FROM "change_seal" WHERE "id" = ?', (seal_id,)).fetchone()
    return found is None or found[0] in seals.known()


def _pages(sql: str, last: int) -> Iterator[Any]:
    after = 0
    while part := run(sql, (after, last, PART)).fetchall():
        yield from part
        after = part[-1][0]


# ---- the chain of seals ----


def _chain(proof: Proof, last: int) -> int:
    """Look at each seal, behind the one before it; return the last row that they cover."""
    number, previous, last_row, unknown = 0, "", 0, []
    for found in _pages(_CHAIN, last):
        seal = _Seal(found[9:], *found[:9])
        follows = seal.id == number + 1
        if not follows:
            proof.found(SEALS_MISSING, first=number + 1, last=seal.id - 1)
        if seal.key is None:
            unknown.append(seal.id)
        elif seal.change[0] is None:
            proof.found(CHANGE_MISSING, change=seal.change_id, seal=seal.id)
        elif follows and not seal.fits(previous):
            proof.found(CHANGE_ALTERED, change=seal.change_id, seal=seal.id)
        if seal.prior and not _goes_on(seal.prior, number, previous):
            proof.found(GONE_ON, seal=seal.id)
        number, previous, last_row = seal.id, seal.mac, max(last_row, seal.last_row)
        proof.n_seals += 1
        proof.newest = f"{seal.id}-{seal.mac[:16]}"
    if unknown:
        proof.found(UNKNOWN_KEY, first=unknown[0], last=unknown[-1])
    return last_row


@dataclass(frozen=True, slots=True)
class _Seal:
    """A seal as it is stored, with the change as it is stored."""

    change: Any
    id: int
    change_id: int
    first_row: int
    last_row: int
    n_rows: int
    digest: str
    prior: str
    key_name: str
    mac: str

    @property
    def key(self) -> bytes | None:
        return seals.known().get(self.key_name)

    def fits(self, previous: str) -> bool:
        """Tell whether its keyed hash is that of the seal before it, the change and the rows."""
        try:
            change_id, at, *rest = self.change
            change = seals.Sealed(change_id, datetime.fromisoformat(at) if isinstance(at, str) else at, *rest)
            if self.prior:
                previous = json.loads(self.prior)[1] or ""
            said = (self.first_row, self.last_row, self.n_rows, self.digest)
            return seals.mac_by(self.key or b"", self.id, previous, change, said, self.prior) == self.mac
        except _UNREADABLE:
            return False


def _goes_on(prior: str, number: int, previous: str) -> bool:
    """Tell whether what a seal found in the anchor was right after all: its key was not known then, and is now."""
    try:
        anchored, seal_mac, mac, newest = json.loads(prior)
        return anchored == newest == number and seal_mac == previous and seals.is_anchor(anchored, seal_mac, mac)
    except _UNREADABLE:
        return False


# ---- rows ----


@dataclass(slots=True)
class _Open:
    """A seal whose rows are being looked at."""

    first_row: int
    id: int
    change_id: int
    last_row: int
    n_rows: int
    digest: str
    key_name: str
    rows: seals.Rows = field(default_factory=seals.Rows)
    is_told: bool = False


class _Walk:
    """The rows in the order of their ids, each beside the seal that covers it."""

    def __init__(self, proof: Proof, last: int) -> None:
        self.proof = proof
        self.coming = self._by_row(last)
        self.next = next(self.coming, None)
        self.open: dict[int, _Open] = {}  # by change: of each, one seal at a time

    def _by_row(self, last: int) -> Iterator[_Open]:
        row_id, seal_id = 0, last  # seals of no rows say 0
        while part := run(_BY_ROW, (row_id, row_id, seal_id, last, PART)).fetchall():
            yield from (_Open(*found) for found in part)
            row_id, seal_id = part[-1][:2]

    def row(self, row_id: int, change_id: int, noun: str, of: int, before: Any, after: Any, digest: str) -> None:
        while self.next and self.next.first_row <= row_id:
            self._begin(self.next)
            self.next = next(self.coming, None)
        seal = self.open.get(change_id)
        if seal is None or row_id > seal.last_row:
            self.proof.found(ROW_ADDED, change=change_id, row=row_id)
            return
        self.proof.n_rows += 1
        seal.rows.add([(row_id, digest)])
        key = seals.known().get(seal.key_name)
        if key is not None and not _is_as_written(key, (change_id, noun, of, before, after), digest, row_id):
            self.proof.found(ROW_ALTERED, change=change_id, row=row_id)
            seal.is_told = True

    def _begin(self, seal: _Open) -> None:
        over = [one for one in self.open.values() if one.last_row < seal.first_row or one.change_id == seal.change_id]
        for one in over:
            self._end(one)
        self.open[seal.change_id] = seal

    def _end(self, seal: _Open) -> None:
        del self.open[seal.change_id]
        if seal.rows.n < seal.n_rows:
            self.proof.found(ROWS_MISSING, change=seal.change_id, n=seal.n_rows - seal.rows.n)
        elif seal.rows.digest != seal.digest and not seal.is_told:
            self.proof.found(ROWS_EXCHANGED, change=seal.change_id)

    def end(self) -> None:
        """Begin and end all that is left: seals behind the last row have none any more."""
        while self.next:
            self._begin(self.next)
            self.next = next(self.coming, None)
        for seal in list(self.open.values()):
            self._end(seal)


def _rows(proof: Proof, last: int, last_row: int) -> None:
    walk = _Walk(proof, last)
    for row in _pages(_ROWS, last_row):
        walk.row(*row)
    walk.end()


def _is_as_written(key: bytes, row: tuple[int, str, int, Any, Any], digest: str, row_id: int) -> bool:
    change_id, noun, of, before, after = row
    try:
        texts = [seals.text_of(seals.values_of(values)) for values in (before, after)]
        if seals.digest_by(key, change_id, noun, of, *texts) == digest:
            return True
    except _UNREADABLE:
        return False
    # Values that were forgotten are none any more; a row of a sealed change says so.
    said = run('SELECT 1 FROM "change_row" WHERE "noun" = ? AND "row_id" = ? LIMIT 1', (FORGOTTEN, row_id))
    return before is None and after is None and said.fetchone() is not None
