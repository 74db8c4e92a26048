"""Calls of services, drawn at random among what is there: whom they are about, and what they are to do."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import timedelta
from random import Random
from typing import Any

from peewee import ModelSelect

from portal.clock import now
from portal.models import Change, Customer, Group, GroupItem, Shop
from portal.services import calls
from portal.services.groups import Details
from portal.services.guards import Call
from portal.services.items import NewItem, plans
from portal.services.items.new import as_json

CALLS = {
    "change_rule": 12, "add": 9, "create": 3, "end": 2, "undo": 4, "turn": 3, "delete": 1, "bring_back": 1, "plan": 1,
    "edit_customer": 5, "new_customer": 1, "take_away": 1, "one": 2,
}  # fmt: skip
KINDS = {"rule": 6, "dated": 3, "group": 1, "share": 1, "shop": 1}
SIGNS = ("include", "include", "exclude")
GENDERS = ("male", "female", "")
RECENT = 8  # changes that are undone
# What calls will do to a group, as far as that can be told beforehand.
PLANS = calls.PLANS | {
    "groups.create": lambda actor, said: plans.of_group(
        actor, Details(**said["details"]), [calls.from_json(row) for row in said["items"]]
    ),
    "groups.set_status": lambda actor, said: plans.of_status(actor, said["group_id"], said["status"]),
    "groups.delete": lambda actor, said: plans.of_status(actor, said["group_id"], "deleted"),
}


class Nothing(Exception):
    """There is nothing to choose from."""


class Drawn:
    """Whatever people may ask of the services, chosen by the lots of one seed."""

    def __init__(self, lots: Random) -> None:
        self.lots = lots
        self.n_made = 0

    def call(self) -> Call:
        """Draw any call. Raises Nothing where what it would be about is not there."""
        found: Call = getattr(self, self.name(CALLS))()
        return found

    def name(self, weights: Mapping[str, int]) -> str:
        """Draw a name, each as often as its weight says."""
        return self.lots.choices(list(weights), list(weights.values()))[0]

    def _any(self, query: ModelSelect) -> Any:
        rows = list(query.order_by(query.model.id))
        if not rows:
            raise Nothing
        return self.lots.choice(rows)

    def _group(self) -> Any:
        return self._any(Group.select().where(Group.status != "deleted"))

    def _customer(self) -> Any:
        return self._any(Customer.select().where(Customer.removed_at.is_null()))

    def _number(self) -> int:
        self.n_made += 1
        return self.n_made

    @staticmethod
    def _day() -> str:
        return str((now() + timedelta(days=2)).date())

    # -- rules and items --

    def rule(self) -> dict[str, Any]:
        """Draw a rule: by gender, by shop, by group, by the day."""
        men, women = ({"field": "gender", "op": "is", "value": one} for one in ("male", "female"))
        north, south = ({"field": "shop", "op": "is", "value": code} for code in ("S1", "S2"))
        rules: list[dict[str, Any]] = [
            men, women, {"field": "gender", "op": "empty"}, {"any": [men, women]}, north, {"all": [men, south]},
            {"field": "created", "part": "days_since", "op": "ge", "value": 1},
        ]  # fmt: skip
        codes = [one.code for one in Group.select().where(Group.status == "active").order_by(Group.id)]
        if codes:
            code = self.lots.choice(codes)
            rules += [{"in": code}, {"in": code}, {"not": {"in": code}}]
        return self.lots.choice(rules)

    def change_rule(self) -> Call:
        """Another rule in the place of one."""
        item = self._any(GroupItem.select().where(GroupItem.rule.is_null(False), GroupItem.ended_at.is_null()))
        said = {"group_id": item.group_id, "item_id": item.id, "said": self.rule()}
        return Call("items.change_rule", said)

    def end(self) -> Call:
        """An item ends."""
        item = self._any(GroupItem.select().where(GroupItem.ended_at.is_null()))
        return Call("items.end", {"group_id": item.group_id, "item_id": item.id})

    def add(self) -> Call:
        """A rule comes, now or for some time, or a group, a share of one, a shop."""
        kind, sign = self.name(KINDS), self.lots.choice(SIGNS)
        said = {
            "rule": lambda: {"rule": self.rule()}, "dated": self._dated,
            "group": lambda: {"of_group_id": self._group().id},
            "share": lambda: {"of_group_id": self._group().id, "low": 0, "high": 5_000, "seed": "a"},
            "shop": lambda: {
                "shop_id": self._any(Shop.select()).id, "on_leave": self.lots.choice(["leave", "stay"])
            },
        }[kind]()  # fmt: skip
        return Call("items.add", {"group_id": self._group().id, "items": [as_json(NewItem(**said, sign=sign))]})

    def _dated(self) -> dict[str, Any]:
        day = now() + timedelta(hours=self.lots.choice([3, 10, 20]))
        what = [{"rule": self.rule()}, {"customer_id": self._customer().id}, {"shop_id": self._any(Shop.select()).id}]
        return {self.lots.choice(["valid_from", "valid_until"]): day, **self.lots.choice(what)}

    def one(self) -> Call:
        """Somebody is put into a group, or out of it, by name."""
        name = self.lots.choice(["items.add_member", "items.remove_member"])
        return Call(name, {"group_id": self._group().id, "customer_id": self._customer().id, "note": ""})

    # -- groups --

    def create(self) -> Call:
        """A group is made with one rule, perhaps as a draft, perhaps to end one day; rarely its name is taken."""
        name = f"Group {self._number() if self.lots.random() < 0.9 else 1}"
        status = self.lots.choice(["active", "active", "active", "draft"])
        ends_on = self.lots.choice(["", "", "", self._day()])
        details = asdict(Details(name, "rule", status=status, ends_on=ends_on))
        return Call("groups.create", {"details": details, "items": [as_json(NewItem(rule=self.rule()))]})

    def turn(self) -> Call:
        """A group is archived or made active."""
        group = self._group()
        status = self.lots.choice(["archived", "draft"]) if group.status == "active" else "active"
        return Call("groups.set_status", {"group_id": group.id, "status": status})

    def delete(self) -> Call:
        """A group is deleted."""
        return Call("groups.delete", {"group_id": self._group().id})

    def plan(self) -> Call:
        """A group is to end in two days."""
        group = self._group()
        details = asdict(Details(group.name, group.type, status=group.status, ends_on=self._day()))
        return Call("groups.edit", {"group_id": group.id, "details": details, "version": None})

    # -- customers --

    def new_customer(self) -> Call:
        """A customer comes."""
        typed = {"code": f"K{self._number()}", "gender": self.lots.choice(GENDERS)}
        return Call("customers.create", {"typed": typed, "boxes": {}, "reason": ""})

    def edit_customer(self) -> Call:
        """A customer has another gender, or another shop."""
        typed = self.lots.choice([*({"gender": one} for one in GENDERS), {"shop": "S1"}, {"shop": "S2"}])
        said = {"customer_id": self._customer().id, "typed": typed, "version": None, "boxes": {}, "reason": ""}
        return Call("customers.edit", said)

    # -- undo --

    def undo(self) -> Call:
        """One of the last changes is undone, be it an undo."""
        newest = Change.select().order_by(Change.id.desc()).limit(RECENT)
        return self._undone(Change.select().where(Change.id.in_([one.id for one in newest])))

    def bring_back(self) -> Call:
        """A group that was deleted is given back."""
        return self._undone(Change.select().where(Change.act == "group.delete"))

    def take_away(self) -> Call:
        """A customer is removed, as if she had never come."""
        return self._undone(Change.select().where(Change.act == "customer.create"))

    def _undone(self, among: ModelSelect) -> Call:
        return Call("undo.undo", {"change_id": self._any(among).id})
