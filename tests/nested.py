"""Groups made of groups, of shares, of rules and of items with days, in plain Python, under a clock that is moved.

`tests/test_model.py` runs it, `python -m tests.long.model --door nested` for longer. Laws 1, 2, 6, 9 and 12 of
product.md §4; every act is previewed first, and the preview has to say what the model does.
"""

import hashlib
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

import hypothesis.strategies as st
import time_machine
from flask import Flask
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from peewee import fn

from portal import config
from portal.clock import now
from portal.models import Change, Customer, Group, GroupItem, Membership, PastMembership
from portal.permissions import OPERATOR, Role
from portal.queries import membership
from portal.services import customers, groups, items, preview, shops, undo, value_groups
from portal.services.groups import Details
from portal.services.items import NewItem, plans
from portal.services.membership import Plan, due, forecast, foreseen, settling, staging
from portal.services.value_groups import Wanted
from tests.conftest import add_person
from tests.model import refused

START = datetime(2026, 3, 2, 10)
SHARES = st.sampled_from([(0, 5_000, "a"), (5_000, 10_000, "a"), (0, 10_000, "b"), (2_000, 7_000, "b")])
DAYS = st.sampled_from([None, None, None, 1, 2, 3])
SIGNS = st.sampled_from(["include", "include", "exclude"])
Pair = tuple[int, int]
MEN = {"field": "gender", "op": "is", "value": "male"}
WOMEN = {"field": "gender", "op": "is", "value": "female"}
# Which rules may be put: two that ask for a group, one that changes with the day.
RULES: dict[int, Callable[[str], dict[str, Any]]] = {
    0: lambda code: MEN,
    1: lambda code: {"all": [MEN, {"not": {"in": code}}]},
    2: lambda code: {"any": [MEN, {"in": code}]},
    3: lambda code: {"field": "created", "part": "days_since", "op": "ge", "value": 2},
    4: lambda code: WOMEN,
}
OF_GROUPS = {1, 2}
BY_THE_DAY = 3
OF_VALUES = {"male": 0, "female": 4}  # the rule of a group that is made of a value


def is_made_of(key: tuple[Any, ...]) -> bool:
    """Tell whether an item, by its key, names a group or has a rule that asks for one."""
    return key[1] in {"group", "share"} or (key[1] == "rule" and key[3] in OF_GROUPS)


@dataclass(frozen=True)
class Said:
    """What an item of the model says, apart from whom it names."""

    sign: str
    begins: datetime | None = None
    ends: datetime | None = None

    def counts(self, moment: datetime) -> bool:
        return (self.begins is None or self.begins <= moment) and (self.ends is None or moment < self.ends)


