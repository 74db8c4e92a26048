"""An import in a process of its own, which kills itself without warning at a chosen statement.

`python -m tests.faults.killing URL FILE N` checks and runs the file as the first CSCC Manager, or runs the check that
a killed one left behind. At the Nth statement that the database is sent, or at none (0), it dies as by `kill -9`; with
-1 it prints the first words of each statement instead.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from itertools import groupby
from pathlib import Path

from peewee import fn

from portal import config, db
from portal.models import Change, ChangeRow, Customer, Group, Import, Membership, UserRole
from portal.permissions import Actor, Door, Role
from portal.queries import membership
from portal.queries import users as find_users
from portal.services import groups, imports, items

ROOT = Path(__file__).parents[2]


def manager() -> Actor:
    """Return a CSCC Manager."""
    return find_users.actor_of(UserRole.get(UserRole.role == Role.CSCC_MANAGER.value).user, Door.IMPORT)


# ---- the process that dies ----


def _watched(seen: Callable[[str], None]) -> None:
    """Call `seen` with each statement before it is done; SQLite also tells of commits, and of each of many rows."""
    if not db.is_sqlite():
        db.db.obj.query_hooks.append(lambda event: seen(event.sql))
        return
    connect = db.db.obj._connect

    def connected():  # type: ignore[no-untyped-def]
        connection = connect()
        connection.set_trace_callback(seen)
        return connection

    db.db.obj._connect = connected


def complete(path: Path) -> None:
    """Import the file into the group, going on from a check or a run that is there already."""
    actor = manager()
    waiting = Import.select().where(Import.state.in_(("checked", "running"))).order_by(Import.id.desc()).first()
    imported = waiting or imports.check(actor, path, path.name, group=Group.get())
    if not Import.select().where(Import.state == "done", Import.file_name == path.name).exists():
        imports.run(actor, imported.id)


def main(url: str, path: str, last: str) -> None:
    settings = config.Settings(database=url, secret_key="s" * 40, timezone="Africa/Kigali", region="RW")
    config.use(settings)
    db.configure(settings)
    told: list[str] = []

    def seen(sql: str) -> None:
        told.append(" ".join(sql.split()[:3]))
        if len(told) == int(last):
            os.kill(os.getpid(), signal.SIGKILL)

    _watched(seen)
    complete(Path(path))
    if last == "-1":
        print("\n".join(told))


# ---- who watches it ----


def start(url: str, path: Path, last: int = 0) -> subprocess.Popen[str]:
    """Start an import that dies at that statement."""
    words = [sys.executable, "-m", "tests.faults.killing", url, str(path), str(last)]
    return subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def boundaries(url: str, path: Path) -> dict[int, str]:
    """Import the whole file and return where one kind of statement gave way to another: its number and its words."""
    with start(url, path, -1) as process:
        told, _ = process.communicate(timeout=300)
    found, number = {}, 1
    for words, run in groupby(told.splitlines()):
        found[number] = words
        number += len(list(run))
    return found


def furnish(folder: Path, n: int) -> Path:
    """Store a quarter of the people with another name, one of them shut out of the group; return the file of all."""
    actor = manager()
    first, all_of_them = folder / "first.csv", folder / "people.csv"
    head = "code,name,email\n"
    first.write_text(head + "".join(f"K{i},Old {i},k{i}@store.example\n" for i in range(n // 4)))
    all_of_them.write_text(head + "".join(f"K{i},New {i},k{i}@store.example\n" for i in range(n)))
    imports.run(actor, imports.check(actor, first, first.name).id)
    out = Customer.get(Customer.code == "K0")
    groups.create(actor, groups.Details("Vips"), [items.NewItem(customer_id=out.id, sign="exclude")])
    return all_of_them


def wrong(n: int) -> list[str]:
    """Return what is neither as before the import, nor as after it, nor between two of its parts."""
    counts = (
        Customer.select().count(), Customer.select().where(Customer.name.startswith("New ")).count(),
        Membership.select().count(), Group.get().n_members, Change.select().where(Change.act == "import.run").count(),
    )  # fmt: skip
    n_all, n_new, *group, n_changes = counts
    # The rows are written in their order, the known ones first; the group has nobody until it has everybody.
    is_between = group == [0, 0] and n_changes == 2 and n_all == max(n // 4, n_new) and 0 < n_new <= n
    said = [] if counts in {(n // 4, 0, 0, 0, 1), (n, n, n - 1, n - 1, 2)} or is_between else [f"half done: {counts}"]
    codes = Customer.select(Customer.code_key).distinct().count()
    said += [] if codes == counts[0] else [f"{counts[0] - codes} doubled"]
    recorded = ChangeRow.select().where(ChangeRow.change == Change.select(fn.MAX(Change.id))).count()
    said += [] if recorded == Change.select().order_by(Change.id.desc()).get().n_rows else ["rows without their change"]
    said += [str(part) for part in (*membership.differences(), *membership.broken_intervals())]
    said += [str(part) for part in membership.wrong_counts()]
    if db.is_sqlite() and db.db.execute_sql("PRAGMA integrity_check").fetchall() != [("ok",)]:
        said.append("the file is broken")
    return said


def is_done(n: int) -> bool:
    """Tell whether the import is there as a whole."""
    return Group.get().n_members == n - 1 and wrong(n) == []


if __name__ == "__main__":
    main(*sys.argv[1:])
