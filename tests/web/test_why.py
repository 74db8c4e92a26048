"""“Why?” as people meet it: beside every membership and every missing one, on its page, with the one-click fix."""

from collections.abc import Callable
from typing import Any

import pytest

from portal.models import Group, Membership, Shop
from portal.permissions import Actor
from portal.services import items
from tests.page import Browser, Page

Browse = Callable[[str], Browser]
New = Callable[..., Any]


@pytest.fixture
def vips(cass: Actor, s1: Shop, s2: Shop, new_customer: New, new_group: New) -> Group:
    """The group of Kigali North; Ann is in it, Bea of Huye is not, Cid was removed."""
    ann, cid = new_customer("Ann", s1, code="A1"), new_customer("Cid", s1, code="C1")
    new_customer("Bea", s2, code="B1", phone="0788412903")
    new_group("Others", members=[ann])
    return new_group("Vips", shops=[s1], without=[cid])


def asked(page: Page) -> list[str]:
    """Return the questions that the page offers."""
    return sorted(link for link in page.links if link.startswith("/why?"))


def answers(page: Page) -> list[str]:
    """Return the sentences of the page's proofs, the headlines without their badges."""
    heads = ["".join(part.tail or "" for part in head) for head in page.by_id("why").iter("h2")]
    return [" ".join(head.split()) for head in heads] + [
        " ".join("".join(line.itertext()).split()) for line in page.by_id("why").iter("li")
    ]


def test_every_list_of_members_asks_why(browse: Browse, vips: Group) -> None:
    cass = browse("cass")
    assert asked(cass.get("/groups/vips")) == ["/why?customer=A1&group=vips"]
    assert asked(cass.get("/customers/A1")) == ["/why?customer=A1&group=others", "/why?customer=A1&group=vips"]
    # In the order of the groups' names; who is in none has nothing to ask about.
    assert asked(cass.get("/customers")) == ["/why?customer=A1&group=others,vips"]
    assert asked(cass.get("/customers?columns=code,vips")) == [
        "/why?customer=A1&group=vips", "/why?customer=B1&group=vips", "/why?customer=C1&group=vips",
    ]  # fmt: skip
    assert asked(browse("tess").get("/groups")) == []
    assert asked(cass.get("/customers?all=vips&any=others")) == ["/why?customer=A1&group=others,vips"]
    assert asked(cass.get("/customers?none=vips")) == [
        "/why?customer=B1&group=vips", "/why?customer=C1&group=vips",
    ]  # fmt: skip


def test_the_page_proves_one_or_several(browse: Browse, vips: Group) -> None:
    cass = browse("cass")
    page = cass.get("/why?customer=A1&group=vips")
    assert answers(page)[0] == "Ann is in “Vips”."
    assert answers(page)[1].startswith("Included with the shop Kigali North, by Cass on ")
    both = cass.get("/why?customer=A1&group=others,vips")
    assert answers(both)[:2] == ["Ann is in “Others”.", "Ann is in “Vips”."]
    part = cass.part("/why?customer=A1&group=vips", "why")
    assert "Ann is in “Vips”." in part.html and "Ask about somebody" not in part.html


def test_customers_are_named_as_people_do_and_groups_by_code_or_name(
    browse: Browse, vips: Group, new_group: New
) -> None:
    cass = browse("cass")
    new_group("One, two")
    form = cass.get("/why").form("/why", "get")
    assert answers(cass.submit(form, customer="0788 412 903", group="One, two"))[0] == "Bea is not in “One, two”."
    assert answers(cass.submit(form, customer="b1", group="Vips"))[0] == "Bea is not in “Vips”."
    for typed, problem, status in (
        ({"customer": "zz", "group": "vips"}, "There is no customer “zz”.", 404),
        ({"customer": "A1", "group": "zz"}, "There is no group “zz”.", 404),
        ({"customer": "A1"}, "Choose a group.", 422),
        ({"customer": "A1", "group": "vips", "at": "soon"}, "“soon” is not a day; write it as 2026-05-31.", 422),
    ):
        page = cass.get("/why?" + "&".join(f"{name}={value}" for name, value in typed.items()))
        assert (page.status, page.problems, answers(page)) == (status, [problem], []), typed
        assert problem in cass.part(page.asked.removeprefix("GET "), "why").html


def test_a_missing_membership_is_asked_about_on_her_page(browse: Browse, vips: Group) -> None:
    cass = browse("cass")
    form = cass.get("/customers/B1").form("/groups/of/B1")
    page = cass.submit(form, "Why not?", group="vips")
    assert answers(page)[:2] == ["Bea is not in “Vips”.", "The group includes the shop Kigali North; she is in Huye."]
    assert Membership.select().where(Membership.group == vips).count() == 1
    sam = browse("sam")
    page = sam.submit(sam.get("/customers/B1").form("/why", "get"), "Why not?", group="vips")
    assert answers(page)[0] == "Bea is not in “Vips”."
    assert [form.action for form in page.forms if form.action.startswith("/groups")] == []


def test_the_fix_is_one_click(browse: Browse, vips: Group, cass: Actor, s2: Shop) -> None:
    browser = browse("cass")
    page = browser.get("/why?customer=C1&group=vips")
    done = browser.submit(page.form("/groups/of/C1"), "Lift the exclusion and add her by name")
    assert done.toasts == ["Cid is in Vips.", "The exclusion of Cid is lifted."]
    items.add(cass, vips.id, [items.NewItem(shop_id=s2.id, sign="exclude")])
    page = browser.get("/why?customer=B1&group=vips")
    (end,) = [link for link in page.links if link.endswith("/end")]  # it may move others: that is shown first
    ended = browser.submit(browser.get(end).form(end), "End")
    assert ended.toasts == ["Vips is stored: no member moved."]
    added = browser.submit(browser.get("/why?customer=B1&group=vips").form("/groups/of/B1"), "Add her by name")
    assert added.toasts == ["Bea is in Vips."]
    browser.post("/groups/vips/archive")
    page = browser.get("/why?customer=A1&group=vips")
    assert answers(page)[1] == "An archived group has no members."
    asked_first = browser.get(next(link for link in page.links if link.endswith("/restore")))
    assert browser.submit(asked_first.form("/groups/vips/restore"), "Restore").toasts == [
        "Vips is active. It has 3 members now."
    ]


def test_a_past_day_is_answered_without_fixes(browse: Browse, vips: Group) -> None:
    page = browse("cass").get("/why?customer=A1&group=vips&at=2020-01-01")
    assert answers(page)[0] == "Ann was not in “Vips” on January 1, 2020."
    assert [form.action for form in page.forms if form.method == "post" and form.action != "/sign-out"] == []
