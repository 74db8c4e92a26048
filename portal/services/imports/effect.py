"""The effect on the group: whether the customer of a row joins it, is in it already or is kept out."""

from typing import Any

import peewee
from peewee import fn

from portal.clock import now
from portal.models import Customer, Group, GroupItem, Import, ImportRow, Membership
from portal.queries.exclusions import excluding_groups
from portal.queries.membership import valid_at
from portal.services.imports.turns import Part

TAKEN = ("new", "updated", "unchanged")


def join(part: Part) -> None:
    """Write what each row that can be taken would do to the group: joined, already or excluded."""
    imported = part.imported
    taken = part.rows(ImportRow.result.in_(TAKEN))
    said_before = ImportRow.leader < ImportRow.row
    if not imported.group_id:
        # Everybody whom the file brings joins a group that is yet to be.
        if imported.new_group:
            effect = peewee.Case(None, [(said_before, "already")], "joined")
            ImportRow.update(joins=effect).where(*taken).execute()
        return
    group = imported.group
    out = kept_out(group, lifts_exclusions=imported.lifts_exclusions)
    there = fn.EXISTS(inside(group))
    ImportRow.update(joins=peewee.Case(None, [(out, "excluded"), (there, "already")], "joined")).where(*taken).execute()
    leader = ImportRow.alias()
    said = leader.select(leader.joins).where(leader.imported == imported.id, leader.row == ImportRow.leader)
    ImportRow.update(joins=peewee.Case(None, [(said == "excluded", "excluded")], "already")).where(
        *taken, said_before
    ).execute()


def kept_out(group: Group, *, lifts_exclusions: bool) -> Any:
    """Return an expression: the group keeps the customer of the staged row out, whatever is said of her."""
    shop = fn.COALESCE(ImportRow.shop, Customer.select(Customer.shop).where(Customer.id == ImportRow.customer))
    live = [GroupItem.group == group.id, GroupItem.sign == "exclude", *valid_at(now())]
    out = fn.EXISTS(GroupItem.select(peewee.SQL("1")).where(*live, GroupItem.shop == shop))
    if GroupItem.select().where(*live, GroupItem.of_group.is_null(False)).exists():
        out |= fn.EXISTS(excluding_groups(ImportRow.customer, *live))
    if not lifts_exclusions:
        out |= fn.EXISTS(GroupItem.select(peewee.SQL("1")).where(*live, GroupItem.customer == ImportRow.customer))
    return out


def tell_kept_out(imported: Import) -> None:
    """Say of rows whose customers were brought into an active group, and are no members, that they are excluded."""
    if imported.group.status == "active":
        is_there = fn.EXISTS(inside(imported.group))
        ImportRow.update(joins="excluded").where(
            ImportRow.imported == imported, ImportRow.joins == "joined", ~is_there
        ).execute()


def inside(group: Group) -> peewee.ModelSelect:
    """Return a select of the customer of the staged row in the group; a draft has items and no members yet."""
    if group.status == "active":
        return Membership.select(peewee.SQL("1")).where(
            Membership.group == group.id, Membership.customer == ImportRow.customer
        )
    return GroupItem.select(peewee.SQL("1")).where(
        GroupItem.group == group.id,
        GroupItem.customer == ImportRow.customer,
        GroupItem.sign == "include",
        GroupItem.ended_at.is_null(),
    )
