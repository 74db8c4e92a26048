"""Asking for what one may not do oneself, and deciding what others ask for."""

from collections.abc import Callable
from typing import Any

import pytest

from portal.errors import Conflict, Denied, Missing, Refusal
from portal.models import Change, ChangeRow, Customer, Group, GroupItem, Membership, Proposal
from portal.permissions import Actor, Role
from portal.queries import proposals as find
from portal.services import groups, items, proposals
from portal.services.groups import Details
from portal.services.items import NewItem
from portal.services.items.new import from_json
from tests.conftest import Database, Person

New = Callable[..., Any]


@pytest.fixture
def ann(new_customer: New, s1: Any) -> Customer:
    """A customer of Sol's shop."""
    return new_customer("Ann", s1, code="A1")


@pytest.fixture
def asked(sol: Actor, ann: Customer, s1: Any) -> Proposal:
    """A group that Sol proposes: her shop without Ann."""
    first = [NewItem(shop_id=s1.id), NewItem(customer_id=ann.id, sign="exclude")]
    return proposals.ask_group(sol, Details("Regulars", "shop", "red", "Of our shop"), first, "They come every week")


def again(proposal: Proposal) -> Proposal:
    return Proposal.get_by_id(proposal.id)


def test_a_proposed_group_is_nowhere_before_it_is_approved(asked: Proposal, sol: Actor) -> None:
    assert (Group.select().count(), asked.state, asked.asker_id) == (0, "open", sol.user_id)
    change = Change.get(Change.act == "proposal.group")
    assert (change.actor_id, change.subject, change.n_rows) == (sol.user_id, f"proposal:{asked.id}", 1)


def test_an_approved_group_is_the_approvers_act_with_both_names(
    asked: Proposal, cass: Actor, sol: Actor, ann: Customer, s1: Any, new_customer: New
) -> None:
    bea = new_customer("Bea", s1)
    arguments = asked.arguments
    assert [(row["sign"], row["kind"], row["label"]) for row in find.items(cass, asked)] == [
        ("include", "shop", "Kigali North"), ("exclude", "customer", "Ann"),
    ]  # fmt: skip
    first = [from_json(row) for row in arguments["items"]]
    saved = proposals.approve_group(cass, asked.id, Details(**arguments["details"]), first, asked.version)
    group = Group.get(Group.code == "regulars")
    assert (saved.group.id, saved.joined, group.hue, group.owner_id) == (group.id, 1, "red", cass.user_id)
    assert [row.customer_id for row in Membership.select().where(Membership.group == group)] == [bea.id]
    change = Change.get(Change.act == "group.create")
    assert (change.actor_id, change.subject) == (cass.user_id, f"group:{group.id}")
    assert change.note == f"№ {asked.id} · Sol → Cass · They come every week"
    row = ChangeRow.get(ChangeRow.change == change, ChangeRow.noun == "proposal")
    assert (row.row_id, row.after["state"], row.after["decided_by"]) == (asked.id, "approved", cass.user_id)
    done = again(asked)
    assert (done.change_id, done.group_id, done.decided_by_id, done.version) == (change.id, group.id, cass.user_id, 2)


def test_an_approver_changes_what_was_asked_before_she_approves(asked: Proposal, pat: Actor) -> None:
    saved = proposals.approve_group(pat, asked.id, Details("Faithful", hue="blue"), [])
    assert (saved.group.name, GroupItem.select().count(), again(asked).arguments["details"]["name"]) == (
        "Faithful", 0, "Regulars",
    )  # fmt: skip


@pytest.mark.parametrize("act", ["add", "remove"])
def test_a_membership_is_asked_for_and_approved(
    act: str, cass: Actor, sol: Actor, ann: Customer, new_group: New
) -> None:
    group = new_group("Vips", [ann] if act == "remove" else [])
    asked = proposals.ask_member(sol, group.id, ann.id, act, "She called")
    put = proposals.approve_member(cass, asked.id, group.id, act, asked.version)
    assert (put.joined, put.left) == ((1, 0) if act == "add" else (0, 1))
    change = Change.select().order_by(Change.id.desc()).get()
    assert (change.act, change.actor_id, change.subject) == (f"group.{act}_member", cass.user_id, f"group:{group.id}")
    assert change.note == f"№ {asked.id} · Sol → Cass · She called"
    assert GroupItem.select().order_by(GroupItem.id.desc()).get().note == "She called"


