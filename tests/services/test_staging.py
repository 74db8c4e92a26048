"""Memberships of a rule that moves many: written beforehand, seen by nobody, switched on together."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import Context
from datetime import timedelta
from typing import Any

import pytest
from peewee import OperationalError

from portal import clock
from portal.db import db
from portal.errors import Busy, Conflict, Denied, NeedsApproval, Refusal
from portal.models import (
    Change,
    Customer,
    Group,
    GroupItem,
    Job,
    Membership,
    MembershipRow,
    PastMembership,
    PastMembershipRow,
    Proposal,
    Staging,
    Worker,
)
from portal.permissions import OPERATOR, Actor
from portal.queries import membership
from portal.services import approvals, customers, groups, items, jobs, once, preview, settings, undo
from portal.services.groups import Details
from portal.services.guards import Call
from portal.services.items import NewItem, plans, rules
from portal.services.membership import Plan, foreseen, pace, settling, staging
from portal.services.undo import plans as undo_plans
from tests.conftest import Database

New = Callable[..., Any]
WOMEN = {"field": "gender", "op": "is", "value": "female"}
MEN = {"field": "gender", "op": "is", "value": "male"}
WRITING, SETTLING = 5, 4  # turns: one begins, four write two memberships each; four settle as many


@pytest.fixture(autouse=True)
def everything_is_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any store is a large one, anybody who moves is staged, and a turn writes two."""
    monkeypatch.setattr(foreseen, "FROM", 0)
    monkeypatch.setattr(staging, "MOST", 0)
    for module in (staging, settling):
        monkeypatch.setattr(module, "PART", 2)
    monkeypatch.setattr(pace, "sleep", lambda _seconds: None)


@pytest.fixture
def group(cass: Actor, new_customer: New) -> Group:
    """Three women, who are its members, four men, and one who is neither."""
    for code, gender in zip("ABCDEFGH", ["female"] * 3 + ["male"] * 4 + [""], strict=True):
        new_customer(f"{code}.", code=code, gender=gender)
    made: Group = groups.create(cass, Details("By rule", "rule"), [NewItem(rule=WOMEN)]).group
    return made


def members(group: Group) -> str:
    query = Membership.select(Customer.code).join(Customer, on=(Customer.id == Membership.customer))
    return "".join(sorted(code for (code,) in query.where(Membership.group == group.id).tuples()))


def id_of(code: str) -> int:
    return int(Customer.get(Customer.code == code).id)


def item_of(group: Group) -> GroupItem:
    item: GroupItem = GroupItem.get(GroupItem.group == group, GroupItem.ended_at.is_null())
    return item


def change_to(actor: Actor, group: Group, rule: dict[str, Any]) -> Any:
    return rules.change_rule(actor, group.id, item_of(group).id, rule)


def assert_right(group: Group) -> None:
    assert (membership.differences(), membership.broken_intervals(), membership.wrong_counts()) == ([], [], [])
    assert Group.get_by_id(group.id).n_members == len(members(group))


def assert_settled() -> None:
    staged = [model.select().where(model.staged != 0).count() for model in (MembershipRow, PastMembershipRow)]
    assert (staged, Staging.select().count()) == ([0, 0], 0)


def history(group: Group) -> list[tuple[Any, ...]]:
    """Everybody's intervals: code, whether joined and left by the first, second … change, and when."""
    now = Membership.select(Membership.customer, Membership.since, Membership.cause).where(Membership.group == group.id)
    past = PastMembership.select(
        PastMembership.customer, PastMembership.joined_at, PastMembership.joined_by, PastMembership.left_at,
        PastMembership.left_by,
    ).where(PastMembership.group == group.id)  # fmt: skip
    return sorted([*now.tuples(), *past.tuples()], key=repr)


@contextmanager
def at_turn(monkeypatch: pytest.MonkeyPatch, n: int, do: Callable[[], object]) -> Iterator[None]:
    """Do something before the `n`th turn of the block, counted from one, as another person would.

    Between those that write and those that settle is the act itself, which counts for none.
    """
    seen: list[int] = []

    def nap(_seconds: float) -> None:
        seen.append(1)
        if len(seen) == n:
            do()

    with monkeypatch.context() as patch:
        patch.setattr(pace, "sleep", nap)
        yield
    assert len(seen) >= n


@contextmanager
def turns(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], int]]:
    """Yield what counts the turns that were taken to write beforehand, and to settle."""
    seen: list[float] = []
    with monkeypatch.context() as patch:
        patch.setattr(pace, "sleep", seen.append)
        yield lambda: len(seen)


# ---- the usual way ----


