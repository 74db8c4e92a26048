"""Back, Forward and reload: the address is the state, and after sign-out nothing stays."""

from playwright.sync_api import Page, expect

from tests.browser.chrome import Chrome
from tests.conftest import PASSWORD


def heading(page: Page, text: str) -> None:
    """Wait for a page by its heading."""
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def back(page: Page, steps: int = -1) -> None:
    """Press Back, or Forward; the page that comes may be one that the browser kept, so nothing is said to load."""
    page.evaluate("steps => { setTimeout(() => history.go(steps)); }", steps)


def status(page: Page, text: str) -> None:
    """Wait for what the list says about itself."""
    expect(page.locator("#list [role=status]")).to_have_text(text)


def test_back_forward_and_reload_keep_a_live_search(chrome: Chrome) -> None:
    page = chrome.open()
    page.goto("/customers")
    before = page.evaluate("history.length")
    page.get_by_label("Name, phone, e-mail or code").press_sequentially("uwase")
    said = "1 customer: with “uwase” in name, code, e-mail or phone"
    status(page, said)
    expect(page).to_have_url(f"{chrome.url}/customers?q=uwase")
    assert page.evaluate("history.length") == before  # typing makes no pages to go back through
    page.get_by_role("link", name="Beatriz Uwase", exact=True).click()
    heading(page, "Beatriz Uwase")
    for again in (back, Page.reload):
        again(page)
        heading(page, "Customers")
        expect(page.get_by_label("Name, phone, e-mail or code")).to_have_value("uwase")
        status(page, said)
    back(page, 1)
    heading(page, "Beatriz Uwase")


def test_back_and_forward_go_through_filters_and_pages(chrome: Chrome) -> None:
    page = chrome.open()
    page.goto("/customers")
    first = page.locator("tbody th").first.inner_text()
    page.get_by_role("link", name="Next").click()
    expect(page.locator(".pager")).to_contain_text("51–59 of 59")
    page.get_by_label("Group", exact=True).select_option("Employees")
    page.get_by_role("button", name="Filter").click()
    status(page, "2 customers: in “Employees”")
    page.get_by_role("link", name="Remove: in all of Employees").click()
    status(page, "59 customers")
    back(page)
    status(page, "2 customers: in “Employees”")
    expect(page.locator(".chip")).to_have_count(1)
    page.reload()
    status(page, "2 customers: in “Employees”")
    back(page)
    expect(page.locator(".pager")).to_contain_text("51–59 of 59")
    back(page)
    expect(page.locator("tbody th").first).to_have_text(first)
    back(page, 1)
    expect(page.locator(".pager")).to_contain_text("51–59 of 59")
    back(page, 1)
    status(page, "2 customers: in “Employees”")


def test_what_was_typed_counts_for_the_file_and_the_filter_too(chrome: Chrome) -> None:
    page = chrome.open()
    page.goto("/customers")
    page.get_by_label("Name, phone, e-mail or code").press_sequentially("uwase")
    status(page, "1 customer: with “uwase” in name, code, e-mail or phone")
    expect(page.get_by_role("link", name="Download CSV")).to_have_attribute("href", "/customers.csv?q=uwase")
    page.get_by_label("Group", exact=True).select_option("Kigali North")
    page.get_by_role("button", name="Filter").click()
    status(page, "1 customer: in “Kigali North”, with “uwase” in name, code, e-mail or phone")


def test_a_live_search_that_meets_a_busy_portal_says_so(chrome: Chrome) -> None:
    page = chrome.open()
    page.goto("/customers")
    # What the portal says of a refusal, with the status that it has when it is busy.
    refused = f"{chrome.url}/customers?sort=shoes"
    page.route("**/customers?q=*", lambda route: route.fulfill(response=route.fetch(url=refused), status=503))
    page.get_by_label("Name, phone, e-mail or code").press_sequentially("uw")
    expect(page.locator(".toast [data-text]").first).to_contain_text("cannot be sorted")
    expect(page.locator("#list tbody tr")).to_have_count(50)
    chrome.seen.clear()


def test_the_groups_filter_as_one_chooses_and_the_address_follows(chrome: Chrome) -> None:
    page = chrome.open()
    page.goto("/groups")
    page.get_by_label("Status").select_option("Archived")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.reload()
    expect(page.locator("tbody th")).to_have_text(["Old Friends"])
    expect(page.get_by_label("Status")).to_have_value("archived")


def test_after_sign_out_back_shows_the_sign_in_page_and_nothing_private(chrome: Chrome) -> None:
    page = chrome.open("")
    page.goto("/sign-in")
    page.get_by_label("E-mail address").fill("cass@store.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    heading(page, "Start")
    page.goto("/customers/A-1")
    page.goto("/customers/A-1/edit")
    page.get_by_role("button", name="Sign out").click()
    heading(page, "Sign in")
    for steps, path in ((-1, "/customers/A-1/edit"), (-1, "/customers/A-1"), (-1, "/"), (1, "/customers/A-1")):
        back(page, steps)
        page.wait_for_url(path)
        heading(page, "Sign in")
        assert "Aline" not in page.content()
