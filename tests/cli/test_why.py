"""`portal why`."""

import json
from datetime import UTC, datetime

import pytest
import time_machine

CASS = ("--as", "cass@x.example")


def at(day):
    return time_machine.travel(datetime(2026, 5, day, 12, tzinfo=UTC), tick=True)


@pytest.fixture
def people(portal, store):
    """A1 of Kigali North, B1 of Huye, and the group of Kigali North."""
    with at(3):
        for code, shop in (("A1", "KGN"), ("B1", "HUY")):
            portal("customer", "add", code, "--name", f"Name {code}", "--shop", shop, *CASS)
        portal("group", "create", "North", "--shop", "KGN", *CASS)
    with at(9):
        yield


def test_the_proof_is_said_line_by_line(portal, people):
    answer = portal("why", "--customer", "a1", "--group", "north", *CASS)
    assert (answer.exit_code, answer.stdout.splitlines()) == (0, [
        "Name A1 is in “North”.",
        "- Included with the shop Kigali North, by Cass (command line) on May 3, 2026.",
        "- A member since May 3, 2026.",
    ])  # fmt: skip
    answer = portal("why", "--customer", "B1", "--group", "North", "--as", "sam@x.example")
    assert answer.stdout.splitlines() == [
        "Name B1 is not in “North”.", "- The group includes the shop Kigali North; she is in Huye.",
        "- Nobody has added her by name.",
    ]  # fmt: skip


def test_the_proof_is_data_for_programs(portal, people):
    told = json.loads(portal("why", "--customer", "A1", "--group", "north", "--json", *CASS).stdout)
    (reason,) = told.pop("reasons")
    assert (reason["sign"], reason["kind"], reason["counts"], reason["shop"], reason["by"], reason["door"]) == (
        "include", "shop", True, "KGN", "Cass", "command",
    )  # fmt: skip
    assert (told["customer"], told["group"], told["member"], told["status"], told["fixes"]) == (
        "A1", "north", True, "active", [],
    )  # fmt: skip
    told = json.loads(portal("why", "--customer", "B1", "--group", "north", "--json", *CASS).stdout)
    assert (told["member"], told["missed"], told["fixes"]) == (False, ["KGN"], [{"kind": "add", "item": None}])
    assert told["sentences"][0] == "Name B1 is not in “North”."


def test_a_past_day_is_answered_from_history(portal, people):
    words = ("why", "--customer", "A1", "--group", "north", "--at")
    assert portal(*words, "2026-05-03", *CASS).stdout.splitlines() == [
        "Name A1 was in “North” on May 3, 2026.", "- She joined on May 3, 2026: Group created · Cass (command line).",
    ]  # fmt: skip
    told = json.loads(portal(*words, "2026-05-02", "--json", *CASS).stdout)
    assert (told["member"], told["at"], told["stay"], told["before"]) == (False, "2026-05-02", None, None)
    assert told["after"]["joined"].startswith("2026-05-03T12:00")


def test_who_may_not_ask_is_refused_in_a_sentence(portal, people):
    for who, reference, sentence in (
        ("tess", "A1", "Your roles do not allow this. Nothing was changed.\n"),
        ("sol", "B1", "There is no customer “B1”.\n"),
        ("cass", "Z9", "There is no customer “Z9”.\n"),
    ):
        refused = portal("why", "--customer", reference, "--group", "north", "--as", f"{who}@x.example")
        assert (refused.exit_code, refused.stdout, refused.stderr) == (1, "", sentence)
    assert portal("why", "--customer", "A1", "--group", "none-such", *CASS).exit_code == 1
    assert portal("why", "--customer", "A1", "--group", "north", "--at", "2099-01-01", *CASS).exit_code == 1
