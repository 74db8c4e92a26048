"""Boxes of groups in a file: who is in or out already, whom the group keeps out, and putting the others in or out.

Yes is Add, no is Remove, as in the customer's form (product.md §5, Boxes in the form): what is so already is no write,
and who is excluded stays out unless exclusions are lifted.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from dataclasses import field as made
from typing import Any

import peewee
from peewee import fn

from portal.clock import now
from portal.db import in_chunks, is_sqlite
from portal.models import Customer, Group, GroupItem, Import, ImportRow, Membership
from portal.permissions import Actor
from portal.queries.exclusions import excluding_groups
from portal.queries.membership import valid_at
from portal.services import groups, membership
from portal.services.changes import Recorder
from portal.services.details import Details
from portal.services.imports import effect, put
from portal.services.imports.columns import BOX, GROUPS, NEW, is_box
from portal.services.imports.turns import Part
from portal.text import fold


@dataclass
class Standing:
    """How some customers stand in some groups: who is in, whom their items keep out, which shops they name."""

    lifts_exclusions: bool
    inside: set[tuple[int, int]] = made(default_factory=set)
    excluded: set[tuple[int, int]] = made(default_factory=set)
    by_group: set[tuple[int, int]] = made(default_factory=set)
    shops: dict[tuple[int, int], str] = made(default_factory=dict)  # by group and shop: include, or exclude
    shop_of: dict[int, int | None] = made(default_factory=dict)  # by customer

    def act(self, group: Group, customer: int | None, shop: int | None, *, is_in: bool) -> str:
        """Return what a box of a row does: joined, left, excluded (she stays out), or '' where it is so already.

        `shop` is the one that the row names, '' or the one she is in counts otherwise.
        """
        shop = shop or self.shop_of.get(customer or 0)
        by_shop = self.shops.get((group.id, shop or 0), "")
        pair = group.id, customer or 0
        is_there = pair in self.inside if customer is not None else by_shop == "include" and group.status == "active"
        if is_in == is_there:
            return ""
        if not is_in:
            return "left"
        is_excluded = pair in self.excluded and not self.lifts_exclusions
        return "excluded" if is_excluded or by_shop == "exclude" or pair in self.by_group else "joined"


def standing(imported: Import, spoken: Collection[Group], customers: Collection[int]) -> Standing:
    """Return how these customers stand in the groups that their rows speak of."""
    found = Standing(imported.lifts_exclusions)
    ids = [group.id for group in spoken]
    if not ids:
        return found
    live = [GroupItem.group.in_(ids), *valid_at(now())]
    shops = GroupItem.select(GroupItem.group, GroupItem.shop, GroupItem.sign).where(*live, GroupItem.kind == "shop")
    for group, shop, sign in shops.order_by(GroupItem.sign.desc()).tuples():
        found.shops[group, shop] = sign  # exclude, which comes last, wins
    excludes = [*live, GroupItem.sign == "exclude"]
    has_nested = GroupItem.select().where(*excludes, GroupItem.of_group.is_null(False)).exists()
    drafts = [group.id for group in spoken if group.status != "active"]
    for some in in_chunks(customers):
        found.shop_of |= dict(Customer.select(Customer.id, Customer.shop).where(Customer.id.in_(some)).tuples())
        members = Membership.select(Membership.group, Membership.customer).where(
            Membership.group.in_(ids), Membership.customer.in_(some)
        )
        named = GroupItem.select(GroupItem.group, GroupItem.customer).where(GroupItem.customer.in_(some))
        found.inside.update(members.tuples())
        if drafts:  # which have items and no members yet
            found.inside.update(
                named.where(
                    GroupItem.group.in_(drafts), GroupItem.sign == "include", GroupItem.ended_at.is_null()
                ).tuples()
            )
        found.excluded.update(named.where(*excludes).tuples())
        if has_nested:
            nested = excluding_groups(Membership.customer, *excludes, Membership.customer.in_(some))
            found.by_group.update(nested.select(GroupItem.group, Membership.customer).tuples())
    return found


def publish(actor: Actor, part: Part, change: Recorder) -> None:
    """Put everybody whose box of a group says so into it, or out of it, each group all at once."""
    imported = part.imported
    for key, group in _spoken(actor, imported, change):
        yes, no = _saying(part, key, is_in=True), _saying(part, key, is_in=False)
        inside = fn.EXISTS(effect.inside(group))
        coming = yes.where(~inside, ~effect.kept_out(group, lifts_exclusions=imported.lifts_exclusions))
        put.lift(group.id, coming, change, lifts_exclusions=imported.lifts_exclusions)
        put.include(group.id, coming, change)
        put.exclude(group.id, no.where(inside), change)
        membership.refresh(change, groups=[group.id], customers=_spoken_of(part, key))


def moves(imported: Import) -> dict[Group, tuple[int, int]]:
    """Return how many a checked file would put into each group by its box, and out of it."""
    counts = {key: n for key, n in imported.counts.get("groups", {}).items() if n["joined"] or n["left"]}
    if not counts:
        return {}
    there = Group.select().where(Group.code.in_([key.removeprefix(BOX) for key in counts if is_box(key)]),
                                 Group.status != "deleted")  # fmt: skip
    return {group: (counts[BOX + group.code]["joined"], counts[BOX + group.code]["left"]) for group in there}


def named(imported: Import) -> list[tuple[str, dict[str, int]]]:
    """Return what a file does, or did, to the groups that it has columns of, each by its name."""
    counts: dict[str, dict[str, int]] = imported.counts.get("groups", {})
    codes = [key.removeprefix(BOX) for key in counts if is_box(key)]
    there = Group.select().where(Group.code.in_(codes), Group.status != "deleted") if codes else []
    labels = {BOX + group.code: group.label for group in there}
    return [(labels.get(key, key.partition(":")[2]), n) for key, n in sorted(counts.items())]


def _spoken(actor: Actor, imported: Import, change: Recorder) -> Iterator[tuple[str, Group]]:
    """Yield the groups that the file speaks of, by key of the box; those that are yet to be are brought into being."""
    keys = {target for target in imported.columns if is_box(target)}
    if GROUPS in imported.columns:
        keys |= imported.counts.get("groups", {}).keys()
    for key in sorted(keys):
        same = Group.code == key.removeprefix(BOX) if is_box(key) else Group.name_key == fold(key.removeprefix(NEW))
        group = Group.get_or_none(same, Group.status.in_(("active", "draft")))
        if group is None and not is_box(key):
            group = groups.insert(actor, Details(key.removeprefix(NEW)), change)
        if group is not None:
            yield key, group


def _saying(part: Part, key: str, *, is_in: bool) -> peewee.ModelSelect:
    return _taken(part).where(_says(key, "true" if is_in else "false"))


def _spoken_of(part: Part, key: str) -> peewee.ModelSelect:
    return _taken(part).where(_says(key, "true") | _says(key, "false"))


def _taken(part: Part) -> peewee.ModelSelect:
    return ImportRow.select(ImportRow.customer).where(
        *part.rows(ImportRow.result.in_(effect.TAKEN), ImportRow.customer.is_null(False))
    )


def _says(key: str, value: str) -> Any:
    """Return an expression: the staged value of a key is true, or false. No path: a name may hold any sign."""
    name = peewee.Cast(peewee.Value(key, converter=False), "text")
    if not is_sqlite():
        return fn.jsonb_extract_path_text(ImportRow.own, name) == value
    found = (peewee.SQL("(SELECT type FROM json_each("), ImportRow.own, peewee.SQL(") WHERE key ="), name)
    return peewee.Expression(peewee.NodeList((*found, peewee.SQL(")"))), "=", peewee.Value(value))
