"""Checks of the database: what holds on a connection, whether it is whole, whether it has the right shape."""

import re
from functools import partial

import peewee

from portal import migrate
from portal.db import Model, db, is_sqlite, writers_wait
from portal.errors import N_, Busy
from portal.models import TABLES, CustomerValue, Field
from portal.models.membership import Unchecked
from portal.queries.doctor.findings import Check, Finding, Place, bad, ok, strict, warn

LOG_MEGABYTES = 256
PRAGMAS = (
    ("journal-mode", "journal_mode", ("wal",)),
    ("synchronous", "synchronous", (2, 3)),
    ("foreign-keys", "foreign_keys", (1,)),
    ("secure-delete", "secure_delete", (1,)),
)
_OF_KEY = re.compile(r"_pkey$|^sqlite_autoindex_")


def _pragma(name: str, wanted: tuple[object, ...], place: Place) -> Finding:
    value = db.execute_sql(f"PRAGMA {name}").fetchone()[0]
    if value not in wanted:
        return bad(value, N_("The setting of SQLite is not in force on a connection. Report this with the version."))
    return ok(value)


def _whole(place: Place) -> Finding:
    found = [row[0] for row in db.execute_sql("PRAGMA integrity_check(20)").fetchall()]
    if found != ["ok"]:
        return bad(len(found), N_("The database is damaged. Stop the portal, keep a copy, and restore a backup."))
    return ok()


def _references(place: Place) -> Finding:
    n = len(db.execute_sql("PRAGMA foreign_key_check").fetchall()) if is_sqlite() else 0
    fields = [field for model in TABLES for field in model._meta.sorted_fields]
    n += sum(_dangling(field) for field in fields if isinstance(field, Unchecked))
    if n:
        return bad(n, N_("Rows refer to rows that are not there. Restore a backup, or ask for help with this number."))
    return ok(0)


def _dangling(field: Unchecked) -> int:
    """Return how many rows refer by a column that the database does not check to what is not there."""
    there = field.rel_model.select(peewee.SQL("1")).where(field.rel_field == field)
    return int(field.model.select().where(~peewee.fn.EXISTS(there)).count())


def _search_rows(place: Place) -> Finding:
    # Words shorter than three signs have no trigram and are not in the index. Reads only; a check that writes
    # (FTS5's own) would let writers wait for as long.
    db.execute_sql(
        "CREATE VIRTUAL TABLE IF NOT EXISTS temp.search_terms USING fts5vocab(main, customer_search, instance)"
    )
    found, wanted = db.execute_sql(
        "SELECT (SELECT count(DISTINCT doc) FROM temp.search_terms),"
        " (SELECT count(*) FROM customer WHERE length(search) >= 3)"
    ).fetchone()
    if found != wanted:
        return bad(found - wanted, N_("The search index lacks or doubles customers. Restore a backup, or rebuild it."))
    return ok(found)


def _log_size(place: Place) -> Finding:
    path = place.settings.sqlite_path
    log = path.with_name(path.name + "-wal")
    size = log.stat().st_size // 2**20 if log.is_file() else 0
    if size > LOG_MEGABYTES:
        return warn(f"{size} MB", N_("The write-ahead log has grown: something reads for long. Restart the portal."))
    return ok(f"{size} MB")


def _gate(place: Place) -> Finding:
    try:
        with writers_wait():
            db.execute_sql("BEGIN IMMEDIATE")
            db.execute_sql("ROLLBACK")
    except Busy:
        return warn("", N_("Nobody could write for three seconds. If it stays so, see who holds the database."))
    except peewee.OperationalError as error:
        return bad(type(error).__name__, N_("The database cannot be written. See its rights and the disk."))
    return ok()


def _pending(place: Place) -> Finding:
    n = len(migrate.pending())
    return bad(n, N_("The database is not ready: run “portal migrate” first.")) if n else ok(0)


def _newer(place: Place) -> Finding:
    n = len(migrate.unknown())
    if n:
        return bad(n, N_("The database is newer than this version of the portal. Install the newer version."))
    return ok(0)


def _shape(place: Place) -> Finding:
    n = sum(map(_differences, TABLES))
    if n:
        return bad(n, N_("Tables differ from what this version expects. Somebody changed them by hand."))
    return ok(len(TABLES))


def _differences(model: type[Model]) -> int:
    """Return how many columns and indexes of a table are missing, surplus or different."""
    meta = model._meta
    columns = {(column.name, column.null) for column in db.get_columns(meta.table_name)}
    wanted = {(field.column_name, field.null) for field in meta.sorted_fields}
    own = list(Field.select()) if model is CustomerValue else []
    wanted |= {(column, True) for field in own for column in field.columns}
    # Those of primary keys the databases name themselves.
    indexes = {name for name in (index.name for index in db.get_indexes(meta.table_name)) if not _OF_KEY.search(name)}
    made = {index._name for index in meta.fields_to_index()}
    made |= {f"{meta.table_name}_{field.column}" for field in own if field.is_indexed}
    # Some indexes are of one database only; those stand in a migration and in no model.
    surplus = {name for name in indexes - made if name not in migrate.sources()}
    return len(columns ^ wanted) + len(made - indexes) + len(surplus)


def _server_safe(place: Place) -> Finding:
    off = [name for name in ("fsync", "full_page_writes") if db.execute_sql(f"SHOW {name}").fetchone()[0] != "on"]
    if db.execute_sql("SHOW synchronous_commit").fetchone()[0] == "off":
        off.append("synchronous_commit")
    if off:
        return strict(place, ", ".join(off), N_("The server may lose confirmed changes in a power cut. Turn this on."))
    return ok()


def _server_text(place: Place) -> Finding:
    found = db.execute_sql("SHOW server_encoding").fetchone()[0]
    return ok(found) if found == "UTF8" else bad(found, N_("The database must hold UTF-8. Make it anew with that."))


def _server_encrypted(place: Place) -> Finding:
    is_remote, is_encrypted = db.execute_sql(
        "SELECT inet_server_addr() IS NOT NULL AND NOT inet_server_addr() <<= '127.0.0.0/8', ssl"
        " FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
    ).fetchone()
    if is_remote and not is_encrypted:
        return strict(place, "", N_("The way to the database is not encrypted. Set PGSSLMODE=verify-full."))
    return ok()


CHECKS = (
    *(
        Check(name, partial(_pragma, pragma, wanted), only="sqlite", needs="database")
        for name, pragma, wanted in PRAGMAS
    ),
    Check("integrity", _whole, only="sqlite", needs="database"),
    Check("references", _references, needs="tables"),
    Check("write-gate", _gate, only="sqlite", needs="database"),
    Check("log-size", _log_size, only="sqlite", needs="database"),
    Check("durability", _server_safe, only="postgresql", needs="database"),
    Check("encoding", _server_text, only="postgresql", needs="database"),
    Check("encryption", _server_encrypted, only="postgresql", needs="database"),
    Check("migrations-pending", _pending, needs="database"),
    Check("migrations-unknown", _newer, needs="database"),
    Check("tables", _shape, needs="tables"),
    Check("search-complete", _search_rows, only="sqlite", needs="tables"),
)
