"""Requests, as people make and decide them on pages."""

from collections.abc import Callable
from typing import Any

import pytest

from portal.db import db, is_sqlite
from portal.models import Customer, Group, GroupItem, Membership, Proposal, Shop
from portal.queries import proposals as find
from portal.services import proposals
from portal.services.groups import Details
from tests.conftest import Person
from tests.page import Browser

New = Callable[..., Any]
Browse = Callable[[str], Browser]


@pytest.fixture
def ann(new_customer: New, s1: Shop) -> Customer:
    """A customer of Sol's shop."""
    return new_customer("Ann", s1, code="A1")


def test_shop_staff_propose_a_group_and_a_manager_changes_and_approves_it(
    browse: Browse, ann: Customer, s1: Shop
) -> None:
    sol, cass = browse("sol"), browse("cass")
    form = sol.get("/proposals/new").form("/proposals/new")
    refused = sol.submit(form, "Send the request", name="Regulars", drawn={"item": f"include:customer:{ann.id}"})
    assert (refused.status, Proposal.select().count()) == (422, 0)
    sent = sol.submit(refused.form("/proposals/new"), "Send the request", reason="They come every week")
    assert sent.rows() == [["New group “Regulars”", "Sol", "They come every week", sent.rows()[0][3], "Waiting"]]
    assert "1 request waits for a decision" in cass.get("/").main
    (link,) = [link for link in cass.get("/proposals").links if link.startswith("/proposals/")]
    shown = cass.get(link)
    assert "+1, then 1 member" in shown.main
    deciding = shown.form(f"{link}/approve-group")
    assert (deciding.value("name"), deciding.value("item")) == ("Regulars", f"include:customer:{ann.id}")
    done = cass.submit(deciding, "Approve as it stands here", name="Faithful")
    assert (done.h1, [row.customer_id for row in Membership.select()]) == ("Faithful", [ann.id])
    assert [row[-1] for row in sol.get("/proposals").rows()] == ["Approved"]
    assert "waits for a decision" not in cass.get("/").main


def test_items_are_looked_for_while_proposing_and_while_deciding(browse: Browse, ann: Customer, people: Any) -> None:
    sol = browse("sol")
    found = sol.submit(sol.get("/proposals/new").form("/proposals/new"), "Find", find="ann")
    assert f"customer:{ann.id}" in found.html and "Add a new customer" not in found.main
    asked = proposals.ask_group(people["sol"].actor, Details("Regulars"), [], "r")
    cass = browse("cass")
    part = cass.get(f"/proposals/{asked.id}") and cass.part(
        f"/proposals/{asked.id}/approve-group", "items", "POST", {"find": "ann", "do": "find"}
    )
    assert f"customer:{ann.id}" in part.html and part.all("h1") == []


def test_a_group_is_proposed_by_a_rule_seen_in_words_with_its_count_and_approved(
    browse: Browse, new_customer: New, s1: Shop, people: dict[str, Person]
) -> None:
    new_customer("Ann", s1, gender="female"), new_customer("Ben", s1, gender="male"), new_customer("Eve")
    sam, cass = browse("sam"), browse("cass")
    drawn = sam.submit(sam.get("/proposals/new?type=rule").form("/proposals/new"), drawn={"do": "row-0"})
    typed = {"name": "Ladies", "reason": "They ask for it", "rule-1-field": "gender"}
    drawn = sam.submit(drawn.form("/proposals/new"), drawn={"do": "look"}, **typed)
    wrong = sam.submit(drawn.form("/proposals/new"), "Send the request")
    assert (wrong.status, Proposal.select().count()) == (422, 0) and "A value is missing here." in wrong.main
    looked = sam.submit(wrong.form("/proposals/new"), drawn={"do": "look"}, **{"rule-1-value": "female"})
    assert "Gender is “female”." in looked.main and "Fits 1 of 3 customers" in looked.main
    sent = sam.submit(looked.form("/proposals/new"), "Send the request")
    assert sent.rows()[0][0] == "New group “Ladies” Gender is “female”."
    (link,) = [link for link in sent.links if link.startswith("/proposals/") and link[-1].isdigit()]
    for who in ("sam", "olive"):
        shown = browse(who).get(link).main
        assert "Gender is “female”." in shown and "Fits 1 of 3 customers" in shown
    assert "Gender is “female”." in cass.get("/proposals").main
    deciding = cass.get(link)
    assert "Fits 1 of 3 customers" in deciding.main and "+1, then 1 member" in deciding.main
    form = deciding.form(f"{link}/approve-group")
    # Who approves may change the rule as she may change the rest.
    changed = cass.submit(form, drawn={"do": "look"}, **{"rule-1-op": "is_not"})
    assert "Fits 2 of 3 customers" in changed.main and Group.select().count() == 0
    done = cass.submit(changed.form(f"{link}/approve-group"), "Approve as it stands here")
    assert done.h1 == "Ladies" and Group.get().type == "rule" and Membership.select().count() == 2
    assert GroupItem.get().rule == {"field": "gender", "op": "is_not", "value": "female"}


