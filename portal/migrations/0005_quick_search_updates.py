"""Let the search index of SQLite mark what is replaced instead of cutting it out at once (decision 0041)."""

from peewee import SqliteDatabase


def up(migrator, db):
    if isinstance(db, SqliteDatabase):
        db.execute_sql("INSERT INTO customer_search(customer_search, rank) VALUES ('secure-delete', 0)")


def down(migrator, db):
    if isinstance(db, SqliteDatabase):
        db.execute_sql("INSERT INTO customer_search(customer_search, rank) VALUES ('secure-delete', 1)")
