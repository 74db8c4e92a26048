"""What history says of any day equals what a model in plain Python wrote down on that day."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
import time_machine

from portal import clock
from portal.errors import Refusal
from portal.models import Customer, Group, Import, Shop
from portal.permissions import Actor, Door
from portal.queries import history, membership
from portal.queries.history import lists
from portal.services import customers, groups, imports, items
from portal.services import membership as services
from portal.services.items import NewItem
from tests.conftest import Database

New = Callable[..., Any]
START = datetime(2026, 2, 1, 21, 40, tzinfo=UTC)  # twenty minutes before midnight in Kigali


class Store:
    """A store whose clock is moved: acts through the services, and who should be a member after each, in sets."""

    def __init__(self, cass: Actor, shops: list[Shop], seed: int) -> None:
        self.cass, self.shops, self.random = cass, shops, Random(seed)
        self.at = START
        self.shop_of: dict[int, int | None] = {}
        self.items: dict[tuple[str, int], str] = {}
        self.is_active = True
        self.days: dict[date, frozenset[int]] = {}  # who was a member at the end of each day
        with time_machine.travel(self.at, tick=False):
            self.group = groups.create(cass, groups.Details(name="Vips")).group
            for n in range(12):
                self._customer(f"K{n}")

    def _customer(self, code: str) -> None:
        shop = self.random.choice([None, *self.shops])
        made = customers.create(self.cass, {"code": code, "name": code, "shop": shop.code if shop else ""})
        self.shop_of[made.customer.id] = shop.id if shop else None

    def members(self) -> frozenset[int]:
        """Return who should be a member now."""
        signs = {
            customer: {self.items.get(("customer", customer)), self.items.get(("shop", shop or 0))}
            for customer, shop in self.shop_of.items()
        }
        inside = {customer for customer, said in signs.items() if "include" in said and "exclude" not in said}
        return frozenset(inside if self.is_active else ())

    def act(self) -> None:
        """Do one thing, some minutes or hours after the last."""
        self._pass(self.random.choice([3, 20, 45, 200, 700, 1500]))
        with time_machine.travel(self.at, tick=False):
            if not self.is_active and self.random.random() < 0.5:
                self._switch()
            acts = [self._say_customer, self._say_shop, self._move, self._switch]
            self.random.choices(acts, weights=[6, 2, 3, 1])[0]()

    def _pass(self, minutes: int) -> None:
        day, members = self.today(), self.members()
        self.at += timedelta(minutes=minutes)
        while day < self.today():
            self.days[day] = members
            day += timedelta(days=1)

    def today(self) -> date:
        """Return the day in Kigali, two hours before UTC."""
        return (self.at + timedelta(hours=2)).date()

    def _say_customer(self) -> None:
        customer, sign = self.random.choice(sorted(self.shop_of)), self.random.choice(["include", "include", "exclude"])
        shop = self.shop_of[customer]
        if sign == "include" and self.items.get(("shop", shop or 0)) == "exclude":
            return
        items.add(self.cass, self.group.id, [NewItem(customer_id=customer, sign=sign)])
        self.items["customer", customer] = sign

    def _say_shop(self) -> None:
        shop, sign = self.random.choice(self.shops).id, self.random.choice(["include", "include", "include", "exclude"])
        items.add(self.cass, self.group.id, [NewItem(shop_id=shop, sign=sign)])
        self.items["shop", shop] = sign

    def _move(self) -> None:
        customer, shop = self.random.choice(sorted(self.shop_of)), self.random.choice([None, *self.shops])
        customers.edit(self.cass, customer, {"shop": shop.code if shop else ""})
        self.shop_of[customer] = shop.id if shop else None

    def _switch(self) -> None:
        self.is_active = not self.is_active
        groups.set_status(self.cass, self.group.id, "active" if self.is_active else "archived")


def ids(crowd: history.Crowd, size: int = 3) -> list[int]:
    """Return everybody of a crowd, turning its pages there and back."""
    n, there, back = crowd.count(), [], []
    found = crowd.page(n, size=size)
    while True:
        there.append([row.id for row in found.rows])
        if found.after is None:
            break
        found = crowd.page(n, after=found.after, size=size)
    while True:
        back.insert(0, [row.id for row in found.rows])
        if found.before is None:
            break
        found = crowd.page(n, before=found.before, size=size)
    assert there == back
    whole = [row_id for page in there for row_id in page]
    assert len(whole) == n == len(set(whole))
    assert [row.id for part in crowd.parts(n, 2) for row in part.rows] == whole
    return whole


@pytest.fixture(params=[1, 2])
def store(request: pytest.FixtureRequest, cass: Actor, s1: Shop, s2: Shop) -> Iterator[Store]:
    made = Store(cass, [s1, s2], request.param)
    for _ in range(70):
        made.act()
    made._pass(3 * 1440)
    with time_machine.travel(made.at, tick=False):
        yield made


def test_any_past_day_and_what_differs_between_two_are_the_models(store: Store, cass: Actor) -> None:
    assert membership.broken_intervals() == []
    days = store.random.sample(sorted(store.days), 10)
    assert len({store.days[day] for day in days}) > 4  # a store in which something happens
    for day in days:
        found = ids(history.members_at(cass, store.group, day))
        assert set(found) == store.days[day], day
        names = [Customer.get_by_id(row_id).name_key for row_id in found]
        assert names == sorted(names)
    assert set(ids(history.members_at(cass, store.group, store.today()))) == store.members()
    for one, other in zip(sorted(days), sorted(days)[1:] + sorted(days)[-1:], strict=True):
        found = history.difference(cass, store.group, one, other)
        assert set(ids(found.joined)) == store.days[other] - store.days[one], (one, other)
        assert set(ids(found.left)) == store.days[one] - store.days[other], (one, other)
        for crowd in (found.joined, found.left):
            walked, driven = ([row.id for row in crowd.page(n, size=20).rows] for n in (10_000, 0))
            assert walked == driven
    _timeline_counts_every_move_once(store, cass)


def _timeline_counts_every_move_once(store: Store, cass: Actor) -> None:
    rows, after = [], None
    while not rows or after:
        found = history.events(cass, store.group, after=after, size=4)
        rows += found.rows
        after = found.after
    numbers = [row.cause.change_id for row in rows]
    assert numbers == sorted(numbers, reverse=True)
    back = history.events(cass, store.group, before=numbers[4], size=4)
    assert [row.cause.change_id for row in back.rows] == numbers[:4] and back.before is None
    further = history.events(cass, store.group, before=numbers[5], size=4)
    assert ([row.cause.change_id for row in further.rows], further.before) == (numbers[1:5], numbers[1])
    for day in store.days:
        moved = [row.n_joined - row.n_left for row in rows if (row.at + timedelta(hours=2)).date() <= day]
        assert sum(moved) == len(store.days[day])


# ---- the edge of a day, what is told of it, and who is told ----


def at(day: int, hour: int = 12) -> Any:
    return time_machine.travel(datetime(2026, 5, day, hour, tzinfo=UTC), tick=False)


def day(n: int) -> date:
    return date(2026, 5, n)


def codes(crowd: history.Crowd) -> list[str]:
    return [row.code for row in crowd.page(crowd.count()).rows]


@pytest.fixture
def vips(cass: Actor, pat: Actor, s1: Shop, s2: Shop, new_customer: New, new_group: New, tmp_path: Path) -> Any:
    """A shop's group with a past: each of its moves has another cause."""
    with at(1):
        ann = new_customer("Ann", s1, code="A1", phone="0788412903")
        new_customer("Ben", s2, code="B1")
    with at(2):
        group = new_group("Vips", shops=[s1])
    with at(3):
        path = tmp_path / "list.csv"
        path.write_text("code,name\nB1,Ben\n")
        imports.run(cass, imports.check(cass, path, "list.csv", group=group).id)
    with at(4):
        customers.edit(pat.through(Door.COMMAND), ann.id, {"shop": "S2"})
    with at(5):
        items.remove_member(cass, group.id, Customer.get(Customer.code == "B1").id)
    with at(6, 22):  # midnight in Kigali: the first moment of the seventh
        customers.edit(cass, ann.id, {"shop": "S1"})
    with at(9):
        yield group


