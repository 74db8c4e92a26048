"""The questions that history answers, as parts of sentences."""

from datetime import date

from flask_babel import format_date, gettext

from portal.models import Group


def members_at(group: Group, day: date) -> str:
    """Return whom a list of a past day holds, such as: members of “Super Bonus” on 3 May 2026."""
    return gettext("members of “%(group)s” on %(day)s", group=group.label, day=format_date(day, "long"))


def joined_between(group: Group, one: date, other: date) -> str:
    """Return whom the first list of a difference holds."""
    return gettext(
        "who joined “%(group)s” from %(one)s to %(other)s", group=group.label, one=format_date(one, "long"),
        other=format_date(other, "long"),
    )  # fmt: skip


def left_between(group: Group, one: date, other: date) -> str:
    """Return whom the second list of a difference holds."""
    return gettext(
        "who left “%(group)s” from %(one)s to %(other)s", group=group.label, one=format_date(one, "long"),
        other=format_date(other, "long"),
    )  # fmt: skip
