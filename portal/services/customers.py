"""Creating, editing and revealing customers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from peewee import fn

from portal import clock, config
from portal.built import Built, Slot
from portal.errors import N_, Conflict, Refusal, Refusals
from portal.models import Customer, Field, Shop
from portal.own_values import Cell
from portal.permissions import Action, Actor, require, require_shop
from portal.queries import customers as find
from portal.queries import fields as find_fields
from portal.queries import shops as find_shops
from portal.services import boxes as ticking
from portal.services import membership, own_values, staying
from portal.services.changes import Recorder, record, values
from portal.services.guards import calling
from portal.text import clean
from portal.values import Reading, Remark, read_customer, search_text

NO_IDENTITY = N_("Give at least one of code, e-mail and phone, so that she can be found again.")
CODE_PREFIX = "C"
_FIRST_CODE = 1_000_000
_NONE: Mapping[str, bool] = {}


@dataclass(frozen=True, slots=True)
class Saved:
    """A stored customer, what a person should know about the values that were kept, and groups whose exclusion of her
    was lifted.
    """

    customer: Customer
    warnings: list[Remark]
    lifted: list[str] = field(default_factory=list)


def create(actor: Actor, typed: Mapping[str, str], boxes: Mapping[str, bool] = _NONE, reason: str = "") -> Saved:
    """Create a customer from typed values (`shop` holds a shop's code, an own field's code its value) and return her.

    She is in the groups that include her shop in the same transaction, and in those of the ticked `boxes` (by code);
    see services/boxes.py, also for `reason`. Raises Refusals naming the fields, Denied.
    """
    require(actor, Action.EDIT_CUSTOMER)
    call = calling("customers.create", typed=dict(typed), boxes=dict(boxes), reason=reason) if boxes else None
    with record(actor, "customer.create", note=clean(reason), call=call) as change:
        saved = insert(actor, typed, change)
        change.about("customer", saved.customer.id)
        membership.refresh(change, customers=[saved.customer.id])
        return replace(saved, lifted=ticking.tick(actor, saved.customer, boxes, reason, change))


def insert(actor: Actor, typed: Mapping[str, str], change: Recorder) -> Saved:
    """Insert a customer inside a change that another service has open; the caller refreshes membership."""
    fields = find_fields.live()
    reading, own = _read(typed, fields, is_new=True)
    shop = _shop(actor, typed.get("shop", ""), reading)
    if actor.shops(Action.EDIT_CUSTOMER) is not None and reading.columns.get("code"):
        # A code typed by somebody who sees one shop would tell her which codes other shops use; it is not looked up.
        del reading.columns["code"], reading.columns["code_key"]
        reading.refuse("code", N_("Leave the code empty; the portal gives one."))
    _check_identity(reading)
    columns = reading.columns
    if not columns.get("code"):
        columns["code"] = next_code()
        columns["code_key"] = columns["code"].casefold()
    customer = Customer.create(**columns, shop=shop, search=search_text(columns))
    change.created("customer", customer)
    own_values.put(actor, {customer.id: own}, fields, change, bumped=(customer.id,))
    return Saved(customer, reading.warnings)


def edit(
    actor: Actor, customer_id: int, typed: Mapping[str, str], version: int | None = None,
    boxes: Mapping[str, bool] = _NONE, reason: str = "",
) -> Saved:  # fmt: skip
    """Change the typed values of a customer and return her with warnings; a value not in `typed` stays.

    `version` is the one the form was drawn with; another one stored now raises Conflict. `boxes` are those that were
    changed since, by code; see services/boxes.py, also for `reason`. Raises Missing, Refusals.
    """
    require(actor, Action.EDIT_CUSTOMER)
    said = {"customer_id": customer_id, "typed": dict(typed), "version": version, "boxes": dict(boxes)}
    call = calling("customers.edit", **said, reason=reason) if boxes else None
    with record(actor, "customer.edit", f"customer:{customer_id}", clean(reason), call=call) as change:
        customer = find.by_id(actor, customer_id)
        require_shop(actor, Action.EDIT_CUSTOMER, customer.shop_id)
        if version is not None and version != customer.version:
            raise Conflict(
                N_(
                    "Somebody else changed this customer since you opened the form. What you typed is still here; "
                    "compare it with what is stored now and save again."
                )
            )
        before, fields = values(customer), find_fields.live()
        reading, own = _read(_allowed(actor, customer, typed, fields), fields, is_new=False)
        if "shop" in typed:
            customer.shop = _shop(actor, typed["shop"], reading)
        _assign(customer, reading, fields)
        is_changed = values(customer) != before
        if is_changed:
            customer.version += 1
            customer.updated_at = clock.now()
            customer.save()
            change.updated("customer", customer.id, before, values(customer))
            if before["shop"] not in {None, customer.shop_id}:
                staying.stay({customer.id: before["shop"]}, change)
        now = values(customer)
        differing = {name for name in before if before[name] != now[name]}
        bumped = (customer.id,) if is_changed else ()
        if written := own_values.put(actor, {customer.id: own}, fields, change, bumped):
            customer = find.by_id(actor, customer_id)
            differing |= written[customer.id]
        if differing:
            membership.refresh(change, customers=[customer.id], fields=differing)
        lifted = ticking.tick(actor, customer, boxes, reason, change)
    return Saved(customer, reading.warnings, lifted)


def reveal(actor: Actor, customer_id: int, reason: str) -> None:
    """Let `actor` see the masked ID of one customer for ten minutes; the reason is kept with the change.

    Raises Missing, or Refusal when the reason is empty or the ID is not masked for her with a way to reveal it.
    """
    require(actor, Action.EDIT_CUSTOMER)
    with record(actor, "customer.reveal", f"customer:{customer_id}", note=reason.strip()[:500]) as change:
        customer = find.by_id(actor, customer_id)
        require_shop(actor, Action.EDIT_CUSTOMER, customer.shop_id)
        if actor.masked(customer.shop_id) != {"id_number"}:
            raise Refusal(N_("There is no ID that you could reveal here."), "reason")
        if not reason.strip():
            raise Refusal(N_("Say in a few words why you need the ID."), "reason")
        change.row("customer", customer.id, None, {"revealed": "id_number"})


def next_code() -> str:
    """Return a code that no customer has."""
    number = code_base() + 1
    while Customer.select().where(Customer.code_key == f"{CODE_PREFIX}{number}".casefold()).exists():
        number += 1
    return f"{CODE_PREFIX}{number}"


def code_base() -> int:
    """Return a number above which generated codes are most likely free; they all have the same length for long."""
    return _FIRST_CODE + (Customer.select(fn.MAX(Customer.id)).scalar() or 0)


def _read(typed: Mapping[str, str], fields: Sequence[Field], *, is_new: bool) -> tuple[Reading, dict[str, Cell]]:
    """Read her own columns, and apart from them the values of the store's own fields."""
    settings, codes = config.current(), {field.code for field in fields}
    columns = {name: text for name, text in typed.items() if name != "shop" and name not in codes}
    reading = read_customer(columns, settings.region, clock.today(settings.timezone))
    own = own_values.read_typed(fields, typed, is_new=is_new)
    reading.refusals += own.refusals
    reading.warnings += own.warnings
    return reading, own.cells


