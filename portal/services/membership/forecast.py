"""Whom the clock will move next, asked beforehand: at midnight every rule of days is asked about every customer.

With many customers that takes longer than others can wait for their turn to write. So it is asked before, without a
turn and while nobody waits for it; when the moment comes, only those are looked at whom it would move, and whom
somebody has touched since. What is then written is computed as always, for these customers (decision 0093).
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from portal.clock import now
from portal.db import db, in_chunks, insert_all, transaction
from portal.models import Forecast, ForecastMove, Group, GroupItem
from portal.queries.membership import definition, kinds_of, stored
from portal.queries.rules import matching
from portal.services.membership import touched

BEFORE = timedelta(minutes=30)  # how long before the moment it is asked
PATIENCE = 30.0  # seconds that a forecast waits for its turn: nobody sits before it


def wanted() -> list[int]:
    """Return the groups that the clock moves by a rule before long, and of which nobody has asked whom, or in vain."""
    moment = now()
    by_rule = GroupItem.select(GroupItem.group).where(
        GroupItem.ended_at.is_null(), GroupItem.rule.is_null(False), GroupItem.reads_clock == True  # noqa: E712
    )  # fmt: skip
    # Who is in a group that is made of others depends on more than on her, and what is not recorded may change unseen:
    # those are asked when the moment comes.
    coming = Group.select(Group.id).where(
        Group.next_change_at > moment, Group.next_change_at <= moment + BEFORE, Group.status == "active",
        Group.level == 0, Group.id.in_(by_rule), Group.id.not_in(matching.readers(touched.UNTOLD)),
        Group.ends_at.is_null() | (Group.ends_at > Group.next_change_at),
    )  # fmt: skip
    ids = [group_id for (group_id,) in coming.order_by(Group.id).tuples()]
    standing = held(ids) if ids else {}
    return [group_id for group_id in ids if group_id not in standing]


def prepare() -> int:
    """Ask whom the clock will move in each of the `wanted` groups, and keep it; return how many groups they were.

    Each is kept in a transaction of its own; done twice, it finds nothing left to ask. Raises Busy.
    """
    ids = wanted()
    gone = [group_id for (group_id,) in Forecast.select(Forecast.group).where(Forecast.moment < now()).tuples()]
    if gone:
        with transaction(PATIENCE):
            forget(gone)
    for group_id in ids:
        _ask(group_id)
    return len(ids)


def _ask(group_id: int) -> None:
    after_row = touched.newest_row()  # looked up first: what comes now counts as later
    moment = Group.select(Group.next_change_at).where(Group.id == group_id).scalar()
    if moment is None:
        return
    ids = [group_id]
    will_be = definition(ids, moment=moment, is_nested=False, kinds=kinds_of(ids, moment))
    # Compared here: as two differences of SQL each rule would be asked twice.
    moves = set(db.execute(will_be)) ^ set(db.execute(stored(ids)))
    with transaction(PATIENCE):
        forget(ids)
        Forecast.insert(group=group_id, moment=moment, after_row=after_row).execute()
        for part in in_chunks(sorted(moves), 5_000):
            insert_all("forecast_move", ("group_id", "customer_id"), part)


def held(group_ids: Iterable[int]) -> dict[int, Any]:
    """Return the groups among these whose forecast stands, each with a select of the customers to look at.

    It stands for the moment that the group is due at, as long as nothing but customers was written meanwhile, and not
    too many of them.
    """
    rows = Forecast.select(Forecast.group, Forecast.after_row).join(Group, on=(Group.id == Forecast.group))
    rows = rows.where(Forecast.group.in_(list(group_ids)), Forecast.moment == Group.next_change_at)
    return {group_id: _people(group_id, after) for group_id, after in rows.tuples() if touched.holds([group_id], after)}


def forget(group_ids: Iterable[int]) -> None:
    """Drop what was asked beforehand about these groups."""
    for part in in_chunks(group_ids):
        Forecast.delete().where(Forecast.group.in_(part)).execute()
        ForecastMove.delete().where(ForecastMove.group_id.in_(part)).execute()


def _people(group_id: int, after: int) -> Any:
    foreseen = ForecastMove.select(ForecastMove.customer_id).where(ForecastMove.group_id == group_id)
    return foreseen | touched.customers(after)
