"""Guard rails: what needs a second person, asking her, and doing it once she has approved."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine

from portal.clock import now
from portal.errors import Conflict, Denied, Malformed, NeedsApproval, Refusal
from portal.models import (
    Change,
    ChangeRow,
    Customer,
    Group,
    GroupItem,
    Job,
    Membership,
    PastMembership,
    Proposal,
    User,
    UserRole,
)
from portal.permissions import Actor, Role
from portal.queries import jobs as find_jobs
from portal.queries import membership
from portal.queries import proposals as find
from portal.services import approvals, calls, customers, groups, imports, items, proposals, settings, undo
from portal.services.groups import Details
from portal.services.guards import Call
from portal.services.imports import background
from portal.services.items import NewItem
from portal.services.membership import due
from tests.conftest import Database, Person

New = Callable[..., Any]


@pytest.fixture
def crowd(new_customer: New, s1: Any) -> list[Customer]:
    """Ten customers, all of Sol's shop."""
    return [new_customer(f"Name {n}", s1, code=f"C{n}") for n in range(10)]


@pytest.fixture
def guarded(olive: Actor, new_group: New, crowd: list[Customer]) -> Group:
    """A guarded group of the first three; guard rails are on for such groups alone."""
    settings.set_guards(olive, "", is_marked=True)
    return new_group("Vips", crowd[:3], is_guarded=True)


def stopped(act: Callable[[], object]) -> Call:
    """Return what an act that needs approval asks to be called."""
    with pytest.raises(NeedsApproval) as caught:
        act()
    # What is asked for is stored as JSON.
    return Call(caught.value.call, json.loads(json.dumps(caught.value.arguments)))


def members(group: Group) -> list[str]:
    query = Customer.select(Customer.code).join(Membership).where(Membership.group == group).order_by(Customer.code)
    return [code for (code,) in query.tuples()]


# ---- what is stopped ----


def test_without_guard_rails_nothing_is_stopped(cass: Actor, new_group: New, crowd: list[Customer]) -> None:
    group = new_group("Vips", crowd, is_guarded=True)
    groups.set_status(cass, group.id, "archived")
    groups.edit(cass, group.id, Details("Vips"))
    groups.delete(cass, group.id)


@pytest.mark.parametrize(
    "act", ["add", "end", "add one", "remove one", "archive", "draft", "delete", "unmark", "plan an end"]
)
def test_whatever_touches_a_guarded_group_needs_approval_and_changes_nothing(
    act: str, guarded: Group, cass: Actor, crowd: list[Customer], database: Database
) -> None:
    item = GroupItem.select().where(GroupItem.group == guarded).get()
    acts: dict[str, Callable[[], object]] = {
        "add": lambda: items.add(cass, guarded.id, [NewItem(customer_id=crowd[5].id, note="n")]),
        "end": lambda: items.end(cass, guarded.id, item.id),
        "add one": lambda: items.add_member(cass, guarded.id, crowd[5].id),
        "remove one": lambda: items.remove_member(cass, guarded.id, crowd[0].id),
        "archive": lambda: groups.set_status(cass, guarded.id, "archived"),
        "draft": lambda: groups.set_status(cass, guarded.id, "draft"),
        "delete": lambda: groups.delete(cass, guarded.id),
        "unmark": lambda: groups.edit(cass, guarded.id, Details("Vips")),
        "plan an end": lambda: groups.edit(cass, guarded.id, Details("Vips", is_guarded=True, ends_on="2199-01-01")),
    }
    before = database.checksum()
    call = stopped(acts[act])
    assert (call.name in calls.ACTS, call.arguments["group_id"]) == (True, guarded.id)
    assert database.checksum() == before


def test_words_of_a_guarded_group_and_what_follows_from_a_customers_own_data_need_nobody(
    guarded: Group, cass: Actor, s1: Any, new_customer: New, olive: Actor
) -> None:
    groups.edit(cass, guarded.id, Details("Vips", description="new", is_guarded=True))
    settings.set_guards(olive, "", is_marked=False)
    items.add(cass, guarded.id, [NewItem(shop_id=s1.id)])
    settings.set_guards(olive, "", is_marked=True)
    new_customer("Zoe", s1, code="Z1")
    assert "Z1" in members(guarded)


