"""The machine's side: users, verify, settings, routes, demo."""

import json

from portal.models import (
    Change,
    Customer,
    Group,
    Membership,
    MembershipRow,
    PastMembership,
    PastMembershipRow,
    Shop,
    User,
)
from portal.models.customer import KEYS
from portal.queries import fields as find_fields
from portal.services import customers, samples, sessions
from portal.services.changes import values
from tests.tampering import unguarded

CASS = ("--as", "cass@x.example")


def test_a_person_is_added_with_roles_and_a_password_from_standard_input(portal, store):
    words = ("user", "add", "nadia@x.example", "--name", "Nadia", "--role", "shop_staff:kgn", "--role", "support")
    assert portal(*words, "--password-stdin", stdin="a-perfectly-odd-kettle\n").exit_code == 0
    assert sessions.sign_in("nadia@x.example", "a-perfectly-odd-kettle").user.name == "Nadia"
    rows = {row["email"]: row for row in json.loads(portal("user", "list", "--json").stdout)}
    assert rows["nadia@x.example"] == {
        "email": "nadia@x.example", "name": "Nadia", "roles": ["shop_staff:KGN", "support"], "active": True
    }  # fmt: skip


def test_without_a_terminal_a_password_is_made_and_printed_once(portal, store):
    told = portal("user", "password", "cass@x.example").stdout
    assert sessions.sign_in("cass@x.example", told.split()[-1]).user.name == "Cass"


def test_only_who_may_keeps_users_and_roles(portal, store):
    for words in (("user", "list"), ("user", "grant", "sam@x.example", "owner"), ("shop", "add", "X", "X")):
        assert portal(*words, *CASS).exit_code == 1
    assert portal("user", "grant", "sam@x.example", "analyst", "--as", "tess@x.example").exit_code == 1
    assert portal("user", "grant", "sam@x.example", "analyst", "--as", "olive@x.example").exit_code == 0


def test_who_may_not_keep_users_does_not_learn_who_signs_in(portal, store):
    """She is refused before anybody is looked up; her own password is hers to change."""
    told = [portal("user", "password", f"{name}@x.example", *CASS) for name in ("sam", "nobody")]
    assert [(one.exit_code, one.stdout) for one in told] == [(1, "")] * 2 and told[0].stderr == told[1].stderr
    own = portal("user", "password", "CASS@x.example", *CASS).stdout
    assert sessions.sign_in("cass@x.example", own.split()[-1]).user.name == "Cass"


def test_an_account_is_closed_and_opened_again(portal, store):
    for word, active in (("deactivate", False), ("activate", True)):
        assert portal("user", word, "sam@x.example", *CASS).exit_code == 1
        assert User.get(User.name == "Sam").is_active is not active
        assert portal("user", word, "sam@x.example", "--as", "tess@x.example").exit_code == 0
        assert User.get(User.name == "Sam").is_active is active
    assert portal("user", "activate", "nobody@x.example").stderr == "Nobody signs in as “nobody@x.example”.\n"


def test_verify_proves_the_list_of_changes_and_names_its_newest_seal(portal, store):
    membership, whole = portal("verify").stdout.splitlines()
    seal = whole.rpartition(" ")[2].rstrip(".")
    assert membership == "Stored membership equals the definition."
    assert whole == f"The list of changes is whole: 16 rows under 9 seals. The newest seal is {seal}."
    portal("customer", "add", "A1", "--name", "Ana", *CASS)
    assert portal("verify", "--seal", seal).exit_code == 0
    assert portal("verify", "--seal", "9-0000").stderr == (
        "Places where the list of changes is not as it was written: 1.\n"
    )
    told = json.loads(portal("verify", "--json").stdout)
    assert (told["changes"], told["seal"].partition("-")[0]) == ([], "10")
    with unguarded():
        Change.update(note="x").where(Change.act == "customer.create").execute()
        wrong = portal("verify", *("--as", "tess@x.example"))
        assert (wrong.exit_code, wrong.stdout) == (1, "Change 10, or its seal 10, was altered.\n")
    assert portal("verify", *CASS).exit_code == 1


def test_verify_says_which_changes_are_of_another_secret_key(portal, store, monkeypatch):
    key = (store.parent / "secret_key").read_text()
    monkeypatch.setenv("PORTAL_SECRET_KEY", "another-secret-of-this-portal-0123456789")
    told = portal("verify")
    assert told.stdout == (
        "Seals 1 to 9 are of a secret key that is not known here; name it in PORTAL_SECRET_KEY_FALLBACKS.\n"
    )
    monkeypatch.setenv("PORTAL_SECRET_KEY_FALLBACKS", "short " + key)
    assert "must have at least 32 characters" in portal("verify").stderr
    monkeypatch.setenv("PORTAL_SECRET_KEY_FALLBACKS", key)
    assert portal("verify").exit_code == 0 and key not in portal("settings").stdout


def test_verify_names_the_group_whose_membership_is_wrong(portal, store):
    assert portal("verify").exit_code == 0
    portal("customer", "add", "A1", "--name", "Ana", "--shop", "KGN", *CASS)
    portal("group", "create", "North", "--shop", "KGN", *CASS)
    MembershipRow.delete().execute()
    wrong = portal("verify")
    assert (wrong.exit_code, wrong.stdout.count("North")) == (1, 2)


