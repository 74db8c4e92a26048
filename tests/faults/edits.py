"""Many people edit one row at the same moment, each from the version she saw."""

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from portal import db
from portal.errors import Busy, Conflict
from portal.models import Change, ChangeRow, Customer, Group, Shop
from portal.permissions import Actor
from portal.services import customers, groups, shops

THREADS = 4
MODELS: dict[str, Any] = {"customer": Customer, "group": Group, "shop": Shop}


@dataclass
class Edits:
    """What came of them: the names that were accepted, and how many were told that somebody was quicker."""

    accepted: list[str] = field(default_factory=list)
    n_conflicts: int = 0


def _act(noun: str, actor: Actor) -> Callable[[int, str, int], Any]:
    return {
        "customer": lambda row_id, name, version: customers.edit(actor, row_id, {"name": name}, version),
        "group": lambda row_id, name, version: groups.edit(actor, row_id, groups.Details(name), version),
        "shop": lambda row_id, name, version: shops.edit(actor, row_id, code="S1", name=name, version=version),
    }[noun]


def at_once(noun: str, actor: Actor, row_id: int, times: int) -> Edits:
    """Edit a row `times` times from some threads; who meets a conflict looks again and tries once more."""
    done, lock, edit, model = Edits(), Lock(), _act(noun, actor), MODELS[noun]

    def one(n: int) -> None:
        try:
            while True:
                version = model.get_by_id(row_id).version
                try:
                    edit(row_id, f"Name {n}", version)
                except (Conflict, Busy):
                    with lock:
                        done.n_conflicts += 1
                else:
                    with lock:
                        done.accepted.append(f"Name {n}")
                    return
        finally:
            db.db.close()

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(one, range(times)))
    return done


def lost(noun: str, row_id: int, edits: Edits) -> list[str]:
    """Return what was accepted and is not told by the list of changes, which must lead step by step to the row."""
    told = (
        ChangeRow.select(ChangeRow.before, ChangeRow.after).join(Change)
        .where(ChangeRow.noun == noun, ChangeRow.row_id == row_id, Change.act == f"{noun}.edit").order_by(ChangeRow.id)
    )  # fmt: skip
    steps = [(row.before["name"], row.after["name"]) for row in told if "name" in row.after]
    pairs = itertools.pairwise(steps)
    broken = [f"{before} after {last}" for (_, last), (before, _) in pairs if before != last]
    row = MODELS[noun].get_by_id(row_id)
    final = [] if not steps or row.name == steps[-1][1] else [f"the row says {row.name}, the list {steps[-1][1]}"]
    unversioned = [] if row.version == len(steps) + 1 else [f"version {row.version} after {len(steps)} edits"]
    return sorted(set(edits.accepted) ^ {after for _, after in steps}) + broken + final + unversioned
