"""The values that a field has: how many customers have each, and the group that is made of one already."""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from operator import attrgetter
from typing import Any, NamedTuple

from peewee import JOIN, fn

from portal.clock import now
from portal.db import run
from portal.errors import N_, Missing, Refusal
from portal.models import Field, Group, GroupItem, Shop
from portal.numbers import write_number
from portal.permissions import Action, Actor, require
from portal.queries import fields as find_fields
from portal.queries.rules import keys, matching
from portal.queries.rules.columns import Column, column_of
from portal.rules import typed
from portal.rules.catalogue import Catalogue, FieldInfo
from portal.rules.fitting import misfit
from portal.rules.tree import All, Any_, Test, Tree, Value, from_json

MOST = 50  # values of a field that are told
# Built-in fields, and types of own ones, of which many customers have the same value. None of these is masked for
# anybody, and days, addresses and papers are one customer's own.
BUILT_IN = ("shop", "language", "gender", "id_type")
TYPES = frozenset({"yesno", "text", "number", "percent", "choice", "choices", "postalcode"})


class Valued(NamedTuple):
    """A value, the `key` by which it is the same as others, how many customers have it, and the group made of it."""

    value: Value
    key: Hashable
    n: int
    group: Group | None = None


@dataclass(frozen=True, slots=True)
class Values:
    """The values of a field that most customers have, and how many more there are."""

    shown: list[Valued]
    n_more: int


def offered(actor: Actor, language: str = "") -> list[FieldInfo]:
    """Return the fields of whose values groups are made: the store's own in the order of the form, then the built-in.

    Not those of which no two customers have the same value.
    """
    require(actor, Action.CREATE_GROUP)
    own = [find_fields.info(field, language) for field in find_fields.live() if is_offered(field)]
    built_in = find_fields.built_in()
    return [*own, *(built_in[code] for code in BUILT_IN)]


def is_offered(field: Field) -> bool:
    """Tell whether groups are made of the values of an own field."""
    return field.type in TYPES and not field.is_unique and field.retired_at is None


def one(actor: Actor, code: str, language: str = "") -> FieldInfo:
    """Return the field of that code; raises Missing, and Refusal for one of whose values no groups are made."""
    require(actor, Action.CREATE_GROUP)
    code = code.strip().lower()
    found = next((info for info in offered(actor, language) if info.code == code), None)
    if found is not None:
        return found
    if code not in find_fields.BUILT_IN and not Field.select().where(Field.code == code).exists():
        raise Missing(N_("There is no field “%(code)s”."), "field", code=code)
    raise Refusal(
        N_("No groups are made of the values of “%(code)s”: it is retired, or hardly two customers have the same."),
        "field", code=code,
    )  # fmt: skip


def test_of(info: FieldInfo, value: Value) -> Test:
    """Return the condition that a customer has the value."""
    return Test(info.code, "contains" if info.type == "choices" else "is", (value,))


def fits(info: FieldInfo, value: Value, catalogue: Catalogue) -> bool:
    """Tell whether a rule can ask for the value."""
    return misfit(value, info.type, info, catalogue) is None


def key_of(info: FieldInfo, value: Value) -> Hashable:
    """Return what a value has in common with those that a rule takes for the same; None for one that nobody has."""
    try:
        if info.type == "yesno":
            return value if isinstance(value, bool) else None
        if info.type in {"number", "percent"}:
            return keys.number(info.type, value)
        # Of the built-in fields each is its own kind.
        text = str(value).casefold() if info.code == "shop" else keys.of(_kind(info), value, "is")
    except ValueError:
        return None
    return text or None


def read(info: FieldInfo, text: str, catalogue: Catalogue) -> Value:
    """Return a typed value as a rule holds it: a choice in its own word, other text as it is for `fits` to judge."""
    value = typed.value(text, info, "", catalogue)
    key = key_of(info, value)
    return next((choice for choice in info.choices if key_of(info, choice) == key), value)


