"""Whom it would move in a group if its rules were others: found without a turn, so that nobody waits for it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from peewee import fn

from portal.clock import now
from portal.db import db, reading
from portal.models import ChangeRow, Customer, Group, GroupItem
from portal.queries.membership import Kinds, joining, kinds_of, leaving, next_due, stored, valid_at
from portal.queries.rules import matching
from portal.queries.rules.compiling import Condition, compiled
from portal.services import nesting
from portal.services.membership import touched
from portal.services.membership.fitting import set_aside
from portal.services.membership.texts import setting_aside
from portal.services.membership.writing import collecting, forget

NEW = 0  # the number of a group that is to be made
FROM = 20_000  # customers of a store; where there are fewer, all of them are asked in no time


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to become of a group: which of its rules end, what includes or excludes in their place, its status.

    `made` is a group that is to be made, with the number NEW until it has a row. `rule` is a tree as JSON holds it,
    that counts from now on; None where none comes. `asked` are the groups it names. `status` is '' where it stays.
    """

    group_id: int
    ends: frozenset[int] = frozenset()
    rule: Mapping[str, Any] | None = None
    sign: str = "include"
    asked: tuple[int, ...] = ()
    status: str = ""
    made: Group | None = None


@dataclass(frozen=True, slots=True)
class Sight:
    """What was looked at of a group, and when: it holds as long as nothing else is recorded about any of `under`.

    They are the group itself and all that it is made of; `due` is when the clock moves each of them next. `rules` are
    those that it was asked with, `is_active` whether it will be so, `made` as of the plan.
    """

    group_id: int
    moment: datetime
    after_row: int
    under: frozenset[int]
    due: Mapping[int, datetime | None]
    rules: frozenset[tuple[bool, Condition]]
    is_active: bool
    made: Group | None

    def of_made(self, group_id: int) -> "Sight":
        """Return what was seen of a group that is to be made, once it has a number."""
        return replace(self, group_id=group_id, under=self.under | {group_id}, due={**self.due, group_id: None})

    def holds(self, change_id: int) -> bool:
        """Tell whether whoever was not touched since moves as it was seen, now that the act has written its rules.

        The act is the change of that number: what it did to the group and its rules is seen by what they are now.
        """
        mine = ChangeRow.change == change_id
        # What another has recorded of a rule counts, though it may be there once more, or this act has ended it.
        its_rules = mine & (GroupItem.group == self.group_id) & GroupItem.rule.is_null(False)
        itself = mine & (ChangeRow.row_id == self.group_id)
        status = Group.select(Group.status).where(Group.id == self.group_id).scalar()
        return (
            matching.today_at(self.moment) == matching.today_at(now())
            and touched.holds(self.under, self.after_row, item=its_rules, group=itself)
            and touched.due_at(self.under) == self.due
            and (status == "active") == self.is_active
            and (not self.is_active or _said(matching.items([self.group_id], now())) == self.rules)
        )


def _said(rules: Iterable[matching.RuleItem]) -> frozenset[tuple[bool, Condition]]:
    return frozenset((one.is_excluding, one.condition) for one in rules)


@contextmanager
def moves(ask: Callable[[], Plan | None]) -> Iterator[Sight | None]:
    """Set aside in `membership_delta`, for the block, whom a plan would move in its own group.

    None where nothing was looked at: the store is small or there is no plan, the group has no members or would be made
    of itself, a rule asks for what is not recorded, or the clock has moved somebody who is not written yet. Raises what
    `ask` raises, which returns the plan.
    """
    if (Customer.select(fn.MAX(Customer.id)).scalar() or 0) < FROM:
        yield None
        return
    with reading(), collecting():
        moment, due = now(), next_due().scalar()
        # What is due is written before the act, which may then find what it asks for, or may do what it may not yet.
        plan = ask() if due is None or due > moment else None
        yield None if plan is None else _look(plan, moment)
        forget()


def _look(plan: Plan, moment: datetime) -> Sight | None:
    group_id = plan.group_id
    was = "" if plan.made is not None else Group.select(Group.status).where(Group.id == group_id).scalar()
    is_active = (plan.status or was) == "active"
    beneath = nesting.under(plan.asked)
    if was is None or "active" not in {plan.status, was} or group_id in beneath:
        return None
    under = beneath | nesting.under([group_id])
    if not touched.is_told(under, plan.rule):
        return None
    after_row, due_at = touched.newest_row(), touched.due_at(under)
    rules = _rules(plan, group_id, moment) if is_active else []
    sight = Sight(group_id, moment, after_row, frozenset(under), due_at, _said(rules), is_active, plan.made)
    if not is_active:
        db.execute_sql(*setting_aside(stored([group_id]), is_joining=False))
        return sight
    matched, kinds = set_aside(rules, None), _kinds(rules, group_id, moment)
    for find, is_joining in ((leaving, False), (joining, True)):
        # All of its items count that hold the moment: it is active, or about to be.
        rows = find([group_id], None, moment, True, matched, kinds, valid_at(moment))
        db.execute_sql(*setting_aside(rows, is_joining=is_joining))
    return sight


def _rules(plan: Plan, group_id: int, moment: datetime) -> list[matching.RuleItem]:
    """Return the rules that count once the plan is done."""
    there = GroupItem.select().where(GroupItem.group == group_id, *valid_at(moment))
    rules = [one for one in matching.read(there, moment) if one.id not in plan.ends]
    if plan.rule is not None:
        said = compiled(plan.rule, matching.own_columns(), matching.today_at(moment))
        rules.append(matching.RuleItem(0, group_id, plan.sign == "exclude", said, frozenset()))
    return rules


def _kinds(rules: Iterable[matching.RuleItem], group_id: int, moment: datetime) -> Kinds:
    kinds = {pair for pair in kinds_of([group_id], moment) if pair[1] != "rule"}
    return frozenset(kinds | {("exclude" if one.is_excluding else "include", "rule") for one in rules})