def test_a_rule_that_moves_many_moves_them_all_at_once(
    group: Group, cass: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[Any, ...]] = []

    def look() -> None:
        found = Group.get_by_id(group.id).n_members, members(group), PastMembership.select().count()
        seen.append((*found, len(membership.broken_intervals()), len(membership.wrong_counts())))

    with monkeypatch.context() as patch:
        patch.setattr(pace, "sleep", lambda _seconds: look())
        moved = change_to(cass, group, MEN)
    assert (moved.joined, moved.left, members(group)) == (4, 3, "DEFG")
    # While it is written nobody sees anything; then, while it is settled, everything.
    assert seen == [(3, "ABC", 0, 0, 0)] * WRITING + [(4, "DEFG", 3, 0, 0)] * SETTLING
    assert_right(group)
    assert_settled()
    change = Change.select().order_by(Change.id.desc()).first()
    assert change.act == "group.rule"
    assert {row.cause_id for row in Membership.select()} == {change.id}
    assert {row.left_by_id for row in PastMembership.select()} == {change.id}
    assert {row.left_at for row in PastMembership.select()} == {row.since for row in Membership.select()}


def test_what_is_seen_does_not_change_while_it_is_settled(
    group: Group, cass: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "leave", lambda number: None)
    change_to(cass, group, MEN)
    before, n_turns = history(group), 0
    while not settling.settle(pace.Pace()):
        n_turns += 1
        assert history(group) == before
        assert_right(group)
    assert (history(group), n_turns) == (before, SETTLING - 1)
    assert_settled()