def test_a_guarded_group_made_of_another_stops_what_moves_it(
    cass: Actor, olive: Actor, new_group: New, crowd: list[Customer]
) -> None:
    inner, outer = new_group("Inner", crowd[:2]), new_group("Outer", is_guarded=True)
    items.add(cass, outer.id, [NewItem(of_group_id=inner.id)])
    settings.set_guards(olive, "", is_marked=True)
    stopped(lambda: items.add_member(cass, inner.id, crowd[5].id))
    items.add_member(cass, inner.id, crowd[0].id)  # nobody moves


def test_more_than_the_share_of_all_customers_is_stopped_and_the_share_itself_is_not(
    cass: Actor, olive: Actor, new_group: New, crowd: list[Customer]
) -> None:
    group = new_group("Vips")
    settings.set_guards(olive, "30", is_marked=False)
    items.add(cass, group.id, [NewItem(customer_id=row.id) for row in crowd[:3]])
    with pytest.raises(NeedsApproval, match="This moves 4 of 10 customers; a second person has to approve that"):
        items.add(cass, group.id, [NewItem(customer_id=row.id) for row in crowd[3:7]])
    assert members(group) == ["C0", "C1", "C2"]


def test_a_share_is_a_share_of_the_customers_who_are_there(
    cass: Actor, olive: Actor, new_group: New, crowd: list[Customer], new_customer: New
) -> None:
    group = new_group("Vips")
    for code in ("X1", "X2", "X3"):
        new_customer(code=code)
        undo.undo(cass, Change.select().order_by(Change.id.desc()).get().id)
    settings.set_guards(olive, "30", is_marked=False)
    with pytest.raises(NeedsApproval, match="This moves 4 of 10 customers"):
        items.add(cass, group.id, [NewItem(customer_id=row.id) for row in crowd[:4]])


def test_an_import_into_a_guarded_group_is_stopped_before_a_row_is_written(
    guarded: Group, cass: Actor, pat: Actor, tmp_path: Path
) -> None:
    file = tmp_path / "people.csv"
    file.write_text("code,name\nN1,New One\nC7,Name 7\n")
    imported = imports.check(cass, file, "people.csv", group=guarded)
    call = stopped(lambda: imports.run(cass, imported.id))
    assert (call, Customer.select().where(Customer.code == "N1").count()) == (
        Call("imports.run", {"import_id": imported.id}), 0,
    )  # fmt: skip
    asked = approvals.ask(cass, call, "The list of today")
    assert (asked.group_id, asked.seen) == (guarded.id, [[guarded.id, 2, 0]])
    approvals.approve(pat, asked.id, asked.fingerprint)
    assert members(guarded) == ["C0", "C1", "C2", "C7", "N1"]
    change = Change.get(Change.act == "import.run")
    assert (change.actor_id, change.door, change.note) == (
        cass.user_id, "import", f"№ {asked.id} · Cass → Pat · The list of today",
    )  # fmt: skip
    (row,) = ChangeRow.select().where(ChangeRow.change == change, ChangeRow.noun == "approval")
    assert row.after == {"proposal": asked.id, "asker": cass.user_id, "approver": pat.user_id}
    assert Proposal.get_by_id(asked.id).state == "approved"


def test_an_approval_of_an_import_is_for_the_file_as_it_was_checked(
    guarded: Group, cass: Actor, pat: Actor, tmp_path: Path, new_customer: New, database: Database
) -> None:
    file = tmp_path / "people.csv"
    file.write_text("code,name\nN1,New One\n")
    imported = imports.check(cass, file, "people.csv", group=guarded)
    asked = approvals.ask(cass, stopped(lambda: imports.run(cass, imported.id)), "r")
    new_customer("Somebody else", code="N1")
    with pytest.raises(Conflict):
        approvals.approve(pat, asked.id, asked.fingerprint)
    assert (Proposal.get_by_id(asked.id).state, members(guarded)) == ("open", ["C0", "C1", "C2"])
    shown = approvals.show(approvals.asker_of(asked), Call(asked.act, asked.arguments), reader=pat)
    assert shown.fingerprint != asked.fingerprint
    approvals.approve(pat, asked.id, shown.fingerprint)
    assert members(guarded) == ["C0", "C1", "C2", "N1"]


