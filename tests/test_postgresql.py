"""What only a server can do to the portal: go away, order words its own way, live in another time zone, interrupt."""

import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest

from portal import clock, config, db, migrate
from portal.errors import Busy, Refusal
from portal.models import Customer, Group, Shop, UserSession
from portal.permissions import OPERATOR, Actor
from portal.queries import filters, membership
from portal.queries import users as find_users
from portal.services import backups, customers, groups, items, sessions, shops
from tests.conftest import PASSWORD, Database, PostgresServer, forget, use
from tests.long import drill_postgresql

New = Callable[..., Any]
# A language's order puts these elsewhere than their letters' numbers do: case, accents, signs and spaces count less.
NAMES = ["Zoe", "anna", "Anna B", "annab", "Élodie", "_x", "-y", "Ñu", "zz", "Öst", "o'Neil", "O Neil", "10", "9"]
KEYS = {
    ("customer", "name_key"), ("customer", "code_key"), ("customer_group", "name_key"), ("customer_group", "code"),
    ("shop", "name_key"),
}  # fmt: skip


@contextmanager
def stranger(url: str, **options: Any) -> Iterator["psycopg.Connection[Any]"]:
    """Somebody with a connection of her own, who knows nothing of the portal's rules."""
    with psycopg.connect(url, **options) as connection:
        yield connection


def setting(name: str) -> str:
    return str(db.db.execute_sql("SELECT current_setting(%s)", (name,)).fetchone()[0])


# ---- order, time, isolation ----


def _speaking(server: PostgresServer) -> str:
    """Make a database whose own order is a language's, where this server knows one, and return its address."""
    kinds = "LOCALE_PROVIDER icu ICU_LOCALE 'en-US' LOCALE 'C'", "LOCALE 'en_US.utf8'", "LOCALE 'C.UTF-8'", "LOCALE 'C'"
    for kind in kinds:
        name = f"coterie_{uuid4().hex}"
        try:
            server.connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0 {kind}')
        except psycopg.Error:
            continue
        return urlsplit(server.url)._replace(path=f"/{name}").geturl()
    raise AssertionError("no locale at all")


@pytest.fixture
def speaking(server: PostgresServer) -> Iterator[str]:
    url = _speaking(server)
    use(url)
    migrate.up()
    yield url
    forget()
    server.drop(url)


def test_lists_are_in_the_order_of_letters_numbers_whatever_the_databases_language(speaking: str) -> None:
    with db.transaction():
        for n, name in enumerate(NAMES):
            shops.create(OPERATOR, code=f"s{n}", name=name)
            Customer.create(code=name, code_key=name.casefold(), name=name, name_key=name.casefold())
            Group.create(code=f"g{n}-{name}", name=name, name_key=name.casefold())
    expected = sorted(name.casefold() for name in NAMES)
    assert [row.name_key for row in Customer.select().order_by(*filters.SORTS["name"])] == expected
    assert [row.code_key for row in Customer.select().order_by(*filters.SORTS["code"])] == expected
    assert [row.name_key for row in Group.select().order_by(Group.name_key, Group.code)] == expected
    assert [row.name_key for row in Shop.select().order_by(Shop.name_key, Shop.id)] == sorted(
        row.name_key for row in Shop.select()
    )


def test_every_key_that_is_sorted_by_is_compared_by_its_letters_numbers(database: Database) -> None:
    found = db.db.execute_sql(
        "SELECT c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
        " JOIN pg_collation o ON o.oid = a.attcollation WHERE o.collname = 'C' AND c.relkind = 'r'"
        " AND c.relnamespace = 'public'::regnamespace"
    ).fetchall()
    assert set(found) == KEYS
    sorted_by = {(part.model._meta.table_name, part.column_name) for parts in filters.SORTS.values() for part in parts}
    assert {pair for pair in sorted_by if pair[1] != "id"} <= KEYS


def test_moments_are_the_same_in_every_time_zone_of_the_server(database: Database, cass: Actor) -> None:
    with stranger(database.url) as other:
        assert setting("TimeZone") == "UTC"
        customer = customers.create(cass, {"code": "A1"}).customer
        read = other.execute("SELECT created_at FROM customer").fetchone()
    assert read == (customer.created_at,)
    assert Customer.get().created_at == customer.created_at


