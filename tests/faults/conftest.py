"""A store of its own, on SQLite, for faults that only a file can have."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.house import House, portal_in


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """The portal on a SQLite file in a folder of this test's own."""
    with portal_in(tmp_path) as made:
        yield made
