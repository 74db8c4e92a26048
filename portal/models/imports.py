"""Imports: an uploaded file, its columns, and every row of it with what would happen."""

import peewee

from portal.clock import now
from portal.db import Model
from portal.models.change import Change
from portal.models.customer import Customer
from portal.models.group import Group
from portal.models.shop import Shop
from portal.models.user import User


class Import(Model):
    """One file on its way in: checked, then run or dropped."""

    id = peewee.AutoField()
    user = peewee.ForeignKeyField(User, null=True, index=False, on_delete="RESTRICT")
    group = peewee.ForeignKeyField(Group, null=True, index=False, on_delete="RESTRICT")
    new_group = peewee.TextField(default="")  # the name of the group that the run brings into being
    state = peewee.TextField(default="reading")  # reading | checked | running | stopped | done | cancelled
    file_name = peewee.TextField(default="")
    file_hash = peewee.TextField(default="")
    encoding = peewee.TextField(default="")
    delimiter = peewee.TextField(default="")
    headers = peewee.JSONField(default=list)
    columns = peewee.JSONField(default=list)  # the field each header stands for, or null
    dates = peewee.JSONField(default=dict)  # by a column's index the order of its dates, '' until somebody chooses it
    corrections = peewee.JSONField(default=dict)  # by the row what people corrected of it (services/imports/correcting)
    problems = peewee.JSONField(default=list)  # of the whole file: ignored headers, a stop
    lifts_exclusions = peewee.BooleanField(default=False)
    first_key = peewee.TextField(default="code")  # the key that decides whom a row fits: code | email | phone
    counts = peewee.JSONField(default=dict)
    fingerprint = peewee.TextField(default="")  # of what the check saw; a run on a changed world checks again
    as_of = peewee.IntegerField(default=0)  # the newest change row of others that the matching has seen
    matching = peewee.TextField(default="")  # by whom its rows are being matched just now; '' when that is done
    reached = peewee.IntegerField(default=0)  # the row up to which customers are written
    written_at = peewee.DateTimeField(null=True)  # when its newest part was
    created_at = peewee.DateTimeField(default=now)
    change = peewee.ForeignKeyField(Change, null=True, index=False, on_delete="RESTRICT")
    code_base = peewee.IntegerField(default=0)  # above which its new customers without a code get theirs
    foreseen = peewee.JSONField(default=dict)  # how far it is known what it moves (services/imports/foreseeing)


class FileShape(Model):
    """What people chose for the columns of files with the same headers, by the column's index."""

    id = peewee.AutoField()
    shape = peewee.TextField(unique=True)
    chosen = peewee.JSONField(default=dict)  # what they stand for
    dates = peewee.JSONField(default=dict)  # in which order their dates are written


class ImportRow(Model):
    """One row of the file, staged: its cells as typed, the values read from them, whom it fits, what would happen."""

    id = peewee.AutoField()
    imported = peewee.ForeignKeyField(Import, column_name="import_id", index=False, on_delete="CASCADE")
    row = peewee.IntegerField()
    cells = peewee.JSONField(default=list)
    code = peewee.TextField(null=True)
    code_key = peewee.TextField(null=True)
    name = peewee.TextField(null=True)
    name_key = peewee.TextField(null=True)
    email = peewee.TextField(null=True)
    email_key = peewee.TextField(null=True)
    phone = peewee.TextField(null=True)
    phone_key = peewee.TextField(null=True)
    shop = peewee.ForeignKeyField(Shop, null=True, index=False, on_delete="CASCADE")
    birth_date = peewee.DateField(null=True)
    language = peewee.TextField(null=True)
    gender = peewee.TextField(null=True)
    id_type = peewee.TextField(null=True)
    id_number = peewee.TextField(null=True)
    address = peewee.TextField(null=True)
    own = peewee.JSONField(null=True)  # values of the store's own fields and boxes of groups, by code
    search = peewee.TextField(default="")
    digest = peewee.TextField(default="")  # of the values; equal rows of one customer are one row said twice
    leader = peewee.IntegerField(null=True)  # the first row of the file that speaks of the same customer
    result = peewee.TextField(default="")  # new | updated | unchanged | ambiguous | refused
    joins = peewee.TextField(default="")  # joined | already | excluded, of the import's group
    customer = peewee.ForeignKeyField(Customer, null=True, index=False, on_delete="SET NULL")
    remarks = peewee.JSONField(default=list)  # [sentence, column, params] of each refused or doubtful cell
    reason = peewee.TextField(default="")  # why a row as a whole is refused or ambiguous
    reason_column = peewee.TextField(default="")
    reason_row = peewee.IntegerField(null=True)
    id_number_key = peewee.TextField(null=True)
    address_key = peewee.TextField(null=True)
    uid = peewee.TextField(default="")  # of her who is new: her lot in a random share is known before she is there

    class Meta:
        indexes = ((("imported", "row"), True),)


for _key in (ImportRow.code_key, ImportRow.email_key, ImportRow.phone_key, ImportRow.customer):
    ImportRow.add_index(
        ImportRow.imported, _key, ImportRow.row, where=_key.is_null(False), name=f"import_row_{_key.name}"
    )


class ImportMove(Model):
    """The customer of a row would join or leave a group: her import, if it were written as it was foreseen."""

    imported = peewee.ForeignKeyField(Import, column_name="import_id", index=False, on_delete="CASCADE")
    group_id = peewee.IntegerField()  # 0, -1 …: the place of one that is yet to be (queries/foreseen.brought)
    is_joining = peewee.BooleanField()
    row = peewee.IntegerField()

    class Meta:
        primary_key = peewee.CompositeKey("imported", "group_id", "is_joining", "row")
