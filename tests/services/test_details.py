"""What is said about a group beside its items: marks, owner, days."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
import time_machine

from portal.errors import Refusal, Refusals
from portal.models import Change, ChangeRow, Group
from portal.permissions import Actor
from portal.services import groups
from portal.services.details import day_of
from portal.services.groups import Details
from tests.conftest import Database, Person

New = Callable[..., Any]
# In Kigali, two hours before UTC, it is the 10th already.
NIGHT = datetime(2026, 3, 9, 22, 30)


def edited(actor: Actor, group: Group, **said: Any) -> Group:
    """Edit a group and return it as it is stored."""
    groups.edit(actor, group.id, Details(**{"name": group.name} | said))
    return Group.get_by_id(group.id)


def refused(actor: Actor, group: Group, **said: Any) -> list[tuple[str, str | None]]:
    """Return the sentences and fields with which an edit is refused."""
    with pytest.raises(Refusals) as caught:
        groups.edit(actor, group.id, Details(**{"name": group.name} | said))
    return [(each.sentence, each.field) for each in caught.value.refusals]


def test_marks_are_stored_and_recorded(cass: Actor, new_group: New) -> None:
    group = edited(cass, new_group("Vips"), is_guarded=True, is_sensitive=True)
    assert (group.is_guarded, group.is_sensitive, group.is_open) == (True, True, False)
    row = ChangeRow.get(ChangeRow.change == Change.get(Change.act == "group.edit"))
    assert {name: row.after[name] for name in row.after if name.startswith("is_")} == {
        "is_guarded": True, "is_sensitive": True,
    }  # fmt: skip
    assert edited(cass, group, is_open=True).is_open and not Group.get_by_id(group.id).is_sensitive


def test_what_support_does_not_see_is_not_open_to_support(cass: Actor, new_group: New) -> None:
    assert refused(cass, new_group("Vips"), is_sensitive=True, is_open=True) == [
        ("Support does not see a sensitive group, so it cannot be open to support.", "is_open")
    ]


def test_an_owner_is_somebody_who_may_edit_groups_or_whoever_it_was(
    cass: Actor, people: dict[str, Person], new_group: New
) -> None:
    group = new_group("Vips")
    assert group.owner_id == cass.user_id
    assert edited(cass, group, owner_id=people["pat"].user.id).owner.name == "Pat"
    assert edited(cass, group).owner.name == "Pat"
    for nobody in (people["sam"].user.id, people["olive"].user.id, 0, 999):
        assert refused(cass, group, owner_id=nobody) == [("Choose somebody who may edit groups.", "owner_id")]
    from portal.models import UserRole

    UserRole.delete().where(UserRole.user == people["pat"].user).execute()
    assert edited(cass, group, owner_id=people["pat"].user.id, description="new").description == "new"


def test_days_are_days_of_the_store(cass: Actor, new_group: New) -> None:
    with time_machine.travel(NIGHT, tick=False):
        draft = new_group("Later", status="draft", starts_on="2026-03-12", ends_on="2026-03-14", review_on="2026-03-10")
    assert (draft.starts_at, draft.ends_at, draft.review_on) == (
        datetime(2026, 3, 11, 22), datetime(2026, 3, 14, 22), date(2026, 3, 10),
    )  # fmt: skip
    assert (day_of(draft.starts_at), day_of(draft.ends_at, is_end=True), day_of(None)) == (
        "2026-03-12", "2026-03-14", "",
    )  # fmt: skip


def test_what_starts_today_starts_now_and_not_when_the_day_began(cass: Actor, new_group: New) -> None:
    with time_machine.travel(NIGHT, tick=False):
        draft = new_group("Now", status="draft", starts_on="2026-03-10", ends_on="2026-03-10")
    assert (draft.starts_at, draft.ends_at) == (NIGHT, datetime(2026, 3, 10, 22))


PAST = "This day has passed; choose today or a later one."
NO_DAY = "“%(value)s” is no day that can be planned; write it as 2030-06-14."


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"starts_on": "2026-03-09"}, [(PAST, "starts_on")]),
        ({"ends_on": "2026-03-09"}, [(PAST, "ends_on")]),
        ({"review_on": "2026-03-09"}, [(PAST, "review_on")]),
        ({"starts_on": "soon"}, [(NO_DAY, "starts_on")]),
        ({"ends_on": "9999-12-31"}, [(NO_DAY, "ends_on")]),
        ({"review_on": "2026-02-30"}, [(NO_DAY, "review_on")]),
        (
            {"starts_on": "2026-03-14", "ends_on": "2026-03-13"},
            [("The planned end lies before the planned start.", "ends_on")],
        ),
    ],
)
def test_days_that_cannot_be_planned_are_refused_at_their_fields(
    said: dict[str, str], told: list[tuple[str, str]], cass: Actor, new_group: New, database: Database
) -> None:
    with time_machine.travel(NIGHT, tick=False):
        draft = new_group("Later", status="draft")
        before = database.checksum()
        assert refused(cass, draft, **said) == told
    assert database.checksum() == before


def test_a_start_is_planned_for_drafts_only(cass: Actor, new_group: New) -> None:
    group = new_group("Vips")
    assert refused(cass, group, starts_on="2199-01-01") == [("A start is planned for drafts only.", "starts_on")]
    with pytest.raises(Refusal, match="drafts only"):
        new_group("Other", starts_on="2199-01-01")


def test_a_day_that_has_passed_since_it_was_planned_stays_as_it_is(cass: Actor, new_group: New) -> None:
    planned = {"starts_on": "2026-03-12", "ends_on": "2026-03-14", "review_on": "2026-03-11"}
    with time_machine.travel(NIGHT, tick=False):
        draft = new_group("Later", status="draft", **planned)
    with time_machine.travel(datetime(2026, 4, 1), tick=False):
        after = edited(cass, draft, **planned, description="new")
        assert (after.starts_at, after.ends_at, after.review_on) == (draft.starts_at, draft.ends_at, draft.review_on)
        # Whoever brings it back after its end wants it to stay.
        groups.set_status(cass, draft.id, "active")
        group = Group.get_by_id(draft.id)
        assert (group.starts_at, group.ends_at) == (None, None)


def test_what_becomes_active_keeps_an_end_that_is_to_come(cass: Actor, new_group: New) -> None:
    draft = new_group("Later", status="draft", starts_on="2199-03-12", ends_on="2199-03-14")
    groups.set_status(cass, draft.id, "active")
    group = Group.get_by_id(draft.id)
    assert (group.starts_at, group.ends_at) == (None, draft.ends_at)


def test_a_copy_is_marked_alike_and_has_no_days(cass: Actor, new_group: New) -> None:
    source = new_group("Later", status="draft", starts_on="2199-03-12", review_on="2199-03-14", is_sensitive=True)
    copy = groups.duplicate(cass, source.id).group
    assert (copy.is_sensitive, copy.is_guarded, copy.starts_at, copy.review_on) == (True, False, None, None)
