"""Signing in and out, and where one arrives."""

from collections.abc import Callable
from urllib.parse import urljoin, urlsplit

import pytest
from flask import Flask

from portal import clock
from portal.models import SignInFailure, User, UserSession
from portal.permissions import Grant, Role
from portal.services import sessions, users
from portal.web.users import local
from tests.conftest import PASSWORD, Person
from tests.page import Browser

Browse = Callable[[str], Browser]
WRONG = "E-mail address or password is wrong."
TOO_MANY = "Too many tries for this address. Wait 15 minutes and try again."


def test_who_is_not_signed_in_is_asked_to_and_arrives_where_she_wanted_to_go(
    visitor: Browser, people: dict[str, Person]
) -> None:
    asked = visitor.get("/customers?q=ann&sort=-name")
    assert (asked.status, asked.h1, asked.form("/sign-in").value("next")) == (
        401,
        "Sign in",
        "/customers?q=ann&sort=-name",
    )
    wrong = visitor.submit(asked.form("/sign-in"), email="cass@store.example", password="not it")
    assert (wrong.status, wrong.form("/sign-in").value("email")) == (422, "cass@store.example")
    assert WRONG in wrong.problems[0] and wrong.form("/sign-in").value("password") == ""
    there = visitor.submit(wrong.form("/sign-in"), email="cass@store.example", password=PASSWORD)
    assert (there.status, there.h1, there.response.request.full_path) == (
        200,
        "Customers",
        "/customers?q=ann&sort=-name",
    )


def test_a_form_without_values_says_what_is_missing(visitor: Browser, people: dict[str, Person]) -> None:
    page = visitor.submit(visitor.get("/sign-in").form("/sign-in"))
    assert page.status == 422
    said = [("E-mail address", "Type your e-mail address."), ("Password", "Type your password.")]
    assert page.problems == [sentence for _, sentence in said] + [f"{label}: {sentence}" for label, sentence in said]


def test_signing_out_ends_the_session_on_the_server_and_clears_the_browser(browse: Browse) -> None:
    browser = browse("cass")
    cookie = next(iter(browser.client._cookies.values()))
    home = browser.get("/")
    gone = browser.submit(home.form("/sign-out"), follow=False)
    assert (gone.status, gone.headers["Location"], gone.headers["Clear-Site-Data"]) == (303, "/sign-in", '"cache"')
    assert browser.get("/customers").status == 401
    browser.client._cookies[cookie._storage_key] = cookie  # a copy of the old cookie opens nothing either
    assert browser.get("/customers").status == 401
    assert UserSession.select().where(UserSession.ended_at.is_null()).count() == 0


def test_the_cookie_holds_no_name_and_scripts_cannot_read_it(visitor: Browser, people: dict[str, Person]) -> None:
    form = visitor.get("/sign-in").form("/sign-in")
    answer = visitor.submit(form, email="cass@store.example", password=PASSWORD, follow=False)
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("coterie=") and cookie.endswith("; HttpOnly; Path=/; SameSite=Lax")
    assert "cass" not in cookie.lower()


def test_a_signed_in_person_is_not_asked_again(browse: Browse) -> None:
    assert browse("cass").get("/sign-in").headers["Location"] == "/"


@pytest.mark.parametrize("act", ["password", "deactivation", "session"])
def test_rights_taken_are_gone_at_the_next_request(act: str, browse: Browse, people: dict[str, Person]) -> None:
    browser, olive, cass = browse("cass"), people["olive"].actor, people["cass"]
    assert browser.get("/groups/new").status == 200
    if act == "password":
        users.set_password(olive, cass.user.id, "marble kettle giraffe 7")
    elif act == "deactivation":
        users.deactivate(olive, cass.user.id)
    else:
        sessions.sign_out(cass.actor, UserSession.get().id)
    assert browser.get("/groups/new").status == 401
    assert browser.part("/groups", "list").headers["HX-Redirect"] == "/sign-in"


