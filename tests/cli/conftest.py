"""A fresh database for each test of the command line, in a folder of its own, and a way to run `portal` there."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from portal.app import create_app
from portal.cli import main
from portal.config import Settings
from portal.db import db
from portal.models import Shop
from portal.permissions import OPERATOR, Grant, Role
from portal.services import shops, users
from tests.conftest import SERVER, Database, Moment, PostgresServer, SqliteFiles, forget, settings_for, use

# These speak of files: of the database's own, of copies beside it.
collect_ignore = ["test_backups.py", "test_doctor.py"] if SERVER else []

PASSWORD = "purple-harbour-lantern"
ROLES = {
    "olive": Role.OWNER,
    "cass": Role.CSCC_MANAGER,
    "pat": Role.PORTFOLIO_MANAGER,
    "sam": Role.SUPPORT,
    "sol": Role.SHOP_STAFF,
    "ana": Role.ANALYST,
    "tess": Role.TECH_ADMIN,
}
Portal = Callable[..., Result]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder with nothing of the portal in it; commands run there."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("PORTAL_")]:
        monkeypatch.delenv(name)
    yield tmp_path
    if db.obj is not None and not db.is_closed():
        db.close()


@pytest.fixture
def portal(place: Path) -> Portal:
    """Run `portal` with these words, and perhaps with text on standard input."""

    def run(*words: str, stdin: str | bytes = b"") -> Result:
        if db.obj is not None and not db.is_closed():
            db.close()
        result = CliRunner().invoke(main, list(words), input=stdin)
        assert not isinstance(result.exception, Exception) or isinstance(result.exception, SystemExit), result.exception
        return result

    return run


def _fill() -> None:
    """Put two shops and one person for each role into the database in use."""
    shops.create(OPERATOR, code="KGN", name="Kigali North")
    shops.create(OPERATOR, code="HUY", name="Huye")
    kgn = Shop.get(Shop.code == "KGN").id
    for name, role in ROLES.items():
        grant = Grant(role, kgn if role is Role.SHOP_STAFF else None)
        users.add(OPERATOR, email=f"{name}@x.example", name=name.title(), grants=[grant], password=PASSWORD)


@pytest.fixture(scope="session")
def made(server: SqliteFiles | PostgresServer) -> Moment:
    """A migrated database with two shops and one person for each role; made once, since passwords take their time."""
    url = server.new()
    use(url)
    _fill()
    return Database(url, server).moment()


@pytest.fixture
def store(
    place: Path, made: Moment, server: SqliteFiles | PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """That database, as it was made, where commands run, and connected, so that tests can look into it."""
    path = place / "instance" / "portal.db"
    path.parent.mkdir()
    if isinstance(server, PostgresServer):
        made.restore()
        url = made.database.url
        monkeypatch.setenv("PORTAL_DATABASE", url)
    else:
        url = f"sqlite:///{path}"
        shutil.copy(made.kept.removeprefix("sqlite:///"), path)
    # The key under which the store was made goes with it, as to another machine: its changes are sealed with it.
    (path.parent / "secret_key").write_text(settings_for(url).secret_key)
    create_app(Settings(database=url), path.parent, pages=False)
    yield path
    forget()
