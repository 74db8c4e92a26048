"""Where the values lie that rules ask for: columns of the customer `c`, of her own values `v`, nowhere yet."""

from collections.abc import Mapping
from dataclasses import dataclass

from portal.models.field import KEYED


@dataclass(frozen=True, slots=True)
class Column:
    """How a field is asked in SQL: in which `way`, as its `kind` of value, `exact` as stored or by its `key`."""

    way: str  # text | search | choices | number | yesno | shop | date
    kind: str
    exact: str
    key: str
    is_empty: str
    is_own: bool = False
    is_moment: bool = False


def _folded(name: str) -> Column:
    # These have no column of their own to compare by. What is asked most of the first two is one of the words that
    # are stored as they are (keys.are_stored).
    return Column("text", name, f"c.{name}", f"folded(c.{name})", f"c.{name} = ''")


def _keyed(name: str) -> Column:
    return Column("text", name, f"c.{name}", f"c.{name}_key", f"c.{name} = ''")


def _purchase(way: str, kind: str, sql_type: str) -> Column:
    # There are no sales in the portal yet, so that these are empty for everybody.
    nothing = f"CAST(NULL AS {sql_type})"
    return Column(way, kind, nothing, nothing, "1 = 1")


BUILT_IN: Mapping[str, Column] = {
    **{name: _keyed(name) for name in ("code", "name", "email", "phone", "id_number", "address")},
    **{name: _folded(name) for name in ("language", "gender", "id_type")},
    "shop": Column("shop", "shop", "c.shop_id", "c.shop_id", "c.shop_id IS NULL"),
    "birth_date": Column("date", "date", "c.birth_date", "c.birth_date", "c.birth_date IS NULL"),
    "created": Column("date", "datetime", "c.created_at", "c.created_at", "1 = 0", is_moment=True),
    "search": Column("search", "search", "c.search", "c.search", "c.search = ''"),
    "orders": _purchase("number", "number", "DOUBLE PRECISION"),
    "spent": _purchase("number", "money", "BIGINT"),
    "first_order": _purchase("date", "date", "DATE"),
    "last_order": _purchase("date", "date", "DATE"),
}
# Of which columns of the customer a field is made, where that is not the one with its name.
MADE_OF: Mapping[str, frozenset[str]] = {"search": frozenset({"code", "name", "email", "phone"})}
_WAYS = {
    "yesno": "yesno", "number": "number", "money": "number", "percent": "number", "date": "date", "datetime": "date",
    "choices": "choices",
}  # fmt: skip


def column_of(code: str, own: Mapping[str, tuple[int, str]]) -> Column | None:
    """Return how the field of that code is asked; None when there is none (any more)."""
    if code in BUILT_IN:
        return BUILT_IN[code]
    if code not in own:
        return None
    number, kind = own[code]
    exact = f"v.f{number}"
    key = f"v.k{number}" if kind in KEYED else exact
    return Column(
        _WAYS.get(kind, "text"), kind, exact, key, f"{exact} IS NULL", is_own=True, is_moment=kind == "datetime"
    )
