"""Acts that need a second person, from the terminal."""

import json

import pytest

from portal.models import Change, Customer, Group, Membership, Proposal, User
from portal.permissions import Door
from portal.queries import users as find_users
from portal.services import proposals, settings
from portal.services.details import Details
from portal.services.items import NewItem

CASS, PAT, SAM = (("--as", f"{name}@x.example") for name in ("cass", "pat", "sam"))


def test_an_act_that_needs_approval_is_asked_for_and_its_number_told(portal, store):
    portal("customer", "add", "A1", "--name", "Ann", *CASS)
    portal("group", "create", "Vips", *CASS)
    Group.update(is_guarded=True).execute()
    olive = find_users.actor_of(User.get(User.name == "Olive"), Door.COMMAND)
    settings.set_guards(olive, "", is_marked=True)
    refused = portal("group", "add", "vips", "--customer", "A1", "--note", "She called", *CASS)
    asked = Proposal.get()
    assert (refused.exit_code, refused.stderr) == (
        1, f"Vips is guarded: a second person has to approve this. It is asked for as request {asked.id}.\n",
    )  # fmt: skip
    assert (asked.reason, asked.act, asked.customer.code, Membership.select().count()) == (
        "She called", "items.add_member", "A1", 0,
    )  # fmt: skip
    archived = portal("group", "archive", "vips", *CASS)
    assert (archived.exit_code, f"request {asked.id + 1}" in archived.stderr) == (1, True)
    User.update(is_active=False).where(User.name.in_(["Pat", "Olive"])).execute()
    alone = portal("group", "archive", "vips", *CASS)
    assert (alone.exit_code, "do it in the browser" in alone.stderr, Proposal.select().count()) == (1, True, 2)


@pytest.fixture
def asked(portal, store):
    """Vips, guarded, with Ann; Cass has asked to archive it, Sam for Ben to join and for a group."""
    for code, name in (("A1", "Ann"), ("B1", "Ben")):
        portal("customer", "add", code, "--name", name, *CASS)
    portal("group", "create", "Vips", *CASS)
    portal("group", "add", "vips", "--customer", "A1", *CASS)
    Group.update(is_guarded=True).execute()
    settings.set_guards(who("Olive"), "", is_marked=True)
    assert portal("group", "archive", "vips", *CASS).exit_code == 1
    vips, ben = Group.get(), Customer.get(Customer.code == "B1")
    proposals.ask_member(who("Sam"), vips.id, ben.id, "add", "She called")
    proposals.ask_group(who("Sam"), Details("Regulars", description="often here"), [NewItem(customer_id=ben.id)], "Us")
    return [one.id for one in Proposal.select().order_by(Proposal.id)]


def who(name):
    return find_users.actor_of(User.get(User.name == name), Door.COMMAND)


def members():
    query = Membership.select(Group.code, Customer.code).join(Group).switch(Membership).join(Customer)
    return sorted(query.tuples())


def said(result):
    assert result.exit_code == 0, result.stderr
    return [(line.split("\t")[0], *line.split("\t")[1:4], line.split("\t")[5]) for line in result.stdout.splitlines()]


def test_requests_are_listed_to_who_may_decide_them_and_to_who_asked(portal, asked):
    archive, join, group = map(str, asked)
    rows = [
        (archive, "Archive Vips", "Cass", "Asked for in the terminal.", "Waiting"),
        (join, "Add Ben to Vips", "Sam", "She called", "Waiting"),
        (group, "New group “Regulars”", "Sam", "Us", "Waiting"),
    ]
    assert said(portal("proposal", "list", *PAT)) == rows
    assert said(portal("proposal", "list", *CASS)) == [*rows[1:], rows[0]]
    assert said(portal("proposal", "list", *SAM)) == [rows[2], rows[1]]
    assert portal("proposal", "list", "--as", "ana@x.example").exit_code == 1
    portal("proposal", "withdraw", group, *SAM)
    assert said(portal("proposal", "list", *SAM)) == rows[1:2]
    assert said(portal("proposal", "list", "--all", *SAM)) == [(*rows[2][:4], "Withdrawn"), rows[1]]
    told = json.loads(portal("proposal", "list", "--json", *PAT).stdout)
    first = {name: told[0][name] for name in ("id", "kind", "state", "said", "by", "group", "customer", "change")}
    assert (len(told), first) == (
        2, {"id": asked[0], "kind": "approval", "state": "open", "said": "Archive Vips", "by": "cass@x.example",
            "group": "vips", "customer": None, "change": None},
    )  # fmt: skip


