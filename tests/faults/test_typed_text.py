"""A session that ends, a portal that is busy, a page from before: what was typed is not lost (promise 15)."""

from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

import peewee
import pytest
from flask import Flask

from portal import clock, kept
from portal.errors import Busy
from portal.models import Customer, Shop, UserSession
from portal.services import customers, groups, shops
from tests.conftest import PASSWORD, Database
from tests.page import Browser, Page

Browse = Callable[[str], Browser]
New = Callable[..., Any]
ODD = 'Ann "quoted" <b>bold</b> & \r\nline'


def expire() -> None:
    """Let every session end, as twelve hours do."""
    UserSession.update(seen_at=clock.ago(hours=13)).execute()


def end_all() -> None:
    UserSession.update(ended_at=clock.now()).execute()


def signed_in_again(browser: Browser, page: Page, name: str = "cass") -> Page:
    assert (page.status, page.h1) == (401, "Sign in")
    assert "What you typed is kept." in page.main
    return browser.submit(page.form("/sign-in"), email=f"{name}@store.example", password=PASSWORD)


@pytest.mark.parametrize("how", [expire, end_all])
def test_a_form_sent_after_the_session_ended_is_stored_by_one_press(how: Callable[[], None], browse: Browse) -> None:
    cass = browse("cass")
    form = cass.get("/customers/new").form("/customers/new")
    how()
    page = cass.submit(form, name="Ann", email="ann@store.example", address=ODD)
    assert Customer.select().count() == 0
    wrong = cass.submit(page.form("/sign-in"), email="cass@store.example", password="not it")
    assert wrong.status == 422 and wrong.form("/sign-in").value("typed")
    page = signed_in_again(cass, page)
    assert (page.status, page.h1) == (200, "What you typed is still here")
    assert {"Ann", "ann@store.example"} <= {" ".join("".join(part.itertext()).split()) for part in page.all("dd")}
    page = cass.submit(page.form("/customers/new"))
    assert (page.status, page.h1) == (200, "Ann")
    stored = Customer.get()
    assert (stored.email, stored.address) == ("ann@store.example", ODD.replace("\r\n", "\n"))


def test_after_signing_out_in_another_tab_the_text_of_this_one_is_kept(browse: Browse) -> None:
    cass = browse("cass")
    form = cass.get("/customers/new").form("/customers/new")
    cass.submit(cass.get("/").form("/sign-out"))
    cass.client.environ_base["HTTP_SEC_FETCH_SITE"] = "same-origin"
    page = signed_in_again(cass, cass.submit(form, name="Ann", code="A1"))
    cass.submit(page.form("/customers/new"))
    assert [row.name for row in Customer.select()] == ["Ann"]


def test_a_page_from_before_signing_in_anew_keeps_its_text(browse: Browse) -> None:
    """Signed out and in again in another tab: the token of this tab's form is an old one."""
    cass = browse("cass")
    form = cass.get("/customers/new").form("/customers/new")
    cass.submit(cass.get("/").form("/sign-out"))
    cass.sign_in("cass@store.example", PASSWORD)
    cass.client.environ_base["HTTP_SEC_FETCH_SITE"] = "same-origin"
    page = cass.submit(form, name="Ann", code="A1")
    assert page.status == 400 and "This page was drawn before you signed in anew." in page.main
    assert Customer.select().count() == 0
    assert cass.submit(page.form("/customers/new")).h1 == "Ann"


def test_a_look_for_an_item_from_a_fragment_brings_the_whole_page(browse: Browse) -> None:
    cass = browse("cass")
    form = cass.get("/groups/new").form("/groups/new")
    token, once = form.value("csrf_token"), form.value("once")
    expire()
    data = {"csrf_token": token, "once": once, "name": "Vips", "find": "ann", "do": "find"}
    headers = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "fieldset#items"}
    response = cass.client.post("/groups/new", data=data, headers=headers)
    assert (response.status_code, response.headers["HX-Retarget"]) == (401, "body")
    page = signed_in_again(cass, Page(cass.app, response, "POST /groups/new"))
    page = cass.submit(page.form("/groups/new"))
    assert (page.form("/groups/new").value("name"), page.form("/groups/new").value("find")) == ("Vips", "ann")


def test_somebody_else_who_signs_in_neither_sees_nor_stores_it(browse: Browse) -> None:
    cass = browse("cass")
    form = cass.get("/customers/new").form("/customers/new")
    expire()
    page = signed_in_again(cass, cass.submit(form, name="Secret Ann", code="A1"), "pat")
    assert (page.status, page.h1) == (200, "Start")
    assert page.toasts == ["Somebody else had typed something here. It was dropped; nothing of it was stored."]
    assert "Secret Ann" not in page.html and Customer.select().count() == 0


