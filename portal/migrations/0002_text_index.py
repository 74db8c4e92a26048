"""An index for parts of names, codes, e-mails and phones on PostgreSQL, without an extension; SQLite has its own."""

from peewee import SqliteDatabase

# The hash of every three characters in a row, as pg_trgm would cut them: 4 bytes each, compared four times faster than
# text. Two that share a hash only mean a row looked at in vain, since LIKE has the last word. PostgreSQL keeps `hashtext`
# stable, because hash indexes on disk rest on it.
FUNCTION = """
CREATE FUNCTION customer_trigrams(told text) RETURNS integer[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(hashtext(substr(told, place, 3))), '{}')
    FROM generate_series(1, length(told) - 2) AS place
$$
"""
INDEX = "CREATE INDEX customer_trigrams ON customer USING gin (customer_trigrams(search))"


def up(migrator, db):
    if not isinstance(db, SqliteDatabase):
        db.execute_sql(FUNCTION)
        db.execute_sql(INDEX)


def down(migrator, db):
    if not isinstance(db, SqliteDatabase):
        db.execute_sql("DROP INDEX customer_trigrams")
        db.execute_sql("DROP FUNCTION customer_trigrams(text)")
