"""What people corrected in the rows of a file, with what the file itself said."""

from peewee import SqliteDatabase


def up(migrator, db):
    json = "TEXT" if isinstance(db, SqliteDatabase) else "JSONB"
    db.execute_sql(f"ALTER TABLE \"import\" ADD COLUMN \"corrections\" {json} NOT NULL DEFAULT '{{}}'")


def down(migrator, db):
    db.execute_sql('ALTER TABLE "import" DROP COLUMN "corrections"')
