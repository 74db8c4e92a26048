"""Resolving: whom each staged row fits and what it would do, set-based, in SQL that both databases read.

Rules: product.md §5, Identity. The first key present decides; another key that points at somebody else makes the row
ambiguous; of two rows for one customer the second is already said if equal and refused if different.
"""

import json
from typing import Any

import peewee
from peewee import fn

from portal.errors import N_
from portal.models import Customer, Group, GroupItem, Import, ImportRow, Membership

SEVERAL = N_("“%(value)s” fits several customers; add a code to the row.")
SOMEBODY_ELSE = N_("“%(value)s” belongs to somebody else than the rest of the row says.")
SAME_AS_ROW = N_("“%(value)s” also stands in row %(row)s, which speaks of somebody else.")
TWICE = N_("Row %(row)s speaks of the same customer with other values.")
_KEYS = {
    "code": (ImportRow.code_key, Customer.code_key),
    "email": (ImportRow.email_key, Customer.email_key),
    "phone": (ImportRow.phone_key, Customer.phone_key),
}
_COMPARED = ("code", "name", "email", "phone", "birth_date", "language", "gender", "id_type", "id_number", "address")


def resolve(imported: Import) -> None:
    """Write into each staged row whom it fits, its result and its effect on the group; set counts and fingerprint."""
    _forget(imported)
    order = [imported.first_key, *(key for key in _KEYS if key != imported.first_key)]
    _decide(imported, order)
    _lead(imported, order)
    _classify(imported)
    if imported.group_id:
        _join(imported, imported.group)
    elif imported.new_group:
        _join_new(imported)
    imported.counts = _counted(imported)
    imported.fingerprint = _fingerprint(imported)


def _rows(imported: Import, *conditions: Any) -> list[Any]:
    """Return the conditions for rows of this import that nothing has settled yet."""
    return [ImportRow.imported == imported, ImportRow.result == "", *conditions]


def _forget(imported: Import) -> None:
    """Take back what an earlier resolve wrote; what a row's own cells refused stays, as do rows not resolved yet."""
    settled = (SEVERAL, SOMEBODY_ELSE, SAME_AS_ROW, TWICE)
    ImportRow.update(
        result="", joins="", customer=None, leader=None, reason="", reason_column="", reason_row=None
    ).where(
        ImportRow.imported == imported,
        ImportRow.result != "",
        (ImportRow.result != "refused") | ImportRow.reason.in_(settled),
    ).execute()


def _fitting(staged: Any, stored: Any, column: Any) -> peewee.ModelSelect:
    return Customer.select(column).where(stored == staged)


def _decide(imported: Import, order: list[str]) -> None:
    earlier: list[Any] = []
    for key in order:
        staged, stored = _KEYS[key]
        mine = [staged.is_null(False), *earlier]
        ImportRow.update(customer=_fitting(staged, stored, fn.MIN(Customer.id))).where(
            *_rows(imported, *mine)
        ).execute()
        if key != "code":
            several = _fitting(staged, stored, fn.COUNT(Customer.id)) > 1
            _settle(imported, "ambiguous", SEVERAL, key, *mine, several)
        earlier.append(staged.is_null())
    for key in order:
        staged, stored = _KEYS[key]
        anybody = fn.EXISTS(Customer.select(peewee.SQL("1")).where(stored == staged))
        herself = fn.EXISTS(Customer.select(peewee.SQL("1")).where(stored == staged, Customer.id == ImportRow.customer))
        _settle(imported, "ambiguous", SOMEBODY_ELSE, key, staged.is_null(False), anybody, ~herself)


def _settle(imported: Import, result: str, reason: str, column: str, *conditions: Any) -> None:
    ImportRow.update(result=result, reason=reason, reason_column=column).where(*_rows(imported, *conditions)).execute()


def _lead(imported: Import, order: list[str]) -> None:
    """Find, for each row, the first row that speaks of the same customer, and judge the later ones."""
    other = ImportRow.alias("other")
    alive = [other.imported == imported.id, other.result == ""]
    first = fn.MIN(other.row)
    ImportRow.update(leader=other.select(first).where(*alive, other.customer == ImportRow.customer)).where(
        *_rows(imported, ImportRow.customer.is_null(False))
    ).execute()
    earlier: list[Any] = [ImportRow.customer.is_null()]
    for key in order:
        staged = _KEYS[key][0]
        same = [*alive, other.customer.is_null(), getattr(other, staged.name) == staged]
        ImportRow.update(leader=other.select(first).where(*same)).where(
            *_rows(imported, staged.is_null(False), *earlier)
        ).execute()
        earlier.append(staged.is_null())
    # A row found by its e-mail may lead to one that was itself found by its code.
    ImportRow.update(leader=other.select(other.leader).where(*alive, other.row == ImportRow.leader)).where(
        *_rows(imported, ImportRow.leader < ImportRow.row)
    ).execute()
    for key in order:
        _rivals(imported, key)
    _followers(imported)


def _rivals(imported: Import, key: str) -> None:
    """A key that an earlier row gave to somebody else makes a row ambiguous, unless she has that key already."""
    staged, stored = _KEYS[key]
    other = ImportRow.alias("other")
    rival = other.select(fn.MIN(other.row)).where(
        other.imported == imported.id, other.result == "", getattr(other, staged.name) == staged,
        other.leader < ImportRow.leader,
    )  # fmt: skip
    owns = fn.EXISTS(Customer.select(peewee.SQL("1")).where(stored == staged, Customer.id == ImportRow.customer))
    # Only rows that have a rival are written: most have none, and each write of a row costs its indexes. Asked as a
    # value, not as EXISTS, which PostgreSQL may turn into a join of all rows with all.
    has_rival = fn.COALESCE(rival, 0) > 0
    mine = _rows(imported, staged.is_null(False), ImportRow.leader == ImportRow.row, has_rival, ~owns)
    ImportRow.update(reason_row=rival).where(*mine).execute()
    _settle(imported, "ambiguous", SAME_AS_ROW, key, ImportRow.reason_row.is_null(False))


