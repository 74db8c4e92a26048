"""Undoing what was said of groups: items that came end, items that ended come back as new ones, all at once.

What an item says is taken as it is, whatever its kind: all columns but those that tell when it came and went.
"""

from collections.abc import Iterator
from typing import Any

import peewee
from peewee import fn

from portal import clock
from portal.db import insert_from, json_of, unindexed
from portal.errors import N_, Refusal
from portal.models import ChangeRow, Customer, Group, GroupItem, Shop
from portal.services import membership, nesting
from portal.services.changes import plain
from portal.services.item_rows import put_all
from portal.services.items.rules import checked
from portal.services.undo.item_rows import (
    TARGETS,
    asked_by,
    changed,
    described,
    has_rule,
    is_new,
    is_open,
    named,
    not_back,
    rows,
    stands,
    was_ended,
)
from portal.services.undo.work import CHUNK, Work, touched, typed

ENDED = N_("%(item)s in %(group)s has been ended since.")
CHANGED = N_("%(item)s in %(group)s has been changed since.")
STANDS = N_("%(item)s in %(group)s: another item for it has come since.")
OVER = N_("%(item)s in %(group)s: its last day has gone by.")
NO_GROUP = N_("%(item)s: the group %(group)s is not there any more.")
NO_TARGET = N_("%(item)s is not there any more and cannot come back into %(group)s.")
NOT_YOURS = N_("An item of this change is not yours to change any more.")
_OF_TIME = {"id", "created_at", "created_by", "ended_at", "ended_by"}
_SAID = [column for column in GroupItem._meta.sorted_fields if column.name not in _OF_TIME]
_CONTENT = [column for column in _SAID if column.name != "group"]
_TOLD = ("group", "sign", "kind", "customer", "shop", "of_group", "note")


def put_back(work: Work) -> Iterator[None]:
    """Undo the items of a change and bring the members of their groups up to date: in one part where they differ."""
    if not rows(work).exists():
        return
    _edited(work)
    if work.of.n_rows > CHUNK and _is_list(work):
        yield from _list(work)
    moved = _end(work) + _begin(work, "customer") + _begin(work, "shop") + _begin_groups(work) + _begin_rules(work)
    _keep_rest(work)
    if moved:
        work.restored["group_item"] += moved
        _refresh(work)
    yield


def _is_list(work: Work) -> bool:
    """Tell whether the change did one thing only, however often: it named customers, or took their names away.

    Of any two things it did, one may keep somebody in a group whom the other alone would move, so those are undone at
    once: she is a member all the time.
    """
    came = (GroupItem.created_by == work.of.id).alias("came")
    kinds = GroupItem.select(GroupItem.kind, GroupItem.sign, came).where(GroupItem.id.in_(rows(work))).distinct()
    found = list(kinds.limit(2).tuples())
    return len(found) == 1 and found[0][0] == "customer"


def _list(work: Work) -> Iterator[None]:
    """Undo the items of a list some hundred at a time; others may write at each yield."""
    while True:
        last = ChangeRow.select(fn.MAX(ChangeRow.id)).scalar() or 0
        n = _end(work, CHUNK) or _begin(work, "customer", CHUNK)
        if not n:
            return
        work.restored["group_item"] += n
        _refresh(work, last)
        yield


def _end(work: Work, most: int | None = None) -> int:
    """End the items that came by the change and are as they came, at most so many; return how many."""
    going = [is_new(work), GroupItem.ended_at.is_null(), *is_open(work)]
    if not GroupItem.select().where(*going, ~changed(work)).exists():
        return 0
    change, moment = work.recorder, clock.now()
    none = peewee.Value(None)
    before = json_of(ended_at=none, ended_by=none)
    after = json_of(ended_at=peewee.Value(plain(moment)), ended_by=peewee.Value(change.id))
    own = GroupItem.select(change.id, peewee.Value("group_item"), GroupItem.id, before, after)
    columns = [ChangeRow.change, ChangeRow.noun, ChangeRow.row_id, ChangeRow.before, ChangeRow.after]
    own = own.where(*going, ~changed(work)).order_by(GroupItem.id).limit(most)
    n = insert_from(ChangeRow, own, columns)
    told = ChangeRow.select(ChangeRow.row_id).where(ChangeRow.change == change.id, ChangeRow.noun == "group_item")
    GroupItem.update(ended_at=moment, ended_by=change.id).where(*going, GroupItem.id.in_(told)).execute()
    change.counted(n)
    return n


