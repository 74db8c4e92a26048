"""Matching: whom each staged row fits and what becomes of it, in steps that each take one part of the rows.

Rules: product.md §5, Identity. The first key present decides; another key that points at somebody else makes the row
ambiguous; of two rows for one customer the second is already said if equal and refused if different. The statements are
the same for every part: they are written once.
"""

from collections.abc import Callable, Iterator
from copy import copy
from functools import cache, partial
from typing import Any

import peewee
from peewee import fn

from portal.built import Built, Slot
from portal.errors import N_
from portal.models import Customer, ImportRow
from portal.services.imports import judging
from portal.services.imports.judging import Judge
from portal.services.imports.turns import Part

SEVERAL = N_("“%(value)s” fits several customers; add a code to the row.")
SOMEBODY_ELSE = N_("“%(value)s” belongs to somebody else than the rest of the row says.")
SAME_AS_ROW = N_("“%(value)s” also stands in row %(row)s, which speaks of somebody else.")
TWICE = N_("Row %(row)s speaks of the same customer with other values.")
MEANWHILE = N_("Somebody else changed this customer while the file was being written; import this row again.")
_SETTLED = (SEVERAL, SOMEBODY_ELSE, SAME_AS_ROW, TWICE, MEANWHILE, *judging.SETTLED)
KEYS = {
    "code": (ImportRow.code_key, Customer.code_key),
    "email": (ImportRow.email_key, Customer.email_key),
    "phone": (ImportRow.phone_key, Customer.phone_key),
}
_ANY = Part(Slot("imported"), Slot("low"), Slot("high"))  # stands for a part while statements are written
_COMPARED = ("code", "name", "email", "phone", "birth_date", "language", "gender", "id_type", "id_number", "address")


def steps(first_key: str, judge: Judge) -> list[Callable[[Part], None]]:
    """Return what is done with each part of the rows, one step after the other, when `first_key` decides.

    `judge` holds what the rows say of the store's own fields and of groups against what is stored.
    """
    order = first_key, *(key for key in KEYS if key != first_key)
    found = [_step(_decide, order), _step(_lead, order)]
    # The row that a row leads to may itself lead on: one found by its phone to one found by its e-mail, to a code.
    found += [_step(_lead_on)] * (len(order) - 1)
    for key in order:
        found += [_step(_find_rival, key), _step(_settle_rivals, key)]
    return [*found, *judge.first_steps(), _step(_find_new), *judge.last_steps(), _step(_classify)]


def _step(find: Callable[..., Iterator[peewee.Update]], *said: Any) -> Callable[[Part], None]:
    """Return the step that carries out the updates which `find` yields for a part."""

    def carry_out(part: Part) -> None:
        for update in _written(find, *said):
            update.run(imported=part.imported.id, low=part.low, high=part.high)

    return carry_out


@cache
def _written(find: Callable[..., Iterator[peewee.Update]], *said: Any) -> list[Built]:
    return [Built(partial(copy, update)) for update in find(_ANY, *said)]


def _fitting(staged: Any, stored: Any, column: Any) -> peewee.ModelSelect:
    return Customer.select(column).where(stored == staged)


def _decide(part: Part, order: tuple[str, ...]) -> Iterator[peewee.Update]:
    """Take back what an earlier matching wrote, and find the customer that each row fits."""
    # What a row's own cells refused stays, as do rows not matched yet.
    yield ImportRow.update(result="", joins="", reason="", reason_column="", reason_row=None).where(
        *part.rows(ImportRow.result != "", (ImportRow.result != "refused") | ImportRow.reason.in_(_SETTLED))
    )
    earlier: list[Any] = []
    for key in order:
        staged, stored = KEYS[key]
        mine = [staged.is_null(False), *earlier]
        yield ImportRow.update(customer=_fitting(staged, stored, fn.MIN(Customer.id))).where(*part.open(*mine))
        if key != "code":
            several = _fitting(staged, stored, fn.COUNT(Customer.id)) > 1
            yield _settled(part, "ambiguous", SEVERAL, key, *mine, several)
        earlier.append(staged.is_null())
    for key in order:
        staged, stored = KEYS[key]
        anybody = fn.EXISTS(Customer.select(peewee.SQL("1")).where(stored == staged))
        herself = fn.EXISTS(Customer.select(peewee.SQL("1")).where(stored == staged, Customer.id == ImportRow.customer))
        yield _settled(part, "ambiguous", SOMEBODY_ELSE, key, staged.is_null(False), anybody, ~herself)


