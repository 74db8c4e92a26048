"""What was stored of memberships when it was looked at last, and what may have become of it since (laws 6 and 9)."""

from datetime import datetime

from peewee import fn

from portal.clock import now
from portal.models import Change, Membership, PastMembership
from portal.queries import membership

Pair = tuple[int, int]
Began = tuple[datetime, int]  # when, and by which change
Interval = tuple[int, int, datetime, int, datetime, int]


class Ledger:
    """Memberships and intervals as they were seen; `look` fails where they are wrong, or have become so wrongly."""

    def __init__(self) -> None:
        self._keep(*self._stored())

    def look(self) -> None:
        """Look at what is stored now, and keep it. Raises AssertionError that names what is wrong."""
        wrong = {
            "stored and defined differ": membership.differences(),
            "intervals overlap": membership.broken_intervals(),
            "counts are wrong": membership.wrong_counts(),
        }
        held, past = self._stored()
        wrong |= self._wrong(held, past)
        assert not any(wrong.values()), {what: rows for what, rows in wrong.items() if rows}
        self._keep(held, past)

    @staticmethod
    def _stored() -> tuple[dict[Pair, Began], set[Interval]]:
        held = Membership.select(Membership.group, Membership.customer, Membership.since, Membership.cause)
        past = PastMembership.select(
            PastMembership.group, PastMembership.customer, PastMembership.joined_at, PastMembership.joined_by,
            PastMembership.left_at, PastMembership.left_by,
        )  # fmt: skip
        return {(group, one): (since, cause) for group, one, since, cause in held.tuples()}, set(past.tuples())

    def _keep(self, held: dict[Pair, Began], past: set[Interval]) -> None:
        self._held, self._past, self._moment = held, past, now()
        self._newest = Change.select(fn.MAX(Change.id)).scalar() or 0

    def _wrong(self, held: dict[Pair, Began], past: set[Interval]) -> dict[str, list[object]]:
        """Return what cannot have become of what was there, and what cannot have come, by why not."""
        came = past - self._past
        ended = {interval[:4] for interval in came}
        # Who leaves in the moment in which she joined was never a member.
        gone = [pair + began for pair, began in self._held.items() if held.get(pair) != began]
        new = [pair + began for pair, began in held.items() if self._held.get(pair) != began]
        long_ago = [one for one in came if one[3] <= self._newest]
        return {
            "history is lost": sorted(self._past - past),
            "left, and no interval says so": [one for one in gone if one not in ended and one[2] != self._moment],
            "joined, left or caused by what was there before": [
                *(one for one in came if one[5] <= self._newest), *(one for one in new if one[3] <= self._newest)
            ],
            "an interval of who was no member": [one for one in long_ago if self._held.get(one[:2]) != one[2:4]],
        }  # fmt: skip


__all__ = ["Ledger"]
