"""Codes of groups and fields: one name means one thing in addresses, files and rules (product.md §5, Codes)."""

from typing import NamedTuple

from peewee import fn

from portal.built import Built, Slot
from portal.models import Field, Group, GroupItem, RuleGroup
from portal.queries.fields import BUILT_IN

# What stands in addresses and files, and the words of rules.
WORDS = frozenset(
    {
        "new", "edit", "import", "imports", "export", "all", "any", "none", "q", "sort", "group", "groups", "customer",
        "customers", "page", "before", "after", "at", "of", "me", "true", "false", "null", "age", "and", "or", "not",
        "in", "is", "has", "between", "contains", "empty", "field", "fields", "rule", "rules", "first-name",
        "last-name", "today", "days-since", "month", "cluster", "segment", "tag", "columns", "start", "add", "add-to",
    }
)  # fmt: skip


class Holder(NamedTuple):
    """What has a code already: a `group` or a `field` with its label, or the portal itself ('' as noun)."""

    noun: str
    label: str


def bare(code: str) -> str:
    """Return a code without what stands between its words: rules and files do not tell birth-date from birthdate."""
    return code.replace("-", "").replace("_", "")


RESERVED = frozenset(bare(code) for code in (*WORDS, *BUILT_IN))


def is_free_for_group(code: str) -> bool:
    """Tell whether a new group may have the code: no other group, no field and no word of the portal has it.

    Nor does a rule ask by it for a group that was deleted.
    """
    if bare(code) in RESERVED or _field(code) is not None:
        return False
    # A rule asks for a group by its code: while one stands, another group of that code would be taken for the deleted.
    return not _OF_GROUP.rows(code=code) and not _ASKED.rows(code=code)


_OF_GROUP = Built(
    lambda: Group.select(Group.id).where(Group.code == Slot("code"), Group.status != "deleted").limit(1).tuples()
)
_ASKED = Built(
    lambda: RuleGroup.select(RuleGroup.item)
    .join(Group)
    .switch(RuleGroup)
    .join(GroupItem)
    .where(Group.code == Slot("code"), GroupItem.ended_at.is_null())
    .limit(1)
    .tuples()
)


def holder(code: str) -> Holder | None:
    """Return what keeps a new field from having the code; None if it is free."""
    if bare(code) in RESERVED:
        return Holder("", code)
    field = _field(code)
    if field is not None:
        return Holder("field", field.code)
    group = Group.get_or_none(fn.REPLACE(Group.code, "-", "") == bare(code), Group.status != "deleted")
    return Holder("group", group.label) if group is not None else None


def field_of(code: str) -> Field | None:
    """Return the field whose code is the same but for dashes, if there is one."""
    return _field(code)


def _field(code: str) -> Field | None:
    found: Field | None = _FIELD.first(code=bare(code))
    return found


_FIELD = Built(lambda: Field.select().where(fn.REPLACE(Field.code, "-", "") == Slot("code")).limit(1))
