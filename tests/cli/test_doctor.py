"""`portal doctor` finds what it looks for, changes nothing, and tells nobody's data."""

import hashlib
import json
import os
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine

from portal import clock, config
from portal.db import db
from portal.gate import ENDINGS
from portal.models import Change, Group, Import, Job, MembershipRow, User, UserRole, UserSession
from portal.permissions import Role
from portal.queries.doctor import settings as key_checks
from portal.services.jobs import lease

CASS = ("--as", "cass@x.example")
KEY = "kQ3vX9-pLw7RtZ2mB8sYd4HfJ6cNa1Ge"
DEPLOYED = {
    "PORTAL_SECRET_KEY": KEY, "PORTAL_TRUSTED_HOSTS": "crm.example", "PORTAL_HTTPS": "yes", "PORTAL_REGION": "RW",
}  # fmt: skip


@pytest.fixture
def look(portal, monkeypatch):
    """Run `portal doctor --json` with these variables and return state by check."""

    def run(*words: str, **environ: str) -> dict[str, str]:
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        told = portal("doctor", "--json", *words)
        states = {row["name"]: row["state"] for row in json.loads(told.stdout)}
        assert told.exit_code == ("bad" in states.values())
        assert all(row["sentence"] for row in json.loads(told.stdout) if row["state"] != "ok")
        return states

    return run


@pytest.fixture
def private(store: Path) -> Path:
    """The store as an installation should keep it."""
    store.parent.chmod(0o700)
    for path in store.parent.iterdir():
        path.chmod(0o600)
    return store


def test_a_well_kept_portal_has_nothing_bad(look, private):
    states = look("--deploy", **DEPLOYED, PORTAL_SECRET_KEY_FALLBACKS=(private.parent / "secret_key").read_text())
    assert len(states) >= 50
    assert {name: state for name, state in states.items() if state == "bad"} == {}


def test_the_columns_of_own_fields_belong_to_the_tables(look, portal, private):
    portal("field", "add", "tier", "--label", "Tier", "--filterable", *CASS)
    portal("field", "add", "limit", "--label", "Limit", "--type", "money", *CASS)
    portal("field", "retire", "limit", *CASS)
    assert look()["tables"] == "ok"
    for broken in ('DROP INDEX "customer_value_f1"', 'ALTER TABLE "customer_value" DROP COLUMN "f2"'):
        db.execute_sql(broken)
        assert look()["tables"] == "bad"
        db.execute_sql('CREATE INDEX IF NOT EXISTS "customer_value_f1" ON customer_value (k1) WHERE k1 IS NOT NULL')


def test_on_somebodys_own_machine_it_is_less_strict(look, portal, place):
    portal("demo", "--no-serve", "--customers", "30")
    assert "bad" not in look().values()
    strict = look("--deploy")
    assert {"https", "trusted-hosts", "demo-people"} <= {name for name, state in strict.items() if state == "bad"}


def test_looking_changes_nothing_and_makes_no_key(look, private, place):
    def everything() -> dict[str, str]:
        files = (path for path in place.rglob("*") if path.is_file() and path.suffix in {".db", ""})
        return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files if "-shm" not in path.name}

    db.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    db.obj.close_all()
    (private.parent / "secret_key").unlink(missing_ok=True)
    before = everything()
    assert look()["secret-key-set"] == "warn"
    db.obj.close_all()
    assert {name: digest for name, digest in everything().items() if not name.endswith(ENDINGS)} == {
        name: digest for name, digest in before.items() if not name.endswith(ENDINGS)
    }


def test_no_personal_data_is_told(portal, private):
    portal("customer", "add", "A1", "--name", "Zebedee", "--email", "zeb@x.example", *CASS)
    for words in (("doctor",), ("doctor", "--deploy", "--json")):
        told = portal(*words).output
        assert not any(word in told for word in ("Zebedee", "zeb@", "x.example", "Olive", KEY, str(private.parent)))


def test_without_a_database_it_says_so(look, place):
    states = look()
    assert states["database"] == "bad"
    assert not {"owner", "integrity", "membership"} & set(states)
    assert not (place / "instance" / "portal.db").exists()


@pytest.mark.parametrize(
    "key",
    ["a" * 64, "abcdefgh" * 8, "0123456789abcdef" * 4, "abcdefghijklmnopqrstuvwxyz0123456789ABCDEF", "abab1212" * 5],
)
def test_a_key_that_can_be_guessed_is_bad(look, private, key):
    assert look("--deploy", **{**DEPLOYED, "PORTAL_SECRET_KEY": key})["secret-key-random"] == "bad"