def test_a_role_taken_away_is_gone_at_the_next_request(browse: Browse, people: dict[str, Person]) -> None:
    browser = browse("cass")
    form = browser.get("/groups/new").form("/groups/new")
    users.revoke(people["olive"].actor, people["cass"].user.id, Grant(Role.CSCC_MANAGER))
    assert browser.submit(form, "Save", name="Vips").status == 403
    assert browser.get("/customers").status == 403
    users.grant(people["olive"].actor, people["cass"].user.id, Grant(Role.ANALYST))
    assert browser.get("/customers").status == 200


@pytest.mark.parametrize("email", ["cass@store.example", "nobody@store.example"])
def test_after_ten_tries_the_account_waits_and_others_do_not(
    email: str, visitor: Browser, people: dict[str, Person]
) -> None:
    for _ in range(10):
        page = visitor.submit(visitor.get("/sign-in").form("/sign-in"), email=email, password="wrong")
        assert (page.status, page.problems[0]) == (422, WRONG)
    right = visitor.submit(visitor.get("/sign-in").form("/sign-in"), email=email, password=PASSWORD)
    assert (right.status, right.problems[0]) == (422, TOO_MANY)
    assert SignInFailure.select().count() == 20  # of the account, and of the address
    other = visitor.submit(visitor.get("/sign-in").form("/sign-in"), email="pat@store.example", password=PASSWORD)
    assert (other.status, other.h1) == (200, "Start")


def test_changing_the_password_ends_every_session_and_the_new_one_opens(browse: Browse, app: Flask) -> None:
    here, there = browse("cass"), browse("cass")
    form = here.get("/account").form("/account/password")
    wrong = here.submit(form, current="not it", password="marble kettle giraffe 7")
    assert (wrong.status, wrong.problems[0]) == (422, "This is not your present password.")
    weak = here.submit(wrong.form("/account/password"), current=PASSWORD, password="password12")
    assert (weak.status, weak.problems[0]) == (422, "This password is easy to guess. Use a few unrelated words.")
    done = here.submit(weak.form("/account/password"), current=PASSWORD, password="marble kettle giraffe 7")
    assert (done.status, done.h1) == (200, "Sign in")
    assert "Your password was changed and all sessions ended." in done.main
    assert (here.get("/").status, there.get("/").status) == (401, 401)
    assert Browser(app).sign_in("cass@store.example", "marble kettle giraffe 7").get("/").status == 200


def test_another_session_of_ones_own_can_be_ended_and_nobody_elses(browse: Browse, people: dict[str, Person]) -> None:
    here, there, pat = browse("cass"), browse("cass"), browse("pat")
    page = here.get("/account")
    (end,) = [form for form in page.forms if form.action.endswith("/end")]
    assert here.submit(end).toasts == ["That session has ended."]
    assert (there.get("/").status, here.get("/").status, pat.get("/").status) == (401, 200, 200)
    foreign = UserSession.get(UserSession.user == people["pat"].user).id
    assert here.post(f"/account/sessions/{foreign}/end").status == 404
    assert pat.get("/").status == 200


def test_the_chosen_language_is_kept_and_the_browsers_counts_until_then(browse: Browse) -> None:
    browser = browse("cass")
    page = browser.submit(browser.get("/account").form("/account/language"), language="pt")
    assert page.all("html")[0].get("lang") == "pt"
    assert User.get(User.name == "Cass").language == "pt"
    assert browse("pat").get("/", headers={"Accept-Language": "es, en;q=0.5"}).all("html")[0].get("lang") == "es"
    assert browser.post("/account/language", {"language": "xx"}).status == 422


def test_a_person_without_a_role_sees_her_account_and_can_leave(browse: Browse) -> None:
    browser = browse("nadia")
    home = browser.get("/")
    assert (home.status, home.h1, browser.get("/customers").status) == (200, "Start", 403)
    assert browser.submit(home.form("/sign-out")).h1 == "Sign in"


# ---- CSRF ----


