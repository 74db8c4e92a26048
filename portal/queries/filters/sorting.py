"""In which order the list comes: by a built-in column, or by one of the store's own fields.

Who has no value of the field comes last, whichever way it is turned. A page is read in stretches (decision 0083): what
shares the value with the row it goes on from, what lies beyond that value, whoever has none. Each walks an index.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import peewee
from peewee import SQL, fn

from portal.db import is_sqlite
from portal.errors import N_, Refusal
from portal.models import Customer, CustomerValue, Field
from portal.permissions import Actor
from portal.queries import fields as find
from portal.queries.customers import visible_to
from portal.queries.walking import Stretch

SORTS: dict[str, tuple[Any, ...]] = {
    "name": (Customer.name_key, Customer.id),
    "code": (Customer.code_key,),
    "created": (Customer.id,),
}
NO_ORDER = N_(
    "“%(field)s” is not marked as filterable, or holds several values or long texts, so the list cannot be sorted by "
    "it."
)
MASKED = N_("You see “%(field)s” masked, so the list cannot be sorted by it.")


def may_sort(actor: Actor, field: Field) -> bool:
    """Tell whether lists of `actor` can be sorted by an own field: it has an index, and she sees it unmasked."""
    return field.is_filterable and field.is_indexed and find.MASKED_AS.get(field.type) not in actor.masked_anywhere()


def read(actor: Actor, text: str, language: str = "") -> tuple[str, Field | None]:
    """Return the order that a text names, with a minus for descending, and the own field that it is by, if one.

    Raises Refusal for what no list is sorted by.
    """
    code = text.removeprefix("-")
    if code in SORTS:
        return text, None
    field = next((one for one in find.live() if one.code == code), None)
    if field is None:
        raise Refusal(N_("The list cannot be sorted by “%(text)s”."), text=text[:40])
    if not may_sort(actor, field):
        is_masked = find.MASKED_AS.get(field.type) in actor.masked_anywhere()
        raise Refusal(MASKED if is_masked else NO_ORDER, code, field=find.label(field, language))
    return text, field


@dataclass(frozen=True)
class ByField:
    """The order of an own field's values; `o` is the row of values in its queries, and a place is (value, id)."""

    field: Field

    @cached_property
    def _values(self) -> Any:
        return CustomerValue.alias("o")

    @property
    def _key(self) -> Any:
        return SQL(f'"o"."{self.field.index_column}"')

    def first(self, query: peewee.ModelSelect) -> peewee.ModelSelect:
        """Return a select of customers as one that starts from the rows of values, for an index to be walked."""
        return self._with_key(self._joined(query.from_(self._values), Customer))

    def further(self, query: peewee.ModelSelect) -> peewee.ModelSelect:
        """Return a select that starts from something else with the values looked up."""
        return self._with_key(self._joined(query, self._values))

    def without(self, query: peewee.ModelSelect) -> peewee.ModelSelect:
        """Return a select of those alone who have no value."""
        hers = self._values.select(SQL("1")).where(self._values.customer == Customer.id, self._key.is_null(False))
        return query.select_extend(SQL("NULL").alias("sort_key")).where(~fn.EXISTS(hers))

    def _with_key(self, query: peewee.ModelSelect) -> peewee.ModelSelect:
        return query.select_extend(self._key.alias("sort_key")).where(self._key.is_null(False))

    def _joined(self, query: peewee.ModelSelect, other: Any) -> peewee.ModelSelect:
        is_hers = self._values.customer == Customer.id
        if is_sqlite():  # which keeps to the order in which a cross join names the tables
            return query.join(other, peewee.JOIN.CROSS).where(is_hers)
        return query.join(other, on=is_hers)

    def place(self, actor: Actor, code: str) -> tuple[Any, ...] | None:
        """Return the place of the customer of that code; None if `actor` sees no such one."""
        query = visible_to(actor).join(self._values, peewee.JOIN.LEFT_OUTER, on=(self._values.customer == Customer.id))
        query = query.select(self._key, Customer.id).where(Customer.code_key == code.casefold())
        found: tuple[Any, ...] | None = query.tuples().first()
        return found

    def stretches(
        self, valued: peewee.ModelSelect, empty: peewee.ModelSelect, anchor: Sequence[Any] | None,
        *, is_down: bool, backwards: bool,
    ) -> list[Stretch]:  # fmt: skip
        """Return what lies beyond a place, in the order in which it is walked; None is the place before the first."""
        number = self._values.customer
        all_valued, all_empty = Stretch(valued, (self._key, number)), Stretch(empty, (Customer.id,))
        if anchor is None:
            return [all_valued, all_empty]

        def beyond(column: Any, bound: Any) -> Any:
            return column < bound if is_down else column > bound

        value, customer_id = anchor
        if value is None:
            rest = Stretch(empty.where(beyond(Customer.id, customer_id)), (Customer.id,))
            return [rest, all_valued] if backwards else [rest]
        same = Stretch(valued.where(self._key == value, beyond(number, customer_id)), (number,))
        other = Stretch(valued.where(beyond(self._key, value)), all_valued.columns)
        return [same, other] if backwards else [same, other, all_empty]
