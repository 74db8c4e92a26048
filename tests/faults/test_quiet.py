"""Nobody notices that somebody imports (promise 6). Long form: `python -m tests.long.quiet --rows 100000`."""

from pathlib import Path

from tests.faults.quiet import while_importing
from tests.faults.served import Client, served


def test_two_hundred_requests_while_two_thousand_rows_are_imported(tmp_path: Path) -> None:
    with served(tmp_path) as portal:
        cass = Client(portal.port).sign_in()
        seen = while_importing(cass, rows=2_000, at_least=200)
        assert seen.rounds >= 1
        assert [line for line in portal.faults() if '"level": "error"' in line] == []
    assert seen.requests >= 200
    assert seen.writes and seen.failed == []
