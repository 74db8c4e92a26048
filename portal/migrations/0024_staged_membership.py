"""Let memberships be written beforehand and switched on together (decision 0096).

The rows of `membership` and `past_membership` move to tables of their own, with the number of the staging they wait for;
under the old names, views show those that count. Each index by which membership is looked up has that number, so that
the row itself is not needed. SQLite keeps the index of a key without it: there the rows lie in that order.
"""

from peewee import SqliteDatabase

OLD = "membership_customer_id_group_id"
NEW = "membership_row_customer_id_group_id_staged"
PAST = ("group_id", "customer_id", "joined_at"), ("customer_id", "group_id")
SWITCHED = 'SELECT {} FROM "staging" WHERE "staging"."id" = {} AND "staging"."change_id" IS NOT NULL'
NOW = SWITCHED.format("1", 'abs("membership_row"."staged")')
THEN = SWITCHED.format("1", '"past_membership_row"."staged"')
VIEWS = (
    f"""CREATE VIEW "membership" AS SELECT "group_id", "customer_id",
        CASE WHEN "staged" <= 0 THEN "since"
            ELSE ({SWITCHED.format('"moment"', '"membership_row"."staged"')}) END AS "since",
        CASE WHEN "staged" <= 0 THEN "cause_id"
            ELSE ({SWITCHED.format('"change_id"', '"membership_row"."staged"')}) END AS "cause_id"
    FROM "membership_row" WHERE "staged" = 0 OR ("staged" > 0) = EXISTS ({NOW})""",
    f"""CREATE VIEW "past_membership" AS SELECT "id", "group_id", "customer_id", "joined_at",
        CASE WHEN "staged" = 0 THEN "left_at"
            ELSE ({SWITCHED.format('"moment"', '"past_membership_row"."staged"')}) END AS "left_at",
        "joined_by_id",
        CASE WHEN "staged" = 0 THEN "left_by_id"
            ELSE ({SWITCHED.format('"change_id"', '"past_membership_row"."staged"')}) END AS "left_by_id"
    FROM "past_membership_row"
    WHERE "staged" = 0 OR EXISTS ({THEN} AND "staging"."moment" > "past_membership_row"."joined_at")""",
)


def _renamed(db, old, new, columns):
    """Name the index of these columns after the table's new name; SQLite has to make it anew for that."""
    was, becomes = ("_".join([table, *columns]) for table in (old, new))
    if not isinstance(db, SqliteDatabase):
        db.execute_sql(f'ALTER INDEX "{was}" RENAME TO "{becomes}"')
        return
    db.execute_sql(f'DROP INDEX "{was}"')
    named = ", ".join(f'"{column}"' for column in columns)
    db.execute_sql(f'CREATE INDEX "{becomes}" ON "{new}" ({named})')


def up(migrator, db):
    is_sqlite = isinstance(db, SqliteDatabase)
    number, moment, yesno = ("INTEGER", "DATETIME", "INTEGER") if is_sqlite else ("SERIAL", "TIMESTAMP", "BOOLEAN")
    db.execute_sql(
        f'CREATE TABLE "staging" ("id" {number} NOT NULL PRIMARY KEY, "group_id" INTEGER NOT NULL,'
        f' "kept_until" {moment} NOT NULL, "moment" {moment}, "change_id" INTEGER,'
        f' "settled_to" INTEGER NOT NULL, "is_of_new" {yesno} NOT NULL,'
        ' FOREIGN KEY ("group_id") REFERENCES "customer_group" ("id") ON DELETE RESTRICT,'
        ' FOREIGN KEY ("change_id") REFERENCES "change" ("id") ON DELETE RESTRICT)'
    )
    db.execute_sql('CREATE UNIQUE INDEX "staging_group_id" ON "staging" ("group_id")')
    db.execute_sql('CREATE INDEX "staging_change_id" ON "staging" ("change_id")')
    for table in ("membership", "past_membership"):
        db.execute_sql(f'ALTER TABLE "{table}" RENAME TO "{table}_row"')
        db.execute_sql(f'ALTER TABLE "{table}_row" ADD COLUMN "staged" INTEGER NOT NULL DEFAULT 0')
    for columns in PAST:
        _renamed(db, "past_membership", "past_membership_row", columns)
    db.execute_sql(f'DROP INDEX "{OLD}"')
    db.execute_sql(f'CREATE UNIQUE INDEX "{NEW}" ON "membership_row" ("customer_id", "group_id", "staged")')
    if not is_sqlite:
        db.execute_sql('ALTER TABLE "membership_row" DROP CONSTRAINT "membership_pkey"')
        db.execute_sql('ALTER TABLE "membership_row" ADD PRIMARY KEY ("group_id", "customer_id") INCLUDE ("staged")')
        db.execute_sql('ALTER INDEX "past_membership_pkey" RENAME TO "past_membership_row_pkey"')
    for view in VIEWS:
        db.execute_sql(view)


def down(migrator, db):
    if db.execute_sql('SELECT 1 FROM "staging"').fetchone():
        raise RuntimeError("Memberships are being staged or settled; let the portal finish that first.")
    is_sqlite = isinstance(db, SqliteDatabase)
    for view in ("membership", "past_membership"):
        db.execute_sql(f'DROP VIEW "{view}"')
    db.execute_sql(f'DROP INDEX "{NEW}"')
    if not is_sqlite:
        db.execute_sql('ALTER TABLE "membership_row" DROP CONSTRAINT "membership_row_pkey"')
        db.execute_sql('ALTER INDEX "past_membership_row_pkey" RENAME TO "past_membership_pkey"')
    for table in ("membership", "past_membership"):
        db.execute_sql(f'ALTER TABLE "{table}_row" DROP COLUMN "staged"')
        db.execute_sql(f'ALTER TABLE "{table}_row" RENAME TO "{table}"')
    for columns in PAST:
        _renamed(db, "past_membership_row", "past_membership", columns)
    db.execute_sql(f'CREATE UNIQUE INDEX "{OLD}" ON "membership" ("customer_id", "group_id")')
    if not is_sqlite:
        db.execute_sql('ALTER TABLE "membership" ADD PRIMARY KEY ("group_id", "customer_id")')
    db.execute_sql('DROP TABLE "staging"')
