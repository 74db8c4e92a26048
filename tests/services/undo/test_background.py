"""Undos of many rows in the background: handed over, gone on with by whoever works, told when they are done."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portal import worker
from portal.errors import Missing, NeedsApproval
from portal.models import Change, Customer, Group, Job
from portal.permissions import Actor
from portal.queries import membership, sealed
from portal.queries import undone as find
from portal.services import customers, groups, imports, settings, undo
from portal.services.jobs import lease
from portal.services.undo import background, work
from portal.services.undo import items as undo_items
from portal.words import of_job
from tests.page import Browser

New = Callable[..., Any]
Browse = Callable[[str], Browser]
N = 6


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few rows are many, and are undone two a step."""
    monkeypatch.setattr(background, "LARGE", N - 1)
    for module in (work, undo, undo_items):
        monkeypatch.setattr(module, "CHUNK", 2)
    monkeypatch.setattr(undo, "HOLD", 0.0)


@pytest.fixture
def worked(large: None) -> None:
    """Somebody works in the background."""
    lease.seen("somebody")


@pytest.fixture
def imported(cass: Actor, new_group: New, tmp_path: Path) -> Change:
    """A file that brought six customers into a group."""
    path = tmp_path / "people.csv"
    path.write_text("code,name\n" + "".join(f"K{n},Name {n}\n" for n in range(N)), encoding="utf-8")
    done = imports.run(cass, imports.check(cass, path, path.name, group=new_group("Vips")).id)
    return Change.get_by_id(done.change_id)


def go_on(job: Job, n_steps: int = 10_000) -> Job:
    """Work on a job for so many steps, as a process that then ends."""
    asked = iter([False] * n_steps)
    worker.work(job.id, "me", lambda: next(asked, True))
    background._under_way.clear()
    return Job.get_by_id(job.id)


def there() -> int:
    return int(Customer.select().where(Customer.removed_at.is_null()).count())


def test_a_large_undo_is_handed_over_once_and_tells_what_it_did(
    cass: Actor, worked: None, imported: Change
) -> None:
    customers.edit(cass, Customer.get(Customer.code == "K3").id, {"name": "Changed", "code": "K3"})
    job = background.start(cass, imported.id)
    assert job is not None and background.start(cass, imported.id) == job
    assert (there(), Change.select().where(Change.act == "change.undo").count()) == (N, 0)
    done = go_on(job)
    assert (done.state, done.n_done, done.n_all, there()) == ("done", imported.n_rows, imported.n_rows, 1)
    change = Change.get(Change.act == "change.undo")
    assert (change.actor_id, change.undoes_id, change.door) == (cass.user_id, imported.id, "page")
    assert done.result == {"change": change.id, "restored": {"group_item": N, "customer": N - 1}, "kept": 1}
    assert find.of(cass, change.id).restored == done.result["restored"]
    assert of_job(done).told == "Undone: 5 customers, 6 items. 1 row stays as it is."
    assert sealed.prove().broken == [] == membership.differences()


@pytest.mark.parametrize("n_steps", range(1, 8))
def test_one_whose_process_ends_is_gone_on_with_as_the_same_change(
    n_steps: int, cass: Actor, worked: None, imported: Change
) -> None:
    job = background.start(cass, imported.id)
    assert job is not None
    half = go_on(job, n_steps)
    done = go_on(job) if half.finished_at is None else half
    assert (done.state, there(), Group.get().n_members) == ("done", 0, 0)
    assert Change.select().where(Change.act == "change.undo").count() == 1
    assert done.result["restored"] == {"group_item": N, "customer": N} and done.result["kept"] == 0
    assert sealed.prove().broken == [] == membership.differences()
    back = undo.undo(cass, done.result["change"])
    assert (there(), back.refused) == (N, [])


def test_a_small_undo_and_one_that_nobody_would_work_on_are_done_at_once(
    cass: Actor, large: None, imported: Change, new_customer: New
) -> None:
    assert background.start(cass, imported.id) is None
    lease.seen("somebody")
    new_customer("Ann")
    assert background.start(cass, Change.select().order_by(Change.id.desc()).get().id) is None
    assert background.start(cass, 999) is None and Job.select().count() == 0


def test_what_may_not_be_undone_is_refused_before_it_is_handed_over(
    cass: Actor, olive: Actor, sam: Actor, worked: None, imported: Change
) -> None:
    with pytest.raises(Missing):
        background.start(sam, imported.id)
    settings.set_guards(olive, "", is_marked=True)
    groups.edit(cass, Group.get().id, groups.Details("Vips", is_guarded=True))
    with pytest.raises(NeedsApproval):
        background.start(cass, imported.id)
    assert Job.select().count() == 0


def test_one_of_which_nothing_is_left_says_so(cass: Actor, worked: None, imported: Change) -> None:
    job = background.start(cass, imported.id)
    assert job is not None
    undo.undo(cass, imported.id)
    failed = go_on(job)
    assert (failed.state, failed.error) == ("failed", undo.ALREADY)


def test_the_page_leads_to_the_job_and_the_job_to_what_was_undone(
    browse: Browse, worked: None, imported: Change, cass: Actor
) -> None:
    browser = browse("cass")
    lease.seen("somebody")
    page = browser.get(f"/changes/{imported.id}")
    page = browser.submit(page.form(f"/changes/{imported.id}/undo"))
    assert (page.response.request.path, page.rows()[0][:2]) == (
        "/jobs", ["Undo of a change", "Waiting It waits for its turn."]
    )  # fmt: skip
    go_on(Job.get())
    page = browser.get("/jobs")
    assert page.rows()[0][:2] == ["Undo of a change", "Done Undone: 6 customers, 6 items."]
    undone = Change.get(Change.act == "change.undo").id
    assert f"/changes/{undone}/undone" in page.links
    assert "Undone: 6 customers, 6 items." in browser.get(f"/changes/{undone}/undone").words
