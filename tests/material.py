"""Files to read: our own under tests/data, and besides, those of others where they lie beside the checkout.

A checkout alone has everything that the tests need; what nobody here wrote is tried on top of it.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

OWN = Path(__file__).parent / "data"
FOREIGN = Path(__file__).parents[2] / "shared" / "data"


def own(*patterns: str) -> list[Path]:
    """Return the files of our own that fit; there must be some for each pattern."""
    found = [sorted(OWN.glob(pattern)) for pattern in patterns]
    assert all(found), patterns
    return [path for paths in found for path in paths]


def foreign(*patterns: str) -> list[Path]:
    """Return the files of others that fit, none where they are not."""
    return sorted(path for pattern in patterns for path in FOREIGN.glob(pattern))


def named(path: Path) -> str:
    """Return what a test calls a file."""
    return path.name if path.is_relative_to(OWN) else f"{path.parent.name}/{path.name}"


def known(answers: Mapping[str, tuple[Any, ...]]) -> list[Any]:
    """Return parameters for those files that are there: each with its answers. Ours have no folder in their name."""
    found = []
    for name, answer in answers.items():
        paths = foreign(name) if "/" in name else own(name)
        found += [pytest.param(path, *answer, id=named(path)) for path in paths]
    return found


def strings() -> list[str]:
    """Return nasty strings."""
    files = own("strings.jsonl") + foreign("strings/naughty-strings.jsonl")
    return [json.loads(line) for path in files for line in path.read_text("utf-8").splitlines()]
