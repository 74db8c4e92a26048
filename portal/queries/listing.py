"""Every customer that fits a filter, row by row: what a file holds, and a list in the terminal."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from peewee import fn

from portal import own_values
from portal.models import ChangeRow, Customer, Field
from portal.models.customer import FIELDS
from portal.permissions import Actor
from portal.queries import fields as find_fields
from portal.queries import filters
from portal.queries.customers import shown

CHUNK = 500  # rows a query; a cursor left open for long would hold back the log of the database
COLUMNS = (*FIELDS, "groups")


def rows(actor: Actor, wanted: filters.Filter, fields: Sequence[Field] = ()) -> Iterator[dict[str, Any]]:
    """Yield every fitting customer as FIELDS, own fields as they are typed and the codes of her groups; masked as on
    the page.
    """
    said = own_values.context()
    for part in parts(actor, wanted, CHUNK):
        own = find_fields.values_of([row.id for row in part.rows], fields)
        for customer in part.rows:
            hidden = actor.masked(customer.shop_id)
            values = shown(customer, hidden)
            mine = find_fields.shown(fields, own.get(customer.id, {}), hidden)
            masked = find_fields.masked_codes(fields, hidden)
            values |= {
                field.code: str(mine.get(field.code, "")) if field.code in masked
                else own_values.typed(field, mine.get(field.code), said)
                for field in fields
            }  # fmt: skip
            values["created"] = customer.created_at.date()
            values["shop"] = customer.shop.code if customer.shop else ""
            yield values | {"groups": [group.code for group in part.groups.get(customer.id, [])]}


def parts(actor: Actor, wanted: filters.Filter, size: int) -> Iterator[filters.Page]:
    """Yield everybody who fits, `size` at a time, in order and each once, whatever becomes of them meanwhile.

    Each part goes on from the place that its last row had when it was read: that customer may change, or go. Who moves
    to a later place is not met again there, and who moves from a later to an earlier one comes at the end.
    """
    as_of = ChangeRow.select(fn.MAX(ChangeRow.id)).scalar() or 0
    met = _Met()
    yield from _walk(actor, wanted, size, met)
    # Ids of groups or shops among them do no harm: who fits and was not met belongs here.
    touched = ChangeRow.select(ChangeRow.row_id).where(ChangeRow.id > as_of)
    yield from _walk(actor, replace(wanted, sort="created", by=None), size, met, Customer.id.in_(touched))


def _walk(actor: Actor, wanted: filters.Filter, size: int, met: "_Met", *conditions: Any) -> Iterator[filters.Page]:
    place: Sequence[Any] | None = None
    while True:
        found = filters.after(actor, wanted, place, size, *conditions)
        yield replace(found, rows=[row for row in found.rows if met.first_time(row.id)])
        if found.after is None:
            return
        place = filters.place_of(found.rows[-1], wanted)


class _Met:
    """Which customers were met already: one bit each, 125 KB for a million."""

    def __init__(self) -> None:
        self.bits = bytearray()

    def first_time(self, number: int) -> bool:
        """Note a customer; tell whether she was not met before."""
        place, bit = number // 8, 1 << number % 8
        if place >= len(self.bits):
            self.bits.extend(bytes(place + 1 - len(self.bits)))
        is_first = not self.bits[place] & bit
        self.bits[place] |= bit
        return is_first


def cells(row: dict[str, Any], names: Sequence[str] = COLUMNS) -> list[str]:
    """Return a row's values under these names as text; a name that is no field's is that of a group, yes or no."""
    return [
        ", ".join(row[name]) if name == "groups" else str(row[name] or "") if name in row
        else "yes" if name in row["groups"] else "no"
        for name in names
    ]  # fmt: skip
