"""Matching: whom each staged row fits and what becomes of it, in steps that each take one part of the rows.

Rules: product.md §5, Identity. The first key present decides; another key that points at somebody else makes the row
ambiguous; of two rows for one customer the second is already said if equal and refused if different.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import peewee
from peewee import fn

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
_COMPARED = ("code", "name", "email", "phone", "birth_date", "language", "gender", "id_type", "id_number", "address")


def steps(first_key: str, judge: Judge) -> list[Callable[[Part], None]]:
    """Return what is done with each part of the rows, one step after the other, when `first_key` decides.

    `judge` holds what the rows say of the store's own fields and of groups against what is stored.
    """
    order = [first_key, *(key for key in KEYS if key != first_key)]
    found: list[Callable[[Part], None]] = [lambda part: _decide(part, order), lambda part: _lead(part, order)]
    # The row that a row leads to may itself lead on: one found by its phone to one found by its e-mail, to a code.
    found += [_lead_on] * (len(order) - 1)
    for key in order:
        found += [partial(_find_rival, key=key), partial(_settle_rivals, key=key)]
    return [*found, *judge.first_steps(), _find_new, *judge.last_steps(), _classify]


def _fitting(staged: Any, stored: Any, column: Any) -> peewee.ModelSelect:
    return Customer.select(column).where(stored == staged)


def _decide(part: Part, order: list[str]) -> None:
    """Take back what an earlier matching wrote, and find the customer that each row fits."""
    # What a row's own cells refused stays, as do rows not matched yet.
    ImportRow.update(result="", joins="", reason="", reason_column="", reason_row=None).where(
        *part.rows(ImportRow.result != "", (ImportRow.result != "refused") | ImportRow.reason.in_(_SETTLED))
    ).execute()
    earlier: list[Any] = []
    for key in order:
        staged, stored = KEYS[key]
        mine = [staged.is_null(False), *earlier]
        ImportRow.update(customer=_fitting(staged, stored, fn.MIN(Customer.id))).where(*part.open(*mine)).execute()
        if key != "code":
            several = _fitting(staged, stored, fn.COUNT(Customer.id)) > 1
            _settle(part, "ambiguous", SEVERAL, key, *mine, several)
        earlier.append(staged.is_null())
    for key in order:
        staged, stored = KEYS[key]
        anybody = fn.EXISTS(Customer.select(peewee.SQL("1")).where(stored == staged))
        herself = fn.EXISTS(Customer.select(peewee.SQL("1")).where(stored == staged, Customer.id == ImportRow.customer))
        _settle(part, "ambiguous", SOMEBODY_ELSE, key, staged.is_null(False), anybody, ~herself)


def _settle(part: Part, result: str, reason: str, column: str, *conditions: Any) -> None:
    ImportRow.update(result=result, reason=reason, reason_column=column).where(*part.open(*conditions)).execute()


def _alive(part: Part, other: Any) -> list[Any]:
    """Return the conditions for other rows of the same import that nothing has settled."""
    return [other.imported == part.imported.id, other.result == ""]


def _lead(part: Part, order: list[str]) -> None:
    """Find, for each row, the first row that speaks of the same customer."""
    other = ImportRow.alias()
    alive, first = _alive(part, other), fn.MIN(other.row)
    ImportRow.update(leader=other.select(first).where(*alive, other.customer == ImportRow.customer)).where(
        *part.open(ImportRow.customer.is_null(False))
    ).execute()
    earlier: list[Any] = [ImportRow.customer.is_null()]
    for key in order:
        staged = KEYS[key][0]
        same = [*alive, other.customer.is_null(), getattr(other, staged.name) == staged]
        ImportRow.update(leader=other.select(first).where(*same)).where(
            *part.open(staged.is_null(False), *earlier)
        ).execute()
        earlier.append(staged.is_null())


def _lead_on(part: Part) -> None:
    other = ImportRow.alias()
    further = other.select(other.leader).where(*_alive(part, other), other.row == ImportRow.leader)
    ImportRow.update(leader=further).where(*part.open(ImportRow.leader < ImportRow.row)).execute()


def _find_rival(part: Part, key: str) -> None:
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
    ImportRow.update(reason_row=rival).where(*mine).execute()


def _settle_rivals(part: Part, key: str) -> None:
    _settle(part, "ambiguous", SAME_AS_ROW, key, ImportRow.reason_row.is_null(False))


def _find_new(part: Part) -> None:
    """Say which rows speak of a customer whom another row speaks of, and which of somebody new."""
    _follow_leader(part)
    ImportRow.update(result="new").where(*part.open(ImportRow.customer.is_null())).execute()


def _classify(part: Part) -> None:
    """Say what becomes of the others."""
    differing = None
    for name in (*_COMPARED, "shop"):
        staged, stored = getattr(ImportRow, name), getattr(Customer, name)
        one = staged.is_null(False) & (stored.is_null() | (stored != staged))
        differing = one if differing is None else differing | one
    changed = fn.EXISTS(Customer.select(peewee.SQL("1")).where(Customer.id == ImportRow.customer, differing))
    ImportRow.update(result="updated").where(*part.open(changed)).execute()
    ImportRow.update(result="unchanged").where(*part.open()).execute()


def _follow_leader(part: Part) -> None:
    leader = ImportRow.alias()
    mine = [leader.imported == part.imported.id, leader.row == ImportRow.leader]
    equal = fn.EXISTS(leader.select(peewee.SQL("1")).where(*mine, leader.digest == ImportRow.digest))
    lost = fn.EXISTS(leader.select(peewee.SQL("1")).where(*mine, leader.result == "ambiguous"))
    later = ImportRow.leader < ImportRow.row
    for result, condition in (("ambiguous", lost), ("refused", ~equal)):
        ImportRow.update(result=result, reason=TWICE, reason_row=ImportRow.leader).where(
            *part.open(later, condition)
        ).execute()
    ImportRow.update(result="unchanged").where(*part.open(later)).execute()
