"""Turn after turn to write, without keeping others from theirs."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic, sleep

from portal.db import transaction

BREATH = 0.001  # seconds in which others get in between two turns
NOTICED = 0.003  # seconds: who waited longer for her turn is not alone


class Pace:
    """How somebody who has much to write rests between two turns: where others write too, as long as the last one took.

    Taking every second turn is not enough: of those who come while it lasts, each would wait for another.
    """

    def __init__(self) -> None:
        self._rest = BREATH

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Rest, then run the block as one write transaction. Raises Busy when no turn was to be had."""
        sleep(self._rest)
        asked = monotonic()
        with transaction():
            began = monotonic()
            yield
        took = monotonic() - began
        self._rest = max(BREATH, took if began - asked > NOTICED else 0.0)
