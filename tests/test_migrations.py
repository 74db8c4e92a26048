"""Migrating: a fresh database equals the models, and neither rivals nor a kill leave anything half done."""

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playhouse.schema_diff import diff_models

from portal import migrate
from portal.db import db, is_sqlite, make_file
from portal.models import TABLES, Change, ChangeRow, Shop
from portal.permissions import OPERATOR, Actor
from portal.queries import sealed
from portal.services import customers, fields, imports, shops
from portal.text import fold
from tests import tampering
from tests.conftest import Database, PostgresServer, SqliteFiles, forget, use

# Indexes that stand in no model, because only one of the databases can have them.
OF_ONE_DATABASE = {"customer_trigrams"}
INCLUDED = {"membership_row_pkey": "staged"}  # a column that the index of a key holds beside it
SLOW = """
import sys, time
from peewee import *

def up(migrator, db):
    db.execute_sql("CREATE TABLE half (id INTEGER NOT NULL)")
    db.execute_sql("UPDATE shop SET name = 'changed'")
    print("half", flush=True)
    time.sleep(60)
"""
QUICK = """
def up(migrator, db):
    db.execute_sql("CREATE TABLE half (id INTEGER NOT NULL)")

def down(migrator, db):
    db.execute_sql("DROP TABLE half")
"""
FAILING = QUICK.split("def down")[0] + '    db.execute_sql("UPDATE shop SET no_such_column = 1")\n'
LOSING = """
def up(migrator, db):
    db.execute_sql("DELETE FROM shop WHERE code = 'S2'")
"""
RUN = "import sys; from pathlib import Path; from portal import config, db, migrate; db.configure(config.read()); " \
    "migrate.MIGRATIONS = Path(sys.argv[1]); print(*migrate.up(), flush=True)"  # fmt: skip


