"""Whom the clock will move in groups with rules of days, asked before that moment comes (decision 0093)."""

import peewee

from portal.db import Model
from portal.models.group import Group


class Forecast(Model):
    """A group of which it has been asked whom the clock will move at `moment`, after the change row of that number."""

    group = peewee.ForeignKeyField(Group, primary_key=True, on_delete="RESTRICT")
    moment = peewee.DateTimeField()
    after_row = peewee.IntegerField()


class ForecastMove(Model):
    """A customer who would join or leave a group at the moment of its forecast."""

    group_id = peewee.IntegerField()
    customer_id = peewee.IntegerField()

    class Meta:
        primary_key = peewee.CompositeKey("group_id", "customer_id")