def _coming(work: Work, name: str) -> list[Any]:
    """Return the conditions for ended items that come back and speak of a thing of this kind."""
    live = Group.select(Group.id).where(Group.status != "deleted")
    # Each looked up by itself: a list of all customers takes longer to make than the few who come back.
    is_there = {
        "customer": _exists(Customer, GroupItem.customer), "shop": _exists(Shop, GroupItem.shop),
        "of_group": GroupItem.of_group.in_(live),
    }[name]
    is_to_last = GroupItem.valid_until.is_null() | (GroupItem.valid_until > clock.now())
    # The items lead to their groups, not each group to all of its items.
    return [
        was_ended(work), unindexed(GroupItem.group).in_(live), is_there, is_to_last, ~stands(name),
        *not_back(work, name), *is_open(work),
    ]  # fmt: skip


def _exists(model: Any, column: peewee.Field) -> peewee.Function:
    return fn.EXISTS(model.select(peewee.SQL("1")).where(model.id == column, model.removed_at.is_null()))


def _begin(work: Work, name: str, most: int | None = None) -> int:
    """Insert anew what the ended items said that speak of a thing of this kind, at most so many; return how many."""
    coming = _coming(work, name)
    if not GroupItem.select().where(*coming).exists():
        return 0
    change = work.recorder
    newest = GroupItem.select(fn.MAX(GroupItem.id)).scalar()
    query = GroupItem.select(*_SAID, peewee.Value(clock.now()), change.id).where(*coming)
    query = query.order_by(GroupItem.id).limit(most)
    insert_from(GroupItem, query, [*_SAID, GroupItem.created_at, GroupItem.created_by])
    told = json_of(**{column: getattr(GroupItem, column) for column in _TOLD})
    made = GroupItem.select(change.id, peewee.Value("group_item"), GroupItem.id, told).where(
        GroupItem.id > newest, GroupItem.created_by == change.id
    )
    columns = [ChangeRow.change, ChangeRow.noun, ChangeRow.row_id, ChangeRow.after]
    n = insert_from(ChangeRow, made, columns)
    change.counted(n)
    return n


def _begin_groups(work: Work) -> int:
    """Insert anew what the ended items said that speak of groups: one by one, for each might close a circle by now."""
    n = 0
    for item in list(described(*_coming(work, "of_group"))):
        try:
            nesting.check(item.group, item.of_group)
        except Refusal as refusal:
            work.keep("group_item", item.id, refusal.sentence, **refusal.params)
            continue
        said = {column.name: item.__data__[column.name] for column in _CONTENT}
        put_all([said], item.group, work.recorder)
        nesting.relevel([item.group_id])
        n += 1
    return n


def _begin_rules(work: Work) -> int:
    """Insert anew the rules that ended, one by one: what they ask for may be gone, or close a circle by now."""
    n = 0
    is_to_last = GroupItem.valid_until.is_null() | (GroupItem.valid_until > clock.now())
    live = Group.select(Group.id).where(Group.status != "deleted")
    for item in list(described(*_rules_ended(work), unindexed(GroupItem.group).in_(live), is_to_last)):
        if has_rule(item):
            continue
        try:
            targets = checked(item.rule).groups
            if {target.id for target in targets} != set(asked_by(item)):
                raise Refusal(NO_TARGET, **named(item))  # another group has the code by now
            for target in targets:
                nesting.check(item.group, target)
        except Refusal as refusal:
            work.keep("group_item", item.id, refusal.sentence, **refusal.params)
            continue
        put_all([{column.name: item.__data__[column.name] for column in _CONTENT}], item.group, work.recorder)
        n += 1
    return n


def _rules_ended(work: Work) -> list[Any]:
    return [was_ended(work), GroupItem.rule.is_null(False), *is_open(work)]


def _refresh(work: Work, after: int = 0) -> None:
    """Bring the groups of what was ended and begun up to date: only whom the items name, if they name a few customers.

    `after` is the row of changes behind which that is told.
    Their numbers, not a select of them: how many rows a change has just written PostgreSQL does not know yet.
    """
    written = ChangeRow.select(ChangeRow.row_id).where(
        ChangeRow.change == work.recorder.id, ChangeRow.noun == "group_item", ChangeRow.id > after
    )
    mine = GroupItem.id.in_(written)
    groups = [id_ for (id_,) in GroupItem.select(GroupItem.group).where(mine).distinct().tuples()]
    people = [id_ for (id_,) in GroupItem.select(GroupItem.customer).where(mine).distinct().limit(CHUNK + 1).tuples()]
    is_narrow = len(people) <= CHUNK and None not in people
    nesting.relevel(groups)
    membership.refresh(work.recorder, groups=groups, customers=people if is_narrow else None)
    membership.schedule(groups)