def test_a_large_import_that_was_approved_is_handed_to_the_background(
    guarded: Group, cass: Actor, pat: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "LARGE", 0)
    monkeypatch.setattr(find_jobs, "is_worked_on", lambda: True)
    file = tmp_path / "people.csv"
    file.write_text("code,name\nN1,New One\n")
    imported = imports.check(cass, file, "people.csv", group=guarded)
    stopped(lambda: background.start(cass, imported.id))
    asked = approvals.ask(cass, stopped(lambda: imports.run(cass, imported.id)), "r")
    approvals.approve(pat, asked.id, asked.fingerprint)
    job = Job.get()
    assert (job.user_id, job.args, members(guarded)) == (
        cass.user_id, {"import": imported.id}, ["C0", "C1", "C2"],
    )  # fmt: skip
    imports.prepare(cass, imported.id)
    imports.run(cass, imported.id)  # as whoever works in the background does
    assert members(guarded) == ["C0", "C1", "C2", "N1"]
    assert Change.get(Change.act == "import.run").note == f"№ {asked.id} · Cass → Pat · r"


# ---- what the clock would do ----


def later(days: int) -> datetime:
    return now() + timedelta(days=days)


@pytest.fixture
def watched(olive: Actor, new_group: New, crowd: list[Customer], s1: Any) -> Group:
    """A group of the first customer alone; more than 3 of ten need a second person."""
    settings.set_guards(olive, "30", is_marked=False)
    return new_group("Vips", crowd[:1])


def of(days: int | None = None, until: int | None = None, **named: Any) -> list[NewItem]:
    return [NewItem(valid_from=later(days) if days else None, valid_until=later(until) if until else None, **named)]


def test_an_item_of_a_day_to_come_is_judged_when_it_is_put_by_whom_it_names_now(
    watched: Group, cass: Actor, pat: Actor, s1: Any, crowd: list[Customer], database: Database
) -> None:
    before = database.checksum()
    with pytest.raises(NeedsApproval, match="When its day comes, this moves 9 of 10 customers; a second person"):
        items.add(cass, watched.id, of(2, shop_id=s1.id))
    assert database.checksum() == before
    # One who is in by her name stays in: she is not moved.
    new = [*of(2, customer_id=crowd[0].id), *of(2, customer_id=crowd[1].id), *of(2, customer_id=crowd[2].id)]
    items.add(cass, watched.id, new)
    call = stopped(lambda: items.add(cass, watched.id, of(2, shop_id=s1.id)))
    asked = approvals.ask(cass, call, "The shop opens")
    assert asked.seen == []
    approvals.approve(pat, asked.id, asked.fingerprint)
    # The clock asks nobody; and what is planned already is not judged again with what is added.
    items.add(cass, watched.id, of(2, customer_id=crowd[9].id))
    with time_machine.travel(later(3).replace(tzinfo=UTC), tick=False):
        due.refresh()
        assert (Group.get_by_id(watched.id).n_members, membership.differences()) == (10, [])


@pytest.mark.parametrize("kind", ["group", "share", "exclude", "until", "later until", "in a draft", "restored"])
def test_whatever_the_clock_would_do_because_of_an_act_is_judged(
    kind: str, watched: Group, cass: Actor, olive: Actor, new_group: New, s1: Any
) -> None:
    settings.set_guards(olive, "", is_marked=False)
    everybody, draft = new_group("Everybody", shops=[s1]), new_group("Draft", status="draft", starts_on="2199-01-01")
    archived = new_group("Archived")
    groups.set_status(cass, archived.id, "archived")
    items.add(cass, archived.id, of(2, shop_id=s1.id))
    settings.set_guards(olive, "30", is_marked=False)
    share = {"of_group_id": everybody.id, "low": 0, "high": 10_000, "seed": "a"}
    acts: dict[str, Callable[[], object]] = {
        "group": lambda: items.add(cass, watched.id, of(2, of_group_id=everybody.id)),
        "share": lambda: items.add(cass, watched.id, of(2, **share)),
        "exclude": lambda: items.add(cass, everybody.id, of(2, shop_id=s1.id, sign="exclude")),
        "until": lambda: items.add(cass, everybody.id, of(until=2, shop_id=s1.id)),
        "later until": lambda: items.add(cass, everybody.id, of(1, 2, shop_id=s1.id)),
        "in a draft": lambda: items.add(cass, draft.id, of(shop_id=s1.id)),
        "restored": lambda: groups.set_status(cass, archived.id, "active"),
    }
    stopped(acts[kind])
    settings.set_guards(olive, "100", is_marked=False)
    acts[kind]()


