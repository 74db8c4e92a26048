"""Emptying a PostgreSQL database between two tests, which is many times quicker than making another one.

A connection that stays open keeps what it has learned of the tables. What cannot be emptied is thrown away: a database
whose catalogue, settings or applied migrations a test has changed, one that has grown, one that others are still
connected to. `Emptying.run` tells.
"""

from typing import Any

import psycopg

PAGES = 100  # of rows, dead ones too, that later tests would have to read past
IN_PUBLIC = "relnamespace = 'public'::regnamespace"
MINE = f"SELECT oid FROM pg_class WHERE {IN_PUBLIC}"
# Whatever is done to a column, an index, a rule of a table, a function … writes a row of these anew.
CATALOGUE = {
    "pg_attribute": f"attrelid IN ({MINE})",
    "pg_attrdef": f"adrelid IN ({MINE})",
    "pg_constraint": f"conrelid IN ({MINE})",
    "pg_index": f"indrelid IN ({MINE})",
    "pg_trigger": f"tgrelid IN ({MINE})",
    "pg_type": "typnamespace = 'public'::regnamespace",
    "pg_proc": "pronamespace = 'public'::regnamespace",
    "pg_namespace": "nspname !~ '^pg_'",  # temporary tables come and go
    "pg_extension": "true",
    "pg_db_role_setting": "setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())",
}
FINGERPRINT = ", ".join([
    *(f"(SELECT (count(*), sum(xmin::text::bigint)) FROM {name} WHERE {rows})" for name, rows in CATALOGUE.items()),
    "(SELECT (count(*), sum(hashtext(relname)), sum(relfilenode::bigint), sum(relnatts), count(reloptions))"
    f" FROM pg_class WHERE {IN_PUBLIC})",
    "(SELECT md5(string_agg(m::text, ' ' ORDER BY id)) FROM schema_migration m)",
])  # fmt: skip
# What ANALYZE has noted of the rows, by which plans are made.
NOTED = f"(SELECT (sum(relpages), sum(reltuples)) FROM pg_class WHERE {IN_PUBLIC})"


class Emptying:
    """How every database that was made of a template is brought back to what the template holds."""

    def __init__(self, template: "psycopg.Connection[Any]") -> None:
        """Read what the template holds."""
        names = f"SELECT relname FROM pg_class WHERE {IN_PUBLIC} AND relkind = %s ORDER BY 1"
        tables, sequences = ([name for (name,) in template.execute(names, (kind,))] for kind in "rS")
        tables.remove("schema_migration")  # its rows are among what must be the same
        self._same, self._noted = _row(template, f"SELECT ({FINGERPRINT})::text, {NOTED}::text")
        pages = " + ".join(f"pg_relation_size('\"{name}\"')" for name in tables)
        self._look = (
            f"SELECT ({FINGERPRINT})::text, {NOTED}::text, pg_stat_get_db_numbackends(oid), ({pages}) / 8192,"
            " pg_advisory_unlock_all() FROM pg_database WHERE datname = current_database()"
        )
        deleting = ", ".join(f'd{n} AS (DELETE FROM "{name}")' for n, name in enumerate(tables))
        self._empty = [f"WITH {deleting} SELECT {', '.join(_start(template, name) for name in sequences)}"]
        for name in tables:
            (rows,) = _row(template, f"SELECT string_agg(quote_literal(t::text), ', ') FROM \"{name}\" t")
            if rows:
                self._empty.append(f'INSERT INTO "{name}" SELECT (t::"{name}").* FROM unnest(ARRAY[{rows}]) t')
        noted = template.execute(f"SELECT oid, relpages, reltuples FROM pg_class WHERE {IN_PUBLIC}")
        values = ", ".join(f"({oid}::oid, {pages}, {rows}::real)" for oid, pages, rows in noted)
        self._forget = [
            f"DELETE FROM pg_statistic WHERE starelid IN ({MINE})",
            f"UPDATE pg_class c SET relpages = v.pages, reltuples = v.rows FROM (VALUES {values}) v(oid, pages, rows)"
            " WHERE c.oid = v.oid AND (c.relpages, c.reltuples) IS DISTINCT FROM (v.pages, v.rows)",
        ]

    def run(self, connection: "psycopg.Connection[Any]") -> bool:
        """Empty the database and tell whether it is now as good as a new one; raises what psycopg does."""
        with connection.transaction():
            same, noted, n_connected, n_pages, _unlocked = _row(connection, self._look)
            if same != self._same or n_connected > 1 or n_pages > PAGES:
                return False
            connection.execute("RESET ALL")
            connection.execute("SET LOCAL session_replication_role = replica")  # what guards the rows rests
            for statement in self._empty if noted == self._noted else [*self._empty, *self._forget]:
                connection.execute(statement, prepare=True)
        return True


def _row(connection: "psycopg.Connection[Any]", sql: str) -> Any:
    return connection.execute(sql, prepare=True).fetchone()


def _start(template: "psycopg.Connection[Any]", sequence: str) -> str:
    """Return the call that brings a sequence to where it is now."""
    last, is_called = _row(template, f'SELECT last_value, is_called FROM "{sequence}"')
    return f"setval('\"{sequence}\"', {last}, {is_called})"
