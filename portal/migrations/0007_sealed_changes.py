"""Seals over changes and their rows, and triggers that let nobody alter them by accident (decision 0050)."""

from datetime import datetime

from peewee import *

from portal import seals

KEPT = "changes are kept as they were"
# Table: what may not be, of an update. Deleting is never.
FIXED = {
    "change": " OR ".join(
        f'OLD."{name}" {{differs}} NEW."{name}"' for name in ("id", "at", "actor_id", "door", "act", "note")
    ),
    "change_row": " OR ".join(
        f'OLD."{name}" {{differs}} NEW."{name}"' for name in ("id", "change_id", "noun", "row_id")
    )
    + ' OR (OLD."digest" {differs} NEW."digest" AND OLD."digest" != \'\')'
    + ' OR (OLD."before" {differs} NEW."before" AND NEW."before" IS NOT NULL)'
    + ' OR (OLD."after" {differs} NEW."after" AND NEW."after" IS NOT NULL)',
    "change_seal": "TRUE",
    "change_anchor": "",
}
# What a change is about may be said until it is sealed.
SUBJECT = (
    'OLD."subject" {differs} NEW."subject"'
    ' AND EXISTS (SELECT 1 FROM "change_seal" WHERE "change_seal"."change_id" = OLD."id")'
)


def is_sqlite(db):
    return isinstance(db, SqliteDatabase)


def up(migrator, db):
    class Change(Model):
        class Meta:
            database = db
            table_name = 'change'
            legacy_table_names = False

    class ChangeSeal(Model):
        id = IntegerField(primary_key=True)
        change = ForeignKeyField(Change, on_delete='RESTRICT')
        first_row = IntegerField(index=True)
        last_row = IntegerField()
        n_rows = IntegerField()
        digest = TextField()
        prior = TextField()
        key_name = TextField()
        mac = TextField()
        class Meta:
            database = db
            table_name = 'change_seal'
            legacy_table_names = False

    class ChangeAnchor(Model):
        id = IntegerField(primary_key=True)
        seal = IntegerField()
        seal_mac = TextField()
        mac = TextField()
        class Meta:
            database = db
            table_name = 'change_anchor'
            legacy_table_names = False
    db.execute_sql("ALTER TABLE \"change_row\" ADD COLUMN \"digest\" TEXT NOT NULL DEFAULT ''")
    db.create_tables([ChangeSeal, ChangeAnchor])
    seals.begin(earlier(db))
    guard(db)


def earlier(db):
    rows = db.execute_sql(
        'SELECT "id", "at", "actor_id", "door", "act", "subject", "note" FROM "change" ORDER BY "id"'
    ).fetchall()
    for change_id, at, *rest in rows:
        # SQLite keeps moments as text.
        moment = datetime.fromisoformat(at) if isinstance(at, str) else at
        yield seals.Sealed(change_id, moment, *rest)


def guard(db):
    if is_sqlite(db):
        for table, fixed in FIXED.items():
            conditions = [("delete", "DELETE", ""), ("update", "UPDATE", fixed)]
            if table == "change":
                conditions.append(("subject", "UPDATE", SUBJECT))
            for end, event, condition in conditions:
                if event == "UPDATE" and not condition:
                    continue
                when = f"WHEN {condition.format(differs='IS NOT')}" if condition else ""
                db.execute_sql(
                    f'CREATE TRIGGER "{table}_{end}" BEFORE {event} ON "{table}" {when}'
                    f" BEGIN SELECT RAISE(ABORT, '{KEPT}'); END"
                )
        return
    db.execute_sql(
        f"CREATE FUNCTION change_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$"
        f" BEGIN RAISE EXCEPTION '{KEPT}'; END $$"
    )
    db.execute_sql(
        "CREATE FUNCTION change_subject_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$"
        f" BEGIN IF {SUBJECT.format(differs='IS DISTINCT FROM')} THEN RAISE EXCEPTION '{KEPT}'; END IF;"
        " RETURN NEW; END $$"
    )
    for table, fixed in FIXED.items():
        db.execute_sql(
            f'CREATE TRIGGER "{table}_delete" BEFORE DELETE ON "{table}" FOR EACH ROW EXECUTE FUNCTION change_is_kept()'
        )
        db.execute_sql(
            f'CREATE TRIGGER "{table}_truncate" BEFORE TRUNCATE ON "{table}" EXECUTE FUNCTION change_is_kept()'
        )
        if fixed:
            db.execute_sql(
                f'CREATE TRIGGER "{table}_update" BEFORE UPDATE ON "{table}" FOR EACH ROW'
                f" WHEN ({fixed.format(differs='IS DISTINCT FROM')}) EXECUTE FUNCTION change_is_kept()"
            )
    db.execute_sql(
        'CREATE TRIGGER "change_subject" BEFORE UPDATE ON "change" FOR EACH ROW'
        ' WHEN (OLD."subject" IS DISTINCT FROM NEW."subject") EXECUTE FUNCTION change_subject_is_kept()'
    )


def down(migrator, db):
    if is_sqlite(db):
        for table, fixed in FIXED.items():
            for end in ("delete", "update", "subject"):
                db.execute_sql(f'DROP TRIGGER IF EXISTS "{table}_{end}"')
    db.execute_sql('DROP TABLE "change_anchor"')
    db.execute_sql('DROP TABLE "change_seal"')
    if not is_sqlite(db):
        db.execute_sql("DROP FUNCTION change_is_kept() CASCADE")
        db.execute_sql("DROP FUNCTION change_subject_is_kept() CASCADE")
    db.execute_sql('ALTER TABLE "change_row" DROP COLUMN "digest"')