@pytest.fixture
def empty(server: SqliteFiles | PostgresServer) -> Iterator[str]:
    """A database without any table, in use."""
    url = server.empty()
    use(url)
    yield url
    forget()
    server.drop(url)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the portal's own migrations, to which a test adds one."""
    for path in migrate.MIGRATIONS.glob("[0-9]*.py"):
        (tmp_path / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.setattr(migrate, "MIGRATIONS", tmp_path)
    return tmp_path


def shape() -> dict[str, Any]:
    """Return all columns and indexes of the portal's tables."""
    found: dict[str, Any] = {}
    for model in TABLES:
        name = model._meta.table_name
        columns = [(row.name, row.data_type.upper(), row.null, row.primary_key) for row in db.get_columns(name)]
        indexes = [
            (index.name, tuple(name for name in index.columns if name != INCLUDED.get(index.name)), index.unique)
            for index in db.get_indexes(name)
            if index.name not in OF_ONE_DATABASE
        ]
        keys = [(key.column, key.dest_table, key.dest_column) for key in db.get_foreign_keys(name)]
        # A primary key's index is named by the database.
        found[name] = sorted(columns), sorted(index for index in indexes if "autoindex" not in index[0]), sorted(keys)
    return found


def differing() -> str:
    """Return in which words the database differs from the models."""
    found = diff_models(db.obj, TABLES)
    surplus = [index for index in found.drop_indexes if index.name not in OF_ONE_DATABASE]
    return str(found._replace(drop_indexes=surplus))


def start(url: str, *words: str) -> "subprocess.Popen[str]":
    """Run Python with the portal on a database, in a process of its own."""
    environ = {**os.environ, "PORTAL_DATABASE": url}
    return subprocess.Popen(
        [sys.executable, *words], env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


# ---- the tables are the models' ----


def test_a_fresh_database_is_what_the_models_say(database: Database) -> None:
    assert differing() == ""


def test_columns_types_indexes_and_references_are_those_that_the_models_would_make(
    database: Database, empty: str
) -> None:
    make_file()
    db.create_tables(TABLES)
    wanted = shape()
    forget()
    use(database.url)
    assert shape() == wanted


def test_one_down_and_one_up_is_the_same_again(database: Database) -> None:
    before, steps = shape(), migrate.known()
    assert migrate.down(1) == steps[-1:]
    assert migrate.pending() == steps[-1:]
    assert migrate.up() == steps[-1:]
    assert shape() == before


def test_all_the_way_down_leaves_nothing(database: Database) -> None:
    assert migrate.down(len(migrate.known())) == migrate.known()[::-1]
    assert [name for name in db.get_tables() if name != "schema_migration"] == []


def test_up_again_touches_nothing(database: Database, s1: Shop) -> None:
    before = database.checksum()
    assert migrate.up() == []
    assert database.checksum() == before


def test_changes_from_before_there_were_seals_are_sealed_when_they_come(
    database: Database, cass: Actor, tmp_path: Path
) -> None:
    tampering.make(cass, tmp_path)
    before, n_rows = Change.select().count(), ChangeRow.select().count()
    steps = migrate.known()
    migrate.down(len(steps) - steps.index("0007_sealed_changes"))
    assert "change_seal" not in db.get_tables()
    migrate.up()
    proof = sealed.prove()
    assert (proof.broken, proof.n_rows, Change.select().count()) == ([], n_rows, before)
    assert proof.n_seals == before  # one each, of an import too
    shops.create(OPERATOR, code="Z9", name="After")
    assert sealed.prove().broken == []


# ---- several at once, and cut short ----


def test_the_indexes_of_own_fields_are_exchanged_for_those_that_lists_are_sorted_by(cass: Actor) -> None:
    for type_, said in (("text", {"is_filterable": True}), ("number", {"is_unique": True}), ("date", {})):
        fields.create(cass, fields.Details({"en": f"A {type_}"}, type_, **said))
    made = _of_own_fields()
    assert len(made) == 2
    while "0015_order_of_own_fields" not in migrate.pending():
        migrate.down(1)
    before = _of_own_fields()
    assert before == {name: told.replace(", customer_id)", ")") for name, told in made.items()}
    assert (before == made) == is_sqlite()
    migrate.up()
    assert _of_own_fields() == made


def test_what_rules_compare_is_filled_in_for_customers_and_staged_rows_of_before(cass: Actor, tmp_path: Path) -> None:
    told = ("", "Rúa 1", "ΣΊΣΥΦΟΣ ﬁne", "ᏣᎳᎩ", "ᲀᲁ", "\u200b", "a\nb", "ẞ’‘´")
    file = tmp_path / "people.csv"
    lines = [f'"A{n}","Ann","{text[::-1]}","{text}"' for n, text in enumerate(told)]
    file.write_text("\n".join(["code,name,id number,address", *lines]) + "\n", encoding="utf-8")
    imported = imports.check(cass, file, "people.csv")
    imports.run(cass, imported.id)
    steps, made = migrate.known(), [_keys(table) for table in ("customer", "import_row")]
    assert len(made[0]) == len(made[1]) == len(told)
    assert ("ᏣᎳᎩ", fold("ᏣᎳᎩ")) in {row[3:] for row in made[0]}
    migrate.down(len(steps) - steps.index("0017_more_keys"))
    assert "address_key" not in {column.name for column in db.get_columns("customer")}
    migrate.up()
    assert [_keys(table) for table in ("customer", "import_row")] == made
    customers.create(cass, {"code": "B1", "address": "Rúa"})
    assert _keys("customer")[-1][3:] == ("Rúa", "rua")


def _keys(table: str) -> list[tuple[Any, ...]]:
    columns = '"id", "id_number", "id_number_key", "address", "address_key"'
    return [tuple(row) for row in db.execute_sql(f'SELECT {columns} FROM "{table}" ORDER BY "id"').fetchall()]


def _of_own_fields() -> dict[str, str]:
    there = "name, sql FROM sqlite_master" if is_sqlite() else "indexname, indexdef FROM pg_indexes"
    found = db.execute_sql(f"SELECT {there}").fetchall()
    return {name: told for name, told in found if name.startswith("customer_value_f")}


def test_of_three_processes_that_migrate_at_once_one_does_it(empty: str) -> None:
    rivals = [start(empty, "-m", "portal.cli", "migrate") for _ in range(3)]
    said = [rival.communicate(timeout=60) for rival in rivals]
    assert [rival.returncode for rival in rivals] == [0, 0, 0], said
    lines = [line for out, _ in said for line in out.splitlines()]
    assert sorted(line for line in lines if line in migrate.known()) == migrate.known(), lines
    assert differing() == ""
    assert migrate.pending() == []


def test_a_migration_killed_in_the_middle_has_not_happened(database: Database, s1: Shop, folder: Path) -> None:
    own = folder / "0999_half.py"
    own.write_text(SLOW, encoding="utf-8")
    before = database.checksum()
    process = start(database.url, "-c", RUN, str(folder))
    assert process.stdout is not None
    assert process.stdout.readline() == "half\n", process.stderr.read() if process.stderr else ""
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=20)
    forget()
    assert database.checksum() == before
    assert migrate.pending() == ["0999_half"]
    own.write_text(QUICK, encoding="utf-8")
    assert migrate.up() == ["0999_half"]
    assert "half" in db.get_tables()


def test_a_migration_that_fails_has_not_happened(database: Database, s1: Shop, folder: Path) -> None:
    before = database.checksum()
    (folder / "0999_half.py").write_text(FAILING, encoding="utf-8")
    with pytest.raises(Exception, match="no_such_column"):
        migrate.up()
    assert database.checksum() == before
    assert migrate.pending() == ["0999_half"]


def test_rows_that_a_migration_loses_are_written_to_the_log(
    database: Database, s1: Shop, s2: Shop, folder: Path
) -> None:
    (folder / "0999_losing.py").write_text(LOSING, encoding="utf-8")
    said: list[Any] = []
    handler = logging.Handler()
    handler.emit = lambda record: said.append(  # type: ignore[method-assign]
        (record.levelname, record.migrations, record.lost_rows)
    )
    logger = logging.getLogger("portal.migrate")
    level, quiet = logger.level, logging.root.manager.disable
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.disabled = False
    logging.disable(logging.NOTSET)  # a terminal command run before in this process may have silenced all logs
    try:
        migrate.up()
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        logging.disable(quiet)
    assert said == [("ERROR", ["0999_losing"], {"shop": (2, 1)})]
