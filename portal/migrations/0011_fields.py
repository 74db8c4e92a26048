"""The store's own fields and their values, rules as items, groups as boxes of the customer form, own values in files."""

from peewee import *


def up(migrator, db):
    class Customer(Model):
        class Meta:
            database = db
            table_name = 'customer'
            legacy_table_names = False

    class Group(Model):
        class Meta:
            database = db
            table_name = 'customer_group'
            legacy_table_names = False

    class GroupItem(Model):
        class Meta:
            database = db
            table_name = 'group_item'
            legacy_table_names = False

    class Field(Model):
        code = TextField(unique=True)
        type = TextField()
        labels = JSONField(default=dict)
        helps = JSONField(default=dict)
        choices = JSONField(default=list)
        default = TextField(default='')
        section = TextField(default='')
        side = IntegerField(default=1)
        place = IntegerField(default=0)
        is_required = BooleanField(default=False)
        is_searchable = BooleanField(default=False)
        is_filterable = BooleanField(default=False)
        is_unique = BooleanField(default=False)
        retired_at = DateTimeField(null=True)
        created_at = DateTimeField()
        version = IntegerField(default=1)
        class Meta:
            database = db
            table_name = 'customer_field'
            legacy_table_names = False

    class CustomerValue(Model):
        customer = ForeignKeyField(Customer, primary_key=True, on_delete='CASCADE')
        class Meta:
            database = db
            table_name = 'customer_value'
            legacy_table_names = False

    class RuleGroup(Model):
        item = ForeignKeyField(GroupItem, on_delete='CASCADE', index=False)
        group = ForeignKeyField(Group, on_delete='RESTRICT')
        class Meta:
            database = db
            table_name = 'rule_group'
            legacy_table_names = False
            primary_key = CompositeKey('item', 'group')

    db.create_tables([Field, CustomerValue, RuleGroup])
    no = '0' if isinstance(db, SqliteDatabase) else 'false'
    yes = '1' if isinstance(db, SqliteDatabase) else 'true'
    json = 'TEXT' if isinstance(db, SqliteDatabase) else 'JSONB'
    yesno = 'INTEGER' if isinstance(db, SqliteDatabase) else 'BOOLEAN'
    db.execute_sql(f'ALTER TABLE "group_item" ADD COLUMN "rule" {json}')
    db.execute_sql(f'ALTER TABLE "group_item" ADD COLUMN "reads" {json}')
    db.execute_sql(f'ALTER TABLE "group_item" ADD COLUMN "reads_clock" {yesno} NOT NULL DEFAULT {no}')
    db.execute_sql(
        'CREATE INDEX "group_item_rule" ON "group_item" ("group_id") WHERE (("ended_at" IS NULL) AND ("rule" IS NOT NULL))'
    )
    db.execute_sql(f'ALTER TABLE "customer_group" ADD COLUMN "in_form" {yesno} NOT NULL DEFAULT {no}')
    db.execute_sql(f'UPDATE "customer_group" SET "in_form" = {yes} WHERE "type" = \'customer\'')
    db.execute_sql(f'ALTER TABLE "import_row" ADD COLUMN "own" {json}')


def down(migrator, db):
    db.execute_sql('ALTER TABLE "import_row" DROP COLUMN "own"')
    db.execute_sql('ALTER TABLE "customer_group" DROP COLUMN "in_form"')
    db.execute_sql('DROP INDEX "group_item_rule"')
    for column in ('rule', 'reads', 'reads_clock'):
        db.execute_sql(f'ALTER TABLE "group_item" DROP COLUMN "{column}"')
    db.execute_sql('DROP TABLE "rule_group"')
    db.execute_sql('DROP TABLE "customer_value"')
    db.execute_sql('DROP TABLE "customer_field"')
