"""The first start: a one-time code makes the owner."""

from pathlib import Path

from flask import Flask

from portal.models import User, UserRole
from portal.services import users
from tests.conftest import Database
from tests.page import Browser

GOOD = {"name": "Olive", "email": "olive@store.example", "password": "marble kettle giraffe 7"}


def test_before_set_up_every_page_leads_to_it(visitor: Browser, database: Database) -> None:
    for path in ("/", "/customers", "/sign-in", "/groups/new"):
        page = visitor.get(path)
        assert (page.status, page.headers["Location"]) == (302, "/setup")
    assert visitor.get("/setup").h1 == "Set up"


def test_the_code_of_the_terminal_makes_the_owner_and_signs_her_in(visitor: Browser, app: Flask) -> None:
    form = visitor.get("/setup").form("/setup")
    code = users.setup_code(Path(app.instance_path))
    wrong = visitor.submit(form, code="00000000x", **GOOD)
    assert (wrong.status, wrong.problems[0]) == (422, "This is not the code that the terminal shows.")
    assert {name: wrong.form("/setup").value(name) for name in ("name", "email", "password")} == GOOD | {"password": ""}
    home = visitor.submit(wrong.form("/setup"), code=code, is_manager="y", **GOOD)
    assert (home.status, home.h1) == (200, "Start")
    assert "Olive" in home.words and "Owner, CSCC Manager" in home.words
    assert [row.role for row in UserRole.select().order_by(UserRole.id)] == ["owner", "cscc_manager"]
    assert "/groups/new" in home.links


def test_an_owner_who_is_no_manager_is_shown_no_way_to_create_groups(visitor: Browser, app: Flask) -> None:
    form = visitor.get("/setup").form("/setup")
    home = visitor.submit(form, code=users.setup_code(Path(app.instance_path)), **GOOD)
    assert [row.role for row in UserRole.select()] == ["owner"]
    assert "/groups/new" not in home.links and visitor.get("/groups/new").status == 403


def test_after_set_up_the_page_is_closed(visitor: Browser, app: Flask, database: Database) -> None:
    form = visitor.get("/setup").form("/setup")
    code = users.setup_code(Path(app.instance_path))
    visitor.submit(form, code=code, **GOOD)
    stranger = Browser(app)
    assert stranger.get("/setup").headers["Location"] == "/sign-in"
    again = stranger.post("/setup", {"code": code, **GOOD, "email": "second@store.example"})
    assert again.status == 403
    assert [user.email for user in User.select()] == ["olive@store.example"]


def test_guessing_the_code_is_slow(visitor: Browser, app: Flask, database: Database) -> None:
    form = visitor.get("/setup").form("/setup")
    statuses = [visitor.submit(form, code=f"{n:08}", **GOOD).status for n in range(22)]
    assert statuses == [422] * 20 + [429] * 2
    assert User.select().count() == 0