def test_the_same_is_written_as_without_staging(
    group: Group, cass: Actor, new_group: New, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(foreseen, "FROM", 10**9)
        other = groups.create(cass, Details("Other", "rule"), [NewItem(rule=WOMEN)]).group
        change_to(cass, other, MEN)
        change_to(cass, other, WOMEN)
    change_to(cass, group, MEN)
    change_to(cass, group, WOMEN)
    one, two = (sorted((row[0], len(row)) for row in history(one)) for one in (group, other))
    assert one == two
    assert_right(group)
    assert_settled()


@pytest.mark.parametrize("sign", ["include", "exclude"])
def test_a_rule_is_added_and_ended(group: Group, cass: Actor, sign: str) -> None:
    anybody = {"any": [WOMEN, MEN]}
    put = items.add(cass, group.id, [NewItem(rule=anybody, sign=sign)])
    assert (put.joined, put.left) == ((4, 0) if sign == "include" else (0, 3))
    assert_right(group)
    item = GroupItem.get(GroupItem.sign == sign, GroupItem.id != GroupItem.select(GroupItem.id).limit(1))
    ended = items.end(cass, group.id, item.id)
    assert (ended.joined, ended.left, members(group)) == (put.left, put.joined, "ABC")
    assert_right(group)
    assert_settled()


def test_it_is_undone_and_done_again_the_same_way(
    group: Group, cass: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    change_to(cass, group, MEN)
    for wanted in ("ABC", "DEFG"):
        with turns(monkeypatch) as n:
            undo.undo(cass, Change.select().order_by(Change.id.desc()).first().id)
        assert (members(group), n()) == (wanted, WRITING + SETTLING)
        assert_right(group)
        assert_settled()


def test_the_undo_of_a_rule_that_was_added_or_ended(group: Group, cass: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    for act in (
        lambda: items.add(cass, group.id, [NewItem(rule=MEN)]), lambda: items.end(cass, group.id, item_of(group).id)
    ):  # fmt: skip
        act()
        with turns(monkeypatch) as n:
            undo.undo(cass, Change.select().order_by(Change.id.desc()).first().id)
        assert members(group) == "ABC" and n() > 3
        assert_right(group)
        assert_settled()


def test_few_are_looked_at_one_by_one_and_nobody_else(
    group: Group, cass: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "MOST", 100)
    stranger = id_of("H")
    MembershipRow.create(group=group, customer=stranger, since=clock.now(), cause=1)  # as nothing of ours would
    Group.update(n_members=4).where(Group.id == group.id).execute()
    moves = staging._seen(lambda: plans.of_change(cass, group.id, item_of(group).id, MEN))
    assert moves is not None and sorted(moves.leaving) == [id_of("A"), id_of("B"), id_of("C"), stranger]
    monkeypatch.setattr(staging, "_seen", lambda ask: staging.Staged(moves.sight, moves.joining, moves.leaving[:3]))
    change_to(cass, group, MEN)
    assert members(group) == "DEFGH"
    assert Staging.select().count() == 0


def test_the_very_same_rule_once_more_is_no_change(group: Group, cass: Actor, olive: Actor) -> None:
    Group.update(is_guarded=True).execute()
    settings.set_guards(olive, "", is_marked=True)
    n = Change.select().count()
    assert items.add(cass, group.id, [NewItem(rule=WOMEN)]).joined == 0
    assert Change.select().count() == n


# ---- a group that is made, archived, made active, deleted ----


def made(actor: Actor, **said: Any) -> Group:
    found: Group = groups.create(actor, Details("Men", "rule", **said), [NewItem(rule=MEN)]).group
    return found


def test_a_group_that_is_made_has_all_its_members_at_once(
    group: Group, cass: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[int, int, set[str]]] = []

    def look() -> None:
        codes = {one.code for one in Group.select() if one.status != "deleted"}
        seen.append((Membership.select().count(), PastMembership.select().count(), codes))
        assert (membership.differences(), membership.wrong_counts()) == ([], [])

    with monkeypatch.context() as patch:
        patch.setattr(pace, "sleep", lambda _seconds: look())
        found = made(cass)
    assert (members(found), found.n_members, found.code) == ("DEFG", 4, "men")
    assert seen == [(3, 0, {"by-rule"})] * 3 + [(7, 0, {"by-rule", "men"})] * 3
    assert_right(found)
    assert_settled()
    change = Change.get(Change.subject == f"group:{found.id}")
    assert {row.cause_id for row in Membership.select().where(Membership.group == found.id)} == {change.id}


def test_making_a_group_is_undone(group: Group, cass: Actor) -> None:
    found = made(cass)
    undo.undo(cass, Change.get(Change.subject == f"group:{found.id}").id)
    assert (members(found), Group.get_by_id(found.id).status) == ("", "deleted")
    assert_settled()
    assert members(made(cass)) == "DEFG"
    assert_settled()


@pytest.mark.parametrize("turn", [1, 2, 3])
def test_of_a_group_that_nobody_came_to_make_nothing_is_left(
    group: Group, cass: Actor, monkeypatch: pytest.MonkeyPatch, turn: int
) -> None:
    def kill() -> None:
        raise _Killed

    with monkeypatch.context() as patch:
        patch.setattr(staging, "leave", lambda number: None)
        with at_turn(patch, turn, kill), pytest.raises(_Killed):
            made(cass)
    Staging.update(kept_until=clock.ago(seconds=1)).execute()
    while not settling.settle(pace.Pace()):
        pass
    assert [one.code for one in Group.select()] == ["by-rule"]
    assert_settled()
    assert members(made(cass)) == "DEFG"


def test_a_group_is_made_all_the_same_where_its_staging_was_given_up(
    group: Group, cass: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = staging._stage

    def given_up(staged: staging.Staged) -> None:
        stage(staged)
        Staging.update(kept_until=clock.ago(seconds=1)).execute()
        while not settling.settle(pace.Pace()):
            pass

    monkeypatch.setattr(staging, "_stage", given_up)
    found = made(cass)
    assert (members(found), [one.code for one in Group.select().order_by(Group.id)]) == ("DEFG", ["by-rule", "men"])
    assert_right(found)
    assert_settled()


def test_a_group_with_a_name_that_is_taken_is_refused_and_nothing_is_left(
    group: Group, cass: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    details, items_ = Details("By rule", "rule"), [NewItem(rule=MEN)]
    with turns(monkeypatch) as n, pytest.raises(Refusal):
        groups.create(cass, details, items_)
    assert n() == 0
    with pytest.raises(Refusal):
        preview.of(cass, lambda: made(cass), ask=lambda: plans.of_group(cass, details, items_))
    with at_turn(monkeypatch, 2, lambda: groups.create(cass, Details("Men", "rule"))), pytest.raises(Refusal):
        made(cass)
    assert [one.code for one in Group.select()] == ["by-rule", "men"]
    assert_settled()


def test_the_preview_of_a_new_group_refuses_what_it_could_not_be_made_of(
    group: Group, cass: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    groups.edit(cass, group.id, Details("By rule", "rule", ends_on=str((clock.now() + timedelta(days=9)).date())))
    deepest = groups.create(cass, Details("Level 0")).group
    for n in range(1, 6):
        inner, deepest = deepest, groups.create(cass, Details(f"Level {n}")).group
        items.add(cass, deepest.id, [NewItem(of_group_id=inner.id)])
    for target, why in ((group, "planned to end"), (deepest, "at most 5 deep")):
        details, items_ = Details("New", "rule"), [NewItem(rule={"in": target.code})]
        act = lambda details=details, items_=items_: groups.create(cass, details, items_)  # noqa: E731
        ask = lambda details=details, items_=items_: plans.of_group(cass, details, items_)  # noqa: E731
        with pytest.raises(Refusal, match=why):
            preview.of(cass, act, ask=ask)
        with turns(monkeypatch) as n, pytest.raises(Refusal, match=why):
            act()
        assert n() == 0


def test_a_draft_has_no_members_and_gets_them_at_once(
    group: Group, cass: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    with turns(monkeypatch) as n:
        found = made(cass, status="draft")
    assert (members(found), n()) == ("", 0)
    with turns(monkeypatch) as n:
        groups.set_status(cass, found.id, "active")
    assert (members(found), n()) == ("DEFG", 3 + 3)
    assert_right(found)
    assert_settled()


@pytest.mark.parametrize("status", ["archived", "draft", "deleted"])
def test_everybody_leaves_and_comes_back_at_once(
    group: Group, cass: Actor, monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    items.add(cass, group.id, [NewItem(customer_id=id_of("D")), NewItem(customer_id=id_of("A"), sign="exclude")])
    assert members(group) == "BCD"
    act = (
        (lambda: groups.delete(cass, group.id)) if status == "deleted"
        else (lambda: groups.set_status(cass, group.id, status))
    )  # fmt: skip
    wanted = preview.of(cass, act)
    found = preview.of(cass, act, ask=lambda: plans.of_status(cass, group.id, status))
    assert told(found) == told(wanted) == [("By rule", 0, 3, 0, [], ["B.", "C.", "D."])]
    with turns(monkeypatch) as n:
        moved = act()
    assert (moved.left, members(group), n()) == (3, "", 3 + 2)
    assert_right(group)
    assert_settled()
    if status != "deleted":
        with turns(monkeypatch) as n:
            groups.set_status(cass, group.id, "active")
        assert n() == 3 + 2
    else:
        undo.undo(cass, Change.select().order_by(Change.id.desc()).first().id)
    assert members(group) == "BCD"
    assert_right(group)
    assert_settled()


def test_a_group_that_others_are_made_of_is_not_archived_and_nothing_is_written_first(
    group: Group, cass: Actor, new_group: New, monkeypatch: pytest.MonkeyPatch
) -> None:
    items.add(cass, new_group("Outer").id, [NewItem(of_group_id=group.id)])
    with turns(monkeypatch) as n, pytest.raises(Refusal):
        groups.set_status(cass, group.id, "archived")
    assert (members(group), n()) == ("ABC", 0)


@pytest.mark.parametrize("turn", [1, 2, 3])
def test_who_comes_and_goes_while_a_group_is_archived(
    group: Group, cass: Actor, monkeypatch: pytest.MonkeyPatch, turn: int
) -> None:
    def meanwhile() -> None:
        customers.edit(cass, id_of("A"), {"gender": "male"})
        customers.edit(cass, id_of("D"), {"gender": "female"})
        customers.edit(cass, id_of("B"), {"gender": ""})
        customers.edit(cass, id_of("B"), {"gender": "female"})
        assert_right(group)

    with at_turn(monkeypatch, turn, meanwhile):
        groups.set_status(cass, group.id, "archived")
    assert members(group) == ""
    assert_right(group)
    assert_settled()


def test_the_preview_of_a_group_that_is_to_be_made_takes_no_turn(
    group: Group, cass: Actor, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    details, items_ = Details("Men", "rule", hue="red", is_sensitive=True), [NewItem(rule=MEN)]
    before = database.checksum()
    wanted = preview.of(cass, lambda: groups.create(cass, details, items_))

    def never(*_args: Any) -> Any:
        raise AssertionError("a turn was taken")

    with monkeypatch.context() as patch:
        patch.setattr(preview, "transaction", never)
        found = preview.of(
            cass, lambda: groups.create(cass, details, items_), ask=lambda: plans.of_group(cass, details, items_)
        )
    assert told(found) == told(wanted) == [("Men", 4, 0, 4, ["D.", "E.", "F.", "G."], [])]
    assert (found.moves[0].group.hue, found.moves[0].group.is_sensitive) == ("red", True)
    assert (found.fingerprint, database.checksum()) == (wanted.fingerprint, before)


# ---- what others do meanwhile ----


def take_away(actor: Actor, code: str) -> None:
    """Undo that a customer was created, which removes her."""
    undo.undo(actor, Change.get(Change.subject == f"customer:{id_of(code)}").id)


def others(group: Group, actor: Actor) -> dict[str, tuple[Callable[[], object], str]]:
    """What another person may do while it is staged, and who is a member in the end."""
    return {
        "a man becomes a woman": (lambda: customers.edit(actor, id_of("D"), {"gender": "female"}), "EFG"),
        "a woman becomes a man": (lambda: customers.edit(actor, id_of("A"), {"gender": "male"}), "ADEFG"),
        "she and back": (
            lambda: [customers.edit(actor, id_of("A"), {"gender": one}) for one in ("male", "female")], "DEFG"
        ),
        "he and back": (
            lambda: [customers.edit(actor, id_of("D"), {"gender": one}) for one in ("female", "male")], "DEFG"
        ),
        "somebody is neither": (lambda: customers.edit(actor, id_of("G"), {"gender": ""}), "DEF"),
        "a customer is removed": (lambda: take_away(actor, "A"), "DEFG"),
        "a man is removed": (lambda: take_away(actor, "E"), "DFG"),
        "one comes": (lambda: customers.create(actor, {"code": "N", "gender": "male"}), "DEFGN"),
        "a woman comes": (lambda: customers.create(actor, {"code": "N", "gender": "female"}), "DEFG"),
        "somebody is added by name": (lambda: items.add_member(actor, group.id, id_of("A")), "ADEFG"),
        "a man is added by name": (lambda: items.add_member(actor, group.id, id_of("D")), "DEFG"),
        "a man is excluded": (lambda: items.remove_member(actor, group.id, id_of("F")), "DEG"),
        "a woman is excluded": (lambda: items.remove_member(actor, group.id, id_of("B")), "DEFG"),
        "the group is renamed": (lambda: groups.edit(actor, group.id, Details("Named anew")), "DEFG"),
        "the group is archived": (lambda: groups.set_status(actor, group.id, "archived"), ""),
        "another group is made": (lambda: groups.create(actor, Details("Third", "rule"), [NewItem(rule=MEN)]), "DEFG"),
    }  # fmt: skip


@pytest.mark.parametrize("turn", [1, 3, WRITING, WRITING + 2])
@pytest.mark.parametrize("name", others(Group(id=0), OPERATOR))
def test_what_others_do_meanwhile_counts(
    group: Group, cass: Actor, monkeypatch: pytest.MonkeyPatch, name: str, turn: int
) -> None:
    do, wanted = others(group, cass)[name]

    def act() -> None:
        do()
        assert_right(group)

    with at_turn(monkeypatch, turn, act):
        change_to(cass, group, MEN)
    assert members(group) == wanted
    assert_right(group)
    assert_settled()


@pytest.mark.parametrize("days", [None, 3])
@pytest.mark.parametrize("turn", range(2, WRITING + 1))
def test_another_may_put_the_very_same_rule_meanwhile(
    group: Group, cass: Actor, monkeypatch: pytest.MonkeyPatch, days: int | None, turn: int
) -> None:
    item = item_of(group)
    same = NewItem(rule=MEN, valid_until=days and clock.now() + timedelta(days=days))
    with at_turn(monkeypatch, turn, lambda: items.add(cass, group.id, [same])):
        rules.change_rule(cass, group.id, item.id, MEN)
    assert members(group) == "DEFG"
    assert_right(group)
    assert_settled()


LOUD = {"field": "search", "op": "contains", "value": "loud"}


def test_where_searching_is_asked_nothing_is_seen_beforehand(group: Group, cass: Actor, new_group: New) -> None:
    """What she is searched by is brought up after a field became searchable, and of her nothing is recorded."""
    item, outer = item_of(group), new_group("Outer")
    items.add(cass, outer.id, [NewItem(of_group_id=group.id)])

    def is_seen(ask: Callable[[], Any]) -> bool:
        with foreseen.moves(ask) as sight:
            return sight is not None

    assert is_seen(lambda: plans.of_change(cass, group.id, item.id, MEN))
    assert not is_seen(lambda: plans.of_change(cass, group.id, item.id, {"any": [MEN, LOUD]}))
    assert is_seen(lambda: plans.of_new(cass, outer.id, [NewItem(rule=MEN)]))
    items.add(cass, group.id, [NewItem(rule=LOUD)])
    assert not is_seen(lambda: plans.of_end(cass, group.id, item.id))
    assert not is_seen(lambda: plans.of_new(cass, outer.id, [NewItem(rule=MEN)]))


def test_of_two_who_change_the_rule_the_second_finds_it_gone(
    group: Group, cass: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    item = item_of(group)
    with at_turn(monkeypatch, 3, lambda: change_to(cass, group, {"any": [WOMEN, MEN]})), pytest.raises(Refusal):
        rules.change_rule(cass, group.id, item.id, MEN)
    assert members(group) == "ABCDEFG"
    assert_right(group)
    assert_settled()


def test_a_second_rule_of_the_group_is_added_without_a_staging_of_its_own(
    group: Group, cass: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    neither = {"field": "gender", "op": "empty"}
    with at_turn(monkeypatch, 3, lambda: items.add(cass, group.id, [NewItem(rule=neither)])):
        change_to_first(cass, group)
    assert members(group) == "DEFGH"
    assert_right(group)
    assert_settled()


def change_to_first(cass: Actor, group: Group) -> None:
    rules.change_rule(cass, group.id, GroupItem.select().where(GroupItem.group == group).first().id, MEN)


# ---- groups of groups ----


def test_groups_made_of_it_move_with_it(group: Group, cass: Actor, new_group: New) -> None:
    outer, without = new_group("Outer"), new_group("Without", [Customer.get(Customer.code == "D")])
    asking = groups.create(
        cass, Details("Asking", "rule"), [NewItem(rule={"not": {"in": group.code}})]
    ).group
    items.add(cass, outer.id, [NewItem(of_group_id=group.id)])
    items.add(cass, without.id, [NewItem(of_group_id=group.id, sign="exclude")])
    assert [members(one) for one in (outer, without, asking)] == ["ABC", "D", "DEFGH"]
    change_to(cass, group, MEN)
    assert [members(one) for one in (group, outer, without, asking)] == ["DEFG", "DEFG", "", "ABCH"]
    for one in (group, outer, without, asking):
        assert_right(one)
    assert_settled()


def test_a_group_that_it_is_made_of_may_change_meanwhile(
    group: Group, cass: Actor, new_group: New, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = new_group("Inner", [Customer.get(Customer.code == "D")])
    but_inner = {"all": [MEN, {"not": {"in": inner.code}}]}
    with at_turn(monkeypatch, 2, lambda: items.add_member(cass, inner.id, id_of("E"))):
        change_to(cass, group, but_inner)
    assert members(group) == "FG"
    assert_right(group)
    assert_settled()


# ---- refused, given up, killed ----


def test_a_rule_that_is_refused_leaves_nothing(group: Group, cass: Actor) -> None:
    before = history(group)
    for wrong in ({"field": "nothing", "op": "is", "value": "x"}, {"in": group.code}):
        with pytest.raises(Refusal):
            change_to(cass, group, wrong)
        ask = lambda wrong=wrong: plans.of_change(cass, group.id, item_of(group).id, wrong)  # noqa: E731
        with pytest.raises(Refusal):
            preview.of(cass, lambda wrong=wrong: change_to(cass, group, wrong), ask=ask)
    assert history(group) == before
    assert_settled()


def test_what_is_refused_until_the_clock_is_caught_up_is_not_refused(
    group: Group, cass: Actor, new_group: New, time_machine: Any
) -> None:
    time_machine.move_to(clock.now())
    outer = new_group("Outer", [Customer.get(Customer.code == "D")])
    items.add(cass, outer.id, [NewItem(of_group_id=group.id, valid_until=clock.now() + timedelta(days=1))])
    with pytest.raises(Refusal):
        change_to(cass, group, {"in": outer.code})
    time_machine.shift(timedelta(days=2))
    change_to(cass, group, {"in": outer.code})
    assert members(group) == "D"
    assert_right(group)
    assert_settled()


def test_who_waits_in_vain_for_a_turn_leaves_nothing(
    group: Group, cass: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy() -> None:
        raise Busy

    before = history(group)
    with at_turn(monkeypatch, 3, busy), pytest.raises(Busy):
        change_to(cass, group, MEN)
    assert (history(group), members(group)) == (before, "ABC")
    assert_right(group)
    assert_settled()


class _Killed(BaseException):
    pass


@pytest.mark.parametrize("turn", range(2, WRITING + 1))
def test_what_a_process_that_was_killed_has_left_is_seen_by_nobody_and_taken_back(
    group: Group, cass: Actor, monkeypatch: pytest.MonkeyPatch, turn: int
) -> None:
    before = history(group)
    killed(cass, group, turn, monkeypatch)
    assert Staging.select().count() == 1
    assert (history(group), members(group), settling.are_over()) == (before, "ABC", False)
    assert_right(group)
    Staging.update(kept_until=clock.ago(seconds=1)).execute()
    assert settling.are_over()
    while not settling.settle(pace.Pace()):
        assert history(group) == before
    assert_right(group)
    assert_settled()


def killed(cass: Actor, group: Group, turn: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def kill() -> None:
        raise _Killed

    with monkeypatch.context() as patch:
        patch.setattr(staging, "leave", lambda number: None)  # which a dead process does not come to
        with at_turn(patch, turn, kill), pytest.raises(_Killed):
            change_to(cass, group, MEN)


def test_who_comes_next_takes_back_what_is_left(
    group: Group, cass: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed(cass, group, 4, monkeypatch)
    # As long as the staging may be somebody's, the act does without one.
    change_to(cass, group, {"any": [WOMEN, MEN]})
    assert (members(group), Staging.select().count()) == ("ABCDEFG", 1)
    assert_right(group)
    Staging.update(kept_until=clock.ago(seconds=1)).execute()
    change_to(cass, group, MEN)
    assert members(group) == "DEFG"
    assert_right(group)
    assert_settled()


def test_one_that_was_given_up_is_not_switched_on(
    group: Group, cass: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def give_up() -> None:
        Staging.update(kept_until=clock.ago(seconds=1)).execute()
        settling.settle(pace.Pace())

    with at_turn(monkeypatch, 3, give_up), pytest.raises(Busy):
        change_to(cass, group, MEN)
    assert members(group) == "ABC"
    assert_right(group)
    assert_settled()


def test_a_number_that_is_gone_is_given_to_no_other(
    group: Group, cass: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = groups.create(cass, Details("Other", "rule"), [NewItem(rule=WOMEN)]).group

    def stall() -> None:
        Staging.update(kept_until=clock.ago(seconds=1)).execute()
        while not settling.settle(pace.Pace()):
            pass
        killed(cass, other, 4, monkeypatch)

    with at_turn(monkeypatch, 3, stall), pytest.raises(Busy):
        change_to(cass, group, MEN)
    for one in (group, other):
        assert_right(one)
    assert (members(group), members(other), Staging.get().group_id) == ("ABC", "ABC", other.id)


@pytest.mark.parametrize("turn", range(3, WRITING + 1))
def test_one_that_is_being_taken_back_by_another_clock_is_neither_gone_on_with_nor_switched_on(
    group: Group, cass: Actor, monkeypatch: pytest.MonkeyPatch, turn: int
) -> None:
    def take_back_a_part() -> None:
        Staging.update(kept_until=clock.ago(seconds=1)).execute()
        settling.settle(pace.Pace())
        Staging.update(kept_until=clock.now() + staging.KEPT).execute()

    with at_turn(monkeypatch, turn, take_back_a_part), pytest.raises(Busy):
        change_to(cass, group, MEN)
    assert members(group) == "ABC"
    assert_right(group)
    assert_settled()


def test_a_form_that_is_sent_twice_is_done_once_and_leaves_no_staging(
    group: Group, cass: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    Worker.create(name="somebody")
    item = item_of(group)

    def post() -> None:
        once.begin(cass.user_id or 0, "rules.exchange", "key", [MEN])
        rules.change_rule(cass, group.id, item.id, MEN)

    def post_again() -> None:
        Context().run(post)

    with at_turn(monkeypatch, WRITING, post_again), pytest.raises(Conflict):
        post_again()
    assert members(group) == "DEFG"
    assert_right(group)
    assert settling.are_over()  # nobody has to wait until it has run out
    while not settling.settle(pace.Pace()):
        pass
    assert_settled()


def test_what_is_done_is_done_where_it_cannot_be_settled(
    group: Group, cass: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise OperationalError("disk I/O error")

    with at_turn(monkeypatch, WRITING + 2, broken):
        assert change_to(cass, group, MEN).joined == 4
    assert members(group) == "DEFG"
    assert_right(group)
    assert settling.are_over()


def test_what_the_guard_rails_stop_is_not_written_first(
    group: Group, cass: Actor, olive: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.set_guards(olive, "30", is_marked=False)
    before = history(group)
    with turns(monkeypatch) as n, pytest.raises(NeedsApproval):
        change_to(cass, group, MEN)
    assert (history(group), n()) == (before, 0)
    assert_right(group)
    assert_settled()


def asked_for(act: Callable[[], object], actor: Actor, owner: Actor) -> Proposal:
    """Have an act stopped by the guard rails, and ask for it."""
    settings.set_guards(owner, "30", is_marked=False)
    with pytest.raises(NeedsApproval) as stopped:
        act()
    proposal: Proposal = approvals.ask(actor, Call(stopped.value.call, dict(stopped.value.arguments)), "As agreed")
    return proposal


def test_what_somebody_approves_is_written_beforehand_too(
    group: Group, cass: Actor, pat: Actor, olive: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = asked_for(lambda: change_to(cass, group, MEN), cass, olive)
    assert asked.seen == [[group.id, 4, 3]]
    with turns(monkeypatch) as n:
        approvals.approve(pat, asked.id, asked.fingerprint)
    assert (members(group), n()) == ("DEFG", WRITING + SETTLING)
    assert_right(group)
    assert_settled()


@pytest.mark.parametrize("act", ["make", "archive", "delete"])
def test_a_group_that_somebody_approves_is_made_or_archived_at_once_too(
    group: Group, cass: Actor, pat: Actor, olive: Actor, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    acts: dict[str, Callable[[], object]] = {
        "make": lambda: made(cass), "archive": lambda: groups.set_status(cass, group.id, "archived"),
        "delete": lambda: groups.delete(cass, group.id),
    }  # fmt: skip
    asked = asked_for(acts[act], cass, olive)
    assert asked.seen == ([[0, 4, 0]] if act == "make" else [[group.id, 0, 3]])
    with turns(monkeypatch) as n:
        approvals.approve(pat, asked.id, asked.fingerprint)
    assert n() > 3
    found = Group.select().order_by(Group.id.desc()).first()
    assert (found.code, members(found)) == (("men", "DEFG") if act == "make" else ("by-rule", ""))
    assert_right(found)
    assert_settled()


def test_what_was_shown_to_who_approves_has_to_be_what_moves(
    group: Group, cass: Actor, pat: Actor, olive: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = asked_for(lambda: change_to(cass, group, MEN), cass, olive)
    turned = lambda: customers.edit(cass, id_of("D"), {"gender": ""})  # noqa: E731
    with at_turn(monkeypatch, 4, turned), pytest.raises(Conflict):
        approvals.approve(pat, asked.id, asked.fingerprint)
    assert members(group) == "ABC"
    assert_right(group)
    assert_settled()


@pytest.mark.parametrize("said", [WOMEN, MEN, None])
def test_a_plan_that_says_other_than_the_act_does_is_not_believed(
    group: Group, cass: Actor, monkeypatch: pytest.MonkeyPatch, said: Any
) -> None:
    def other(*_args: Any) -> Plan:
        return Plan(group.id, frozenset(), said)

    monkeypatch.setattr(plans, "of_change", other)
    change_to(cass, group, {"field": "gender", "op": "empty"})
    assert members(group) == "H"
    assert_right(group)
    assert_settled()


# ---- in the background ----


def test_somebody_who_works_on_jobs_settles_it(group: Group, cass: Actor) -> None:
    Worker.create(name="somebody")
    change_to(cass, group, MEN)
    job = Job.get()
    assert (job.kind, job.user_id, members(group)) == ("membership.settle", None, "DEFG")
    assert_right(group)
    with db.atomic():
        while not settling.step(OPERATOR, job):
            assert_right(group)
    assert_settled()


def test_who_may_not_maintain_may_not_settle(group: Group, cass: Actor) -> None:
    with pytest.raises(Denied):
        settling.step(cass, Job())
    with pytest.raises(Denied):
        jobs.enqueue(cass, settling.KIND, {})


# ---- preview ----


def test_a_preview_takes_no_turn_and_tells_what_is_then_moved(
    group: Group, cass: Actor, monkeypatch: pytest.MonkeyPatch, database: Database
) -> None:
    item, before = item_of(group), database.checksum()
    act = lambda: rules.change_rule(cass, group.id, item.id, MEN)  # noqa: E731
    wanted = preview.of(cass, act)

    def never(*_args: Any) -> Any:
        raise AssertionError("a turn was taken")

    with monkeypatch.context() as patch:
        patch.setattr(preview, "transaction", never)
        found = preview.of(cass, act, ask=lambda: plans.of_change(cass, group.id, item.id, MEN))
    assert (found.fingerprint, told(found)) == (wanted.fingerprint, told(wanted))
    assert told(found) == [("By rule", 4, 3, 4, ["D.", "E.", "F.", "G."], ["A.", "B.", "C."])]
    assert database.checksum() == before


def told(found: preview.Preview) -> list[tuple[Any, ...]]:
    return [
        (one.group.name, one.joining, one.leaving, one.n_after, [row.name for row in one.who_joins],
         [row.name for row in one.who_leaves])
        for one in found.moves
    ]  # fmt: skip


def test_a_preview_of_a_group_that_others_are_made_of_tells_them_too(
    group: Group, cass: Actor, new_group: New
) -> None:
    outer, item = new_group("Outer"), item_of(group)
    items.add(cass, outer.id, [NewItem(of_group_id=group.id)])
    found = preview.of(
        cass, lambda: rules.change_rule(cass, group.id, item.id, MEN),
        ask=lambda: plans.of_change(cass, group.id, item.id, MEN),
    )  # fmt: skip
    assert {one.group.name for one in found.moves} == {"By rule", "Outer"}


def test_looking_ahead_leaves_nothing_aside(group: Group, cass: Actor) -> None:
    with foreseen.moves(lambda: plans.of_end(cass, group.id, item_of(group).id)) as sight:
        assert sight is not None
        assert db.execute_sql("SELECT count(*) FROM membership_delta").fetchone()[0] == 3
    assert db.execute_sql("SELECT count(*) FROM membership_delta").fetchone()[0] == 0


def exchanged_and_put_again(cass: Actor, group: Group) -> int:
    change_to(cass, group, MEN)
    change = Change.select().order_by(Change.id.desc()).first().id
    items.end(cass, group.id, item_of(group).id)
    items.add(cass, group.id, [NewItem(rule=WOMEN)])
    return int(change)


def added_and_ended(cass: Actor, group: Group) -> int:
    items.add(cass, group.id, [NewItem(rule=MEN)])
    change = Change.select().order_by(Change.id.desc()).first().id
    items.end(cass, group.id, GroupItem.select().order_by(GroupItem.id.desc()).first().id)
    return int(change)


@pytest.mark.parametrize("do", [exchanged_and_put_again, added_and_ended])
def test_of_an_undo_that_can_take_nothing_back_the_preview_says_so(
    group: Group, cass: Actor, do: Callable[[Actor, Group], int]
) -> None:
    change = do(cass, group)
    for ask in (None, lambda: undo_plans.of_undo(cass, change)):
        with pytest.raises(Refusal, match="has been"):
            preview.of(cass, lambda: undo.undo(cass, change), ask=ask)
    with pytest.raises(Refusal, match="has been"):
        approvals.ask(cass, Call("undo.undo", {"change_id": change}), "It was wrong")
