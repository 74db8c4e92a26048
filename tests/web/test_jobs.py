"""Jobs on pages: what goes on in the background is told in the frame, listed, and taken back before it has begun."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portal import clock, worker
from portal.models import Change, Customer, Group, Import, ImportRow, Job, User, UserRole, UserSession, Worker
from portal.permissions import Actor, Door
from portal.queries import jobs as find_jobs
from portal.queries import users as find_users
from portal.services import imports, jobs
from portal.services.imports import apply, background, turns
from portal.services.jobs import lease
from tests.page import Browser, text_of

Visit = Callable[[str], Browser]
N = 12


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few rows are many, and are written five a step."""
    monkeypatch.setattr(background, "LARGE", N - 1)
    monkeypatch.setattr(apply, "CHUNK", 5)
    monkeypatch.setattr(turns, "HOLD", 0.0)


@pytest.fixture
def told(large: None, app: Any) -> list[int]:
    """Somebody works; who is woken is only noted."""
    lease.seen("somebody")
    woken: list[int] = []
    jobs.wakes(woken.append)
    return woken


def upload(browser: Browser, n: int = N, **typed: str) -> str:
    text = "code,name\n" + "".join(f"K{i},Name {i}\n" for i in range(n))
    data: dict[str, Any] = {"csrf_token": browser.token(), "file": (io.BytesIO(text.encode()), "people.csv"), **typed}
    response = browser.client.post("/imports/new", data=data, content_type="multipart/form-data")
    return str(response.headers["Location"])


def asking(page: Any) -> list[str]:
    """Return what the page asks for again by itself."""
    return [part.get("hx-get") for part in page.root.iter() if part.get("hx-trigger") == "every 2s"]


def work(n_steps: int) -> None:
    """Work on the one open job for so many steps."""
    asked = iter([False] * n_steps)
    worker.work(Job.get(Job.finished_at.is_null()).id, "me", lambda: next(asked, True))


def test_a_large_file_is_written_in_the_background(browse: Visit, new_group: Any, told: list[int]) -> None:
    new_group("Vips")
    cass = browse("cass")
    address = upload(cass, group="vips")
    page = cass.submit(cass.get(address).form(f"{address}/run"))
    assert (page.h1, Customer.select().count(), len(told)) == ("The file is being imported", 0, 1)
    assert "It waits for its turn. You can leave this page" in page.words
    assert asking(page) == ["/jobs/running", address]
    assert [text_of(part) for part in page.all("noscript")] == ["Reload"]
    work(2)
    page = cass.get(address)
    assert ("10 of 12" in page.words, "Vips changes at the end, all at once." in page.words) == (True, True)
    assert [(part.get("value"), part.get("max")) for part in page.all("progress")] == [("10", "12")]
    assert [form.action for form in page.forms if "/imports/" in form.action or "/jobs/" in form.action] == []
    work(5)
    page = cass.get(address)
    assert (page.h1, asking(page)) == ("Verify the imported customer group", [])
    assert (Customer.select().count(), Group.get().n_members, Job.get().result) == (
        N, N, {"new": N, "updated": 0, "joined": N}
    )  # fmt: skip
    assert Change.select().where(Change.act == "import.run", Change.door == "import").count() == 1


