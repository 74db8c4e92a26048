"""Items of every kind from the terminal."""

import json

import pytest

from portal.models import Change, Group, GroupItem, Membership

CASS = ("--as", "cass@x.example")


@pytest.fixture
def groups(portal, store):
    """Ten customers of Kigali North in a group of the shop, and an empty group."""
    for n in range(10):
        assert portal("customer", "add", f"A{n}", "--name", f"A{n}", "--shop", "KGN", *CASS).exit_code == 0
    portal("group", "create", "North", "--shop", "KGN", *CASS)
    portal("group", "create", "Pilot", *CASS)


def shown(portal, group, *who) -> list[dict]:
    items = json.loads(portal("group", "show", group, "--json", *(who or CASS)).stdout)["items"]
    return [{name: value for name, value in item.items() if name != "id"} for item in items]


def test_a_group_a_share_and_days_are_put_and_shown(portal, groups):
    done = portal("group", "add", "pilot", "--group", "North", "--until", "2099-12-31", "--note", "all", *CASS)
    assert (done.exit_code, done.stdout) == (0, "10 joined, 0 left.\n")
    share = ("--share", "0-33.5", "--of", "north", "--seed", "spring", "--from", "2099-06-01", "--exclude")
    assert portal("group", "add", "pilot", *share, *CASS).stdout == "0 joined, 0 left.\n"
    common = {"code": "north", "name": "North", "on_leave": "leave"}
    assert shown(portal, "pilot") == [
        {**common, "sign": "include", "kind": "group", "until": "2099-12-31", "note": "all"},
        {**common, "sign": "exclude", "kind": "share", "low": 0.0, "high": 33.5, "seed": "spring",
         "from": "2099-06-01", "note": ""},
    ]  # fmt: skip
    text = portal("group", "show", "pilot", *CASS).stdout
    assert "group north North until 2099-12-31 all" in text and "share north North 0-33.5 % spring from" in text
    assert portal("group", "add", "pilot", "--shop", "KGN", "--stay", *CASS).exit_code == 0
    assert GroupItem.get(GroupItem.on_leave == "stay").shop.code == "KGN"


def test_a_dry_run_says_what_would_move_in_all_groups_and_changes_nothing(portal, groups):
    portal("group", "create", "Top", *CASS)
    portal("group", "add", "top", "--group", "pilot", *CASS)
    n_changes = Change.select().count()
    told = portal("group", "add", "pilot", "--group", "north", "--dry-run", "--json", *CASS)
    assert json.loads(told.stdout) == [
        {"group": "pilot", "joining": 10, "leaving": 0, "members": 10},
        {"group": "top", "joining": 10, "leaving": 0, "members": 10},
    ]
    assert "pilot" in portal("group", "add", "pilot", "--group", "north", "--dry-run", *CASS).stdout
    assert (Change.select().count(), Membership.select().count()) == (n_changes, 10)
    portal("group", "add", "pilot", "--group", "north", *CASS)
    assert Membership.select().count() == 30
    told = portal("group", "add", "pilot", "--group", "north", "--dry-run", *CASS)
    assert told.stdout == "Nobody would join or leave.\n"


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("--share", "0-5"), 2, "--share LO-HI and --of G2 go together"),
        (("--share", "5", "--of", "north", "--seed", "a"), 1, "two percentages with a dash between"),
        (("--share", "0-x", "--of", "north", "--seed", "a"), 1, "“x” is no percentage"),
        (("--share", "0-5", "--of", "north"), 1, "Give the share a seed"),
        (("--group", "pilot"), 1, "That would be a circle"),
        (("--group", "none such"), 1, "There is no group"),
        (("--group", "north", "--from", "2001-01-01"), 1, "This day has passed"),
        (("--customer", "A1", "--stay"), 1, "Only who is included by a shop can stay"),
        ((), 2, "--share LO-HI"),
    ],
)
def test_what_cannot_be_put_is_said_in_words(portal, groups, words, code, sentence):
    done = portal("group", "add", "pilot", *words, *CASS)
    assert (done.exit_code, sentence in done.stderr + done.stdout) == (code, True), done.stderr
    assert (Group.get(Group.code == "pilot").n_members, GroupItem.select().count()) == (0, 1)


def test_a_sensitive_group_in_a_group_is_not_named_to_support(portal, groups):
    portal("group", "add", "pilot", "--group", "north", *CASS)
    Group.update(is_sensitive=True).where(Group.code == "north").execute()
    (item,) = shown(portal, "pilot", "--as", "sam@x.example")
    assert (item["code"], item["name"]) == ("", "a group you may not see")
    assert shown(portal, "pilot")[0]["name"] == "North"
