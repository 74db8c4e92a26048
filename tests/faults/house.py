"""A store of its own for what needs a process, a server, or more time than a test has: SQLite, standing people."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from argon2 import PasswordHasher
from flask import Flask

from portal import create_app
from portal.models import Shop
from portal.permissions import OPERATOR
from portal.services import shops
from tests.conftest import PASSWORD, Person, SqliteFiles, add_standing, forget, settings_for, use
from tests.page import Browser

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@dataclass
class House:
    """A database with people, and the portal on it in this process."""

    folder: Path
    url: str
    shop: Shop
    people: dict[str, Person]
    app: Flask

    @property
    def database(self) -> Path:
        """Return the SQLite file."""
        return Path(self.url.removeprefix("sqlite:///"))

    def browser(self, name: str) -> Browser:
        """Return a browser in which that person is signed in."""
        return Browser(self.app).sign_in(self.people[name].user.email, PASSWORD)


@contextmanager
def portal_in(folder: Path) -> Iterator[House]:
    """Make a store in `folder` and the portal on it."""
    url = SqliteFiles(folder).new()
    app = create_app(settings_for(url), folder / "instance")
    logger, level = logging.getLogger("portal"), logging.getLogger("portal").level
    logger.setLevel(logging.CRITICAL)
    use(url)
    cheap = CHEAP.hash(PASSWORD)
    shop = shops.create(OPERATOR, code="S1", name="Kigali North")
    try:
        yield House(folder, url, shop, add_standing(cheap, shop), app)
    finally:
        logger.setLevel(level)
        forget()
