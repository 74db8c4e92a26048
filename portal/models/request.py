"""Requests that were done, so that none is done twice."""

import peewee

from portal.clock import now
from portal.db import Model
from portal.models.user import User


class RequestKey(Model):
    """A form that was done: its key (only hashed), whose it was, and where its answer led ('' until it is known)."""

    id = peewee.AutoField()
    key_hash = peewee.TextField(unique=True)
    user = peewee.ForeignKeyField(User, index=False, on_delete="CASCADE")
    endpoint = peewee.TextField()
    status = peewee.IntegerField(default=0)
    location = peewee.TextField(default="")
    at = peewee.DateTimeField(default=now, index=True)
