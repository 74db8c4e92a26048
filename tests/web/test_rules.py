"""Pages of a group's rules, as somebody without JavaScript uses them."""

from collections.abc import Callable
from typing import Any

import pytest

from portal.errors import Refusal
from portal.models import Change, Group, GroupItem, Membership, Shop
from portal.permissions import Actor
from portal.services import items, undo
from portal.services.items import NewItem
from tests.page import Page

New = Callable[..., Any]
RULE, ADD = "/groups/vips/rule", "/groups/vips/rule/new"
MEN = {"field": "gender", "op": "is", "value": "male"}


def live() -> list[GroupItem]:
    query = GroupItem.select().where(GroupItem.kind == "rule", GroupItem.ended_at.is_null())
    return list(query.order_by(GroupItem.id))


def members() -> list[str]:
    query = Membership.select().order_by(Membership.customer)
    return [membership.customer.name for membership in query]


def form(page: Page) -> Any:
    return next(one for one in page.forms if {"rule-0-kind", "rule"} & one.names())


def press(browser: Any, page: Page, do: str, **typed: Any) -> Page:
    """Press the button of that value, having typed something."""
    return browser.submit(form(page), drawn={"do": do}, **typed)


@pytest.fixture
def ann_and_ben(new_customer: New, new_group: New, s1: Shop) -> None:
    new_customer("Ann", s1, gender="f", birth_date="1990-01-01")
    new_customer("Ben", gender="m")
    new_group("Vips")


def test_a_rule_is_built_row_by_row_looked_at_and_saved(browse: New, ann_and_ben: None) -> None:
    browser = browse("cass")
    page = browser.get(RULE)
    assert "No rule yet" in page.main
    page = press(browser, browser.get(ADD), "row-0")
    assert "Choose a field." in page.main
    page = press(browser, page, "look", **{"rule-1-field": "gender"})
    page = press(browser, page, "look", **{"rule-1-value": "none"})
    assert "Gender is “none”." in page.main and "Fits 0 of 2 customers" in page.main
    page = press(browser, page, "look", **{"rule-1-value": "male"})
    assert "Fits 1 of 2 customers" in page.main and "Ben" in page.main
    assert Change.select().where(Change.act == "group.items").count() == 0
    page = press(browser, page, "preview")
    assert "+1, then 1 member" in page.main and live() == []
    page = press(browser, page, "save", note="men only")
    assert page.toasts == ["Vips is stored: 1 joined."]
    assert [row[:2] for row in page.rows()] == [["Gender is “male”. men onlygender = \"male\"", "include"]]
    assert ([item.rule for item in live()], members()) == ([MEN], ["Ben"])


def test_rows_and_groups_come_and_go_by_buttons(browse: New, ann_and_ben: None) -> None:
    browser = browse("cass")
    page = press(browser, browser.get(f"{ADD}?rule=gender%20%3D%20male"), "group-0")
    page = press(browser, page, "look", **{"rule-3-field": ":group", "rule-4-field": "birth_date"})
    page = press(browser, page, "look", **{"rule-3-group": "vips", "rule-3-op": "not_in", "rule-4-part": "age"})
    page = press(browser, page, "look", **{"rule-4-op": "ge"})
    page = press(browser, page, "look", **{"rule-4-value": "30"})
    said = "at least one of (not in the group “Vips”; age (by Date of birth) is at least 30)."
    assert f"Gender is “male”, and {said}" in page.main
    page = press(browser, page, "text")
    text = dict(form(page).fields())["rule"]
    assert text == 'gender = "male" and (not in group "Vips" or age(birth_date) >= 30)'
    page = press(browser, press(browser, page, "rows"), "remove-2")
    assert dict(form(press(browser, page, "text")).fields())["rule"] == 'gender = "male"'


