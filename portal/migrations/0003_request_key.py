"""Forms that were done, so that a double click is one click."""

from peewee import *


def up(migrator, db):
    class User(Model):
        class Meta:
            database = db
            table_name = 'user_account'
            legacy_table_names = False

    class RequestKey(Model):
        key_hash = TextField(unique=True)
        user = ForeignKeyField(User, on_delete='CASCADE', index=False)
        endpoint = TextField()
        status = IntegerField(default=0)
        location = TextField(default='')
        at = DateTimeField(index=True)
        class Meta:
            database = db
            table_name = 'request_key'
            legacy_table_names = False
    db.create_tables([RequestKey])


def down(migrator, db):
    db.execute_sql('DROP TABLE "request_key"')
