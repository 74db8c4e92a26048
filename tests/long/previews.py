"""A preview at size: `python -m tests.long.previews --customers 100000 --shop 3900` prints how long it takes.

Adding a shop to a group that two others are made of, the differences in all three, and that the save writes the same.
On PostgreSQL: `python -m tests.postgres python -m tests.long.previews …`.
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

from portal.db import db, insert_all
from portal.models import Change, Customer, Group, Shop, User
from portal.permissions import OPERATOR, Actor, Door, Grant, Role
from portal.queries import membership
from portal.services import groups, items, preview, shops
from portal.services.groups import Details
from portal.services.items import NewItem
from tests.conftest import PostgresServer, SqliteFiles, forget, use
from tests.faults.house import portal_in

COLUMNS = ("code", "code_key", "name", "name_key", "shop_id", "search", "uid", "created_at", "updated_at", "version",
           "email", "phone", "language", "gender", "id_type", "id_number", "address")  # fmt: skip


def people(n: int, n_in_shop: int, shop: Shop, other: Shop) -> None:
    """Store `n` customers, `n_in_shop` of them in `shop`, the others in `other`."""
    moment = "2026-01-02 08:00:00"
    rows = [
        (f"K{i}", f"k{i}", f"Name {i}", f"name {i}", (shop if i < n_in_shop else other).id, f"name {i}\nk{i}",
         f"{i:032x}", moment, moment, 1, *[""] * 7)
        for i in range(n)
    ]  # fmt: skip
    with db.atomic():
        for start in range(0, n, 10_000):
            insert_all(Customer._meta.table_name, COLUMNS, rows[start : start + 10_000])
    db.execute_sql("ANALYZE")


def made(cass: Actor, name: str, *first: NewItem) -> Group:
    """Bring a group into being."""
    return groups.create(cass, Details(name=name), first).group


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--shop", type=int, default=3_900)
    parser.add_argument("--times", type=int, default=11)
    asked = parser.parse_args()
    url = os.environ.get("TEST_DATABASE_URL", "")
    with tempfile.TemporaryDirectory() as folder, portal_in(Path(folder)):
        server = PostgresServer(url) if url else SqliteFiles(Path(folder))
        use(server.new())
        user = User.create(email="cass@x.example", email_key="cass@x.example", name="Cass")
        cass = Actor(user.id, "Cass", Door.PAGE, (Grant(Role.CSCC_MANAGER),))
        north, rest = (shops.create(OPERATOR, code=code, name=code) for code in ("N", "R"))
        people(asked.customers, asked.shop, north, rest)
        group = made(cass, "Group", *(NewItem(customer_id=row.id) for row in Customer.select().limit(100)))
        including = made(cass, "Including", NewItem(shop_id=rest.id), NewItem(of_group_id=group.id))
        excluding = made(cass, "Excluding", NewItem(shop_id=north.id), NewItem(of_group_id=group.id, sign="exclude"))
        n_changes = Change.select().count()

        def act() -> object:
            return items.add(cass, group.id, [NewItem(shop_id=north.id)])

        took = []
        for _ in range(asked.times):
            began = time.monotonic()
            found = preview.of(cass, act)
            took.append(time.monotonic() - began)
        assert Change.select().count() == n_changes
        told = {one.group.id: (one.joining, one.leaving, one.n_after) for one in found.moves}
        assert set(told) == {group.id, including.id, excluding.id}
        before = {one.id: one.n_members for one in (Group.get_by_id(group_id) for group_id in told)}
        act()
        for group_id, (joining, leaving, n_after) in told.items():
            assert Group.get_by_id(group_id).n_members == n_after == before[group_id] + joining - leaving
        assert membership.differences() == []
        forget()
    print(
        f"{asked.customers} customers, a shop of {asked.shop}, on {'PostgreSQL' if url else 'SQLite'}: preview of "
        f"three groups median {statistics.median(took) * 1000:.0f} ms, longest {max(took) * 1000:.0f} ms; "
        "equal to the save"
    )


if __name__ == "__main__":
    main()
