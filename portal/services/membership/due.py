"""What the clock alone moves: items that begin or are over, groups planned to start or to end.

Each group keeps `next_change_at`, the moment at which this happens next. Whoever reads or writes membership when one is
due brings it up first; joined and left times are the due moment, whenever that is done (product.md §5, Dates).
"""

from collections.abc import Iterable
from contextvars import ContextVar
from datetime import datetime
from functools import partial
from typing import Any

import peewee

from portal import clock, config
from portal.built import Built, Slot
from portal.clock import now
from portal.db import transaction
from portal.errors import Refusal
from portal.models import Group, GroupItem
from portal.permissions import CLOCK
from portal.services import activation
from portal.services.membership import forecast
from portal.services.membership.writing import bring_up
from portal.services.nesting import relevel
from portal.services.recorder import Recorder, values

_written_to: ContextVar[datetime | None] = ContextVar("written_to", default=None)


def is_due(moment: datetime | None = None) -> bool:
    """Tell whether the clock has moved somebody that is not written yet: one look into an index."""
    return bool(_DUE.rows(moment=moment or now()))


def refresh() -> int:
    """Write what the clock has moved until now, in a transaction of its own; return the number of moments."""
    if not is_due():
        return 0
    with transaction():
        return catch_up(now())


def catch_up(moment: datetime) -> int:
    """Write what the clock has moved up to `moment`, in the transaction that is open, one due moment after the other.

    Returns the number of due moments. Each is a change of the clock's.
    """
    _written_to.set(moment)
    n = 0
    while coming := _COMING.rows(moment=moment):
        _pass(coming[0][0])
        n += 1
    return n


def schedule(group_ids: Iterable[int], moment: datetime | None = None) -> None:
    """Note when the clock will move members of these groups next, as their items and plans stand after `moment`.

    By default that is up to when it was caught up: what has fallen due since, while an act was written, is still to do.
    """
    moment = moment or _written_to.get() or now()
    for group in Group.select().where(Group.id.in_(list(group_ids))):
        ahead = [*_of_items(group, moment), *_of_plan(group), *_of_rules(group, moment)]
        coming = min((at for at in ahead if at is not None), default=None)
        if group.next_change_at != coming:
            Group.update(next_change_at=coming).where(Group.id == group.id).execute()


def _due(moment: datetime | Slot) -> tuple[peewee.Expression, ...]:
    return Group.next_change_at.is_null(False), Group.next_change_at <= moment


_DUE = Built(lambda: Group.select(peewee.SQL("1")).where(*_due(Slot("moment"))).limit(1).tuples())
_COMING = Built(
    lambda: Group.select(Group.next_change_at)
    .where(*_due(Slot("moment")))
    .order_by(Group.next_change_at)
    .limit(1)
    .tuples()
)


def _of_items(group: Group, moment: datetime) -> Iterable[datetime]:
    if group.status != "active":
        return
    for query in _NEXT:
        for (at,) in query.rows(group=group.id, moment=moment):
            yield at


def _next(column: peewee.Field) -> peewee.ModelSelect:
    live = [GroupItem.group == Slot("group"), GroupItem.ended_at.is_null(), column > Slot("moment")]
    return GroupItem.select(column).where(*live).order_by(column).limit(1).tuples()


_NEXT = [Built(partial(_next, column)) for column in (GroupItem.valid_from, GroupItem.valid_until)]


def _of_rules(group: Group, moment: datetime) -> Iterable[datetime]:
    """Yield the next midnight in the store's time zone if a rule of the group changes with the day."""
    if group.status == "active" and _CLOCKED.rows(group=group.id):
        zone = config.current().timezone
        yield clock.end_of(clock.day(moment, zone), zone)


_CLOCKED = Built(
    lambda: GroupItem.select(peewee.SQL("1"))
    .where(
        GroupItem.group == Slot("group"), GroupItem.ended_at.is_null(), GroupItem.rule.is_null(False),
        GroupItem.reads_clock == True,  # noqa: E712
    )
    .limit(1)
    .tuples()
)  # fmt: skip


def _of_plan(group: Group) -> Iterable[datetime | None]:
    # A moment that has passed is still to be acted on: it stays until the clock has done so.
    if group.status == "draft":
        yield group.starts_at
    if group.status in {"draft", "active"}:
        yield group.ends_at


def _pass(moment: datetime) -> None:
    """Do everything that falls due at `moment`, as one change of the clock."""
    groups = list(Group.select().where(*_due(moment)).order_by(Group.id))
    ids = [group.id for group in groups]
    foreseen = forecast.held(ids)  # looked up first: what is recorded here was foreseen
    for group in groups:
        _look_at_start(group, moment)
    change = Recorder(CLOCK, "clock.due", "", "")
    for group in groups:
        _carry_out(group, moment, change)
    live = [GroupItem.group.in_(ids), GroupItem.ended_at.is_null()]
    for item in GroupItem.select().where(*live, GroupItem.valid_from == moment).order_by(GroupItem.id):
        change.row("group_item", item.id, {"has_begun": False}, {"has_begun": True})
    for item in GroupItem.select().where(*live, GroupItem.valid_until <= moment).order_by(GroupItem.id):
        before = values(item)
        item.ended_at, item.ended_by = moment, change.id
        item.save(only=[GroupItem.ended_at, GroupItem.ended_by])
        change.updated("group_item", item.id, before, values(item))
    relevel(ids)
    if len(ids) == 1:
        change.about("group", ids[0])
    for group_id, people in foreseen.items():
        bring_up(change, moment, [group_id], people)
    rest = [group_id for group_id in ids if group_id not in foreseen]
    if rest or not foreseen:
        bring_up(change, moment, rest, None)
    forecast.forget(ids)
    schedule(ids, moment)
    change.finish()


def _look_at_start(group: Group, moment: datetime) -> None:
    """Take a planned start away that cannot be, as a change of its own: nobody is there to be asked what was meant."""
    if group.status != "draft" or group.starts_at is None or group.starts_at > moment:
        return
    try:
        activation.check(group, moment)
    except Refusal:
        change, before = Recorder(CLOCK, "group.unstarted", f"group:{group.id}", ""), values(group)
        group.starts_at = None
        _store(group, moment, before, change)
        change.finish()


def _carry_out(group: Group, moment: datetime, change: Recorder) -> None:
    """Make a planned group active, or archive it at its planned end."""
    before = values(group)
    if group.status == "draft" and group.starts_at is not None and group.starts_at <= moment:
        group.status = "active"
    if group.ends_at is not None and group.ends_at <= moment:
        group.status = "archived"
    if group.status != before["status"]:
        _store(group, moment, before, change)


def _store(group: Group, moment: datetime, before: dict[str, Any], change: Recorder) -> None:
    group.version += 1
    group.updated_at = moment
    group.save(only=[Group.status, Group.starts_at, Group.version, Group.updated_at])
    change.updated("group", group.id, before, values(group))