@pytest.mark.parametrize("change", ["x", "payload", "empty"])
def test_text_that_was_not_sealed_here_is_not_shown(change: str, browse: Browse) -> None:
    cass = browse("cass")
    form = cass.get("/customers/new").form("/customers/new")
    expire()
    sealed = cass.submit(form, name="Ann", code="A1").form("/sign-in").value("typed")
    typed = {"x": "x" * 500, "payload": "A" + sealed[1:], "empty": ""}[change]
    page = cass.submit(
        cass.get("/sign-in").form("/sign-in"), email="cass@store.example", password=PASSWORD, drawn={"typed": typed}
    )
    assert page.h1 == "Start"


@pytest.mark.parametrize("said", [{"form": "as it was"}, ["a", "list"], "a word", 7, None, {"pairs": [1], "user": 1}])
def test_text_that_an_earlier_release_sealed_otherwise_is_dropped(said: Any, browse: Browse) -> None:
    cass = browse("cass")
    expire()
    with cass.app.app_context():
        typed = str(kept._seal().dumps(said))
    page = cass.submit(
        cass.get("/sign-in").form("/sign-in"), email="cass@store.example", password=PASSWORD, drawn={"typed": typed}
    )
    assert (page.status, page.h1) == (200, "Start")


def test_nothing_is_carried_for_strangers_and_never_a_password_or_too_much(
    browse: Browse, app: Flask, visitor: Browser, people: Any
) -> None:
    data = {"name": "Evil", "code": "E1"}
    assert "Evil" not in visitor.client.post("/customers/new", data=data).text
    cass = browse("cass")
    form = cass.get("/customers/new").form("/customers/new")
    account = cass.get("/account").form("/account/password")
    expire()
    # Another site's page in her browser: no token, and the browser says where it comes from.
    evil = cass.client.post("/customers/new", data=data, headers={"Sec-Fetch-Site": "cross-site"})
    assert (evil.status_code, 'name="typed"' in evil.text) == (401, False)
    assert 'name="typed"' not in cass.client.post("/customers/new", data=data).text
    page = cass.submit(account, current=PASSWORD, password="marble kettle giraffe 7")
    assert page.status == 401 and "typed" not in page.form("/sign-in").names()
    page = cass.submit(form, name="Ann", address="x" * kept.MOST)
    assert page.status == 401 and "typed" not in page.form("/sign-in").names()
    page = cass.submit(form, name="Ann", address="x" * (kept.MOST - 1_000))
    assert signed_in_again(cass, page).status == 200


@contextmanager
def _fails(error: Exception) -> Any:
    raise error
    yield


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (Busy(), 503, "The portal is busy just now."),
        (peewee.OperationalError("database or disk is full"), 507, "The disk is full"),
        (peewee.OperationalError("unable to open database file"), 503, "The portal is busy"),
        (RuntimeError("a fault of ours"), 500, "Something went wrong here"),
    ],
    ids=["busy", "full", "away", "fault"],
)
@pytest.mark.parametrize("path", ["/customers/new", "/groups/new", "/settings/shops", "/customers/A1/reveal"])
def test_a_write_that_failed_keeps_the_text_and_is_done_by_pressing_again(
    path: str, error: Exception, status: int, words: str, browse: Browse, new_customer: New, s1: Shop,
    monkeypatch: pytest.MonkeyPatch, database: Database,
) -> None:  # fmt: skip
    new_customer("Ann", s1, code="A1", id_number="1199080012345678")
    who, page, typed = {
        "/customers/new": ("cass", "/customers/new", {"name": "Typed Name", "code": "T9"}),
        "/groups/new": ("cass", "/groups/new", {"name": "Typed Name"}),
        "/settings/shops": ("olive", "/settings/shops/new", {"code": "T9", "name": "Typed Name"}),
        "/customers/A1/reveal": ("sam", "/customers/A1", {"reason": "Typed Name"}),
    }[path]
    browser = browse(who)
    form = browser.get(page).form(path)
    before = database.checksum()
    with monkeypatch.context() as broken:
        for service in (customers, groups, shops):
            broken.setattr(service, "record", lambda *args, **kwargs: _fails(error))
        response = browser.client.post(path, data=dict(form.fields()) | typed)
    assert response.status_code == status and words in response.text
    if status == 503:
        assert response.headers["Retry-After"] == "2"
    assert database.checksum() == before
    again = _page(browser, response).form(path)
    assert "Typed Name" in [value for _, value in again.fields()]
    done = browser.submit(again, "Save" if "Save" in again.buttons() else None, follow=False)
    assert done.status == 303
    assert database.checksum() != before


def _page(browser: Browser, response: Any) -> Page:
    response.status_code = 503 if response.status_code >= 500 else response.status_code  # Page takes no other fault
    return Page(browser.app, response, "again")


def test_an_error_page_keeps_nothing_that_came_from_elsewhere(browse: Browse, monkeypatch: pytest.MonkeyPatch) -> None:
    cass = browse("cass")
    cass.get("/")
    monkeypatch.setattr(customers, "record", lambda *args, **kwargs: _fails(Busy()))
    for headers in ({}, {"Sec-Fetch-Site": "none"}):
        response = cass.client.post("/customers/new", data={"name": "Evil", "csrf_token": "x"}, headers=headers)
        assert response.status_code == 400 and "Evil" not in response.text