def test_a_distance_is_chosen_with_a_usual_number_and_what_is_not_says_so(browse: New, ann_and_ben: None) -> None:
    browser = browse("cass")
    page = press(browser, browser.get(ADD), "row-0")
    page = press(browser, page, "look", **{"rule-1-field": "created"})
    page = press(browser, page, "look", **{"rule-1-way": "-weeks", "rule-1-op": "ge"})
    assert "Customer since is 4 weeks ago or after." in page.main and "Fits 2 of 2 customers" in page.main
    page = press(browser, page, "look", **{"rule-1-value": ""})
    assert dict(form(page).fields())["rule-1-way"] == "-weeks" and "A value is missing here." in page.main
    page = press(browser, page, "look", **{"rule-1-field": "gender"})
    page = press(browser, page, "look", **{"rule-1-op": "is_not", "rule-1-value": "male"})
    assert "Customers who have no value here fit too." in page.main and "Fits 1 of 2 customers" in page.main


def test_what_is_wrong_is_told_at_its_row_and_in_a_text_at_its_place(browse: New, ann_and_ben: None) -> None:
    browser = browse("cass")
    page = press(browser, browser.get(ADD), "save")
    assert page.status == 422 and "A rule without a condition has no members. Add a condition." in page.main
    page = press(browser, press(browser, page, "row-0"), "text")
    assert "Choose a field." in page.problems and "rule-1-field" in form(page).names()
    page = press(browser, page, "save", **{"rule-1-field": "birth_date", "from_day": "2020-01-01"})
    assert page.status == 422 and live() == []
    page = browser.post(ADD, {"view": "text", "rule": "gender = male and\n nme = 1", "do": "save"})
    told = "Line 2, column 2: There is no field “nme”; did you mean “nome”?"
    assert page.status == 422 and told in page.problems and [part.text for part in page.all("mark")] == ["n"]
    page = browser.post(ADD, {"view": "text", "rule": "gender = male", "from_day": "2020-01-01", "do": "save"})
    assert page.status == 422 and any("This day has passed" in problem for problem in page.problems)
    page = browser.post(ADD, {f"rule-{n}-depth": "1" for n in range(401)})
    assert page.status == 422 and "A rule has at most 400 rows." in page.main
    assert browser.post(ADD, {"rule-99999-field": "x"}).status == 400
    page = browser.post(ADD, {"rule-0-kind": "any", "rule-7-depth": "99", "rule-7-kind": "any", "do": "look"})
    assert page.status == 200 and live() == []


def test_a_rule_that_was_exchanged_meanwhile_is_told_and_what_was_made_is_kept(
    browse: New, cass: Actor, ann_and_ben: None
) -> None:
    vips = Group.get(Group.code == "vips")
    items.add(cass, vips.id, [NewItem(rule=MEN)])
    browser = browse("cass")
    page = browser.get(f"{RULE}/{live()[0].id}")
    assert "It includes whoever fits." in page.main
    stale = form(page)
    page = press(browser, page, "save", **{"rule-1-value": "female"})
    assert page.toasts == ["Vips is stored: 1 joined, 1 left."] and members() == ["Ann"]
    page = browser.submit(stale, "Save", **{"rule-1-value": "other"})
    assert page.status == 409 and "This rule is not there any more." in page.main
    assert "Gender is “female”." in page.main and dict(form(page).fields())["rule-1-value"] == "other"
    page = press(browser, page, "save")
    assert [item.rule["value"] for item in live()] == ["female", "other"]
    assert browser.get(f"{RULE}/999999").status == 404


def test_a_group_comes_with_its_first_rule_or_with_that_of_a_filter(
    browse: New, ann_and_ben: None, new_group: New, s1: Shop
) -> None:
    browser = browse("cass")
    page = browser.get("/groups/new?type=rule")
    page = press(browser, page, "start-new")
    assert "Customer since is 30 days ago or after." in page.main and "Fits 2 of 2 customers" in page.main
    page = press(browser, page, "save")
    assert page.status == 422
    page = press(browser, page, "save", name="Newcomers")
    assert page.toasts == ["Newcomers is stored."] and Group.get(Group.code == "newcomers").type == "rule"
    assert members() == ["Ann", "Ben"]
    listed = browser.get("/customers?none=vips&all=newcomers&shop=S1&q=an")
    link = next(link for link in listed.links if link.startswith("/groups/new"))
    page = browser.get(link)
    assert "Fits 1 of 2 customers" in page.main
    page = press(browser, page, "save", name="Of the filter")
    assert Group.get(Group.code == "of-the-filter").n_members == 1
    assert browser.get(f"/groups/new?type=rule&filter={'a%26' * 3000}all%3Dvips").status in {200, 422}
    assert "Save as a group" not in browse("sam").get("/customers?q=an").main


