"""Changes: everything done, each one act of somebody with its rows before and after."""

import peewee

from portal.clock import now
from portal.db import Model
from portal.models.user import User


class Change(Model):
    """One act: who, through which door, when, what; `actor` is empty for the machine's operator."""

    id = peewee.AutoField()
    at = peewee.DateTimeField(default=now, index=True)
    actor = peewee.ForeignKeyField(User, null=True, on_delete="RESTRICT")
    door = peewee.TextField()
    act = peewee.TextField()  # noun.verb, such as group.create
    subject = peewee.TextField(default="")  # what the act was about: the noun's table and id, such as group:12
    note = peewee.TextField(default="")
    n_rows = peewee.IntegerField(default=0)
    undoes = peewee.ForeignKeyField("self", null=True, index=False, on_delete="RESTRICT")  # an earlier change

    class Meta:
        indexes = ((("subject", "id"), False),)


Change.add_index(Change.undoes, where=Change.undoes.is_null(False), name="change_undoes")


class ChangeRow(Model):
    """One row that a change touched, with its values before and after (null: it was not there)."""

    id = peewee.AutoField()
    change = peewee.ForeignKeyField(Change, backref="rows", on_delete="RESTRICT")
    noun = peewee.TextField()
    row_id = peewee.IntegerField()
    before = peewee.JSONField(null=True)
    after = peewee.JSONField(null=True)

    class Meta:
        indexes = ((("noun", "row_id"), False),)
