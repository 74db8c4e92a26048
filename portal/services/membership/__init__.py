"""Keeping `membership` equal to the definition. Every write that can move members ends in `refresh`."""

from portal.clock import now
from portal.queries.membership import Slice
from portal.services.membership.due import catch_up, schedule
from portal.services.membership.writing import Moved, bring_up, collecting
from portal.services.recorder import Recorder


def refresh(change: Recorder, *, groups: Slice = None, customers: Slice = None) -> Moved:
    """Make the stored membership of the slice equal to the definition, in the transaction that is open.

    `groups` and `customers` are ids or a select of ids; None means all. The difference is computed set-based, then
    written: who leaves moves to `past_membership`, who joins is inserted with `change` as the cause. Returns what moved
    in the groups of the slice.
    """
    return bring_up(change, now(), groups, customers)


__all__ = ["Moved", "catch_up", "collecting", "refresh", "schedule"]
