"""Which change a change undoes, and when a customer or shop was taken away by undoing what had brought her in."""

from peewee import SqliteDatabase

INDEXES = {
    "change_undoes": '"change" ("undoes_id") WHERE ("undoes_id" IS NOT NULL)',
    "customer_removed": '"customer" ("id") WHERE ("removed_at" IS NOT NULL)',
    "customer_live": '"customer" ("name_key", "id") WHERE ("removed_at" IS NULL)',
}


def up(migrator, db):
    moment = "DATETIME" if isinstance(db, SqliteDatabase) else "TIMESTAMP"
    db.execute_sql('ALTER TABLE "change" ADD COLUMN "undoes_id" INTEGER REFERENCES "change" ("id") ON DELETE RESTRICT')
    for table in ("customer", "shop"):
        db.execute_sql(f'ALTER TABLE "{table}" ADD COLUMN "removed_at" {moment}')
    for name, rest in INDEXES.items():
        db.execute_sql(f'CREATE INDEX "{name}" ON {rest}')
    keep_what_is_undone(db)
    # Lists walk the one above: it holds only who is there.
    db.execute_sql('DROP INDEX "customer_name_key_id"')


def keep_what_is_undone(db):
    """Which change a change undoes stays as it was said (migration 0007 keeps the rest)."""
    if isinstance(db, SqliteDatabase):
        db.execute_sql(
            'CREATE TRIGGER "change_undoes_kept" BEFORE UPDATE ON "change"'
            ' WHEN OLD."undoes_id" IS NOT NEW."undoes_id"'
            " BEGIN SELECT RAISE(ABORT, 'changes are kept as they were'); END"
        )
        return
    db.execute_sql(
        'CREATE TRIGGER "change_undoes_kept" BEFORE UPDATE ON "change" FOR EACH ROW'
        ' WHEN (OLD."undoes_id" IS DISTINCT FROM NEW."undoes_id") EXECUTE FUNCTION change_is_kept()'
    )


def down(migrator, db):
    on = "" if isinstance(db, SqliteDatabase) else ' ON "change"'
    db.execute_sql(f'DROP TRIGGER "change_undoes_kept"{on}')
    db.execute_sql('CREATE INDEX "customer_name_key_id" ON "customer" ("name_key", "id")')
    for name in INDEXES:
        db.execute_sql(f'DROP INDEX "{name}"')
    for table in ("shop", "customer"):
        db.execute_sql(f'ALTER TABLE "{table}" DROP COLUMN "removed_at"')
    db.execute_sql('ALTER TABLE "change" DROP COLUMN "undoes_id"')
