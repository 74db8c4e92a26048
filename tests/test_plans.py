"""What is done to one group or one customer does not read all items, all members or all customers of the store.

By the plans of SQLite, which depend on its statistics alone: once without any, which is how the portal runs it, and
once with those that somebody's ANALYZE of a million customers leaves. PostgreSQL's depend on how many rows there are.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from peewee import fn

from portal.clock import now
from portal.db import db, run_many
from portal.models import Change, Customer, Shop
from portal.permissions import Actor
from portal.queries.rules import matching
from portal.queries.rules.compiling import compiled
from portal.services import customers, groups, imports, items, preview, undo
from portal.services.groups import Details
from portal.services.items import NewItem
from tests.page import Browser

New = Callable[..., Any]
# Of a view, a plan names the table of its rows.
ROWS = {"membership_row", "past_membership_row"}
LARGE = {"customer", "group_item", "change", "change_row", *ROWS}
SMALL = "group_item_rule", "group_item_of_group"  # indexes of the few items that are rules, or name a group
# Table and index, how many rows, and how many of them have each value of its columns.
OF_A_MILLION = [
    ("customer/code_key", "1000000 1"), ("customer/email_key", "879709 1"), ("customer/phone_key", "920255 1"),
    ("customer/live", "1000000 2 1"), ("customer/removed", "0 0"), ("customer/shop_id_name_key_id", "1000000 4976 1 1"),
    ("customer_group/code", "500 1"), ("customer_group/name_key", "500 1"), ("customer_group/level", "0 0"),
    ("group_item/customer", "4868523 5 1"), ("group_item/group", "4868604 9738 1"), ("group_item/shop", "81 2 1"),
    ("group_item/of_group", "0 0 0"), ("group_item/rule", "0 0"), ("group_item/from", "0 0 0"),
    ("membership_row/", "5353584 10708 1"), ("membership_row/customer_id_group_id_staged", "5353584 6 1 1"),
    ("change/at", "900000 1"), ("change/actor_id", "900000 70000"), ("change/subject_id", "900000 3 1"),
    ("change_row/change_id", "6000000 7"), ("change_row/noun_row_id", "6000000 2000000 1"), ("shop/code_key", "200 1"),
]  # fmt: skip
LIMITED = ' IS NULL) LIMIT ?) AS "part"'  # a count that goes on to so many and no further


@contextmanager
def statements() -> Iterator[list[tuple[str, Any]]]:
    """Yield the list of what is asked of the database in the block."""
    seen: list[tuple[str, Any]] = []
    asked = db.obj.execute_sql

    def note(sql: str, parameters: Any = None, *rest: Any) -> Any:
        seen.append((sql, parameters))
        return asked(sql, parameters, *rest)

    db.obj.execute_sql = note
    try:
        yield seen
    finally:
        del db.obj.execute_sql


def whole_tables(sql: str, parameters: Any) -> list[str]:
    """Return the steps of a statement's plan that read a large table, or a large index of it, from end to end."""
    if sql.split(None, 1)[0] not in {"SELECT", "INSERT", "UPDATE", "DELETE", "WITH"} or LIMITED in sql:
        return []
    names = {part.split('"')[1] for table in LARGE for part in sql.split(f'"{table}" AS ')[1:]}
    names |= ROWS | ({"c"} if " customer c" in sql else set())
    names |= {table for table in LARGE if sql.startswith((f'UPDATE "{table}"', f'DELETE FROM "{table}"'))}
    plan = [row[3] for row in db.execute_sql(f"EXPLAIN QUERY PLAN {sql}", parameters).fetchall()]
    if sql.endswith("LIMIT ?") and not any("ORDER BY" in step for step in plan):
        return []  # read in order until there are so many
    scans = [step for step in plan if step.startswith("SCAN") and step.split()[1] in names]
    return [step for step in scans if not step.endswith(SMALL)]


def reads(act: Callable[[], object]) -> list[tuple[str, str]]:
    """Return which statements of an act read a large table from end to end, and the step of the plan that says so."""
    with statements() as seen:
        act()
    return [(step, sql) for sql, parameters in seen for step in whole_tables(sql, parameters)]


class Store:
    """A store that has some of everything."""

    def __init__(self, cass: Actor, new_customer: New, new_group: New, shops: tuple[Shop, Shop], folder: Path) -> None:
        self.cass, self.s1 = cass, shops[0]
        self.people = [new_customer(f"P{n}", shops[n % 2]) for n in range(6)]
        self.inner, self.outer = new_group("Inner", self.people[:3]), new_group("Outer", shops=[shops[1]])
        named = NewItem(of_group_id=self.inner.id), NewItem(of_group_id=self.inner.id, low=0, high=9, seed="s")
        items.add(cass, self.outer.id, named)
        items.add(cass, new_group("Women").id, [NewItem(rule={"field": "gender", "op": "is", "value": "female"})])
        self.file = folder / "list.csv"
        self.file.write_text("code\n" + "\n".join(one.code for one in self.people))

    def undo(self) -> None:
        """Undo what was done last."""
        undo.undo(self.cass, Change.select(fn.MAX(Change.id)).scalar())

    def bring(self) -> None:
        """Import a file into a group."""
        imports.run(self.cass, imports.check(self.cass, self.file, "list.csv", group=self.inner).id)

    def add_shop(self, sign: str = "include") -> None:
        """Include a shop in a group, or exclude it."""
        items.add(self.cass, self.inner.id, [NewItem(shop_id=self.s1.id, sign=sign)])


