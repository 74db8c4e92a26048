"""What is measured of ours on a standing database: lists, counts, searches, one customer, groups."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from bench.data import MANAGER
from bench.timing import Call
from portal import db
from portal.models import Customer, Group, Shop
from portal.permissions import Actor, Door
from portal.queries import badges, filters
from portal.queries import groups as find_groups
from portal.queries import users as find_users
from portal.services import customers, membership
from portal.services.changes import Recorder

SEED = 11
TYPED = (
    "ana", "silva", "ana silva", "mukamana", "josé", "uwi", "santos", "zz", "garcia lopez", "smith", "oliveira",
    "0788", "2507881", "55119", "+351 91", "4412", "@example", "ana.", "silva2@", "uwimana@", "kgn-000", "kgn-00042",
)  # fmt: skip


@dataclass(frozen=True)
class Work:
    """A piece of work: its name, its cases as calls, and whether the SQL alone is measured besides."""

    name: str
    cases: list[Call]
    is_read: bool = True


def manager() -> Actor:
    """Return who does everything: a manager, who sees all customers and no column masked."""
    return find_users.actor_of(find_users.by_email(MANAGER), Door.PAGE)


def expressions(n: int) -> list[filters.Filter]:
    """Return `n` random filters: any, all and none of large and small groups, with and without shop and text."""
    draw = Random(SEED)
    groups, shops = list(Group.select().order_by(Group.id)), list(Shop.select().order_by(Shop.id))

    def some(most: int) -> tuple[Any, ...]:
        # Small numbers are drawn more often: these are the large groups.
        places = {int(draw.random() ** 2 * len(groups)) for _ in range(draw.randint(0, most))}
        return tuple(groups[place] for place in sorted(places))

    found = []
    while len(found) < n:
        wanted = filters.Filter(
            q=draw.choice(TYPED) if draw.random() < 0.2 else "",
            any=some(4), all=some(3), none=some(2),
            shops=tuple(draw.sample(shops, draw.randint(1, 3))) if draw.random() < 0.25 else (),
            sort=draw.choice(("name", "name", "name", "-name")),
        )  # fmt: skip
        if not wanted.is_empty:
            found.append(wanted)
    return found


def searches(n: int) -> list[str]:
    """Return texts as people type them: common and rare parts of names, digits of phones, parts of e-mails."""
    draw = Random(SEED + 1)
    found = list(TYPED)
    top = Customer.select(Customer.id).order_by(Customer.id.desc()).limit(1).scalar()
    while len(found) < n:
        customer = Customer.get_by_id(draw.randint(1, top))
        whole = draw.choice([customer.name, customer.email, customer.phone[1:]])
        if len(whole) >= 5:
            start = draw.randint(0, len(whole) - 4)
            found.append(whole[start : start + draw.randint(3, 7)].strip() or "ana")
    return found[:n]


def some_customers(n: int) -> list[Customer]:
    """Return `n` customers, the same ones each time."""
    draw = Random(SEED + 2)
    top = Customer.select(Customer.id).order_by(Customer.id.desc()).limit(1).scalar()
    return [Customer.get_by_id(draw.randint(1, top)) for _ in range(n)]


def _save(actor: Actor, customer: Customer) -> Call:
    def save() -> None:
        # Another address than in any earlier round, or there would be nothing to save.
        customers.edit(actor, customer.id, {"address": f"Street {time.monotonic_ns()}"})

    return save


def _refresh(customer: Customer) -> Call:
    recorder = Recorder(manager(), "bench.refresh", "", "")

    def refresh() -> None:
        # Nothing moves and nothing is kept: what is timed is finding that out.
        with db.db.atomic() as part:
            membership.refresh(recorder, customers=[customer.id])
            part.rollback()

    return refresh


def ours(n: int) -> Iterator[Work]:
    """Yield our work on the database in use, with `n` cases of each."""
    actor = manager()
    asked = expressions(n)
    yield Work("filter page", [lambda w=wanted: filters.page(actor, w) for wanted in asked])
    yield Work("exact count", [lambda w=wanted: filters.count(actor, w, cap=None) for wanted in asked])
    yield Work(
        "search as you type",
        [lambda t=text: filters.page(actor, filters.Filter(q=t)) for text in searches(n)],
    )
    rows = some_customers(n)
    yield Work("groups of one customer", [lambda c=row: badges.of_customers(actor, [c.id]) for row in rows])
    yield Work("groups list, 500 counts", [lambda: find_groups.listed(actor)] * 3)
    yield Work("refresh for one customer", [_refresh(row) for row in rows[:20]], is_read=False)
    yield Work("saving one customer", [_save(actor, row) for row in rows[:20]], is_read=False)
    unchanged = [lambda c=row: customers.edit(actor, c.id, {}) for row in rows[:20]]
    yield Work("saving her without a change", unchanged, is_read=False)