@pytest.mark.parametrize("token", ["", "x", "IjEi.aaaa.bbbb"])
def test_a_post_without_the_sessions_token_is_refused(token: str, browse: Browse, people: dict[str, Person]) -> None:
    """Behaviour B040."""
    browser = browse("cass")
    for path in ("/groups/new", "/customers/new", "/imports/new", "/sign-out"):
        assert browser.post(path, {"name": "Vips", "code": "A1"}, token=token).status == 400
    assert browser.get("/groups/new").status == 200


def test_a_token_of_another_session_does_not_work(browse: Browse) -> None:
    cass, pat = browse("cass"), browse("pat")
    pat.get("/")
    assert cass.post("/groups/new", {"name": "Vips"}, token=pat.token()).status == 400


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_post_that_a_browser_says_comes_from_elsewhere_is_refused(site: str, browse: Browse) -> None:
    browser = browse("cass")
    browser.get("/")
    data = {"name": "Vips", "csrf_token": browser.token()}
    assert browser.client.post("/groups/new", data=data, headers={"Sec-Fetch-Site": site}).status_code == 403
    assert browser.client.post("/groups/new", data=data, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 303


def test_a_strangers_body_is_never_read(app: Flask, people: dict[str, Person]) -> None:
    """Who is not signed in is turned away before her form is parsed (reliability.md, promise 6)."""

    class Trap:
        def read(self, *args: object) -> bytes:
            raise AssertionError("the body was read")

        readline = readlines = read

    for kind in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        response = app.test_client().post(
            "/imports/new", content_type=kind, environ_overrides={"wsgi.input": Trap(), "CONTENT_LENGTH": "100"}
        )
        assert response.status_code == 401


def test_a_host_name_that_is_not_ours_is_refused(app: Flask, people: dict[str, Person]) -> None:
    assert app.test_client().get("/sign-in", headers={"Host": "evil.example"}).status_code == 400


# ---- next=… stays here (reliability.md, promise 14) ----

HOSTILE = [
    "http://evil.example", "https://evil.example/", "//evil.example", "///evil.example", "////evil.example",
    "/\\evil.example",
    "\\\\evil.example", "\\/evil.example", "/\t/evil.example", "/\n/evil.example", "/\r/evil.example",
    "\t//evil.example",
    " //evil.example", "/ /evil.example", "/\x00/evil.example", "/\x0b/evil.example", "/\x0c/evil.example",
    "/\x7f/evil.example",
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "vbscript:x", "evil.example",
    "@evil.example", "evil.example/",
    "https:evil.example", "https:/evil.example", "http:///evil.example", "https://localhost@evil.example",
    "//localhost@evil.example",
    "https://evil.example#/", "?//evil.example", "#//evil.example", "/\\/evil.example", "/\\\\evil.example",
    "//\\evil.example",
    "/%09/evil.example\n", "/x\r\nSet-Cookie: a=b", "/x\nLocation: //evil.example", "\x01//evil.example",
    "\u3000//evil.example",
    "/" + "a" * 2_000, "[", "//[", "http://[", "/\\[", "..//evil.example", "./evil.example",
    "/\u2028/evil.example\\", "",
]  # fmt: skip
GOOD = [
    "/", "/customers", "/customers?q=a%20b&sort=-name", "/groups/vips?after=C1#x", "/a//evil.example",
    "/.//evil.example", "/..//evil.example",
    "/%5cevil.example", "/%2f/evil.example", "/@evil.example", "/:80/evil", "/[", "/?next=//evil.example",
    "/ç/李", "/%", "/%zz", "/%E2%80",
    "/\u2028/evil.example", "/\u00a0/evil.example", "/!", "/" + "a" * 1_999,
]  # fmt: skip


@pytest.mark.parametrize("target", HOSTILE, ids=lambda text: repr(text[:30]))
def test_an_address_that_leads_away_is_forgotten(target: str, visitor: Browser, people: dict[str, Person]) -> None:
    assert local(target) == ""
    form = visitor.get("/sign-in").form("/sign-in")
    there = visitor.submit(form, email="cass@store.example", password=PASSWORD, next=target, follow=False)
    expected = (400, None) if "\x00" in target else (303, "/")  # NUL is refused at the boundary, whoever sends it
    assert (there.status, there.headers.get("Location")) == expected


@pytest.mark.parametrize("target", GOOD, ids=ascii)
def test_an_address_of_the_portal_is_kept_and_stays_here(
    target: str, visitor: Browser, people: dict[str, Person]
) -> None:
    form = visitor.get("/sign-in").form("/sign-in")
    there = visitor.submit(form, email="cass@store.example", password=PASSWORD, next=target, follow=False)
    assert there.status == 303
    location = there.headers["Location"]
    # As browsers resolve it: backslashes are slashes to them, tabs and line breaks are nothing.
    for seen in (location, location.replace("\\", "/"), "".join(mark for mark in location if mark not in "\t\r\n")):
        assert urlsplit(urljoin("http://localhost/sign-in", seen)).netloc == "localhost"
    assert local(target) == target


def test_the_sign_in_page_never_carries_a_hostile_address(visitor: Browser, people: dict[str, Person]) -> None:
    page = visitor.get("/sign-in?next=//evil.example")
    assert page.form("/sign-in").value("next") == "" and "evil" not in page.html


@pytest.mark.parametrize(
    ("came_from", "target"),
    [
        ("http://localhost/customers?q=a#top", "/customers?q=a"), ("http://localhost/", "/"), ("", ""),
        ("http://localhost/sign-in?next=/x", ""), ("http://localhost/setup", ""), ("http://localhost/no-such", ""),
        ("http://localhost/account/language", ""),  # takes a post only
        ("http://evil.example/customers", ""), ("http://localhost:81/customers", ""), ("/customers", ""),
        ("http://localhost//evil.example", ""), ("http://localhost/\\evil.example", ""), ("http://[", ""),
    ],
)  # fmt: skip
def test_a_search_whose_session_ended_goes_on_at_the_page_it_was_on(
    came_from: str, target: str, visitor: Browser, people: dict[str, Person]
) -> None:
    page = visitor.get("/sign-in", headers={"Referer": came_from})
    assert page.form("/sign-in").value("next") == target
    asked = visitor.get("/sign-in?next=/groups", headers={"Referer": came_from})
    assert asked.form("/sign-in").value("next") == "/groups"


def test_a_wrong_or_empty_form_forgets_neither_target_nor_address(
    visitor: Browser, people: dict[str, Person]
) -> None:
    page = visitor.get("/customers?q=a")
    for typed in ({}, {"email": "cass@store.example", "password": "wrong"}, {"email": "cass@store.example"}):
        page = visitor.submit(page.form("/sign-in"), **typed)
        assert (page.status, page.form("/sign-in").value("next")) == (422, "/customers?q=a")


def test_a_token_from_before_signing_in_is_no_good_after_it(app: Flask, people: dict[str, Person]) -> None:
    """Whoever prepared the browser knows that token."""
    browser = Browser(app)
    token = browser.get("/sign-in").form("/sign-in").value("csrf_token")
    browser.sign_in("cass@store.example", PASSWORD)
    assert browser.post("/groups/new", {"name": "Vips"}, token=token).status == 400
    assert browser.post("/groups/new", {"name": "Vips"}).status == 303


def test_a_session_knows_the_browser_it_was_opened_from(app: Flask, people: dict[str, Person]) -> None:
    browser = Browser(app)
    browser.client.environ_base["HTTP_USER_AGENT"] = "Firefox on Linux"
    browser.sign_in("cass@store.example", PASSWORD)
    plain = Browser(app)
    del plain.client.environ_base["HTTP_USER_AGENT"]
    plain.sign_in("pat@store.example", PASSWORD)
    assert [row.agent for row in UserSession.select().order_by(UserSession.id)] == ["Firefox on Linux", ""]


def test_a_browser_that_was_left_open_has_ten_guesses_at_the_password(
    browse: Browse, people: dict[str, Person]
) -> None:
    browser = browse("cass")
    page = browser.get("/account")
    for n in range(11):
        page = browser.submit(page.form("/account/password"), current=f"guess {n}", password="marble kettle giraffe 7")
        wrong = "This is not your present password." if n < 10 else TOO_MANY
        assert page.status == 422 and wrong in page.main
    done = browser.submit(page.form("/account/password"), current=PASSWORD, password="marble kettle giraffe 7")
    assert done.status == 422 and TOO_MANY in done.main


def test_a_script_may_sign_in_with_address_and_password_alone(visitor: Browser, people: dict[str, Person]) -> None:
    page = visitor.get("/sign-in")
    assert "What you typed is kept." not in page.main
    there = visitor.post("/sign-in", {"email": "cass@store.example", "password": PASSWORD})
    assert (there.status, there.headers["Location"]) == (303, "/")


def test_what_somebody_else_typed_leads_nobody_anywhere(browse: Browse) -> None:
    cass = browse("cass")
    form = cass.get("/customers/new").form("/customers/new")
    UserSession.update(ended_at=clock.now()).execute()
    asked = cass.submit(form, name="Ann", code="A1").form("/sign-in")
    there = cass.submit(asked, email="pat@store.example", password=PASSWORD, next="/groups", follow=False)
    assert (there.status, there.headers["Location"]) == (303, "/")
    (toast,) = [part for part in cass.get("/").all("div") if "toast" in (part.get("class") or "").split()]
    assert toast.get("data-sticky") is not None


def test_who_comes_back_to_what_she_typed_is_signed_in_there(browse: Browse) -> None:
    cass = browse("cass")
    form = cass.get("/customers/new").form("/customers/new")
    UserSession.update(ended_at=clock.now()).execute()
    asked = cass.submit(form, name="Ann", code="A1").form("/sign-in")
    page = cass.submit(asked, email="cass@store.example", password=PASSWORD)
    assert page.h1 == "What you typed is still here" and page.form("/sign-out").method == "post"


def test_signing_in_inside_a_fragment_draws_the_whole_page_anew(browse: Browse) -> None:
    """Its body has other attributes than that of the page the fragment was asked from."""
    part = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "section#list"}
    cass = browse("cass")
    form = cass.get("/customers/new").form("/customers/new")
    UserSession.update(ended_at=clock.now()).execute()
    asked = cass.submit(form, name="Ann", code="A1").form("/sign-in")
    said = dict(asked.fields()) | {"email": "cass@store.example", "password": PASSWORD}
    for answer in (
        cass.client.get("/sign-in", headers=part), cass.client.post("/sign-in", data=said, headers=part)
    ):  # fmt: skip
        assert (answer.headers["HX-Retarget"], answer.headers["HX-Reswap"]) == ("body", "outerMorph")
        assert "<!doctype html>" in answer.text.lower()


def test_wrong_tries_are_counted_where_they_come_from(app: Flask, people: dict[str, Person]) -> None:
    for name, address in (("cass", "203.0.113.9"), ("pat", "198.51.100.7")):
        browser = Browser(app)
        browser.client.environ_base["REMOTE_ADDR"] = address
        form = browser.get("/sign-in").form("/sign-in")
        assert browser.submit(form, email=f"{name}@store.example", password="wrong").status == 422
    assert len({row.key for row in SignInFailure.select()}) == 4  # two accounts, two addresses


def test_a_secret_key_is_changed_without_signing_anybody_out(
    browse: Browse, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    cass, sam = browse("cass"), browse("sam")
    old = app.config["SECRET_KEY"]
    monkeypatch.setitem(app.config, "SECRET_KEY", "n" * 40)
    assert cass.get("/").status == 401
    monkeypatch.setitem(app.config, "SECRET_KEY_FALLBACKS", [old])
    assert sam.get("/").status == 200
