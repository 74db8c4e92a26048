"""What a row of a checked file would change: beside its cells, what is stored now (ux.md, import)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from portal import own_values
from portal.access import actor
from portal.models import Field, Import, ImportRow, Shop
from portal.models.customer import FIELDS
from portal.queries import fields as find_fields
from portal.web import columns

_PARTS = {"first_name": "name", "last_name": "name"}


def of(imported: Import, rows: Sequence[ImportRow]) -> Callable[[ImportRow, str], str | None]:
    """Return what says of a row and a field what would be exchanged, in words; None where the cell changes nothing.

    Three queries at most, whatever the rows.
    """
    updated = [row for row in rows if row.result == "updated" and row.customer is not None]
    own = {field.code: field for field in find_fields.live() if field.code in imported.columns} if updated else {}
    stored = find_fields.values_of([row.customer_id for row in updated], list(own.values()))
    wanted = {row.customer.shop_id for row in updated if row.shop_id and row.customer.shop_id}
    shops = {shop.id: shop for shop in Shop.select().where(Shop.id.in_(wanted))} if wanted else {}
    there, said = {row.id for row in updated}, own_values.context()

    def was(row: ImportRow, target: str) -> str | None:
        code = _PARTS.get(target, target)
        if row.id not in there:
            return None
        if code in own:
            return _own(row, own[code], stored.get(row.customer_id, {}), said)
        if code not in FIELDS and code != "shop":
            return None
        name = "shop_id" if code == "shop" else code
        new, old = getattr(row, name), getattr(row.customer, name)
        if new is None or new == old:
            return None
        if code == "shop":
            return shops[old].name if old else ""
        return columns.say(row.customer, code, actor().masked(row.customer.shop_id))

    return was


def _own(row: ImportRow, field: Field, stored: Mapping[str, Any], said: Any) -> str | None:
    if field.code not in (row.own or {}):
        return None
    old = stored.get(field.code)
    if own_values.from_plain(field, row.own[field.code], said).value == old:
        return None
    return columns.say_own_value(field, old)
