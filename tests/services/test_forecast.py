"""Whom the clock moves at midnight is asked beforehand; what is written then is what would be written without that."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine

from portal import clock
from portal.models import Change, Customer, Forecast, ForecastMove, Group, GroupItem, Membership
from portal.permissions import OPERATOR, Actor
from portal.queries import membership
from portal.services import customers, groups, imports, items, shops, undo
from portal.services import membership as membership_service
from portal.services.items import NewItem, rules
from portal.services.membership import due, forecast, touched
from tests.services.test_fields import add

New = Callable[..., Any]
# The store's clock is Kigali's, two hours ahead of UTC: its midnight is at 22:00.
EVENING = datetime(2026, 3, 10, 21, 45)
MIDNIGHT = datetime(2026, 3, 10, 22, 0)
NEW = {"field": "first-visit", "part": "days_since", "op": "lt", "value": 30}
# On 10 March a customer of the 9th of February is new, on the 11th she is not; another's day is yet to come.
LAST_DAY, LATER = "2026-02-09", "2026-03-01"


@pytest.fixture
def evening(cass: Actor) -> Any:
    with time_machine.travel(EVENING, tick=False) as traveller:
        yield traveller


@pytest.fixture
def store(evening: Any, cass: Actor, new_customer: New) -> Group:
    """Ann leaves the group at midnight, Bea does not; they are in it by a rule."""
    add(cass, "First visit", "date")
    new_customer("Ann", code="A", **{"first-visit": LAST_DAY})
    new_customer("Bea", code="B", **{"first-visit": LATER})
    group = groups.create(cass, groups.Details("New", status="active"), [NewItem(rule=NEW)]).group
    assert members(group) == {"A", "B"}
    return group


def members(group: Group) -> set[str]:
    query = Membership.select(Customer.code).join(Customer, on=(Customer.id == Membership.customer))
    return {code for (code,) in query.where(Membership.group == group.id).tuples()}


def foreseen() -> set[str]:
    query = Customer.select(Customer.code).where(Customer.id.in_(ForecastMove.select(ForecastMove.customer_id)))
    return {code for (code,) in query.tuples()}


def at_midnight(evening: Any) -> None:
    """Let the day begin, and hold what is stored then against the definition."""
    evening.move_to(MIDNIGHT + timedelta(seconds=1))
    assert due.refresh() == 1
    assert (membership.differences(), membership.broken_intervals(), membership.wrong_counts()) == ([], [], [])
    assert (Forecast.select().count(), ForecastMove.select().count()) == (0, 0)


def id_of(code: str) -> int:
    return int(Customer.get(Customer.code == code).id)


def test_who_moves_at_midnight_is_asked_before_and_moves_then(store: Group, evening: Any) -> None:
    assert (forecast.prepare(), foreseen(), members(store)) == (1, {"A"}, {"A", "B"})
    at_midnight(evening)
    assert members(store) == {"B"}
    assert Change.select().order_by(Change.id.desc()).first().act == "clock.due"


def test_at_midnight_nobody_is_looked_at_but_whom_it_concerns(store: Group, evening: Any) -> None:
    forecast.prepare()
    ForecastMove.delete().execute()  # as if nobody were concerned: so nobody is looked at
    evening.move_to(MIDNIGHT)
    assert (due.refresh(), members(store)) == (1, {"A", "B"})
    assert len(membership.differences()) == 1


def test_it_is_asked_once_and_only_shortly_before(store: Group, evening: Any) -> None:
    assert (forecast.prepare(), forecast.prepare(), forecast.wanted()) == (1, 0, [])
    at_midnight(evening)
    assert forecast.wanted() == []  # the next midnight is a day away
    evening.move_to(MIDNIGHT + timedelta(hours=23, minutes=29))
    assert forecast.wanted() == []
    evening.move_to(MIDNIGHT + timedelta(hours=23, minutes=31))
    assert forecast.wanted() == [store.id]


def edited(cass: Actor, store: Group) -> None:
    customers.edit(cass, id_of("B"), {"first-visit": LAST_DAY})


def kept_after_all(cass: Actor, store: Group) -> None:
    customers.edit(cass, id_of("A"), {"first-visit": LATER})


def brought(cass: Actor, store: Group) -> None:
    customers.create(cass, {"code": "C", "first-visit": LAST_DAY})


@pytest.mark.parametrize(
    ("act", "then"), [(edited, ""), (kept_after_all, "AB"), (brought, "B")], ids=["edited", "kept", "brought"]
)
def test_whom_somebody_has_touched_since_is_looked_at_too(
    store: Group, evening: Any, cass: Actor, act: Callable[..., None], then: str
) -> None:
    forecast.prepare()
    act(cass, store)
    assert forecast.wanted() == []  # that is no reason to ask all again
    at_midnight(evening)
    assert members(store) == set(then)


def test_a_file_and_its_undo_since_are_looked_at_too(
    store: Group, evening: Any, cass: Actor, tmp_path: Path
) -> None:
    forecast.prepare()
    path = tmp_path / "people.csv"
    path.write_text(f"code,name,first-visit\nA,Ann,{LATER}\nB,Bea,{LAST_DAY}\nC,Cay,{LAST_DAY}\nD,Dee,{LATER}\n")
    imports.run(cass, imports.check(cass, path, "people.csv").id)
    assert forecast.wanted() == []
    evening.shift(60)
    undone = Change.select().where(Change.act == "import.run").get()
    undo.undo(cass, undone.id)
    assert forecast.wanted() == []
    at_midnight(evening)
    assert members(store) == {"B"}


def another_rule(cass: Actor, store: Group) -> None:
    item = GroupItem.get(GroupItem.group == store, GroupItem.ended_at.is_null())
    rules.change_rule(cass, store.id, item.id, {**NEW, "value": 60})


def another_item(cass: Actor, store: Group) -> None:
    items.add(cass, store.id, [NewItem(customer_id=id_of("A"))])


def another_field(cass: Actor, store: Group) -> None:
    add(cass, "Nickname")


def another_shop(cass: Actor, store: Group) -> None:
    shops.create(OPERATOR, code="S9", name="Musanze")


@pytest.mark.parametrize("act", [another_rule, another_item, another_field, another_shop], ids=lambda one: one.__name__)
def test_what_else_is_written_makes_it_be_asked_anew(
    store: Group, evening: Any, cass: Actor, act: Callable[..., None]
) -> None:
    forecast.prepare()
    act(cass, store)
    assert forecast.held([store.id]) == {}
    assert forecast.wanted() == [store.id]
    at_midnight(evening)


def test_another_groups_items_do_not_matter(store: Group, evening: Any, cass: Actor) -> None:
    forecast.prepare()
    groups.create(cass, groups.Details("Other"), [NewItem(customer_id=id_of("A"))])
    assert forecast.wanted() == []
    at_midnight(evening)
    assert members(store) == {"B"}


def test_with_too_many_touched_everybody_is_asked(
    store: Group, evening: Any, cass: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    forecast.prepare()
    monkeypatch.setattr(touched, "_MOST", 1)
    customers.edit(cass, id_of("B"), {"first-visit": LAST_DAY})
    assert len(forecast.held([store.id])) == 1
    customers.create(cass, {"code": "C", "first-visit": LAST_DAY})
    assert forecast.held([store.id]) == {}
    at_midnight(evening)
    assert members(store) == set()


def test_items_of_the_same_midnight_are_foreseen(store: Group, evening: Any, cass: Actor) -> None:
    customers.create(cass, {"code": "C"})
    items.add(cass, store.id, [NewItem(customer_id=id_of("C"), valid_from=MIDNIGHT)])
    items.add(cass, store.id, [NewItem(customer_id=id_of("B"), sign="exclude", valid_from=MIDNIGHT)])
    forecast.prepare()
    assert foreseen() == {"A", "B", "C"}
    at_midnight(evening)
    assert members(store) == {"C"}


def test_groups_made_of_a_foreseen_one_follow(store: Group, evening: Any, cass: Actor) -> None:
    above = groups.create(cass, groups.Details("Above"), [NewItem(of_group_id=store.id)]).group
    rule = {"all": [NEW, {"in": store.code}]}
    asking = groups.create(cass, groups.Details("Asking"), [NewItem(rule=rule)]).group
    assert (forecast.wanted(), members(above), members(asking)) == ([store.id], {"A", "B"}, {"A", "B"})
    forecast.prepare()
    at_midnight(evening)
    assert (members(store), members(above), members(asking)) == ({"B"}, {"B"}, {"B"})


def test_a_forecast_that_was_missed_is_dropped(store: Group, evening: Any) -> None:
    forecast.prepare()
    Forecast.update(moment=clock.ago(days=1)).execute()
    assert (forecast.wanted(), forecast.prepare()) == ([store.id], 1)
    assert [row.moment for row in Forecast.select()] == [MIDNIGHT]
    at_midnight(evening)


def test_whether_forecasts_stand_is_looked_up_once_for_each_group(
    store: Group, evening: Any, cass: Actor, query_count: Callable[[Callable[[], Any]], int]
) -> None:
    for name in ("Newer", "Newest"):
        groups.create(cass, groups.Details(name), [NewItem(rule=NEW)])
    forecast.prepare()
    assert query_count(lambda: forecast.wanted()) == 3 + 3 * 2


def test_where_searching_is_asked_nobody_is_asked_beforehand(store: Group, cass: Actor, evening: Any) -> None:
    """What she is searched by is brought up after a field became searchable, and of her nothing is recorded."""
    loud = {"all": [NEW, {"not": {"field": "search", "op": "contains", "value": "loud"}}]}
    rules.change_rule(cass, store.id, GroupItem.get(GroupItem.group == store).id, loud)
    assert (forecast.prepare(), members(store)) == (0, {"A", "B"})
    at_midnight(evening)
    assert members(store) == {"B"}


def test_what_falls_due_while_an_act_is_written_is_done_after_it(
    store: Group, cass: Actor, evening: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    refresh = membership_service.refresh

    def slow(*args: Any, **said: Any) -> Any:
        moved = refresh(*args, **said)
        evening.move_to(MIDNIGHT + timedelta(seconds=1))
        return moved

    evening.move_to(MIDNIGHT - timedelta(seconds=1))
    with monkeypatch.context() as patch:
        patch.setattr(membership_service, "refresh", slow)
        items.add(cass, store.id, [NewItem(rule={"field": "name", "op": "is", "value": "Nobody"})])
    assert members(store) == {"A", "B"}
    at_midnight(evening)
    assert members(store) == {"B"}