def test_a_day_ends_at_midnight_of_the_store(vips: Group, cass: Actor) -> None:
    found = {n: codes(history.members_at(cass, vips, day(n))) for n in range(1, 10)}
    assert found == {1: [], 2: ["A1"], 3: ["A1", "B1"], 4: ["B1"], 5: [], 6: [], 7: ["A1"], 8: ["A1"], 9: ["A1"]}
    difference = history.difference(cass, vips, day(3), day(7))
    assert (codes(difference.joined), codes(difference.left)) == ([], ["B1"])  # Ann left and came back


def test_who_leaves_at_the_last_moment_of_a_day_was_a_member_on_it(vips: Group, cass: Actor) -> None:
    """As an item ends that counts until that day, which is its end."""
    with at(7, 22):
        groups.set_status(cass, vips.id, "archived")
    assert [codes(history.members_at(cass, vips, day(n))) for n in (7, 8)] == [["A1"], []]


def test_the_clock_is_told_from_people(cass: Actor, new_customer: New, new_group: New) -> None:
    ann, group = new_customer("Ann"), new_group("Spring")
    with at(1):
        dates = {"valid_from": datetime(2026, 5, 2, 22), "valid_until": datetime(2026, 5, 4, 22)}
        items.add(cass, group.id, [NewItem(customer_id=ann.id, **dates)])
    with at(9):
        services.due.refresh()
        rows = history.events(cass, group).rows
        assert [(row.cause.kind, row.at.day, row.n_joined, row.n_left) for row in rows] == [
            ("clock", 4, 0, 1), ("clock", 2, 1, 0),
        ]  # fmt: skip
        # From the third, on which she joined at midnight, to the fourth, at whose end she left.
        assert [len(codes(history.members_at(cass, group, day(n)))) for n in (2, 3, 4, 5)] == [0, 1, 1, 0]


