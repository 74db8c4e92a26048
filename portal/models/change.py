"""Changes: everything done, each one act of somebody with its rows before and after, sealed (portal/seals.py)."""

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
    """One row that a change touched, with its values before and after (null: it was not there, or it is forgotten).

    The digest is a keyed hash of all this, and stays when the values are forgotten.
    """

    id = peewee.AutoField()
    change = peewee.ForeignKeyField(Change, backref="rows", on_delete="RESTRICT")
    noun = peewee.TextField()
    row_id = peewee.IntegerField()
    before = peewee.JSONField(null=True)
    after = peewee.JSONField(null=True)
    digest = peewee.TextField(default="")

    class Meta:
        indexes = ((("noun", "row_id"), False),)


class ChangeSeal(Model):
    """The seal of one transaction of a change; numbered without gaps, each over the one before it."""

    id = peewee.IntegerField(primary_key=True)
    change = peewee.ForeignKeyField(Change, on_delete="RESTRICT")
    first_row = peewee.IntegerField(index=True)  # the ids of its first and last row, 0 where it has none
    last_row = peewee.IntegerField()
    n_rows = peewee.IntegerField()
    digest = peewee.TextField()  # of the digests of its rows
    prior = peewee.TextField()  # what stood in the anchor, where that was not the seal before this one
    key_name = peewee.TextField()
    mac = peewee.TextField()


class ChangeAnchor(Model):
    """The one row that says which seal is the newest, so that a list whose end was cut off is found."""

    id = peewee.IntegerField(primary_key=True)
    seal = peewee.IntegerField()
    seal_mac = peewee.TextField()
    mac = peewee.TextField()
