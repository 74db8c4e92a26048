"""The store's own fields of a customer, and the values: one row a customer, one typed column a field."""

from typing import Any

import peewee

from portal.clock import now
from portal.db import Model, db
from portal.models.customer import Customer

# How values of a type are held: the SQL type on SQLite and PostgreSQL alike. Money is in minor units, moments in UTC.
COLUMN_TYPES = {
    "yesno": "BOOLEAN",
    "text": "TEXT",
    "longtext": "TEXT",
    "number": "DOUBLE PRECISION",
    "money": "BIGINT",
    "percent": "DOUBLE PRECISION",
    "date": "DATE",
    "datetime": "TIMESTAMP",
    "choice": "TEXT",
    "choices": "TEXT",
    "phone": "TEXT",
    "email": "TEXT",
    "url": "TEXT",
    "cpf": "TEXT",
    "cnpj": "TEXT",
    "postalcode": "TEXT",
}
# Types whose values are compared by a second column: folded text, the international form of a phone, digits alone.
KEYED = frozenset(name for name, kind in COLUMN_TYPES.items() if kind == "TEXT")
CHOICE_TYPES = frozenset({"choice", "choices"})
# Types that no index helps: they are asked for what they contain, or are longer than an index takes.
UNINDEXED = frozenset({"longtext", "choices"})


class Field(Model):
    """One field that the store has defined; it is retired, never deleted, and its code and type stay.

    `labels` and `helps` hold texts by language. Several choices are held as lines, with one before and one behind
    each. `section`, `side` (1 or 2) and `place` say where it stands in the customer form.
    """

    id = peewee.AutoField()
    code = peewee.TextField(unique=True)
    type = peewee.TextField()
    labels = peewee.JSONField(default=dict)
    helps = peewee.JSONField(default=dict)
    choices = peewee.JSONField(default=list)
    default = peewee.TextField(default="")  # as typed
    section = peewee.TextField(default="")  # '' is Personal Information
    side = peewee.IntegerField(default=1)
    place = peewee.IntegerField(default=0)
    is_required = peewee.BooleanField(default=False)
    is_searchable = peewee.BooleanField(default=False)
    is_filterable = peewee.BooleanField(default=False)
    is_unique = peewee.BooleanField(default=False)
    retired_at = peewee.DateTimeField(null=True)
    created_at = peewee.DateTimeField(default=now)
    version = peewee.IntegerField(default=1)

    class Meta:
        table_name = "customer_field"

    @property
    def column(self) -> str:
        """Return the name of the column of `customer_value` that holds its values."""
        return f"f{self.id}"

    @property
    def key_column(self) -> str | None:
        """Return the name of the column that its values are compared by, None where they are compared as they are."""
        return f"k{self.id}" if self.type in KEYED else None

    @property
    def index_column(self) -> str:
        """Return the name of the column that its index is over."""
        return self.key_column or self.column

    @property
    def is_indexed(self) -> bool:
        """Tell whether there is an index over its values."""
        return (self.is_filterable or self.is_unique) and self.type not in UNINDEXED

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the names of all its columns."""
        return (self.column, self.key_column) if self.key_column else (self.column,)


class CustomerValue(Model):
    """The values of the store's own fields, one row a customer who has any.

    The columns of the fields are not named here: the fields service adds them, and never drops one.
    """

    customer = peewee.ForeignKeyField(Customer, primary_key=True, on_delete="CASCADE")

    class Meta:
        table_name = "customer_value"


def values_table(*columns: str) -> Any:
    """Return `customer_value` with these columns of fields, beside `customer_id`, for a query."""
    return peewee.Table("customer_value", ["customer_id", *columns]).bind(db)
