"""Undoing from the terminal."""

import json

from portal.models import Change, Customer

CASS = ("--as", "cass@x.example")


def newest() -> str:
    """Return the number of the last change, as it is typed."""
    return str(Change.select().order_by(Change.id.desc()).get().id)


def test_a_change_is_undone_and_named_and_so_is_its_undo(portal, store):
    portal("customer", "add", "Z1", "--name", "Zoe", *CASS)
    done = portal("change", "undo", newest(), *CASS)
    assert (done.exit_code, done.stdout) == (0, "Undone: 1 customer.\n")
    assert done.stderr == f"This is change {newest()}.\n"
    assert portal("customer", "list", *CASS).stdout.count("Z1") == 0
    again = portal("change", "undo", newest(), "--json", *CASS)
    assert json.loads(again.stdout) == {"change": int(newest()), "restored": {"customer": 1}, "refused": []}
    assert Change.get_by_id(newest()).door == "command"


def test_what_stays_is_told_on_standard_error_and_what_is_refused_exits_with_1(portal, store):
    portal("customer", "add", "Z1", "--name", "Zoe", *CASS)
    created = newest()
    portal("group", "create", "Vips", *CASS)
    portal("group", "add", "vips", "--customer", "Z1", *CASS)
    refused = portal("change", "undo", created, *CASS)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr == "Zoe stays: an item of Vips that was added since speaks of her.\n"
    assert portal("change", "undo", "999999", *CASS).stderr == "There is no change with the number 999999.\n"
    assert portal("change", "undo", created, "--as", "sam@x.example").exit_code == 1
    assert portal("change", "undo", "zero", *CASS).exit_code == 2
    assert Customer.get(Customer.code == "Z1").removed_at is None
