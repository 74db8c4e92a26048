"""On PostgreSQL the indexes of own fields end with the customer, so that lists sorted by one walk them."""

from peewee import SqliteDatabase


def up(migrator, db):
    exchange(db, ")", ", customer_id)")


def down(migrator, db):
    exchange(db, ", customer_id)", ")")


def exchange(db, end, other):
    if isinstance(db, SqliteDatabase):  # there they do so by themselves
        return
    query = (
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema()"
        " AND tablename = 'customer_value' AND indexname LIKE 'customer\\_value\\_f%%'"
    )
    for name, made in db.execute_sql(query).fetchall():
        db.execute_sql(f'DROP INDEX "{name}"')
        db.execute_sql(made.replace(end, other, 1))