def test_a_day_to_come_that_moves_few_or_nobody_needs_nobody(
    watched: Group, cass: Actor, olive: Actor, new_group: New, s1: Any, crowd: list[Customer]
) -> None:
    settings.set_guards(olive, "", is_marked=False)
    everybody, draft = new_group("Everybody", shops=[s1]), new_group("Draft", status="draft")
    settings.set_guards(olive, "10", is_marked=False)
    items.add(cass, everybody.id, of(2, customer_id=crowd[0].id))
    items.add(cass, everybody.id, of(2, customer_id=crowd[3].id, sign="exclude"))
    items.add(cass, draft.id, of(2, shop_id=s1.id))  # nobody knows when it begins
    groups.edit(cass, draft.id, Details("Draft", description="words"))
    stopped(lambda: groups.edit(cass, draft.id, Details("Draft", starts_on="2199-01-01")))
    stopped(lambda: groups.edit(cass, everybody.id, Details("Everybody", ends_on="2199-01-01")))
    groups.edit(cass, watched.id, Details("Vips", ends_on="2199-01-01"))
    items.end(cass, everybody.id, GroupItem.get(GroupItem.group == everybody, GroupItem.customer == crowd[3]).id)
    stopped(lambda: groups.create(cass, Details("New", status="draft", starts_on="2199-01-01"), of(shop_id=s1.id)))


def test_an_undo_that_puts_back_an_item_of_a_day_to_come_is_judged_too(
    watched: Group, cass: Actor, olive: Actor, s1: Any
) -> None:
    settings.set_guards(olive, "", is_marked=False)
    items.add(cass, watched.id, of(2, shop_id=s1.id))
    items.end(cass, watched.id, GroupItem.get(GroupItem.shop == s1).id)
    done = Change.select().order_by(Change.id.desc()).get().id
    settings.set_guards(olive, "30", is_marked=False)
    stopped(lambda: undo.undo(cass, done))


# ---- groups that come into being ----


@pytest.fixture
def bringing(
    olive: Actor, cass: Actor, crowd: list[Customer], s1: Any, new_group: New, tmp_path: Path
) -> dict[str, Callable[[], object]]:
    """Acts that bring a group of all ten customers into being, while 3 of them is what one person may move."""
    of_shop = new_group("Of the shop", shops=[s1], is_guarded=True)
    file = tmp_path / "people.csv"
    file.write_text("code\n" + "".join(f"C{n}\n" for n in range(10)))
    settings.set_guards(olive, "30", is_marked=True)
    imported = imports.check(cass, file, "people.csv", new_group="Everybody")
    new = [NewItem(shop_id=s1.id, note="all of them")]
    return {
        "create": lambda: groups.create(cass, Details("Everybody", hue="red", is_guarded=True), new),
        "duplicate": lambda: groups.duplicate(cass, of_shop.id),
        "import": lambda: imports.run(cass, imported.id),
    }


