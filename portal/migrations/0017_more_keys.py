"""What rules compare numbers of IDs and addresses by: their folded text, of customers and of staged rows.

SQLite asks the portal's own function. On PostgreSQL an update of every row would leave a table twice as long, so it is
written anew once, with what the function of SQL says; where that differs from the portal's (in rare alphabets), the
portal's is put in its place.
"""

from peewee import SqliteDatabase

from portal.text import fold

TABLES = ("customer", "import_row")
NAMES = ("id_number", "address")
PART = 20_000


def up(migrator, db):
    for table in TABLES:
        if isinstance(db, SqliteDatabase):
            for name in NAMES:
                db.execute_sql(f'ALTER TABLE "{table}" ADD COLUMN "{name}_key" TEXT')
            keys = ", ".join(f"\"{name}_key\" = nullif(folded(\"{name}\"), '')" for name in NAMES)
            db.execute_sql(f"UPDATE \"{table}\" SET {keys} WHERE \"id_number\" <> '' OR \"address\" <> ''")
        else:
            written_anew(db, table)
            set_right(db, table)


def written_anew(db, table):
    made = (f"ADD COLUMN \"{name}_key\" TEXT GENERATED ALWAYS AS (nullif(folded(\"{name}\"), '')) STORED" for name in NAMES)
    db.execute_sql(f'ALTER TABLE "{table}" {", ".join(made)}')
    plain = ", ".join(f'ALTER COLUMN "{name}_key" DROP EXPRESSION' for name in NAMES)
    db.execute_sql(f'ALTER TABLE "{table}" {plain}')


def set_right(db, table):
    last = 0
    while True:
        rows = db.execute_sql(
            f'SELECT "id", "id_number", "address", "id_number_key", "address_key" FROM "{table}" WHERE "id" > %s'
            f" ORDER BY \"id\" LIMIT {PART}", (last,),
        ).fetchall()  # fmt: skip
        if not rows:
            return
        last = rows[-1][0]
        for id_, *texts, number_key, address_key in rows:
            keys = [fold(text or "") or None for text in texts]
            if keys != [number_key, address_key]:
                db.execute_sql(
                    f'UPDATE "{table}" SET "id_number_key" = %s, "address_key" = %s WHERE "id" = %s', (*keys, id_)
                )


def down(migrator, db):
    for table in TABLES:
        for name in reversed(NAMES):
            db.execute_sql(f'ALTER TABLE "{table}" DROP COLUMN "{name}_key"')
