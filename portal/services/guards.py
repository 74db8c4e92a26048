"""Guard rails: which act needs a second person before it is done (product.md §5)."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from peewee import ModelSelect, fn

from portal.errors import N_, NeedsApproval
from portal.models import Customer, Group, Membership, PastMembership, Proposal, User
from portal.queries.settings import guards

WHOLE = 10_000  # hundredths of a percent
_NOW = N_("This moves %(n)s of %(total)s customers; a second person has to approve that.")
_LATER = N_("When its day comes, this moves %(n)s of %(total)s customers; a second person has to approve that.")


class Call(NamedTuple):
    """A service by its name and what it was called with, as JSON holds it."""

    name: str
    arguments: dict[str, Any]


def calling(name: str, **arguments: Any) -> Callable[[], Call]:
    """Return what makes a call of that name, when it is asked for."""
    return lambda: Call(name, arguments)


@dataclass
class Leave:
    """Leave to pass the guard rails: what the change notes of it, and the change that used it."""

    note: str = ""
    said: dict[str, Any] = field(default_factory=dict)
    change_id: int | None = None

    def used(self, change: Any) -> None:
        """Note that a change was made by this leave, in a row of that change."""
        if self.said and change.is_made and change.id != self.change_id:
            change.row("approval", self.said.get("proposal") or change.id, None, self.said)
        self.change_id = change.id if change.is_made else self.change_id


_leave: ContextVar[Leave | None] = ContextVar("leave", default=None)


def leave() -> Leave | None:
    """Return the leave that is given in this block; None where the guard rails stand."""
    return _leave.get()


@contextmanager
def passing(given: Leave) -> Iterator[Leave]:
    """Let the acts of the block pass: they were approved, or will be taken back."""
    token = _leave.set(given)
    try:
        yield given
    finally:
        _leave.reset(token)


def are_on() -> bool:
    """Tell whether the guard rails may stop anything here."""
    return guards().is_on


def moved_by(change_id: int) -> dict[int, tuple[int, int]]:
    """Return, by group, how many joined and left by a change: about as many as its undo moves back."""
    moved: dict[int, tuple[int, int]] = {}
    for group_id, n in _counted(Membership.select(), Membership.group, Membership.cause == change_id):
        moved[group_id] = n, 0
    for column, is_joining in ((PastMembership.joined_by, True), (PastMembership.left_by, False)):
        for group_id, n in _counted(PastMembership.select(), PastMembership.group, column == change_id):
            joined, left = moved.get(group_id, (0, 0))
            moved[group_id] = (joined + n, left) if is_joining else (joined, left + n)
    return moved


def _counted(query: ModelSelect, group: Any, condition: Any) -> Iterable[tuple[int, int]]:
    found: Iterable[tuple[int, int]] = query.select(group, fn.COUNT(group)).where(condition).group_by(group).tuples()
    return found


def approved(import_id: int, fingerprint: str) -> Leave | None:
    """Return the leave for an import that somebody has approved as its check stands; None without."""
    asker, decider = User.alias(), User.alias()
    query = (
        Proposal.select(Proposal, asker, decider)
        .join(asker, on=(Proposal.asker == asker.id), attr="asker")
        .switch(Proposal)
        .join(decider, on=(Proposal.decided_by == decider.id), attr="decided_by")
        .where(
            Proposal.act == "imports.run", Proposal.state == "approved", Proposal.fingerprint == fingerprint,
            Proposal.arguments["import_id"] == import_id,
        )
    )  # fmt: skip
    found = query.first()
    return leave_of(found, found.decided_by_id, found.decided_by.name) if found is not None else None


def leave_of(proposal: Proposal, approver_id: int | None, approver: str) -> Leave:
    """Return the leave that an approval gives: both names and the reason for the log."""
    said = {"proposal": proposal.id, "asker": proposal.asker_id, "approver": approver_id}
    return Leave(f"№ {proposal.id} · {proposal.asker.name} → {approver} · {proposal.reason}", said)


def check(
    moves: Mapping[int, tuple[int, int]], touched: Mapping[int, bool], call: Callable[[], Call],
    brought: Collection[int] = (), to_come: Callable[[], int] = int,
) -> None:  # fmt: skip
    """Raise NeedsApproval where an act moves more, or other groups, than one person may by herself.

    `touched` are groups that count though nobody may move, each with whether it was marked guarded before; `brought`
    those that the act brings into being, whose marks guard nobody yet. Of an act that reaches several groups the one
    counts that it moves most: a group made of others moves with them. `to_come` tells how many the clock will move
    because of it (queries/ahead.py).
    """
    rails = guards()
    if not rails.is_on or leave() is not None:
        return
    if rails.is_marked:
        were = [group_id for group_id, was_guarded in touched.items() if was_guarded]
        is_marked = (Group.is_guarded == True) | Group.id.in_(were)  # noqa: E712
        reached = [group_id for group_id in (*moves, *touched) if group_id not in brought]
        group = Group.select().where(Group.id.in_(reached), is_marked).order_by(Group.name_key).first()
        if group is not None:
            sentence = N_("%(name)s is guarded: a second person has to approve this.")
            raise NeedsApproval(sentence, *call(), name=group.label)
    most = max((joined + left for joined, left in moves.values()), default=0)
    if rails.share is None:
        return
    later = to_come()
    if most or later:
        total = Customer.select().where(Customer.removed_at.is_null()).count()
        if max(most, later) * WHOLE > rails.share * total:
            sentence = _NOW if most >= later else _LATER
            raise NeedsApproval(sentence, *call(), n=max(most, later), total=total)