@pytest.mark.parametrize("act", ["create", "duplicate", "import"])
def test_a_group_of_more_than_the_share_comes_into_being_by_a_second_person_only(
    act: str, bringing: Any, cass: Actor, pat: Actor, olive: Actor, database: Database
) -> None:
    before = database.checksum()
    with pytest.raises(NeedsApproval, match="This moves 10 of 10 customers"):
        bringing[act]()
    assert database.checksum() == before
    asked = approvals.ask(cass, stopped(bringing[act]), "All of them")
    name = {"create": "Everybody", "duplicate": "Of the shop", "import": "Everybody"}[act]
    # The number that the group would have had may be another group's soon.
    assert ([row[1:] for row in asked.seen], {row[0] for row in asked.seen}) == ([[10, 0]], {0})
    assert [(one.group.label, one.joining) for one in find.moves(asked) if one.group] == [(name, 10)]
    assert find.label_of(asked) == name
    groups.create(cass, Details("Another meanwhile"))
    done = approvals.approve(pat, asked.id, asked.fingerprint)
    made = Group.select().order_by(Group.id.desc()).get()
    assert (made.label, made.n_members) == ("Of the shop (copy)" if act == "duplicate" else "Everybody", 10)
    change = Change.select().where(Change.act == ("import.run" if act == "import" else f"group.{act}"))
    newest = change.order_by(Change.id.desc()).get()
    assert (newest.actor_id, newest.note) == (cass.user_id, f"№ {asked.id} · Cass → Pat · All of them")
    assert (done.state, membership.differences()) == ("approved", [])


def test_who_may_create_groups_no_more_brings_none_into_being_by_what_she_asked_for(
    bringing: Any, cass: Actor, pat: Actor, database: Database
) -> None:
    asked = approvals.ask(cass, stopped(bringing["create"]), "r")
    UserRole.update(role=Role.OWNER.value).where(UserRole.user == cass.user_id).execute()
    before = database.checksum()
    with pytest.raises(Denied):
        approvals.approve(pat, asked.id, asked.fingerprint)
    assert database.checksum() == before


def test_a_guarded_group_may_be_brought_into_being_with_few_and_may_not_move_another_that_is_guarded(
    olive: Actor, cass: Actor, crowd: list[Customer], new_group: New, s1: Any
) -> None:
    settings.set_guards(olive, "30", is_marked=True)
    first = groups.create(cass, Details("Vips", is_guarded=True), [NewItem(customer_id=row.id) for row in crowd[:3]])
    copy = groups.duplicate(cass, first.group.id)
    assert (first.joined, copy.joined, copy.group.is_guarded) == (3, 3, True)
    settings.set_guards(olive, "", is_marked=False)
    items.add(cass, first.group.id, [NewItem(shop_id=s1.id)])
    settings.set_guards(olive, "", is_marked=True)
    new = [NewItem(new_customer={"code": "N1", "shop": s1.code})]
    assert stopped(lambda: groups.create(cass, Details("Others"), new)).name == "groups.create"


@pytest.mark.parametrize("act", ["create", "import"])
def test_with_nobody_else_the_name_of_the_group_to_be_is_typed(act: str, bringing: Any, cass: Actor) -> None:
    User.update(is_active=False).where(User.name.in_(["Pat", "Olive"])).execute()
    call = stopped(bringing[act])
    assert approvals.label_of(cass, call) == "Everybody"
    with pytest.raises(Refusal, match="not the name"):
        approvals.confirm(cass, call, "")
    approvals.confirm(cass, call, "everybody")
    assert Group.get(Group.name == "Everybody").n_members == 10


# ---- asking and approving ----


@pytest.mark.parametrize("approver", ["pat", "olive"])
def test_an_approved_act_is_its_askers_and_both_names_are_in_the_log(
    approver: str, guarded: Group, cass: Actor, crowd: list[Customer], people: dict[str, Person]
) -> None:
    new = [NewItem(customer_id=row.id, note="from the list") for row in crowd[3:5]]
    call = stopped(lambda: items.add(cass, guarded.id, new))
    asked = approvals.ask(cass, call, "They asked for it")
    assert (asked.state, asked.group_id, asked.seen, members(guarded)) == (
        "open", guarded.id, [[guarded.id, 2, 0]], ["C0", "C1", "C2"],
    )  # fmt: skip
    who = people[approver].actor
    done = approvals.approve(who, asked.id, asked.fingerprint)
    assert members(guarded) == ["C0", "C1", "C2", "C3", "C4"]
    change = Change.get_by_id(done.change_id)
    assert (change.act, change.actor_id) == ("group.items", cass.user_id)
    assert change.note == f"№ {asked.id} · Cass → {who.name} · They asked for it"
    row = ChangeRow.get(ChangeRow.change == change, ChangeRow.noun == "approval")
    assert row.after == {"proposal": asked.id, "asker": cass.user_id, "approver": who.user_id}
    assert Change.get(Change.act == "proposal.approve").actor_id == who.user_id
    assert (membership.differences(), membership.wrong_counts()) == ([], [])