def test_verify_names_broken_times_in_the_store_s_language(portal, store, monkeypatch):
    portal("customer", "add", "A1", "--name", "Ana", "--shop", "KGN", *CASS)
    portal("group", "create", "North", "--shop", "KGN", *CASS)
    row = Membership.get()
    PastMembershipRow.create(
        group=row.group_id, customer=row.customer_id, joined_by=row.cause_id, left_by=row.cause_id,
        joined_at=row.since, left_at=row.since.replace(year=2000),
    )  # fmt: skip
    told = portal("verify").stdout
    assert told == f"North: the times of customer {row.customer_id} overlap or end before they begin.\n"
    found = json.loads(portal("verify", "--json").stdout)["intervals"]
    assert found == [{"group": row.group_id, "customer": row.customer_id}]
    monkeypatch.setenv("PORTAL_LOCALE", "pt")
    assert portal("verify").stdout.startswith(f"North: os períodos do cliente {row.customer_id} se sobrepõem")


def test_settings_mask_secrets(portal, place, monkeypatch):
    secret = "s" * 40
    monkeypatch.setenv("PORTAL_SECRET_KEY", secret)
    monkeypatch.setenv("PORTAL_DATABASE", "postgresql://ana:tiger@127.0.0.1:1/crm")
    told = portal("settings", "--json")
    rows = {row["variable"]: row["value"] for row in json.loads(told.stdout)}
    assert rows["PORTAL_DATABASE"] == "postgresql://ana:••••••••@127.0.0.1:1/crm"
    assert secret not in told.output
    assert rows["PORTAL_PORT"] == "8000"
    monkeypatch.setenv(
        "PORTAL_DATABASE", "postgresql://ana@127.0.0.1:1/crm?sslmode=require&password=tiger&sslpassword=cub"
    )
    rows = {row["variable"]: row["value"] for row in json.loads(portal("settings", "--json").stdout)}
    assert rows["PORTAL_DATABASE"] == (
        "postgresql://ana@127.0.0.1:1/crm?sslmode=require&password=••••••••&sslpassword=••••••••"
    )


def test_routes_name_the_action_of_every_page(portal, place):
    rows = {(row["method"], row["path"]): row["action"] for row in json.loads(portal("routes", "--json").stdout)}
    assert rows[("GET", "/groups/new")] == "group.create"
    assert "nobody" not in rows.values()


def test_the_demo_is_made_once_and_is_right(portal, place):
    first = portal("demo", "--no-serve", "--customers", "300")
    assert first.exit_code == 0, first.output
    assert first.stdout.count("@demo.example") == 7
    n_changes = Change.select().count()
    assert (Shop.select().count(), Customer.select().count(), User.select().count()) == (12, 300, 7)
    again = portal("demo", "--no-serve", "--customers", "300")
    assert (again.exit_code, Change.select().count(), Customer.select().count()) == (0, n_changes, 300)
    assert portal("verify").exit_code == 0
    assert PastMembership.select().count() > 0
    assert {group.status for group in Group.select()} == {"active", "draft", "archived"}
    assert {group.type for group in Group.select().where(Group.n_members > 0)} == {"customer", "shop", "rule"}
    fields = find_fields.live()
    own = find_fields.cells_of([row.id for row in Customer.select()], fields)
    assert {code for had in own.values() for code, cell in had.items() if cell.value is not None} == {
        field.code for field in fields
    }
    assert sessions.sign_in("olive@demo.example", samples.PASSWORD).user.name == "Olive"


def test_demo_customers_are_stored_as_the_service_would_store_them(portal, place):
    portal("demo", "--no-serve", "--customers", "40")
    manager = samples.find_users.actor_of(User.get(User.name == "Cass"), samples.Door.COMMAND)
    (city,) = (field for field in find_fields.live() if field.code == "city")
    for row in list(Customer.select().order_by(Customer.id).limit(10)):
        typed = {name: str(value or "") for name, value in values(row).items() if name in samples.Person._fields}
        typed |= {"code": f"again-{row.code}", "shop": row.shop.code if row.shop else ""}
        typed |= {code: cell.value for code, cell in find_fields.cells_of([row.id], [city]).get(row.id, {}).items()}
        saved = customers.create(manager, typed).customer
        for name in (*KEYS[1:], "birth_date", "gender", "shop_id"):
            assert getattr(saved, name) == getattr(row, name), name
        assert row.code_key == row.code.casefold()
        search = Customer.get_by_id(saved.id).search
        assert search == row.search.replace(row.code_key, f"again-{row.code_key}")


def test_the_demo_leaves_other_peoples_data_alone(portal, store):
    refused = portal("demo", "--no-serve")
    assert (refused.exit_code, refused.stderr.count("\n")) == (1, 1)
    assert "holds data that the demo did not make" in refused.stderr
    assert (Customer.select().count(), Shop.select().count()) == (0, 2)


def test_another_seed_gives_other_people(portal, place, monkeypatch):
    portal("demo", "--no-serve", "--customers", "20", "--seed", "1")
    names = [row.name for row in Customer.select().order_by(Customer.id)]
    monkeypatch.setenv("PORTAL_DATABASE", "sqlite:///other/portal.db")
    portal("demo", "--no-serve", "--customers", "20", "--seed", "2")
    assert [row.name for row in Customer.select().order_by(Customer.id)] != names