def test_a_key_from_an_example_is_bad_and_a_short_one_refused(look, portal, private, monkeypatch):
    key = "please-change-me-9fK2-vQx7-LmB3-tRz8"
    assert look(**{**DEPLOYED, "PORTAL_SECRET_KEY": key})["secret-key-own"] == "bad"
    monkeypatch.setenv("PORTAL_SECRET_KEY", "short")
    refused = portal("doctor", "--deploy")
    assert (refused.exit_code, "32 characters" in refused.stderr) == (1, True)


def test_a_key_that_did_not_seal_the_newest_change_is_bad_until_that_one_is_named(look, portal, private, monkeypatch):
    assert look()["secret-key-seals"] == "ok"
    assert look(PORTAL_SECRET_KEY=KEY)["secret-key-seals"] == "bad"
    sealed_by = (private.parent / "secret_key").read_text()
    assert look(PORTAL_SECRET_KEY_FALLBACKS=sealed_by)["secret-key-seals"] == "ok"
    assert portal("customer", "add", "A1", "--name", "Ana", *CASS).exit_code == 0
    assert look()["secret-key-seals"] == "ok"
    monkeypatch.delenv("PORTAL_SECRET_KEY_FALLBACKS")
    assert look()["secret-key-seals"] == "ok"  # the newest is of the new key, whatever the earlier ones are of
    monkeypatch.delenv("PORTAL_SECRET_KEY")
    assert look()["secret-key-seals"] == "bad"


def test_before_anything_was_done_every_key_will_do(look, portal, place):
    portal("migrate")
    assert look(PORTAL_SECRET_KEY=KEY)["secret-key-seals"] == "ok"


def test_random_keys_of_every_usual_making_are_good():
    for _ in range(200):
        for key in (os.urandom(16).hex(), os.urandom(32).hex(), config.secrets.token_urlsafe(24)):
            assert key_checks.entropy(key) >= key_checks.MIN_BITS, key
            assert not key_checks.is_patterned(key), key


@pytest.mark.parametrize(
    ("variable", "value", "check"),
    [
        ("FLASK_DEBUG", "1", "debug-off"),
        ("PORTAL_DEBUG", "1", "debug-off"),
        ("PORTAL_TRUSTED_HOSTS", "", "trusted-hosts"),
        ("PORTAL_TRUSTED_HOSTS", ".example", "trusted-hosts"),
        ("PORTAL_HTTPS", "no", "https"),
        ("PORTAL_CURRENCY", "DOLLAR", "currency"),
        ("PORTAL_REGION", "XX", "region"),
    ],
)
def test_a_setting_that_endangers_is_bad(look, private, variable, value, check):
    assert look("--deploy", **{**DEPLOYED, variable: value})[check] == "bad"


@pytest.mark.parametrize(
    ("environ", "state"),
    [
        ({}, "warn"),
        ({"PORTAL_PROXY": "127.0.0.1"}, "ok"),
        ({"PORTAL_PROXY": "192.0.2.1"}, "warn"),
        ({"PORTAL_PROXY": "192.0.2.1", "PORTAL_HOST": "192.0.2.2"}, "ok"),
        ({"PORTAL_HOST": "192.0.2.2"}, "warn"),
        ({"PORTAL_HTTPS": "no"}, "ok"),
    ],
    ids=["unset", "named", "elsewhere", "network", "network unset", "no https"],
)
def test_a_proxy_that_nobody_named_is_warned_of(look, private, environ, state):
    assert look(**DEPLOYED | environ)["proxy"] == state


def test_a_deployed_portal_without_a_key_is_bad(look, private):
    (private.parent / "secret_key").unlink(missing_ok=True)
    assert look("--deploy", **{**DEPLOYED, "PORTAL_SECRET_KEY": ""})["secret-key-set"] == "bad"


def test_files_that_others_can_read_are_bad(look, private):
    private.chmod(0o644)
    (private.parent / "secret_key").write_text(KEY)
    (private.parent / "secret_key").chmod(0o604)
    private.parent.chmod(0o755)
    states = look("--deploy", **DEPLOYED)
    names = ("database-permissions", "secret-file-permissions", "instance-permissions")
    assert [states[name] for name in names] == ["bad"] * 3
    private.parent.chmod(0o777)
    assert look("--deploy", **DEPLOYED)["database-folder"] == "bad"