def test_who_leaves_by_an_approved_act_was_a_member_until_then(
    guarded: Group, cass: Actor, pat: Actor, crowd: list[Customer]
) -> None:
    call = stopped(lambda: groups.set_status(cass, guarded.id, "archived"))
    asked = approvals.ask(cass, call, "It is over")
    assert PastMembership.select().count() == 0
    done = approvals.approve(pat, asked.id, asked.fingerprint)
    left = PastMembership.select().order_by(PastMembership.customer)
    assert [(row.customer_id, row.left_by_id) for row in left] == [(row.id, done.change_id) for row in crowd[:3]]
    assert (members(guarded), membership.broken_intervals()) == ([], [])


@pytest.mark.parametrize("act", ["archive", "delete", "unmark", "end", "remove", "new customer"])
def test_each_kind_of_act_is_done_as_it_was_asked(
    act: str, guarded: Group, cass: Actor, pat: Actor, crowd: list[Customer]
) -> None:
    item = GroupItem.select().where(GroupItem.group == guarded).order_by(GroupItem.id).get()
    acts: dict[str, Callable[[], object]] = {
        "archive": lambda: groups.set_status(cass, guarded.id, "archived"),
        "delete": lambda: groups.delete(cass, guarded.id),
        "unmark": lambda: groups.edit(cass, guarded.id, Details("Vips", "shop")),
        "end": lambda: items.end(cass, guarded.id, item.id),
        "remove": lambda: items.remove_member(cass, guarded.id, crowd[0].id, "gone"),
        "new customer": lambda: items.add(cass, guarded.id, [NewItem(new_customer={"code": "N1", "name": "New"})]),
    }
    asked = approvals.ask(cass, stopped(acts[act]), "r")
    approvals.approve(pat, asked.id, asked.fingerprint)
    group = Group.get_by_id(guarded.id)
    assert (group.status, group.is_guarded, members(group)) == {
        "archive": ("archived", True, []), "delete": ("deleted", True, []),
        "unmark": ("active", False, ["C0", "C1", "C2"]), "end": ("active", True, ["C1", "C2"]),
        "remove": ("active", True, ["C1", "C2"]), "new customer": ("active", True, ["C0", "C1", "C2", "N1"]),
    }[act]  # fmt: skip


def test_a_request_that_would_move_others_now_is_shown_anew_and_not_done(
    guarded: Group, cass: Actor, pat: Actor, olive: Actor, crowd: list[Customer], database: Database
) -> None:
    asked = approvals.ask(cass, stopped(lambda: groups.set_status(cass, guarded.id, "archived")), "r")
    settings.set_guards(olive, "", is_marked=False)
    items.add_member(cass, guarded.id, crowd[9].id)
    settings.set_guards(olive, "", is_marked=True)
    before = database.checksum()
    with pytest.raises(Conflict, match="Others would move now"):
        approvals.approve(pat, asked.id, asked.fingerprint)
    assert database.checksum() == before
    shown = approvals.show(approvals.asker_of(asked), Call(asked.act, asked.arguments), reader=pat)
    assert [(one.leaving, one.n_after, one.who_leaves) for one in shown.moves] == [
        (4, 0, ["Name 0", "Name 1", "Name 2", "Name 9"])
    ]
    approvals.approve(pat, asked.id, shown.fingerprint)
    assert Group.get_by_id(guarded.id).status == "archived"


def test_nobody_approves_what_she_asked_for_herself_nor_what_is_decided(
    guarded: Group, cass: Actor, pat: Actor, sam: Actor, database: Database
) -> None:
    asked = approvals.ask(cass, stopped(lambda: groups.set_status(cass, guarded.id, "archived")), "r")
    before = database.checksum()
    with pytest.raises(Refusal, match="Nobody decides her own request"):
        approvals.approve(cass, asked.id, asked.fingerprint)
    with pytest.raises(Denied):
        approvals.approve(sam, asked.id, asked.fingerprint)
    assert database.checksum() == before
    proposals.decline(pat, asked.id, "not now")
    with pytest.raises(Refusal, match="decided already"):
        approvals.approve(pat, asked.id, asked.fingerprint)
    assert Group.get_by_id(guarded.id).status == "active"


