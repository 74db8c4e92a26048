"""Acts that need a second person, as people meet them on pages."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest

from portal.models import Customer, Group, Membership, Proposal, User
from portal.permissions import Actor
from portal.services import items, settings
from tests.page import Browser

New = Callable[..., Any]
Browse = Callable[[str], Browser]


@pytest.fixture
def vips(olive: Actor, new_group: New, new_customer: New) -> Group:
    """A guarded group of Ann; Ben is in none."""
    group: Group = new_group("Vips", [new_customer("Ann", code="A1")], is_guarded=True)
    new_customer("Ben", code="B1")
    settings.set_guards(olive, "", is_marked=True)
    return group


def members() -> list[str]:
    return [row.customer.code for row in Membership.select().order_by(Membership.customer)]


def test_a_save_that_needs_approval_shows_what_it_would_move_and_asks(vips: Group, browse: Browse) -> None:
    cass, pat = browse("cass"), browse("pat")
    stopped = cass.submit(cass.get("/groups/vips/archive").form("/groups/vips/archive"))
    assert (stopped.status, stopped.h1) == (428, "This needs approval")
    assert "Vips is guarded: a second person has to approve this." in stopped.main
    assert [row[:4] for row in stopped.rows()] == [["Vips", "", "−1", "0"]]
    empty = cass.submit(stopped.form("/proposals/approval"))
    assert (empty.status, "Say why." in empty.main, Proposal.select().count()) == (422, True, 0)
    sent = cass.submit(empty.form("/proposals/approval"), reason="The campaign is over")
    asked = Proposal.get()
    assert sent.rows()[0][:3] == ["Archive Vips", "Cass", "The campaign is over"] and members() == ["A1"]
    assert [form.action for form in cass.get(f"/proposals/{asked.id}").forms if "proposals" in form.action] == [
        f"/proposals/{asked.id}/withdraw"
    ]
    page = pat.get(f"/proposals/{asked.id}")
    assert page.h1 == "Archive Vips" and "It is done as Cass." in page.main
    pat.submit(page.form(f"/proposals/{asked.id}/approve"))
    assert (members(), Group.get_by_id(vips.id).status) == ([], "archived")
    assert "Approved" in cass.get("/proposals").main


def test_when_the_world_has_moved_the_approver_sees_it_and_approves_again(
    vips: Group, browse: Browse, olive: Actor, cass: Actor
) -> None:
    asking, pat = browse("cass"), browse("pat")
    stopped = asking.submit(asking.get("/groups/vips/archive").form("/groups/vips/archive"))
    asking.submit(stopped.form("/proposals/approval"), reason="over")
    path = f"/proposals/{Proposal.get().id}"
    old = pat.get(path)
    settings.set_guards(olive, "", is_marked=False)
    items.add_member(cass, vips.id, Customer.get(Customer.code == "B1").id)
    settings.set_guards(olive, "", is_marked=True)
    again = pat.submit(old.form(f"{path}/approve"))
    assert (again.status, members()) == (409, ["A1", "B1"])
    assert "Others would move now than you were shown" in again.main and "The world has moved" in again.main
    assert [row[:4] for row in again.rows()] == [["Vips", "", "−2", "0"]]
    pat.submit(again.form(f"{path}/approve"))
    assert members() == []


@pytest.mark.parametrize("act", ["items", "end", "remove", "add", "delete", "unmark", "import"])
def test_every_page_that_can_be_stopped_offers_to_ask(act: str, vips: Group, browse: Browse) -> None:
    cass = browse("cass")
    ben = Customer.get(Customer.code == "B1").id
    if act == "import":
        data = {"csrf_token": cass.token(), "group": "vips", "file": (BytesIO(b"code,name\nB1,Ben\n"), "p.csv")}
        path = cass.client.post("/imports/new", data=data).headers["Location"]
        stopped = cass.submit(cass.get(path).form(f"{path}/run"))
    else:
        item_page, unmark = cass.get("/groups/vips/items"), cass.get("/groups/vips/edit").form("/groups/vips/edit")
        (end,) = [link for link in item_page.links if link.endswith("/end")]
        stopped = {
            "items": lambda: cass.submit(
                item_page.form("/groups/vips/items", "post"), "Save", drawn={"item": f"include:customer:{ben}"}
            ),
            "end": lambda: cass.submit(cass.get(end).form(end)),
            "remove": lambda: cass.post("/groups/vips/members/remove", {"customer": "A1"}),
            "add": lambda: cass.post("/groups/of/B1", {"group": "vips"}),
            "delete": lambda: cass.submit(cass.get("/groups/vips/delete").form("/groups/vips/delete")),
            "unmark": lambda: cass.post("/groups/vips/edit", {
                "name": "Vips", "type": "customer", "hue": "blue", "version": unmark.value("version")
            }),
        }[act]()  # fmt: skip
    assert (stopped.status, stopped.h1, members()) == (428, "This needs approval", ["A1"])
    sent = cass.submit(stopped.form("/proposals/approval"), reason="r")
    assert sent.h1 == "Requests"
    asked = Proposal.get()
    pat = browse("pat")
    pat.submit(pat.get(f"/proposals/{asked.id}").form(f"/proposals/{asked.id}/approve"))
    assert Proposal.get().state == "approved"
    group = Group.get_by_id(vips.id)
    assert (members(), group.status, group.is_guarded) == {
        "items": (["A1", "B1"], "active", True), "end": ([], "active", True), "remove": ([], "active", True),
        "add": (["A1", "B1"], "active", True), "delete": ([], "deleted", True), "unmark": (["A1"], "active", False),
        "import": (["A1", "B1"], "active", True),
    }[act]  # fmt: skip


def test_with_nobody_else_the_name_of_the_group_is_typed(vips: Group, browse: Browse) -> None:
    User.update(is_active=False).where(User.name.in_(["Pat", "Olive"])).execute()
    cass = browse("cass")
    stopped = cass.submit(cass.get("/groups/vips/archive").form("/groups/vips/archive"))
    assert "Type “Vips” to do it by yourself" in stopped.main
    wrong = cass.submit(stopped.form("/proposals/approval/confirm"), typed="Vip")
    assert (wrong.status, members()) == (422, ["A1"])
    done = cass.submit(wrong.form("/proposals/approval/confirm"), typed="vips")
    assert (done.status, members()) == (200, [])


@pytest.mark.parametrize("arguments", ["", "[]", "{", "null", "[" * 20_000, '{"group_id": 1e999}'])
def test_a_request_that_no_page_of_ours_makes_is_refused(arguments: str, vips: Group, browse: Browse) -> None:
    cass = browse("cass")
    for path in ("/proposals/approval", "/proposals/approval/confirm"):
        answer = cass.post(path, {"call": "groups.delete", "arguments": arguments, "reason": "r", "typed": "Vips"})
        assert answer.status in {400, 422}
    assert (Proposal.select().count(), members()) == (0, ["A1"])


def test_an_approver_who_may_not_see_a_request_done_is_told_why(vips: Group, browse: Browse, cass: Actor) -> None:
    asking = browse("cass")
    stopped = asking.submit(asking.get("/groups/vips/archive").form("/groups/vips/archive"))
    asking.submit(stopped.form("/proposals/approval"), reason="over")
    User.update(is_active=False).where(User.name == "Cass").execute()
    page = browse("pat").get(f"/proposals/{Proposal.get().id}")
    assert "Whoever asked for this has no open account any more." in page.main
    assert [form.action for form in page.forms if form.action.endswith("/approve")] == []


def test_a_new_group_of_many_is_asked_for_by_its_name_and_approved(
    vips: Group, browse: Browse, olive: Actor, s1: Any, new_customer: New
) -> None:
    new_customer("Cid", s1, code="C1")
    settings.set_guards(olive, "30", is_marked=False)
    cass, pat = browse("cass"), browse("pat")
    form = cass.get("/groups/new").form("/groups/new", "post")
    stopped = cass.submit(form, "Save", name="Everybody", drawn={"item": f"include:shop:{s1.id}"})
    assert (stopped.status, stopped.h1) == (428, "This needs approval")
    assert [row[:4] for row in stopped.rows()] == [["Everybody", "+1", "", "1"]]
    listed = cass.submit(stopped.form("/proposals/approval"), reason="The day")
    assert [row[:3] for row in listed.rows()] == [["New group “Everybody”", "Cass", "The day"]]
    path = f"/proposals/{Proposal.get().id}"
    assert [row[:4] for row in cass.get(path).rows()] == [["Everybody", "+1", "", ""]]
    page = pat.get(path)
    assert (page.h1, [row[:4] for row in page.rows()]) == ("New group “Everybody”", [["Everybody", "+1", "", "1"]])
    pat.submit(page.form(f"{path}/approve"))
    assert Group.get(Group.name == "Everybody").n_members == 1


def test_an_item_of_a_day_to_come_is_shown_with_its_day_to_who_approves(
    vips: Group, browse: Browse, olive: Actor, s1: Any, new_customer: New
) -> None:
    new_customer("Cid", s1, code="C1")
    settings.set_guards(olive, "30", is_marked=False)
    cass, pat = browse("cass"), browse("pat")
    form = cass.get("/groups/vips/items").form("/groups/vips/items", "post")
    item = f"include:shop:{s1.id}?from_day=2199-01-01"
    stopped = cass.submit(form, "Save", drawn={"item": item})
    assert "When its day comes, this moves 1 of 3 customers; a second person has to approve that." in stopped.main
    cass.submit(stopped.form("/proposals/approval"), reason="The shop opens")
    page = pat.get(f"/proposals/{Proposal.get().id}")
    assert "include Kigali North from Jan 1, 2199" in page.main and "Nobody would join or leave a group." in page.main
