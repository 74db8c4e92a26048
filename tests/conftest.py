"""What every test may ask for: a database of its own, the application on it, the standing people, browsers.

Nothing here is automatic: a test that names none of these fixtures pays for none of them. With TEST_DATABASE_URL
(postgresql://… of a server on which databases may be made) the same tests run on PostgreSQL, a database each.
"""

import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import hypothesis
import peewee
import psycopg
import pytest
from argon2 import PasswordHasher
from flask import Flask

pytest.register_assert_rewrite("tests.page")

from portal import config, create_app, db, migrate  # noqa: E402
from portal.app_limits import limiter  # noqa: E402
from portal.models import Customer, Group, Shop, User, UserRole  # noqa: E402
from portal.permissions import OPERATOR, Actor, Door, Role  # noqa: E402
from portal.queries import users as find_users  # noqa: E402
from portal.services import customers, groups, items, passwords, shops  # noqa: E402
from tests.emptying import Emptying  # noqa: E402
from tests.page import Browser  # noqa: E402

# How long one example takes says how busy the machine is, not whether the answer is right. The same examples each time:
# what fails then is what was changed; `--hypothesis-profile=default` searches among others.
hypothesis.settings.register_profile(
    "house", deadline=None, derandomize=True, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("house")
# The parameters stand in the hash; no test asks how hard it is to guess, and signing in hashes anew at another cost.
passwords.HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
SERVER = os.environ.get("TEST_DATABASE_URL", "")
collect_ignore = ["test_plans.py"] if SERVER else ["test_postgresql.py", "test_emptying.py"]
PASSWORD = "violet tractor orbit 91"
# Who holds what; the shop is the code of one, None the whole company (architecture.md, Tests).
STANDING = {
    "olive": (Role.OWNER, None),
    "cass": (Role.CSCC_MANAGER, None),
    "pat": (Role.PORTFOLIO_MANAGER, None),
    "sam": (Role.SUPPORT, None),
    "sol": (Role.SHOP_STAFF, "S1"),
    "ana": (Role.ANALYST, None),
    "tess": (Role.TECH_ADMIN, None),
    "nadia": (None, None),
}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL run only what uses a database; the other tests would say the same once more."""
    if SERVER:
        kept = [item for item in items if "server" in getattr(item, "fixturenames", ())]
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = kept


def settings_for(url: str, **changed: Any) -> config.Settings:
    """Return the settings of a test: a store in Kigali, everything else as it is out of the box."""
    values: dict[str, Any] = {"secret_key": "s" * 40, "timezone": "Africa/Kigali", "region": "RW"}
    return config.Settings(**(values | {"database": url} | changed))


# ---- databases ----


class SqliteFiles:
    """A migrated file, copied for each test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.template = folder / "template.db"
        use(f"sqlite:///{self.template}")
        migrate.up()
        forget()
        self.copies: dict[str, Path] = {}

    def new(self) -> str:
        """Return the address of a fresh, migrated database."""
        path = self.folder / f"{uuid4().hex}.db"
        shutil.copyfile(self.template, path)
        return f"sqlite:///{path}"

    def empty(self) -> str:
        """Return the address of a database without tables."""
        return f"sqlite:///{self.folder / uuid4().hex}.db"

    def keep(self, url: str) -> str:
        """Return the address of a copy of the database as it is now."""
        path = Path(url.removeprefix("sqlite:///"))
        db.db.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        copy = path.with_suffix(f".{uuid4().hex}")
        shutil.copyfile(path, copy)
        return f"sqlite:///{copy}"

    @contextmanager
    def lent(self) -> Iterator[str]:
        """Point the portal at a fresh database for one test; yields its address."""
        url = self.new()
        use(url)
        yield url
        forget()
        self.drop(url)

    def restore(self, url: str, kept: str) -> None:
        """Bring a database back to what was kept of it."""
        forget()
        path = Path(url.removeprefix("sqlite:///"))
        for name in ("-wal", "-shm"):
            path.with_name(path.name + name).unlink(missing_ok=True)
        shutil.copyfile(kept.removeprefix("sqlite:///"), path)

    def drop(self, url: str) -> None:
        """Remove a database."""
        path = Path(url.removeprefix("sqlite:///"))
        for found in path.parent.glob(path.name + "*"):
            found.unlink()

    def close(self) -> None:
        """Nothing is left open."""


class PostgresServer:
    """A migrated database, the template of others: one that is emptied after each test, more for who asks."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.connection = psycopg.connect(url, autocommit=True)
        self.template = self._create()
        use(self._address(self.template))
        migrate.up()
        self.emptying = Emptying(db.db.connection())
        forget()
        self.kept = ""  # the address of the database that the tests use one after the other
        self.moments: dict[str, Emptying] = {}  # by the address of what was kept

    def _create(self, template: str = "template0") -> str:
        name = f"coterie_{uuid4().hex}"
        self.copy(template, name)
        return name

    def copy(self, template: str, name: str) -> None:
        """Make a database of that name like another one."""
        # Copying files is several times as fast for small databases; servers before 15 know no other way.
        how = "STRATEGY FILE_COPY" if self.connection.info.server_version >= 150_000 else ""
        self.connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" {how}')

    def _address(self, name: str) -> str:
        return urlsplit(self.url)._replace(path=f"/{name}").geturl()

    def new(self) -> str:
        """Return the address of a fresh, migrated database."""
        return self._address(self._create(self.template))

    def empty(self) -> str:
        """Return the address of a database without tables."""
        return self._address(self._create())

    def keep(self, url: str) -> str:
        """Return the address of a copy of the database as it is now."""
        forget()
        kept = self.again(url)
        with psycopg.connect(url, autocommit=True) as connection:
            self.moments[kept] = Emptying(connection)
        return kept

    def again(self, url: str) -> str:
        """Return the address of a copy of a database that nobody is connected to."""
        return self._address(self._create(_name(url)))

    @contextmanager
    def lent(self) -> Iterator[str]:
        """Point the portal at a database without rows for one test; yields its address."""
        url, self.kept = self.kept or self.new(), ""
        point(url)
        yield url
        if not db.db.is_closed():
            db.db.close()  # complains of a transaction that the test has left open
        point(url)
        if not self.kept and self._emptied(url, self.emptying):
            db.db.close()
            self.kept = url
        else:
            forget()
            self.drop(url)

    def restore(self, url: str, kept: str) -> None:
        """Bring a database back to what was kept of it."""
        if not self._emptied(url, self.moments[kept]):
            forget()
            self.drop(url)
            self.copy(_name(kept), _name(url))

    @staticmethod
    def _emptied(url: str, emptying: Emptying) -> bool:
        """Empty the database, if it is the one in use; tell whether it is as good as a new one."""
        try:
            db.db.connect(reuse_if_open=True)
            return db.db.obj.database == _name(url) and emptying.run(db.db.connection())
        except (peewee.PeeweeException, psycopg.Error):
            return False

    def drop(self, url: str) -> None:
        """Remove a database."""
        self.connection.execute(f'DROP DATABASE IF EXISTS "{_name(url)}" WITH (FORCE)')

    def close(self) -> None:
        """Remove the template and the kept database."""
        for url in filter(None, (self.kept, self._address(self.template))):
            self.drop(url)
        self.connection.close()


def use(url: str, **changed: Any) -> config.Settings:
    """Point the portal at a database."""
    if isinstance(db.db.obj, peewee.Database):
        forget()
    settings = settings_for(url, **changed)
    config.use(settings)
    db.configure(settings)
    return settings


def point(url: str) -> None:
    """Point the portal at a database if it is not; the connections that it has stay open."""
    if config.current() != settings_for(url) or db.db.obj.database != _name(url):
        use(url)


def _name(url: str) -> str:
    """Return what PostgreSQL calls the database of an address."""
    return urlsplit(url).path.lstrip("/")


def forget() -> None:
    """Close every connection to the database in use."""
    if not db.db.is_closed():
        db.db.close()
    db.db.obj.close_all()


@pytest.fixture(scope="session")
def server() -> Iterator[SqliteFiles | PostgresServer]:
    """Where databases come from."""
    if SERVER:
        made: SqliteFiles | PostgresServer = PostgresServer(SERVER)
        yield made
        made.close()
        return
    # In memory where the machine offers a folder of it: every commit is forced to the disk, thousands of times here.
    memory = Path("/dev/shm")
    folder = tempfile.mkdtemp(prefix="coterie-", dir=memory if memory.is_dir() else None)
    yield SqliteFiles(Path(folder))
    forget()
    shutil.rmtree(folder)


@dataclass
class Database:
    """The database of one test."""

    url: str
    server: SqliteFiles | PostgresServer

    def checksum(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return every row of every table, so that two moments can be compared and the difference is seen."""
        tables = [
            table for table in sorted(db.db.get_tables())
            if not table.startswith("customer_search") and table not in {"membership_delta", "rule_match"}
        ]  # fmt: skip
        if SERVER and tables:  # all in one answer, their rows as text
            found: dict[str, list[tuple[Any, ...]]] = {table: [] for table in tables}
            every = " UNION ALL ".join(f"SELECT '{table}', t::text FROM \"{table}\" t" for table in tables)
            for table, row in sorted(db.db.execute_sql(every).fetchall()):
                found[table].append((row,))
            return found
        return {
            table: sorted(db.db.execute_sql(f'SELECT * FROM "{table}"').fetchall(), key=repr) for table in tables
        }

    def moment(self) -> "Moment":
        """Keep what the database holds now, to come back to it later."""
        return Moment(self, self.server.keep(self.url))


@dataclass
class Moment:
    """A database as it was."""

    database: Database
    kept: str

    def restore(self) -> None:
        """Bring the database back to this moment."""
        self.database.server.restore(self.database.url, self.kept)


@pytest.fixture
def database(server: SqliteFiles | PostgresServer) -> Iterator[Database]:
    """A database of this test's own, with tables and without rows."""
    with server.lent() as url:
        yield Database(url, server)


@pytest.fixture
def query_count(database: Database) -> Callable[[Callable[[], Any]], int]:
    """Count the statements that a call sends to the database, transactions and pragmas aside."""

    def count(call: Callable[[], Any]) -> int:
        seen: list[str] = []

        def hook(event: Any) -> None:
            if event.sql.lstrip("(").split(None, 1)[0].upper() in {"SELECT", "INSERT", "UPDATE", "DELETE", "WITH"}:
                seen.append(event.sql)

        db.db.connect(reuse_if_open=True)
        db.db.obj.query_hooks.append(hook)
        try:
            call()
        finally:
            db.db.obj.query_hooks.remove(hook)
        return len(seen)

    return count


# ---- people ----


@pytest.fixture(scope="session")
def password_hash() -> str:
    """A true hash of PASSWORD, made once."""
    return passwords.HASHER.hash(PASSWORD)


@dataclass
class Person:
    """Somebody who may sign in."""

    user: User

    @property
    def actor(self) -> Actor:
        """What she may do at this moment, through the page's door."""
        return find_users.actor_of(User.get_by_id(self.user.id), Door.PAGE)


def add_person(password_hash: str, name: str, *grants: tuple[Role, Shop | None], is_active: bool = True) -> Person:
    """Make somebody with roles, as rows: no password is hashed."""
    user = User.create(**_row(password_hash, name), is_active=is_active)
    for role, shop in grants:
        UserRole.create(user=user, role=role.value, shop=shop)
    return Person(user)


def _row(password_hash: str, name: str) -> dict[str, Any]:
    email = f"{name.lower()}@store.example"
    return {"email": email, "email_key": email, "name": name.capitalize(), "password_hash": password_hash}


def add_standing(password_hash: str, s1: Shop) -> dict[str, Person]:
    """Make the standing people."""
    with db.transaction():
        User.insert_many([_row(password_hash, name) for name in STANDING]).execute()
        people = {user.name.lower(): Person(user) for user in User.select()}
        UserRole.insert_many([
            {"user": people[name].user, "role": role.value, "shop": s1 if code else None}
            for name, (role, code) in STANDING.items()
            if role
        ]).execute()
    return {name: people[name] for name in STANDING}


@pytest.fixture
def new_person(database: Database, password_hash: str) -> Callable[..., Person]:
    """Make somebody with roles."""
    return partial(add_person, password_hash)


@pytest.fixture
def s1(database: Database) -> Shop:
    """Sol's shop."""
    return shops.create(OPERATOR, code="S1", name="Kigali North")


@pytest.fixture
def s2(s1: Shop) -> Shop:
    """A shop that is not Sol's."""
    return shops.create(OPERATOR, code="S2", name="Huye")


@pytest.fixture
def people(s1: Shop, s2: Shop, password_hash: str) -> dict[str, Person]:
    """The standing people, by name."""
    return add_standing(password_hash, s1)


def _standing(name: str) -> Any:
    @pytest.fixture(name=name)
    def person(people: dict[str, Person]) -> Actor:
        return people[name].actor

    person.__doc__ = f"{name.capitalize()} as an actor."
    return person


olive, cass, pat, sam = _standing("olive"), _standing("cass"), _standing("pat"), _standing("sam")
sol, ana, tess, nadia = _standing("sol"), _standing("ana"), _standing("tess"), _standing("nadia")


# ---- things ----


@pytest.fixture
def new_customer(cass: Actor) -> Callable[..., Customer]:
    """Store a customer through the service, as Cass would."""
    numbers = iter(range(1, 10_000))

    def make(name: str = "", shop: Shop | None = None, **typed: str) -> Customer:
        typed = {"name": name, "shop": shop.code if shop else "", **typed}
        if not any(typed.get(key) for key in ("code", "email", "phone")):
            typed["code"] = f"T{next(numbers):04}"
        return customers.create(cass, typed).customer

    return make


@pytest.fixture
def new_group(cass: Actor) -> Callable[..., Group]:
    """Store a group through the service, as Cass would; `members` and `shops` are its first items."""

    def make(
        name: str, members: Any = (), shops: Any = (), without: Any = (), without_shops: Any = (), **details: str
    ) -> Group:
        first = [items.NewItem(customer_id=row.id) for row in members]
        first += [items.NewItem(shop_id=row.id) for row in shops]
        first += [items.NewItem(customer_id=row.id, sign="exclude") for row in without]
        first += [items.NewItem(shop_id=row.id, sign="exclude") for row in without_shops]
        return groups.create(cass, groups.Details(name=name, **details), first).group

    return make


# ---- the application ----


@pytest.fixture(scope="session")
def application(server: SqliteFiles | PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    url = server.new()
    made = create_app(settings_for(url), tmp_path_factory.mktemp("instance"))
    logging.getLogger("portal").setLevel(logging.WARNING)  # a line for each request would be most of the output
    made.config["TESTING"] = False  # errors become pages, as they do for people
    forget()
    yield made
    made.extensions["workers"].close()


@pytest.fixture
def app(application: Flask, database: Database, tmp_path: Path) -> Flask:
    """The application on this test's database; built once, since building it changes nothing."""
    application.instance_path = str(tmp_path / "instance")
    limiter.reset()
    return application


@pytest.fixture
def visitor(app: Flask) -> Browser:
    """A browser in which nobody is signed in."""
    return Browser(app)


@pytest.fixture
def browse(app: Flask, people: dict[str, Person]) -> Callable[[str], Browser]:
    """Return a browser in which the named person has just signed in."""

    def signed_in(name: str) -> Browser:
        return Browser(app).sign_in(people[name].user.email, PASSWORD)

    return signed_in