def _later() -> None:
    Change.create(door="command", act="x.y", at=clock.now() + timedelta(days=1))


def _no_owner() -> None:
    UserRole.delete().where(UserRole.role == Role.OWNER.value).execute()


def _closed_with_session() -> None:
    UserSession.create(key_hash="x", user=User.get())
    User.update(is_active=False).where(User.id == User.get().id).execute()


def _ghost() -> None:
    db.execute_sql("INSERT INTO customer_search(rowid, search) VALUES (99, 'ghost')")


def _shopless() -> None:
    UserRole.create(user=User.get(), role=Role.SHOP_STAFF.value)


@pytest.mark.parametrize(
    ("spoil", "check", "state"),
    [
        (_later, "clock", "bad"),
        (_no_owner, "owner", "warn"),
        (_closed_with_session, "sessions-of-closed-accounts", "bad"),
        (_shopless, "shop-staff-without-shop", "bad"),
        (lambda: UserRole.create(user=User.get(), role="king"), "roles-known", "bad"),
        (lambda: UserRole.delete().where(UserRole.role == "analyst").execute(), "people-without-roles", "warn"),
        (lambda: User.update(password_hash="").execute(), "accounts-without-password", "warn"),
        (lambda: Group.create(code="G1", n_members=3), "membership-counts", "bad"),
        (lambda: Import.create(state="checked", created_at=clock.ago(days=3)), "imports-unfinished", "warn"),
        (lambda: db.execute_sql("CREATE INDEX by_hand ON shop (name)"), "tables", "bad"),
        (lambda: db.execute_sql("ALTER TABLE shop ADD COLUMN more TEXT"), "tables", "bad"),
        (
            lambda: db.execute_sql("INSERT INTO schema_migration (name, applied) VALUES ('9999_x', '2026-01-01')"),
            "migrations-unknown",
            "bad",
        ),
        (_ghost, "search-complete", "bad"),
        (lambda: MembershipRow.create(group=7, customer=7, since=clock.now(), cause=1), "references", "bad"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_the_database_is_found(look, private, spoil, check, state):
    assert look()[check] == "ok"
    spoil()
    assert look()[check] == state


def test_a_customer_the_search_lost_is_found(look, portal, private):
    assert portal("customer", "add", "A1", "--name", "Zebedee", *CASS).exit_code == 0
    assert look()["search-complete"] == "ok"
    db.execute_sql("INSERT INTO customer_search(customer_search) VALUES ('delete-all')")
    assert look()["search-complete"] == "bad"


def test_wrong_membership_is_counted(look, portal, private):
    portal("customer", "add", "A1", "--name", "Ana", "--shop", "KGN", *CASS)
    portal("group", "create", "North", "--shop", "KGN", *CASS)
    assert look()["membership"] == "ok"
    db.execute_sql("DELETE FROM membership_row")
    assert look()["membership"] == "bad"


def test_a_backup_on_record_is_seen(look, portal, private):
    assert look("--deploy")["last-backup"] == "warn"
    assert portal("backup", "kept.db").exit_code == 0
    assert look("--deploy")["last-backup"] == "ok"
    with time_machine.travel(clock.now() + timedelta(days=9)):
        assert look("--deploy")["last-backup"] == "warn"


def test_what_a_restore_kept_is_not_forgotten(look, portal, private):
    portal("backup", "kept.db")
    portal("restore", "kept.db", "--yes")
    assert look()["kept-databases"] == "warn"


def test_jobs_that_nobody_works_on_are_found(look, private):
    assert [look()[name] for name in ("workers", "jobs-waiting")] == ["warn", "ok"]
    lease.seen("somebody")
    late, ended = (Job.create(kind="import.run", not_before=clock.ago(minutes=11)) for _ in range(2))
    Job.create(kind="import.run")
    Job.update(finished_at=clock.now()).where(Job.id == ended.id).execute()
    assert [look()[name] for name in ("workers", "jobs-waiting")] == ["ok", "warn"]
    Job.update(not_before=clock.now()).where(Job.id == late.id).execute()
    assert look()["jobs-waiting"] == "ok"
    Job.update(state="running", lease_until=clock.ago(minutes=11)).where(Job.id == late.id).execute()
    assert look()["jobs-waiting"] == "warn"
