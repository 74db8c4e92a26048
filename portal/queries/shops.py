"""Reading shops."""

import peewee
from peewee import fn

from portal.built import Built, Slot
from portal.errors import N_, Missing
from portal.models import Customer, Shop
from portal.permissions import Action, Actor


def visible_to(actor: Actor, action: Action = Action.SEE_CUSTOMERS) -> list[Shop]:
    """Return the shops in which `actor` may do `action`, in name order."""
    if not actor.may(action):
        return []
    reach = actor.shops(action)
    query = _live().order_by(Shop.name_key, Shop.id)
    return list(query if reach is None else query.where(Shop.id.in_(reach)))


def every() -> list[Shop]:
    """Return all shops in name order."""
    return list(_live().order_by(Shop.name_key, Shop.id))


def _live() -> peewee.ModelSelect:
    return Shop.select().where(Shop.removed_at.is_null())


def by_code(code: str) -> Shop:
    """Return the shop of that code, whatever the case; raises Missing."""
    shop = of_code(code)
    if shop is None:
        raise _missing(code)
    return shop


def of_code(code: str) -> Shop | None:
    """Return the shop that has the code, whatever the case, if there is one; removed shops have none."""
    found: Shop | None = _BY_KEY.first(key=code.strip().casefold())
    return found


_BY_KEY = Built(lambda: Shop.select().where(Shop.code_key == Slot("key")))


def _missing(code: str) -> Missing:
    return Missing(N_("There is no shop with the code “%(code)s”."), "shop", code=code)


def named(actor: Actor, code: str) -> Shop:
    """Return the shop of that code in which `actor` sees customers; raises Missing, for a foreign one as for none."""
    shop, reach = by_code(code), actor.shops(Action.SEE_CUSTOMERS)
    if reach is not None and shop.id not in reach:
        raise _missing(code)
    return shop


def with_counts() -> list[tuple[Shop, int]]:
    """Return all shops in name order, each with the number of its customers."""
    counts = dict(
        Customer.select(Customer.shop, fn.COUNT(Customer.id))
        .where(Customer.shop.is_null(False))
        .group_by(Customer.shop)
        .tuples()
    )
    return [(shop, counts.get(shop.id, 0)) for shop in every()]
