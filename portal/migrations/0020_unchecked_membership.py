"""The references of `membership` and `past_membership` are no longer checked row by row (decision 0092).

PostgreSQL drops them by name. SQLite cannot; its own way for a constraint that leaves the rows as they are is to write the
table's text anew, which takes as long for a million rows as for none.
"""

from peewee import SqliteDatabase

REFERENCES = {
    "membership": {"group": "customer_group", "customer": "customer", "cause": "change"},
    "past_membership": {
        "group": "customer_group", "customer": "customer", "joined_by": "change", "left_by": "change",
    },
}  # fmt: skip


def clauses(table):
    return "".join(
        f', FOREIGN KEY ("{column}_id") REFERENCES "{target}" ("id") ON DELETE RESTRICT'
        for column, target in REFERENCES[table].items()
    )


def written_anew(db, table, old, new):
    (text,) = db.execute_sql("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?", (table,)).fetchone()
    if text.count(old) != 1:
        raise RuntimeError(f"The table {table} is not as this step expects it; nothing was changed.")
    (version,) = db.execute_sql("PRAGMA schema_version").fetchone()
    db.execute_sql("PRAGMA writable_schema = ON")
    try:
        db.execute_sql(
            "UPDATE sqlite_schema SET sql = ? WHERE type = 'table' AND name = ?", (text.replace(old, new), table)
        )
        # Whoever has read the tables' texts reads them again.
        db.execute_sql(f"PRAGMA schema_version = {version + 1}")
    finally:
        db.execute_sql("PRAGMA writable_schema = OFF")


def up(migrator, db):
    for table, references in REFERENCES.items():
        if isinstance(db, SqliteDatabase):
            written_anew(db, table, clauses(table) + ")", ")")
            continue
        for column in references:
            db.execute_sql(f'ALTER TABLE "{table}" DROP CONSTRAINT "{table}_{column}_id_fkey"')


def down(migrator, db):
    for table, references in REFERENCES.items():
        if isinstance(db, SqliteDatabase):
            (text,) = db.execute_sql(
                "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?", (table,)
            ).fetchone()
            end = text.rindex(")")
            written_anew(db, table, text, text[:end] + clauses(table) + text[end:])
            continue
        for column, target in references.items():
            db.execute_sql(
                f'ALTER TABLE "{table}" ADD CONSTRAINT "{table}_{column}_id_fkey" FOREIGN KEY ("{column}_id")'
                f' REFERENCES "{target}" ("id") ON DELETE RESTRICT'
            )