class Nested(RuleBasedStateMachine):
    """What people and the clock do to groups made of groups, twice: through the services, and in dictionaries."""

    server: Any
    password_hash: str
    app: Flask
    door: Any

    def __init__(self) -> None:
        super().__init__()
        self.clock = time_machine.travel(START.replace(tzinfo=UTC), tick=False)
        self.hands = self.clock.start()
        self.lent = ExitStack()
        self.lent.enter_context(self.server.lent())
        self.zone = ZoneInfo(config.current().timezone)
        self.cass = add_person(self.password_hash, "cass", (Role.CSCC_MANAGER, None)).actor
        self.shops = [shops.create(OPERATOR, code=f"S{n}", name=f"Shop {n}").id for n in range(2)]
        self.shop_of: dict[int, int] = {}
        self.uid: dict[int, str] = {}
        self.gender: dict[int, str] = {}
        self.created: dict[int, datetime] = {}
        self.is_active: dict[int, bool] = {}
        # (group, kind, target, low, high, seed): what is said
        self.items: dict[tuple[Any, ...], Said] = {}
        self.n_groups = 0
        # By the change that made groups of values, which those were; their items that are still those that came.
        self.made: dict[int, list[int]] = {}
        self.came: set[tuple[Any, ...]] = set()
        self.turned: set[int] = set()  # whose status was changed by somebody
        self.since: dict[Pair, datetime] = {}
        self.past: Counter[tuple[int, int, datetime, datetime]] = Counter()

    def teardown(self) -> None:
        self.lent.close()
        self.clock.stop()

    # -- the model --

    def _members(self, group: int, moment: datetime) -> set[int]:
        if not self.is_active[group]:
            return set()
        found: dict[str, set[int]] = {"include": set(), "exclude": set()}
        for (owner, *named), said in self.items.items():
            if owner == group and said.counts(moment):
                found[said.sign] |= self._named(*named, moment)
        return found["include"] - found["exclude"]

    def _named(self, kind: str, target: int, low: int, high: int, seed: str, moment: datetime) -> set[int]:
        if kind == "customer":
            return {target}
        if kind == "shop":
            return {customer for customer, shop in self.shop_of.items() if shop == target}
        if kind == "rule":
            return self._fitting(target, low, moment)
        inside = self._members(target, moment)
        return inside if kind == "group" else {one for one in inside if low <= self._lot(seed, one) < high}

    def _fitting(self, target: int, which: int, moment: datetime) -> set[int]:
        men = {one for one, gender in self.gender.items() if gender == "male"}
        if which == BY_THE_DAY:
            return {one for one, at in self.created.items() if (self._day(moment) - self._day(at)).days >= 2}
        if which == OF_VALUES["female"]:
            return {one for one, gender in self.gender.items() if gender == "female"}
        inside = self._members(target, moment) if which in OF_GROUPS else set()
        return {0: men, 1: men - inside, 2: men | inside}[which]

    def _day(self, moment: datetime) -> date:
        """Return the day of a moment (UTC) in the store's time zone."""
        return moment.replace(tzinfo=UTC).astimezone(self.zone).date()

    def _midnight(self, moment: datetime) -> datetime:
        """Return when the day of a moment ends in the store's time zone."""
        tomorrow = self._day(moment) + timedelta(days=1)
        return datetime.combine(tomorrow, time.min, self.zone).astimezone(UTC).replace(tzinfo=None)

    def _lot(self, seed: str, customer: int) -> int:
        return int(hashlib.md5(f"{seed}:{self.uid[customer]}".encode()).hexdigest()[:8], 16) % 10_000

    def _moved(self, moment: datetime) -> dict[int, tuple[int, int]]:
        """Bring the model up; return who joined and who left, by group."""
        should = {(group, one) for group in self.is_active for one in self._members(group, moment)}
        told: dict[int, list[int]] = {}
        for pair in set(self.since) - should:
            since = self.since.pop(pair)
            if since < moment:
                self.past[*pair, since, moment] += 1
            told.setdefault(pair[0], [0, 0])[1] += 1
        for pair in should - set(self.since):
            self.since[pair] = moment
            told.setdefault(pair[0], [0, 0])[0] += 1
        return {group: (joined, left) for group, (joined, left) in told.items()}

    def _to(self, moment: datetime) -> None:
        """Let the clock do what falls due up to `moment`, one due moment after the other."""
        while True:
            dates = [
                at for (group, *_), said in self.items.items() if self.is_active[group]
                for at in (said.begins, said.ends) if at is not None and self.reached < at <= moment
            ]
            midnight = self._midnight(self.reached)
            by_the_day = any(self.is_active[key[0]] and key[1] == "rule" and key[3] == BY_THE_DAY for key in self.items)
            if by_the_day and midnight <= moment:
                dates.append(midnight)
            if not dates:
                break
            self.reached = min(dates)
            for key, said in list(self.items.items()):
                if self.is_active[key[0]] and said.ends is not None and said.ends <= self.reached:
                    del self.items[key]
            self._moved(self.reached)
        self.reached = moment

    def _way(self, start: int, end: int) -> bool:
        return start == end or any(
            self._way(key[2], end) for key in self.items if key[0] == start and is_made_of(key)
        )

    def _shut_out(self, group: int, customer: int) -> bool:
        return any(
            key[0] == group and key[1] != "customer" and said.sign == "exclude" and said.counts(now())
            and customer in self._named(*key[1:], now())
            and (key[1] in {"shop", "rule"} or (key[2], customer) in self.since)
            for key, said in self.items.items()
        )

    # -- doing --

    def _tick(self, **by: float) -> None:
        self.hands.shift(timedelta(**(by or {"minutes": 1})))
        due.refresh()
        self._to(now())

    def _act(self, act: Callable[[], object], ask: Callable[[], Plan | None] | None = None) -> None:
        # By name: one that the act brings into being has another number when it is done once more.
        moves = preview.of(self.cass, act, ask=ask).moves
        self.foreseen = {one.group.name: (one.joining, one.leaving) for one in moves}
        act()

    def _did(self) -> None:
        name = dict(Group.select(Group.id, Group.name).tuples())
        assert {name[group]: n for group, n in self._moved(now()).items()} == self.foreseen

    def _any(self, data: st.DataObject, things: Any) -> Any:
        return data.draw(st.sampled_from(sorted(things)))

    @initialize(is_large=st.booleans())
    def start(self, is_large: bool) -> None:
        """Begin a store; in a large one it is found beforehand whom a rule moves, and staged (decision 0096)."""
        if is_large:
            few = ((foreseen, "FROM", 0), (staging, "MOST", 1), (staging, "PART", 1), (settling, "PART", 1))
            for module, name, value in few:
                self.lent.enter_context(patch.object(module, name, value))
        self.reached = now()
        for shop in (0, 1, 0):
            self._customer(shop)
        for _ in range(3):
            self.new_group()

    def _customer(self, shop: int) -> None:
        code = Customer.select().count()
        made = customers.create(self.cass, {"code": f"K{code}", "shop": f"S{shop}"}).customer
        self.shop_of[made.id], self.uid[made.id] = self.shops[shop], made.uid
        self.gender[made.id], self.created[made.id] = "", made.created_at

    @rule(shop=st.sampled_from([0, 1]))
    @precondition(lambda self: len(self.shop_of) < 7)
    def new_customer(self, shop: int) -> None:
        self._tick()
        self._customer(shop)
        self._moved(now())

    @precondition(lambda self: len(self.is_active) < 5)
    @rule()
    def new_group(self) -> None:
        self._tick()
        self.n_groups += 1
        made = groups.create(self.cass, Details(name=f"Group {self.n_groups}")).group
        self.is_active[made.id] = True

    @precondition(lambda self: len(self.is_active) < 7)
    @rule(values=st.sampled_from([("male",), ("female",), ("male", "female"), ("female", "female")]))
    def make_groups_of_values(self, values: tuple[str, ...]) -> None:
        self._tick()
        n_before, newest = self.n_groups, Change.select(fn.MAX(Change.id)).scalar()
        self.n_groups += len(values)
        wanted = [Wanted(value, f"Group {n_before + n}") for n, value in enumerate(values, 1)]
        told: list[value_groups.Made] = []
        self._act(lambda: told.append(value_groups.create(self.cass, "gender", wanted)))
        made, new = told[-1], []
        for value, group in zip(values, made.groups, strict=True):
            there = self._made_of(value)
            if there:
                assert group.id in there
                continue
            new.append(group.id)
            key = (group.id, "rule", 0, OF_VALUES[value], 0, "")
            self.is_active[group.id], self.items[key] = True, Said("include")
            self.came.add(key)
        assert made.new_ids == set(new)
        if new:
            self.made[Change.select(fn.MAX(Change.id)).scalar()] = new
        else:
            assert Change.select(fn.MAX(Change.id)).scalar() == newest
        self._did()

    def _made_of(self, value: str) -> set[int]:
        """Return the groups, active or not, that include whoever has the value and nobody else."""
        found = set()
        for group in self.is_active:
            includes = [(key, said) for key, said in self.items.items() if key[0] == group and said.sign == "include"]
            if [key[1:4] for key, _said in includes] == [("rule", 0, OF_VALUES[value])]:
                said = includes[0][1]
                if said.ends is None and (said.begins is None or said.begins <= now()):
                    found.add(group)
        return found

    @precondition(lambda self: self.made)
    @rule(data=st.data())
    def undo_groups_of_values(self, data: st.DataObject) -> None:
        """Their rules end, and they go: but for who was turned, given other items, or used by another group since."""
        self._tick()
        change = self._any(data, self.made)
        ended = {key for key in self.came if key in self.items and key[0] in self.made[change]}
        left = self.items.keys() - ended
        gone = {
            group for group in self.made[change]
            if group in self.is_active and group not in self.turned
            and not any(key[0] == group or (is_made_of(key) and key[2] == group) for key in left)
        }
        if not ended and not gone:
            with refused():
                undo.undo(self.cass, change)
            return
        self._act(lambda: undo.undo(self.cass, change))
        for key in ended:
            del self.items[key]
        for group in gone:
            del self.is_active[group]
        self._did()

    @rule(data=st.data(), shop=st.sampled_from([0, 1]))
    def move(self, data: st.DataObject, shop: int) -> None:
        self._tick()
        customer = self._any(data, self.shop_of)
        self._act(lambda: customers.edit(self.cass, customer, {"shop": f"S{shop}"}))
        self.shop_of[customer] = self.shops[shop]
        self._did()

    @rule(data=st.data(), gender=st.sampled_from(["male", "female", ""]))
    def change_gender(self, data: st.DataObject, gender: str) -> None:
        self._tick()
        customer = self._any(data, self.shop_of)
        self._act(lambda: customers.edit(self.cass, customer, {"gender": gender}))
        self.gender[customer] = gender
        self._did()

    @rule(hours=st.sampled_from([5, 20, 30, 80]))
    def wait(self, hours: int) -> None:
        self._tick(hours=hours)

    @rule()
    def foresee(self) -> None:
        """Ask in the evening, or whatever is left of it, whom the clock will move at midnight."""
        left = self._midnight(now()) - now()
        self._tick(seconds=max(60, (left - timedelta(minutes=20)).total_seconds()))
        forecast.prepare()
        assert forecast.wanted() == []

    @rule(data=st.data(), sign=SIGNS, kind=st.sampled_from(["customer", "shop", "group", "share", "rule"]),
          share=SHARES, which=st.sampled_from(sorted(RULES)), first=DAYS, lasts=DAYS)  # fmt: skip
    def add_item(
        self, data: st.DataObject, sign: str, kind: str, share: tuple[int, int, str], which: int, first: int | None,
        lasts: int | None,
    ) -> None:  # fmt: skip
        self._tick()
        group = self._any(data, self.is_active)
        targets: dict[str, Any] = {"customer": self.shop_of, "shop": self.shops}
        target = self._any(data, targets.get(kind, self.is_active))
        begins = now() + timedelta(days=first) if first else None
        said = Said(sign, begins, (begins or now()) + timedelta(days=lasts) if lasts else None)
        low, high, seed = share if kind == "share" else (which if kind == "rule" else 0, 0, "")
        if kind == "rule" and which not in OF_GROUPS:
            target = 0
        named = {"customer": "customer_id", "shop": "shop_id", "rule": "rule"}.get(kind, "of_group_id")
        what = self._rule(which, target) if kind == "rule" else target
        new: dict[str, Any] = {"sign": sign, "valid_from": said.begins, "valid_until": said.ends, named: what}
        if kind == "share":
            new |= {"low": low, "high": high, "seed": seed}

        def act() -> object:
            return items.add(self.cass, group, [NewItem(**new)])

        if self._may_not(group, sign, (group, kind, target, low)):
            with refused():
                act()
            return
        self._act(act, lambda: plans.of_new(self.cass, group, [NewItem(**new)]))
        key = (group, kind, target, low, high, seed)
        current = self.items.get(key)
        # What has begun long ago counts from now on just as well: no other item.
        if current is None or replace(current, begins=None if current.counts(now()) else current.begins) != said:
            self.items[key] = said
            self.came.discard(key)
        self._did()

    def _may_not(self, group: int, sign: str, key: tuple[Any, ...]) -> bool:
        target = key[2]
        if key[1] == "customer":
            return sign == "include" and self._shut_out(group, target)
        return is_made_of(key) and (not self.is_active[target] or self._way(target, group))

    def _rule(self, which: int, target: int) -> dict[str, Any]:
        return RULES[which](Group.get_by_id(target).code if which in OF_GROUPS else "")

    @rule(data=st.data())
    @precondition(lambda self: self.items)
    def end_item(self, data: st.DataObject) -> None:
        self._tick()
        if not self.items:
            return
        key = self._any(data, self.items)
        group, kind, target, low, high, seed = key
        column = {"customer": GroupItem.customer, "shop": GroupItem.shop}.get(kind, GroupItem.of_group)
        one = [GroupItem.group == group, GroupItem.kind == kind, GroupItem.ended_at.is_null()]
        one += [] if kind == "rule" else [column == target]
        if kind == "share":
            one += [GroupItem.low == low, GroupItem.high == high, GroupItem.seed == seed]
        said = self._rule(low, target) if kind == "rule" else None
        item = next(item for item in GroupItem.select().where(*one) if item.rule == said)
        ask = lambda: plans.of_end(self.cass, group, item.id)  # noqa: E731
        self._act(lambda: items.end(self.cass, group, item.id), ask)
        del self.items[key]
        self._did()

    @rule(data=st.data())
    def turn_status(self, data: st.DataObject) -> None:
        self._tick()
        group = self._any(data, self.is_active)
        status = "archived" if self.is_active[group] else "active"
        users = {key[0] for key in self.items if is_made_of(key) and key[2] == group}
        if status == "archived" and any(self.is_active[user] for user in users):
            with refused():
                groups.set_status(self.cass, group, status)
            return
        made_of = {
            key[2] for key, said in self.items.items()
            if key[0] == group and is_made_of(key) and (said.ends is None or said.ends > now())
        }  # fmt: skip
        if status == "active" and not all(self.is_active[target] for target in made_of):
            with refused():
                groups.set_status(self.cass, group, status)
            return
        self._act(
            lambda: groups.set_status(self.cass, group, status), lambda: plans.of_status(self.cass, group, status)
        )
        self.is_active[group] = status == "active"
        self.turned.add(group)
        for key, said in list(self.items.items()):
            if key[0] == group and status == "active" and said.ends is not None and said.ends <= now():
                del self.items[key]
        self._did()

    # -- what must hold after each --

    @invariant()
    def stored_is_what_the_model_says(self) -> None:
        stored = {(row.group_id, row.customer_id): row.since for row in Membership.select()}
        assert stored == self.since
        assert set(self.since) == {(group, one) for group in self.is_active for one in self._members(group, now())}
        assert membership.differences() == []
        assert membership.wrong_counts() == []

    @invariant()
    def history_is_what_the_model_says(self) -> None:
        columns = (PastMembership.group, PastMembership.customer, PastMembership.joined_at, PastMembership.left_at)
        assert Counter(PastMembership.select(*columns).tuples()) == self.past
        assert membership.broken_intervals() == []

    @invariant()
    def levels_stand_above_what_they_are_made_of(self) -> None:
        level = dict(Group.select(Group.id, Group.level).tuples())
        for group in self.is_active:
            under = [level[key[2]] for key in self.items if key[0] == group and is_made_of(key)]
            assert level[group] == max(under, default=-1) + 1
