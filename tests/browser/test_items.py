"""“Add an item” with days, a share, a note: what was typed when somebody is ticked goes with her."""

import pytest
from playwright.sync_api import Page, expect

from portal.models import Group, GroupItem
from tests.browser.chrome import Chrome

ITEMS = "/groups/nobody-yet/items"


def find(page: Page, text: str) -> None:
    page.get_by_label("Find customers, shops and groups").fill(text)
    if page.evaluate("!window.htmx"):
        page.get_by_role("button", name="Find", exact=True).click()
    page.get_by_text("Found: tick one or more").wait_for()


def more(page: Page) -> None:
    page.locator("details", has_text="Days, a share, a note").evaluate("fold => { fold.open = true; }")


def save(page: Page) -> None:
    page.locator("form[data-save]").get_by_role("button", name="Save", exact=True).click()


def stored() -> list[tuple[str, str, str, str, str]]:
    group = Group.get(Group.code == "nobody-yet")
    query = GroupItem.select().where(GroupItem.group == group).order_by(GroupItem.id)
    return [(one.sign, one.kind, str(one.valid_until or "")[:10], one.note, one.on_leave) for one in query]


@pytest.mark.parametrize("js", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_days_and_a_note_go_with_what_is_ticked_after_they_are_typed(chrome: Chrome, js: bool) -> None:
    page = chrome.open(js=js)
    page.goto(ITEMS)
    find(page, "huye")
    more(page)
    page.get_by_label("Until, inclusive").fill("2198-12-31")
    page.get_by_label("Who leaves the shop").select_option("stay")
    page.get_by_label("Note").fill("pilot")
    page.get_by_role("checkbox", name="Huye S2").check()
    save(page)
    expect(page.locator(".toast").first).to_be_visible()
    assert stored() == [("include", "shop", "2198-12-31", "pilot", "stay")]


def test_each_keeps_what_was_typed_when_it_was_ticked(chrome: Chrome) -> None:
    page = chrome.open()
    page.goto(ITEMS)
    find(page, "uw")
    more(page)
    page.get_by_label("Note").fill("first")
    page.get_by_role("checkbox", name="Beatriz Uwase").check()
    page.locator("#preview section").wait_for()
    page.get_by_label("Note").fill("second & last")
    page.get_by_role("radio", name="Exclude").check()
    page.get_by_label("Seed").fill("not of a customer")
    page.get_by_role("checkbox", name="Chantal Uwera").check()
    page.get_by_label("Seed").fill("")
    save(page)
    expect(page.locator(".toast").first).to_be_visible()
    assert stored() == [
        ("include", "customer", "", "first", "leave"), ("exclude", "customer", "", "second & last", "leave")
    ]  # fmt: skip


def test_days_that_nothing_was_ticked_for_are_not_dropped_in_silence(chrome: Chrome) -> None:
    page = chrome.open()
    page.goto(ITEMS)
    find(page, "huye")
    page.get_by_role("checkbox", name="Huye S2").check()
    more(page)
    page.get_by_label("Until, inclusive").fill("2198-12-31")
    save(page)
    expect(page.locator(".notice", has_text="nothing that is chosen has them")).to_be_visible()
    expect(page.get_by_label("Until, inclusive")).to_have_value("2198-12-31")
    assert stored() == []
