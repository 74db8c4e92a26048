"""What an import would move in all groups, worked out before it is written, and what that depends on."""

from peewee import *


def is_sqlite(db):
    return isinstance(db, SqliteDatabase)


def up(migrator, db):
    json = "TEXT" if is_sqlite(db) else "JSONB"
    db.execute_sql(f"ALTER TABLE \"import\" ADD COLUMN \"foreseen\" {json} NOT NULL DEFAULT '{{}}'")
    db.execute_sql('ALTER TABLE "import" ADD COLUMN "code_base" INTEGER NOT NULL DEFAULT 0')
    # Rows that were staged before have none: their customers get one when they are written.
    db.execute_sql("ALTER TABLE \"import_row\" ADD COLUMN \"uid\" TEXT NOT NULL DEFAULT ''")

    class Import(Model):
        class Meta:
            database = db
            table_name = 'import'
            legacy_table_names = False

    class ImportMove(Model):
        imported = ForeignKeyField(Import, column_name='import_id', on_delete='CASCADE', index=False)
        group_id = IntegerField()
        is_joining = BooleanField()
        row = IntegerField()
        class Meta:
            database = db
            table_name = 'import_move'
            without_rowid = is_sqlite(db)
            legacy_table_names = False
            primary_key = CompositeKey('imported', 'group_id', 'is_joining', 'row')
    db.create_tables([ImportMove])


def down(migrator, db):
    db.execute_sql('DROP TABLE "import_move"')
    db.execute_sql('ALTER TABLE "import_row" DROP COLUMN "uid"')
    db.execute_sql('ALTER TABLE "import" DROP COLUMN "code_base"')
    db.execute_sql('ALTER TABLE "import" DROP COLUMN "foreseen"')
