"""`portal change …` tells the same as the pages, as far as the person may see it."""

import json

import pytest

from portal.models import Customer
from portal.permissions import Door
from portal.queries import users as find_users
from portal.services import customers

CASS, SAM, ANA = (("--as", f"{name}@x.example") for name in ("cass", "sam", "ana"))


@pytest.fixture
def done(portal, store):
    """A customer, edited by another, who is then in a group."""
    portal("customer", "add", "A1", "--name", "Ann", "--email", "ann@a.example", *CASS)
    sam = find_users.actor_of(find_users.by_email("sam@x.example"), Door.COMMAND)
    customers.edit(sam, Customer.get().id, {"name": "Anna"})
    portal("group", "create", "Vips", *CASS)
    portal("group", "add", "vips", "--customer", "A1", *CASS)


def said(result):
    assert result.exit_code == 0, result.stderr
    return [line.split("\t")[2] for line in result.stdout.splitlines()]


def test_the_list_is_filtered_by_options(portal, done):
    added = "Cass added Anna to the group “Vips”, on the command line"
    created = "Cass created the group “Vips”, on the command line"
    edited = "Sam edited Anna, on the command line"
    assert said(portal("change", "list", "--limit", "2", *CASS)) == [added, created]
    assert said(portal("change", "list", "--customer", "a1", *ANA))[:2] == [added, edited]
    assert said(portal("change", "list", "--group", "vips", *CASS)) == [added, created]
    assert said(portal("change", "list", "--by", "sam@x.example", *CASS)) == [edited]
    assert said(portal("change", "list", "--kind", "shop", "--door", "command", "--shop", "KGN", *CASS)) == [
        "The machine's operator created the shop “Kigali North”"
    ]
    assert portal("change", "list", "--shop", "KGN", "--group", "vips", *CASS).exit_code == 2
    assert portal("change", "list", "--since", "soon", *CASS).stderr == (
        "“soon” is no day; write it like 2026-01-31.\n"
    )
    newest = int(portal("change", "list", "--limit", "1", *CASS).stdout.split("\t")[0])
    assert said(portal("change", "list", "--before", str(newest), "--limit", "1", *CASS)) == [created]


def test_who_sees_her_own_acts_only_sees_no_others(portal, done):
    edited = ["Sam edited Anna, on the command line"]
    for more in ((), ("--by", "cass@x.example"), ("--by", "nobody@x.example")):
        assert said(portal("change", "list", *more, *SAM)) == edited
    assert portal("change", "list").stderr.startswith("Say who acts")
    assert portal("change", "show", "10", *SAM).stderr == "There is no change 10.\n"
    assert said(portal("change", "list", "--as", "tess@x.example")) == []


def test_a_change_is_shown_with_its_rows_before_and_after(portal, done):
    told = json.loads(portal("change", "list", "--by", "sam@x.example", "--json", *CASS).stdout)
    assert [(one["who"], one["act"], one["door"], one["about"]["code"]) for one in told] == [
        ("Sam", "customer.edit", "command", "A1")
    ]
    number = str(told[0]["id"])
    head, row = portal("change", "show", number, *CASS).stdout.splitlines()
    assert head.startswith("Sam edited Anna, on the command line · ") and row == "Customer Anna\tName\tAnn\tAnna"
    (line,) = json.loads(portal("change", "show", number, "--json", *CASS).stdout)["rows"]
    assert (line["noun"], line["before"]["name"], line["after"]["name"]) == ("customer", "Ann", "Anna")
    created = json.loads(portal("change", "list", "--customer", "A1", "--kind", "customer", "--json", *ANA).stdout)[-1]
    assert "ann@a.example" not in portal("change", "show", str(created["id"]), "--json", *ANA).stdout
    assert "ann@a.example" in portal("change", "show", str(created["id"]), "--json", *CASS).stdout
