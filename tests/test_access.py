"""The door in: what is asked of every request before its view is called."""

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO

import pytest
import time_machine
from flask import Flask, g

from portal import access, clock
from portal.errors import Denied
from portal.models import Change, Customer, UserSession
from portal.permissions import Action, Actor, Door
from tests.conftest import Person
from tests.page import Browser
from tests.web.test_imports import checked

Browse = Callable[[str], Browser]


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_a_link_on_another_site_opens_the_page(method: str, browse: Browse) -> None:
    """From a web mailer, say: only what writes must come from here."""
    said = browse("cass").client.open("/customers", method=method, headers={"Sec-Fetch-Site": "cross-site"})
    assert said.status_code == 200


@pytest.mark.parametrize(("site", "status"), [("none", 303), ("same-origin", 303), ("", 403), ("cross-site", 403)])
def test_a_post_comes_from_here_or_from_the_address_bar(site: str, status: int, browse: Browse) -> None:
    cass = browse("cass")
    data = {"csrf_token": cass.token(), "name": "Ann", "code": "A1"}
    assert cass.client.post("/customers/new", data=data, headers={"Sec-Fetch-Site": site}).status_code == status


@pytest.mark.parametrize(("number", "status"), [(2**31 - 1, 401), (2**31, 404), (2**64, 404)])
def test_only_a_number_that_an_id_may_be_is_asked_who_is_there(
    number: int, status: int, visitor: Browser, people: dict[str, Person]
) -> None:
    assert visitor.get(f"/imports/{number}").status == status


@pytest.mark.parametrize(
    "path", ["/customers/a%00", "/customers?q=%00", "/customers?q=a&q=%00b", "/customers?q%00=a", "/customers/a%00?q=b"]
)
def test_an_address_that_holds_nul_is_not_understood(path: str, browse: Browse) -> None:
    cass = browse("cass")
    assert cass.get(path).status == 400 and cass.get(path.replace("%00", "")).status in {200, 404}


def test_a_form_that_holds_nul_is_not_understood(browse: Browse) -> None:
    cass = browse("cass")
    # The second value of a field that may be said any often, a name, and a file's name.
    for data in ({"item": ["include:shop:S1", "\x00"]}, {"item": "include:shop:S1", "na\x00me": "Vips"}):
        page = cass.post("/groups/new", data)
        assert (page.status, "The field" in page.main) == (400, False)
    pairs = {"csrf_token": cass.token(), "file": (BytesIO(b"code\nA1\n"), "peo\x00ple.csv")}
    assert cass.client.post("/imports/new", data=pairs).status_code == 400


def test_a_field_that_is_none_of_the_form_is_refused(browse: Browse) -> None:
    assert browse("cass").post("/customers/new", {"name": "Ann", "code": "A1", "is_owner": "1"}).status == 400
    assert Customer.select().count() == 0


def test_a_browser_that_names_no_page_it_comes_from_is_served_through_https_too(browse: Browse) -> None:
    cass = browse("cass")
    data = {"csrf_token": cass.token(), "name": "Ann", "code": "A1"}
    assert cass.client.post("/customers/new", data=data, base_url="https://localhost").status_code == 303


def test_a_request_keeps_its_session_alive(browse: Browse) -> None:
    cass = browse("cass")
    UserSession.update(seen_at=clock.ago(minutes=5)).execute()
    cass.get("/")
    assert UserSession.get().seen_at > clock.ago(minutes=1)


@pytest.mark.parametrize("path", ["/customers", "/customers?q=aX", "/groups?sort=name&q=%3F"])
def test_the_sign_in_page_knows_where_a_stranger_wanted_to_go(
    path: str, visitor: Browser, people: dict[str, Person]
) -> None:
    assert visitor.get(path).form("/sign-in").value("next") == path
    sent = visitor.post("/groups/new", {"name": "Vips"})
    assert (sent.status, sent.form("/sign-in").value("next")) == (401, "")
    part = visitor.client.get(path, headers={"HX-Request": "true"})
    assert (part.status_code, part.data, part.headers["HX-Redirect"]) == (401, b"", "/sign-in")


def test_before_it_is_set_up_every_page_leads_to_the_set_up(visitor: Browser) -> None:
    for path in ("/customers", "/sign-in"):
        page = visitor.get(path)
        assert (page.status, page.headers["Location"]) == (302, "/setup")


def test_an_endpoint_that_names_no_action_is_refused_to_everybody(
    app: Flask, browse: Browse, visitor: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    cass = browse("cass")
    view = app.view_functions["customers.index"]
    monkeypatch.setitem(app.view_functions, "customers.index", lambda: view())
    assert (cass.get("/customers").status, visitor.get("/customers").status) == (403, 403)


def test_nobody_acts_where_nobody_is_signed_in(app: Flask, cass: Actor) -> None:
    with app.test_request_context("/"):
        with pytest.raises(Denied) as denied:
            access.actor()
        assert denied.value.action == "sign-in"
        assert access.can(Action.SEE_CUSTOMERS) is False
        g.actor = cass
        assert access.actor() is cass and access.importing() == cass.through(Door.IMPORT)
        assert (access.can("customer.see"), access.can(Action.EDIT_SHOP)) == (True, False)


def test_files_of_the_portal_are_for_everybody(visitor: Browser, people: dict[str, Person]) -> None:
    with visitor.client.get("/static/mark.svg") as picture:
        assert picture.status_code == 200
    assert visitor.get("/no-such-page").status == 404


def test_only_an_upload_may_be_large(app: Flask, browse: Browse) -> None:
    cass = browse("cass")
    large = "x" * (app.config["MAX_CONTENT_LENGTH"] + 1)
    assert cass.post("/customers/new", {"name": large}).status == 413
    pairs = {"csrf_token": cass.token(), "file": (BytesIO(f"code,note\nA1,{large}\n".encode()), "people.csv")}
    assert cass.client.post("/imports/new", data=pairs).status_code in {303, 422}


def test_a_form_that_lay_open_for_hours_is_still_good(browse: Browse) -> None:
    cass = browse("cass")
    form = cass.get("/customers/new").form("/customers/new")
    with time_machine.travel(clock.now() + timedelta(hours=3), tick=True):
        assert cass.submit(form, name="Ann", code="A1").status == 200
    assert Customer.select().count() == 1


def test_what_an_import_did_came_through_its_own_door(browse: Browse) -> None:
    cass = browse("cass")
    page = cass.get(checked(cass, "code,name\nA1,Ann\n"))
    cass.submit(page.form(f"{page.asked.removeprefix('GET ')}/run"))
    assert Change.get(Change.act == "import.run").door == "import"