def _settled(part: Part, result: str, reason: str, column: str, *conditions: Any) -> peewee.Update:
    return ImportRow.update(result=result, reason=reason, reason_column=column).where(*part.open(*conditions))


def _alive(part: Part, other: Any) -> list[Any]:
    """Return the conditions for other rows of the same import that nothing has settled."""
    return [other.imported == part.imported, other.result == ""]


def _lead(part: Part, order: tuple[str, ...]) -> Iterator[peewee.Update]:
    """Find, for each row, the first row that speaks of the same customer."""
    other = ImportRow.alias()
    alive, first = _alive(part, other), fn.MIN(other.row)
    yield ImportRow.update(leader=other.select(first).where(*alive, other.customer == ImportRow.customer)).where(
        *part.open(ImportRow.customer.is_null(False))
    )
    earlier: list[Any] = [ImportRow.customer.is_null()]
    for key in order:
        staged = KEYS[key][0]
        same = [*alive, other.customer.is_null(), getattr(other, staged.name) == staged]
        yield ImportRow.update(leader=other.select(first).where(*same)).where(
            *part.open(staged.is_null(False), *earlier)
        )
        earlier.append(staged.is_null())


def _lead_on(part: Part) -> Iterator[peewee.Update]:
    other = ImportRow.alias()
    further = other.select(other.leader).where(*_alive(part, other), other.row == ImportRow.leader)
    yield ImportRow.update(leader=further).where(*part.open(ImportRow.leader < ImportRow.row))


def _find_rival(part: Part, key: str) -> Iterator[peewee.Update]:
    """Note for each row the first that gave one of its keys to somebody else, unless she has that key already."""
    staged, stored = KEYS[key]
    other = ImportRow.alias()
    rival = other.select(fn.MIN(other.row)).where(
        *_alive(part, other), getattr(other, staged.name) == staged, other.leader < ImportRow.leader
    )
    owns = fn.EXISTS(Customer.select(peewee.SQL("1")).where(stored == staged, Customer.id == ImportRow.customer))
    # Only rows that have a rival are written: most have none, and each write of a row costs its indexes. Asked as a
    # value, not as EXISTS, which PostgreSQL may turn into a join of all rows with all.
    has_rival = fn.COALESCE(rival, 0) > 0
    mine = part.open(staged.is_null(False), ImportRow.leader == ImportRow.row, has_rival, ~owns)
    yield ImportRow.update(reason_row=rival).where(*mine)


def _settle_rivals(part: Part, key: str) -> Iterator[peewee.Update]:
    yield _settled(part, "ambiguous", SAME_AS_ROW, key, ImportRow.reason_row.is_null(False))


def _find_new(part: Part) -> Iterator[peewee.Update]:
    """Say which rows speak of a customer whom another row speaks of, and which of somebody new."""
    yield from _follow_leader(part)
    yield ImportRow.update(result="new").where(*part.open(ImportRow.customer.is_null()))


def _classify(part: Part) -> Iterator[peewee.Update]:
    """Say what becomes of the others."""
    differing = None
    for name in (*_COMPARED, "shop"):
        staged, stored = getattr(ImportRow, name), getattr(Customer, name)
        one = staged.is_null(False) & (stored.is_null() | (stored != staged))
        differing = one if differing is None else differing | one
    changed = fn.EXISTS(Customer.select(peewee.SQL("1")).where(Customer.id == ImportRow.customer, differing))
    yield ImportRow.update(result="updated").where(*part.open(changed))
    yield ImportRow.update(result="unchanged").where(*part.open())


def _follow_leader(part: Part) -> Iterator[peewee.Update]:
    leader = ImportRow.alias()
    mine = [leader.imported == part.imported, leader.row == ImportRow.leader]
    equal = fn.EXISTS(leader.select(peewee.SQL("1")).where(*mine, leader.digest == ImportRow.digest))
    lost = fn.EXISTS(leader.select(peewee.SQL("1")).where(*mine, leader.result == "ambiguous"))
    later = ImportRow.leader < ImportRow.row
    for result, condition in (("ambiguous", lost), ("refused", ~equal)):
        yield ImportRow.update(result=result, reason=TWICE, reason_row=ImportRow.leader).where(
            *part.open(later, condition)
        )
    yield ImportRow.update(result="unchanged").where(*part.open(later))
