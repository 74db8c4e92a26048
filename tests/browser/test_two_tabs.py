"""Two windows on one thing: nobody writes over somebody else without seeing it."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chrome import Chrome


def saved(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()


@pytest.mark.parametrize("js", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_the_second_to_save_a_customer_sees_both_versions_and_keeps_what_she_typed(chrome: Chrome, js: bool) -> None:
    first = chrome.open(js=js)
    second = first.context.new_page()
    for page in (first, second):
        page.goto("/customers/A-1/edit")
    first.get_by_label("Name", exact=True).fill("Aline Keza")
    first.get_by_label("Address").fill("KG 7 Ave, Kigali")
    saved(first)
    expect(first.get_by_role("heading", level=1)).to_have_text("Aline Keza")
    second.get_by_label("Name", exact=True).fill("Aline Uwimana-Mugisha")
    second.get_by_label("Phone").fill("+250 788 000 111")
    with second.expect_navigation() as answer:
        saved(second)
    assert answer.value.status == 409
    stored = second.locator(".notice", has_text="What is stored now")
    for text in ("Aline Keza", "KG 7 Ave, Kigali", "+250 788 412 903"):
        expect(stored).to_contain_text(text)
    expect(second.get_by_label("Name", exact=True)).to_have_value("Aline Uwimana-Mugisha")
    expect(second.get_by_label("Phone")).to_have_value("+250 788 000 111")
    saved(second)
    expect(second.get_by_role("heading", level=1)).to_have_text("Aline Uwimana-Mugisha")
    first.reload()
    expect(first.get_by_role("heading", level=1)).to_have_text("Aline Uwimana-Mugisha")


def test_the_second_to_save_a_group_sees_both_versions_and_keeps_what_she_typed(chrome: Chrome) -> None:
    first = chrome.open()
    second = first.context.new_page()
    for page in (first, second):
        page.goto("/groups/super-bonus/edit")
    first.get_by_label("Description").fill("Fifteen percent.")
    saved(first)
    expect(first.get_by_role("heading", level=1)).to_have_text("Super Bonus")
    second.get_by_label("Name of the customer group").fill("Hyper Bonus")
    second.get_by_label("Agent note").fill("Smile.")
    with second.expect_navigation() as answer:
        saved(second)
    assert answer.value.status == 409
    stored = second.locator(".notice", has_text="What is stored now")
    for text in ("Super Bonus", "Fifteen percent.", "Greet her by name."):
        expect(stored).to_contain_text(text)
    expect(second.get_by_label("Agent note")).to_have_value("Smile.")
    saved(second)
    expect(second.get_by_role("heading", level=1)).to_have_text("Hyper Bonus")


def test_a_double_click_on_save_stores_one_customer(chrome: Chrome) -> None:
    page = chrome.open()
    page.goto("/customers/new")
    page.get_by_label("Name", exact=True).fill("Dora Double")
    page.get_by_label("E-mail").fill("dora@double.example")
    page.get_by_role("button", name="Save", exact=True).dblclick()
    expect(page.get_by_role("heading", level=1)).not_to_have_text("New customer")
    page.goto("/customers?q=dora")
    expect(page.locator("tbody th")).to_have_text(["Dora Double"])
