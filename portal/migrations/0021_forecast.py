"""Whom the clock will move in groups with rules of days, asked beforehand (decision 0093)."""

from peewee import *


def up(migrator, db):
    class Group(Model):
        class Meta:
            database = db
            table_name = 'customer_group'
            legacy_table_names = False

    class Forecast(Model):
        group = ForeignKeyField(Group, primary_key=True, on_delete='RESTRICT')
        moment = DateTimeField()
        after_row = IntegerField()
        class Meta:
            database = db
            table_name = 'forecast'
            legacy_table_names = False

    class ForecastMove(Model):
        group_id = IntegerField()
        customer_id = IntegerField()
        class Meta:
            database = db
            table_name = 'forecast_move'
            legacy_table_names = False
            primary_key = CompositeKey('group_id', 'customer_id')
            without_rowid = isinstance(db, SqliteDatabase)

    db.create_tables([Forecast, ForecastMove])


def down(migrator, db):
    db.execute_sql('DROP TABLE "forecast_move"')
    db.execute_sql('DROP TABLE "forecast"')
