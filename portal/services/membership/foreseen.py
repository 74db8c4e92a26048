"""Whom it would move in a group if its rules were others: found without a turn, so that nobody waits for it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from peewee import fn

from portal.clock import now
from portal.db import db, reading
from portal.models import ChangeRow, Customer, Group, GroupItem
from portal.queries.membership import kinds_of, next_due
from portal.queries.rules import matching
from portal.queries.rules.compiling import Condition, compiled
from portal.services import nesting
from portal.services.membership import touched
from portal.services.membership.fitting import set_aside
from portal.services.membership.texts import differing
from portal.services.membership.writing import collecting, forget

FROM = 20_000  # customers of a store; where there are fewer, all of them are asked in no time


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to become of the rules of a group: which items end, and what includes or excludes in their place.

    `rule` is a tree as JSON holds it, that counts from now on; None where none comes. `asked` are the groups it names.
    """

    group_id: int
    ends: frozenset[int]
    rule: Mapping[str, Any] | None = None
    sign: str = "include"
    asked: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Sight:
    """What was looked at of a group, and when: it holds as long as nothing else is recorded about any of `under`.

    They are the group itself and all that it is made of; `due` is when the clock moves each of them next. `rules` are
    those that it was asked with.
    """

    group_id: int
    moment: datetime
    after_row: int
    under: frozenset[int]
    due: Mapping[int, datetime | None]
    rules: frozenset[tuple[bool, Condition]]

    def holds(self, change_id: int) -> bool:
        """Tell whether whoever was not touched since moves as it was seen, now that the act has written its rules.

        The act is the change of that number: what it did to rules of the group is seen by what they are now.
        """
        # What another has recorded of a rule counts, though it may be there once more, or this act has ended it.
        its_rules = (
            (ChangeRow.change == change_id) & (GroupItem.group == self.group_id) & GroupItem.rule.is_null(False)
        )
        return (
            matching.today_at(self.moment) == matching.today_at(now())
            and touched.holds(self.under, self.after_row, its_rules)
            and touched.due_at(self.under) == self.due
            and _said(matching.items([self.group_id], now())) == self.rules
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
    ids = [plan.group_id]
    beneath = nesting.under(plan.asked)
    is_active = Group.select(Group.id).where(Group.id == plan.group_id, Group.status == "active").exists()
    if not is_active or plan.group_id in beneath:
        return None
    under = beneath | nesting.under(ids)
    if not touched.is_told(under, plan.rule):
        return None
    after_row = touched.newest_row()
    rules = [one for one in matching.items(ids, moment) if one.id not in plan.ends]
    if plan.rule is not None:
        said = compiled(plan.rule, matching.own_columns(), matching.today_at(moment))
        rules.append(matching.RuleItem(0, plan.group_id, plan.sign == "exclude", said, frozenset()))
    sight = Sight(plan.group_id, moment, after_row, frozenset(under), touched.due_at(under), _said(rules))
    matched = set_aside(rules, None)
    kinds = {pair for pair in kinds_of(ids, moment) if pair[1] != "rule"}
    kinds |= {("exclude" if one.is_excluding else "include", "rule") for one in rules}
    for is_joining in (False, True):
        db.execute_sql(*differing(ids, None, moment, True, matched, is_joining=is_joining, kinds=frozenset(kinds)))
    return sight
