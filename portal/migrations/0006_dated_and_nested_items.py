"""Items that name other groups and shares of them, dates of items and groups, and what a group is marked as."""

from peewee import SqliteDatabase

GROUP_COLUMNS = (
    '"starts_at" {moment}', '"ends_at" {moment}', '"review_on" DATE', '"next_change_at" {moment}',
    '"level" INTEGER NOT NULL DEFAULT 0', '"is_guarded" {yesno} NOT NULL DEFAULT {no}',
    '"is_sensitive" {yesno} NOT NULL DEFAULT {no}', '"is_open" {yesno} NOT NULL DEFAULT {no}',
)
ITEM_COLUMNS = (
    '"of_group_id" INTEGER REFERENCES "customer_group" ("id") ON DELETE RESTRICT', '"low" INTEGER', '"high" INTEGER',
    "\"seed\" TEXT NOT NULL DEFAULT ''", '"valid_from" {moment}', '"valid_until" {moment}',
    "\"on_leave\" TEXT NOT NULL DEFAULT 'leave'",
)
INDEXES = {
    "customer_group_due": '"customer_group" ("next_change_at") WHERE ("next_change_at" IS NOT NULL)',
    "customer_group_level": '"customer_group" ("level") WHERE ("level" > 0)',
    "group_item_of_group": '"group_item" ("of_group_id", "group_id") WHERE (("ended_at" IS NULL) AND ("of_group_id" IS NOT NULL))',
    "group_item_from": '"group_item" ("group_id", "valid_from") WHERE (("ended_at" IS NULL) AND ("valid_from" IS NOT NULL))',
    "group_item_until": '"group_item" ("group_id", "valid_until") WHERE (("ended_at" IS NULL) AND ("valid_until" IS NOT NULL))',
    "group_item_shop_stay": '"group_item" ("shop_id") WHERE (("ended_at" IS NULL) AND ("on_leave" = \'stay\'))',
}


def is_sqlite(db):
    return isinstance(db, SqliteDatabase)


def up(migrator, db):
    words = (
        {"moment": "DATETIME", "yesno": "INTEGER", "no": "0"}
        if is_sqlite(db)
        else {"moment": "TIMESTAMP", "yesno": "BOOLEAN", "no": "false"}
    )
    for table, columns in (("customer_group", GROUP_COLUMNS), ("group_item", ITEM_COLUMNS)):
        for column in columns:
            db.execute_sql(f'ALTER TABLE "{table}" ADD COLUMN {column.format(**words)}')
    # By what a share draws its lots; given at random once, so that nobody can choose hers.
    db.execute_sql("ALTER TABLE \"customer\" ADD COLUMN \"uid\" TEXT NOT NULL DEFAULT ''")
    drawn = "lower(hex(randomblob(16)))" if is_sqlite(db) else "replace(gen_random_uuid()::text, '-', '')"
    db.execute_sql(f'UPDATE "customer" SET "uid" = {drawn}')
    for name, rest in INDEXES.items():
        db.execute_sql(f'CREATE INDEX "{name}" ON {rest}')


def down(migrator, db):
    for name in INDEXES:
        db.execute_sql(f'DROP INDEX "{name}"')
    db.execute_sql('ALTER TABLE "customer" DROP COLUMN "uid"')
    for table, columns in (("group_item", ITEM_COLUMNS), ("customer_group", GROUP_COLUMNS)):
        for column in reversed(columns):
            db.execute_sql(f'ALTER TABLE "{table}" DROP COLUMN {column.split()[0]}')
