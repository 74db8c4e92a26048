"""The columns and indexes of own fields, made and dropped inside the change that says so."""

from portal.db import is_sqlite, run
from portal.models import Field
from portal.models.field import COLUMN_TYPES

TABLE = "customer_value"


def add(field: Field) -> None:
    """Add the columns of a new field; no row is written anew for it."""
    kind = COLUMN_TYPES[field.type]
    if kind == "TEXT" and not is_sqlite():
        kind += ' COLLATE "C"'  # in the order of its signs, as SQLite has it, so that the index finds beginnings too
    for column in field.columns:
        run(f'ALTER TABLE "{TABLE}" ADD COLUMN "{column}" {kind}')
    bring_up(field, was_indexed=False)


def bring_up(field: Field, *, was_indexed: bool) -> None:
    """Make or drop the index over the field's values as it is marked now."""
    name = f"{TABLE}_{field.column}"
    if field.is_indexed and not was_indexed:
        column = field.index_column
        # Lists are sorted by it, and those who share a value by their numbers; SQLite ends each index with those.
        more = "" if is_sqlite() else ', "customer_id"'
        run(f'CREATE INDEX "{name}" ON "{TABLE}" ("{column}"{more}) WHERE "{column}" IS NOT NULL')
    elif was_indexed and not field.is_indexed:
        run(f'DROP INDEX "{name}"')