def _followers(imported: Import) -> None:
    leader = ImportRow.alias("leader_row")
    mine = [leader.imported == imported.id, leader.row == ImportRow.leader]
    equal = fn.EXISTS(leader.select(peewee.SQL("1")).where(*mine, leader.digest == ImportRow.digest))
    lost = fn.EXISTS(leader.select(peewee.SQL("1")).where(*mine, leader.result == "ambiguous"))
    later = ImportRow.leader < ImportRow.row
    for result, condition in (("ambiguous", lost), ("refused", ~equal)):
        ImportRow.update(result=result, reason=TWICE, reason_row=ImportRow.leader).where(
            *_rows(imported, later, condition)
        ).execute()
    ImportRow.update(result="unchanged").where(*_rows(imported, later)).execute()


def _classify(imported: Import) -> None:
    ImportRow.update(result="new").where(*_rows(imported, ImportRow.customer.is_null())).execute()
    differing = None
    for name in (*_COMPARED, "shop"):
        staged, stored = getattr(ImportRow, name), getattr(Customer, name)
        one = staged.is_null(False) & (stored.is_null() | (stored != staged))
        differing = one if differing is None else differing | one
    changed = fn.EXISTS(Customer.select(peewee.SQL("1")).where(Customer.id == ImportRow.customer, differing))
    ImportRow.update(result="updated").where(*_rows(imported, changed)).execute()
    ImportRow.update(result="unchanged").where(*_rows(imported)).execute()


def _join(imported: Import, group: Group) -> None:
    """Write what each row that can be taken would do to the group: joined, already or excluded."""
    taken = [ImportRow.imported == imported, ImportRow.result.in_(("new", "updated", "unchanged"))]
    shop = fn.COALESCE(ImportRow.shop, Customer.select(Customer.shop).where(Customer.id == ImportRow.customer))
    live = [GroupItem.group == group.id, GroupItem.ended_at.is_null(), GroupItem.sign == "exclude"]
    kept_out = fn.EXISTS(GroupItem.select(peewee.SQL("1")).where(*live, GroupItem.shop == shop))
    if not imported.lifts_exclusions:
        kept_out |= fn.EXISTS(GroupItem.select(peewee.SQL("1")).where(*live, GroupItem.customer == ImportRow.customer))
    inside = fn.EXISTS(_inside(group))
    ImportRow.update(joins=peewee.Case(None, [(kept_out, "excluded"), (inside, "already")], "joined")).where(
        *taken
    ).execute()
    leader = ImportRow.alias("leader_row")
    said = leader.select(leader.joins).where(leader.imported == imported.id, leader.row == ImportRow.leader)
    ImportRow.update(joins=peewee.Case(None, [(said == "excluded", "excluded")], "already")).where(
        *taken, ImportRow.leader < ImportRow.row
    ).execute()


def _join_new(imported: Import) -> None:
    """Everybody whom the file brings joins a group that is yet to be."""
    taken = [ImportRow.imported == imported, ImportRow.result.in_(("new", "updated", "unchanged"))]
    said_before = ImportRow.leader < ImportRow.row
    ImportRow.update(joins=peewee.Case(None, [(said_before, "already")], "joined")).where(*taken).execute()


def _inside(group: Group) -> peewee.ModelSelect:
    """Return a select of the customer of the staged row in the group; a draft has items and no members yet."""
    if group.status == "active":
        return Membership.select(peewee.SQL("1")).where(
            Membership.group == group.id, Membership.customer == ImportRow.customer
        )
    return GroupItem.select(peewee.SQL("1")).where(
        GroupItem.group == group.id,
        GroupItem.customer == ImportRow.customer,
        GroupItem.sign == "include",
        GroupItem.ended_at.is_null(),
    )


def _counted(imported: Import) -> dict[str, int]:
    counts = dict.fromkeys(
        ("rows", "new", "updated", "unchanged", "ambiguous", "refused", "joined", "already", "excluded", "left"), 0
    )
    for column in (ImportRow.result, ImportRow.joins):
        query = ImportRow.select(column, fn.COUNT(ImportRow.id)).where(ImportRow.imported == imported).group_by(column)
        for name, n in query.tuples():
            if name:
                counts[name] = n
            counts["rows"] += n if column is ImportRow.result else 0
    return counts


def _fingerprint(imported: Import) -> str:
    """Return a text that differs whenever the check would show something else: which rows, whom, what of them."""
    query = (
        ImportRow.select(
            ImportRow.result, ImportRow.joins, fn.COUNT(ImportRow.id), fn.SUM(ImportRow.row),
            fn.SUM(fn.COALESCE(ImportRow.customer, 0)), fn.SUM(ImportRow.row * fn.COALESCE(ImportRow.customer, 1)),
        )
        .where(ImportRow.imported == imported)
        .group_by(ImportRow.result, ImportRow.joins)
        .order_by(ImportRow.result, ImportRow.joins)
    )  # fmt: skip
    return json.dumps([[str(value) for value in row] for row in query.tuples()])
