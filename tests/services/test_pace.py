"""Who has much to write lets others in between two turns."""

from typing import Any

import pytest

from portal.db import transaction
from portal.services.membership import pace


@pytest.fixture
def hands(monkeypatch: pytest.MonkeyPatch, database: Any) -> "Hands":
    made = Hands()
    monkeypatch.setattr(pace, "sleep", made.rests.append)
    monkeypatch.setattr(pace, "monotonic", lambda: made.now)
    return made


class Hands:
    """A clock that is moved by hand, and how long was rested."""

    def __init__(self) -> None:
        self.now = 0.0
        self.rests: list[float] = []


def turn(one: pace.Pace, hands: Hands, took: float) -> None:
    with one.turn():
        hands.now += took


def test_alone_it_hardly_rests(hands: Hands) -> None:
    one = pace.Pace()
    for _ in range(3):
        turn(one, hands, 0.5)
    assert hands.rests == [pace.BREATH] * 3


def test_where_others_write_it_rests_as_long_as_it_took(hands: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    def waiting() -> Any:
        hands.now += 0.02
        return transaction()

    one = pace.Pace()
    with monkeypatch.context() as patch:
        patch.setattr(pace, "transaction", waiting)
        turn(one, hands, 0.5)
        turn(one, hands, 0.25)
    turn(one, hands, 0.5)
    turn(one, hands, 0.5)
    assert hands.rests == [pace.BREATH, pytest.approx(0.5), pytest.approx(0.25), pace.BREATH]
