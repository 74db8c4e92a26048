"""Reading what an undo did: how much came back, and which rows stay as they are, page by page."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import peewee
from peewee import fn

from portal.errors import N_, Missing
from portal.models import Change, ChangeRow
from portal.permissions import Action, Actor, require
from portal.values import Remark

PAGE = 100
# So begins, on both databases, what a change says of a row that it left alone.
_KEPT = ChangeRow.after.cast("text").startswith('{"kept"')


@dataclass(frozen=True)
class Undone:
    """An undo: its change, the restored rows by noun, one page of the sentences about the others, and their number."""

    change: Change
    restored: Mapping[str, int]
    kept: list[Remark]
    n_kept: int
    after: int | None


def undone_by(change_ids: Iterable[int]) -> dict[int, int]:
    """Return, for those of the changes that stand undone, the number of the change that undid them last.

    An undo that was itself undone counts no more.
    """
    undoing = Change.alias("undoing")
    taken_back = undoing.select(peewee.SQL("1")).where(undoing.undoes == Change.id)
    query = Change.select(Change.undoes, fn.MAX(Change.id)).where(Change.undoes.in_(list(change_ids)))
    return dict(query.where(~fn.EXISTS(taken_back)).group_by(Change.undoes).tuples())


def of(actor: Actor, change_id: int, *, after: int = 0, size: int = PAGE) -> Undone:
    """Return what the undo of that number did; raises Missing for none, or one that is not hers to see."""
    require(actor, Action.UNDO_OWN)
    change = Change.get_or_none(Change.id == change_id, Change.undoes.is_null(False))
    if change is None or (change.actor_id != actor.user_id and not actor.may(Action.UNDO_ANY)):
        raise Missing(N_("There is no change with the number %(n)s."), n=change_id)
    own = ChangeRow.change == change
    counted = ChangeRow.select(ChangeRow.noun, fn.COUNT(peewee.SQL("*"))).where(own, ~_KEPT).group_by(ChangeRow.noun)
    kept = ChangeRow.select().where(own, _KEPT)
    rows = list(kept.where(ChangeRow.id > after).order_by(ChangeRow.id).limit(size + 1))
    return Undone(
        change, dict(counted.order_by(ChangeRow.noun).tuples()),
        [Remark(row.after["kept"], row.noun, row.after["params"]) for row in rows[:size]],
        int(kept.count()), rows[size - 1].id if len(rows) > size else None,
    )  # fmt: skip