def test_who_may_see_a_group_reads_its_rules_without_what_is_hidden_from_her(
    browse: New, cass: Actor, ann_and_ben: None, new_group: New
) -> None:
    secret, vips = new_group("Secret"), Group.get(Group.code == "vips")
    Group.update(is_sensitive=True).where(Group.id == secret.id).execute()
    rule = {"all": [{"field": "email", "op": "is", "value": "ann@a.example"}, {"not": {"in": "secret"}}]}
    items.add(cass, vips.id, [NewItem(rule=rule, sign="exclude")])
    for name, mail, group in (("cass", "ann@a.example", "Secret"), ("ana", "••••", "Secret"),
                              ("sam", "ann@a.example", "a group you may not see"),
                              ("sol", "••••", "a group you may not see")):  # fmt: skip
        for path in (RULE, "/groups/vips/items"):
            said = browse(name).get(path).rows()[0][0]
            assert said.startswith(f"E-mail is “{mail}”, and not in the group “{group}”."), (name, path, said)
    assert browse("sam").get(ADD).status == 403
    change = f"/changes/{Change.get(Change.act == 'group.items').id}"
    for name, mail in (("cass", "ann@a.example"), ("ana", "••••")):
        assert f"E-mail is “{mail}”, and not in the group “Secret”." in browse(name).get(change).main
    used = browse("cass").get("/groups/secret/used-by").rows()
    assert [row[:4] for row in used] == [["Vips", "Active", "exclude", "by a rule"]]


@pytest.mark.parametrize("n", [1, 3])
def test_rules_are_read_in_the_same_number_of_queries_however_many(
    browse: New, cass: Actor, ann_and_ben: None, query_count: New, n: int
) -> None:
    vips = Group.get(Group.code == "vips")
    for value in ("a", "b", "c")[:n]:
        items.add(cass, vips.id, [NewItem(rule={"field": "gender", "op": "is", "value": value})])
    browser = browse("cass")
    browser.get(RULE)
    assert query_count(lambda: browser.get(RULE)) == 12


def test_what_an_undo_leaves_of_rules_is_told_without_values_that_are_masked_for_anybody(
    browse: New, ann_and_ben: None, cass: Actor
) -> None:
    group = Group.get(Group.code == "vips")
    items.add(cass, group.id, [NewItem(rule={"field": "phone", "op": "contains", "value": "788123"})])
    put = Change.select().order_by(Change.id.desc()).first().id
    items.end(cass, group.id, live()[0].id)
    items.add(cass, group.id, [NewItem(rule=MEN)])
    men = Change.select().order_by(Change.id.desc()).first().id
    items.end(cass, group.id, live()[0].id)
    kept = []
    for change_id in (put, men):
        with pytest.raises(Refusal) as refused:
            undo.undo(cass, change_id)
        kept.append(str(refused.value))
    assert kept == [
        'phone contains "••••" in Vips has been ended since.', 'gender = "male" in Vips has been ended since.',
    ]  # fmt: skip


@pytest.mark.parametrize("kind", ["none", "not_all", "not"])
def test_none_of_nothing_is_no_rule(browse: New, ann_and_ben: None, kind: str) -> None:
    browser = browse("cass")
    page = press(browser, browser.get(ADD), "look", **{"rule-0-kind": kind})
    assert "A rule without a condition has no members." in page.main and "Fits" not in page.main
    page = press(browser, page, "save")
    assert (page.status, live(), members()) == (422, [], [])
    assert form(page).value("rule-0-kind") in {kind, "none"}
