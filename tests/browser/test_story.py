"""The day for which the portal was made (product.md §7), with and without JavaScript."""

from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.chrome import Chrome

BOTH = pytest.mark.parametrize("js", [True, False], ids=["with JavaScript", "without JavaScript"])


def toasts(page: Page) -> list[str]:
    """Return what the portal tells; waits for the first."""
    told = page.locator(".toast [data-text]")
    expect(told.first).to_be_visible()
    page.wait_for_load_state("domcontentloaded")
    return told.all_inner_texts()


def find(page: Page, text: str, js: bool) -> None:
    """Look for customers and shops; without JavaScript that takes a button."""
    field = page.get_by_label("Find customers, shops and groups")
    if js:
        field.fill("")
        field.press_sequentially(text)
    else:
        field.fill(text)
        page.get_by_role("button", name="Find", exact=True).click()


def line(page: Page, group: str, name: str) -> Locator:
    """Return the line of somebody among those chosen or found."""
    return page.get_by_role("group", name=group).get_by_role("listitem").filter(has_text=name)


def rows(page: Page) -> list[str]:
    """Return the first cells of the table's rows, once the page is there as a whole."""
    page.wait_for_load_state("domcontentloaded")
    return page.locator("tbody th[scope=row]").all_inner_texts()


@BOTH
def test_a_group_is_made_of_several_customers_one_new_and_one_left_out(chrome: Chrome, js: bool) -> None:
    page = chrome.open(js=js)
    page.goto("/")
    page.get_by_role("link", name="CRM Groups Maintenance").click()
    page.get_by_role("link", name="Create").click()
    page.get_by_label("Name of the customer group").fill("Morning Club")
    page.get_by_role("radio", name="Exclude").check()
    find(page, "davila", js)
    line(page, "Found: tick one or more", "João d'Ávila").get_by_role("checkbox").check()
    find(page, "uw", js)
    expect(line(page, "Chosen", "João d'Ávila")).to_contain_text("exclude")
    page.get_by_role("radio", name="Include").check()
    for name in ("Aline Uwimana", "Beatriz Uwase", "Chantal Uwera"):
        line(page, "Found: tick one or more", name).get_by_role("checkbox").check()
    page.get_by_role("button", name="Add a new customer").click()
    new = page.get_by_role("group", name="New customer")
    new.get_by_label("Name").fill("Nina Nova")
    new.get_by_label("E-mail").fill("nina@nova.example")
    page.get_by_role("button", name="Save and close").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("CRM Groups Maintenance")
    assert toasts(page) == ["Morning Club is stored."]
    page.get_by_role("link", name="Morning Club").click()
    assert rows(page) == ["Aline Uwimana", "Beatriz Uwase", "Chantal Uwera", "Nina Nova"]
    page.get_by_role("link", name="Items").click()
    assert page.locator("tbody tr", has_text="João d'Ávila").locator("td").nth(1).inner_text() == "exclude"


@BOTH
def test_a_group_of_a_shop_counts_present_customers_and_takes_future_ones(chrome: Chrome, js: bool) -> None:
    page = chrome.open(js=js)
    page.goto("/groups/new")
    page.get_by_label("Name of the customer group").fill("North")
    page.get_by_role("radio", name="Shop", exact=True).check()
    find(page, "kigali", js)
    line(page, "Found: tick one or more", "Kigali North S1 · shop").get_by_role("checkbox").check()
    page.get_by_role("button", name="Save", exact=True).click()
    assert toasts(page) == [
        "North is stored.", "Now all 3 present customers of Kigali North, and all future ones, are members.",
    ]  # fmt: skip
    page.goto("/customers/new")
    page.get_by_label("Name", exact=True).fill("Fifi Future")
    page.get_by_label("Phone").fill("0788 412 950")
    page.get_by_label("Shop").select_option("Kigali North")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("main .badge")).to_have_text(["Kigali North", "North", "Of the North"] * 2)
    page.goto("/groups/north")
    assert rows(page) == ["Aline Uwimana", "Beatriz Uwase", "Chantal Uwera", "Fifi Future"]


@BOTH
def test_groups_are_made_of_the_values_of_a_field_and_taken_back_by_one_press(chrome: Chrome, js: bool) -> None:
    page = chrome.open(js=js)
    page.goto("/groups/new")
    page.get_by_role("link", name="Groups of a field's values").click()
    page.get_by_label("Field", exact=True).select_option("Gender")
    if not js:
        page.get_by_role("button", name="Show").click()
    page.get_by_role("checkbox", name="Make a group of “Female”").check()
    page.get_by_label("Name of the group of “Female”").fill("Women")
    page.get_by_role("checkbox", name="Make a group of “Other”").check()
    page.get_by_role("button", name="Preview").click()
    preview = page.locator("#preview tbody tr")
    expect(preview).to_contain_text(["Women\n+25", "Other\n+1"], use_inner_text=True)
    assert page.url.endswith("/groups/new/values?field=gender") or not js
    page.get_by_role("button", name="Make the groups").click()
    assert toasts(page) == ["2 groups were made. Members in all: 26."]
    expect(page.get_by_role("checkbox")).to_have_count(1)
    page.get_by_role("link", name="Women").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Women")
    page.go_back()
    page.goto("/changes")
    expect(page.locator("tbody tr").first).to_contain_text("Cass made groups of a field's values")
    page.goto("/groups/new/values?field=language")
    page.get_by_role("button", name="Tick all").click()
    expect(page.locator("input[type=checkbox]:checked").first).to_be_visible()
    page.get_by_role("button", name="Make the groups").click()
    page.get_by_role("button", name="Undo").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("CRM Groups Maintenance")
    assert "Women" in rows(page)


