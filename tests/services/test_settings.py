"""Settings of the store."""

from collections.abc import Callable

import pytest

from portal.errors import Conflict, Refusal
from portal.models import Change, ChangeRow, Setting
from portal.permissions import Actor
from portal.queries import settings as find
from portal.services import settings
from tests.conftest import Database
from tests.page import Browser


def test_guard_rails_are_off_until_somebody_switches_them_on(olive: Actor) -> None:
    assert (find.guards(), find.guards().is_on) == (find.Guards(None, False, 0), False)
    assert settings.set_guards(olive, "", is_marked=True) == find.Guards(None, True, 1)
    assert find.guards().is_on
    assert settings.set_guards(olive, "12,5 %", is_marked=False) == find.Guards(1250, False, 2)
    assert find.guards().is_on and find.percent(1250) == "12.5"
    assert not settings.set_guards(olive, " ", is_marked=False).is_on


def test_each_change_of_the_guard_rails_is_recorded_and_none_is_when_nothing_differs(olive: Actor) -> None:
    settings.set_guards(olive, "5", is_marked=False)
    settings.set_guards(olive, "5.0", is_marked=False)
    settings.set_guards(olive, "100", is_marked=False)
    done = list(Change.select().where(Change.act == "setting.guards").order_by(Change.id))
    assert [(row.actor_id, row.subject, row.n_rows) for row in done] == [(olive.user_id, "setting:guards", 1)] * 2
    last = ChangeRow.get(ChangeRow.change == done[-1])
    assert (last.before["value"], last.after["value"]) == (
        {"share": 500, "marked": False}, {"share": 10_000, "marked": False},
    )  # fmt: skip


@pytest.mark.parametrize(
    "share",
    ["0", "-1", "100.01", "0.001", "12.345", "many", "NaN", "Infinity", "1e5", "1e9999999", "0.009"],
)
def test_a_share_that_is_none_is_refused(share: str, olive: Actor, database: Database) -> None:
    before = database.checksum()
    with pytest.raises(Refusal, match=r"between 0\.01 and 100 percent") as caught:
        settings.set_guards(olive, share, is_marked=True)
    assert (caught.value.field, database.checksum()) == ("share", before)


def test_what_somebody_else_has_set_meanwhile_is_not_overwritten(olive: Actor) -> None:
    settings.set_guards(olive, "5", is_marked=False, version=0)
    with pytest.raises(Conflict):
        settings.set_guards(olive, "7", is_marked=False, version=0)
    assert (find.guards().share, Setting.select().count()) == (500, 1)


def test_an_owner_sets_the_guard_rails_on_a_page_and_sees_who_could_approve(
    browse: Callable[[str], Browser], olive: Actor
) -> None:
    browser = browse("olive")
    page = browser.get("/settings/guards")
    assert "off" in page.main and "fewer than two" not in page.main
    assert [name in page.main for name in ("Cass", "Olive", "Pat", "Sam")] == [True, True, True, False]
    form = page.form("/settings/guards")
    refused = browser.submit(form, share="200", is_marked="y")
    assert (refused.status, refused.form("/settings/guards").value("share")) == (422, "200")
    after = browser.submit(refused.form("/settings/guards"), share="2,5")
    assert (after.status, find.guards()) == (200, find.Guards(250, True, 1))
    assert after.form("/settings/guards").value("share") == "2.5"
    settings.set_guards(olive, "3", is_marked=True)
    conflict = browser.submit(after.form("/settings/guards"), share="4")
    assert conflict.status == 409 and "What is stored now" in conflict.main
    assert browser.submit(conflict.form("/settings/guards")).status == 200
    assert find.guards().share == 400
