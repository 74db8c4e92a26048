"""Shops: the stores or branches that customers belong to."""

import peewee

from portal.clock import now
from portal.db import Model


class Shop(Model):
    """One shop; `code` is what people and files call it, unique without regard to case."""

    id = peewee.AutoField()
    code = peewee.TextField()
    code_key = peewee.TextField(unique=True)
    name = peewee.TextField()
    name_key = peewee.TextField(index=True)
    created_at = peewee.DateTimeField(default=now)
    version = peewee.IntegerField(default=1)
    removed_at = peewee.DateTimeField(null=True)  # when what had brought it in was undone