def test_support_asks_for_a_membership_from_the_customers_page(
    browse: Browse, ann: Customer, new_group: New
) -> None:
    group = new_group("Vips")
    sam = browse("sam")
    (link,) = [link for link in sam.get("/customers/A1").links if link.startswith("/proposals/membership")]
    form = sam.get(link).form("/proposals/membership")
    assert form.value("customer") == "A1"
    for typed, problem in (
        ({"group": ""}, "Choose a group."), ({"group": "vips"}, "Say why."),
        ({"group": "vips", "customer": "Z9", "reason": "r"}, "There is no customer “Z9”."),
    ):  # fmt: skip
        refused = sam.submit(form, **typed)
        assert (refused.status, problem in refused.main, Proposal.select().count()) == (422, True, 0)
    sam.submit(form, group="vips", reason="She called")
    cass = browse("cass")
    asked = Proposal.get()
    deciding = cass.get(f"/proposals/{asked.id}")
    assert deciding.h1 == "Add Ann to Vips" and "+1, then 1 member" in deciding.main
    cass.submit(deciding.form(f"/proposals/{asked.id}/approve-member"))
    assert (Membership.select().count(), GroupItem.get().note) == (1, "She called")
    late = cass.submit(deciding.form(f"/proposals/{asked.id}/decline"), answer="no")
    assert late.status == 422 and "decided already" in late.main
    assert group.id == asked.group_id


@pytest.mark.parametrize("status", ["draft", "archived"])
def test_a_request_about_a_group_that_is_not_active_is_approved_as_it_stands(
    status: str, browse: Browse, ann: Customer, new_group: New, people: dict[str, Person]
) -> None:
    vips = new_group("Vips")
    proposals.ask_member(people["sam"].actor, vips.id, ann.id, "add", "She called")
    Group.update(status=status).where(Group.id == vips.id).execute()
    cass = browse("cass")
    path = f"/proposals/{Proposal.get().id}"
    form = cass.get(path).form(f"{path}/approve-member")
    assert form.value("group") == "vips"
    cass.submit(form)
    assert GroupItem.get().customer_id == ann.id and Proposal.get().state == "approved"


def test_a_request_is_declined_with_a_word_or_withdrawn_by_who_made_it(
    browse: Browse, ann: Customer, new_group: New, people: dict[str, Person]
) -> None:
    group = new_group("Vips")
    asked = proposals.ask_member(people["sol"].actor, group.id, ann.id, "add", "r")
    cass, sol = browse("cass"), browse("sol")
    page = cass.get(f"/proposals/{asked.id}")
    assert cass.submit(page.form(f"/proposals/{asked.id}/decline")).status == 422
    cass.submit(page.form(f"/proposals/{asked.id}/decline"), answer="She is in another one")
    assert "She is in another one" in sol.get(f"/proposals/{asked.id}").main
    second = proposals.ask_member(people["sol"].actor, group.id, ann.id, "add", "r")
    sol.submit(sol.get(f"/proposals/{second.id}").form(f"/proposals/{second.id}/withdraw"))
    assert Proposal.get_by_id(second.id).state == "withdrawn"
    assert [form.action for form in sol.get(f"/proposals/{second.id}").forms if "proposals" in form.action] == []


