"""A query that is written once answers as one that is written each time."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import peewee

from portal import clock
from portal.built import Built, Slot
from portal.models import Customer, Shop
from tests.conftest import Database

New = Callable[..., Any]


def test_values_stand_in_the_slots_as_their_columns_store_them(new_customer: New, s1: Shop) -> None:
    new_customer("Ann", s1)
    query = Built(
        lambda: (
            Customer.select(Customer, Shop)
            .join(Shop)
            .where(Customer.created_at > Slot("since"), Customer.name == Slot("name"), Customer.shop == Slot("shop"))
        )
    )
    (found,) = query.rows(since=clock.ago(days=1), name="Ann", shop=s1.id)
    assert (found.name, found.shop.name) == ("Ann", s1.name)
    assert isinstance(found.created_at, type(clock.now())) and clock.now() - found.created_at < timedelta(days=1)
    assert query.rows(since=clock.ago(days=-1), name="Ann", shop=s1.id) == []
    assert query.rows(since=clock.ago(days=1), name="Bob", shop=s1.id) == []
    assert query.rows(since=clock.ago(days=1), name="Ann", shop=s1.id + 1) == []


def test_it_is_written_once_and_asks_anew_each_time(
    database: Database, new_customer: New, query_count: Callable[[Callable[[], Any]], int]
) -> None:
    written: list[int] = []

    def build() -> peewee.Select:
        written.append(1)
        return Customer.select(peewee.fn.COUNT(Customer.id)).where(Customer.name != Slot("name")).tuples()

    query = Built(build)
    assert query.rows(name="Ann") == [(0,)]
    new_customer("Ann")
    assert (query.rows(name="Ann"), query.rows(name="Bob")) == ([(0,)], [(1,)])
    assert (query_count(lambda: query.rows(name="Bob")), len(written)) == (1, 1)