def _allowed(actor: Actor, customer: Customer, typed: Mapping[str, str], fields: Sequence[Field]) -> dict[str, str]:
    """Leave out columns she sees masked: what she cannot read she cannot overwrite by accident."""
    hidden = find.masked(actor, customer)
    hidden |= find_fields.masked_codes(fields, hidden)
    limited = actor.shops(Action.EDIT_CUSTOMER) is not None
    return {name: text for name, text in typed.items() if name not in hidden and not (limited and name == "code")}


def _shop(actor: Actor, code: str, reading: Reading) -> Shop | None:
    reach = actor.shops(Action.EDIT_CUSTOMER)
    shop = find_shops.of_code(code) if code.strip() else None
    if reach is not None and (shop is None or shop.id not in reach):
        reading.refuse("shop", N_("Choose one of your own shops."))
    elif code.strip() and shop is None:
        reading.refuse("shop", N_("There is no shop with the code “%(code)s”."), code=code.strip())
    return shop


def _assign(customer: Customer, reading: Reading, fields: Sequence[Field]) -> None:
    if "code" in reading.columns and not reading.columns["code"]:
        del reading.columns["code"], reading.columns["code_key"]
    _check_identity(reading, customer)
    for name, value in reading.columns.items():
        setattr(customer, name, value)
    customer.search = search_text(customer.__data__, own_values.lines([customer.id], fields).get(customer.id, ""))


def _check_identity(reading: Reading, customer: Customer | None = None) -> None:
    """Raise Refusals unless the values leave her with a unique code and something to find her by."""
    stored = customer.__data__ if customer else {}
    if not any(reading.columns.get(name, stored.get(name)) for name in ("code", "email", "phone")):
        unread = {remark.field for remark in reading.refusals}
        if not unread & {"code", "email", "phone"}:
            reading.refuse("code", NO_IDENTITY)
    key = reading.columns.get("code_key")
    taken = _BY_KEY.first(key=key) if key else None
    if taken is not None and (customer is None or taken.id != customer.id):
        reading.refuse(
            "code", N_("Another customer has the code “%(code)s” already: %(name)s."), code=taken.code, name=taken.name
        )
    if reading.refusals:
        raise Refusals(reading.as_refusals())


_BY_KEY = Built(lambda: Customer.select().where(Customer.code_key == Slot("key")))
