"""A large file undone after some of its customers were edited: `python -m tests.long.undone --rows 10000 --edited 20`.

All but those come back exactly, those are listed; then the undo is undone. Meanwhile somebody else writes without
pause: how long she waited for her turn is printed. On PostgreSQL: `python -m tests.postgres python -m tests.long.…`.
"""

import argparse
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from portal.db import db
from portal.models import Change, Customer, Group, Membership, User
from portal.permissions import OPERATOR, Actor, Door, Grant, Role
from portal.queries import membership
from portal.services import customers, groups, imports, items, shops, undo
from portal.services.groups import Details
from tests.conftest import PostgresServer, SqliteFiles, forget, use

# What an undo leaves other than before.
PASSING = {"version", "updated_at"}


def stored() -> dict[str, tuple[Any, ...]]:
    """Return everybody who is there, by code, as she is stored."""
    columns = [field for field in Customer._meta.sorted_fields if field.name not in PASSING]
    query = Customer.select(Customer.code, *columns).where(Customer.removed_at.is_null())
    return {row[0]: row[1:] for row in query.tuples()}


def members(group: Group) -> set[int]:
    """Return who is in the group."""
    return {id_ for (id_,) in Membership.select(Membership.customer).where(Membership.group == group).tuples()}


def people(rows: int) -> str:
    """Return a file that changes every second of its customers and brings the others."""
    lines = [
        f"K{n},Changed Name {n},k{n}@changed.example,+2507{n:08},S{n % 2}" if n % 2 else
        f"N{n},New Person {n},n{n}@new.example,+2508{n:08},S1"
        for n in range(rows)
    ]  # fmt: skip
    return "code,name,email,phone,shop\n" + "\n".join(lines) + "\n"


def fill(cass: Actor, folder: Path, rows: int) -> Group:
    """Make a store with the customers that the file changes, two shops, a group of each kind."""
    made = [shops.create(OPERATOR, code=f"S{n}", name=f"Shop {n}") for n in range(2)]
    groups.create(cass, Details("By Shop"), [items.NewItem(shop_id=made[0].id)])
    path = folder / "before.csv"
    known = "".join(f"K{n},Name {n},k{n}@a.example,S0\n" for n in range(1, rows, 2))
    path.write_text("code,name,email,shop\n" + known, encoding="utf-8")
    imports.run(cass, imports.check(cass, path, "before.csv").id)
    return groups.create(cass, Details("Listed")).group


@contextmanager
def others(cass: Actor, customer: Customer) -> Iterator[list[float]]:
    """Let somebody else save a customer over and over; yields how long each save took."""
    waited: list[float] = []
    over = threading.Event()

    def save() -> None:
        n = 0
        while not over.wait(0.02):
            n += 1
            began = time.monotonic()
            customers.edit(cass, customer.id, {"address": f"Street {n}"})
            waited.append(time.monotonic() - began)
        db.close()

    thread = threading.Thread(target=save)
    thread.start()
    try:
        yield waited
    finally:
        over.set()
        thread.join()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--edited", type=int, default=20)
    asked = parser.parse_args()
    url = os.environ.get("TEST_DATABASE_URL", "")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        server = PostgresServer(url) if url else SqliteFiles(folder)
        address = server.new()
        use(address)
        try:
            undone(folder, asked.rows, asked.edited)
        finally:
            forget()
            server.drop(address)
            server.close()


def undone(folder: Path, rows: int, edited: int) -> None:
    """Import, edit, undo, undo the undo; stops at the first difference."""
    user = User.create(email="cass@a.example", email_key="cass@a.example", name="Cass")
    cass = Actor(user.id, "Cass", Door.PAGE, (Grant(Role.CSCC_MANAGER),))
    group = fill(cass, folder, rows)
    other = customers.create(cass, {"code": "OTHER"}).customer
    before = stored()
    path = folder / "people.csv"
    path.write_text(people(rows), encoding="utf-8")
    done = imports.run(cass, imports.check(cass, path, "people.csv", group=group).id)
    filed, listed = stored(), members(group)
    assert len(listed) == rows
    codes = [f"{'K' if n % 2 else 'N'}{n}" for n in range(0, rows, max(1, rows // edited))][:edited]
    for code in codes:
        customers.edit(cass, Customer.get(Customer.code == code).id, {"name": f"Edited {code}"})
    mine = {code: row for code, row in stored().items() if code in codes}
    change = done.change_id
    for what, expected, inside in (("undo", before, set()), ("undo of the undo", filed, listed)):
        began = time.monotonic()
        with others(cass, other) as waited:
            told = undo.undo(cass, change)
        took = time.monotonic() - began
        now, wanted = ({code: row for code, row in said.items() if code not in {*codes, "OTHER"}}
                       for said in (stored(), expected))  # fmt: skip
        assert now == wanted, f"{what}: {len(now)} and {len(wanted)} customers"
        assert {code: row for code, row in stored().items() if code in codes} == mine
        named = {remark.params["name"] for remark in told.refused}
        assert named == ({f"Edited {code}" for code in codes} if change == done.change_id else set())
        assert members(group) == inside
        assert membership.differences() == [] and membership.broken_intervals() == [] == membership.wrong_counts()
        assert Change.get_by_id(told.change_id).undoes_id == change
        change = told.change_id
        print(
            f"{what} of {rows} rows, {len(named)} edited since and listed: {took:.1f} s, all others as before; "
            f"{len(waited)} saves of somebody else meanwhile, the longest took {1000 * max(waited):.0f} ms"
        )


if __name__ == "__main__":
    main()