def test_a_server_that_isolates_more_strictly_by_default_is_told_what_the_portal_needs(database: Database) -> None:
    name = urlsplit(database.url).path[1:]
    with stranger(database.url, autocommit=True) as other:
        other.execute(f'ALTER DATABASE "{name}" SET default_transaction_isolation = serializable')
    forget()
    with db.transaction():
        assert setting("transaction_isolation") == "read committed"


def test_what_the_address_says_to_the_driver_reaches_it(database: Database) -> None:
    mark = "&" if "?" in database.url else "?"
    use(f"{database.url}{mark}application_name=the%20portal&connect_timeout=7")
    assert setting("application_name") == "the portal"
    assert setting("lock_timeout") == "3s"


def test_without_the_driver_one_sentence_says_what_to_install(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "find_spec", lambda name: None)
    with pytest.raises(Refusal, match="needs a package that is not installed here"):
        db.configure(config.current())


# ---- connections that break ----


def _cut(url: str) -> None:
    """End all connections of the database but this one's own, as a server does that is started anew."""
    with stranger(url, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_a_connection_that_died_in_the_pool_is_not_handed_out(database: Database, browse: New) -> None:
    cass = browse("cass")
    assert cass.get("/customers").status == 200
    for _ in range(3):
        _cut(database.url)
        assert cass.get("/customers").status == 200


def test_a_write_that_loses_its_connection_is_undone_and_the_next_one_is_done(
    database: Database, cass: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    insert = customers.insert

    def cut_short(*given: Any) -> Any:
        saved = insert(*given)
        _cut(database.url)
        return saved

    monkeypatch.setattr(customers, "insert", cut_short)
    with pytest.raises(db.peewee.OperationalError):
        customers.create(cass, {"code": "A1"})
    monkeypatch.setattr(customers, "insert", insert)
    db.db.close()
    assert not Customer.select().exists()
    assert customers.create(cass, {"code": "A1"}).customer.code == "A1"


def test_a_page_whose_connection_breaks_says_try_again_and_the_next_one_is_there(
    database: Database, browse: New, monkeypatch: pytest.MonkeyPatch
) -> None:
    cass = browse("cass")
    page = filters.page

    def cut_short(*given: Any, **more: Any) -> Any:
        _cut(database.url)
        return page(*given, **more)

    monkeypatch.setattr(filters, "page", cut_short)
    broken = cass.get("/customers")
    assert broken.status == 503
    assert "try again" in broken.words
    monkeypatch.setattr(filters, "page", page)
    assert cass.get("/customers").status == 200


def test_a_server_that_is_away_is_a_page_in_words_and_comes_back_by_itself(database: Database, browse: New) -> None:
    cass = browse("cass")
    use("postgresql://postgres@127.0.0.1:1/nothing?connect_timeout=2")
    away = cass.get("/customers")
    assert away.status == 503
    assert "try again" in away.words
    use(database.url)
    assert cass.get("/customers").status == 200


# ---- locks of strangers ----


def test_a_row_that_a_stranger_holds_is_busy_after_three_seconds(
    database: Database, cass: Actor, new_customer: New
) -> None:
    ann = new_customer("Ann")
    with stranger(database.url) as other:
        other.execute("SELECT * FROM customer FOR UPDATE")
        began = time.monotonic()
        with pytest.raises(Busy):
            customers.edit(cass, ann.id, {"name": "Bea"})
        assert 3 <= time.monotonic() - began < 15
    assert customers.edit(cass, ann.id, {"name": "Bea"}).customer.name == "Bea"


def _somebody_waits(url: str) -> None:
    """Return when somebody waits for a row of this database."""
    waiting = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with stranger(url, autocommit=True) as other:
        for _ in range(600):
            if other.execute(waiting).fetchone():
                return
            time.sleep(0.05)
    raise AssertionError("nobody waits")


def test_a_deadlock_with_a_stranger_is_busy(database: Database, new_group: New) -> None:
    one, two = new_group("One"), new_group("Two")
    update = "UPDATE customer_group SET hue = 'red' WHERE id = %s"

    def deadlock(other: "psycopg.Connection[Any]") -> None:
        with db.transaction():
            db.db.execute_sql(update, (one.id,))
            waiting = pool.submit(other.execute, update, (one.id,))
            _somebody_waits(database.url)
            time.sleep(1.5)  # the stranger has looked for a deadlock by now, and found none
            try:
                db.db.execute_sql(update, (two.id,))
            finally:
                db.db.rollback()
                waiting.result(10)

    with stranger(database.url) as other, ThreadPoolExecutor(1) as pool:
        other.execute(update, (two.id,))
        with pytest.raises(Busy):
            deadlock(other)


def test_the_temporary_table_is_empty_between_changes_and_made_again_after_one_that_failed(
    database: Database, cass: Actor, new_customer: New, new_group: New
) -> None:
    ann, group = new_customer("Ann"), new_group("Vips")
    for _ in range(3):
        items.add_member(cass, group.id, ann.id)
        items.remove_member(cass, group.id, ann.id)
        assert db.db.execute_sql("SELECT pg_relation_size('membership_delta')").fetchone() == (0,)
    db.db.close()
    db.db.obj.close_all()
    with pytest.raises(Refusal), db.transaction():
        items.add_member(cass, group.id, ann.id)  # makes the table on this connection, in a transaction that fails
        groups.create(cass, groups.Details(""))
    items.add_member(cass, group.id, ann.id)
    assert Group.get_by_id(group.id).n_members == 1


# ---- plans ----


def test_who_leaves_a_group_is_not_looked_for_row_by_row(new_group: New) -> None:
    """A subquery for each row is quick only while it fits into the memory that the server gives it."""
    sql, parameters = membership.leaving([new_group("Vips").id]).sql()
    plan = "\n".join(row[0] for row in db.db.execute_sql(f"EXPLAIN {sql}", parameters).fetchall())
    # The view of membership asks for each staged row whether its staging counts; that is no list to look through.
    assert "Except" in plan and not re.search(r"(?<!EXISTS\()SubPlan \d+\)", plan)


# ---- backups ----


@pytest.fixture
def tools(server: PostgresServer) -> None:
    """Leave a test out where PostgreSQL's own tools are not there, or too old for a server that somebody else runs."""
    found = shutil.which("pg_dump") and subprocess.run(["pg_dump", "--version"], capture_output=True, text=True).stdout
    if not found or int(re.findall(r"\d+", found)[0]) < server.connection.info.server_version // 10_000:
        pytest.skip("there is no pg_dump on the PATH that is as new as the server")


@pytest.mark.usefixtures("tools")
def test_backups_under_load_come_back_whole_with_everything_confirmed(server: PostgresServer, tmp_path: Path) -> None:
    figures = drill_postgresql.under_load(server.url, tmp_path, 1, 1, n_customers=30)
    assert (figures.beside, figures.in_place + figures.refused, figures.lost, figures.differences) == (1, 1, 0, 0)


@pytest.mark.usefixtures("tools")
def test_a_restore_killed_at_any_moment_leaves_the_old_or_the_new_database(
    server: PostgresServer, tmp_path: Path
) -> None:
    seen = drill_postgresql.killed(server.url, tmp_path, 3, (20, 40))
    assert (seen["old"] + seen["new"], seen["neither"]) == (3, 0)


@pytest.mark.usefixtures("tools")
def test_no_session_that_was_ended_after_the_backup_opens_again_when_the_papers_are_followed(
    database: Database, cass: Actor, tmp_path: Path
) -> None:
    papers = (Path(__file__).parents[1] / "docs" / "operate.md").read_text(encoding="utf-8")
    (told,) = re.findall(r"UPDATE user_session SET .* IS NULL", papers)
    session = sessions.sign_in("cass@store.example", PASSWORD)
    backups.take(OPERATOR, tmp_path / "kept.dump")
    sessions.sign_out(cass, session.id)
    forget()
    assert drill_postgresql.restore(database.url, tmp_path / "kept.dump") == ""
    assert find_users.session(session.key) is not None
    db.db.execute_sql(told)
    assert find_users.session(session.key) is None
    assert abs((UserSession.get().ended_at - clock.now()).total_seconds()) < 60
