"""Writing the difference between the definition and `membership`, set-based, level after level."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime

import peewee
from peewee import fn

from portal.built import Built, Slot
from portal.db import db, insert_from, is_sqlite, run
from portal.models import Group, GroupItem, Membership, MembershipDelta, MembershipRow, PastMembershipRow
from portal.queries.membership import Slice
from portal.queries.uses import naming
from portal.services.membership.fitting import match
from portal.services.membership.texts import differing
from portal.services.recorder import Recorder

_collecting: ContextVar[bool] = ContextVar("collecting", default=False)
_taken_back: ContextVar["_TakenBack | None"] = ContextVar("taken_back", default=None)
_NEW = MembershipDelta.is_written == False  # noqa: E712
_WRITTEN = MembershipDelta.is_written == True  # noqa: E712
_FEW = 500  # customers told by their ids: each stands in a statement several times


@dataclass(frozen=True, slots=True)
class Moved:
    """How many memberships began and ended."""

    joined: int
    left: int


def summed(parts: Iterable[Moved]) -> Moved:
    """Return how many memberships began and ended in all of these together."""
    joined = left = 0
    for part in parts:
        joined, left = joined + part.joined, left + part.left
    return Moved(joined, left)


@dataclass(slots=True)
class _TakenBack:
    """What an act that is taken back has not written: whose change it would be, and when."""

    owed: tuple[int, datetime] | None = None


def bring_up(
    change: Recorder, moment: datetime, groups: Slice, customers: Slice, *, is_last: bool = False
) -> Moved:
    """Make the stored membership of the slice what the definition says at `moment` (UTC), and return what moved in it.

    Groups that are made of others come after those; whoever uses a group that moved is brought up for whom it moved.
    Of what is taken back anyway, the last refresh of an act (`is_last`) does not write the groups that no other is made
    of: nobody would read them. If another refresh comes all the same, they are written first.
    """
    _prepare()
    debt = _taken_back.get()
    if debt is not None and debt.owed is not None:
        _write(*debt.owed, MembershipDelta.group_id.in_(_highest()))
        debt.owed = None
    skips = is_last and debt is not None and not _SET_ASIDE.rows()
    joined = left = 0
    for part, people, is_own, is_nested in _slices(groups, _told(customers)):
        moved = _equalise(change, moment, part, people, is_nested, skips)
        if is_own:
            joined, left = joined + moved.joined, left + moved.left
    if debt is not None and skips and (joined or left):
        debt.owed = change.id, moment
    if not _collecting.get():
        forget()
    return Moved(joined, left)


def forget() -> None:
    """Forget what refreshes have set aside."""
    run("DELETE FROM membership_delta")


def is_collecting() -> bool:
    """Tell whether what refreshes move is kept, in this block."""
    return _collecting.get()


@contextmanager
def collecting(*, is_taken_back: bool = False) -> Iterator[None]:
    """Keep what refreshes in the block move in `membership_delta`, instead of forgetting it after each.

    Of what `is_taken_back` afterwards nobody reads the history: it is not written.
    """
    _prepare()
    forget()
    collected, taken_back = _collecting.set(True), _taken_back.set(_TakenBack() if is_taken_back else None)
    try:
        yield
    finally:
        _collecting.reset(collected)
        _taken_back.reset(taken_back)


def _slices(groups: Slice, customers: Slice) -> Iterator[tuple[Slice, Slice, bool, bool]]:
    """Yield groups and customers to be brought up one after the other; whether they were asked for; if made of others.

    Read one by one: what comes later depends on what moved before.
    """
    ((highest,),) = _HIGHEST.rows()
    if not highest:
        yield groups, customers, True, False
        return
    for level in range(highest + 1):
        part = _at(level, groups)
        if part is None or not isinstance(part, list) or part:
            yield part, customers, True, level > 0
        using = _using(level) if level else []
        if using:
            yield using, _told(MembershipDelta.select(MembershipDelta.customer_id).where(_WRITTEN)), False, True


def _told(customers: Slice) -> Slice:
    """Return the customers of a select by their ids where they are few: with them both databases find a short way."""
    if customers is None or isinstance(customers, Sequence):
        return customers
    found = list(db.execute(customers.limit(_FEW + 1)))
    return sorted({customer_id for (customer_id,) in found}) if len(found) <= _FEW else customers


def _at(level: int, groups: Slice) -> Slice:
    there = Group.select(Group.id).where(Group.level == level)
    if groups is None:
        return there
    query = there.where(Group.id.in_(groups))
    return [group_id for (group_id,) in query.tuples()] if isinstance(groups, Sequence) else query


def _using(level: int) -> list[int]:
    """Return the groups of that level that are made of a group that has moved."""
    return [group_id for (group_id,) in _USING.rows(level=level)]


_USING = Built(
    lambda: GroupItem.select(GroupItem.group)
    .join(Group, on=(Group.id == GroupItem.group))
    .where(naming(MembershipDelta.select(MembershipDelta.group_id)), Group.level == Slot("level"))
    .distinct()
    .tuples()
)


def _highest() -> peewee.ModelSelect:
    """Return a select of the groups of the highest level: none is made of them."""
    level = Group.alias()
    return Group.select(Group.id).where(Group.level == level.select(fn.MAX(level.level)))


def _equalise(
    change: Recorder, moment: datetime, groups: Slice, customers: Slice, is_nested: bool, skips: bool
) -> Moved:
    matched = match(groups, customers, moment)
    left, joined = (
        int(db.execute_sql(*differing(groups, customers, moment, is_nested, matched, is_joining=is_joining)).rowcount)
        for is_joining in (False, True)
    )
    if left or joined:
        read = [MembershipDelta.group_id.not_in(_highest())] if skips else []
        _write(change.id, moment, _NEW, *read, left=left, joined=joined)
        _count(change)
        _WRITE_OFF.run()
    return Moved(joined, left)


def _prepare() -> None:
    # One temporary table a connection, made when it is first needed; it never outlives the connection. PostgreSQL
    # never vacuums those: emptied at the commit, it does not grow for as long as the connection lives.
    db.execute_sql(
        "CREATE TEMP TABLE IF NOT EXISTS membership_delta (group_id INTEGER NOT NULL, customer_id INTEGER NOT NULL,"
        " is_joining BOOLEAN NOT NULL, is_written BOOLEAN NOT NULL)"
        + ("" if is_sqlite() else " ON COMMIT DELETE ROWS")
    )


def _write(change_id: int, moment: datetime, *rows: peewee.Expression, left: int = 1, joined: int = 1) -> None:
    """Write rows that are set aside into the stored membership."""
    if left:
        _end(change_id, moment, rows)
    if joined:
        _begin(change_id, moment, rows)


def _end(change_id: int, moment: datetime, rows: tuple[peewee.Expression, ...]) -> None:
    going = MembershipDelta.select(MembershipDelta.group_id, MembershipDelta.customer_id).where(
        *rows,
        MembershipDelta.is_joining == False,  # noqa: E712
    )
    if _taken_back.get() is None:
        _keep(change_id, moment, going)
    MembershipRow.delete().where(peewee.Tuple(MembershipRow.group, MembershipRow.customer).in_(going)).execute()


def _keep(change_id: int, moment: datetime, going: peewee.ModelSelect) -> None:
    """Keep the intervals that end as history."""
    pair = peewee.Tuple(Membership.group, Membership.customer)
    # An interval that began and ended in one moment was never seen by anybody: `joined_at < left_at` always.
    history = Membership.select(
        Membership.group, Membership.customer, Membership.since, peewee.Value(moment), Membership.cause, change_id, 0
    ).where(pair.in_(going), Membership.since < moment)
    columns = [
        PastMembershipRow.group, PastMembershipRow.customer, PastMembershipRow.joined_at, PastMembershipRow.left_at,
        PastMembershipRow.joined_by, PastMembershipRow.left_by, PastMembershipRow.staged,
    ]  # fmt: skip
    insert_from(PastMembershipRow, history, columns)


def _begin(change_id: int, moment: datetime, rows: tuple[peewee.Expression, ...]) -> None:
    coming = MembershipDelta.select(
        MembershipDelta.group_id, MembershipDelta.customer_id, peewee.Value(moment), change_id, 0
    ).where(*rows, MembershipDelta.is_joining == True)  # noqa: E712
    row = MembershipRow
    query = row.insert_from(coming, [row.group, row.customer, row.since, row.cause, row.staged])
    # Of who is staged there is a row already, which nobody sees: what is written now counts.
    staged = query.on_conflict(
        conflict_target=[row.group, row.customer], preserve=[row.since, row.cause, row.staged]
    )
    db.execute(staged.returning())


def _count(change: Recorder) -> None:
    for group_id, joined, n in _MOVED.rows():
        count(change, group_id, joined, n - joined)


def count(change: Recorder, group_id: int, joined: int, left: int) -> None:
    """Bring the kept member count of a group up by the difference, never by counting anew, and note it."""
    run('UPDATE customer_group SET n_members = n_members + ? WHERE id = ?', (joined - left, group_id))
    change.moved(group_id, joined, left)


def _moved() -> peewee.ModelSelect:
    joins = fn.SUM(peewee.Case(None, [(MembershipDelta.is_joining == True, 1)], 0))  # noqa: E712
    query = MembershipDelta.select(MembershipDelta.group_id, joins, fn.COUNT(MembershipDelta.group_id))
    return query.where(_NEW).group_by(MembershipDelta.group_id).tuples()


_MOVED = Built(_moved)
_SET_ASIDE = Built(lambda: MembershipDelta.select(peewee.SQL("1")).limit(1).tuples())
_WRITE_OFF = Built(lambda: MembershipDelta.update(is_written=True).where(_NEW))
_HIGHEST = Built(lambda: Group.select(fn.MAX(Group.level)).where(Group.level > 0).tuples())
