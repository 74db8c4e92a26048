"""The store's own fields: defining, editing, retiring, restoring and placing them (product.md §5, Own fields)."""

from collections.abc import Mapping
from typing import Any

from peewee import fn

from portal import clock
from portal.db import db
from portal.errors import N_, Conflict, Missing, Refusal
from portal.models import Field
from portal.models.field import values_table
from portal.permissions import Action, Actor, require
from portal.queries import fields as find
from portal.queries.uses import users_of_field
from portal.services.changes import Recorder, record, values
from portal.services.fields import columns, searching
from portal.services.fields.details import Details, check
from portal.text import fold

MAX_FIELDS = 400  # a PostgreSQL table has at most 1 600 columns, a field up to two
SHOWN = 5  # values that a refusal names


def create(actor: Actor, details: Details) -> Field:
    """Define a field, with the columns of its values, and return it. Raises Denied, Refusals naming the fields."""
    require(actor, Action.EDIT_FIELDS)
    with record(actor, "field.create") as change:
        field = insert(actor, details, change)
        change.about("field", field.id)
    return field


def insert(actor: Actor, details: Details, change: Recorder) -> Field:
    """Define a field inside a change that another service has open, and return it."""
    require(actor, Action.EDIT_FIELDS)
    said = check(details)
    if Field.select().count() >= MAX_FIELDS:
        raise Refusal(N_("There are %(n)s fields already; no more fit."), n=MAX_FIELDS)
    field: Field = Field.create(**said, place=_last_place() + 1)
    columns.add(field)
    change.created("field", field)
    return field


def edit(actor: Actor, field_id: int, details: Details, version: int | None = None) -> Field:
    """Change what is said about a field; its code and type stay.

    `version` is the one the form was drawn with; another one stored raises Conflict. Raises Missing, Refusals.
    """
    require(actor, Action.EDIT_FIELDS)
    with record(actor, "field.edit", f"field:{field_id}") as change:
        field = _field(field_id)
        if version is not None and version != field.version:
            raise Conflict(
                N_(
                    "Somebody else changed this field since you opened the form. What you typed is still here; "
                    "compare it with what is stored now and save again."
                )
            )
        said = check(details, field)
        if (said["side"], said["section"]) != (field.side, field.section):
            said["place"] = _last_place() + 1
        rebuild = _give(field, said, change)
    searching.run(actor, rebuild, change)
    return Field.get_by_id(field_id)


def retire(actor: Actor, field_id: int) -> Field:
    """Take a field out of the form, its values stay. Raises Missing, and Refusal while something asks for it."""
    require(actor, Action.EDIT_FIELDS)
    return _switch(actor, field_id, "field.retire", {"retired_at": clock.now()})


def restore(actor: Actor, field_id: int) -> Field:
    """Bring a retired field back, at the end of its section, with the values that it had. Raises Missing."""
    require(actor, Action.EDIT_FIELDS)
    return _switch(actor, field_id, "field.restore", {"retired_at": None})


def _switch(actor: Actor, field_id: int, act: str, said: dict[str, Any]) -> Field:
    with record(actor, act, f"field:{field_id}") as change:
        field = _field(field_id)
        if (field.retired_at is None) == (said["retired_at"] is None):
            return field
        if said["retired_at"] is None:
            said["place"] = _last_place() + 1
        rebuild = _give(field, said, change)
    searching.run(actor, rebuild, change)
    return Field.get_by_id(field_id)


def move(actor: Actor, field_id: int, *, is_up: bool) -> None:
    """Put a field before the one above it in its section, or behind the one below; the first and last stay."""
    require(actor, Action.EDIT_FIELDS)
    with record(actor, "field.move", f"field:{field_id}") as change:
        field = _field(field_id)
        order = [one for one in find.live() if (one.side, one.section) == (field.side, field.section)]
        ids = [one.id for one in order]
        if field.id in ids:
            here = ids.index(field.id)
            _swap(order, here, here - 1 if is_up else here + 1, change)


def move_section(actor: Actor, side: int, section: str, *, is_up: bool) -> None:
    """Put a whole section before the one above it on its side, or behind the one below; the first, '', stays first."""
    require(actor, Action.EDIT_FIELDS)
    with record(actor, "field.move") as change:
        order = [field for field in find.live() if field.side == side]
        names = list(dict.fromkeys(field.section for field in order))
        here = names.index(section) if section in names else -1
        there = here - 1 if is_up else here + 1
        if here < 0 or not 0 <= there < len(names) or "" in {names[here], names[there]}:
            return
        names[here], names[there] = names[there], names[here]
        change.about("field", next(field.id for field in order if field.section == section))
        _number([field for name in names for field in order if field.section == name], change)


