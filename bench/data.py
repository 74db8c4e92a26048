"""The data every figure is about: customers from a seed, 200 shops, 500 groups with Zipf sizes, memberships.

SQLite is filled through the migrations, set by set; PostgreSQL gets the same rows from the SQLite file by COPY.
"""

import hashlib
import math
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

import peewee

from bench.databases import Databases, Sqlite, forget, use
from portal import db, migrate
from portal.models import (
    TABLES,
    Change,
    ChangeAnchor,
    ChangeSeal,
    Customer,
    CustomerValue,
    Field,
    Group,
    GroupItem,
    MembershipRow,
    Shop,
)
from portal.models.customer import FIELDS, KEYS
from portal.permissions import OPERATOR, Grant, Role
from portal.queries import membership
from portal.samples.people import people
from portal.samples.places import SHOPS
from portal.services import users
from portal.services.fields import columns as own_columns
from portal.text import fold
from portal.values import read_customer, search_text

SEED = 7
SHAPE = 1  # one more when what is filled in changes: databases kept in the folder are then made anew
N_SHOPS = 200
N_GROUPS = 500
N_SHOP_GROUPS = 40  # groups that include whole shops; the others name their customers
LARGEST = 0.4  # of all customers
ZIPF = 0.81  # gives about five memberships a customer
MANAGER, OWNER = "cass@bench.example", "olive@bench.example"
PASSWORD = "purple-harbour-lantern"
MOMENT = datetime(2026, 1, 1, 8)
_TABLES = Path(db.__file__).parent / "migrations" / "0001_initial.py"


def name_of(n: int) -> str:
    """Return the name of the database with `n` customers; another shape of first tables or data has another name."""
    digest = hashlib.md5(_TABLES.read_bytes(), usedforsecurity=False)
    digest.update(str((SHAPE, SEED)).encode())
    return f"bench_{n}_{digest.hexdigest()[:8]}"


def ensure(house: Databases, seeds: Sqlite, n: int) -> str:
    """Make the database with `n` customers unless it is kept already, and return its name."""
    name = name_of(n)
    if not seeds.exists(name):
        _fill(seeds, n, f"{name}_part")
        seeds.path(f"{name}_part").rename(seeds.path(name))
    if not house.exists(name):
        part = f"{name}_part"
        use(house.create(part))
        migrate.up()
        _copy_rows(seeds.path(name))
        house.copy(part, name)
        house.drop(part)
    use(house.url(name))
    if migrate.pending():
        migrate.up()
        # Data of an earlier version; copies are made of the file, into which closing folds what was written.
        forget()
        use(house.url(name))
        analyze()
    forget()
    return name


def analyze() -> None:
    """Give PostgreSQL the statistics that its autovacuum gathers by itself; on SQLite the portal does without any."""
    if not db.is_sqlite():
        db.db.execute_sql("ANALYZE")


def flush() -> None:
    """Have PostgreSQL write down what was filled in: nobody should wait for that while something else is measured."""
    if not db.is_sqlite():
        db.db.execute_sql("CHECKPOINT")


def _fill(seeds: Sqlite, n: int, name: str) -> None:
    use(seeds.create(name))
    migrate.up()
    base = db.db.obj
    triggers = base.execute_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    with base.atomic():
        # Filling the index once behind the rows is several times faster than keeping it row by row.
        for trigger, _ in triggers:
            base.execute_sql(f"DROP TRIGGER {trigger}")
        _people_who_sign_in()
        _shops()
        _insert(Customer, _customers(n))
        _groups(n)
        base.execute_sql("INSERT INTO customer_search(customer_search) VALUES ('rebuild')")
        for _, sql in triggers:
            base.execute_sql(sql)
    base.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    forget()


def _insert(model: Any, rows: Iterable[dict[str, Any]]) -> None:
    cursor = db.db.cursor()
    rows = iter(rows)
    first = next(rows)
    columns = ", ".join(f'"{model._meta.fields[name].column_name}"' for name in first)
    marks = ", ".join("?" * len(first))
    sql = f'INSERT INTO "{model._meta.table_name}" ({columns}) VALUES ({marks})'
    cursor.execute(sql, list(first.values()))
    cursor.executemany(sql, (list(row.values()) for row in rows))


def _people_who_sign_in() -> None:
    for email, role in ((OWNER, Role.OWNER), (MANAGER, Role.CSCC_MANAGER)):
        users.add(OPERATOR, email=email, name=email.split("@")[0].title(), grants=[Grant(role)], password=PASSWORD)
    Change.create(at=MOMENT, door="command", act="bench.fill")


def _shops() -> None:
    rows = []
    for i in range(N_SHOPS):
        sample, branch = SHOPS[i % len(SHOPS)], i // len(SHOPS) + 1
        code, name = f"{sample.code}{branch:02}", f"{sample.name} {branch}"
        rows.append({"code": code, "code_key": code.casefold(), "name": name, "name_key": fold(name),
                     "created_at": MOMENT, "version": 1})  # fmt: skip
    _insert(Shop, rows)


