"""Resolving: whom each staged row fits and what it would do, set-based, in SQL that both databases read.

Rules: product.md §5, Identity. The first key present decides; another key that points at somebody else makes the row
ambiguous; of two rows for one customer the second is already said if equal and refused if different.
"""

import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import peewee
from peewee import fn

from portal.clock import now
from portal.db import transaction
from portal.errors import N_, Conflict
from portal.models import ChangeRow, Customer, Group, GroupItem, Import, ImportRow, Membership
from portal.queries.exclusions import excluding_groups
from portal.queries.membership import valid_at

SEVERAL = N_("“%(value)s” fits several customers; add a code to the row.")
SOMEBODY_ELSE = N_("“%(value)s” belongs to somebody else than the rest of the row says.")
SAME_AS_ROW = N_("“%(value)s” also stands in row %(row)s, which speaks of somebody else.")
TWICE = N_("Row %(row)s speaks of the same customer with other values.")
MEANWHILE = N_("Somebody else changed this customer while the file was being written; import this row again.")
BEING_MATCHED = N_("Somebody else is importing this very file just now. Wait a moment, then look at it again.")
_SETTLED = (SEVERAL, SOMEBODY_ELSE, SAME_AS_ROW, TWICE, MEANWHILE)
TAKEN = ("new", "updated", "unchanged")
PART = 2_500
HOLD = 0.05  # seconds after which an import lets others write; it ends the part that it is at
BREATH = 0.001  # seconds in which they get in: who gives the gate away would be the first to have it back
PATIENCE = 30.0  # seconds that an import waits for its turn: nobody sits before each of its parts
_KEYS = {
    "code": (ImportRow.code_key, Customer.code_key),
    "email": (ImportRow.email_key, Customer.email_key),
    "phone": (ImportRow.phone_key, Customer.phone_key),
}
_COMPARED = ("code", "name", "email", "phone", "birth_date", "language", "gender", "id_type", "id_number", "address")


@dataclass(frozen=True)
class Part:
    """The rows of an import after row `low`, up to and with row `high`."""

    imported: Import
    low: int
    high: int

    def rows(self, *conditions: Any) -> list[Any]:
        """Return the conditions for the rows of this part."""
        return [ImportRow.imported == self.imported, ImportRow.row > self.low, ImportRow.row <= self.high, *conditions]

    def open(self, *conditions: Any) -> list[Any]:
        """Return the conditions for those that nothing has settled yet."""
        return self.rows(ImportRow.result == "", *conditions)


def parts(imported: Import) -> list[Part]:
    """Return all rows of an import in parts, each short enough for others to wait for."""
    last = ImportRow.select(fn.MAX(ImportRow.row)).where(ImportRow.imported == imported).scalar() or 0
    return [Part(imported, low, low + PART) for low in range(0, last, PART)]


def resolve(imported: Import) -> None:
    """Write into each staged row whom it fits, its result and its effect on the group; set counts and fingerprint.

    One step after the other, each for one part of the rows after the other; others who write are let in between.
    What they write meanwhile is found by `stands`. Who begins to match the same rows anew stops whoever was at it:
    that one gets Conflict. Stores the import.
    """
    _begin(imported)
    order = [imported.first_key, *(key for key in _KEYS if key != imported.first_key)]
    steps: list[Callable[[Part], None]] = [lambda part: _decide(part, order), lambda part: _lead(part, order)]
    # The row that a row leads to may itself lead on: one found by its phone to one found by its e-mail, to a code.
    steps += [_lead_on] * (len(order) - 1)
    for key in order:
        steps += [partial(_find_rival, key=key), partial(_settle_rivals, key=key)]
    steps.append(_classify)
    work = [partial(step, part) for step in steps for part in parts(imported)]
    while work:
        with transaction(PATIENCE):
            _is_mine(imported)
            until = time.monotonic() + HOLD
            while True:
                work.pop(0)()
                if not work or time.monotonic() >= until:
                    break
        time.sleep(BREATH)
    with transaction(PATIENCE):
        _is_mine(imported)
        summarise(imported)
        imported.matching = ""
        imported.state = "checked"
        imported.save()


def _begin(imported: Import) -> None:
    imported.matching = secrets.token_hex(8)
    imported.as_of = newest_change_row()
    mine = [Import.id == imported.id, Import.state.in_(("reading", "checked"))]
    with transaction(PATIENCE):
        # One that has been run or dropped meanwhile stays as it is, and is nobody's to match.
        Import.update(matching=imported.matching).where(*mine).execute()


def _is_mine(imported: Import) -> None:
    if Import.select(Import.matching).where(Import.id == imported.id).scalar() != imported.matching:
        raise Conflict(BEING_MATCHED)


def newest_change_row() -> int:
    """Return the id of the newest row of any change."""
    return ChangeRow.select(fn.MAX(ChangeRow.id)).scalar() or 0


def stands(imported: Import) -> bool:
    """Tell whether nobody else has written anything since the rows were matched.

    The import's own writing moves `as_of` on, for as long as that is so.
    """
    return not ChangeRow.select().where(ChangeRow.id > imported.as_of).exists()


