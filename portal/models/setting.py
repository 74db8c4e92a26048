"""Settings that people make on a page; those of the installation come from its environment."""

import peewee

from portal.db import Model


class Setting(Model):
    """One setting by its name, with whatever it holds."""

    id = peewee.AutoField()
    key = peewee.TextField(unique=True)
    value = peewee.JSONField(default=dict)
    version = peewee.IntegerField(default=1)
