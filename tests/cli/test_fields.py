"""Own fields from the terminal: defined, listed, retired; filled and shown with a customer."""

import json

import pytest

from portal.models import Change, Customer, Field, Group

CASS = ("--as", "cass@x.example")


@pytest.fixture
def own(portal, store):
    """A field of each sort that is shown in another way."""
    for words in (
        ("tier", "--label", "Tier", "--label", "pt=Nível", "--type", "choice", "--choices", "Gold,Silver"),
        ("limit", "--label", "Limit", "--type", "money", "--section", "Trade"),
        ("cpf", "--label", "CPF", "--type", "cpf", "--side", "2"),
        ("likes", "--label", "Likes", "--type", "choices", "--choices", "Tea, Coffee", "--filterable"),
    ):
        assert portal("field", "add", *words, *CASS).stdout == f"{words[0]}\n"


def listed(portal, *who) -> list[str]:
    return portal("field", "list", *(who or CASS)).stdout.splitlines()


def test_fields_are_defined_and_listed_in_the_order_of_the_form(portal, own):
    assert listed(portal) == [
        "tier\tchoice\tTier\t\t", "likes\tchoices\tLikes\t\tfilterable", "limit\tmoney\tLimit\tTrade\t",
        "cpf\tcpf\tCPF\t\t",
    ]  # fmt: skip
    told = json.loads(portal("field", "list", "--json", *CASS).stdout)
    assert told[0] == {
        "code": "tier", "type": "choice", "labels": {"en": "Tier", "pt": "Nível"}, "helps": {},
        "choices": ["Gold", "Silver"], "default": "", "section": "", "side": 1, "required": False,
        "searchable": False, "filterable": False, "unique": False, "retired": None,
    }  # fmt: skip


def test_only_who_may_defines_fields(portal, store):
    for who in ("pat", "sam", "ana", "tess"):
        assert portal("field", "add", "tier", "--label", "Tier", "--as", f"{who}@x.example").exit_code == 1
    assert portal("field", "add", "tier", "--label", "Tier").exit_code == 1
    assert Field.select().count() == 0
    assert portal("field", "list", "--as", "tess@x.example").exit_code == 1
    assert portal("field", "list", "--as", "ana@x.example").exit_code == 0


def test_what_cannot_be_a_field_is_said_in_a_sentence(portal, own):
    for words, sentence in (
        (("tier", "--label", "Again"), "There is a field with the code “tier” already."),
        (("name", "--label", "Name"), "“name” is a word of the portal itself. Give another code."),
        (("kind", "--label", "Kind", "--type", "choice"), "Name at least one choice."),
    ):
        refused = portal("field", "add", *words, *CASS)
        assert (refused.exit_code, refused.stderr) == (1, f"{sentence}\n")
    assert portal("field", "add", "x", "--label", "X", "--type", "colour", *CASS).exit_code == 2


def test_a_field_is_retired_and_restored(portal, own):
    assert portal("field", "retire", "Tier", *CASS).exit_code == 0
    assert "tier\tchoice\tTier\t\tretired" in listed(portal)
    assert portal("field", "restore", "tier", *CASS).exit_code == 0
    assert "tier\tchoice\tTier\t\t" in listed(portal)
    refused = portal("field", "retire", "none-such", *CASS)
    assert (refused.exit_code, refused.stderr) == (1, "There is no field “none-such”.\n")
    assert portal("field", "uses", "tier", "--json", *CASS).stdout == "[]\n"


def test_a_customer_gets_values_and_groups_by_the_names_of_their_fields(portal, own):
    portal("group", "create", "Resellers", *CASS)
    added = portal(
        "customer", "add", "A1", "--name", "Ann", "--set", "tier=gold", "--set", "limit=1.234,50", "--set",
        "cpf=52998224725", "--set", "likes=tea;coffee", "--set", "resellers=sim", *CASS,
    )  # fmt: skip
    assert (added.exit_code, added.stdout) == (0, "A1\n")
    told = json.loads(portal("customer", "show", "A1", "--json", *CASS).stdout)
    assert told["fields"] == {"tier": "Gold", "limit": 1234.5, "cpf": "529.982.247-25", "likes": ["Tea", "Coffee"]}
    assert told["groups"] == ["resellers"]
    shown = portal("customer", "show", "A1", *CASS).stdout.splitlines()
    assert [line for line in shown if line.split("\t")[0] in {"tier", "limit", "cpf", "likes"}] == [
        "tier\tGold", "likes\tTea, Coffee", "limit\t$1,234.50", "cpf\t529.982.247-25",
    ]  # fmt: skip
    masked = json.loads(portal("customer", "show", "A1", "--json", "--as", "ana@x.example").stdout)
    assert masked["fields"]["cpf"] == "•••• 25"


def test_what_does_not_fit_leaves_nobody_behind(portal, own):
    portal("group", "create", "Resellers", *CASS)
    n = Change.select().count()
    for pair, sentence in (
        ("tier=Bronze", "“Bronze” is not one of the choices: Gold, Silver."),
        ("cpf=1", "“1” is not a CPF: its check digits do not fit."),
        ("resellers=perhaps", "“perhaps” is neither yes nor no."),
        (
            "height=2",
            "There is no field “height”; there are birth_date, language, gender, id_type, id_number, address, cpf, "
            "likes, limit, tier.",
        ),
    ):
        refused = portal("customer", "add", "A1", "--name", "Ann", "--set", pair, *CASS)
        assert (refused.exit_code, refused.stderr) == (1, f"{sentence}\n")
    refused = portal("customer", "add", "A1", "--name", "A", "--set", "resellers=yes", "--as", "olive@x.example")
    assert refused.exit_code == 1
    assert (Customer.select().count(), Change.select().count()) == (0, n)
    assert Group.get(Group.code == "resellers").n_members == 0