def set_aside(part: Part) -> None:
    """Refuse the rows whose customers somebody else has touched since the rows were matched."""
    imported = part.imported
    fits = ImportRow.customer == Customer.id
    for staged, stored in _KEYS.values():
        fits |= stored == staged
    touched = ChangeRow.select(ChangeRow.row_id).where(
        ChangeRow.id > imported.as_of, ChangeRow.change != (imported.change_id or 0), ChangeRow.noun == "customer"
    )
    somebody = Customer.select(peewee.SQL("1")).where(Customer.id.in_(touched), fits)
    taken = part.rows(ImportRow.result.in_(TAKEN), fn.EXISTS(somebody))
    ImportRow.update(result="refused", reason=MEANWHILE, joins="").where(*taken).execute()


def follow(imported: Import) -> None:
    """Give rows that say a customer a second time what their first row came to."""
    leader = ImportRow.alias()
    led = leader.select(leader.customer).where(leader.imported == imported.id, leader.row == ImportRow.leader)
    alone = [ImportRow.imported == imported, ImportRow.result == "unchanged", ImportRow.customer.is_null()]
    ImportRow.update(customer=led).where(*alone).execute()
    ImportRow.update(result="refused", reason=MEANWHILE, joins="").where(*alone).execute()


def summarise(imported: Import) -> None:
    """Set the counts and the fingerprint of what the rows say now."""
    imported.counts = _counted(imported)
    imported.fingerprint = _fingerprint(imported)


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
        staged, stored = _KEYS[key]
        mine = [staged.is_null(False), *earlier]
        ImportRow.update(customer=_fitting(staged, stored, fn.MIN(Customer.id))).where(*part.open(*mine)).execute()
        if key != "code":
            several = _fitting(staged, stored, fn.COUNT(Customer.id)) > 1
            _settle(part, "ambiguous", SEVERAL, key, *mine, several)
        earlier.append(staged.is_null())
    for key in order:
        staged, stored = _KEYS[key]
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
        staged = _KEYS[key][0]
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
    staged, stored = _KEYS[key]
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


def _classify(part: Part) -> None:
    """Say what becomes of each row, and what it does to the group."""
    _follow_leader(part)
    ImportRow.update(result="new").where(*part.open(ImportRow.customer.is_null())).execute()
    differing = None
    for name in (*_COMPARED, "shop"):
        staged, stored = getattr(ImportRow, name), getattr(Customer, name)
        one = staged.is_null(False) & (stored.is_null() | (stored != staged))
        differing = one if differing is None else differing | one
    changed = fn.EXISTS(Customer.select(peewee.SQL("1")).where(Customer.id == ImportRow.customer, differing))
    ImportRow.update(result="updated").where(*part.open(changed)).execute()
    ImportRow.update(result="unchanged").where(*part.open()).execute()
    join(part)


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


def join(part: Part) -> None:
    """Write what each row that can be taken would do to the group: joined, already or excluded."""
    imported = part.imported
    taken = part.rows(ImportRow.result.in_(TAKEN))
    said_before = ImportRow.leader < ImportRow.row
    if not imported.group_id:
        # Everybody whom the file brings joins a group that is yet to be.
        if imported.new_group:
            effect = peewee.Case(None, [(said_before, "already")], "joined")
            ImportRow.update(joins=effect).where(*taken).execute()
        return
    group = imported.group
    shop = fn.COALESCE(ImportRow.shop, Customer.select(Customer.shop).where(Customer.id == ImportRow.customer))
    live = [GroupItem.group == group.id, GroupItem.sign == "exclude", *valid_at(now())]
    kept_out = fn.EXISTS(GroupItem.select(peewee.SQL("1")).where(*live, GroupItem.shop == shop))
    if GroupItem.select().where(*live, GroupItem.of_group.is_null(False)).exists():
        kept_out |= fn.EXISTS(excluding_groups(ImportRow.customer, *live))
    if not imported.lifts_exclusions:
        kept_out |= fn.EXISTS(GroupItem.select(peewee.SQL("1")).where(*live, GroupItem.customer == ImportRow.customer))
    inside = fn.EXISTS(_inside(group))
    ImportRow.update(joins=peewee.Case(None, [(kept_out, "excluded"), (inside, "already")], "joined")).where(
        *taken
    ).execute()
    leader = ImportRow.alias()
    said = leader.select(leader.joins).where(leader.imported == imported.id, leader.row == ImportRow.leader)
    ImportRow.update(joins=peewee.Case(None, [(said == "excluded", "excluded")], "already")).where(
        *taken, said_before
    ).execute()


def tell_kept_out(imported: Import) -> None:
    """Say of rows whose customers were brought into an active group, and are no members, that they are excluded."""
    if imported.group.status == "active":
        inside = fn.EXISTS(_inside(imported.group))
        ImportRow.update(joins="excluded").where(
            ImportRow.imported == imported, ImportRow.joins == "joined", ~inside
        ).execute()


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
