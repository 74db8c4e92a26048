"""What was written since somebody looked: whom that touched, and whether what she saw of everybody else still holds.

Whatever is recorded stands in `change_row`, under what it is about. Customers can be looked at once more; anything else
that a rule or an item may depend on means looking anew.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from functools import reduce
from operator import and_
from typing import Any

import peewee
from peewee import fn

from portal.models import ChangeRow, Group, GroupItem
from portal.queries.rules import matching
from portal.queries.sealed import FORGOTTEN
from portal.rules import checking
from portal.rules.tree import from_json

_MOST = 20_000  # customers touched since; with more of them everybody may as well be asked
# Under what is recorded whatever a rule can ask of a customer, but by what she is searched: where a field has become
# searchable, that is brought up part after part, and she herself stays as she was.
_OF_CUSTOMERS = ("customer", "customer_value")
UNTOLD = frozenset({"search"})
# What is recorded besides and changes no rule's answer; groups and items count for their own group alone.
_OF_OTHERS = (
    "user", "user_role", "user_session", "proposal", "approval", "file_shape", "export", "backup", FORGOTTEN, "group",
    "group_item",
)  # fmt: skip


def newest_row() -> int:
    """Return the number of the newest row of any change; what comes later counts as later."""
    return int(ChangeRow.select(fn.MAX(ChangeRow.id)).scalar() or 0)


def is_told(group_ids: Collection[int], rule: Mapping[str, Any] | None = None) -> bool:
    """Tell whether all that the rules of these groups ask for, and that `rule` does, is recorded when it changes."""
    asked = checking.reads(from_json(rule)).fields if rule is not None else frozenset()
    return not (UNTOLD & asked or set(group_ids).intersection(matching.readers(UNTOLD)))


def due_at(group_ids: Collection[int]) -> Mapping[int, datetime | None]:
    """Return when the clock moves members of each of these groups next."""
    return dict(Group.select(Group.id, Group.next_change_at).where(Group.id.in_(list(group_ids))).tuples())


def holds(group_ids: Collection[int], after: int, *, item: Any = None, group: Any = None) -> bool:
    """Tell whether nothing was recorded after that row but customers, not too many, and what concerns other groups.

    What is recorded of these groups and their items does not count where the condition `group` or `item` holds.
    """
    since = ChangeRow.select(ChangeRow.id).where(ChangeRow.id > after)
    ids = list(group_ids)
    items = GroupItem.select(peewee.SQL("1")).where(
        GroupItem.id == ChangeRow.row_id, GroupItem.group.in_(ids), *_unless(item)
    )
    of_groups = [ChangeRow.noun == "group", ChangeRow.row_id.in_(ids), *_unless(group)]
    own = reduce(and_, of_groups) | ((ChangeRow.noun == "group_item") & fn.EXISTS(items))
    if since.where(ChangeRow.noun.not_in([*_OF_CUSTOMERS, *_OF_OTHERS]) | own).exists():
        return False
    return bool(since.where(ChangeRow.noun.in_(_OF_CUSTOMERS)).limit(_MOST + 1).count() <= _MOST)


def _unless(condition: Any) -> list[Any]:
    return [] if condition is None else [~condition]


def customers(after: int) -> Any:
    """Return a select of the customers of whom something was recorded after that row."""
    return ChangeRow.select(ChangeRow.row_id).where(ChangeRow.id > after, ChangeRow.noun.in_(_OF_CUSTOMERS))
