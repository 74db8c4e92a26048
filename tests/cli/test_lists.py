"""`portal customer list` with the store's own fields: asked for as in the address of the list, told as there."""

import csv
import io
import json

import pytest

from portal.models import Change

CASS = ("--as", "cass@x.example")


@pytest.fixture
def people(portal, store):
    """Three customers with a city, a number, a CPF and a group."""
    for code, type_ in (("city", "text"), ("visits", "number"), ("cpf", "cpf")):
        portal("field", "add", code, "--label", code.title(), "--type", type_, "--filterable", *CASS)
    portal("field", "add", "note", "--label", "Note", *CASS)
    portal("group", "create", "Resellers", *CASS)
    for code, *said in (
        ("A1", "city=Porto", "visits=3", "resellers=yes", "note=x"),
        ("A2", "city=Lisboa", "visits=12", "cpf=52998224725"), ("A3", "resellers=yes"),
    ):  # fmt: skip
        pairs = [word for pair in said for word in ("--set", pair)]
        assert portal("customer", "add", code, "--name", f"Name {code}", *pairs, *CASS).exit_code == 0


def codes(portal, *pairs: str) -> list[str]:
    words = [word for pair in pairs for word in ("--field", pair)]
    told = portal("customer", "list", *words, *CASS)
    assert told.exit_code == 0, told.stderr
    return [line.split("\t")[0] for line in told.stdout.splitlines()]


def test_a_list_is_filtered_by_own_fields_and_by_groups_as_the_fields_that_they_are(portal, people):
    asked = {
        ("city=porto",): ["A1"], ("city=Porto,Lisboa",): ["A1", "A2"], ("city=Porto", "city=Lisboa"): ["A1", "A2"],
        ("city.has=is",): ["A2"], ("city.empty=yes",): ["A3"], ("city.empty=no",): ["A1", "A2"],
        ("visits.min=3", "visits.max=11.5"): ["A1"], ("visits=12",): ["A2"], ("cpf=529.982.247-25",): ["A2"],
        ("resellers=yes",): ["A1", "A3"], ("resellers=no",): ["A2"], ("RESELLERS=sim", "city.empty=yes"): ["A3"],
        ("resellers=yes", "resellers=no"): [], (): ["A1", "A2", "A3"],
    }  # fmt: skip
    assert {pairs: codes(portal, *pairs) for pairs in asked} == asked
    told = portal("customer", "list", "--field", "resellers=yes", "--q", "a3", *CASS)
    assert told.stdout.startswith("A3\t")


@pytest.mark.parametrize(
    ("pair", "sentence"),
    [
        ("nothing=x", "There is no field or group “nothing” to filter by."),
        ("note=x", "“Note” is not marked as filterable, so the list cannot be filtered by it."),
        ("city.min=3", "“city.min” is no way to filter by “City”."),
        ("resellers=perhaps", "“Resellers” is yes or no; “perhaps” is neither."),
        ("city.empty=perhaps", "“City” is yes or no; “perhaps” is neither."),
    ],
)  # fmt: skip
def test_what_no_list_is_filtered_by_is_said_as_on_the_page(portal, people, pair, sentence):
    refused = portal("customer", "list", "--field", pair, *CASS)
    assert (refused.exit_code, refused.stdout, refused.stderr) == (1, "", f"{sentence}\n")


@pytest.mark.parametrize("pair", ["city", "city=", "city= ", "=Porto", ""])
def test_a_field_without_a_value_lists_nobody(portal, people, pair):
    refused = portal("customer", "list", "--field", pair, *CASS)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert f"“{pair}” is not FIELD=VALUE." in refused.stderr


def test_what_somebody_sees_masked_she_cannot_list_by(portal, people):
    refused = portal("customer", "list", "--field", "cpf=52998224725", "--as", "ana@x.example")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr == "You see “Cpf” masked, so the list cannot be filtered by it.\n"


def test_a_filtered_list_as_a_file_has_every_field_and_its_change_says_the_filter(portal, people):
    words = ("customer", "list", "--field", "visits.min=4", *CASS)
    rows = list(csv.DictReader(io.StringIO(portal(*words, "--format", "csv").stdout)))
    assert [(row["code"], row["city"], row["visits"], row["cpf"]) for row in rows] == [
        ("A2", "Lisboa", "12", "529.982.247-25")
    ]
    told = [portal(*words, *form).stdout for form in (("--json",), ("--format", "json"))]
    assert told[0] == told[1] and [row["city"] for row in json.loads(told[0])] == ["Lisboa"]
    notes = [change.note for change in Change.select().where(Change.act == "customer.export")]
    assert notes == ["Visits is at least 4"] * 3
    refused = portal(*words[:-1], "sam@x.example", "--format", "csv")
    assert (refused.exit_code, refused.stdout) == (1, "")


def test_a_list_and_its_file_come_in_the_order_of_a_field(portal, people):
    def sorted_by(key: str, *form: str) -> str:
        return portal("customer", "list", "--sort", key, *form, *CASS).stdout

    assert [line[:2] for line in sorted_by("city").splitlines()] == ["A2", "A1", "A3"]
    assert [line[:2] for line in sorted_by("-visits").splitlines()] == ["A2", "A1", "A3"]
    assert [row["code"] for row in json.loads(sorted_by("visits", "--json"))] == ["A1", "A2", "A3"]
    assert [row["code"] for row in csv.DictReader(io.StringIO(sorted_by("-code", "--format", "csv")))] == [
        "A3", "A2", "A1",
    ]  # fmt: skip
    for who, key, sentence in (
        ("cass", "height", "The list cannot be sorted by “height”."),
        ("ana", "cpf", "You see “Cpf” masked, so the list cannot be sorted by it."),
    ):
        refused = portal("customer", "list", "--sort", key, "--as", f"{who}@x.example")
        assert (refused.exit_code, refused.stdout, refused.stderr) == (1, "", f"{sentence}\n")
