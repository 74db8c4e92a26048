"""Why somebody is in a group or not: the proof is true, says what it rests on, and what would change it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
import time_machine

from portal.db import lot
from portal.errors import Denied, Missing, Refusal
from portal.models import Customer, Group, GroupItem, Import, Membership, Shop
from portal.permissions import Actor, Door
from portal.queries import customers as find_customers
from portal.queries import why as find
from portal.services import customers, groups, imports, items, membership
from portal.services.items import NewItem

New = Callable[..., Any]
START = datetime(2026, 5, 1, 8)
RULES: list[dict[str, Any]] = [
    {"field": "name", "op": "contains", "value": "a"}, {"not": {"field": "shop", "op": "is", "value": "S1"}},
    {"any": [{"field": "shop", "op": "empty"}, {"field": "created", "part": "days_since", "op": "ge", "value": 10}]},
]


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START.replace(tzinfo=UTC), tick=False) as traveller:
        yield traveller


def ask(actor: Actor, group: Group, customer: Customer) -> find.Proof:
    """Ask as a page does, which reads both anew."""
    return find.why(actor, Group.get_by_id(group.id), find_customers.by_id(actor, customer.id))


def told(proof: find.Proof) -> list[tuple[str, str, str, bool]]:
    return [(reason.sign, reason.kind, reason.timing, reason.counts) for reason in proof.reasons]


# ---- the proof is true ----


def _anything(random: Random, cass: Actor, made: list[Group], people: list[Customer], shops: list[Shop]) -> None:
    """Say something at random of one of the groups; what is refused is refused."""
    place = random.randrange(len(made))
    days = sorted(START + timedelta(days=n) for n in random.sample(range(40), 2))
    dates: dict[str, Any] = {"valid_from": days[0], "valid_until": days[1]} if random.random() < 0.4 else {}
    said = random.choice([
        {"customer_id": random.choice(people).id}, {"shop_id": random.choice(shops).id},
        {"of_group_id": made[random.randrange(place)].id if place else made[0].id},
        {"of_group_id": made[0].id, "low": 0, "high": random.choice([2_500, 6_000]), "seed": "s"},
        {"rule": random.choice(RULES)},
    ])  # fmt: skip
    try:
        act = random.random()
        if act < 0.8:
            sign = random.choice(["include", "include", "exclude"])
            items.add(cass, made[place].id, [NewItem(sign=sign, **said, **dates)])  # type: ignore[arg-type]
        elif act < 0.9:
            customers.edit(cass, random.choice(people).id, {"shop": random.choice(shops).code})
        else:
            groups.set_status(cass, made[place].id, random.choice(["active", "active", "archived", "draft"]))
    except Refusal:
        pass


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_proof_agrees_with_the_stored_membership_whatever_was_said(
    cass: Actor, s1: Shop, s2: Shop, new_customer: New, new_group: New, seed: int, clock: time_machine.Traveller
) -> None:
    random = Random(seed)
    people = [new_customer(f"N{n}", random.choice([s1, s2, None])) for n in range(6)]
    made = [new_group(f"Group {n}") for n in range(4)]
    seen = set()
    for day in range(40):
        clock.move_to(START + timedelta(days=day, hours=day % 24))
        _anything(random, cass, made, people, [s1, s2])
        membership.due.refresh()
        stored = set(Membership.select(Membership.group, Membership.customer).tuples())
        group, customer = random.choice(made), random.choice(people)
        proof = ask(cass, group, customer)
        assert proof.is_member == ((group.id, customer.id) in stored), (day, told(proof))
        seen.add((proof.is_member, *sorted({reason.kind for reason in proof.reasons})))
    assert len(seen) > 5


def test_what_the_clock_has_moved_is_in_the_proof_before_it_is_written(
    cass: Actor, new_customer: New, new_group: New, clock: time_machine.Traveller
) -> None:
    ann, group = new_customer("Ann"), new_group("Spring", status="draft")
    day = START + timedelta(days=1)
    items.add(cass, group.id, [NewItem(customer_id=ann.id, valid_from=day)])
    Group.update(starts_at=day, ends_at=day + timedelta(days=1)).where(Group.id == group.id).execute()
    stages = []
    for hours in (0, 24, 48):
        clock.move_to(START + timedelta(hours=hours))
        proof = ask(cass, group, ann)
        stages.append((proof.status, proof.is_member, told(proof)[0][2]))
    assert stages == [("draft", False, "later"), ("active", True, "now"), ("archived", False, "now")]


# ---- what it rests on ----


def test_an_item_by_an_import_names_the_file_and_her_row(
    cass: Actor, new_customer: New, new_group: New, tmp_path: Path
) -> None:
    ann, group = new_customer("Ann", code="A1"), new_group("Vips")
    path = tmp_path / "list.csv"
    path.write_text("code,name\nX1,Other\nA1,Ann\n")
    imports.run(cass, imports.check(cass, path, "list.csv", group=group).id)
    (reason,) = ask(cass, group, ann).reasons
    assert (reason.cause.number, reason.cause.file, reason.file_row) == (Import.get().id, "list.csv", 3)
    assert (reason.cause.who, reason.cause.door) == ("Cass", "page")


def test_each_kind_of_item_that_touches_her_is_told_and_no_other(
    cass: Actor, pat: Actor, s1: Shop, s2: Shop, new_customer: New, new_group: New
) -> None:
    ann, ben = new_customer("Ann", s1), new_customer("Ben", s2)
    inner = new_group("Inner", members=[ann])
    outer = new_group("Outer", members=[ben], shops=[s1, s2], without=[new_customer("Cid")])
    drawn = lot("s", Customer.get_by_id(ann.id).uid)
    items.add(pat.through(Door.COMMAND), outer.id, [
        NewItem(customer_id=ann.id, sign="exclude", note="asked"), NewItem(of_group_id=inner.id),
        NewItem(of_group_id=inner.id, low=drawn, high=drawn + 1, seed="s", sign="exclude"),
    ])  # fmt: skip
    proof = ask(cass, outer, ann)
    assert sorted(told(proof)) == [
        ("exclude", "customer", "now", True), ("exclude", "share", "now", True), ("include", "group", "now", True),
        ("include", "shop", "now", True),
    ]  # fmt: skip
    assert not proof.is_member and [shop.code for shop in proof.missed] == ["S2"]
    by_kind = {reason.kind: reason for reason in proof.reasons}
    assert by_kind["customer"].item.note == "asked" and by_kind["customer"].cause.who == "Pat"
    assert by_kind["share"].lot == drawn
    assert told(by_kind["group"].proof) == [("include", "customer", "now", True)]


def test_her_last_stay_is_told(cass: Actor, new_customer: New, new_group: New, clock: time_machine.Traveller) -> None:
    ann = new_customer("Ann")
    group = new_group("Vips", members=[ann])
    assert ask(cass, group, ann).stay.left is None
    for hours, act in ((1, items.remove_member), (2, items.add_member), (3, items.remove_member)):
        clock.move_to(START + timedelta(hours=hours))
        act(cass, group.id, ann.id)
    stay = ask(cass, group, ann).stay
    assert (stay.joined_at, stay.left_at) == (START + timedelta(hours=2), START + timedelta(hours=3))
    assert (stay.joined.act, stay.left.act) == ("group.add_member", "group.remove_member")


def test_a_past_day_is_answered_from_history(
    cass: Actor, new_customer: New, new_group: New, clock: time_machine.Traveller
) -> None:
    ann = new_customer("Ann")
    group = new_group("Vips")
    for day, act in ((2, items.add_member), (4, items.remove_member), (6, items.add_member)):
        clock.move_to(START + timedelta(days=day - 1))
        act(cass, group.id, ann.id)
    answers = []
    for day in range(1, 8):
        proof = find.why_at(cass, group, ann, START.date() + timedelta(days=day - 1))
        ends = [stay.joined_at.day if stay else None for stay in (proof.stay, proof.before, proof.after)]
        answers.append((proof.is_member, *ends))
    assert answers == [
        (False, None, None, 2), (True, 2, None, None), (True, 2, None, None), (False, None, 2, 6),
        (False, None, 2, 6), (True, 6, None, None), (True, 6, None, None),
    ]  # fmt: skip


# ---- what would change it ----


def carry_out(actor: Actor, fix: find.Fix) -> None:
    """Do what the button of a fix does."""
    group, customer = Group.get(Group.code == fix.group), Customer.get(Customer.code == fix.customer)
    if fix.kind == "restore":
        groups.set_status(actor, group.id, "active")
    elif fix.kind == "end":
        items.end(actor, group.id, fix.item_id or 0)
    else:
        items.add_member(actor, group.id, customer.id)


def test_the_fixes_that_are_offered_lead_to_membership(
    cass: Actor, s1: Shop, s2: Shop, new_customer: New, new_group: New
) -> None:
    ann = new_customer("Ann", s1)
    staff = new_group("Staff", shops=[s1])
    for group, expected in (
        (new_group("Empty"), ["add"]),
        (new_group("Removed", shops=[s1], without=[ann]), ["lift"]),
        (new_group("Draft", members=[ann], status="draft"), ["restore"]),
        (new_group("Shut", without_shops=[s1]), ["end", "add"]),
        (new_group("Elsewhere", shops=[s2]), ["add"]),
        (new_group("In it", members=[ann]), []),
    ):
        done = []
        while offered := find.fixes_of(cass, ask(cass, group, ann)):
            done.append(offered[0].kind)
            carry_out(cass, offered[0])
        assert done == expected, group.name
        assert ask(cass, group, ann).is_member
    outer = new_group("Outer", members=[ann])
    items.add(cass, outer.id, [NewItem(of_group_id=staff.id, sign="exclude")])
    (fix,) = find.fixes_of(cass, ask(cass, outer, ann))
    assert (fix.kind, GroupItem.get_by_id(fix.item_id).of_group_id) == ("end", staff.id)


def test_fixes_are_offered_to_those_who_may(
    people: Any, s1: Shop, new_customer: New, new_group: New
) -> None:
    ann = new_customer("Ann", s1)
    cases = [new_group("Empty"), new_group("Draft", status="draft"), new_group("Shut", without_shops=[s1])]
    offered = {
        name: [[fix.kind for fix in find.fixes_of(people[name].actor, ask(people[name].actor, group, ann))]
               for group in cases]
        for name in ("olive", "cass", "pat", "sam", "sol", "ana")
    }  # fmt: skip
    managers = [["add"], ["restore"], ["end"]]
    nobody: list[list[str]] = [[], [], []]
    assert offered == {
        "olive": nobody, "cass": managers, "pat": managers, "sam": nobody, "sol": nobody, "ana": nobody
    }  # fmt: skip


def test_who_may_change_open_groups_is_offered_that_and_says_why(
    sam: Actor, sol: Actor, cass: Actor, ana: Actor, s1: Shop, new_customer: New, new_group: New
) -> None:
    ann, group = new_customer("Ann", s1), new_group("Open")
    Group.update(is_open=True).where(Group.id == group.id).execute()
    offered = [[(fix.kind, fix.says_why) for fix in find.fixes_of(who, ask(who, group, ann))]
               for who in (cass, sam, sol, ana)]  # fmt: skip
    assert offered == [[("add", False)], [("add", True)], [("add", True)], []]


# ---- who is told ----


def test_only_who_may_ask_is_answered_and_only_of_her_own_people(
    people: Any, s1: Shop, s2: Shop, new_customer: New, new_group: New
) -> None:
    own, other, group = new_customer("Ann", s1), new_customer("Ben", s2), new_group("Vips", shops=[s1, s2])
    sol = people["sol"].actor
    with pytest.raises(Denied):
        find.why(sol, group, other)
    with pytest.raises(Denied):
        find.why_at(sol, group, other, START.date())
    for name in ("tess", "nadia"):
        with pytest.raises(Denied):
            find.why(people[name].actor, group, own)
    # The names of other shops are not for shop staff; that there are some is no secret.
    elsewhere = new_group("Elsewhere", shops=[s2])
    proofs = {name: ask(people[name].actor, elsewhere, own) for name in ("sol", "cass")}
    assert {name: (len(proof.missed), proof.n_unnamed) for name, proof in proofs.items()} == {
        "sol": (0, 1), "cass": (1, 0),
    }  # fmt: skip


def test_of_a_sensitive_group_support_learns_nothing_but_whether_she_is_in(
    people: Any, s1: Shop, new_customer: New, new_group: New
) -> None:
    ann = new_customer("Ann", s1)
    secret, outer = new_group("Secret", members=[ann]), new_group("Outer")
    items.add(people["cass"].actor, outer.id, [NewItem(of_group_id=secret.id)])
    Group.update(is_sensitive=True).where(Group.id == secret.id).execute()
    for name in ("sam", "sol"):
        (reason,) = ask(people[name].actor, outer, ann).reasons
        assert (reason.proof.is_hidden, reason.proof.is_member, reason.proof.reasons) == (True, True, [])
        for call in (lambda who: ask(who, secret, ann), lambda who: find.why_at(who, anew(secret), ann, START.date())):
            with pytest.raises(Missing, match="There is no group “secret”"):
                call(people[name].actor)
    for name in ("olive", "cass", "pat", "ana"):
        (reason,) = ask(people[name].actor, outer, ann).reasons
        assert not reason.proof.is_hidden and ask(people[name].actor, secret, ann).is_member


def anew(group: Group) -> Group:
    return Group.get_by_id(group.id)


# ---- what it costs ----


def test_a_proof_takes_as_many_queries_for_a_large_group_as_for_a_small_one(
    cass: Actor, s1: Shop, s2: Shop, new_customer: New, new_group: New, query_count: Any
) -> None:
    ann = find_customers.by_id(cass, new_customer("Ann", s1).id)
    crowd = [new_customer(f"N{n}") for n in range(30)]
    counts = []
    for n in (1, 30):
        inner = new_group(f"Inner {n}", members=crowd[:n], shops=[s1])
        outer = new_group(f"Outer {n}", members=[*crowd[:n], ann], shops=[s2] if n > 1 else [])
        items.add(cass, outer.id, [NewItem(of_group_id=inner.id)])
        named, nested = (Group.get_by_id(group.id) for group in (inner, outer))
        counts.append([query_count(lambda group=group: find.why(cass, group, ann)) for group in (named, nested)])
    assert counts == [[6, 8]] * 2
