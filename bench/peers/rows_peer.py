"""Imports by hand: row by row with peewee, and set by set with sqlite-utils where the database is SQLite."""

import csv
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

sys.path.insert(0, str(Path(__file__).parent))

import peewee
from lines import answer

URL = sys.argv[1]


def connect() -> peewee.Database:
    if URL.startswith("sqlite:///"):
        return peewee.SqliteDatabase(URL.removeprefix("sqlite:///"), pragmas={"journal_mode": "wal", "foreign_keys": 1})
    parts = urlsplit(URL)
    options = dict(pair.split("=", 1) for pair in parts.query.split("&") if "=" in pair)
    return peewee.PostgresqlDatabase(
        parts.path.lstrip("/"), user=parts.username, host=unquote(options.get("host", parts.hostname or "")),
        prefer_psycopg3=True,
    )  # fmt: skip


db = connect()


class Base(peewee.Model):
    class Meta:
        database = db


class Shop(Base):
    code, name = peewee.TextField(), peewee.TextField()

    class Meta:
        table_name = "peer_shop"


class Customer(Base):
    code, name, email, phone = peewee.TextField(), peewee.TextField(), peewee.TextField(), peewee.TextField()
    language, address = peewee.TextField(), peewee.TextField()
    shop = peewee.ForeignKeyField(Shop, null=True)

    class Meta:
        table_name = "peer_customer"


class Link(Base):
    customer_id, group_id = peewee.IntegerField(), peewee.IntegerField()

    class Meta:
        table_name = "peer_customer_groups"


def rows_of(path: str) -> list[dict[str, str]]:
    with Path(path).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def row_by_row(path: str, group: int) -> int:
    rows = rows_of(path)
    with db.atomic():
        for row in rows:
            row["shop"] = Shop.get_or_none(Shop.code == row["shop"]) if row["shop"] else None
            customer = Customer.get_or_none(Customer.code == row["code"])
            if customer is None:
                customer = Customer.create(**row)
            else:
                for name, value in row.items():
                    if value:
                        setattr(customer, name, value)
                customer.save()
            Link.get_or_create(customer_id=customer.id, group_id=group)
    return len(rows)


def sqlite_utils(path: str, group: int) -> int:
    from sqlite_utils import Database

    base = Database(URL.removeprefix("sqlite:///"))
    shops = {row["code"]: row["id"] for row in base["peer_shop"].rows}
    rows = rows_of(path)
    for row in rows:
        row["shop_id"] = shops.get(row.pop("shop"))
    base["peer_customer"].upsert_all(rows, pk="code")
    marks = [[row["code"]] for row in rows]
    with base.conn:
        base.conn.executemany(
            "INSERT OR IGNORE INTO peer_customer_groups (customer_id, group_id) "
            f"SELECT id, {int(group)} FROM peer_customer WHERE code = ?", marks,
        )  # fmt: skip
    base.close()
    return len(rows)


answer({"row by row": row_by_row} | ({"sqlite-utils": sqlite_utils} if URL.startswith("sqlite") else {}))
