"""“A cluster is nothing more than a field”: one is made, filled in three ways and used, with and without JavaScript."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from portal.models import User
from portal.permissions import Door
from portal.queries import users as find_users
from portal.services import customers
from tests.browser.chrome import Chrome
from tests.browser.test_story import BOTH, rows, toasts

WHO = ["Alice Client", "Fifi Form", "Paul Paper"]


def _group(page: Page) -> None:
    page.goto("/groups/new")
    page.get_by_label("Name of the customer group").fill("Resellers")
    expect(page.get_by_label("Show as a box in the customer form")).to_be_checked()
    page.get_by_role("button", name="Save", exact=True).click()
    assert toasts(page) == ["Resellers is stored."]


def _field(page: Page) -> None:
    page.goto("/settings/fields/new")
    page.get_by_label("Label in English").fill("Resellers")
    page.get_by_label("Type").select_option("Yes or no")
    page.get_by_label("Filterable").check()
    page.get_by_role("button", name="Save", exact=True).click()
    assert toasts(page) == ["Resellers is stored."]


def _tick(page: Page) -> None:
    page.get_by_role("group", name="Groups").get_by_label("Resellers").check()


def _choose(page: Page) -> None:
    page.get_by_label("Resellers").select_option("yes")


def by_form(page: Page, name: str, fill: Callable[[Page], None] | None = None) -> None:
    """Type a new customer, and what a form says of the cluster."""
    page.goto("/customers/new")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("E-mail").fill(f"{name.partition(' ')[0].lower()}@form.example")
    if fill:
        fill(page)
    page.get_by_role("button", name="Save", exact=True).click()
    assert toasts(page) == [f"{name} is stored."]


def by_file(page: Page, file: Path) -> None:
    """Bring a file that has a column of the cluster."""
    file.write_text("name,email,resellers\nPaul Paper,paul@paper.example,yes\nPeter Plain,peter@paper.example,no\n")
    page.goto("/imports/new")
    page.get_by_label("CSV file").set_input_files(file)
    page.get_by_role("button", name="Import").click()
    page.get_by_role("button", name="Import 2 rows").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Verify")
    assert toasts(page) == ["2 customers were written."]


def by_program(is_group: bool) -> None:
    """Do as a program would that speaks to the portal: one call of a service."""
    cass = find_users.actor_of(User.get(User.name == "Cass"), Door.COMMAND)
    typed = {"name": "Alice Client", "email": "alice@client.example"}
    if is_group:
        customers.create(cass, typed, {"resellers": True})
    else:
        customers.create(cass, {**typed, "resellers": "true"})


def promote(page: Page, name: str, text: str) -> list[str]:
    """Make a group of the rule that is typed or pasted, and return its members."""
    page.goto("/groups/new?type=rule")
    page.get_by_label("Name of the customer group").fill(name)
    page.get_by_role("button", name="Text", exact=True).click()
    page.get_by_label("The rule as text").fill(text)
    page.get_by_role("button", name="Look", exact=True).last.click()
    expect(page.locator("#looked [role=status]")).to_contain_text("Fits 3 of")
    page.get_by_role("button", name="Save", exact=True).click()
    assert toasts(page) == [f"{name} is stored."]
    return rows(page)


@BOTH
@pytest.mark.parametrize(("make", "fill"), [(_group, _tick), (_field, _choose)], ids=["a group", "a field"])
def test_a_cluster_is_made_on_one_screen_filled_in_three_ways_and_ready_for_a_promotion(
    chrome: Chrome, files: Path, make: Callable[[Page], None], fill: Callable[[Page], None], js: bool
) -> None:
    page = chrome.open(js=js)
    make(page)
    by_form(page, "Fifi Form", fill)
    by_form(page, "Olga Other")
    by_file(page, files / "people.csv")
    by_program(make is _group)

    page.goto("/customers?resellers=yes")
    assert rows(page) == WHO
    assert promote(page, "Pasted", "Resellers=TRUE") == WHO
    assert promote(page, "Typed", "resellers = true") == WHO

    page.goto("/customers?resellers=yes")
    page.get_by_role("link", name="Save as a group").click()
    page.get_by_label("Name of the customer group").fill("Of the list")
    page.get_by_role("button", name="Save", exact=True).click()
    assert toasts(page) == ["Of the list is stored."]
    assert rows(page) == WHO

    # All three groups follow what becomes of her, whoever says so.
    page.goto("/customers?resellers=yes&q=fifi")
    page.get_by_role("link", name="Fifi Form", exact=True).click()
    page.get_by_role("link", name="Edit").first.click()
    if make is _group:
        page.get_by_role("group", name="Groups").get_by_label("Resellers").uncheck()
    else:
        page.get_by_label("Resellers").select_option("no")
    page.get_by_role("button", name="Save", exact=True).click()
    assert toasts(page) == ["Fifi Form is stored."]
    for code in ("pasted", "typed", "of-the-list"):
        page.goto(f"/groups/{code}")
        assert rows(page) == ["Alice Client", "Paul Paper"]
