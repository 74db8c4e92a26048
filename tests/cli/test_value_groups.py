"""`portal field groups`: groups of a field's values from the terminal."""

import json

import pytest

from portal.models import Change, Group

CASS = ("--as", "cass@x.example")


@pytest.fixture
def tier(portal, store):
    """Two customers of gold, one of silver, nobody of bronze."""
    portal("field", "add", "tier", "--label", "Tier", "--type", "choice", "--choices", "Gold,Silver,Bronze", *CASS)
    for code, value in (("A", "Gold"), ("B", "Gold"), ("C", "Silver")):
        assert portal("customer", "add", code, "--name", code, "--set", f"tier={value}", *CASS).exit_code == 0


def test_each_value_becomes_a_group_and_again_nothing_is_made(portal, tier):
    made = portal("field", "groups", "tier", *CASS)
    assert made.stdout.splitlines() == [
        "Gold\tgold\tGold\t2\tmade", "Silver\tsilver\tSilver\t1\tmade", "Bronze\tbronze\tBronze\t0\tmade",
    ]  # fmt: skip
    change = Change.get(Change.act == "group.of_values")
    assert (change.door, Group.select().count()) == ("command", 3)
    again = portal("field", "groups", "tier", *CASS)
    assert [line.split("\t")[-1] for line in again.stdout.splitlines()] == ["there already"] * 3
    assert (Group.select().count(), Change.select().where(Change.act == "group.of_values").count()) == (3, 1)


def test_only_the_values_that_are_named_become_groups(portal, tier):
    made = portal("field", "groups", "tier", "--value", "silver", "--value", "SILVER", "--json", *CASS)
    assert json.loads(made.stdout) == [
        {"value": "Silver", "group": "silver", "name": "Silver", "members": 1, "state": "made"}
    ]
    portal("field", "groups", "gender", "--value", "woman", "--value", "male", *CASS)
    assert [one.code for one in Group.select().order_by(Group.id)] == ["silver", "female", "male"]


def test_a_dry_run_says_what_would_be_made_and_changes_nothing(portal, tier):
    before = Change.select().count()
    said = portal("field", "groups", "tier", "--dry-run", "--json", *CASS)
    assert [(row["group"], row["members"], row["state"]) for row in json.loads(said.stdout)] == [
        ("gold", 2, "would be made"), ("silver", 1, "would be made"), ("bronze", 0, "would be made"),
    ]  # fmt: skip
    assert (Group.select().count(), Change.select().count()) == (0, before)
    said = portal("field", "groups", "tier", "--dry-run", *CASS)
    assert said.stdout.splitlines()[0] == "Gold\tgold\tGold\t2\twould be made"


def test_what_cannot_be_is_said_in_a_sentence_and_nothing_is_made(portal, tier):
    portal("field", "add", "city", "--label", "City", *CASS)
    for words, sentence in (
        (("none-such",), "There is no field “none-such”."),
        (("city",), "No customer has a value of “city”."),
        (("city", "--value", ""), "A value is missing here. To ask for customers without one, choose “is empty”."),
        (
            ("tier", "--value", "Gold", "--value", "Iron"),
            "“Iron” is no choice of “Tier”, which has: Gold, Silver, Bronze.",
        ),
        (("shop", "--value", "nowhere"), "There is no shop “nowhere”."),
        (
            ("phone",),
            "No groups are made of the values of “phone”: it is retired, or hardly two customers have the same.",
        ),
    ):  # fmt: skip
        for dry in ((), ("--dry-run",)):
            refused = portal("field", "groups", *words, *dry, *CASS)
            assert (refused.exit_code, refused.stdout, refused.stderr) == (1, "", f"{sentence}\n")
    for n in range(51):
        portal("customer", "add", f"X{n}", "--name", f"X{n}", "--set", f"city=City {n}", *CASS)
    refused = portal("field", "groups", "city", *CASS)
    assert refused.stderr == "“city” has 51 values, more than 50. Name those that are to become groups with --value.\n"
    assert Group.select().count() == 0


def test_only_who_creates_groups_makes_them(portal, tier):
    for who in ("olive", "sam", "sol", "ana", "tess"):
        for words in (("tier",), ("none-such",), ("tier", "--dry-run")):
            refused = portal("field", "groups", *words, "--as", f"{who}@x.example")
            assert (refused.exit_code, "do not allow" in refused.stderr) == (1, True)
    assert portal("field", "groups", "tier").exit_code == 1
    assert Group.select().count() == 0
