"""Lists that are written whole: everybody once, whatever becomes of them while it is written."""

from collections.abc import Callable
from typing import Any

import pytest

from portal.models import Customer, Shop
from portal.permissions import Actor
from portal.queries import filters, listing
from portal.queries.filters import Filter
from portal.services import customers

New = Callable[..., Any]
SORTS = ["name", "-name", "code", "-code", "created", "-created"]


@pytest.fixture
def shop(s1: Shop, new_customer: New) -> Shop:
    """A shop with twenty customers, and somebody without a shop."""
    for n in range(20):
        new_customer(f"Ann {n * 7 % 20:02}", s1, code=f"M{n:02}")
    new_customer("Zoe", code="M99")
    return s1


def edit(cass: Actor, code: str, /, **typed: str) -> None:
    row = Customer.get(Customer.code == code)
    customers.edit(cass, row.id, typed, version=row.version)


def expected(wanted: Filter) -> list[str]:
    is_back, columns = wanted.sort.startswith("-"), filters.SORTS[wanted.sort.lstrip("-")]
    columns = [column.desc() if is_back else column for column in columns]
    return [row.code for row in Customer.select().where(Customer.shop.in_(wanted.shops)).order_by(*columns)]


@pytest.mark.parametrize("to", ["earlier", "later"])
@pytest.mark.parametrize("sort", SORTS)
def test_a_long_list_holds_everybody_once_though_the_last_of_each_part_changes(
    sort: str, to: str, cass: Actor, shop: Shop, s2: Shop
) -> None:
    """She takes another code and name, leaves the filter by leaving her shop, or both, before the next part is read."""
    wanted = Filter(shops=(shop,), sort=sort)
    whole, found = expected(wanted), []
    sign = "0" if (to == "earlier") != sort.startswith("-") else "zz"
    for n, part in enumerate(listing.parts(cass, wanted, 3)):
        found += [row.code for row in part.rows]
        if n < 6:
            moved: dict[str, str] = {"code": f"{sign}{n}", "name": f"{sign} {n}"}
            changed: dict[str, str] = [moved, {"shop": s2.code}, {**moved, "shop": s2.code}][n % 3]
            edit(cass, part.rows[-1].code, **changed)
    assert found == whole and len(found) == 20


@pytest.mark.parametrize("sort", SORTS[:4])
def test_who_moves_from_a_later_place_to_an_earlier_one_and_who_is_new_come_at_the_end(
    sort: str, cass: Actor, shop: Shop, new_customer: New
) -> None:
    wanted, early = Filter(shops=(shop,), sort=sort), "zz" if sort.startswith("-") else "0"
    whole, found = expected(wanted), []
    for n, part in enumerate(listing.parts(cass, wanted, 3)):
        found += [row.code for row in part.rows]
        if n == 1:
            for code in (whole[18], whole[8]):
                edit(cass, code, name=f"{early} {code}", code=f"{early}{code}")
            new_customer(f"{early} New", shop, code=f"{early}NEW")
            new_customer(f"{early} Else", code=f"{early}ELSE")
    late = sorted((f"{early}{whole[18]}", f"{early}{whole[8]}"), key=lambda code: code.removeprefix(early))
    assert found == [*(code for code in whole if code not in (whole[18], whole[8])), *late, f"{early}NEW"]


def test_a_list_has_every_number_of_customers_once_however_many_are_read_at_a_time(cass: Actor, shop: Shop) -> None:
    wanted = Filter(shops=(shop,))
    for size in (1, 2, 19, 20, 21):
        assert [row.code for part in listing.parts(cass, wanted, size) for row in part.rows] == expected(wanted)
