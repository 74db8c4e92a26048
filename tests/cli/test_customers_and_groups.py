"""Customers and groups from the terminal."""

import csv
import io
import json

import pytest

from portal.models import Change, Customer, GroupItem

CASS = ("--as", "cass@x.example")


@pytest.fixture
def people(portal, store):
    """Three customers of Kigali North, one of Huye, and the group Resellers."""
    for code, shop in (("A1", "KGN"), ("A2", "KGN"), ("A3", "KGN"), ("B1", "HUY")):
        words = ("--name", f"Name {code}", "--shop", shop, "--email", f"{code.lower()}@x.example")
        assert portal("customer", "add", code, *words, *CASS).exit_code == 0
    portal("group", "create", "Resellers", *CASS)


def members(portal, group, *who) -> list[str]:
    return [row["code"] for row in json.loads(portal("group", "members", group, "--json", *(who or CASS)).stdout)]


def test_a_customer_is_added_shown_and_warned_about(portal, store):
    added = portal(
        "customer", "add", "Z1", "--name", "Łucja", "--phone", "12x", "--set", "gender=f", "--shop", "kgn", *CASS
    )
    assert (added.exit_code, added.stdout, added.stderr.count("12x")) == (0, "Z1\n", 1)
    shown = json.loads(portal("customer", "show", "z1", "--json", *CASS).stdout)
    assert (shown["name"], shown["gender"], shown["shop"], shown["groups"]) == ("Łucja", "female", "KGN", [])


def test_an_unknown_field_is_refused_naming_the_known_ones(portal, store):
    refused = portal("customer", "add", "Z1", "--name", "X", "--set", "height=2", *CASS)
    assert (refused.exit_code, Customer.select().count()) == (1, 0)
    assert "birth_date, language, gender, id_type, id_number, address" in refused.stderr


def test_a_person_sees_customers_as_her_roles_mask_them(portal, store):
    portal("customer", "add", "A1", "--name", "Ana", "--email", "ana@x.example", "--set", "id_number=1234567", *CASS)
    portal("customer", "add", "A2", "--name", "Bea", "--shop", "HUY", *CASS)
    seen = json.loads(portal("customer", "show", "A1", "--json", "--as", "ana@x.example").stdout)
    assert (seen["email"], seen["id_number"]) == ("••••@••••", "•••• 67")
    assert portal("customer", "show", "A2", "--as", "sol@x.example").exit_code == 1
    assert portal("customer", "list", "--as", "tess@x.example").exit_code == 1


def test_customers_are_listed_by_groups_text_and_shop(portal, people):
    portal("group", "add", "resellers", "--customer", "A1", "--customer", "B1", *CASS)
    portal("group", "create", "North", "--shop", "KGN", *CASS)

    def codes(*words: str) -> list[str]:
        return [line.split("\t")[0] for line in portal("customer", "list", *words, *CASS).stdout.splitlines()]

    assert codes() == ["A1", "A2", "A3", "B1"]
    assert codes("--any", "resellers", "--any", "North") == ["A1", "A2", "A3", "B1"]
    assert codes("--all", "resellers", "--all", "north") == ["A1"]
    assert codes("--all", "north", "--none", "resellers") == ["A2", "A3"]
    assert codes("--q", "a2@x") == ["A2"]
    assert codes("--shop", "huy") == ["B1"]


def test_a_foreign_shop_is_answered_like_one_that_is_not_there(portal, people):
    sol = ("--as", "sol@x.example")
    assert portal("customer", "list", "--shop", "KGN", *sol).exit_code == 0
    answers = [portal("customer", "list", "--shop", code, *sol) for code in ("HUY", "NIL")]
    assert [(told.exit_code, told.stdout) for told in answers] == [(1, "")] * 2
    assert answers[0].stderr.replace("HUY", "NIL") == answers[1].stderr


def test_a_list_longer_than_a_page_is_whole_and_in_order(portal, people, monkeypatch):
    monkeypatch.setattr("portal.queries.listing.CHUNK", 3)
    rows = json.loads(portal("customer", "list", "--json", *CASS).stdout)
    assert [row["code"] for row in rows] == ["A1", "A2", "A3", "B1"]


def test_a_shop_group_holds_the_shop_and_speaks_of_it(portal, people):
    made = portal("group", "create", "North", "--shop", "KGN", *CASS)
    assert made.stdout == "north\n"
    assert "Now all 3 present customers of Kigali North" in made.stderr
    assert members(portal, "north") == ["A1", "A2", "A3"]
    seen = portal("group", "members", "north", "--as", "sol@x.example").stdout.splitlines()
    assert [line.split("\t")[0] for line in seen] == ["A1", "A2", "A3"]


def test_remove_sticks_until_added_by_name(portal, people):
    portal("group", "create", "North", "--shop", "KGN", *CASS)
    removed = portal("group", "remove", "north", "--customer", "A1", "--note", "asked", *CASS)
    assert removed.stdout == "0 joined, 1 left.\n"
    portal("group", "archive", "north", *CASS)
    assert members(portal, "north") == []
    portal("group", "restore", "north", *CASS)
    assert members(portal, "north") == ["A2", "A3"]
    assert "Exclusion lifted: Name A1." in portal("group", "add", "north", "--customer", "A1", *CASS).stdout
    assert members(portal, "north") == ["A1", "A2", "A3"]


