"""Requests that no page of the portal makes: refused in words at the boundary, and nothing trusted that they claim."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from portal.models import Customer, Group, UserSession
from portal.received import OF_THE_DOOR, fields_of
from tests.conftest import PASSWORD, Database, Person
from tests.page import Browser

Browse = Callable[[str], Browser]
New = Callable[..., Any]
FORMS = {
    "/customers/new": ("cass", "/customers/new"), "/customers/A1/edit": ("cass", "/customers/A1/edit"),
    "/groups/new": ("cass", "/groups/new"), "/groups/vips/edit": ("cass", "/groups/vips/edit"),
    "/groups/vips/items": ("cass", "/groups/vips/items"), "/groups/of/A1": ("cass", "/customers/A1"),
    "/groups/vips/members/remove": ("cass", "/groups/vips"), "/imports/new": ("cass", "/imports/new"),
    "/settings/shops": ("olive", "/settings/shops/new"), "/settings/shops/S1": ("olive", "/settings/shops/S1"),
    "/account/language": ("cass", "/account"), "/account/password": ("cass", "/account"),
    "/customers/A1/reveal": ("sam", "/customers/A1"), "/sign-out": ("cass", "/"),
    "/groups/vips/archive": ("cass", "/groups/vips/archive"),
}  # fmt: skip


@pytest.fixture
def store(new_customer: New, new_group: New, s1: Any) -> None:
    ann = new_customer("Ann", s1, code="A1", id_number="1199080012345678")
    new_group("Vips", [ann])
    new_group("Others")


def pairs_of(form: Any) -> list[tuple[str, str]]:
    return [(name, value) for name, value in form.fields() if name != "once"]


@pytest.mark.parametrize("action", FORMS)
def test_a_field_that_is_none_of_the_form_is_refused_by_its_name(
    action: str, browse: Browse, store: None, database: Database
) -> None:
    who, path = FORMS[action]
    browser = browse(who)
    form = browser.get(path).form(action, "post")
    before = database.checksum()
    for name in ("is_owner", "_method", "id", "name__like", "new_customers-x-name", "new_customers-1-password", "<b>"):
        data = dict(pairs_of(form)) | {name: "1"}
        page = browser.post(action, data, token=form.value("csrf_token"))
        assert (page.status, page.h1) == (400, "This request was not understood"), name
        assert f"The field “{name}” is none of this form." in page.main
    assert database.checksum() == before


@pytest.mark.parametrize("action", FORMS)
def test_a_value_that_is_said_twice_is_refused(action: str, browse: Browse, store: None, database: Database) -> None:
    who, path = FORMS[action]
    browser = browse(who)
    form = browser.get(path).form(action, "post")
    before = database.checksum()
    for name in sorted(form.names() - {"item", "box"}):
        data = {**dict(pairs_of(form)), name: ["a", "b"]}
        response = browser.client.post(action, data=data)
        assert response.status_code == 400, name
        if name not in {"csrf_token", "file"}:
            assert f"The field “{name}” was sent more than once." in response.text, name
    assert database.checksum() == before


def test_every_control_of_every_form_is_one_that_its_endpoint_reads(
    app: Flask, browse: Browse, store: None, visitor: Browser, people: Any
) -> None:
    """Else a person would be refused for what the page itself drew."""
    seen: dict[str, set[str]] = {}
    pages = [(browse(who).get(path)) for who, path in set(FORMS.values())]
    pages += [visitor.get("/sign-in"), browse("cass").get("/groups/new?do=new-customer&find=a")]
    for page in pages:
        for form in page.forms:
            if form.method == "post":
                endpoint, _ = app.url_map.bind("localhost").match(form.action, "POST")
                names = seen.setdefault(endpoint, set())
                names |= form.names()
    unread = {
        endpoint: [name for name in names - OF_THE_DOOR if fields_of(app.view_functions[endpoint]).label(name) is None]
        for endpoint, names in seen.items()
    }
    assert {endpoint: names for endpoint, names in unread.items() if names} == {}
    assert len(seen) >= 14


@pytest.mark.parametrize("number", [str(2**31), str(2**63), str(2**64), "9" * 30, "9" * 4_501], ids=len)
def test_a_number_larger_than_any_id_leads_nowhere(number: str, browse: Browse, store: None) -> None:
    cass = browse("cass")
    for path in (f"/imports/{number}", f"/imports/{number}/refused.csv"):
        assert cass.client.get(path).status_code == 404
    for path in (f"/imports/{number}/run", f"/groups/vips/items/{number}/end", f"/account/sessions/{number}/end"):
        # With more digits than Python reads it is no number to the router, which knows no such page to post to then.
        assert cass.client.post(path, data={"csrf_token": cass.token()}).status_code in {404, 405}


CLAIMS = {
    "X-Forwarded-For": "203.0.113.9", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https",
    "X-Forwarded-Port": "443", "X-Forwarded-Prefix": "/evil",
    "Forwarded": "for=203.0.113.9;host=evil.example;proto=https",
    "X-Real-IP": "203.0.113.9", "X-Original-URL": "/settings/shops", "X-Rewrite-URL": "/settings/shops",
    "X-HTTP-Method-Override": "DELETE", "X-Host": "evil.example", "Front-End-Https": "on",
}  # fmt: skip


@pytest.mark.parametrize("header", CLAIMS)
def test_what_a_header_claims_for_a_proxy_changes_nothing(header: str, browse: Browse, store: None) -> None:
    cass = browse("cass")
    plain, claimed = cass.get("/customers"), cass.get("/customers", headers={header: CLAIMS[header]})
    assert claimed.status == 200 and claimed.unkeyed == plain.unkeyed
    form = cass.get("/customers/new").form("/customers/new")
    data = dict(form.fields()) | {"name": header, "code": header}
    response = cass.client.post("/customers/new", data=data, headers={header: CLAIMS[header]})
    assert (response.status_code, response.headers["Location"]) == (303, f"/customers/{header}")


def test_a_claimed_address_does_not_win_more_tries(visitor: Browser, people: dict[str, Person]) -> None:
    token = visitor.get("/sign-in").form("/sign-in").value("csrf_token")
    answers = []
    for n in range(11):
        data = {"csrf_token": token, "email": "cass@store.example", "password": "wrong"}
        claimed = {"X-Forwarded-For": f"203.0.113.{n}", "X-Real-IP": f"203.0.113.{n}"}
        answers.append("Too many tries" in visitor.client.post("/sign-in", data=data, headers=claimed).text)
    assert answers == [False] * 10 + [True]


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "localhost:80@evil.example", "", "a" * 5_000]
)
def test_a_host_that_is_not_ours_gets_no_page(host: str, app: Flask, people: Any) -> None:
    client = app.test_client()
    for path in ("/", "/sign-in", "/customers"):
        response = client.get(path, headers={"Host": host})
        assert response.status_code == 400 and "evil" not in str(response.headers)
        assert not re.search("<(a|form|link|script)", response.text)


def test_very_long_addresses_are_answered(browse: Browse, store: None, visitor: Browser) -> None:
    cass = browse("cass")
    assert cass.client.get("/customers?q=" + "x" * 60_000).status_code in {200, 302}
    assert cass.client.get("/customers/" + "x" * 60_000).status_code == 404
    assert cass.client.get("/" + "x/" * 30_000).status_code == 404
    assert cass.client.get("/customers?" + "&".join(f"q{n}=1" for n in range(5_000))).status_code == 422
    assert visitor.client.get("/customers?q=" + "x" * 60_000).status_code == 401


@pytest.mark.parametrize(
    "path", ["/customers?q=ann&q=bea", "/customers?after=a&after=b", "/groups?sort=name&sort=x&z=1"]
)
def test_unknown_and_doubled_parameters_of_an_address_are_no_fault(path: str, browse: Browse, store: None) -> None:
    assert browse("cass").get(path, follow=True).status == 200


@pytest.mark.parametrize(
    "kind",
    ["application/json", "text/plain", "application/xml", "multipart/form-data", "x" * 3_000, "a/b; charset=\x80"],
)
def test_a_body_of_another_kind_is_refused_and_nothing_done(kind: str, browse: Browse, store: None) -> None:
    cass = browse("cass")
    headers = {"X-CSRFToken": cass.token()}
    body = b'{"name": "Ann", "code": "Z1"}'
    for path in ("/customers/new", "/groups/vips/edit", "/imports/new"):
        response = cass.client.post(path, data=body, content_type=kind, headers=headers)
        assert response.status_code in {400, 409, 413, 422}, (path, response.status_code)
    assert Customer.select().count() == 1 and Group.get(Group.code == "vips").name == "Vips"


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
def test_asking_what_there_is_writes_nothing_and_shows_nobody_anything(
    method: str, app: Flask, browse: Browse, store: None, visitor: Browser, database: Database
) -> None:
    cass = browse("cass")
    cass.get("/")
    before = database.checksum()
    for path in ("/customers", "/groups/vips", "/customers/new", "/imports/new", "/account", "/sign-in"):
        for client in (cass.client, visitor.client):
            response = client.open(path, method=method)
            # A stranger who asks what there is gets the page that asks who she is.
            assert response.data == b"" or (method == "OPTIONS" and client is visitor.client)
            assert response.status_code in {200, 302, 401}
    for path in ("/customers/A1/reveal", "/sign-out", "/imports/1/run"):
        assert cass.client.open(path, method="HEAD").status_code == 405
        assert set(re.split(r",\s*", cass.client.open(path, method="OPTIONS").headers["Allow"])) == {"OPTIONS", "POST"}
    assert database.checksum() == before


def test_a_cookie_that_somebody_made_up_opens_nothing(app: Flask, browse: Browse, people: Any) -> None:
    cass = browse("cass")
    cookie = next(iter(cass.client._cookies.values()))
    client = app.test_client()
    # The signature backwards: its last sign alone has bits that do not count, so another one there may be right too.
    said, _, signature = cookie.value.rpartition(".")
    made_up = (f"{said}.{signature[::-1]}", "x" * 4_000, "", "e30.aaaa.bbbb", f"{cookie.value}.x")
    for value in (*made_up, UserSession.get().key_hash):
        client.set_cookie("coterie", value)
        assert client.get("/customers").status_code == 401
    assert PASSWORD not in cookie.value
