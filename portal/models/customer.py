"""Customers: the people and businesses a store sells to."""

from uuid import uuid4

import peewee

from portal.clock import now
from portal.db import Model
from portal.models.shop import Shop

# What a person may fill in, in the order of the form and of files. Built-in fields; the store's own come beside them.
FIELDS = (
    "code",
    "name",
    "email",
    "phone",
    "shop",
    "birth_date",
    "language",
    "gender",
    "id_type",
    "id_number",
    "address",
)
# What matching, sorting and rules compare, beside the fields it is derived from.
KEYS = ("code_key", "name_key", "email_key", "phone_key", "id_number_key", "address_key")


def new_uid() -> str:
    """Return 32 random hexadecimal digits."""
    return uuid4().hex


class Customer(Model):
    """One customer.

    The `…_key` columns hold what matching, sorting and searching compare: casefolded code and e-mail, the phone in
    international form (empty where it does not parse), the folded name, number of an ID and address. `search` joins
    those that people look for her by. `uid` is given once, at random: by it a share of a group draws its lots.
    `removed_at` is when the change that had brought her in was undone: changes and history speak of her row, nothing
    finds it (services/undo/customers.py).
    """

    id = peewee.AutoField()
    code = peewee.TextField()
    code_key = peewee.TextField(unique=True)
    name = peewee.TextField(default="")
    name_key = peewee.TextField(default="")
    email = peewee.TextField(default="")
    email_key = peewee.TextField(null=True)
    phone = peewee.TextField(default="")
    phone_key = peewee.TextField(null=True)
    shop = peewee.ForeignKeyField(Shop, null=True, index=False, on_delete="RESTRICT")
    birth_date = peewee.DateField(null=True)
    language = peewee.TextField(default="")
    gender = peewee.TextField(default="")
    id_type = peewee.TextField(default="")
    id_number = peewee.TextField(default="")
    address = peewee.TextField(default="")
    search = peewee.TextField(default="")
    created_at = peewee.DateTimeField(default=now)
    updated_at = peewee.DateTimeField(default=now)
    version = peewee.IntegerField(default=1)
    uid = peewee.TextField(default=new_uid)
    removed_at = peewee.DateTimeField(null=True)
    id_number_key = peewee.TextField(null=True)
    address_key = peewee.TextField(null=True)

    class Meta:
        indexes = ((("shop", "name_key", "id"), False),)


Customer.add_index(Customer.name_key, Customer.id, where=Customer.removed_at.is_null(), name="customer_live")
Customer.add_index(Customer.id, where=Customer.removed_at.is_null(False), name="customer_removed")

Customer.add_index(Customer.email_key, where=Customer.email_key.is_null(False), name="customer_email_key")
Customer.add_index(Customer.phone_key, where=Customer.phone_key.is_null(False), name="customer_phone_key")
