"""Whether a group may become active: all that it is made of is there, and all that its rules ask for."""

from datetime import datetime
from typing import Any

from portal.clock import now
from portal.errors import N_, Refusal
from portal.models import Group, GroupItem
from portal.queries import fields as find_fields
from portal.rules import checking
from portal.rules.catalogue import Catalogue
from portal.rules.tree import Malformed, from_json
from portal.services import nesting


def check(group: Group, moment: datetime | None = None) -> None:
    """Raise Refusal where a group that gets members at `moment` (default: now) is made of what is not there any more.

    Whom an item kept out that excludes a group without members would join, though nobody has said so; whom one let in
    would be missing.
    """
    counting = [
        GroupItem.group == group, GroupItem.ended_at.is_null(),
        GroupItem.valid_until.is_null() | (GroupItem.valid_until > (moment or now())),
    ]  # fmt: skip
    rules = GroupItem.select(GroupItem.rule).where(*counting, GroupItem.rule.is_null(False))
    said = [rule for (rule,) in rules.tuples()]
    known = find_fields.catalogue() if said else None
    if known is not None and not all(_fits(rule, known) for rule in said):
        sentence = N_("A rule of %(name)s asks for what is not there any more. Change that rule first.")
        raise Refusal(sentence, name=group.label)
    nesting.check_targets(counting)


def _fits(rule: Any, known: Catalogue) -> bool:
    try:
        return not checking.check(from_json(rule), known)
    except Malformed:
        return False