def as_typed(value: Value) -> str:
    """Return a value as a person types it: `read` gives the same value back."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return write_number(Decimal(repr(value))) if isinstance(value, int | float) else str(value)


def _kind(info: FieldInfo) -> str:
    return info.type if info.is_own else info.code


def of(actor: Actor, info: FieldInfo, catalogue: Catalogue, most: int = MOST) -> Values:
    """Return what customers have in a field, the most frequent first, and what they could choose and have not chosen.

    A value that no rule could ask for is left out. Three queries, however many values and customers there are.
    """
    require(actor, Action.CREATE_GROUP)
    column = column_of(info.code, matching.own_columns())
    if column is None:
        raise Missing(N_("There is no field “%(code)s”."), "field", code=info.code)
    read, n_unread = _read(info, column, catalogue, most)
    found = {key: Valued(value, key, n) for key, (value, n) in read.items() if fits(info, value, catalogue)}
    for value in _declared(info, catalogue):
        key = key_of(info, value)
        found.setdefault(key, Valued(value, key, 0))
    # Sorting keeps what is declared in its order where as many have it.
    ordered = sorted(found.values(), key=attrgetter("n"), reverse=True)
    groups = made_of(info)
    return Values([row._replace(group=groups.get(row.key)) for row in ordered[:most]], len(ordered[most:]) + n_unread)


def made_of(info: FieldInfo) -> dict[Hashable, Group]:
    """Return the groups, active or not, that include whoever has one value of the field and nobody else, by its key.

    Whom people took out of such a group by hand does not make it another one. A group that includes a shop is the
    group of that shop, whether by an item or by a rule. One query.
    """
    other, live = GroupItem.alias(), GroupItem.select(GroupItem.id).where(GroupItem.ended_at.is_null())
    further = other.select(other.id).where(
        other.group == GroupItem.group, other.id != GroupItem.id, other.sign == "include", other.ended_at.is_null()
    )
    saying = live.where(GroupItem.rule.is_null(False))
    if info.code == "shop":
        # Each of the two by its own index: a store may have half a million items.
        saying |= live.where(GroupItem.shop.is_null(False), GroupItem.on_leave == "leave")
    query = (
        GroupItem.select(GroupItem.rule, GroupItem.reads, Group, Shop.id, Shop.code_key)
        .join(Group, on=(GroupItem.group == Group.id))
        .switch(GroupItem)
        .join(Shop, JOIN.LEFT_OUTER, on=(GroupItem.shop == Shop.id))
        .where(
            GroupItem.id.in_(saying), GroupItem.sign == "include", GroupItem.valid_until.is_null(),
            GroupItem.valid_from.is_null() | (GroupItem.valid_from <= now()), Group.status != "deleted",
            ~fn.EXISTS(further),
        )
        .order_by(Group.id.desc())
    )  # fmt: skip
    # Of several the oldest counts.
    found = {_of_item(info, item): item.group for item in query}
    return {key: group for key, group in found.items() if key is not None}


def _of_item(info: FieldInfo, item: GroupItem) -> Hashable:
    """Return the key of the one value that an item asks for; None for one that asks anything else."""
    if item.rule is None:
        return key_of(info, item.shop.code_key)
    return _asked(info, from_json(item.rule)) if item.reads == [info.code] else None


def _asked(info: FieldInfo, tree: Tree) -> Hashable:
    """Return the key of the one value that a rule asks for; None for a rule that asks anything else."""
    while isinstance(tree, All | Any_) and len(tree.parts) == 1:
        (tree,) = tree.parts
    if not isinstance(tree, Test) or len(tree.values) != 1 or tree.is_exact or tree.part:
        return None
    is_same = tree.op in ({"contains"} if info.type == "choices" else {"is", "one_of"})
    return key_of(info, tree.values[0]) if is_same else None


# ---- reading ----


def _read(
    info: FieldInfo, column: Column, catalogue: Catalogue, most: int
) -> tuple[dict[Hashable, tuple[Value, int]], int]:
    """Return values with how many have them, by key, and how many more values there are that were not read."""
    rows = run(_of_own(info, column, most) if column.is_own else _of_built_in(info, column)).fetchall()
    found: dict[Hashable, tuple[Value, int]] = {}
    shops = {id_: code for code, (id_, _name) in catalogue.shops.items()}
    for raw, n, _n_all in rows:
        for one in _values(info, raw, shops):
            if (told := key_of(info, one)) is not None:
                said, before = found.get(told, (one, 0))
                found[told] = said, before + n
    return found, (rows[0][2] - len(rows)) if rows else 0


def _of_own(info: FieldInfo, column: Column, most: int) -> str:
    """Return the SQL that tells the most frequent values of an own field: each, how many have it, how many there are.

    Where there is an index it alone is read, and of each value that is told one row, to see how it is written. Several
    choices are told as they stand in the cells, all of them: taking them apart is the caller's.
    """
    key, limit = (column.exact, "") if info.type == "choices" else (column.key, f" LIMIT {int(most)}")
    value = key if key == column.exact or info.is_indexed else f"MIN({column.exact})"
    counted = (
        f"SELECT {value} AS value, COUNT(*) AS n, COUNT(*) OVER () AS n_all FROM customer_value v"
        f" WHERE {key} IS NOT NULL AND v.customer_id NOT IN (SELECT id FROM customer WHERE removed_at IS NOT NULL)"
        f" GROUP BY {key} ORDER BY 2 DESC, 1{limit}"
    )
    if key == column.exact or not info.is_indexed:
        return counted
    written = f"SELECT {column.exact} FROM customer_value v WHERE {key} = counted.value LIMIT 1"
    return f"SELECT ({written}), n, n_all FROM ({counted}) counted"


def _of_built_in(info: FieldInfo, column: Column) -> str:
    """Return the SQL that tells the values of a built-in field as they are stored, and how many have each."""
    # Who was removed is in no shop, so that the index over shops is enough.
    live = "" if info.code == "shop" else f" AND {matching.is_live()}"
    return (
        f"SELECT {column.exact}, COUNT(*), COUNT(*) OVER () FROM customer c WHERE NOT ({column.is_empty}){live}"
        f" GROUP BY {column.exact} ORDER BY 2 DESC, 1"
    )


def _values(info: FieldInfo, raw: Any, shops: Mapping[int, str]) -> Iterable[Value]:
    """Return the values of a cell as a rule holds them."""
    match info.type:
        case "yesno":
            return (bool(raw),)
        case "number" | "percent":
            return (int(raw) if float(raw).is_integer() else float(raw),)
        case "choices":
            return str(raw).strip("\n").split("\n")
        case "shop":
            return (shops[raw],) if raw in shops else ()
    return (str(raw),)


def _declared(info: FieldInfo, catalogue: Catalogue) -> Iterable[Value]:
    """Return the values that a customer can have though nobody may have them."""
    if info.type == "yesno":
        return (True, False)
    return catalogue.shops if info.code == "shop" else info.choices