@BOTH
def test_a_file_is_imported_checked_first_and_verified_after(chrome: Chrome, files: Path, js: bool) -> None:
    file = files / "club.csv"
    file.write_text("code,name,email\nA-1,Aline Uwimana,\nC-1,Carla Club,carla@club.example\nC-2,Bad,nobody\n")
    page = chrome.open(js=js)
    page.goto("/")
    page.get_by_role("link", name="Import Customers into CRM…").click()
    page.get_by_label("Select the group").select_option("Employees")
    page.get_by_label("CSV file").set_input_files(file)
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Check before anything is written")
    expect(page.locator("tbody tr")).to_have_count(3)
    assert "“nobody” is not an e-mail address." in page.locator("tbody tr").nth(2).inner_text()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the 1 with its reason").click()
    assert "nobody,“nobody” is not" in download.value.path().read_text(encoding="utf-8-sig")
    page.get_by_role("button", name="Import 2 rows").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Verify the imported customer group")
    assert toasts(page) == ["1 customer was written. 2 joined Employees."]
    page.get_by_role("link", name="OK").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Employees")
    assert rows(page) == ["Aline Uwimana", "Beatriz Uwase", "Carla Club", "João d'Ávila"]


@BOTH
def test_customers_are_filtered_by_groups_and_the_filter_is_said_in_words(chrome: Chrome, js: bool) -> None:
    page = chrome.open(js=js)

    def choose(relation: str, group: str) -> None:
        page.get_by_label("How").select_option(relation)
        page.get_by_label("Group", exact=True).select_option(group)
        page.get_by_role("button", name="Filter").click()
        expect(page.locator(".chip", has_text=f"{relation} {group}")).to_be_visible()

    def seen() -> tuple[str, list[str]]:
        return page.locator("#list [role=status]").inner_text(), rows(page)

    page.goto("/customers")
    choose("in any of", "Employees")
    choose("in any of", "Kigali North")
    names = ["Aline Uwimana", "Beatriz Uwase", "Chantal Uwera", "João d'Ávila"]
    assert seen() == ("4 customers: in “Employees” or “Kigali North”", names)
    page.get_by_role("link", name="Clear all").click()
    choose("in all of", "Employees")
    choose("in all of", "Kigali North")
    assert seen() == ("1 customer: in “Employees” and “Kigali North”", ["Beatriz Uwase"])
    page.get_by_role("link", name="Remove: in all of Employees").click()
    expect(page.locator(".chip")).to_have_count(1)
    choose("in none of", "Super Bonus")
    assert seen() == ("1 customer: in “Kigali North”, not in “Super Bonus”", ["Chantal Uwera"])


@BOTH
def test_personal_information_shows_group_type_and_since(chrome: Chrome, js: bool) -> None:
    page = chrome.open("sam", js=js)
    page.goto("/")
    page.get_by_label("Name, phone, e-mail or code").fill("788412903")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Aline Uwimana", exact=True).click()
    expect(page.get_by_role("heading", name="Personal Information")).to_be_visible()
    groups = page.locator("section", has=page.get_by_role("heading", name="Groups", exact=True)).get_by_role("listitem")
    today = page.locator("header p").first.inner_text().rpartition("since ")[2]
    assert [" ".join(text.split()) for text in groups.all_inner_texts()] == [
        f"{name} · since {today} · Why?" for name in ("Kigali North Type Shop", "Super Bonus Type Customer")
    ]  # fmt: skip
    expect(page.get_by_text("Super Bonus: Greet her by name.")).to_be_visible()


def test_what_add_as_said_when_a_customer_was_ticked_counts(chrome: Chrome) -> None:
    page = chrome.open()
    page.goto("/groups/new")
    page.get_by_label("Name of the customer group").fill("Two Signs")
    find(page, "uw", js=True)
    line(page, "Found: tick one or more", "Aline Uwimana").get_by_role("checkbox").check()
    page.get_by_role("radio", name="Exclude").check()
    line(page, "Found: tick one or more", "Beatriz Uwase").get_by_role("checkbox").check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Two Signs")
    assert rows(page) == ["Aline Uwimana"]
