"""Importing files from the terminal."""

import json

from portal.models import Customer, Field, Group, Import, Membership, Shop

CASS = ("--as", "cass@x.example")
FILE = "code,name,email,store_id\nA1,Ana,ana@x.example,KGN\nA2,Bea,,HUY\n,Nobody,,\n"


def test_a_dry_run_tells_what_the_run_does_and_writes_nothing(portal, store, place):
    (place / "people.csv").write_text(FILE)
    portal("group", "create", "Resellers", *CASS)
    dry = json.loads(portal("group", "import", "resellers", "people.csv", "--dry-run", "--json", *CASS).stdout)
    assert Customer.select().count() == 0
    assert (dry["rows"], dry["new"], dry["refused"], dry["joined"]) == (3, 2, 1, 2)
    assert [problem["row"] for problem in dry["problems"]] == [4]
    run = json.loads(portal("group", "import", "resellers", "people.csv", "--json", *CASS).stdout)
    assert run.pop("change") > 0
    assert dry.pop("moves") == [{"group": "resellers", "joining": 2, "leaving": 0, "members": 2}]
    assert run == dry
    assert (Customer.select().count(), Membership.select().count()) == (2, 2)
    again = json.loads(portal("group", "import", "resellers", "people.csv", "--json", *CASS).stdout)
    assert (again["new"], again["unchanged"], again["joined"], again["already"]) == (0, 2, 0, 2)


def test_no_create_refuses_a_file_with_new_customers(portal, store, place):
    (place / "people.csv").write_text(FILE)
    assert portal("customer", "import", "people.csv", "--no-create", *CASS).exit_code == 1
    assert Customer.select().count() == 0


def test_a_column_is_mapped_by_hand(portal, store, place):
    (place / "people.csv").write_text("code,Wie\nA1,Ana\n")
    assert portal("customer", "import", "people.csv", "--map", "Wie=name", *CASS).exit_code == 0
    assert Customer.get(Customer.code == "A1").name == "Ana"


def test_a_file_that_is_no_table_is_stopped(portal, store, place):
    (place / "people.csv").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(500))
    for words in (("people.csv",), ("missing.csv",), (".",), ("people.csv", "--mode", "equal")):
        refused = portal("customer", "import", *words, *CASS)
        assert (refused.exit_code, refused.stderr.count("\n")) == (1, 1), refused.output
    assert Customer.select().count() == 0


def test_shop_staff_import_nothing(portal, store, place):
    (place / "people.csv").write_text(FILE)
    assert portal("customer", "import", "people.csv", "--as", "sol@x.example").exit_code == 1
    assert Customer.select().count() == 0


def test_shops_are_imported_renamed_and_refused(portal, store, place):
    (place / "shops.csv").write_text("store_id,store_name\nKGN,Kigali Norte\nRIO,Rio\nRIO,Other\n,Nameless\nHUY,\n")
    assert portal("shop", "import", "shops.csv", "--dry-run").exit_code == 0
    assert Shop.get(Shop.code == "KGN").name == "Kigali North"
    told = json.loads(portal("shop", "import", "shops.csv", "--json").stdout)
    assert [problem["row"] for problem in told.pop("problems")] == [4, 5]
    assert told == {"rows": 5, "new": 1, "updated": 1, "unchanged": 1, "refused": 2}
    assert sorted((shop.code, shop.name) for shop in Shop.select()) == [
        ("HUY", "Huye"), ("KGN", "Kigali Norte"), ("RIO", "Rio")
    ]  # fmt: skip
    assert portal("shop", "import", "shops.csv", *CASS).exit_code == 1