def test_excluding_a_shop_wins(portal, people):
    portal("group", "add", "resellers", "--customer", "A1", "--customer", "B1", *CASS)
    portal("group", "add", "resellers", "--shop", "KGN", "--exclude", *CASS)
    assert members(portal, "resellers") == ["B1"]


def test_members_as_csv_can_be_read_back(portal, people):
    portal("group", "add", "resellers", "--customer", "a1@x.example", *CASS)
    rows = list(csv.DictReader(io.StringIO(portal("group", "members", "Resellers", "--format", "csv", *CASS).stdout)))
    assert [(row["code"], row["groups"]) for row in rows] == [("A1", "resellers")]


@pytest.mark.parametrize(
    "words",
    [("customer", "list", "--json"), ("group", "members", "resellers", "--json"),
     ("group", "members", "resellers", "--format", "json"), ("group", "members", "resellers", "--format", "csv")],
)  # fmt: skip
@pytest.mark.parametrize("name", ["olive", "cass", "pat", "sam", "sol", "ana"])
def test_a_list_as_a_file_is_an_export_with_its_right_and_its_change(portal, people, words, name):
    """The plain list asks only whom the person may see, as a page does."""
    portal("group", "add", "resellers", "--customer", "A1", *CASS)
    who, before = ("--as", f"{name}@x.example"), Change.select().count()
    plain = tuple(word for word in words if word not in {"--json", "--format", "json", "csv"})
    assert "A1" in portal(*plain, *who).stdout and Change.select().count() == before
    told = portal(*words, *who)
    if name in {"sam", "sol"}:
        assert (told.exit_code, told.stdout) == (1, "")
        assert told.stderr == "Your roles do not allow this. Nothing was changed.\n"
        assert Change.select().count() == before
    else:
        assert told.exit_code == 0 and "A1" in told.stdout
        change = Change.select().order_by(Change.id.desc()).get()
        assert (change.act, change.door, Change.select().count()) == ("customer.export", "command", before + 1)
        assert change.note == ("all customers" if words[0] == "customer" else "in “Resellers”")


def test_duplicates_have_their_own_names_codes_and_members(portal, people):
    portal("group", "add", "resellers", "--customer", "A1", *CASS)
    portal("group", "remove", "resellers", "--customer", "A2", *CASS)
    assert portal("group", "duplicate", "resellers", *CASS).stdout == "resellers-copy\n"
    assert portal("group", "duplicate", "resellers-copy", *CASS).stdout == "resellers-copy-2\n"
    names = [row["name"] for row in json.loads(portal("group", "list", "--json", *CASS).stdout)]
    assert sorted(names) == ["Resellers", "Resellers (copy 2)", "Resellers (copy)"]
    portal("group", "remove", "resellers", "--customer", "A1", *CASS)
    assert (members(portal, "resellers"), members(portal, "resellers-copy-2")) == ([], ["A1"])
    shown = json.loads(portal("group", "show", "resellers-copy-2", "--json", *CASS).stdout)
    assert [(item["sign"], item["code"]) for item in shown["items"]] == [("include", "A1"), ("exclude", "A2")]
    assert portal("verify").exit_code == 0


def test_a_pasted_list_is_one_change(portal, people):
    before = Change.select().count()
    pasted = portal("group", "paste", "resellers", *CASS, stdin="\ufeffA1\r\n\r\na2@x.example\r\nA1\r\n")
    assert (pasted.exit_code, pasted.stdout) == (0, "2 joined, 0 left.\n")
    assert (Change.select().count(), members(portal, "resellers")) == (before + 1, ["A1", "A2"])


def test_a_pasted_line_that_fits_nobody_stops_all_unless_partial(portal, people):
    refused = portal("group", "paste", "resellers", *CASS, stdin="A1\nnobody\n")
    assert (refused.exit_code, GroupItem.select().count()) == (1, 0)
    assert "Line 2: There is no customer “nobody”." in refused.stderr
    partial = portal("group", "paste", "resellers", "--partial", *CASS, stdin="A1\nnobody\n")
    assert (partial.exit_code, members(portal, "resellers")) == (0, ["A1"])
    assert "Line 2:" in partial.stderr


def test_a_pasted_line_that_fits_several_is_ambiguous(portal, people):
    portal("customer", "add", "A9", "--name", "Twin", "--email", "a1@x.example", *CASS)
    refused = portal("group", "paste", "resellers", *CASS, stdin="a1@x.example\n")
    assert (refused.exit_code, GroupItem.select().count()) == (1, 0)
    assert "fits several customers: A1 Name A1, A9 Twin" in refused.stderr


@pytest.mark.parametrize("stdin", [b"", b"\n \n", b"\xff\xfe\x00", b"A\x001\n"])
def test_what_is_no_list_is_refused(portal, people, stdin):
    assert portal("group", "paste", "resellers", *CASS, stdin=stdin).exit_code == 1
    assert GroupItem.select().count() == 0
