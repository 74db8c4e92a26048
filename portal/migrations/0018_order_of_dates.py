"""In which order the dates of a file's columns are written: of an import, and as chosen for the shape of a file."""

from peewee import SqliteDatabase


def up(migrator, db):
    json = "TEXT" if isinstance(db, SqliteDatabase) else "JSONB"
    db.execute_sql(f"ALTER TABLE \"import\" ADD COLUMN \"dates\" {json} NOT NULL DEFAULT '{{}}'")
    db.execute_sql(f"ALTER TABLE \"file_shape\" ADD COLUMN \"dates\" {json} NOT NULL DEFAULT '{{}}'")


def down(migrator, db):
    db.execute_sql('ALTER TABLE "file_shape" DROP COLUMN "dates"')
    db.execute_sql('ALTER TABLE "import" DROP COLUMN "dates"')
