"""Groups made of the values of a field: one rule group for each (product.md §3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from portal.errors import N_, Refusal, Refusals
from portal.models import Group
from portal.models.group import HUES
from portal.permissions import Action, Actor, require
from portal.queries import field_values as find
from portal.queries import fields as find_fields
from portal.rules.catalogue import FieldInfo
from portal.rules.tree import to_json
from portal.services import membership
from portal.services.changes import Recorder, record
from portal.services.details import Details
from portal.services.groups import insert
from portal.services.guards import calling
from portal.services.item_rows import put_all
from portal.services.items.new import NewItem
from portal.services.items.rules import checked, columns

AT_ONCE = find.MOST


class Wanted(NamedTuple):
    """A value of a field as it is typed, and what the group of whoever has it is to be called."""

    value: str
    name: str


@dataclass(frozen=True, slots=True)
class Made:
    """The group of each value that was asked for, in that order; which of them were made, and how many joined those."""

    groups: list[Group]
    new_ids: frozenset[int]
    joined: int = 0

    @property
    def new(self) -> list[Group]:
        """Return the groups that were made."""
        return list({group.id: group for group in self.groups if group.id in self.new_ids}.values())


def create(actor: Actor, code: str, wanted: Sequence[Wanted]) -> Made:
    """Bring a group into being for each of these values of the field `code`, as one change.

    A value of which there is a group already, or that is said twice, makes none. Raises Missing, Denied, and Refusals
    that name the place of what they are about in `wanted`: `name-0`, `value-2`.
    """
    require(actor, Action.CREATE_GROUP)
    if not wanted:
        raise Refusal(N_("Tick at least one value."), "values")
    if len(wanted) > AT_ONCE:
        raise Refusal(N_("At most %(most)s groups are made at once."), "values", most=AT_ONCE)
    call = calling("value_groups.create", code=code, wanted=[list(one) for one in wanted])
    with record(actor, "group.of_values", call=call) as change:
        info = find.one(actor, code)
        if info.is_own:
            change.about("field", find_fields.by_code(info.code).id)
        of, ids = _make_all(actor, info, wanted, change)
        moved = membership.refresh(change, groups=ids, is_last=True) if ids else membership.Moved(0, 0)
        membership.schedule(ids)
    there = {group.id: group for group in Group.select().where(Group.id.in_([*of]))}
    return Made([there[id_] for id_ in of], frozenset(ids), moved.joined)


def _make_all(
    actor: Actor, info: FieldInfo, wanted: Sequence[Wanted], change: Recorder
) -> tuple[list[int], list[int]]:
    """Make the groups that are not there yet; the caller refreshes. Returns those of all values, and the new ones."""
    catalogue = find_fields.catalogue()
    there = {key: group.id for key, group in find.made_of(info).items()}
    of, new, refusals = [], [], []
    for n, (text, name) in enumerate(wanted):
        value = find.read(info, text, catalogue)
        key = find.key_of(info, value)
        if key not in there:
            try:
                rule = checked(to_json(find.test_of(info, value)), catalogue).said
                group = insert(actor, Details(name, "rule", HUES[n % len(HUES)]), change)
                # Nothing of it has to be looked at as where an item is put into a group that is there already.
                put_all([{"kind": "rule", **columns(rule), **NewItem().said()}], group, change)
            except Refusals as refusal:
                refusals += _placed(refusal, n)
                continue
            there[key] = group.id
            new.append(group.id)
        of.append(there[key])
    if refusals:
        raise Refusals(refusals)
    return of, new


def _placed(refusal: Refusals, n: int) -> list[Refusal]:
    """Return what was refused, each with the place that it is about."""
    fields = {"rule": "value"}
    return [
        Refusal(one.sentence, f"{fields.get(one.field or '', one.field)}-{n}", **one.params) for one in refusal.refusals
    ]
