"""Whatever others do while memberships are staged and settled, everything stays right (decision 0096).

Long form: `python -m tests.long.interleaved --runs 500`.
"""

from collections import Counter
from typing import Any

import pytest

from portal.services.membership.foreseen import Sight
from tests.interleaved import OUTCOMES, run

SEEDS, STEPS = range(27, 37), 12


def test_whatever_others_do_meanwhile_everything_stays_right_and_all_that_can_become_of_a_staging_does(
    server: Any, password_hash: str
) -> None:
    happened: Counter[str] = Counter()
    for seed in SEEDS:
        happened.update(run(seed, server, password_hash, STEPS))
    assert set(+happened) == set(OUTCOMES)


def test_a_staging_that_holds_no_more_and_is_believed_is_found_and_told_with_what_was_done(
    server: Any, password_hash: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Sight, "holds", lambda _sight, _change_id: True)
    with pytest.raises(AssertionError, match=r"(?s)^Seed \d+: \{'.*\}\n\w+.*\n    \w+"):
        for seed in reversed(SEEDS):  # one of the last finds it soon
            run(seed, server, password_hash, STEPS)
