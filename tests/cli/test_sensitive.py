"""Sensitive groups in the terminal: support and shop staff cannot tell them from groups that are not there."""

import json

import pytest

from portal.models import Group

CASS = ("--as", "cass@x.example")


@pytest.mark.parametrize("name", ["sam", "sol"])
def test_a_sensitive_group_is_unknown_in_the_terminal_too(portal, store, name):
    portal("customer", "add", "A1", "--name", "Ann", "--shop", "KGN", *CASS)
    for group in ("Plain", "Watch"):
        portal("group", "create", group, *CASS)
        portal("group", "add", group, "--customer", "A1", *CASS)
    Group.update(is_sensitive=True).where(Group.code == "watch").execute()
    who = ("--as", f"{name}@x.example")

    assert [row["code"] for row in json.loads(portal("group", "list", "--json", *who).stdout)] == ["plain"]
    shown = json.loads(portal("customer", "show", "A1", "--json", *who).stdout)
    assert (shown["groups"], list(shown["since"])) == (["plain"], ["plain"])
    listing = ("customer", "list")
    for words in (("group", "show"), ("group", "members"), (*listing, "--none"), (*listing, "--any")):
        hidden, missing = portal(*words, "watch", *who), portal(*words, "nowhere", *who)
        assert (hidden.exit_code, hidden.stderr) == (1, missing.stderr.replace("nowhere", "watch")), words
    assert json.loads(portal("group", "show", "watch", "--json", *CASS).stdout)["members"] == 1


def test_a_rule_that_support_types_tells_nothing_of_a_sensitive_group(portal, store):
    portal("group", "create", "Plain", *CASS)
    portal("group", "create", "Watch", *CASS)
    Group.update(is_sensitive=True).where(Group.code == "watch").execute()
    asked = ("group", "add", "plain", "--as", "sam@x.example", "--rule")
    hidden, missing = portal(*asked, "in group Watch"), portal(*asked, "in group Wotch")
    assert (hidden.exit_code, hidden.stderr) == (1, missing.stderr.replace("Wotch", "Watch"))
    assert "did you mean" not in missing.stderr