def test_the_askers_rights_are_those_she_has_when_it_is_approved(
    guarded: Group, cass: Actor, pat: Actor, database: Database
) -> None:
    asked = approvals.ask(cass, stopped(lambda: groups.set_status(cass, guarded.id, "archived")), "r")
    UserRole.update(role=Role.SUPPORT.value).where(UserRole.user == cass.user_id).execute()
    before = database.checksum()
    with pytest.raises(Denied):
        approvals.approve(pat, asked.id, asked.fingerprint)
    User.update(is_active=False).where(User.id == cass.user_id).execute()
    with pytest.raises(Refusal, match="no open account"):
        approvals.approve(pat, asked.id, asked.fingerprint)
    User.update(is_active=True).where(User.id == cass.user_id).execute()
    assert database.checksum() == before


def test_support_asks_for_one_member_of_a_guarded_group_that_is_open_to_it(
    guarded: Group, sam: Actor, pat: Actor, cass: Actor, olive: Actor, crowd: list[Customer]
) -> None:
    Group.update(is_open=True).where(Group.id == guarded.id).execute()
    call = stopped(lambda: items.add_member(sam, guarded.id, crowd[5].id, "She called"))
    asked = approvals.ask(sam, call, "She called")
    done = approvals.approve(pat, asked.id, asked.fingerprint)
    assert ("C5" in members(guarded), Change.get_by_id(done.change_id).actor_id) == (True, sam.user_id)


def test_a_membership_that_a_manager_approves_needs_no_third_person(
    guarded: Group, sam: Actor, cass: Actor, crowd: list[Customer]
) -> None:
    asked = proposals.ask_member(sam, guarded.id, crowd[5].id, "add", "She called")
    proposals.approve_member(cass, asked.id, guarded.id, "add")
    assert "C5" in members(guarded)


# ---- undo ----