def test_an_approver_may_choose_another_group(cass: Actor, sam: Actor, ann: Customer, new_group: New) -> None:
    wrong, right = new_group("Vips"), new_group("Regulars")
    asked = proposals.ask_member(sam, wrong.id, ann.id, "add", "She called")
    proposals.approve_member(cass, asked.id, right.id, "add")
    assert [row.group_id for row in Membership.select()] == [right.id]


def test_nobody_decides_her_own_request(
    new_person: New, ann: Customer, new_group: New, database: Database
) -> None:
    both = new_person("both", (Role.OWNER, None), (Role.CSCC_MANAGER, None)).actor
    group = new_group("Vips")
    member = proposals.ask_member(both, group.id, ann.id, "add", "r")
    asked = proposals.ask_group(both, Details("Mine"), [], "r")
    before = database.checksum()
    for decide in (
        lambda: proposals.approve_member(both, member.id, group.id, "add"),
        lambda: proposals.approve_group(both, asked.id, Details("Mine"), []),
        lambda: proposals.decline(both, asked.id, "no"),
    ):
        with pytest.raises(Refusal, match="Nobody decides her own request"):
            decide()
    assert database.checksum() == before
    assert (find.waiting(both), find.n_waiting(both)) == ([], 0)


def test_an_owner_declines_but_does_not_do_what_she_may_not(
    asked: Proposal, olive: Actor, sam: Actor, ann: Customer, new_group: New, database: Database
) -> None:
    group = new_group("Vips")
    member = proposals.ask_member(sam, group.id, ann.id, "add", "r")
    before = database.checksum()
    with pytest.raises(Denied):
        proposals.approve_group(olive, asked.id, Details("Regulars"), [])
    with pytest.raises(Denied):
        proposals.approve_member(olive, member.id, group.id, "add")
    assert database.checksum() == before
    declined = proposals.decline(olive, asked.id, "We have one already")
    assert (declined.state, declined.answer, declined.decided_by_id) == (
        "declined", "We have one already", olive.user_id,
    )  # fmt: skip


def test_declining_takes_a_word(asked: Proposal, cass: Actor, database: Database) -> None:
    before = database.checksum()
    for answer in ("", " ", "x" * 501):
        with pytest.raises(Refusal) as caught:
            proposals.decline(cass, asked.id, answer)
        assert caught.value.field == "answer"
    assert database.checksum() == before


def test_what_is_decided_stays_decided(asked: Proposal, cass: Actor, sol: Actor, database: Database) -> None:
    proposals.withdraw(sol, asked.id)
    assert again(asked).state == "withdrawn"
    before = database.checksum()
    for decide in (
        lambda: proposals.withdraw(sol, asked.id), lambda: proposals.decline(cass, asked.id, "no"),
        lambda: proposals.approve_group(cass, asked.id, Details("Regulars"), []),
    ):  # fmt: skip
        with pytest.raises(Refusal, match="decided already"):
            decide()
    assert database.checksum() == before


def test_a_request_of_the_wrong_kind_or_an_old_form_is_not_approved(
    asked: Proposal, cass: Actor, new_group: New, database: Database
) -> None:
    group = new_group("Vips")
    before = database.checksum()
    with pytest.raises(Missing):
        proposals.approve_member(cass, asked.id, group.id, "add")
    with pytest.raises(Conflict):
        proposals.approve_group(cass, asked.id, Details("Regulars"), [], 7)
    assert database.checksum() == before


