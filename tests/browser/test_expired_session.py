"""A session that ends while a page is open never spoils the page (reliability.md, promise 15)."""

import re

import pytest
from playwright.sync_api import Page, expect

from portal.clock import now
from portal.models import UserSession
from tests.browser.chrome import Chrome
from tests.conftest import PASSWORD


def end_sessions() -> None:
    UserSession.update(ended_at=now()).execute()


def on_sign_in(page: Page) -> None:
    """The browser stands on the sign-in page as a whole."""
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    assert page.locator("table, nav, #list, #items, #members").count() == 0


def sign_in(page: Page) -> None:
    page.get_by_label("E-mail address").fill("cass@store.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def test_typing_in_a_search_after_the_session_ended_leads_to_sign_in_and_back(chrome: Chrome) -> None:
    page = chrome.open()
    page.goto("/customers?all=super-bonus")
    expect(page.locator("tbody tr")).to_have_count(3)
    end_sessions()
    page.get_by_label("Name, phone, e-mail or code").press_sequentially("uw")
    on_sign_in(page)
    sign_in(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Customers")
    expect(page.locator(".chip")).to_have_count(1)


@pytest.mark.parametrize(
    ("path", "label"), [("/groups", "Search groups"), ("/groups/super-bonus", "Find a member")]
)
def test_every_live_search_leads_to_sign_in_as_a_whole_and_back(chrome: Chrome, path: str, label: str) -> None:
    page = chrome.open()
    page.goto(path)
    end_sessions()
    page.get_by_label(label).press_sequentially("uw")
    on_sign_in(page)
    sign_in(page)
    expect(page).to_have_url(chrome.url + path)


@pytest.mark.parametrize("path", ["/groups/new", "/groups/super-bonus/items"])
def test_looking_for_an_item_leads_to_sign_in_as_a_whole_and_keeps_the_form(chrome: Chrome, path: str) -> None:
    page = chrome.open()
    page.goto(path)
    end_sessions()
    if path == "/groups/new":
        page.get_by_label("Name of the customer group").fill("Not Lost")
    page.get_by_label("Find customers, shops and groups").press_sequentially("uwera")
    on_sign_in(page)
    sign_in(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("What you typed is still here")
    page.get_by_role("button", name="Send it again").click()
    expect(page.get_by_label("Find customers, shops and groups")).to_have_value(re.compile("uw"))
    expect(page.get_by_role("group", name="Found: tick one or more")).to_contain_text("Chantal Uwera")
    if path == "/groups/new":
        expect(page.get_by_label("Name of the customer group")).to_have_value("Not Lost")


@pytest.mark.parametrize("js", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_form_saved_after_the_session_ended_is_stored_after_signing_in(chrome: Chrome, js: bool) -> None:
    page = chrome.open(js=js)
    page.goto("/customers/A-1/edit")
    end_sessions()
    page.get_by_label("Address").fill("KG 7 Ave, Kigali")
    page.get_by_role("button", name="Save", exact=True).click()
    on_sign_in(page)
    sign_in(page)
    expect(page.get_by_text("KG 7 Ave, Kigali")).to_be_visible()
    page.get_by_role("button", name="Send it again").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Aline Uwimana")
    expect(page.get_by_text("KG 7 Ave, Kigali")).to_be_visible()


@pytest.mark.parametrize("js", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_link_followed_after_the_session_ended_is_open_after_signing_in(chrome: Chrome, js: bool) -> None:
    page = chrome.open(js=js)
    page.goto("/customers?all=super-bonus")
    end_sessions()
    page.get_by_role("link", name="Aline Uwimana", exact=True).click()
    on_sign_in(page)
    sign_in(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Aline Uwimana")


def test_after_signing_out_the_next_person_is_not_led_to_what_was_looked_at(chrome: Chrome) -> None:
    page = chrome.open()
    page.goto("/customers?q=aline")
    page.get_by_role("button", name="Sign out").click()
    on_sign_in(page)
    assert "aline" not in page.content()
    sign_in(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Start")
