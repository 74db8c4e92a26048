"""Lists in the order of own fields at size: `python -m bench.ordering --customers 100000`, on both databases in turn.

On a copy of the benchmark's data: the first page, one from the middle, the last with a value, those among customers who
have none, and the first of a filter, for fields of few values, of many, and of almost no empty place.
"""

import statistics
from collections.abc import Iterator
from typing import Any

from bench import copies, data
from bench.ruling import actor_of
from bench.timing import Call, replay, statements, timed
from bench.work import manager
from portal import db
from portal.models import Customer, Field, Group, Shop
from portal.queries import filters
from portal.queries.filters import Filter, sorting
from portal.services import fields
from portal.services.fields.details import Details

ROUNDS = 9
# Each with whether it is text and the value of a customer, told by her number; None where she has none.
FIELDS: dict[str, tuple[str, Any]] = {
    "city": ("text", lambda n: None if n % 10 == 3 else f"city {n * 7919 % 10}"),
    "card": ("text", lambda n: None if n % 10 == 3 else f"k-{n * 7919 % 1_000_003:07}"),
    "visits": ("number", lambda n: None if n % 10 == 3 else float(n * 7919 % 1_000)),
    "newsletter": ("yesno", lambda n: None if n % 10 == 3 else n * 7919 % 2 == 0),
    "rare": ("text", lambda n: None if n % 5_000 else f"r-{n}"),
    "nearly": ("text", lambda n: None if n % 5_000 == 0 else f"a-{n * 7919 % 1_000_003:07}"),
}


def fill(n: int) -> None:
    """Give the store its fields and the customers their values, then gather statistics."""
    owner = actor_of(data.OWNER)
    made = [
        fields.create(owner, Details({"en": code}, type_, code=code, is_filterable=True))
        for code, (type_, _value) in FIELDS.items()
    ]
    names = ["customer_id", *(name for field in made for name in field.columns)]

    def row(id_: int) -> list[Any]:
        return [id_, *(FIELDS[field.code][1](id_) for field in made for _name in field.columns)]

    with db.transaction(600):
        for start in range(1, n + 1, 20_000):
            db.insert_all("customer_value", names, [row(id_) for id_ in range(start, min(start + 20_000, n + 1))])
    data.analyze()


def measured(kind: str) -> Iterator[str]:
    """Yield what a page takes, a line of the table each."""
    actor = manager()
    large, shop = Group.select().order_by(Group.n_members.desc()).get(), Shop.get(Shop.id == 1)
    small = Group.select().where(Group.n_members < large.n_members // 100).order_by(Group.n_members.desc()).get()
    for text in ("name", *(sign + code for code in FIELDS for sign in ("", "-"))):
        sort, by = sorting.read(actor, text)
        wanted = Filter(sort=sort, by=by)
        yield line(kind, f"{text}, first page", lambda w=wanted: filters.page(actor, w))
        for where, code in _places(by, text).items():
            yield line(kind, f"{text}, {where}", lambda w=wanted, c=code: filters.page(actor, w, after=c))
            yield line(kind, f"{text}, back from there", lambda w=wanted, c=code: filters.page(actor, w, before=c))
        for what, said in ((f"group of {large.n_members}", {"all": (large,)}), (f"group of {small.n_members}",
                           {"all": (small,)}), ("one shop", {"shops": (shop,)})):  # fmt: skip
            narrow = Filter(sort=sort, by=by, **said)
            yield line(kind, f"{text}, first page, {what}", lambda w=narrow: filters.page(actor, w))


def _places(by: Field | None, text: str) -> dict[str, str]:
    """Return the codes from which pages go on: in the middle, shortly before the empty places, among them."""
    if by is None:
        return {}
    column, way = f'"{by.index_column}"', "DESC" if text.startswith("-") else "ASC"
    filled = f"SELECT customer_id FROM customer_value WHERE {column} IS NOT NULL ORDER BY {column} {way}, 1 {way}"
    empty = f"SELECT customer_id FROM customer_value WHERE {column} IS NULL ORDER BY 1 {way}"
    n, n_empty = (db.run(f"SELECT count(*) FROM ({sql}) found").fetchone()[0] for sql in (filled, empty))
    places = (("from the middle", filled, n // 2), ("last", filled, n - 10), ("among the empty", empty, n_empty // 2))
    found = {where: db.run(f"{sql} LIMIT 1 OFFSET {max(at, 0)}").fetchone() for where, sql, at in places}
    return {where: Customer.get_by_id(row[0]).code for where, row in found.items() if row}


def line(kind: str, what: str, call: Call) -> str:
    """Return a line of the table: the median of the SQL alone, and of the page with peewee, in milliseconds."""
    sent = statements(call)
    sql = [timed(lambda: replay(sent)) for _ in range(ROUNDS)]
    whole = [timed(call) for _ in range(ROUNDS)]
    return f"| {kind} | {what} | {1000 * statistics.median(sql):.2f} | {1000 * statistics.median(whole):.2f} |"


def main() -> None:
    """Measure on each database in turn."""

    def filled(kind: str, n: int) -> Iterator[str]:
        fill(n)
        yield from measured(kind)

    head = f"| {{}} customers | page of {filters.PAGE} | SQL, ms | with peewee, ms |"
    copies.run("ordering", __doc__, head, filled)


if __name__ == "__main__":
    main()
