"""Jobs in the terminal: `portal job list`, `portal worker`, `portal serve` with and without workers."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from portal import config
from portal.models import Customer, Import, Job, User
from portal.permissions import Door
from portal.queries import jobs as find
from portal.queries import users as find_users
from portal.services import imports, jobs
from portal.services.imports import background
from portal.services.jobs import lease
from tests.ports import free_port

SECONDS = 60  # that a busy machine may take


@pytest.fixture(autouse=True)
def unwoken(store: Path) -> None:
    """Wake nobody from here: whoever works looks when it begins."""
    jobs.wakes(None)


def cass() -> Any:
    return find_users.actor_of(User.get(User.name == "Cass"), Door.IMPORT)


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@contextmanager
def started(place: Path, *words: str) -> Iterator["subprocess.Popen[str]"]:
    """Run a command of the portal in a process of its own, and end it as systemd does."""
    said = {"PORTAL_DATABASE": config.current().database, "PORTAL_SECRET_KEY": "s" * 40}
    environ = {name: text for name, text in os.environ.items() if not name.startswith("PORTAL_")} | said
    process = subprocess.Popen(
        [sys.executable, "-m", "portal.cli", *words], cwd=place, env=environ, stdout=subprocess.PIPE, text=True,
        stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) == 0, process.communicate()
        process.communicate()


def test_jobs_are_listed_for_people_and_programs(portal: Any, store: Path) -> None:
    one = jobs.enqueue(cass(), "import.run", {"import": 7}, subject="import:7")
    held = lease.claim(one.id, "me")
    assert held is not None
    with lease.step(held) as job:
        job.n_done, job.n_all = 3, 9
    lease.fail(held, "“%(name)s” is archived.", {"name": "Vips"})
    (told,) = json.loads(portal("job", "list", "--json").stdout)
    told = {name: value for name, value in told.items() if not name.endswith("_at")}
    assert told == {
        "id": one.id, "kind": "import.run", "about": "import:7", "state": "failed", "done": 3, "all": 9,
        "by": "cass@x.example", "attempts": 1, "error": "“Vips” is archived.", "result": {},
    }  # fmt: skip
    cells = portal("job", "list", "--as", "cass@x.example").stdout.rstrip("\n").split("\t")
    assert (cells[:5], cells[6]) == (
        [str(one.id), "Import of a file", "Failed", "3/9", "Cass"], "“Vips” is archived."
    )  # fmt: skip
    assert json.loads(portal("job", "list", "--json", "--as", "pat@x.example").stdout) == []


def test_a_worker_does_what_waits_and_stops_when_asked(store: Path, place: Path) -> None:
    path = place / "people.csv"
    path.write_text("code,name\n" + "".join(f"K{n},Name {n}\n" for n in range(50)))
    imported = imports.check(cass(), path, path.name)
    job = jobs.enqueue(cass(), "import.run", {"import": imported.id}, key=imports.key(imported.id))
    with started(place, "worker"):
        until(find.is_worked_on)
        until(lambda: Job.get_by_id(job.id).finished_at is not None)
    assert (Job.get_by_id(job.id).state, Customer.select().count()) == ("done", 50)
    assert find.is_worked_on() is False


def test_a_worker_without_a_database_says_what_to_do(
    portal: Any, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORTAL_DATABASE", "sqlite:///none.db")
    result = portal("worker")
    assert (result.exit_code, result.stderr) == (1, "The database is not ready: run “portal migrate” first.\n")


def test_serving_works_on_jobs_unless_told_not_to(store: Path, place: Path) -> None:
    for words, is_worked_on in (((), True), (("--no-jobs",), False)):
        port = free_port()
        with started(place, "serve", "--port", str(port), *words):
            until(lambda port=port: answers(port))
            if is_worked_on:
                until(find.is_worked_on)
            assert find.is_worked_on() is is_worked_on
        assert find.is_worked_on() is False


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/static/mark.svg", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def test_an_import_of_the_terminal_is_written_at_once(portal: Any, store: Path, place: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(background, "LARGE", 1)
    lease.seen("somebody")
    (place / "people.csv").write_text("code,name\nK1,One\nK2,Two\n")
    assert portal("customer", "import", "people.csv", "--as", "cass@x.example").exit_code == 0
    assert (Import.get().state, Job.select().count()) == ("done", 0)
