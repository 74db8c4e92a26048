"""Undo of one act after the other: what comes back, what stays because it was touched since (product.md §4, law 7)."""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from portal.db import db
from portal.models import Change, ChangeRow, FileShape, GroupItem, Import, Shop
from portal.permissions import Actor, Grant, Role
from portal.queries import membership
from portal.queries import settings as find_settings
from portal.services import customers, fields, groups, items, settings, shops, undo, users, value_groups
from portal.services.groups import Details
from portal.services.imports import columns, remembering
from portal.services.items import NewItem, rules
from portal.services.undo.acts import ACTS
from tests.conftest import PASSWORD

New = Callable[..., Any]
SERVICES = Path(__file__).parents[3] / "portal" / "services"
# What an undo leaves other than before: when, how often, and the lists of what was done.
PASSING = {
    "customer": {"version", "updated_at"}, "customer_group": {"version", "updated_at"}, "shop": {"version"},
    "setting": {"version"}, "customer_field": {"version"},
}  # fmt: skip
HISTORY = {"change", "change_anchor", "change_row", "change_seal", "past_membership_row", "request_key"}


def newest() -> int:
    """Return the number of the last change."""
    return int(Change.select().order_by(Change.id.desc()).get().id)


def stored() -> dict[str, Any]:
    """Return what the store says now: every row without what an undo may leave other than before."""
    said: dict[str, Any] = {}
    for table in sorted(set(db.get_tables()) - HISTORY):
        if table.startswith("customer_search") or table in {"membership_delta", "rule_match"}:
            continue
        columns = [column.name for column in db.get_columns(table) if column.name not in PASSING.get(table, set())]
        names = ", ".join(f'"{name}"' for name in columns)
        rows = db.execute_sql(f'SELECT {names} FROM "{table}"').fetchall()
        said[table] = sorted((dict(zip(columns, row, strict=True)) for row in rows), key=repr)
    live = [row for row in said.pop("group_item") if row["ended_at"] is None]
    # An item that comes back is a new one, and members are there since now.
    said["items"] = sorted(
        ({name: row[name] for name in row if name not in {"id", "created_at", "created_by_id"}} for row in live),
        key=repr,
    )
    # What nobody has set is off.
    said["setting"] = [guards()]
    said["members"] = sorted((row["group_id"], row["customer_id"]) for row in said.pop("membership_row"))
    said["customer"] = [row for row in said["customer"] if row["removed_at"] is None]
    # A field is retired and never deleted, its column stays.
    said["customer_field"] = [row for row in said["customer_field"] if row["retired_at"] is None]
    said["customer_value"] = [
        {name: value for name, value in row.items() if value is not None} for row in said["customer_value"]
    ]
    # Where nothing is chosen any more the shape of a file stays, as if it had never been seen.
    said["file_shape"] = [row for row in said["file_shape"] if FileShape.get_by_id(row["id"]).chosen]
    said["shop"] = [row for row in said["shop"] if row["removed_at"] is None]
    said["customer_group"] = [row for row in said["customer_group"] if row["status"] != "deleted"]
    said["user_role"] = sorted((row["user_id"], row["role"], row["shop_id"] or 0) for row in said["user_role"])
    return said


def guards() -> tuple[Any, ...]:
    """Return the guard rails in force."""
    found = find_settings.guards()
    return found.share, found.is_marked


class Stage:
    """A small store, and somebody for each act."""

    def __init__(self, olive: Actor, cass: Actor, s1: Shop, s2: Shop, new_customer: New, new_group: New) -> None:
        self.olive, self.cass, self.s1, self.s2 = olive, cass, s1, s2
        self.ann = new_customer("Ann", s1, code="A1", email="ann@a.example", phone="0788412903")
        self.ben = new_customer("Ben", code="B1", birth_date="1991-06-14", gender="male")
        self.vips = new_group("Vips", [self.ann], without=[self.ben])
        self.north = new_group("North", shops=[s1])
        self.old = new_group("Old", [self.ben])
        groups.set_status(cass, self.old.id, "archived")
        self.named = new_group("Named")
        items.add(cass, self.named.id, [NewItem(rule={"field": "name", "op": "is", "value": "Ann"})])
        labels = ("Tier", "Earlier", "Last")
        made = [fields.create(cass, fields.Details({"en": label}, is_filterable=True)) for label in labels]
        self.tier, self.old_field, _last = made
        fields.retire(cass, self.old_field.id)
        self.imported = Import.create(file_name="people.csv", headers=["who", "seen"], columns=[None, None])
        self.nan = users.add(olive, email="n@n.example", name="Nan", grants=[Grant(Role.ANALYST)], password=PASSWORD)


@pytest.fixture
def stage(olive: Actor, cass: Actor, s1: Shop, s2: Shop, new_customer: New, new_group: New) -> Stage:
    return Stage(olive, cass, s1, s2, new_customer, new_group)