def test_causes_are_told_apart(vips: Group, cass: Actor) -> None:
    rows = history.events(cass, vips).rows
    told = [(row.cause.kind, row.cause.who, row.cause.door, row.n_joined, row.n_left) for row in rows]
    assert told == [
        ("shop", "Cass", "page", 1, 0), ("act", "Cass", "page", 0, 1), ("shop", "Pat", "command", 0, 1),
        ("import", "Cass", "page", 1, 0), ("act", "Cass", "page", 1, 0),
    ]  # fmt: skip
    assert [row.cause.shops for row in rows if row.cause.kind == "shop"] == [
        ("Huye", "Kigali North"), ("Kigali North", "Huye"),
    ]  # fmt: skip
    assert (rows[3].cause.number, rows[3].cause.file) == (Import.get().id, "list.csv")


def test_a_customers_timeline_names_both_ends_of_each_stay(vips: Group, cass: Actor, new_group: New) -> None:
    ann = Customer.get(Customer.code == "A1")
    other = new_group("Others", members=[ann])
    groups.delete(cass, other.id)
    found = history.timeline(cass, ann)
    ends = [(row.group.name, row.joined.act, row.left and row.left.act) for row in found.rows]
    # Created and deleted in one moment of the stopped clock: nobody ever saw her in there.
    assert ends == [("Vips", "customer.edit", None), ("Vips", "group.create", "customer.edit")]
    with at(10):
        groups.delete(cass, new_group("Third", members=[ann]).id)
    with at(11):
        groups.delete(cass, vips.id)
    first = history.timeline(cass, ann, size=1)
    second = history.timeline(cass, ann, after=first.after, size=1)
    assert [row.left.act for row in (*first.rows, *second.rows)] == ["group.delete", "customer.edit"]
    assert (second.after, second.is_lost, history.timeline(cass, ann, after=999).is_lost) == (None, False, True)


