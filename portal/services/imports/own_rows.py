"""The values of the store's own fields that the rows of a part bring, written inside the open change."""

import json
from collections.abc import Collection, Mapping, Sequence

from portal import own_values as reading
from portal.db import db
from portal.models import Field, ImportRow
from portal.own_values import Cell
from portal.permissions import Actor
from portal.services import own_values
from portal.services.changes import Recorder
from portal.services.imports.turns import Part


def write(
    actor: Actor, part: Part, change: Recorder, fields: Sequence[Field], bumped: Collection[int]
) -> Mapping[int, frozenset[str]]:
    """Write what the rows of a part say of own fields, and the defaults of who is new.

    `bumped` are the customers that have a new version by this part already. Returns, by customer who was there before,
    the codes of what differs.
    """
    said = reading.context()
    defaults = {own.code: reading.read(own, own.default, said).cell for own in fields if own.default}
    mine = {own.code: own for own in fields if own.code in part.imported.columns}
    if not mine and not defaults:
        return {}
    query = ImportRow.select(ImportRow.result, ImportRow.customer, ImportRow.own).where(
        *part.rows(ImportRow.result.in_(("new", "updated")), ImportRow.customer.is_null(False))
    )
    rows: dict[int, dict[str, Cell]] = {}
    new = set()
    for result, customer, raw in db.execute(query.order_by(ImportRow.row)):
        own = json.loads(raw) if isinstance(raw, str) else raw or {}
        cells = {code: reading.from_plain(mine[code], value, said) for code, value in own.items() if code in mine}
        if result == "new":
            new.add(customer)
            cells = defaults | cells
        if cells:
            rows[customer] = cells
    written = own_values.put(actor, rows, fields, change, {*bumped, *new})
    return {customer: codes for customer, codes in written.items() if customer not in new}
