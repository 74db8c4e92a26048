"""Undo of any change, with no time limit, as a change of its own, so that it can be undone too (product.md §5, Undo).

What nobody has touched since comes back; what somebody has stays as it is and is named. What each act's undo does, and
which acts have none, stands in `acts`.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain

from peewee import fn

from portal.errors import N_, Missing, Refusal
from portal.models import Change, ChangeRow, Group, GroupItem, Import
from portal.permissions import Action, Actor, require
from portal.queries.settings import guards as rails
from portal.services import guards, membership
from portal.services.changes import Recorder, record
from portal.services.imports.turns import BREATH, HOLD, PATIENCE
from portal.services.undo import (
    accounts,
    acts,
    customers,
    fields,
    groups,
    items,
    own_values,
    plans,
    settings,
    shapes,
    shops,
)
from portal.services.undo.acts import may_be_undone, may_be_undone_by, origin, origins
from portal.services.undo.work import CHUNK, Kept, Work
from portal.values import Remark

ALREADY = N_("Everything of this change has been taken back already.")
NOTHING = N_("Nothing of this change can be taken back, since all of it has been changed: %(names)s.")
RUNNING = N_("This import is still being written. Undo it when it is done.")
SHOWN = 5  # names that one sentence repeats
_END = object()


@dataclass(frozen=True, slots=True)
class Undone:
    """The change that an undo made, how many rows of each noun it restored, and why others stay as they are."""

    change_id: int
    restored: Mapping[str, int]
    refused: list[Remark]


def undo(actor: Actor, change_id: int) -> Undone:
    """Take back what a change did, as far as nobody has touched it since; what stays is named.

    One transaction, or one after the other if it is large: others may write in between. One that was interrupted goes
    on when it is asked for again. Raises Missing for a change that she may not undo, Denied without the right of the
    act, Refusal where there is no undo or nothing is left to be undone.
    """
    require(actor, Action.UNDO_OWN)
    undoing = Undoing(change_id)
    while not undoing.go_on(actor):
        time.sleep(BREATH)
    return undoing.told()


@dataclass(slots=True)
class Undoing:
    """An undo under way, from one transaction to the next; `undo_id` is its change, once a part of it is stored."""

    change_id: int
    undo_id: int | None = None
    work: Work | None = None
    steps: Iterator[None] = field(default_factory=lambda: iter(()))

    def go_on(self, actor: Actor) -> bool:
        """Do parts in one transaction until others should have their turn; tell whether that was the last."""
        call: Callable[[], guards.Call] | None = None
        if self.work is None and self.undo_id is None:
            # A large one is looked at beforehand: what its first part has written stays.
            call = guards.calling("undo.undo", change_id=self.change_id)
        with (
            membership.ahead(lambda: plans.of_undo(actor, self.change_id), call),
            record(actor, "change.undo", f"change:{self.change_id}", seconds=PATIENCE, call=call) as recorder,
        ):
            recorder.undo_of(self.change_id)
            recorder.go_on(self.undo_id)
            work = self.work or self._begin(actor, recorder, call)
            work.recorder = recorder
            is_last = _go_on(self.steps, is_large=work.of.n_rows > CHUNK)
            if is_last:
                _finish(work)
            self.undo_id = recorder.id if recorder.is_made else None
        return is_last

    def _begin(self, actor: Actor, recorder: Recorder, call: Callable[[], guards.Call] | None) -> Work:
        work = self.work = begin(actor, self.change_id, recorder)
        if self.undo_id is not None:
            # Whoever was at it before has restored these; nothing else of it is stored.
            own = ChangeRow.select(ChangeRow.noun, fn.COUNT(ChangeRow.id)).where(ChangeRow.change == self.undo_id)
            work.restored.update(dict(own.group_by(ChangeRow.noun).tuples()))
        look_at_guards(work, call)
        self.steps = _steps(work)
        return work

    @property
    def n_done(self) -> int:
        """Return how many rows have been looked at so far."""
        return sum(self.work.restored.values()) + len(self.work.kept) if self.work else 0

    def told(self) -> Undone:
        """Return what the undo has done so far."""
        restored, kept = (self.work.restored, self.work.kept) if self.work else ({}, [])
        return Undone(self.undo_id or 0, dict(restored), [one.remark for one in kept])


def begin(actor: Actor, change_id: int, recorder: Recorder) -> Work:
    """Return an undo that may begin. Raises Missing, Denied, Refusal."""
    change = Change.get_or_none(Change.id == change_id)
    if change is None or (change.actor_id != actor.user_id and not actor.may(Action.UNDO_ANY)):
        raise Missing(N_("There is no change with the number %(n)s."), n=change_id)
    nouns = ChangeRow.select(ChangeRow.noun).where(ChangeRow.change == change).distinct()
    acts.check(actor, change, frozenset(noun for (noun,) in nouns.tuples()))
    if Import.select().where(Import.change == change, Import.state == "running").exists():
        raise Refusal(RUNNING)
    earlier = Change.select(Change.id).where(Change.undoes == change).tuples()
    root, depth = acts.origin(change)
    return Work(actor, change, root, frozenset(id_ for (id_,) in earlier), depth % 2 == 1, recorder)


def look_at_guards(work: Work, call: Callable[[], guards.Call] | None) -> None:
    """Say which groups the undo touches; of one in several transactions also whether it moves too many, beforehand."""
    if call is None or not rails().is_on:
        return
    rows = ChangeRow.select(ChangeRow.row_id).where(ChangeRow.change == work.of)
    items_of = GroupItem.select(GroupItem.group).where(GroupItem.id.in_(rows.where(ChangeRow.noun == "group_item")))
    is_touched = Group.id.in_(rows.where(ChangeRow.noun == "group")) | Group.id.in_(items_of)
    for group in Group.select().where(is_touched):
        work.recorder.touches(group)
    if work.of.n_rows > CHUNK:
        guards.check(guards.moved_by(work.of.id), work.recorder.touched, call)


def _steps(work: Work) -> Iterator[None]:
    """Return the work in order: what speaks of others goes before them, and comes back after them.

    A member whom the change moved out of the shop by which she was in the group, and named there, is back in the shop
    before that item ends, or named again before she leaves the shop: she is a member all the time.
    """
    if work.brings_back:
        order = [
            shops.put_back, fields.put_back, customers.bring_back, groups.put_back, accounts.put_back,
            settings.put_back, shapes.put_back, items.put_back, customers.give_back, own_values.give_back,
        ]  # fmt: skip
    else:
        order = [
            customers.give_back, own_values.give_back, items.put_back, groups.put_back, customers.take_away,
            shops.put_back, fields.put_back, accounts.put_back, settings.put_back, shapes.put_back,
        ]  # fmt: skip
    return chain.from_iterable(step(work) for step in order)


def _go_on(steps: Iterator[None], *, is_large: bool) -> bool:
    """Do parts until others should have their turn; tell whether that was the last."""
    until = time.monotonic() + HOLD
    while next(steps, _END) is not _END:
        if is_large and time.monotonic() >= until:
            return False
    return True


def _finish(work: Work) -> None:
    if not work.restored:
        raise _nothing(work.kept)
    for noun in dict.fromkeys(one.noun for one in work.kept):
        mine = [(one.row_id, one.remark) for one in work.kept if one.noun == noun]
        told = [(row_id, None, {"kept": said.sentence, "params": said.params}) for row_id, said in mine]
        work.recorder.rows(noun, told)


def _nothing(kept: list[Kept]) -> Refusal:
    if len(kept) == 1:
        return Refusal(kept[0].remark.sentence, None, **kept[0].remark.params)
    names = [one.remark.params.get("item") or one.remark.params.get("name", "") for one in kept]
    shown = list(dict.fromkeys(name for name in names if name))
    some = ", ".join(shown[:SHOWN]) + (", …" if len(shown) > SHOWN else "")
    return Refusal(NOTHING, names=some) if kept else Refusal(ALREADY)


__all__ = [
    "Kept", "Undoing", "Undone", "begin", "look_at_guards", "may_be_undone", "may_be_undone_by", "origin", "origins",
    "undo",
]  # fmt: skip
