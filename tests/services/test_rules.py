"""Rules as items of groups: who fits is a member, at once and through every act (product.md §3, §4 laws 1 to 3, §5)."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine

from portal.errors import Denied, NeedsApproval, Refusal
from portal.models import Change, Customer, Field, Group, GroupItem, Membership, PastMembership, RuleGroup, Shop
from portal.permissions import Actor
from portal.queries import membership
from portal.services import approvals, customers, fields, groups, imports, items, settings, undo
from portal.services.fields.details import Details as FieldDetails
from portal.services.guards import Call
from portal.services.items import NewItem, rules
from portal.services.membership import due
from tests.conftest import Database, use

New = Callable[..., Any]
MEN = {"field": "gender", "op": "is", "value": "male"}
PORTO = {"field": "address", "op": "contains", "value": "porto"}


def members(group: Group) -> set[int]:
    query = Membership.select(Membership.customer).where(Membership.group == group.id)
    return {customer for (customer,) in query.tuples()}


def sound() -> None:
    assert (membership.differences(), membership.broken_intervals(), membership.wrong_counts()) == ([], [], [])


def put(cass: Actor, group: Group, rule: dict[str, Any], sign: str = "include", **said: Any) -> items.Put:
    return items.add(cass, group.id, [NewItem(rule=rule, sign=sign, **said)])


def item_of(group: Group) -> GroupItem:
    return GroupItem.get(GroupItem.group == group, GroupItem.kind == "rule", GroupItem.ended_at.is_null())


def test_whoever_fits_a_rule_is_a_member_whatever_the_act(cass: Actor, new_customer: New, new_group: New) -> None:
    ann, ben = new_customer("Ann", gender="f"), new_customer("Ben", gender="m")
    men = new_group("Men", [])
    assert put(cass, men, MEN).joined == 1
    assert members(men) == {ben.id}
    cay = customers.create(cass, {"name": "Cay", "code": "CAY", "gender": "homem"}).customer
    assert members(men) == {ben.id, cay.id}
    customers.edit(cass, ann.id, {"gender": "male"})
    customers.edit(cass, ben.id, {"gender": ""})
    assert members(men) == {ann.id, cay.id}
    assert Group.get_by_id(men.id).n_members == 2
    assert PastMembership.select().where(PastMembership.customer == ben).count() == 1
    sound()


def test_exclude_by_a_rule_wins_and_adding_by_name_is_refused(cass: Actor, new_customer: New, new_group: New) -> None:
    ann, ben = new_customer("Ann", gender="f"), new_customer("Ben", gender="m")
    group = new_group("Mixed", [ann, ben])
    assert put(cass, group, MEN, "exclude").left == 1
    assert members(group) == {ann.id}
    with pytest.raises(Refusal, match="Ben cannot be added: a rule of the group excludes her"):
        items.add_member(cass, group.id, ben.id)
    customers.edit(cass, ben.id, {"gender": "o"})
    assert members(group) == {ann.id, ben.id}
    sound()


def test_a_rule_without_a_condition_has_no_members(cass: Actor, new_customer: New, new_group: New) -> None:
    new_customer("Ann")
    group = new_group("Nobody", [])
    assert put(cass, group, {"all": []}).joined == 0
    assert members(group) == set()


def test_what_is_not_x_includes_who_has_no_value(cass: Actor, new_customer: New, new_group: New) -> None:
    ann, ben, cay = new_customer("Ann", gender="f"), new_customer("Ben", gender="m"), new_customer("Cay")
    group = new_group("Not men", [])
    put(cass, group, {"field": "gender", "op": "is_not", "value": "male"})
    assert members(group) == {ann.id, cay.id}
    other = new_group("Not men either", [])
    put(cass, other, {"not": MEN})
    assert members(other) == {ann.id, cay.id}
    assert ben.id


def test_a_rule_that_asks_for_a_group_follows_it(cass: Actor, new_customer: New, new_group: New) -> None:
    ann, ben = new_customer("Ann", gender="m"), new_customer("Ben", gender="m")
    staff, men = new_group("Staff", [ann]), new_group("Men", [])
    put(cass, men, {"all": [MEN, {"not": {"in": "staff"}}]})
    assert (members(men), Group.get_by_id(men.id).level) == ({ben.id}, 1)
    assert list(RuleGroup.select(RuleGroup.group).tuples()) == [(staff.id,)]
    items.add_member(cass, staff.id, ben.id)
    assert members(men) == set()
    items.remove_member(cass, staff.id, ann.id)
    assert members(men) == {ann.id}
    with pytest.raises(Refusal, match="Staff is used by “Men”"):
        groups.set_status(cass, staff.id, "archived")
    with pytest.raises(Refusal, match="That would be a circle: Staff → Men → Staff"):
        put(cass, staff, {"in": "men"})
    sound()


def test_levels_of_groups_and_rules_go_together(cass: Actor, new_customer: New, new_group: New) -> None:
    ann = new_customer("Ann", gender="m")
    low, mid, top = new_group("Low", []), new_group("Mid", []), new_group("Top", [])
    put(cass, mid, {"in": "low"})
    items.add(cass, top.id, [NewItem(of_group_id=mid.id)])
    put(cass, low, MEN)
    assert [members(group) for group in (low, mid, top)] == [{ann.id}] * 3
    customers.edit(cass, ann.id, {"gender": "female"})
    assert [members(group) for group in (low, mid, top)] == [set()] * 3
    sound()


def test_a_rule_exchanged_for_another_is_one_change_that_can_be_undone(
    cass: Actor, new_customer: New, new_group: New
) -> None:
    ann, ben = new_customer("Ann", gender="f", address="Rua A, Porto"), new_customer("Ben", gender="m")
    group = new_group("Some", [])
    put(cass, group, MEN)
    moved = rules.change_rule(cass, group.id, item_of(group).id, PORTO)
    assert (moved.joined, moved.left, members(group)) == (1, 1, {ann.id})
    change = Change.select().order_by(Change.id.desc()).get()
    assert (change.act, change.subject) == ("group.rule", f"group:{group.id}")
    undo.undo(cass, change.id)
    assert (members(group), item_of(group).rule) == ({ben.id}, MEN)
    undo.undo(cass, Change.select().order_by(Change.id.desc()).get().id)
    assert (members(group), item_of(group).rule) == ({ann.id}, PORTO)
    sound()


def test_the_same_rule_twice_is_no_write_and_a_rule_that_cannot_be_read_is_refused(
    cass: Actor, sam: Actor, new_group: New
) -> None:
    group = new_group("Some", [])
    put(cass, group, MEN)
    n = Change.select().count()
    put(cass, group, MEN)
    rules.change_rule(cass, group.id, item_of(group).id, MEN)
    for wrong in ({}, {"field": "gender"}, {"field": "gendre", "op": "is", "value": "x"}, {"in": "nothing"},
                  {"field": "birth_date", "op": "gt", "value": "soon"}):  # fmt: skip
        with pytest.raises(Refusal):
            put(cass, group, wrong)
        with pytest.raises(Refusal):
            rules.change_rule(cass, group.id, item_of(group).id, wrong)
    with pytest.raises(Denied):
        put(sam, group, PORTO)
    with pytest.raises(Denied):
        rules.change_rule(sam, group.id, item_of(group).id, PORTO)
    assert Change.select().count() == n


def test_a_rule_that_moves_more_than_the_share_is_asked_for(
    olive: Actor, cass: Actor, pat: Actor, new_customer: New, new_group: New
) -> None:
    people = [new_customer(f"N{n}", gender="m") for n in range(9)] + [new_customer("Ann", address="Porto")]
    group = new_group("Some", [])
    put(cass, group, PORTO)
    settings.set_guards(olive, "20", is_marked=False)
    with pytest.raises(NeedsApproval) as asked:
        rules.change_rule(cass, group.id, item_of(group).id, MEN)
    assert members(group) == {people[-1].id}
    request = approvals.ask(cass, Call(asked.value.call, dict(asked.value.arguments)), "They asked for it")
    approvals.approve(pat, request.id, request.fingerprint)
    assert members(group) == {person.id for person in people[:-1]}
    sound()


def test_a_copy_of_a_group_has_its_rule_and_what_that_asks_for(cass: Actor, new_customer: New, new_group: New) -> None:
    ann = new_customer("Ann", gender="m")
    new_group("Staff", [])
    group = new_group("Men", [])
    put(cass, group, {"all": [MEN, {"not": {"in": "staff"}}]})
    copy = groups.duplicate(cass, group.id).group
    assert (members(copy), copy.level, RuleGroup.select().count()) == ({ann.id}, 1, 2)
    items.end(cass, copy.id, item_of(copy).id)
    assert (members(copy), Group.get_by_id(copy.id).level) == (set(), 0)
    sound()


def test_own_fields_are_asked_and_other_fields_move_nobody(
    olive: Actor, cass: Actor, new_group: New
) -> None:
    fields.create(olive, FieldDetails({"en": "Tier"}, "choice", choices=("Gold", "Silver")))
    fields.create(olive, FieldDetails({"en": "Visits"}, "number"))
    ann = customers.create(cass, {"name": "Ann", "code": "ANN", "tier": "gold", "visits": "2"}).customer
    group = new_group("Regular gold", [])
    put(cass, group, {"all": [{"field": "tier", "op": "is", "value": "Gold"},
                              {"field": "visits", "op": "ge", "value": 3}]})  # fmt: skip
    assert members(group) == set()
    customers.edit(cass, ann.id, {"visits": "3"})
    assert members(group) == {ann.id}
    customers.edit(cass, ann.id, {"name": "Anna"})
    assert members(group) == {ann.id}
    customers.edit(cass, ann.id, {"tier": ""})
    assert members(group) == set()
    sound()
    with pytest.raises(Refusal, match="Regular gold"):
        fields.retire(olive, Field.get(Field.code == "tier").id)


def test_a_file_brings_its_customers_into_groups_with_rules(
    cass: Actor, new_customer: New, new_group: New, tmp_path: Path
) -> None:
    ann, group = new_customer("Ann", code="A1", gender="f"), new_group("Men", [])
    put(cass, group, MEN)
    path = tmp_path / "people.csv"
    path.write_text("code,name,gender\nA1,Ann,m\nB1,Ben,m\nC1,Cay,f\n")
    imports.run(cass, imports.check(cass, path, "people.csv").id)
    assert members(group) == {ann.id, Customer.get(Customer.code == "B1").id}
    sound()
    undo.undo(cass, Change.select().order_by(Change.id.desc()).get().id)
    assert members(group) == set()
    sound()


def test_a_shop_in_a_rule_is_left_with_the_shop(
    cass: Actor, new_customer: New, new_group: New, s1: Shop, s2: Shop
) -> None:
    ann = new_customer("Ann", s1)
    group = new_group("First", [])
    put(cass, group, {"field": "shop", "op": "one_of", "value": [s1.code]})
    assert members(group) == {ann.id}
    customers.edit(cass, ann.id, {"shop": s2.code})
    assert members(group) == set()
    sound()


@pytest.mark.parametrize(
    ("zone", "before", "moment"),
    [
        ("America/Sao_Paulo", datetime(2026, 5, 31, 2, 59), datetime(2026, 5, 31, 3, 0)),
        # Clocks in Lisbon went forward on 29 March 2026 at 1:00: that day begins at 0:00 UTC, the next at 23:00.
        ("Europe/Lisbon", datetime(2026, 3, 29, 22, 59), datetime(2026, 3, 29, 23, 0)),
        ("Europe/Lisbon", datetime(2026, 10, 24, 22, 59), datetime(2026, 10, 24, 23, 0)),
        ("Europe/Lisbon", datetime(2026, 10, 25, 23, 59), datetime(2026, 10, 26, 0, 0)),
        # A day in Cairo that has no midnight.
        ("Africa/Cairo", datetime(2026, 4, 23, 21, 59), datetime(2026, 4, 23, 22, 0)),
    ],
)
def test_thirty_days_are_over_at_midnight_in_the_stores_time_zone(
    database: Database, cass: Actor, new_group: New, zone: str, before: datetime, moment: datetime
) -> None:
    use(database.url, timezone=zone)
    local = moment.replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
    with time_machine.travel(before, tick=False) as clock:
        group = new_group("Turned thirty days", [])
        born = date.fromordinal(local.date().toordinal() - 30)
        ann = customers.create(cass, {"name": "Ann", "code": "ANN", "birth_date": born.isoformat()}).customer
        put(cass, group, {"field": "birth_date", "part": "days_since", "op": "ge", "value": 30})
        assert members(group) == set()
        assert Group.get_by_id(group.id).next_change_at == moment
        clock.move_to(moment)
        assert due.refresh() == 1
        assert members(group) == {ann.id}
        assert Membership.get(Membership.group == group).since == moment
        sound()
