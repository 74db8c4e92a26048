"""Reading the store's own fields, their values, and all that rules may ask about."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from peewee import fn

from portal import config
from portal.built import Built
from portal.db import db
from portal.errors import N_, Missing
from portal.models import Customer, Field, Group, Shop
from portal.models.field import values_table
from portal.own_values import Cell, as_column
from portal.permissions import Actor
from portal.queries.customers import mask
from portal.queries.groups import seen_by
from portal.rules.catalogue import Catalogue, FieldInfo, GroupInfo
from portal.sheets.synonyms import SYNONYMS
from portal.values import GENDERS, ID_TYPES

# Own fields of these types are masked for whom the built-in column is (product.md §6).
MASKED_AS = {"phone": "phone", "email": "email", "cpf": "id_number", "cnpj": "id_number"}


class BuiltIn(NamedTuple):
    """A field that every store has: its type for rules, what it is called, and other words for it."""

    type: str
    label: str
    names: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    is_purchase: bool = False
    is_indexed: bool = False


BUILT_IN: dict[str, BuiltIn] = {
    "code": BuiltIn("text", N_("Code"), SYNONYMS["code"], is_indexed=True),
    "name": BuiltIn("text", N_("Name"), SYNONYMS["name"], is_indexed=True),
    "email": BuiltIn("email", N_("E-mail"), SYNONYMS["email"], is_indexed=True),
    "phone": BuiltIn("phone", N_("Phone"), SYNONYMS["phone"], is_indexed=True),
    "shop": BuiltIn("shop", N_("Shop"), SYNONYMS["shop"], is_indexed=True),
    "birth_date": BuiltIn("date", N_("Date of birth"), SYNONYMS["birth_date"]),
    "language": BuiltIn("text", N_("Language"), SYNONYMS["language"]),
    "gender": BuiltIn("text", N_("Gender"), SYNONYMS["gender"], tuple(GENDERS)),
    "id_type": BuiltIn("text", N_("ID type"), SYNONYMS["id_type"], tuple(ID_TYPES)),
    "id_number": BuiltIn("text", N_("ID number"), SYNONYMS["id_number"]),
    "address": BuiltIn("text", N_("Address"), SYNONYMS["address"]),
    "created": BuiltIn("datetime", N_("Customer since"), ("created at", "creation date", "criado em", "creado el")),
    "search": BuiltIn("search", N_("Anything written"), ("anything", "text", "texto", "qualquer texto")),
    "orders": BuiltIn(
        "number", N_("Purchases"), ("order count", "purchase count", "compras", "pedidos"), is_purchase=True
    ),
    "spent": BuiltIn("money", N_("Amount spent"), ("total spent", "gasto", "total gasto"), is_purchase=True),
    "first_order": BuiltIn(
        "date", N_("First purchase"), ("first order date", "primeira compra", "primera compra"), is_purchase=True
    ),
    "last_order": BuiltIn(
        "date", N_("Last purchase"), ("last order date", "última compra", "last purchase date"), is_purchase=True
    ),
}


def every() -> list[Field]:
    """Return all fields, live and retired, in the order of the form."""
    return in_layout(_EVERY.rows())


def live() -> list[Field]:
    """Return the fields that are in use, in the order of the form."""
    return in_layout(_LIVE.rows())


_EVERY = Built(lambda: Field.select())
_LIVE = Built(lambda: Field.select().where(Field.retired_at.is_null()))


def retired() -> list[Field]:
    """Return the fields that are not in use any more, by their codes."""
    return list(Field.select().where(Field.retired_at.is_null(False)).order_by(Field.code))


def by_code(code: str) -> Field:
    """Return the field of that code, in use or retired; raises Missing."""
    field = Field.get_or_none(Field.code == code.strip().lower())
    if field is None:
        raise Missing(N_("There is no field “%(code)s”."), "field", code=code)
    return field


def in_layout(fields: Iterable[Field]) -> list[Field]:
    """Return fields in the order of the form: by side, by the section that comes first there, by place in it."""
    known = list(fields)
    first: dict[tuple[int, str], int] = {}
    for field in known:
        where = field.side, field.section
        first[where] = min(first.get(where, field.place), field.place)
    return sorted(
        known, key=lambda field: (
            field.side, field.section != "", first[field.side, field.section], field.section, field.place, field.id
        )
    )  # fmt: skip


def label(field: Field, language: str = "") -> str:
    """Return what a field is called in a language (default: the store's), else in any other, else its code."""
    return _said(field.labels, language) or str(field.code)


def help_text(field: Field, language: str = "") -> str:
    """Return what is said beside a field in a language, else in any other; '' for nothing."""
    return _said(field.helps, language)


def _said(texts: dict[str, str], language: str) -> str:
    wanted = [language, config.current().locale, *config.LOCALES]
    return next((texts[one] for one in wanted if texts.get(one)), "")


def masked_codes(fields: Iterable[Field], hidden: Collection[str]) -> frozenset[str]:
    """Return the codes of the fields that are masked together with the hidden built-in columns."""
    return frozenset(field.code for field in fields if MASKED_AS.get(field.type) in hidden)


def shown(fields: Iterable[Field], values: Mapping[str, Any], hidden: Collection[str]) -> dict[str, Any]:
    """Return a customer's own values as a person may read them who sees these built-in columns masked."""
    hides = {field.code: MASKED_AS[field.type] for field in fields if MASKED_AS.get(field.type) in hidden}
    return {code: mask(hides[code], value) if code in hides else value for code, value in values.items()}


def values_of(customer_ids: Collection[int], fields: Sequence[Field]) -> dict[int, dict[str, Any]]:
    """Return the values of customers by id and code, in one query; who has no value of a field has no entry of it."""
    if not customer_ids or not fields:
        return {}
    table = values_table(*(field.column for field in fields))
    query = table.select(table.customer_id, *(getattr(table, field.column) for field in fields))
    rows = db.execute(query.where(table.customer_id.in_(list(customer_ids))))
    return {
        customer_id: {
            field.code: as_column(field.type, raw) for field, raw in zip(fields, found, strict=True) if raw is not None
        }
        for customer_id, *found in rows
    }


def cells_of(customer_ids: Collection[int], fields: Sequence[Field]) -> dict[int, dict[str, Cell]]:
    """Return the values of customers and what they are compared by, in one query; no entry where there is no value."""
    if not customer_ids or not fields:
        return {}
    names = [name for field in fields for name in field.columns]
    table = values_table(*names)
    query = table.select(table.customer_id, *(getattr(table, name) for name in names))
    found: dict[int, dict[str, Cell]] = {}
    for customer_id, *raw in db.execute(query.where(table.customer_id.in_(list(customer_ids)))):
        by_name = dict(zip(names, raw, strict=True))
        found[customer_id] = {
            field.code: Cell(as_column(field.type, by_name[field.column]), by_name.get(field.key_column or ""))
            for field in fields
            if by_name[field.column] is not None
        }
    return found


def built_in() -> dict[str, FieldInfo]:
    """Return the fields that every store has, as rules know them."""
    return {
        code: FieldInfo(
            code, one.type, one.label, (one.label, *one.names), one.choices, is_purchase=one.is_purchase,
            is_indexed=one.is_indexed,
        )
        for code, one in BUILT_IN.items()
    }  # fmt: skip


def catalogue(language: str = "", actor: Actor | None = None) -> Catalogue:
    """Return what rules may ask about: built-in and own fields, groups and shops, in three queries.

    With an actor only the groups that she may see. A retired field is there, marked as such.
    """
    fields = built_in()
    fields |= {field.code: info(field, language) for field in Field.select().order_by(Field.id)}
    groups = Group.select(Group.id, Group.code, Group.name).where(
        Group.status != "deleted", *(seen_by(actor) if actor else ())
    )
    shops = Shop.select(Shop.id, Shop.code_key, Shop.name).where(Shop.removed_at.is_null())
    return Catalogue(
        fields,
        {code: GroupInfo(id_, code, name or code) for id_, code, name in groups.tuples()},
        {code: (id_, name) for id_, code, name in shops.tuples()},
    )


def info(field: Field, language: str = "") -> FieldInfo:
    """Return an own field as rules know it."""
    names = [label(field, language), *field.labels.values()]
    return FieldInfo(
        field.code, field.type, names[0], tuple(dict.fromkeys(name for name in names if name)), tuple(field.choices),
        field.columns, is_own=True, is_retired=field.retired_at is not None, is_indexed=field.is_indexed,
        labels=field.labels,
    )  # fmt: skip


def doubles(field: Field, limit: int) -> list[Any]:
    """Return values that several customers share, the most shared first."""
    names = (field.column, field.index_column) if field.key_column else (field.column,)
    table = values_table(*names)
    value, key = getattr(table, field.column), getattr(table, field.index_column)
    query = (
        table.select(fn.MIN(value))
        .join(Customer, on=(Customer.id == table.customer_id))
        .where(key.is_null(False), Customer.removed_at.is_null())
        .group_by(key)
        .having(fn.COUNT(table.customer_id) > 1)
        .order_by(fn.COUNT(table.customer_id).desc(), key)
    )
    return [value for (value,) in db.execute(query.limit(limit))]


def owners(field: Field, keys: Sequence[Any]) -> dict[Any, list[int]]:
    """Return who has each of these keys of a field (values, where it has no keys), by id; not who was removed."""
    if not keys:
        return {}
    table = values_table(field.index_column)
    key = getattr(table, field.index_column)
    query = table.select(key, table.customer_id).join(Customer, on=(Customer.id == table.customer_id))
    found: dict[Any, list[int]] = {}
    for value, customer_id in db.execute(query.where(key.in_(list(keys)), Customer.removed_at.is_null())):
        found.setdefault(value, []).append(customer_id)
    return found
