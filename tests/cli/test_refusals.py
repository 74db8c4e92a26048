"""Whatever is refused is one sentence on standard error, exit 1, and nothing written."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from portal import migrate
from portal.models import Change, Customer, Group

CASS = ("--as", "cass@x.example")


def one_sentence(result) -> str:
    assert result.exit_code == 1, result.output
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert "Traceback" not in result.stderr
    return result.stderr.strip()


@pytest.mark.parametrize("name", ["olive", "sam", "sol", "ana", "tess"])
def test_only_managers_create_groups(portal, store, name):
    before = Change.select().count()
    refused = portal("group", "create", "Resellers", "--as", f"{name}@x.example")
    assert one_sentence(refused) == "Your roles do not allow this. Nothing was changed."
    assert (Group.select().count(), Change.select().count()) == (0, before)


@pytest.mark.parametrize("name", ["cass", "pat"])
def test_managers_create_groups(portal, store, name):
    assert portal("group", "create", "Resellers", "--as", f"{name}@x.example").stdout == "resellers\n"
    assert Group.select().count() == 1


@pytest.mark.parametrize("name", ["olive", "sam", "sol", "ana", "tess"])
def test_only_managers_duplicate_groups(portal, store, name):
    portal("group", "create", "Resellers", *CASS)
    one_sentence(portal("group", "duplicate", "resellers", "--as", f"{name}@x.example"))
    assert [group.code for group in Group.select()] == ["resellers"]


@pytest.mark.parametrize(
    "words",
    [
        ("group", "list"), ("group", "create", "X"), ("group", "members", "x"), ("customer", "list"),
        ("customer", "add", "C1", "--name", "X"), ("customer", "show", "C1"), ("group", "paste", "x"),
        ("proposal", "list"), ("proposal", "approve", "1"),
    ],
)  # fmt: skip
def test_nobody_named_is_refused(portal, store, words):
    assert one_sentence(portal(*words)) == "Say who acts, with --as EMAIL. Nothing was done."
    assert Customer.select().count() == Group.select().count() == 0


def test_as_works_before_and_after_the_subcommand(portal, store):
    portal("group", "create", "Resellers", *CASS)
    after = portal("group", "list", "--json", *CASS)
    assert json.loads(after.stdout) == [
        {"code": "resellers", "name": "Resellers", "type": "customer", "status": "active", "members": 0}
    ]
    for words in ((*CASS, "group", "list", "--json"), ("group", *CASS, "list", "--json")):
        assert portal(*words).stdout == after.stdout


def test_a_closed_account_acts_no_more(portal, store):
    assert portal("user", "deactivate", "cass@x.example").exit_code == 0
    assert one_sentence(portal("group", "list", *CASS)) == "The account of Cass is closed. Nothing was done."


def test_an_unknown_person_is_refused(portal, store):
    assert one_sentence(portal("group", "list", "--as", "no@x.example")) == "Nobody signs in as “no@x.example”."


def test_a_missing_database_is_named_and_not_made(portal, place):
    assert one_sentence(portal("verify")) == "The database is not ready: run “portal migrate” first."
    assert not (place / "instance" / "portal.db").exists()


def test_a_database_taken_back_wants_migrating(portal, store):
    assert portal("migrate", "--down", "1").exit_code == 0
    assert one_sentence(portal("shop", "list")) == "The database is not ready: run “portal migrate” first."
    assert portal("migrate").stdout == f"{migrate.known()[-1]}\n"
    assert portal("shop", "list").exit_code == 0


def test_a_file_that_is_no_database_is_a_sentence(portal, place):
    (place / "instance").mkdir()
    (place / "instance" / "portal.db").write_bytes(b"nonsense" * 2_000)
    assert "not a database" in one_sentence(portal("verify"))


def test_a_wrong_setting_is_a_sentence(portal, place, monkeypatch):
    monkeypatch.setenv("PORTAL_PORT", "many")
    assert one_sentence(portal("verify")).startswith("PORTAL_PORT must be a port number")


@pytest.mark.parametrize(
    "words",
    [("nothing",), ("group", "add", "x"), ("user", "grant", "cass@x.example", "boss"), ("group", "list", "--no")],
)
def test_wrong_usage_exits_with_2(portal, store, words):
    assert portal(*words, *CASS).exit_code == 2


def test_a_fault_is_a_sentence_and_debug_shows_where(portal, store, monkeypatch):
    def broken(*args, **kwargs):
        raise ZeroDivisionError

    monkeypatch.setattr("portal.queries.groups.listed", broken)
    assert "ZeroDivisionError" in one_sentence(portal("group", "list", *CASS))
    monkeypatch.setenv("PORTAL_DEBUG", "1")
    shown = portal("group", "list", *CASS)
    assert (shown.exit_code, "Traceback" in shown.stderr) == (1, True)


def test_a_reader_that_stops_early_is_no_fault(store):
    command = f"{sys.executable} -m portal.cli routes | head -1"
    root = Path(__file__).resolve().parents[2]
    environ = {"PYTHONPATH": str(root), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False, env=environ)
    assert done.stdout.startswith("GET\t/\t")
    assert done.stderr == ""


def test_a_refused_write_leaves_the_file_as_it_was(portal, store):
    portal("customer", "add", "C1", "--name", "Ana", *CASS)
    checkpoint = hashlib.sha256(b"".join(map(repr_of, (Customer, Change, Group)))).hexdigest()
    refused = portal("customer", "add", "c1", "--name", "Ana", "--email", "bad", *CASS)
    assert "Another customer has the code “C1” already: Ana." in one_sentence(refused)
    assert hashlib.sha256(b"".join(map(repr_of, (Customer, Change, Group)))).hexdigest() == checkpoint


def repr_of(model) -> bytes:
    return repr(list(model.select().order_by(model.id).tuples())).encode()
