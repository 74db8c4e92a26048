"""Whoever looks finds done what the clock has moved, whichever door she comes through."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

from portal.models import Change, Membership
from portal.permissions import Actor
from portal.services import items
from portal.services.items import NewItem

New = Callable[..., Any]
START = datetime(2026, 3, 2, 10)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


def test_a_page_shows_who_joined_by_the_clock_since(
    browse: New, cass: Actor, new_customer: New, new_group: New, clock: time_machine.Traveller
) -> None:
    ann, group = new_customer("Ann"), new_group("Spring")
    items.add(cass, group.id, [NewItem(customer_id=ann.id, valid_from=START + timedelta(hours=1))])
    browser = browse("cass")
    assert browser.get("/groups/spring").rows() == []
    clock.shift(timedelta(hours=2))
    assert [row[0] for row in browser.get("/groups/spring").rows()] == ["Ann"]
    assert Membership.get().since == START + timedelta(hours=1)
    assert Change.select().where(Change.act == "clock.due").count() == 1
