"""A database of PostgreSQL that is emptied for the next test is as good as a new one, or it is thrown away."""

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from portal import db
from portal.models import Shop
from portal.permissions import OPERATOR
from portal.services import shops
from tests.conftest import Database, PostgresServer, forget, use
from tests.emptying import IN_PUBLIC, Emptying

New = Callable[..., Any]


@pytest.fixture
def new(server: PostgresServer) -> Iterator[Database]:
    """A database that was just made, and not one that others have used."""
    url = server.new()
    use(url)
    yield Database(url, server)
    forget()
    server.drop(url)


def _told(url: str, server: PostgresServer) -> dict[str, Any]:
    """Return all that a test could notice of the tests before it."""
    use(url)
    ask = f"SELECT relname FROM pg_class WHERE {IN_PUBLIC} AND relkind = 'S' ORDER BY 1"
    asked = {
        name: db.db.execute_sql(sql).fetchall()
        for name, sql in {
            "plans are made by": f"SELECT relname, relpages, reltuples FROM pg_class WHERE {IN_PUBLIC} ORDER BY 1",
            "what is known of values": "SELECT count(*) FROM pg_stats WHERE schemaname = 'public'",
            "columns": f"SELECT relname, relnatts, relchecks, relhasindex FROM pg_class WHERE {IN_PUBLIC} ORDER BY 1",
        }.items()
    }
    sequences = {
        name: db.db.execute_sql(f'SELECT last_value, is_called FROM "{name}"').fetchone()
        for (name,) in db.db.execute_sql(ask).fetchall()
    }
    return {"rows": Database(url, server).checksum(), "sequences": sequences, **asked}


def _is_kept(server: PostgresServer) -> bool:
    """Empty the database in use; tell whether the next test would get it."""
    try:
        return server.emptying.run(db.db.connection())
    except psycopg.Error:
        return False


def test_a_full_database_is_emptied_to_the_last_row_number_and_estimate(
    server: PostgresServer, database: Database, s1: Shop, new_customer: New, new_group: New, new: Database
) -> None:
    before = _told(new.url, server)
    use(database.url)
    new_group("Vips", [new_customer(f"Name {n}", s1) for n in range(40)], [s1])
    db.db.execute_sql("ANALYZE")
    filled = _told(database.url, server)
    assert all(filled[name] != before[name] for name in before if name != "columns")
    assert sum(map(bool, filled["rows"].values())) > 10
    assert _is_kept(server)
    assert _told(database.url, server) == before
    assert shops.create(OPERATOR, code="S1", name="First").id == 1


def test_what_a_connection_was_told_is_forgotten(server: PostgresServer, new: Database) -> None:
    def told() -> list[Any]:
        # Only its own: whoever tests beside this one holds locks too.
        locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
        asked = ["SHOW lock_timeout", "SHOW TimeZone", locks]
        return [db.db.execute_sql(sql).fetchone() for sql in asked]

    before = told()
    for sql in ("SET lock_timeout = '9s'", "SET TimeZone = 'Asia/Tokyo'", "SELECT pg_advisory_lock(7)"):
        db.db.execute_sql(sql)
    assert [one != other for one, other in zip(told(), before, strict=True)] == [True] * 3
    assert _is_kept(server)
    assert told() == before


CHANGES = [
    "ALTER TABLE customer ADD COLUMN own_1 text",
    "ALTER TABLE customer DROP COLUMN address",
    "ALTER TABLE customer ALTER COLUMN name SET DEFAULT 'x'",
    "ALTER TABLE customer ALTER COLUMN name DROP NOT NULL",
    "ALTER TABLE customer RENAME COLUMN name TO title",
    "ALTER TABLE customer RENAME TO person",
    "ALTER TABLE customer ADD CONSTRAINT short CHECK (length(name) < 9)",
    "ALTER TABLE customer SET (fillfactor = 50)",
    "ALTER TABLE change DISABLE TRIGGER change_delete",
    "DROP TRIGGER change_delete ON change",
    "CREATE INDEX more ON customer (name)",
    "ALTER INDEX customer_live RENAME TO other",
    "DROP INDEX customer_live",
    "TRUNCATE customer CASCADE",
    "CREATE TABLE more (id integer)",
    "CREATE VIEW more AS SELECT 1",
    "CREATE SEQUENCE more",
    "CREATE SCHEMA more",
    "CREATE FUNCTION more() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    "CREATE OR REPLACE FUNCTION change_is_kept() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    "DELETE FROM schema_migration WHERE id = 1",
    "UPDATE schema_migration SET name = name || 'x' WHERE id = 1",
    "DO $$ BEGIN EXECUTE format('ALTER DATABASE %%I SET work_mem = 999', current_database()); END $$",
]


@pytest.mark.parametrize("sql", CHANGES)
def test_a_database_that_was_made_another_one_is_not_used_again(
    server: PostgresServer, new: Database, sql: str
) -> None:
    assert _is_kept(server)
    db.db.execute_sql(sql)
    assert not _is_kept(server)


def test_a_database_that_somebody_else_looks_into_is_not_used_again(server: PostgresServer, new: Database) -> None:
    with psycopg.connect(new.url):
        assert not _is_kept(server)


def test_a_database_that_has_grown_is_not_used_again(server: PostgresServer, new: Database) -> None:
    db.db.execute_sql("INSERT INTO setting (key, value, version) SELECT n, '{}', 1 FROM generate_series(1, 20000) n")
    assert not _is_kept(server)


def test_the_same_database_goes_from_test_to_test_until_one_changes_it(server: PostgresServer) -> None:
    with server.lent() as first:
        shops.create(OPERATOR, code="S1", name="Huye")
    with server.lent() as second:
        assert (second, list(Shop.select())) == (first, [])
        db.db.execute_sql("CREATE TABLE more (id integer)")
    with server.lent() as third:
        assert third != first
        assert "more" not in db.db.get_tables()
    with psycopg.connect(server.url) as connection:
        name = first.rpartition("/")[2].partition("?")[0]
        assert connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone() is None


def test_what_was_said_of_the_template_holds_for_each_of_its_copies(server: PostgresServer, new: Database) -> None:
    own = Emptying(db.db.connection())
    assert vars(own) == vars(server.emptying)


def test_a_moment_comes_back_to_the_last_sign_whatever_was_done_since(
    server: PostgresServer, new: Database, s1: Shop, new_customer: New
) -> None:
    for key, value in [("it's \"\\", '{"a": [null, 1.50, "ü,()"]}'), ("", "null")]:
        db.db.execute_sql("INSERT INTO setting (key, value, version) VALUES (%s, %s, 1)", (key, value))
    shops.create(OPERATOR, code="S7", name='Huye, (north) \\ "east"')
    moment = new.moment()
    before = _told(new.url, server)
    n_databases = "SELECT count(*), max(oid::bigint) FROM pg_database"
    there = server.connection.execute(n_databases).fetchone()
    for sql in ("DELETE FROM shop WHERE code = 'S7'", "UPDATE setting SET value = '{}'", "DELETE FROM change_row"):
        db.db.execute_sql("SET session_replication_role = replica")
        db.db.execute_sql(sql)
    shops.create(OPERATOR, code="S8", name="Another")
    moment.restore()
    assert _told(new.url, server) == before
    assert server.connection.execute(n_databases).fetchone() == there  # no other database was made for it
    db.db.execute_sql("ALTER TABLE shop ADD COLUMN more integer")
    moment.restore()
    assert _told(new.url, server) == before
    assert server.connection.execute(n_databases).fetchone() != there
