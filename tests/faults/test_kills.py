"""A group is imported whole or not at all, and an import that was killed goes on where it stood (promise 2).

Long form: `python -m tests.long.kills --times 50 --rows 100000`.
"""

import signal
from pathlib import Path
from typing import Any

from tests.conftest import Database, forget
from tests.faults.killing import boundaries, complete, furnish, is_done, start, wrong

ROWS = 2_400  # three parts
KILLS = 12


def test_an_import_killed_at_any_boundary_leaves_no_half_group_and_completes(
    database: Database, people: Any, tmp_path: Path
) -> None:
    path = furnish(tmp_path, ROWS)
    moment = database.moment()
    forget()
    places = boundaries(database.url, path)
    assert is_done(ROWS)
    assert len(places) >= KILLS
    chosen = [sorted(places)[n * len(places) // KILLS] for n in range(KILLS)]
    whole = []
    for number in chosen:
        moment.restore()
        with start(database.url, path, number) as process:
            # How many turns a check takes depends on how busy the machine is: the last statements may not come.
            assert process.wait(60) in {-signal.SIGKILL, 0}
        assert wrong(ROWS) == [], f"killed before {places[number]}"
        whole.append(is_done(ROWS))
        complete(path)
        assert is_done(ROWS), f"after a kill before {places[number]}"
        forget()
    assert whole.count(False) >= KILLS - 2