def test_fields_are_made_of_unknown_columns_by_one_command(portal, store, place):
    rows = "".join(f"A{n},Ana {n},{'Yes' if n % 2 else 'No'},{n}.5,{'Gold' if n < 5 else 'Lead'}\n" for n in range(10))
    (place / "people.csv").write_text(f"code,name,SeniorCitizen,MonthlyCharges,Tier\n{rows}")
    words = ("customer", "import", "people.csv", "--make-fields")
    dry = portal(*words, "--dry-run", *CASS)
    lines = [
        "SeniorCitizen\tsenior-citizen\tSenior citizen\tyesno\t",
        "MonthlyCharges\tmonthly-charges\tMonthly charges\tnumber\t",
        "Tier\ttier\tTier\tchoice\tGold, Lead",
    ]
    assert dry.stdout.splitlines() == [
        *lines, "10 rows, 10 new", "Nobody would join or leave.", "Nothing was imported: this was a dry run.",
        "The fields above would be made; the counts are those without them.",
    ]  # fmt: skip
    assert (Field.select().count(), Customer.select().count()) == (0, 0)
    assert portal(*words, "--as", "pat@x.example").exit_code == 1
    run = json.loads(portal(*words, "--json", *CASS).stdout)
    assert [(one["header"], one["code"], one["type"]) for one in run["fields"]] == [
        ("SeniorCitizen", "senior-citizen", "yesno"), ("MonthlyCharges", "monthly-charges", "number"),
        ("Tier", "tier", "choice"),
    ]  # fmt: skip
    assert (run["new"], run["warnings"], Field.select().count()) == (10, [], 3)
    again = json.loads(portal(*words, "--json", *CASS).stdout)
    assert (again["unchanged"], again["fields"], again["change"]) == (10, [], None)


def test_columns_of_groups_add_and_remove_and_create_what_is_not_there(portal, store, place):
    portal("group", "create", "Resellers", *CASS)
    (place / "people.csv").write_text('code,resellers,groups\nA1,yes,"Gold club"\nA2,no,Gold club\n')
    words = ("customer", "import", "people.csv", *CASS)
    refused = portal(*words)
    assert refused.stderr.splitlines()[0] == "Row 2, groups: There is no group “Gold club”."
    told = portal(*words, "--create")
    assert told.stdout.splitlines() == [
        "2 rows, 2 new", "resellers: 1 joined, 0 left, 0 excluded", "Gold club: 2 joined, 0 left, 0 excluded",
    ]  # fmt: skip
    run = json.loads(portal(*words, "--json").stdout)
    assert (run["unchanged"], run["groups"]) == (2, {
        "gold-club": {"joined": 0, "left": 0, "excluded": 0}, "resellers": {"joined": 0, "left": 0, "excluded": 0},
    })  # fmt: skip
    assert Membership.select().count() == 3


def test_the_order_of_dates_is_said_with_the_command_and_open_columns_are_warned_of(portal, store, place):
    (place / "people.csv").write_text("code,Date of birth\nA1,03/04/1991\n")
    dry = json.loads(portal("customer", "import", "people.csv", "--dry-run", "--json", *CASS).stdout)
    assert (dry["new"], dry["refused"]) == (0, 1)
    (warning,) = dry["warnings"]
    assert warning["column"] == "Date of birth" and "None was guessed" in warning["reason"]
    for wrong, code in (("Date of birth", 2), ("Date of birth=ydm", 1), ("code=dmy", 1), ("Date of birth=ymd", 1)):
        assert portal("customer", "import", "people.csv", "--dates", wrong, *CASS).exit_code == code
    assert Customer.select().count() == 0
    assert portal("customer", "import", "people.csv", "--dates", "Date of birth=dmy", *CASS).exit_code == 0
    assert str(Customer.get(Customer.code == "A1").birth_date) == "1991-04-03"


def test_a_dry_run_says_what_every_group_would_become(portal, store, place):
    (place / "people.csv").write_text(FILE)
    for name in ("Resellers", "Top"):
        portal("group", "create", name, *CASS)
    portal("group", "create", "North", "--shop", "KGN", *CASS)
    portal("group", "add", "top", "--group", "resellers", *CASS)
    words = ("group", "import", "resellers", "people.csv", "--dry-run", *CASS)
    before = Group.get(Group.code == "north").n_members
    assert portal(*words).stdout.splitlines()[1:4] == [
        "resellers\t2\t0\t2", "top\t2\t0\t2", f"north\t1\t0\t{before + 1}"
    ]  # fmt: skip
    assert (Import.select().where(Import.state != "cancelled").count(), Customer.select().count()) == (0, before)


def test_of_a_file_of_whose_columns_something_impossible_is_said_nothing_is_left(portal, store, place):
    (place / "people.csv").write_text("code,seen\nA1,03/02/1991\n")
    for words in (("--map", "seen=height"), ("--dates", "seen=dmy"), ("--map", "seen=birth_date", "--dates", "x=dmy")):
        refused = portal("customer", "import", "people.csv", *words, *CASS)
        assert (refused.exit_code, refused.stderr.count("\n")) == (1, 1), refused.output
    assert Import.select().count() == 0