ACTS: dict[str, Callable[[Store], object]] = {
    "create a customer": lambda s: customers.create(s.cass, {"code": "N1", "shop": "S1", "email": "n@n.example"}),
    "move her to another shop": lambda s: customers.edit(s.cass, s.people[0].id, {"shop": "S2"}),
    "add a member": lambda s: items.add_member(s.cass, s.inner.id, s.people[4].id),
    "remove a member": lambda s: items.remove_member(s.cass, s.inner.id, s.people[0].id),
    "remove a member and undo it": lambda s: (items.remove_member(s.cass, s.inner.id, s.people[0].id), s.undo()),
    "include a shop": lambda s: s.add_shop(),
    "include a shop and undo it": lambda s: (s.add_shop(), s.undo()),
    "exclude a shop": lambda s: s.add_shop("exclude"),
    "look what a shop would move": lambda s: preview.of(s.cass, s.add_shop),
    "include a group": lambda s: items.add(
        s.cass, groups.create(s.cass, Details("Top")).group.id, [NewItem(of_group_id=s.outer.id)]
    ),
    "rename a group": lambda s: groups.edit(s.cass, s.inner.id, Details("Renamed")),
    "archive a group": lambda s: groups.set_status(s.cass, s.outer.id, "archived"),
    "delete a group and undo it": lambda s: (
        groups.set_status(s.cass, s.outer.id, "archived"), groups.delete(s.cass, s.outer.id), s.undo()
    ),
    "import into a group and undo it": lambda s: (s.bring(), s.undo()),
}  # fmt: skip
PAGES = [
    "/", "/customers", "/customers?all=inner&none=outer", "/customers/T0001", "/customers/T0001/history",
    "/customers/T0001/edit", "/groups", "/groups/inner", "/groups/inner/items", "/groups/inner/used-by",
    "/groups/inner/history", "/groups/inner/archive", "/groups/inner/edit", "/groups/of/T0001", "/imports/new", "/jobs",
    "/why?customer=T0001&group=inner,outer",
]  # fmt: skip


@pytest.fixture(params=["no statistics", "statistics of a million"])
def store(
    request: pytest.FixtureRequest, cass: Actor, new_customer: New, new_group: New, s1: Shop, s2: Shop, tmp_path: Path
) -> Store:
    """A store that has some of everything."""
    made = Store(cass, new_customer, new_group, (s1, s2), tmp_path)
    if request.param != "no statistics":
        db.execute_sql("ANALYZE")
        db.execute_sql("DELETE FROM sqlite_stat1")
        rows = [(index.split("/")[0], index.replace("/", "_").rstrip("_"), said) for index, said in OF_A_MILLION]
        run_many("INSERT INTO sqlite_stat1 VALUES (?, ?, ?)", rows)
        db.execute_sql("ANALYZE sqlite_schema")
    return made


@pytest.mark.parametrize("name", ACTS)
def test_an_act_reads_no_large_table_from_end_to_end(store: Store, name: str) -> None:
    assert reads(lambda: ACTS[name](store)) == []


@pytest.mark.parametrize("path", PAGES)
def test_a_page_reads_no_large_table_from_end_to_end(
    store: Store, browse: Callable[[str], Browser], path: str
) -> None:
    browser = browse("cass")
    assert reads(lambda: browser.get(path)) == []


def test_a_rule_reads_the_table_of_all_customers_once_and_no_index_beside_it(store: Store, cass: Actor) -> None:
    """Looking each of them up in the order of an index takes eight times as long."""
    rule = {"not": {"field": "gender", "op": "is", "value": "female"}}
    found = reads(lambda: groups.create(cass, Details("Others", "rule"), [NewItem(rule=rule)]))
    assert [step for step, _sql in found] == ["SCAN c"]
    condition = compiled(rule, {}, matching.today_at(now()))
    found = reads(lambda: (matching.count(condition), matching.some(condition, 5)))
    assert [step for step, _sql in found] == ["SCAN c", "SCAN c"]


def test_a_table_that_is_read_from_end_to_end_is_told(store: Store) -> None:
    found = reads(lambda: list(Customer.select().where(Customer.gender == "female")))
    assert [step for step, _sql in found] == ["SCAN t1"]