def _customers(n: int) -> Iterator[dict[str, Any]]:
    """Yield the columns of `n` customers; each sample shop's people are spread over its branches."""
    draw = Random(SEED).random
    ids = dict(Shop.select(Shop.code, Shop.id).tuples())
    today = MOMENT.date()
    names = (*(name for name in FIELDS if name != "shop"), *KEYS)
    for number, person in enumerate(people(n, SEED)):
        typed = person._asdict()
        shop = typed.pop("shop")
        columns = read_customer(typed, "RW", today).columns
        branch = 1 + int(draw() ** 2 * 17)  # the first branches are the large ones
        yield {
            **{name: columns.get(name) for name in names},
            "shop": ids.get(f"{shop}{branch:02}", ids.get(f"{shop}01")) if shop else None,
            "search": search_text(columns),
            "created_at": MOMENT, "updated_at": MOMENT, "version": 1, "uid": f"{number:032x}",
        }  # fmt: skip


def _groups(n: int) -> None:
    names = [f"Group {place:03}" for place in range(1, N_GROUPS + 1)]
    types = ["shop" if place >= N_GROUPS - N_SHOP_GROUPS else "customer" for place in range(N_GROUPS)]
    _insert(
        Group,
        ({"code": fold(name).replace(" ", "-"), "name": name, "name_key": fold(name), "type": kind, "status": "active",
          "hue": "blue", "description": "", "agent_note": "", "n_members": 0, "created_at": MOMENT,
          "updated_at": MOMENT, "version": 1} for name, kind in zip(names, types, strict=True)),
    )  # fmt: skip
    change = Change.get(Change.act == "bench.fill").id
    _insert(GroupItem, _items(n, change))
    part = membership.definition().alias("part")
    pairs = peewee.Select([part], [part.c.group_id, part.c.customer_id, peewee.Value(MOMENT), change])
    row = MembershipRow
    row.insert_from(
        pairs.order_by(part.c.group_id, part.c.customer_id), [row.group, row.customer, row.since, row.cause]
    ).execute()
    db.db.execute_sql(
        "UPDATE customer_group SET n_members = (SELECT count(*) FROM membership WHERE group_id = customer_group.id)"
    )


def _items(n: int, change: int) -> Iterator[dict[str, Any]]:
    """Yield the items: every customer is in a group with a chance that falls with the group's place."""
    chosen = Random(SEED + 1)

    def item(group: int, customer: int | None, shop: int | None, sign: str = "include") -> dict[str, Any]:
        return {"group": group, "sign": sign, "kind": "shop" if shop else "customer", "customer": customer,
                "shop": shop, "note": "", "created_at": MOMENT, "created_by": change}  # fmt: skip

    for place in range(1, N_GROUPS + 1):
        if place > N_GROUPS - N_SHOP_GROUPS:
            for shop in chosen.sample(range(1, N_SHOPS + 1), 1 + place % 3):
                yield item(place, None, shop)
            continue
        for customer in _drawn(chosen, n, LARGEST / place**ZIPF):
            yield item(place, customer, None, "exclude" if customer % 997 == 0 else "include")


def _drawn(chosen: Random, n: int, share: float) -> Iterator[int]:
    """Yield ids from 1 to `n`, each with the chance `share`, by leaping over those left out."""
    scale, id_ = math.log1p(-share), 0
    while True:
        id_ += 1 + int(math.log(1.0 - chosen.random()) / scale)
        if id_ > n:
            return
        yield id_


def _own_columns() -> list[tuple[str, bool]]:
    """Make the columns of the own fields, which are copied already; return their names and which say yes or no."""
    made = []
    for field in Field.select().order_by(Field.id):
        own_columns.add(field)
        made += [(name, field.type == "yesno" and name == field.column) for name in field.columns]
    return made


def _copy_rows(path: Path) -> None:
    """Copy every row of the SQLite file into the migrated PostgreSQL database in use, then gather statistics."""
    from pysqlite3 import dbapi2 as sqlite3

    source = sqlite3.connect(str(path))
    raw = db.db.connection()
    # The seals of one database say nothing of another: the copied changes go unsealed, and nobody proves them here.
    for model in [model for model in TABLES if model not in {ChangeSeal, ChangeAnchor}]:
        fields = [(field.column_name, field.field_type == "BOOL") for field in model._meta.sorted_fields]
        fields += _own_columns() if model is CustomerValue else []
        flags = [place for place, (_name, is_flag) in enumerate(fields) if is_flag]
        columns = ", ".join(f'"{name}"' for name, _is_flag in fields)
        table = model._meta.table_name
        with raw.cursor() as cursor, cursor.copy(f'COPY "{table}" ({columns}) FROM STDIN') as copy:
            for row in source.execute(f'SELECT {columns} FROM "{table}"'):
                copy.write_row(
                    [bool(value) if place in flags and value is not None else value for place, value in enumerate(row)]
                )
        if getattr(model._meta.primary_key, "field_type", "") == "AUTO":
            raw.execute(
                f"SELECT setval(pg_get_serial_sequence('\"{table}\"', 'id'), (SELECT max(id) FROM \"{table}\"))"
            )
    raw.execute("COMMIT") if raw.info.transaction_status else None
    raw.execute("VACUUM ANALYZE")
    source.close()
