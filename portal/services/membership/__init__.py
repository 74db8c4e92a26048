"""Keeping `membership` equal to the definition. Every write that can move members ends in `refresh`."""

from collections.abc import Iterable

from portal.clock import now
from portal.queries.membership import Slice
from portal.queries.rules import matching
from portal.services.membership import staging
from portal.services.membership.due import catch_up, schedule
from portal.services.membership.foreseen import Plan
from portal.services.membership.staging import ahead, switch_on
from portal.services.membership.writing import Moved, bring_up, collecting, forget, summed
from portal.services.recorder import Recorder


def refresh(
    change: Recorder, *, groups: Slice = None, customers: Slice = None, fields: Iterable[str] | None = None,
    is_last: bool = False,
) -> Moved:  # fmt: skip
    """Make the stored membership of the slice equal to the definition, in the transaction that is open.

    `groups` and `customers` are ids or a select of ids; None means all. `fields` says that nothing else about these
    customers has changed than these columns and own fields: only groups that ask for them are looked at. The difference
    is computed set-based, then written: who leaves moves to `past_membership`, who joins is inserted with `change` as
    the cause. Returns what moved in the groups of the slice. `is_last` says that the act reads no membership after it.
    What `ahead` has found of it is used.
    """
    moment = now()
    staged = staging.of(groups, customers)
    if staged is not None and (moved := switch_on(staged, change, moment)) is not None:
        return moved
    if fields is not None and "shop" not in fields:
        groups = matching.readers(fields)
        if not groups:
            return Moved(0, 0)
    return bring_up(change, moment, groups, customers, is_last=is_last)


__all__ = ["Moved", "Plan", "ahead", "catch_up", "collecting", "forget", "refresh", "schedule", "summed"]
