"""Writing the values of the store's own fields, of one customer or of many, inside a change that is open."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as made
from typing import Any

from portal import clock, own_values
from portal.db import in_chunks, run_many
from portal.errors import N_, Refusal, Refusals
from portal.models import Customer, Field
from portal.own_values import EMPTY, Cell
from portal.permissions import Action, Actor, require
from portal.queries import customers as find_customers
from portal.queries import fields as find
from portal.services.recorder import Recorder
from portal.values import Remark, search_text

NOUN = "customer_value"
REQUIRED = N_("“%(label)s” is required.")
TAKEN = N_("Another customer has “%(value)s” already.")
TAKEN_BY = N_("Another customer has “%(value)s” already: %(name)s.")
Rows = Mapping[int, Mapping[str, Cell]]  # by customer id, by code of a field


@dataclass(slots=True)
class Reading:
    """The cells of a customer that were read, by code; refusals and warnings."""

    cells: dict[str, Cell] = made(default_factory=dict)
    refusals: list[Remark] = made(default_factory=list)
    warnings: list[Remark] = made(default_factory=list)


def read_typed(fields: Sequence[Field], typed: Mapping[str, str], *, is_new: bool) -> Reading:
    """Read what was typed of a customer's own fields; what is not in `typed` is left alone.

    A new customer gets the defaults of the others. A required field that would be empty then is refused.
    """
    reading, said = Reading(), own_values.context()
    for field in fields:
        if field.code not in typed and not is_new:
            continue
        own = own_values.read(field, typed.get(field.code, field.default), said)
        if own.refusal is not None:
            reading.refusals.append(own.refusal)
            continue
        if own.warning is not None:
            reading.warnings.append(own.warning)
        if field.is_required and own.cell.value is None:
            reading.refusals.append(Remark(REQUIRED, field.code, {"label": find.label(field)}))
        reading.cells[field.code] = own.cell
    return reading


def put(
    actor: Actor, rows: Rows, fields: Sequence[Field], change: Recorder, bumped: Collection[int] = ()
) -> dict[int, frozenset[str]]:
    """Write values of customers inside an open change, those that differ alone; return by customer what rules may ask.

    `fields` are those that the rows speak of. Whoever is not in `bumped` gets a new version by it; what searching finds
    them by is brought up. The caller refreshes membership. Raises Refusals where a value has to be unique and is not.
    """
    require(actor, Action.EDIT_CUSTOMER)
    written: dict[int, frozenset[str]] = {}
    for ids in in_chunks(rows):
        written |= _put(actor, {customer_id: rows[customer_id] for customer_id in ids}, fields, change, bumped)
    return written


def _put(
    actor: Actor, rows: Rows, fields: Sequence[Field], change: Recorder, bumped: Collection[int]
) -> dict[int, frozenset[str]]:
    named = {code for said in rows.values() for code in said}
    fields = [field for field in fields if field.code in named]
    before = find.cells_of(list(rows), fields)
    differing = {
        customer_id: {
            code: (before.get(customer_id, {}).get(code, EMPTY), cell)
            for code, cell in said.items()
            if before.get(customer_id, {}).get(code, EMPTY).value != cell.value
        }
        for customer_id, said in rows.items()
    }
    differing = {customer_id: cells for customer_id, cells in differing.items() if cells}
    if not differing:
        return {}
    codes = {code for cells in differing.values() for code in cells}
    fields = [field for field in fields if field.code in codes]
    _upsert(differing, before, fields)
    _record(differing, fields, change)
    _refuse_taken(actor, differing, fields)
    _bump([customer_id for customer_id in differing if customer_id not in bumped])
    is_searched = any(field.is_searchable and field.retired_at is None for field in fields)
    found = bring_up_search(list(differing)) if is_searched else frozenset()
    # By what she is searched is a field of rules as well.
    return {id_: frozenset(cells) | ({"search"} if id_ in found else set()) for id_, cells in differing.items()}


_Differing = Mapping[int, Mapping[str, tuple[Cell, Cell]]]


def _upsert(differing: _Differing, before: Rows, fields: Sequence[Field]) -> None:
    names = [name for field in fields for name in field.columns]
    quoted = ", ".join(f'"{name}"' for name in names)
    new = ", ".join(f'"{name}" = excluded."{name}"' for name in names)
    sql = (
        f"INSERT INTO customer_value (customer_id, {quoted}) VALUES ({', '.join('?' * (len(names) + 1))}) "
        f"ON CONFLICT (customer_id) DO UPDATE SET {new}"
    )
    lines = []
    for customer_id, cells in differing.items():
        had = before.get(customer_id, {})
        line: list[Any] = [customer_id]
        for field in fields:
            cell = cells[field.code][1] if field.code in cells else had.get(field.code, EMPTY)
            line += cell[: len(field.columns)]
        lines.append(line)
    run_many(sql, lines)


def _record(differing: _Differing, fields: Sequence[Field], change: Recorder) -> None:
    by_code, said = {field.code: field for field in fields}, own_values.context()

    def plain(cells: Mapping[str, tuple[Cell, Cell]], place: int) -> dict[str, Any]:
        return {code: own_values.plain(by_code[code], pair[place].value, said) for code, pair in cells.items()}

    told = [(customer_id, plain(cells, 0), plain(cells, 1)) for customer_id, cells in differing.items()]
    if len(told) == 1:
        change.row(NOUN, *told[0])
    else:
        change.rows(NOUN, told)


def _refuse_taken(actor: Actor, differing: _Differing, fields: Sequence[Field]) -> None:
    """Refuse values that have to be unique and that somebody else has.

    Her name is for who may see her, and the value as hers.
    """
    refusals = []
    for field in fields:
        if not field.is_unique:
            continue
        typed = {
            key_of(cells[field.code][1]): cells[field.code][1].value
            for cells in differing.values()
            if field.code in cells and cells[field.code][1].value is not None
        }
        for key, ids in find.owners(field, list(typed)).items():
            other = next((one for one in ids if one not in differing), ids[0])
            if len(ids) > 1:
                seen = find_customers.visible_to(actor).where(Customer.id == other).first()
                is_told = seen is not None and other not in differing and not _is_masked(actor, seen, field)
                name = (seen.name or seen.code) if is_told else ""
                sentence = TAKEN_BY if name else TAKEN
                refusals.append(Refusal(sentence, field.code, value=str(typed[key]), name=name))
    if refusals:
        raise Refusals(refusals)


def _is_masked(actor: Actor, customer: Customer, field: Field) -> bool:
    return field.code in find.masked_codes([field], find_customers.masked(actor, customer))


def key_of(cell: Cell) -> Any:
    """Return what a value is held against others by: its key, or itself where its type has none."""
    return cell.key if cell.key is not None else cell.value


def collisions(customer_ids: Collection[int]) -> dict[int, tuple[str, str]]:
    """Return whose unique values somebody else has: the value and what the field is called, by customer id.

    For who comes back: of those who are removed nothing is unique.
    """
    fields = [field for field in find.live() if field.is_unique]
    cells = find.cells_of(customer_ids, fields)
    found = {}
    for field in fields:
        mine = {id_: had[field.code] for id_, had in cells.items() if field.code in had}
        owners = find.owners(field, [key_of(cell) for cell in mine.values()])
        for id_, cell in mine.items():
            if set(owners.get(key_of(cell), ())) - {id_}:
                found[id_] = str(cell.value), find.label(field)
    return found


def _bump(ids: Sequence[int]) -> None:
    moment = clock.now()
    run_many("UPDATE customer SET version = version + 1, updated_at = ? WHERE id = ?", [(moment, id_) for id_ in ids])


def lines(customer_ids: Collection[int], fields: Sequence[Field] | None = None) -> dict[int, str]:
    """Return what own searchable fields add to the search of customers, by id; `fields` are the live ones, if known."""
    fields = [field for field in (find.live() if fields is None else fields) if field.is_searchable]
    found = find.cells_of(customer_ids, fields)
    return {
        customer_id: "\n".join(
            line for line in (
                own_values.search_line(field.type, cells[field.code]) for field in fields if field.code in cells
            ) if line
        )
        for customer_id, cells in found.items()
    }  # fmt: skip


def bring_up_search(customer_ids: Collection[int]) -> frozenset[int]:
    """Write anew what searching finds these customers by, where it differs, and return whose that was.

    Those who were removed are not found.
    """
    changed: list[int] = []
    for ids in in_chunks(customer_ids):
        own = lines(ids)
        columns = (Customer.id, Customer.search, Customer.name_key, Customer.code, Customer.email, Customer.phone)
        rows = Customer.select(*columns).where(Customer.id.in_(ids), Customer.removed_at.is_null()).dicts()
        found = [(search_text(row, own.get(row["id"], "")), row["id"], row["search"]) for row in rows]
        differing = [(line, id_) for line, id_, before in found if line != before]
        run_many("UPDATE customer SET search = ? WHERE id = ?", differing)
        changed += [id_ for _line, id_ in differing]
    return frozenset(changed)
