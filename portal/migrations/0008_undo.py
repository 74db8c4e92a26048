"""Which change a change undoes, and when a customer or shop was taken away by undoing what had brought her in."""

from peewee import SqliteDatabase

INDEXES = {
    "change_undoes": '"change" ("undoes_id") WHERE ("undoes_id" IS NOT NULL)',
    "customer_live": '"customer" ("name_key", "id") WHERE ("removed_at" IS NULL)',
}


def up(migrator, db):
    moment = "DATETIME" if isinstance(db, SqliteDatabase) else "TIMESTAMP"
    db.execute_sql('ALTER TABLE "change" ADD COLUMN "undoes_id" INTEGER REFERENCES "change" ("id") ON DELETE RESTRICT')
    for table in ("customer", "shop"):
        db.execute_sql(f'ALTER TABLE "{table}" ADD COLUMN "removed_at" {moment}')
    for name, rest in INDEXES.items():
        db.execute_sql(f'CREATE INDEX "{name}" ON {rest}')
    # Lists walk the one above: it holds only who is there.
    db.execute_sql('DROP INDEX "customer_name_key_id"')


def down(migrator, db):
    db.execute_sql('CREATE INDEX "customer_name_key_id" ON "customer" ("name_key", "id")')
    for name in INDEXES:
        db.execute_sql(f'DROP INDEX "{name}"')
    for table in ("shop", "customer"):
        db.execute_sql(f'ALTER TABLE "{table}" DROP COLUMN "removed_at"')
    db.execute_sql('ALTER TABLE "change" DROP COLUMN "undoes_id"')
