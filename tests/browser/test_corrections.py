"""Wrong cells of a file are corrected in their place: the page is not loaded anew, and nobody loses where she was."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chrome import Chrome

N = 60  # rows that are wrong, more than fit a window


def check(page: Page, folder: Path) -> None:
    """Upload a file whose rows all have a wrong e-mail."""
    path = folder / "people.csv"
    path.write_text("code,name,email\n" + "".join(f"W{n},Wrong {n},nobody{n}\n" for n in range(2, N + 2)))
    page.goto("/imports/new")
    page.get_by_label("CSV file").set_input_files(path)
    page.get_by_role("button", name="Import", exact=True).click()
    page.get_by_role("navigation", name="Which rows").get_by_role("link", name="Refused").click()



def correct(page: Page) -> None:
    page.get_by_role("button", name="Correct these rows and check again").click()


@pytest.mark.parametrize("js", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_a_corrected_row_goes_and_the_others_stay_as_they_are(chrome: Chrome, files: Path, js: bool) -> None:
    page = chrome.open(js=js)
    check(page, files)
    first = page.url
    page.get_by_label("email of row 50", exact=True).fill("fifty@x.example")
    correct(page)
    expect(page.locator(".toast", has_text="Every row was checked again.")).to_be_visible()
    expect(page.get_by_label("email of row 50", exact=True)).to_have_count(0)
    assert page.url != first and page.url.endswith("?show=refused")
    for row in (2, 49, 51, 61):
        expect(page.get_by_label(f"email of row {row}", exact=True)).to_have_value(f"nobody{row}")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Check before anything is written")


def test_the_page_stays_where_it_is_and_says_at_its_top_what_the_new_check_counts(chrome: Chrome, files: Path) -> None:
    page = chrome.open()
    check(page, files)
    page.evaluate("window.same = true")
    page.get_by_label("email of row 61", exact=True).fill("last@x.example")
    at = page.evaluate("scrollY")
    assert at > 1_000
    correct(page)
    expect(page.locator(".toast", has_text="Every row was checked again.")).to_be_visible()
    assert page.evaluate("window.same") and page.evaluate("scrollY") > 1_000
    expect(page.get_by_role("button", name="Import 1 row")).to_be_attached()
    page.get_by_role("button", name="Import 1 row").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Verify the imported customer group")


def test_what_is_refused_is_said_beside_what_was_typed_and_the_address_still_leads_somewhere(
    chrome: Chrome, files: Path
) -> None:
    page = chrome.open()
    check(page, files)
    address = page.url
    page.get_by_label("email of row 30", exact=True).fill("x" * 5_001)
    correct(page)
    expect(page.locator(".toast", has_text="5001 characters")).to_be_visible()
    expect(page.get_by_label("email of row 30", exact=True)).to_have_value("x" * 5_001)
    assert page.url == address
    page.reload()
    other = page.context.new_page()
    other.goto(address)
    other.get_by_label("email of row 2", exact=True).fill("two@x.example")
    correct(other)
    expect(other.locator(".toast")).to_be_visible()
    page.get_by_label("email of row 3", exact=True).fill("three@x.example")
    correct(page)
    expect(page.locator(".toast", has_text="checked anew")).to_be_visible()
    expect(page.get_by_label("email of row 3", exact=True)).to_have_value("three@x.example")
    assert page.url == address
