"""Membership: who is in which group now, and who was. Derived from items by one function, `services/membership.py`."""

import peewee

from portal.db import Model
from portal.models.change import Change
from portal.models.customer import Customer
from portal.models.group import Group


class Unchecked(peewee.ForeignKeyField):
    """A reference that the database does not check for each row that is written (decision 0092)."""

    def __init__(self, model: type[Model]) -> None:
        super().__init__(model, index=False, _deferred=True)  # peewee's word for one that makes no constraint


class Membership(Model):
    """One customer is in one group since a moment, because of a change."""

    group = Unchecked(Group)
    customer = Unchecked(Customer)
    since = peewee.DateTimeField()
    cause = Unchecked(Change)

    class Meta:
        primary_key = peewee.CompositeKey("group", "customer")
        indexes = ((("customer", "group"), True),)


class PastMembership(Model):
    """An interval of membership that has ended, with the changes that began and ended it."""

    id = peewee.AutoField()
    group = Unchecked(Group)
    customer = Unchecked(Customer)
    joined_at = peewee.DateTimeField()
    left_at = peewee.DateTimeField()
    joined_by = Unchecked(Change)
    left_by = Unchecked(Change)

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