def test_a_request_is_shown_with_what_it_moves_and_approved_or_declined(portal, asked):
    archive, join, group = map(str, asked)
    for number, moves in ((archive, "Vips\t+0\t−1\t0"), (join, "Vips\t+1\t−0\t2"), (group, "Regulars\t+1\t−0\t1")):
        assert portal("proposal", "show", number, *PAT).stdout.splitlines()[-1] == moves
    assert portal("proposal", "show", archive, *CASS).stdout.splitlines()[-1] == "Vips\t+0\t−1\t"
    assert portal("proposal", "approve", join, *PAT).exit_code == 0
    assert portal("proposal", "approve", group, *CASS).exit_code == 0
    assert members() == [("regulars", "B1"), ("vips", "A1"), ("vips", "B1")]
    assert portal("proposal", "decline", archive, "--note", "Not yet", *PAT).exit_code == 0
    (one,) = [row for row in json.loads(portal("proposal", "list", "--all", "--json", *CASS).stdout) if row["answer"]]
    assert (one["state"], one["answer"], one["decided_by"]) == ("declined", "Not yet", "pat@x.example")
    assert portal("proposal", "decline", archive, *PAT).stderr == (
        "This request is decided already. Nothing was changed.\n"
    )


def test_what_would_move_others_by_now_is_shown_and_approved_once_that_was_seen(portal, asked):
    archive, join, _ = map(str, asked)
    portal("proposal", "approve", join, *PAT)
    stale = portal("proposal", "approve", archive, *PAT)
    assert (stale.exit_code, stale.stdout) == (1, "Vips\t+0\t−2\t0\n")
    assert stale.stderr.startswith("Others would move now than you were shown.")
    seen = json.loads(portal("proposal", "show", archive, "--json", *PAT).stdout)
    assert (len(seen["seen"]), seen["moves"]) == (12, [{"label": "Vips", "joining": 0, "leaving": 2, "then": 0}])
    assert portal("proposal", "approve", archive, "--seen", seen["seen"][:3], *PAT).exit_code == 1
    assert len(members()) == 2
    assert portal("proposal", "approve", archive, "--seen", seen["seen"], *PAT).exit_code == 0
    assert (members(), Group.get().status) == ([], "archived")


def test_what_is_not_hers_to_decide_is_refused_and_changes_nothing(portal, asked):
    archive, join, group = map(str, asked)
    before = (Change.select().count(), members())
    for words in (
        ("approve", archive, *CASS), ("approve", join, *SAM), ("approve", group, "--as", "olive@x.example"),
        ("decline", archive, *CASS), ("decline", join, *SAM), ("withdraw", archive, *PAT), ("show", archive, *SAM),
        ("approve", "99", *PAT), ("show", group, "--as", "tess@x.example"), ("approve", archive),
    ):  # fmt: skip
        refused = portal("proposal", *words)
        assert (refused.exit_code, refused.stdout, refused.stderr.count("\n")) == (1, "", 1)
    assert portal("proposal", "approve", "zero", *PAT).exit_code == 2
    assert (Change.select().count(), members()) == before


def test_the_rule_of_a_group_that_is_asked_for_is_said_and_put(portal, asked):
    men = NewItem(rule={"field": "gender", "op": "is", "value": "male"})
    number = str(proposals.ask_group(who("Sam"), Details("Men", "rule"), [men], "Us").id)
    assert "Rule\tGender is “male”." in portal("proposal", "show", number, *PAT).stdout
    assert json.loads(portal("proposal", "show", number, "--json", *PAT).stdout)["rules"] == ["Gender is “male”."]
    assert portal("proposal", "approve", number, *CASS).exit_code == 0
    assert json.loads(portal("group", "show", "men", "--json", *CASS).stdout)["items"][0]["rule"] == 'gender = "male"'
