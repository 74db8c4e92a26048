"""“Why?” in a list opens as a card over it; without JavaScript, and where the card is not wanted, as a page."""

from playwright.sync_api import expect

from tests.browser.chrome import Chrome


def test_the_answer_opens_over_the_list_and_closes_again(chrome: Chrome) -> None:
    page = chrome.open()
    page.goto("/groups/super-bonus")
    asked = page.get_by_role("link", name="Why is Aline Uwimana in Super Bonus?")
    card = page.locator("#why-card")
    expect(card).to_be_hidden()
    asked.click()
    expect(card.get_by_role("heading")).to_contain_text("Aline Uwimana is in “Super Bonus”.")
    expect(card).to_contain_text("Included by name, by Cass on ")
    page.keyboard.press("Escape")
    expect(card).to_be_hidden()
    expect(asked).to_be_focused()
    asked.press("Enter")
    card.get_by_role("button", name="Close").click()
    expect(card).to_be_hidden()
    assert page.url.endswith("/groups/super-bonus")


def test_the_fix_in_the_card_is_one_click(chrome: Chrome) -> None:
    page = chrome.open()
    page.goto("/customers?none=super-bonus&q=chantal")
    page.get_by_role("link", name="Why").click()
    card = page.locator("#why-card")
    expect(card).to_contain_text("Kept out by name")
    card.get_by_role("button", name="Lift the exclusion and add her by name").click()
    expect(page.locator(".toast [data-text]").first).to_have_text("Chantal Uwera is in Super Bonus.")


def test_without_javascript_the_link_leads_to_the_page(chrome: Chrome) -> None:
    page = chrome.open(js=False)
    page.goto("/groups/super-bonus")
    page.get_by_role("link", name="Why is Aline Uwimana in Super Bonus?").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Why?")
    expect(page.locator("#why")).to_contain_text("Aline Uwimana is in “Super Bonus”.")
