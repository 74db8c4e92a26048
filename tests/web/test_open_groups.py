"""Pages on which support changes one member of a group that is open to it."""

from collections.abc import Callable
from typing import Any

import pytest

from portal.models import Change, Group, Membership
from tests.page import Browser

New = Callable[..., Any]
Browse = Callable[[str], Browser]


@pytest.fixture
def club(new_group: New, new_customer: New, s1: Any) -> Group:
    """A group that is open to support, with Ann of Sol's shop in it; Bea is in none."""
    group = new_group("Club", [new_customer("Ann", s1, code="A1")])
    new_customer("Bea", s1, code="B1")
    Group.update(is_open=True).where(Group.id == group.id).execute()
    return Group.get_by_id(group.id)


def codes(group: Group) -> list[str]:
    return [row.customer.code for row in Membership.select().where(Membership.group == group)]


@pytest.mark.parametrize("name", ["sam", "sol"])
def test_support_removes_a_member_from_her_page_and_says_why(name: str, club: Group, browse: Browse) -> None:
    browser = browse(name)
    page = browser.get("/customers/A1")
    (link,) = [link for link in page.links if "/members/remove" in link]
    asked = browser.get(link)
    assert asked.h1 == "Remove Ann from Club"
    refused = browser.submit(asked.form("/groups/club/members/remove"), "Remove")
    assert (refused.status, "Say why; it is written to the log." in refused.main, codes(club)) == (422, True, ["A1"])
    done = browser.submit(
        refused.form("/groups/club/members/remove"), "Remove", reason="She moved away", follow=False
    )
    assert (done.status, done.headers["Location"], codes(club)) == (303, "/customers/A1", [])
    assert Change.select().order_by(Change.id.desc()).get().note == "She moved away"
    assert [link for link in browser.get("/customers/A1").links if "/members/remove" in link] == []


@pytest.mark.parametrize("name", ["sam", "sol"])
def test_support_adds_a_member_from_her_page_and_says_why(name: str, club: Group, browse: Browse) -> None:
    browser = browse(name)
    assert "/groups/of/B1" in browser.get("/customers/B1").links
    asked = browser.get("/groups/of/B1")
    nothing = browser.submit(asked.form("/groups/of/B1"), "Add", reason="She asked")
    assert (nothing.status, "Choose a group." in nothing.main) == (422, True)
    refused = browser.submit(nothing.form("/groups/of/B1"), "Add", group="club", reason="")
    assert (refused.status, codes(club)) == (422, ["A1"])
    done = browser.submit(refused.form("/groups/of/B1"), "Add", reason="She asked", follow=False)
    assert (done.status, done.headers["Location"], sorted(codes(club))) == (303, "/customers/B1", ["A1", "B1"])


def test_the_list_of_members_leads_support_to_the_question_and_shows_others_no_button(
    club: Group, browse: Browse
) -> None:
    link = "/groups/club/members/remove?customer=A1"
    assert [link in browse(name).get("/groups/club").links for name in ("sam", "sol", "cass", "olive", "ana")] == [
        True, True, False, False, False,
    ]  # fmt: skip
    Group.update(is_open=False).where(Group.id == club.id).execute()
    assert [link in browse(name).get("/groups/club").links for name in ("sam", "sol")] == [False, False]
