"""Reading changes: who did what, about what, as far as the reader may know of it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from portal.models import Change, ChangeRow, Customer, Field, Group, GroupItem, Import, Shop, User
from portal.permissions import Action, Actor
from portal.queries import customers as find_customers
from portal.queries import fields as find_fields
from portal.queries.groups import seen_by

# Acts on a group that name one customer; who she is stands in their rows.
_NAMING = ("group.add_member", "group.remove_member", "group.end_item")


@dataclass(frozen=True, slots=True)
class Thing:
    """What a change is about: its noun, what people call it ('' where the reader may not know), its code.

    The code is what pages find it by, '' for what has no page for this reader.
    """

    noun: str
    label: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """A change with the names of all it speaks of; `who` is '' where nobody signed in did it."""

    id: int
    at: datetime
    act: str
    door: str
    note: str
    n_rows: int
    who: str
    about: Thing | None = None
    whom: Thing | None = None  # the one customer whom an act on a group names
    into: Thing | None = None  # the group that an imported file is for
    is_own: bool = False  # whether the reader did it


def told(actor: Actor, changes: Sequence[Change]) -> list[Told]:
    """Return the changes with the names of what they speak of, in a few statements however many they are."""
    whom = _whom(changes)
    wanted = {(noun, row_id) for noun, row_id in map(_subject, changes) if row_id}
    wanted |= {("customer", row_id) for row_id in whom.values()}
    files = _files(row_id for noun, row_id in wanted if noun == "import")
    wanted |= {("group", found.group_id) for found in files.values() if found.group_id}
    names = things(actor, wanted, files)
    people = {change.actor_id for change in changes if change.actor_id}
    who = dict(User.select(User.id, User.name).where(User.id.in_(people)).tuples()) if people else {}
    found = []
    for change in changes:
        subject = _subject(change)
        file = files.get(subject[1]) if subject[0] == "import" else None
        found.append(
            Told(
                change.id, change.at, change.act, change.door, change.note, change.n_rows,
                who.get(change.actor_id, ""), names.get(subject), names.get(("customer", whom.get(change.id, 0))),
                names.get(("group", file.group_id)) if file else None,
                change.actor_id is not None and change.actor_id == actor.user_id,
            )
        )  # fmt: skip
    return found


def _subject(change: Change) -> tuple[str, int]:
    noun, _, row_id = change.subject.partition(":")
    return noun, int(row_id) if row_id.isdigit() else 0


def _whom(changes: Sequence[Change]) -> dict[int, int]:
    """Return, by change, the customer whom an act on a group names; an act on a shop's item names none."""
    ids = [change.id for change in changes if change.act in _NAMING]
    if not ids:
        return {}
    rows = (
        ChangeRow.select(ChangeRow.change, GroupItem.customer)
        .join(GroupItem, on=(GroupItem.id == ChangeRow.row_id))
        .where(ChangeRow.change.in_(ids), ChangeRow.noun == "group_item", GroupItem.customer.is_null(False))
    )
    return dict(rows.tuples())


def _files(ids: Iterable[int]) -> dict[int, Import]:
    wanted = list(ids)
    return {found.id: found for found in Import.select().where(Import.id.in_(wanted))} if wanted else {}


def things(
    actor: Actor, wanted: set[tuple[str, int]], files: dict[int, Import] | None = None
) -> dict[tuple[str, int], Thing]:
    """Return what the reader may know of things, by noun and number."""
    finders: dict[str, Callable[[Actor, list[int]], dict[int, Thing]]] = {
        "customer": _customers, "customer_value": _customers, "field": _fields, "group": _groups, "shop": _shops,
        "user": _users, "group_item": _items,
    }  # fmt: skip
    found = {(noun, row_id): Thing(noun) for noun, row_id in wanted}
    for noun, finder in finders.items():
        ids = [row_id for one, row_id in wanted if one == noun]
        if ids:
            found |= {(noun, row_id): thing for row_id, thing in finder(actor, ids).items()}
    may_open = actor.may(Action.IMPORT_CUSTOMERS)
    for row_id, file in (files or {}).items():
        is_there = may_open and file.state != "cancelled"
        found["import", row_id] = Thing("import", file.file_name, str(row_id) if is_there else "")
    for noun, row_id in wanted:
        if noun in {"change", "proposal"}:
            is_shown = noun == "change" or actor.may(Action.SEE_PROPOSALS)
            found[noun, row_id] = Thing(noun, str(row_id), str(row_id) if is_shown else "")
    return found


def _customers(actor: Actor, ids: list[int]) -> dict[int, Thing]:
    # Shop staff never learn of other shops' people: whom the reader does not see has no name here.
    seen = find_customers.known_to(actor).where(Customer.id.in_(ids))
    return {
        one.id: Thing("customer", one.name or one.code, "" if one.removed_at else one.code) for one in seen
    }


def _groups(actor: Actor, ids: list[int]) -> dict[int, Thing]:
    if not actor.may(Action.SEE_GROUP_NAMES):
        return {}
    may_open = actor.may(Action.SEE_GROUPS)
    return {
        one.id: Thing("group", one.label, one.code if may_open and one.status != "deleted" else "")
        for one in Group.select().where(Group.id.in_(ids), *seen_by(actor))
    }


def _shops(actor: Actor, ids: list[int]) -> dict[int, Thing]:
    may_open = actor.may(Action.EDIT_SHOP)
    return {
        one.id: Thing("shop", one.name, one.code if may_open and not one.removed_at else "")
        for one in Shop.select().where(Shop.id.in_(ids))
    }


def _items(actor: Actor, ids: list[int]) -> dict[int, Thing]:
    """Return items by what they say: a customer, a shop, a group."""
    rows = GroupItem.select(GroupItem.id, GroupItem.customer, GroupItem.shop, GroupItem.of_group)
    said = {
        item_id: ("customer", customer) if customer else ("shop", shop) if shop else ("group", group)
        for item_id, customer, shop, group in rows.where(GroupItem.id.in_(ids)).tuples()
    }
    names = things(actor, {one for one in said.values() if one[1]})
    return {item_id: names[one] for item_id, one in said.items() if one in names}


def _fields(actor: Actor, ids: list[int]) -> dict[int, Thing]:
    may_open = actor.may(Action.EDIT_FIELDS)
    known = Field.select().where(Field.id.in_(ids))
    return {one.id: Thing("field", find_fields.label(one), one.code if may_open else "") for one in known}


def _users(actor: Actor, ids: list[int]) -> dict[int, Thing]:
    return {one.id: Thing("user", one.name) for one in User.select().where(User.id.in_(ids))}
