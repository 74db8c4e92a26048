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
    """One customer is in one group since a moment, because of a change: a view of the rows that count now."""

    group = Unchecked(Group)
    customer = Unchecked(Customer)
    since = peewee.DateTimeField()
    cause = Unchecked(Change)

    class Meta:
        primary_key = peewee.CompositeKey("group", "customer")


class PastMembership(Model):
    """An interval of membership that has ended, with the changes that began and ended it: a view likewise."""

    id = peewee.AutoField()
    group = Unchecked(Group)
    customer = Unchecked(Customer)
    joined_at = peewee.DateTimeField()
    left_at = peewee.DateTimeField()
    joined_by = Unchecked(Change)
    left_by = Unchecked(Change)


class Staging(Model):
    """Memberships of one group that are written beforehand, part by part, and switched on together (decision 0096).

    Until then nobody sees them. `change` and `moment` say what has switched them on, and when. Whoever writes them
    renews `kept_until`; past it they are given up.
    """

    id = peewee.AutoField()
    group = peewee.ForeignKeyField(Group, unique=True, on_delete="RESTRICT")
    kept_until = peewee.DateTimeField()
    moment = peewee.DateTimeField(null=True)
    change = peewee.ForeignKeyField(Change, null=True, on_delete="RESTRICT")
    is_of_new = peewee.BooleanField(default=False)  # the group has a row for its number's sake until the act makes it
    settled_to = peewee.IntegerField(default=0)  # the last customer whose row is written as any other by now


class MembershipRow(Membership):
    """A membership as it is stored. `staged` is 0, or the number of a staging: it begins with that, or (negative) ends.
    """

    staged = peewee.IntegerField(default=0)

    class Meta:
        indexes = ((("customer", "group", "staged"), True),)


class PastMembershipRow(PastMembership):
    """A past interval as it is stored. `staged` is 0, or the number of the staging that ends it."""

    staged = peewee.IntegerField(default=0)

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
