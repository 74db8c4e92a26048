"""History from the terminal."""

import csv
import io
import json
from datetime import UTC, datetime

import pytest
import time_machine

from portal.models import Change

CASS = ("--as", "cass@x.example")


def at(day):
    return time_machine.travel(datetime(2026, 5, day, 12, tzinfo=UTC), tick=True)


@pytest.fixture
def past(portal, store):
    """The group of a shop; A1 came on the first and moved on the third, B1 was added by name on the fifth."""
    with at(1):
        portal("customer", "add", "A1", "--name", "Ann", "--shop", "KGN", *CASS)
        portal("customer", "add", "B1", "--name", "Bea", "--shop", "HUY", *CASS)
        portal("group", "create", "North", "--shop", "KGN", *CASS)
    with at(3):
        portal("group", "remove", "north", "--customer", "A1", *CASS)
    with at(5):
        portal("group", "add", "north", "--customer", "B1", *CASS)
    with at(9):
        yield


def lines(answer):
    assert answer.exit_code == 0, answer.stderr
    return [line.split("\t") for line in answer.stdout.splitlines()]


def test_members_of_a_past_day_are_listed(portal, past):
    def codes(day):
        return [line[0] for line in lines(portal("group", "members", "north", "--at", day, *CASS))]

    assert [codes(f"2026-05-0{n}") for n in (1, 2, 3, 5)] == [["A1"], ["A1"], [], ["B1"]]
    (line,) = lines(portal("group", "members", "North", "--at", "2026-05-02", *CASS))
    assert line == ["A1", "Ann", "", "", "KGN", "2026-05-01 12:00", "2026-05-03 12:00"]


def test_members_of_a_past_day_as_a_file_are_an_export(portal, past):
    rows = json.loads(portal("group", "members", "north", "--at", "2026-05-02", "--json", *CASS).stdout)
    assert [(row["code"], row["joined"], row["left"]) for row in rows] == [
        ("A1", "2026-05-01 12:00", "2026-05-03 12:00")
    ]
    answer = portal("group", "members", "north", "--at", "2026-05-05", "--format", "csv", *CASS)
    assert [row["code"] for row in csv.DictReader(io.StringIO(answer.stdout))] == ["B1"]
    notes = [change.note for change in Change.select().where(Change.act == "customer.export")]
    assert notes == ["members of “North” on May 2, 2026", "members of “North” on May 5, 2026"]
    refused = portal("group", "members", "north", "--at", "2026-05-02", "--json", "--as", "sam@x.example")
    assert (refused.exit_code, refused.stdout) == (1, "")


def test_two_days_are_compared(portal, past):
    words = ("group", "diff", "north", "--from", "2026-05-01", "--to", "2026-05-09")
    assert lines(portal(*words, *CASS)) == [
        ["+", "B1", "Bea", "2026-05-05 12:00", "Added by name · Cass (command line)"],
        ["−", "A1", "Ann", "2026-05-03 12:00", "Removed by name · Cass (command line)"],
    ]
    told = json.loads(portal(*words, "--json", *CASS).stdout)
    assert (told["group"], told["from"], told["to"]) == ("north", "2026-05-01", "2026-05-09")
    assert [[row["code"] for row in told[name]] for name in ("joined", "left")] == [["B1"], ["A1"]]
    assert Change.select().where(Change.act == "customer.export").count() == 2
    assert lines(portal(*words, "--as", "sol@x.example"))[0][:2] == ["−", "A1"]  # of her own shop


def test_days_that_cannot_be_answered_for_are_refused(portal, past):
    for words, sentence in (
        (
            ("members", "north", "--at", "2026-05-10"),
            "2026-05-10 is still to come; history tells of days that have been.",
        ),
        (("members", "north", "--at", "soon"), "“soon” is not a day; write it as 2026-05-31."),
        (
            ("diff", "north", "--from", "2026-05-05", "--to", "2026-05-04"),
            "2026-05-05 comes after 2026-05-04; turn the two days round.",
        ),
    ):
        refused = portal("group", *words, *CASS)
        assert (refused.exit_code, refused.stdout, refused.stderr) == (1, "", sentence + "\n")
