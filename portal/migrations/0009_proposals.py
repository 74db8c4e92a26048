"""Settings of the store, beginning with its guard rails."""

from peewee import *


def up(migrator, db):
    class Setting(Model):
        key = TextField(unique=True)
        value = JSONField()
        version = IntegerField(default=1)
        class Meta:
            database = db
            table_name = 'setting'
            legacy_table_names = False
    db.create_tables([Setting])


def down(migrator, db):
    db.execute_sql('DROP TABLE "setting"')
