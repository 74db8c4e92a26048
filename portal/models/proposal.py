"""Proposals: what somebody asks for who may not do it herself, or not alone."""

import peewee

from portal.clock import now
from portal.db import Model
from portal.models.change import Change
from portal.models.customer import Customer
from portal.models.group import Group
from portal.models.user import User


class Proposal(Model):
    """One request: by whom, for what, why, and what has become of it.

    `group` and `customer` are whom it is about, as far as they are there; `arguments` hold the rest of what is asked.
    """

    id = peewee.AutoField()
    kind = peewee.TextField()  # group | membership | approval
    state = peewee.TextField(default="open")  # open | approved | declined | withdrawn
    asker = peewee.ForeignKeyField(User, index=False, on_delete="RESTRICT")
    reason = peewee.TextField(default="")
    group = peewee.ForeignKeyField(Group, null=True, index=False, on_delete="RESTRICT")
    customer = peewee.ForeignKeyField(Customer, null=True, index=False, on_delete="RESTRICT")
    act = peewee.TextField(default="")  # of a membership: add | remove; of an approval: the service to be called
    arguments = peewee.JSONField(default=dict)
    seen = peewee.JSONField(default=list)  # of an approval: what the asker was shown that it would move
    fingerprint = peewee.TextField(default="")  # of the same
    answer = peewee.TextField(default="")
    decided_by = peewee.ForeignKeyField(User, null=True, index=False, on_delete="RESTRICT")
    decided_at = peewee.DateTimeField(null=True)
    change = peewee.ForeignKeyField(Change, null=True, index=False, on_delete="RESTRICT")  # that did it
    created_at = peewee.DateTimeField(default=now)
    version = peewee.IntegerField(default=1)

    class Meta:
        indexes = ((("asker", "id"), False),)


Proposal.add_index(Proposal.id, where=Proposal.state == "open", name="proposal_open")
