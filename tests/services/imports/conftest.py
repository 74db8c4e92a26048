"""What several tests of imports ask for."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portal.models import Import
from portal.permissions import Actor
from portal.services import imports


@pytest.fixture
def check(cass: Actor, tmp_path: Path) -> Callable[..., Any]:
    """Check a file as Cass, or as the person said."""

    def checked(text: str, actor: Actor = cass, **options: Any) -> Import:
        path = tmp_path / "people.csv"
        path.write_text(text, encoding="utf-8")
        return imports.check(actor, path, path.name, **options)

    return checked