@pytest.mark.parametrize("is_large", [False, True])
def test_an_undo_that_moves_a_guarded_group_is_asked_for_like_any_act(
    is_large: bool, olive: Actor, cass: Actor, pat: Actor, new_group: New, crowd: list[Customer], database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    group = new_group("Vips", is_guarded=True)
    items.add(cass, group.id, [NewItem(customer_id=row.id) for row in crowd[:3]])
    done = Change.select().order_by(Change.id.desc()).get().id
    settings.set_guards(olive, "", is_marked=True)
    if is_large:
        monkeypatch.setattr(undo, "CHUNK", 1)
    before = database.checksum()
    call = stopped(lambda: undo.undo(cass, done))
    assert (call, database.checksum()) == (Call("undo.undo", {"change_id": done}), before)
    asked = approvals.ask(cass, call, "That was the wrong list")
    assert (asked.group_id, asked.seen) == (group.id, [[group.id, 0, 3]])
    approvals.approve(pat, asked.id, asked.fingerprint)
    assert members(group) == []
    change = Change.get(Change.act == "change.undo")
    assert (change.actor_id, change.undoes_id, change.note) == (
        cass.user_id, done, f"№ {asked.id} · Cass → Pat · That was the wrong list",
    )  # fmt: skip


def test_taking_the_mark_away_by_undo_needs_approval_too(guarded: Group, olive: Actor, cass: Actor) -> None:
    settings.set_guards(olive, "", is_marked=False)
    groups.edit(cass, guarded.id, Details("Vips"))
    groups.edit(cass, guarded.id, Details("Vips", is_guarded=True))
    marked = Change.select().order_by(Change.id.desc()).get().id
    settings.set_guards(olive, "", is_marked=True)
    stopped(lambda: undo.undo(cass, marked))


def test_an_undo_that_moves_more_than_the_share_is_stopped_whatever_its_size(
    olive: Actor, cass: Actor, new_group: New, crowd: list[Customer], monkeypatch: pytest.MonkeyPatch
) -> None:
    group = new_group("Vips", crowd[:4])
    groups.set_status(cass, group.id, "archived")
    done = Change.select().order_by(Change.id.desc()).get().id
    settings.set_guards(olive, "30", is_marked=False)
    stopped(lambda: undo.undo(cass, done))
    monkeypatch.setattr(undo, "CHUNK", 0)
    stopped(lambda: undo.undo(cass, done))
    settings.set_guards(olive, "40", is_marked=False)
    undo.undo(cass, done)
    assert members(group) == ["C0", "C1", "C2", "C3"]


# ---- nobody else ----


@pytest.fixture
def alone(guarded: Group, cass: Actor) -> Actor:
    """Cass, when nobody else could approve."""
    for name in ("Pat", "Olive"):
        User.update(is_active=False).where(User.name == name).execute()
    return cass


def test_with_nobody_else_the_groups_name_is_typed_and_that_is_logged(
    alone: Actor, guarded: Group, database: Database
) -> None:
    call = stopped(lambda: groups.set_status(alone, guarded.id, "archived"))
    before = database.checksum()
    with pytest.raises(Refusal, match="Nobody else can approve"):
        approvals.ask(alone, call, "r")
    for typed in ("", "vip", "Other"):
        with pytest.raises(Refusal, match="not the name"):
            approvals.confirm(alone, call, typed)
    assert database.checksum() == before
    approvals.confirm(alone, call, " VIPS ")
    change = Change.get(Change.act == "group.archive")
    row = ChangeRow.get(ChangeRow.change == change, ChangeRow.noun == "approval")
    assert (change.note, row.after, Group.get_by_id(guarded.id).status) == ("“Vips”", {"typed": "Vips"}, "archived")


def test_typing_the_name_is_no_way_round_somebody_who_could_approve(
    guarded: Group, cass: Actor, database: Database
) -> None:
    call = stopped(lambda: groups.set_status(cass, guarded.id, "archived"))
    before = database.checksum()
    with pytest.raises(Refusal, match="Somebody else can approve"):
        approvals.confirm(cass, call, "Vips")
    assert database.checksum() == before


@pytest.mark.parametrize(
    "call",
    [
        Call("groups.create", {"name": "X"}), Call("groups.create", {"details": {"name": "X"}, "items": 3}),
        Call("groups.create", {"details": {"name": 3}, "items": []}), Call("groups.duplicate", {"group_id": "1"}),
        Call("", {}), Call("items.add", {}),
        Call("items.add", {"group_id": 1, "items": [{"colour": "red"}]}),
        Call("items.add", {"group_id": 1, "items": 3}), Call("items.add", {"group_id": 1, "items": [{"shop_id": "1"}]}),
        Call("items.add", {"group_id": 1, "items": [{"customer_id": 2**70}]}),
        Call("items.remove_member", {"group_id": 1, "customer_id": 1, "note": "a\x00b"}),
        Call("items.remove_member", {"group_id": True, "customer_id": 1, "note": ""}),
        Call("groups.edit", {"group_id": 1, "details": {"name": "V", "is_open": "yes"}, "version": None}),
        Call("groups.edit", {"group_id": 1, "details": {"x": 1}, "version": None}),
        Call("imports.run", {"import_id": 99}), Call("groups.set_status", {"group_id": 1, "status": "gone"}),
        Call("items.end", {"group_id": [], "item_id": {}}),
    ],
)  # fmt: skip
def test_what_is_no_act_that_can_be_asked_for_is_refused_in_words(
    call: Call, guarded: Group, cass: Actor, database: Database
) -> None:
    before = database.checksum()
    with pytest.raises((Malformed, Refusal)):
        approvals.ask(cass, call, "r")
    assert approvals.label_of(cass, call) in {"", "Vips", "X"}
    assert database.checksum() == before


def test_customers_may_be_edited_as_ever(guarded: Group, cass: Actor, crowd: list[Customer], s2: Any) -> None:
    customers.edit(cass, crowd[0].id, {"shop": "S2"})
    assert members(guarded) == ["C0", "C1", "C2"]