def test_the_group_of_a_request_that_has_become_sensitive_is_not_named_to_who_asked(
    browse: Browse, ann: Customer, new_group: New, people: dict[str, Person]
) -> None:
    group = new_group("Watch")
    asked = proposals.ask_member(people["sol"].actor, group.id, ann.id, "add", "r")
    Group.update(is_sensitive=True).where(Group.id == group.id).execute()
    sol = browse("sol")
    for path in ("/proposals", f"/proposals/{asked.id}"):
        page = sol.get(path)
        assert "Add Ann to a group you may not see" in page.main and "Watch" not in page.html
    assert browse("cass").get(f"/proposals/{asked.id}").h1 == "Add Ann to Watch"


def test_an_owner_sees_a_request_and_declines_it_but_has_no_button_to_approve(
    browse: Browse, people: dict[str, Person]
) -> None:
    asked = proposals.ask_group(people["sol"].actor, Details("Regulars"), [], "r")
    page = browse("olive").get(f"/proposals/{asked.id}")
    actions = [form.action for form in page.forms if form.action.startswith("/proposals")]
    assert actions == [f"/proposals/{asked.id}/decline"] and "Regulars" in page.main


def test_the_list_takes_as_many_queries_for_three_requests_as_for_one(
    browse: Browse, ann: Customer, new_group: New, people: dict[str, Person], query_count: Any
) -> None:
    sam, cass = people["sam"].actor, browse("cass")
    counts = []
    for names in (("Vips",), ("Club", "Faithful")):
        for name in names:
            proposals.ask_member(sam, new_group(name).id, ann.id, "add", "r")
        counts.append(query_count(lambda: cass.get("/proposals")))
    assert counts == [8, 8]


def test_every_page_tells_who_may_decide_how_many_requests_wait(
    browse: Browse, ann: Customer, new_group: New, people: dict[str, Person], query_count: Any
) -> None:
    def told(page: Any) -> list[tuple[str, str]]:
        menu = page.all("header")[0]
        return [(span.text, span.get("title")) for span in menu.iter("span") if "badge" in (span.get("class") or "")]

    pages = {name: browse(name) for name in ("cass", "olive", "sam", "ana", "tess")}
    counts = [{name: query_count(lambda page=page: page.get("/account")) for name, page in pages.items()}]
    for name in ("Vips", "Club"):
        proposals.ask_member(people["sam"].actor, new_group(name).id, ann.id, "add", "r")
    counts.append({name: query_count(lambda page=page: page.get("/account")) for name, page in pages.items()})
    assert counts[0] == counts[1] == {"cass": 6, "olive": 6, "sam": 5, "ana": 5, "tess": 5}
    shown = {name: told(page.get("/account")) for name, page in pages.items()}
    two = [("2", "2 requests wait for a decision")] * 2  # at the button of the menu, which phones have, and in it
    assert shown == {"cass": two, "olive": two, "sam": [], "ana": [], "tess": []}
    start = query_count(lambda: pages["cass"].get("/"))
    proposals.decline(people["cass"].actor, Proposal.get().id, "no")
    assert (query_count(lambda: pages["cass"].get("/")), told(pages["cass"].get("/"))[0][0]) == (start, "1")
    assert "1 request waits for a decision" in pages["cass"].get("/").main


def test_the_requests_that_wait_are_counted_in_their_index(people: dict[str, Person]) -> None:
    explain = "EXPLAIN QUERY PLAN" if is_sqlite() else "EXPLAIN"
    with db.atomic():
        if not is_sqlite():
            db.execute_sql("SET LOCAL enable_seqscan = off")  # of tables of few rows
        sql, params = find.undecided(people["cass"].actor).sql()
        plan = " ".join(str(part[-1]) for part in db.execute_sql(f"{explain} {sql}", params).fetchall())
    assert "proposal_open" in plan
