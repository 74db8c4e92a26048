"""Settings of the store, beginning with its guard rails, and what people ask others to do."""

from peewee import *


def up(migrator, db):
    class User(Model):
        class Meta:
            database = db
            table_name = 'user_account'
            legacy_table_names = False

    class Group(Model):
        class Meta:
            database = db
            table_name = 'customer_group'
            legacy_table_names = False

    class Customer(Model):
        class Meta:
            database = db
            table_name = 'customer'
            legacy_table_names = False

    class Change(Model):
        class Meta:
            database = db
            table_name = 'change'
            legacy_table_names = False

    class Setting(Model):
        key = TextField(unique=True)
        value = JSONField()
        version = IntegerField(default=1)
        class Meta:
            database = db
            table_name = 'setting'
            legacy_table_names = False

    class Proposal(Model):
        kind = TextField()
        state = TextField(default='open')
        asker = ForeignKeyField(User, on_delete='RESTRICT', index=False)
        reason = TextField(default='')
        group = ForeignKeyField(Group, null=True, on_delete='RESTRICT', index=False)
        customer = ForeignKeyField(Customer, null=True, on_delete='RESTRICT', index=False)
        act = TextField(default='')
        arguments = JSONField()
        seen = JSONField()
        fingerprint = TextField(default='')
        answer = TextField(default='')
        decided_by = ForeignKeyField(User, null=True, on_delete='RESTRICT', index=False)
        decided_at = DateTimeField(null=True)
        change = ForeignKeyField(Change, null=True, on_delete='RESTRICT', index=False)
        created_at = DateTimeField()
        version = IntegerField(default=1)
        class Meta:
            database = db
            table_name = 'proposal'
            legacy_table_names = False
            indexes = ((('asker', 'id'), False),)

    db.create_tables([Setting, Proposal])
    db.execute_sql('CREATE INDEX "proposal_open" ON "proposal" ("id") WHERE ("state" = \'open\')')


def down(migrator, db):
    db.execute_sql('DROP TABLE "proposal"')
    db.execute_sql('DROP TABLE "setting"')