def put_back(actor: Actor, field: Field, said: Mapping[str, Any], change: Recorder) -> list[int]:
    """Give a field earlier values inside a change that another service has open; raises Refusal.

    Returns the fields whose values have to be searched anew, or no more, for `searching.run`.
    """
    require(actor, Action.EDIT_FIELDS)
    return _give(field, dict(said), change)


def _give(field: Field, said: Mapping[str, Any], change: Recorder) -> list[int]:
    """Give a field other values, once they are held against what is stored, and bring its index up."""
    was, before = Field(**field.__data__), values(field)
    for name, value in said.items():
        setattr(field, name, value)
    if values(field) == before:
        return []
    _refuse_if_asked(field, was)
    _refuse_if_chosen(field, was)
    _refuse_if_double(field, was)
    field.version += 1
    field.save()
    columns.bring_up(field, was_indexed=was.is_indexed)
    change.updated("field", field.id, before, values(field))
    return [field.id] if _is_searched(field) != _is_searched(was) else []


def _is_searched(field: Field) -> bool:
    return bool(field.is_searchable) and field.retired_at is None


def _is_watched(field: Field) -> bool:
    return bool(field.is_unique) and field.retired_at is None


def _refuse_if_asked(field: Field, was: Field) -> None:
    """Refuse to take a field away, or its index, from what asks for it, and name all that does."""
    goes = field.retired_at is not None and was.retired_at is None
    if not goes and (field.is_filterable or not was.is_filterable):
        return
    users = users_of_field(field)
    if users:
        raise Refusal(
            N_("%(name)s is used by %(users)s. Change those first."), "is_filterable" if not goes else None,
            name=find.label(field), users=", ".join(f"“{user.label}”" for user in users),
        )  # fmt: skip


def _refuse_if_chosen(field: Field, was: Field) -> None:
    """Refuse to drop choices that customers have."""
    kept = {fold(choice) for choice in field.choices}
    for choice in was.choices:
        n = 0 if fold(choice) in kept else _n_with(field, fold(choice))
        if n:
            told = N_("“%(choice)s” cannot be dropped. Customers who have it: %(n)s.")
            raise Refusal(told, "choices", n=n, choice=choice)


def _n_with(field: Field, key: str) -> int:
    table = values_table(field.index_column)
    column = getattr(table, field.index_column)
    has = column == key if field.type == "choice" else fn.REPLACE(column, f"\n{key}\n", "") != column
    return int(db.execute(table.select(fn.COUNT(table.customer_id)).where(has)).fetchone()[0])


def _refuse_if_double(field: Field, was: Field) -> None:
    """Refuse to make values unique that several customers share, and name some; nobody looked while it was retired."""
    if not _is_watched(field) or _is_watched(was):
        return
    doubles = find.doubles(field, SHOWN + 1)
    if doubles:
        named = ", ".join(f"“{value}”" for value in doubles[:SHOWN]) + (", …" if len(doubles) > SHOWN else "")
        raise Refusal(N_("Several customers have the same value already: %(values)s."), "is_unique", values=named)


def _swap(order: list[Field], here: int, there: int, change: Recorder) -> None:
    if 0 <= there < len(order):
        order[here], order[there] = order[there], order[here]
        _number(order, change)


def _number(order: list[Field], change: Recorder) -> None:
    """Give fields the places that they have together, in this order; what is open in a form stays as it is."""
    for field, place in zip(order, sorted(field.place for field in order), strict=True):
        if field.place != place:
            before = values(field)
            field.place = place
            field.save(only=[Field.place])
            change.updated("field", field.id, before, values(field))


def _last_place() -> int:
    return int(Field.select(fn.MAX(Field.place)).scalar() or 0)


def _field(field_id: int) -> Field:
    field: Field | None = Field.get_or_none(Field.id == field_id)
    if field is None:
        raise Missing(N_("This field is not there any more."))
    return field


__all__ = [
    "Details", "check", "create", "edit", "insert", "move", "move_section", "put_back", "restore", "retire",
]  # fmt: skip
