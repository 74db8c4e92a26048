"""A large file is imported while its page watches, and the frame of every page tells of it."""

from pathlib import Path

from playwright.sync_api import Page, expect

from portal.models import Job, UserSession
from portal.services.imports import background
from portal.services.jobs import lease
from tests.browser.chrome import Chrome
from tests.browser.serving import Portal
from tests.browser.store import Store

ASKING = "[hx-trigger='every 2s']"


def check_large(page: Page, folder: Path, first: str = "") -> None:
    path = folder / "people.csv"
    rows = "".join(f"L{n},Large {n},\n" for n in range(background.LARGE + 100))
    path.write_text(f"code,name,email\n{first}{rows}")
    lease.seen("the served portal, whose own row went with the database before")
    page.goto("/imports/new")
    page.get_by_label("CSV file").set_input_files(path)
    page.get_by_role("button", name="Import", exact=True).click()


def test_an_import_is_watched_to_its_end_and_then_nobody_asks_any_more(chrome: Chrome, files: Path) -> None:
    page = chrome.open("cass")
    check_large(page, files)
    page.get_by_role("button", name="Import 2,100 rows").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Verify the imported customer group")
    expect(page.locator(ASKING)).to_have_count(0)
    expect(page.locator("#running")).to_be_empty()
    done = Job.select().where(Job.kind == "import.run")
    assert [(job.state, job.n_done) for job in done] == [("done", background.LARGE + 100)]


def test_what_a_large_file_moves_appears_while_a_cell_is_being_typed(chrome: Chrome, files: Path) -> None:
    page = chrome.open("cass")
    check_large(page, files, "bad,,nobody\n")
    cell = page.get_by_label("email of row 2")
    cell.fill("half@an.add")
    expect(page.locator("#foreseen")).to_contain_text("Nobody would join or leave any group.")
    expect(page.locator("#foreseen").locator(ASKING)).to_have_count(0)
    expect(cell).to_have_value("half@an.add")


def test_without_a_script_a_link_reloads(chrome: Chrome, files: Path) -> None:
    page = chrome.open("cass", js=False)
    check_large(page, files)
    page.get_by_role("button", name="Import 2,100 rows").click()
    while page.get_by_role("heading", level=1).inner_text() == "The file is being imported":
        with page.expect_navigation():
            page.get_by_role("link", name="Reload").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Verify the imported customer group")


def test_the_frame_forgets_jobs_that_ended_and_leaves_what_is_typed_alone(
    chrome: Chrome, portal: Portal, store: Store
) -> None:
    portal.load(store.busy)
    page = chrome.open("cass")
    page.goto("/customers/new")
    expect(page.locator("#running")).to_have_text("2 jobs running")
    page.get_by_label("Name", exact=True).fill("Half a na")
    Job.update(finished_at=Job.created_at).where(Job.state == "waiting").execute()
    expect(page.locator("#running")).to_have_text("1 job running")
    UserSession.update(ended_at=Job.select(Job.created_at).limit(1)).execute()
    expect(page.locator("#running")).to_be_empty()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Half a na")
    expect(page.locator(ASKING)).to_have_count(0)