def test_a_small_file_or_one_that_nobody_would_work_on_is_written_at_once(
    browse: Visit, large: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    cass = browse("cass")
    address = upload(cass)
    assert cass.submit(cass.get(address).form(f"{address}/run")).h1 == "Verify the imported customer group"
    lease.seen("somebody")
    Worker.update(seen_at=clock.ago(minutes=4)).execute()
    cass.post(f"{upload(cass, 20)}/run")
    lease.seen("somebody")
    cass.post(f"{upload(cass, N - 1)}/run")
    assert (Job.select().count(), Import.select().where(Import.state == "done").count()) == (0, 3)


def test_a_double_click_hands_a_file_over_once(browse: Visit, told: list[int]) -> None:
    cass = browse("cass")
    address = upload(cass)
    form = cass.get(address).form(f"{address}/run")
    assert [cass.submit(form).h1 for _ in range(2)] == ["The file is being imported"] * 2
    cass.post(f"{address}/run")
    assert (Job.select().count(), len(told)) == (1, 1)


def test_an_import_that_has_not_begun_is_taken_back_and_is_a_check_again(browse: Visit, told: list[int]) -> None:
    cass = browse("cass")
    address = upload(cass)
    page = cass.submit(cass.get(address).form(f"{address}/run"))
    page = cass.submit(page.form("/jobs/1/cancel"))
    assert (page.h1, page.toasts) == (
        "Check before anything is written", ["It was taken back. Nothing of it was done."]
    )  # fmt: skip
    worker.work(1, "me")
    assert (Job.get().state, Customer.select().count()) == ("cancelled", 0)
    cass.post(f"{address}/run")
    worker.work(2, "me")
    assert (Job.get_by_id(2).state, Customer.select().count()) == ("done", N)


def test_a_file_that_is_dropped_while_it_waits_is_not_written(browse: Visit, told: list[int]) -> None:
    cass = browse("cass")
    address = upload(cass)
    cass.post(f"{address}/run")
    cass.post(f"{address}/cancel")
    worker.work(1, "me")
    assert (Job.get().state, Customer.select().count(), ImportRow.select().count()) == ("cancelled", 0, 0)


def test_a_world_that_moved_while_a_file_waited_shows_the_new_check(
    browse: Visit, new_customer: Any, told: list[int]
) -> None:
    cass = browse("cass")
    address = upload(cass)
    cass.post(f"{address}/run")
    new_customer("Somebody", code="K3")
    worker.work(1, "me")
    page = cass.get(address)
    assert page.h1 == "Check before anything is written"
    assert "The import stopped" in page.words
    assert "Customers have changed since this file was checked, so nothing was written." in page.words
    assert (Customer.select().count(), Job.get().state) == (1, "failed")
    cass.submit(page.form(f"{address}/run"))
    worker.work(2, "me")
    assert (Customer.select().count(), Customer.get(Customer.code == "K3").name) == (N, "Name 3")


def test_an_import_that_stops_midway_says_why_and_can_be_gone_on_with(
    browse: Visit, new_group: Any, cass: Actor, told: list[int]
) -> None:
    from portal.services import groups

    group = new_group("Vips")
    browser = browse("cass")
    address = upload(browser, group="vips")
    browser.post(f"{address}/run")
    work(1)
    groups.set_status(cass, group.id, "archived")
    work(1)
    page = browser.get(address)
    assert "“Vips” is archived. Restore it before importing into it." in page.words
    assert (Job.get().state, Customer.select().count()) == ("failed", 5)
    groups.set_status(cass, group.id, "active")
    page = browser.submit(page.form(f"{address}/run"))
    worker.work(2, "me")
    assert (Customer.select().count(), Job.get_by_id(2).n_done, Group.get().n_members) == (N, N, N)


def half_written(cass: Actor, tmp_path: Path) -> Import:
    """Leave an import as a process that was killed in the middle of it does."""
    path = tmp_path / "people.csv"
    path.write_text("code,name\n" + "".join(f"K{i},Name {i}\n" for i in range(N)))
    return imports.go_on(cass, imports.check(cass, path, path.name).id)


def test_an_import_that_was_killed_in_its_request_is_handed_over_after_a_minute(
    cass: Actor, tmp_path: Path, told: list[int]
) -> None:
    half = half_written(find_users.actor_of(User.get_by_id(cass.user_id), Door.IMPORT), tmp_path)
    background.revive()
    assert (half.state, Job.select().count()) == ("running", 0)
    Import.update(written_at=clock.ago(seconds=background.QUIET_SECONDS + 1)).execute()
    background.revive()
    background.revive()
    assert (told, [job.user_id for job in Job.select()]) == ([1], [cass.user_id])
    worker.work(1, "me")
    assert (Customer.select().count(), Job.get().n_done, Import.get().state) == (N, N, "done")


def test_an_import_that_would_fail_again_is_left_to_people(cass: Actor, tmp_path: Path, told: list[int]) -> None:
    half_written(cass, tmp_path)
    Import.update(written_at=None).execute()
    User.update(is_active=False).where(User.id == cass.user_id).execute()
    background.revive()
    assert Job.select().count() == 0
    User.update(is_active=True).where(User.id == cass.user_id).execute()
    UserRole.update(role="analyst").where(UserRole.user == cass.user_id).execute()
    background.revive()
    assert Job.select().count() == 0
    UserRole.update(role="cscc_manager").where(UserRole.user == cass.user_id).execute()
    background.revive()
    held = lease.claim(1, "me")
    assert held is not None
    lease.fail(held, "No.", {})
    background.revive()
    assert Job.select().count() == 1


def test_the_frame_tells_of_jobs_while_there_are_any(browse: Visit, cass: Actor, query_count: Any) -> None:
    browser, olive, sam = browse("cass"), browse("olive"), browse("sam")
    assert (asking(browser.get("/")), "running" in browser.get("/").words) == ([], False)
    few = query_count(lambda: browser.get("/account"))
    ids = [jobs.enqueue(cass, "import.run", {"import": 1}).id for _ in range(2)]
    assert query_count(lambda: browser.get("/account")) == few
    for one in (browser, olive):
        page = one.get("/account")
        assert ("2 jobs running" in page.words, asking(page)) == (True, ["/jobs/running"])
    assert asking(sam.get("/account")) == []
    for job_id in ids:
        jobs.cancel(cass, job_id)
    assert browser.part("/jobs/running", "running").html.strip() == ""


def test_a_session_that_ended_sends_nobody_away_from_a_form(browse: Visit, cass: Actor) -> None:
    jobs.enqueue(cass, "import.run", {"import": 1})
    browser = browse("cass")
    assert "1 job running" in browser.part("/jobs/running", "running").words
    UserSession.update(ended_at=clock.now()).execute()
    answer = browser.part("/jobs/running", "running")
    assert (answer.status, answer.html, answer.headers.get("HX-Redirect")) == (401, "", None)
    assert browser.part("/jobs", "jobs").headers["HX-Redirect"] == "/sign-in"


def test_the_list_tells_what_whose_how_far_and_why_not(browse: Visit, cass: Actor, pat: Actor, told: list[int]) -> None:
    browser = browse("cass")
    assert browser.get("/jobs").words.count("No jobs") == 1
    browser.post(f"{upload(browser)}/run")
    jobs.enqueue(pat, "import.run", {"import": 99}, subject="import:99")
    worker.work(2, "me")
    work(1)
    rows = [row[:3] for row in browse("olive").get("/jobs").rows()]
    assert rows == [
        ["Import of a file", "Failed There is no such import.", "Pat"], ["Import of a file", "Waiting 5 of 12", "Cass"]
    ]  # fmt: skip
    assert [row[2] for row in browser.get("/jobs").rows()] == ["Cass"]
    assert [link for link in browse("tess").get("/jobs").links if "/imports/" in link] == []


def test_a_list_of_jobs_that_nobody_works_on_says_so(browse: Visit, cass: Actor) -> None:
    jobs.enqueue(cass, "import.run", {"import": 1})
    assert "Nobody works on jobs just now" in browse("cass").get("/jobs").words
    lease.seen("somebody")
    assert "Nobody works on jobs just now" not in browse("cass").get("/jobs").words


def test_jobs_are_turned_under_one_number_of_statements(browse: Visit, cass: Actor, query_count: Any) -> None:
    browser = browse("cass")
    jobs.enqueue(cass, "import.run", {"import": 1})
    one = query_count(lambda: browser.get("/jobs"))
    for _ in range(find_jobs.PAGE + 1):
        jobs.enqueue(cass, "import.run", {"import": 1})
    assert query_count(lambda: browser.get("/jobs")) == one
    page = browser.get("/jobs")
    assert len(page.rows()) == find_jobs.PAGE
    assert len(browser.get(next(link for link in page.links if "below=" in link)).rows()) == 2
    assert len(browser.get("/jobs?below=nonsense").rows()) == find_jobs.PAGE


def test_what_has_begun_cannot_be_cancelled_and_the_page_says_so(browse: Visit, told: list[int]) -> None:
    browser = browse("cass")
    browser.post(f"{upload(browser)}/run")
    work(1)
    page = browser.post("/jobs/1/cancel")
    assert (page.status, "It goes on to its end." in page.words) == (422, True)
