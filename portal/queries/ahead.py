"""What the clock will do because of what an act says of days to come: the clock cannot ask a second person then."""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

import peewee
from peewee import fn

from portal.clock import now
from portal.db import db
from portal.models import Group, GroupItem
from portal.queries.membership import definition, in_days, stored


def most(change_id: int, touched: Collection[int], planned: Collection[int]) -> int:
    """Return how many customers of one group, at most, a change that is being made moves at one of the days it names.

    Compared is who is in the group at that moment by its items as they are with the change, and by its items as they
    were without it; customers, shops and the members of other groups are taken as they are now. The moments are the
    first and last days of items that the change has put, and for items of a draft its planned start. Groups that the
    change has `planned` anew, or restored, are compared with who is in now: at their start, at the first days of all
    their items, and at their end, when everybody leaves.
    """
    found = [0]
    live = GroupItem.ended_at.is_null()
    for group in Group.select().where(Group.id.in_([*touched, *planned])):
        if group.id in planned:
            found += _of_plan(group, live)
        was = (GroupItem.created_by != change_id) & (live | (GroupItem.ended_by == change_id))
        for moment in sorted(_of_items(group, change_id)):
            found.append(_apart(_at(group, moment, live), _at(group, moment, was)))
    return max(found)


def _of_plan(group: Group, live: Any) -> Iterator[int]:
    for moment in _moments(group, [GroupItem.valid_from], live, GroupItem.valid_from > now()):
        yield _count(_at(group, moment, live) - stored([group.id]))
    if group.status == "active" and group.ends_at is not None and group.ends_at > now():
        yield _count(_at(group, group.ends_at, live))


def _of_items(group: Group, change_id: int) -> set[datetime]:
    put = (GroupItem.created_by == change_id, GroupItem.ended_at.is_null())
    return _moments(group, [GroupItem.valid_from, GroupItem.valid_until], *put)


def _moments(group: Group, columns: list[peewee.Field], *items: Any) -> set[datetime]:
    """Return when the clock moves somebody because of these items: the dates to come in these columns, or its start."""
    begins = group.starts_at if group.status == "draft" else now()
    if begins is None or group.status not in {"draft", "active"}:
        return set()
    rows = GroupItem.select(*columns).where(GroupItem.group == group, *items).distinct().tuples()
    dates = {max(date, begins) for days in rows for date in days if date is not None and date > now()}
    if group.status == "draft":
        dates.add(begins)
    return {date for date in dates if group.ends_at is None or date < group.ends_at}


def _at(group: Group, moment: datetime, items: Any) -> peewee.Select:
    """Return a select of whom the items name at `moment`, whatever state the group is in now."""
    return definition([group.id], None, moment, bool(group.level), (items, *in_days(moment)))


def _apart(one: peewee.Select, other: peewee.Select) -> int:
    return _count(one - _whole(other)) + _count(other - _whole(one))


def _whole(rows: peewee.Select) -> peewee.Select:
    part = rows.alias("part")
    return peewee.Select([part], [part.c.group_id, part.c.customer_id])


def _count(rows: peewee.Select) -> int:
    part = rows.alias("counted")
    ((n,),) = db.execute(peewee.Select([part], [fn.COUNT(part.c.customer_id)]))
    return int(n)
