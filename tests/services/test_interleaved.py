"""Whatever others do while memberships are staged and settled, everything stays right (decision 0096).

Long form: `python -m tests.long.interleaved --runs 500`.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from portal.services.membership import touched
from tests.interleaved import OUTCOMES, run

SEEDS, STEPS = range(10), 12


def test_whatever_others_do_meanwhile_everything_stays_right_and_all_that_can_become_of_a_staging_does(
    server: Any, password_hash: str
) -> None:
    happened: Counter[str] = Counter()
    for seed in SEEDS:
        happened.update(run(seed, server, password_hash, STEPS))
    assert set(+happened) == set(OUTCOMES)


def test_who_is_forgotten_of_those_that_others_touched_is_found_and_told_with_what_was_done(
    server: Any, password_hash: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    customers: Callable[[int], Any] = touched.customers
    monkeypatch.setattr(touched, "customers", lambda after_row: customers(after_row).where(False))
    with pytest.raises(AssertionError, match=r"(?s)^Seed \d+: \{'.*\}\n\w+.*\n    \w+"):
        for seed in reversed(SEEDS):  # one of the last finds it soon
            run(seed, server, password_hash, STEPS)