FIRST = [NewItem(new_customer={"code": "N1", "shop": "S1"}), NewItem(shop_id=1, sign="exclude")]
DONE: dict[str, Callable[[Stage], Any]] = {
    "customer.create": lambda s: customers.create(s.cass, {"name": "Cora", "email": "c@c.example", "shop": "S1"}),
    "customer.edit": lambda s: customers.edit(
        s.cass, s.ann.id, {"name": "Anna", "code": "A2", "shop": "S2", "phone": "", "email": "x@x.example"}
    ),
    "group.create": lambda s: groups.create(s.cass, Details("New"), [NewItem(customer_id=s.ann.id), *FIRST]),
    "group.duplicate": lambda s: groups.duplicate(s.cass, s.vips.id),
    "group.of_values": lambda s: value_groups.create(
        s.cass, "gender", [value_groups.Wanted("male", "Men"), value_groups.Wanted("other", "Others")]
    ),
    "group.edit": lambda s: groups.edit(s.cass, s.vips.id, Details("Best", "shop", "red", "Words", "Note")),
    "group.restore": lambda s: groups.set_status(s.cass, s.old.id, "active"),
    "group.draft": lambda s: groups.set_status(s.cass, s.vips.id, "draft"),
    "group.archive": lambda s: groups.set_status(s.cass, s.vips.id, "archived"),
    "group.delete": lambda s: groups.delete(s.cass, s.vips.id),
    "group.items": lambda s: items.add(s.cass, s.vips.id, [NewItem(customer_id=s.ben.id), *FIRST]),
    "group.add_member": lambda s: items.add_member(s.cass, s.vips.id, s.ben.id, "a note"),
    "group.remove_member": lambda s: items.remove_member(s.cass, s.vips.id, s.ann.id),
    "group.end_item": lambda s: items.end(s.cass, s.north.id, GroupItem.get(GroupItem.group == s.north).id),
    "group.rule": lambda s: rules.change_rule(
        s.cass, s.named.id, GroupItem.get(GroupItem.group == s.named).id, {"field": "name", "op": "is", "value": "Ben"}
    ),
    "field.create": lambda s: fields.create(s.cass, fields.Details({"en": "Fresh"}, "choice", choices=("A",))),
    "field.edit": lambda s: fields.edit(
        s.cass, s.tier.id, fields.Details({"pt": "Nível"}, section="Trade", is_unique=True, is_searchable=True)
    ),
    "field.retire": lambda s: fields.retire(s.cass, s.tier.id),
    "field.restore": lambda s: fields.restore(s.cass, s.old_field.id),
    "field.move": lambda s: fields.move(s.cass, s.tier.id, is_up=False),
    "shop.create": lambda s: shops.create(s.olive, code="S3", name="Third"),
    "shop.edit": lambda s: shops.edit(s.olive, s.s1.id, code="S9", name="Other"),
    "shop.import": lambda s: shops.put_all(
        s.olive, [shops.ShopRow(2, "S1", "One"), shops.ShopRow(3, "S4", "Four"), shops.ShopRow(4, "S5", "Five")]
    ),
    "import.columns": lambda s: remembering.keep(
        s.cass, s.imported, {"who": "name", "seen": "birth_date"}, columns.known_to(s.cass), {"seen": "dmy"},
        about=s.imported.id,
    ),
    "setting.guards": lambda s: settings.set_guards(s.olive, "5", is_marked=True),
    "user.grant": lambda s: users.grant(s.olive, s.nan.id, Grant(Role.SUPPORT, s.s1.id)),
    "user.revoke": lambda s: users.revoke(s.olive, s.nan.id, Grant(Role.ANALYST)),
    "user.deactivate": lambda s: users.deactivate(s.olive, s.nan.id),
    "user.language": lambda s: users.set_language(s.olive, "pt"),
}


@pytest.mark.parametrize("act", DONE)
def test_an_act_is_undone_and_its_undo_too(act: str, stage: Stage) -> None:
    """Everything is as it was; then as the act had left it; then as it was again."""
    before = stored()
    DONE[act](stage)
    done, after = newest(), stored()
    assert Change.get_by_id(done).act == act and after != before
    actor = stage.olive if act.startswith(("shop.", "user.", "setting.")) else stage.cass
    for expected in (before, after, before, after):
        told = undo.undo(actor, newest())
        assert stored() == expected
        assert (told.refused, told.change_id) == ([], newest())
        assert membership.differences() == [] and membership.broken_intervals() == []
        change = Change.get_by_id(newest())
        assert (change.act, change.subject, change.undoes_id) == (
            "change.undo", f"change:{told.change_id - 1}", told.change_id - 1
        )  # fmt: skip
        assert change.n_rows == ChangeRow.select().where(ChangeRow.change == change).count()


# ---- every act has its rule ----


RECORDING = {"record", "Recorder"}


def _acts() -> Iterator[str]:
    """Yield the acts that the code records, by reading it."""
    for path in sorted(SERVICES.rglob("*.py")):
        tree = ast.parse(path.read_text())
        for function in [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]:
            for call in ast.walk(function):
                if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in RECORDING:
                    yield from _meant(call.args[1], function, tree)


def _meant(said: ast.expr, function: ast.FunctionDef, tree: ast.Module) -> Iterator[str]:
    if isinstance(said, ast.Constant):
        yield str(said.value)
    elif isinstance(said, ast.Name) and function.name == "record":
        return  # what those say who call it
    elif isinstance(said, ast.JoinedStr):
        # "group." and a verb that a table in the same function gives
        noun = said.values[0]
        dicts = [node for node in ast.walk(function) if isinstance(node, ast.Dict)]
        (table,) = [node for node in dicts if all(isinstance(value, ast.Constant) for value in node.values)]
        assert isinstance(noun, ast.Constant)
        yield from (f"{noun.value}{verb.value}" for verb in table.values if isinstance(verb, ast.Constant))
    else:
        # an argument: what those say who call the function
        assert isinstance(said, ast.Name)
        place = [argument.arg for argument in function.args.args].index(said.id)
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == function.name:
                yield from _meant(call.args[place], function, tree)


def test_every_act_in_the_code_says_how_it_is_undone_or_why_not() -> None:
    assert set(_acts()) == set(ACTS)
    assert {act for act, rule in ACTS.items() if not rule.action and not rule.why_not} == {"change.undo"}
    tested = {*DONE, "customer.import", "import.run", "user.create", "user.activate", "change.undo"}
    assert {act for act, rule in ACTS.items() if not rule.why_not} == tested