def _keep_rest(work: Work) -> None:
    """Note the items that stay as they are: ended or changed since, or with nothing left to speak of."""
    family = [work.of.id, *work.earlier, *([work.recorder.id] if work.recorder.is_made else [])]
    told = {one.row_id for one in work.kept if one.noun == "group_item"}
    theirs = GroupItem.ended_by.is_null() | GroupItem.ended_by.not_in(family)
    for item in described(is_new(work), theirs):
        work.keep("group_item", item.id, _why_not_ended(work, item), **named(item))
    for name in TARGETS:
        # One that was over when it was ended has nothing to come back to.
        is_lost = GroupItem.valid_until.is_null() | (GroupItem.valid_until > GroupItem.ended_at)
        gone = [was_ended(work), getattr(GroupItem, name).is_null(False), ~stands(name, family), is_lost]
        for item in described(*gone, *not_back(work, name)):
            if item.id not in told:
                work.keep("group_item", item.id, _why_not_back(work, item), **named(item))
    _keep_rules(work, told)


def _keep_rules(work: Work, told: set[int]) -> None:
    """Note the rules that stay ended; one that an undo brought back stands, put there by it."""
    for item in described(*_rules_ended(work)):
        standing = has_rule(item)
        if item.id not in told | {one.row_id for one in work.kept} and (
            standing is None or standing.created_by_id not in {work.recorder.id, *work.earlier}
        ):
            why = STANDS if standing else NO_GROUP if item.group.status == "deleted" else OVER
            work.keep("group_item", item.id, why, **named(item))


def _why_not_ended(work: Work, item: GroupItem) -> str:
    if item.ended_at is not None:
        return ENDED
    return CHANGED if _is(item, changed(work)) else NOT_YOURS


def _why_not_back(work: Work, item: GroupItem) -> str:
    target = item.customer or item.shop
    if item.group.status == "deleted":
        return NO_GROUP
    if item.of_group.status == "deleted" if item.of_group else target is not None and target.removed_at:
        return NO_TARGET
    if item.valid_until is not None and item.valid_until <= clock.now():
        return OVER
    kind = next(name for name in TARGETS if item.__data__[name] is not None)
    return NOT_YOURS if is_open(work) and not _is(item, stands(kind)) else STANDS


def _is(item: GroupItem, condition: Any) -> bool:
    return bool(GroupItem.select().where(GroupItem.id == item.id, condition).exists())


def _edited(work: Work) -> None:
    """Give earlier values back to items that the change neither began nor ended."""
    by_change = GroupItem.select(GroupItem.id).where(
        GroupItem.id.in_(rows(work)), (GroupItem.created_by == work.of.id) | (GroupItem.ended_by == work.of.id)
    )
    said = ChangeRow.select().where(
        ChangeRow.change == work.of.id, ChangeRow.noun == "group_item", ChangeRow.row_id.not_in(by_change)
    )
    found = list(said.order_by(ChangeRow.id.desc()))
    later = work.later("group_item", found) if found else {}
    for row in found:
        item = next(described(GroupItem.id == row.row_id))
        wanted = {column.name: row.before[column.name] for column in _CONTENT if column.name in (row.before or {})}
        now = {name: plain(item.__data__[name]) for name in wanted}
        if now == wanted:
            continue
        if item.ended_at is not None:
            work.keep("group_item", item.id, ENDED, **named(item))
        elif touched(row, wanted, later) or now != {name: row.after[name] for name in wanted}:
            work.keep("group_item", item.id, CHANGED, **named(item))
        else:
            _give_back(work, item, now, wanted)


def _give_back(work: Work, item: GroupItem, now: dict[str, Any], wanted: dict[str, Any]) -> None:
    columns = {column: typed(column, wanted[column.name]) for column in _CONTENT if column.name in wanted}
    GroupItem.update(columns).where(GroupItem.id == item.id).execute()
    work.recorder.updated("group_item", item.id, now, wanted)
    work.restored["group_item"] += 1
    membership.refresh(work.recorder, groups=[item.group_id])
    membership.schedule([item.group_id])