def test_what_is_asked_for_has_to_make_sense(
    sol: Actor, sam: Actor, ann: Customer, new_group: New, s2: Any, new_customer: New, database: Database
) -> None:
    group, foreign = new_group("Vips", [ann]), new_customer("Bea", s2)
    before = database.checksum()
    for field, ask in (
        ("reason", lambda: proposals.ask_group(sol, Details("Regulars"), [], " ")),
        ("name", lambda: proposals.ask_group(sol, Details("vips"), [], "r")),
        ("item", lambda: proposals.ask_group(sol, Details("X"), [NewItem(customer_id=foreign.id)], "r")),
        ("item", lambda: proposals.ask_group(sol, Details("X"), [NewItem(shop_id=s2.id)], "r")),
        ("item", lambda: proposals.ask_group(sol, Details("X"), [NewItem(new_customer={"name": "Z"})], "r")),
        ("customer", lambda: proposals.ask_member(sol, group.id, ann.id, "add", "r")),
        ("customer", lambda: proposals.ask_member(sol, group.id, foreign.id, "add", "r")),
        ("act", lambda: proposals.ask_member(sol, group.id, ann.id, "kill", "r")),
        ("reason", lambda: proposals.ask_member(sol, group.id, ann.id, "remove", "")),
        ("group", lambda: proposals.ask_member(sol, 999, ann.id, "add", "r")),
    ):
        with pytest.raises(Refusal) as caught:
            ask()
        assert caught.value.field == field
    assert database.checksum() == before
    proposals.ask_member(sol, group.id, ann.id, "remove", "r")
    with pytest.raises(Refusal, match="asked for already"):
        proposals.ask_member(sam, group.id, ann.id, "remove", "r")


def test_a_sensitive_group_is_neither_named_nor_betrayed_by_a_request(
    sol: Actor, cass: Actor, ann: Customer, new_group: New
) -> None:
    secret = new_group("Watch", is_sensitive=True)
    with pytest.raises(Missing):
        proposals.ask_member(sol, secret.id, ann.id, "add", "r")
    asked = proposals.ask_group(sol, Details("Watch"), [], "r")
    with pytest.raises(Refusal, match="There is a group called “Watch” already"):
        proposals.approve_group(cass, asked.id, Details("Watch"), [])
    open_one = new_group("Club")
    member = proposals.ask_member(sol, open_one.id, ann.id, "add", "r")
    groups.edit(cass, open_one.id, Details("Club", is_sensitive=True))
    assert [find.is_shown(who, find.by_id(cass, member.id)) for who in (sol, cass)] == [False, True]


def test_each_sees_her_own_and_who_decides_all(
    asked: Proposal, people: dict[str, Person], ann: Customer, new_group: New
) -> None:
    member = proposals.ask_member(people["olive"].actor, new_group("Vips").id, ann.id, "add", "r")
    seen = {name: [row.id for row in find.visible_to(person.actor).order_by(Proposal.id)]
            for name, person in people.items()}  # fmt: skip
    both = [asked.id, member.id]
    assert seen == {
        "olive": both, "cass": both, "pat": both, "sol": [asked.id], "sam": [], "ana": [], "tess": [], "nadia": [],
    }  # fmt: skip
    assert [find.n_waiting(people[name].actor) for name in ("olive", "cass", "sol")] == [1, 2, 0]
    with pytest.raises(Missing):
        find.by_id(people["sam"].actor, asked.id)


def test_whoever_may_change_members_herself_still_cannot_ask(cass: Actor, ann: Customer, new_group: New) -> None:
    group = new_group("Vips")
    with pytest.raises(Denied):
        proposals.ask_member(cass, group.id, ann.id, "add", "r")
    items.add_member(cass, group.id, ann.id)


def test_a_rule_is_checked_when_it_is_proposed_against_what_the_asker_may_see(
    cass: Actor, sam: Actor, new_group: New
) -> None:
    secret = new_group("Secret")
    groups.edit(cass, secret.id, Details("Secret", is_sensitive=True))
    for rule, why in (
        ({"field": "shoes", "op": "is", "value": "x"}, "There is no field “shoes”."),
        ({"in": "secret"}, "There is no group “secret”."), ({"all": "x"}, "This is no rule that the portal can read."),
    ):  # fmt: skip
        with pytest.raises(Refusal) as told:
            proposals.ask_group(sam, Details("New", "rule"), [NewItem(rule=rule)], "r")
        assert str(told.value) == why
    men = {"field": "gender", "op": "is", "value": "male"}
    with pytest.raises(Refusal, match="one rule at most"):
        proposals.ask_group(sam, Details("New", "rule"), [NewItem(rule=men), NewItem(rule=men, sign="exclude")], "r")
    assert Proposal.select().count() == 0
    asked = proposals.ask_group(sam, Details("New", "rule"), [NewItem(rule=men)], "r")
    done = proposals.approve_group(cass, asked.id, Details("New", "rule"), [NewItem(rule=men)])
    assert GroupItem.get(GroupItem.group == done.group).rule == men