def test_shop_staff_learn_nothing_of_other_shops_people(vips: Group, sol: Actor, sam: Actor) -> None:
    assert [codes(history.members_at(who, vips, day(3))) for who in (sam, sol)] == [["A1", "B1"], ["A1"]]
    moved = [(row.n_joined, row.n_left) for row in history.events(sol, vips).rows]
    assert moved == [(1, 0), (0, 1), (1, 0)]  # Ann's alone
    difference = history.difference(sol, vips, day(3), day(5))
    assert (codes(difference.joined), codes(difference.left)) == ([], ["A1"])
    lost = history.members_at(sol, vips, day(3)).page(1, after="B1")
    assert (lost.is_lost, [row.code for row in lost.rows]) == (True, ["A1"])


def test_a_sensitive_group_is_in_nobodys_timeline_who_may_not_see_it(
    vips: Group, sam: Actor, ana: Actor
) -> None:
    ann = Customer.get(Customer.code == "A1")
    assert [len(history.timeline(who, ann).rows) for who in (sam, ana)] == [2, 2]
    Group.update(is_sensitive=True).where(Group.id == vips.id).execute()
    assert [len(history.timeline(who, ann).rows) for who in (sam, ana)] == [0, 2]


def test_a_file_of_a_day_is_masked_as_the_page_is(vips: Group, ana: Actor) -> None:
    crowd = history.members_at(ana, vips, day(3))
    rows = [(row["code"], row["phone"], row["shop"], row["joined"], row["left"]) for row in lists.rows(crowd, 2)]
    assert rows == [
        ("A1", "•••• 03", "S1", "2026-05-02 14:00", "2026-05-04 14:00"),
        ("B1", "", "S2", "2026-05-03 14:00", "2026-05-05 14:00"),
    ]


@pytest.mark.parametrize(
    ("one", "other", "sentence", "field"),
    [
        ("5/3", "2026-05-05", "“5/3” is not a day; write it as 2026-05-31.", "from"),
        ("", "2026-05-05", "“” is not a day; write it as 2026-05-31.", "from"),
        ("2026-05-01", "2026-02-30", "“2026-02-30” is not a day; write it as 2026-05-31.", "to"),
        ("2026-05-01", "2026-05-10", "2026-05-10 is still to come; history tells of days that have been.", "to"),
        ("2026-05-05", "2026-05-04", "2026-05-05 comes after 2026-05-04; turn the two days round.", "from"),
    ],
)
def test_days_that_cannot_be_answered_for_are_refused(
    database: Database, one: str, other: str, sentence: str, field: str
) -> None:
    with at(9, 21), pytest.raises(Refusal) as refused:
        history.past_days(one, other, ("from", "to"))
    assert (str(refused.value), refused.value.field) == (sentence, field)
    with at(9, 22):  # the tenth has begun in Kigali
        assert history.past_days("20260510", "2026-05-10", ("from", "to")) == (day(10), day(10))


def test_a_page_of_history_takes_as_many_queries_for_three_rows_as_for_one(
    cass: Actor, new_customer: New, new_group: New, s1: Shop, query_count: Any
) -> None:
    counts = []
    for n in (1, 3):
        group = new_group(f"Group {n}", members=[new_customer(f"C{n}{k}", s1) for k in range(n)])
        today = clock.today("Africa/Kigali")
        crowd = history.members_at(cass, group, today)
        events = query_count(lambda group=group: history.events(cass, group))
        stays = query_count(lambda n=n: history.timeline(cass, Customer.get(Customer.name == f"C{n}0")))
        counts.append((query_count(crowd.count), query_count(lambda crowd=crowd: crowd.page(3)), events, stays))
    assert counts == [(1, 6, 4, 4)] * 2
