"""Membership: who is in which group now, and who was. Derived from items by one function, `services/membership.py`."""

import peewee

from portal.db import Model
from portal.models.change import Change
from portal.models.customer import Customer
from portal.models.group import Group


class Membership(Model):
    """One customer is in one group since a moment, because of a change."""

    group = peewee.ForeignKeyField(Group, index=False, on_delete="RESTRICT")
    customer = peewee.ForeignKeyField(Customer, index=False, on_delete="RESTRICT")
    since = peewee.DateTimeField()
    cause = peewee.ForeignKeyField(Change, index=False, on_delete="RESTRICT")

    class Meta:
        primary_key = peewee.CompositeKey("group", "customer")
        indexes = ((("customer", "group"), True),)


class PastMembership(Model):
    """An interval of membership that has ended, with the changes that began and ended it."""

    id = peewee.AutoField()
    group = peewee.ForeignKeyField(Group, index=False, on_delete="RESTRICT")
    customer = peewee.ForeignKeyField(Customer, index=False, on_delete="RESTRICT")
    joined_at = peewee.DateTimeField()
    left_at = peewee.DateTimeField()
    joined_by = peewee.ForeignKeyField(Change, index=False, on_delete="RESTRICT")
    left_by = peewee.ForeignKeyField(Change, index=False, on_delete="RESTRICT")

    class Meta:
        indexes = ((("group", "customer", "joined_at"), False), (("customer", "group"), False))


class MembershipDelta(Model):
    """The difference between the definition and `membership`, held per connection while it is being
    written, and until those groups that are made of the moved ones have followed.
    """

    group_id = peewee.IntegerField()
    customer_id = peewee.IntegerField()
    is_joining = peewee.BooleanField()
    is_written = peewee.BooleanField()

    class Meta:
        table_name = "membership_delta"
        temporary = True
        primary_key = False
