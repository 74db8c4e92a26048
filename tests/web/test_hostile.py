"""Whatever is sent, the answer is a page with a sentence, never a fault (`Page` fails on every 5xx but 503)."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask, request
from werkzeug.exceptions import ServiceUnavailable, TooManyRequests

from portal.models import GroupItem, Import
from portal.services import imports
from tests.conftest import Database
from tests.page import Browser

Browse = Callable[[str], Browser]
New = Callable[..., Any]

BIG = str(2**63)
TEXTS = [
    "", " ", "\x00", "a\x00b", "\ufffd", "\u202e", "𝒳" * 50, "x" * 5_000, BIG, "-1", "0", str(2**31),
    "9" * 4_400, "²", "١٢", "1e9", "NaN", "null",
    "__class__", "name__startswith", "..", ".", "%", "%00", "'", '"', "' OR 1=1 --", "<script>", "{{7*7}}",
    "${7}", "\r\nX: y", "\n", "a,b,,", ",", "😀",
    '"AND" OR *', "NEAR(a b)", "a* b:", "(((", "[", "//evil.example", "\\", "include:customer:" + BIG,
    "include:shop:²", ":", "::", "customer:", "exclude:rule:1",
]  # fmt: skip
NAMES = {
    "q", "any", "all", "none", "shop", "sort", "after", "before", "add", "add_to", "group", "status", "type",
    "show", "next", "find", "item", "sign", "do",
    "name", "code", "email", "phone", "birth_date", "language", "gender", "id_type", "id_number", "address",
    "version", "hue", "description", "agent_note",
    "is_draft", "customer", "back", "reason", "current", "password", "encoding", "delimiter", "lift_exclusions",
    "is_manager",
    "new_customers-0-name", "new_customers-0-code", "new_customers-0-shop", "new_customers-0-email",
    "new_customers-0-phone",
}  # fmt: skip
ODD_KEYS = [
    "new_customers-²-name", "new_customers-99999999999999999999-name", "new_customers--1-name",
    "new_customers-" + "9" * 4_400 + "-name",
    "new_customers-x", "new_customers-0", "__class__", "name__like", "a" * 500, "", "\x00", "csrf_token", "_method",
]  # fmt: skip


def rules(app: Flask, method: str) -> list[str]:
    return sorted(
        rule.rule for rule in app.url_map.iter_rules()
        if method in rule.methods and rule.endpoint != "static" and rule.rule != "/sign-out"
    )  # fmt: skip


@pytest.fixture
def place(new_customer: New, new_group: New, s1: Any, cass: Any, tmp_path: Any) -> dict[str, str]:
    """What stands in addresses, so that they lead somewhere."""
    ann = new_customer("Ann", s1, code="A1")
    group = new_group("Vips", [ann])
    file = tmp_path / "a.csv"
    file.write_text("code,name\nF1,From File\n")
    imported: Import = imports.check(cass, file, "a.csv", group=group)
    return {
        "item_id": str(GroupItem.get().id), "import_id": str(imported.id), "session_id": "1",
        "/customers": "A1", "/groups/of": "A1", "/groups": "vips", "/settings": "S1",
    }  # fmt: skip


def fill(rule: str, place: dict[str, str], value: str | None = None) -> str:
    """Return an address: with what is there, or with `value` in every place."""
    path = rule
    for name in ("item_id", "import_id", "session_id"):
        path = path.replace(f"<int:{name}>", place[name] if value is None else value)
    own = next((code for start, code in place.items() if start.startswith("/") and rule.startswith(start)), "x")
    return path.replace("<code>", own if value is None else quote(value, safe=""))


@pytest.mark.parametrize("who", ["cass", "sol"])
def test_any_text_in_any_parameter_of_any_page_is_answered(
    who: str, browse: Browse, app: Flask, place: dict[str, str]
) -> None:
    browser = browse(who)
    for rule in rules(app, "GET"):
        path = fill(rule, place)
        for n, text in enumerate(TEXTS[::3]):
            # Each text in the few parameters that its turn brings: all in all would take minutes.
            chosen = [name for k, name in enumerate(sorted(NAMES)) if k % len(TEXTS[::3]) == n]
            query = "&".join(f"{quote(name)}={quote(text)}" for name in chosen)
            assert browser.client.get(f"{path}?{query}").status_code < 500, (path, query)


READ = {
    "/customers": ["q", "any", "shop", "sort", "after", "before", "add", "tag"], "/customers/count": ["q"],
    "/customers.csv": ["q"],
    "/groups": ["q", "status", "type", "sort"], "/groups/new": ["item", "find", "type", "version"],
    "/groups/new/values": ["field"],
    "/groups/vips": ["q", "after", "before"], "/groups/vips/items": ["item", "sign", "q", "after", "before"],
    "/imports/new": ["group"],
    "/imports/<int:import_id>": ["show", "after"],
}  # fmt: skip


@pytest.mark.parametrize(("rule", "name"), [(rule, name) for rule, names in READ.items() for name in names])
def test_any_text_in_a_parameter_that_is_read_is_answered(
    rule: str, name: str, browse: Browse, place: dict[str, str]
) -> None:
    cass = browse("cass")
    path = rule.replace("<int:import_id>", place["import_id"])
    for text in TEXTS:
        address = f"{path}?{name}={quote(text)}&{name}={quote(text)}"
        status = cass.client.get(address).status_code
        assert status == 400 if "\x00" in text else status in {200, 302, 404, 422}, (address, status)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_any_text_in_the_place_of_a_code_or_a_number_is_answered(
    method: str, browse: Browse, app: Flask, place: dict[str, str]
) -> None:
    cass = browse("cass")
    token = cass.token()
    for rule in rules(app, method):
        if "<" not in rule:
            continue
        for text in TEXTS:
            path = fill(rule, place, text)
            response = cass.client.open(path, method=method, data={"csrf_token": token} if method == "POST" else None)
            assert response.status_code in {200, 303, 308, 400, 403, 404, 405, 422}, (path, response.status_code)


def test_any_text_in_any_field_of_any_form_is_answered(
    browse: Browse, app: Flask, place: dict[str, str], database: Database
) -> None:
    olive, cass = browse("olive"), browse("cass")
    tokens = {olive: olive.token(), cass: cass.token()}
    for rule in rules(app, "POST"):
        asks = rule in {"/proposals/new", "/proposals/membership"}  # for what Cass may do herself
        browser = olive if asks or rule.startswith("/settings") else cass
        if rule.startswith(("/account/password", "/setup", "/sign-in", "/account/sessions")):
            continue  # limited by number; below
        path = fill(rule, place)
        for text in TEXTS[::2]:
            data: dict[str, Any] = {**dict.fromkeys(NAMES - {"do"}, text), "csrf_token": tokens[browser]}
            response = browser.client.post(path, data=data)
            assert response.status_code in {303, 400, 404, 409, 422}, (path, text[:40], response.status_code)
            doubled = {**{name: [text, "x"] for name in NAMES - {"do"}}, "csrf_token": tokens[browser], "do": text}
            assert browser.client.post(path, data=doubled).status_code in {200, 303, 400, 404, 409, 422}, (
                path,
                text[:40],
            )


@pytest.mark.parametrize("key", ODD_KEYS, ids=lambda key: repr(key[:30]))
@pytest.mark.parametrize("path", ["/groups/new", "/groups/vips/items", "/customers/new", "/customers/A1/edit"])
def test_any_name_of_a_field_is_answered(path: str, key: str, browse: Browse, place: dict[str, str]) -> None:
    cass = browse("cass")
    token = cass.token()
    for do in ("save", "find", "new-customer"):
        response = cass.client.post(path, data={"csrf_token": token, "do": do, key: "x"})
        assert response.status_code in {200, 303, 400, 422}, response.status_code
    assert (
        cass.client.get(path.replace("/vips/items", "/new"), query_string={key: "x", "do": "new-customer"}).status_code
        < 500
    )


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: repr(text[:25]))
def test_any_text_as_address_or_password_is_answered(text: str, visitor: Browser, people: Any) -> None:
    page = visitor.submit(visitor.get("/sign-in").form("/sign-in"), email=text, password=text, next=text)
    expected = (400, "This request was not understood") if "\x00" in text else (422, "Sign in")
    assert (page.status, page.h1) == expected


def test_bytes_that_are_no_text_are_answered(browse: Browse, place: dict[str, str]) -> None:
    cass = browse("cass")
    token = cass.token()
    for raw in (b"%ED%A0%80", b"%FF%FE", b"%C0%80", b"%F5%80%80%80", b"%"):
        for path in ("/customers?q=", "/customers/", "/groups/", "/groups?q="):
            assert cass.client.get(path + raw.decode()).status_code in {200, 404}
        body = b"csrf_token=" + token.encode() + b"&code=X" + raw + b"&name=" + raw
        response = cass.client.post("/customers/new", data=body, content_type="application/x-www-form-urlencoded")
        assert response.status_code in {303, 422}


def test_a_body_that_is_too_large_or_broken_is_refused(browse: Browse, place: dict[str, str]) -> None:
    cass = browse("cass")
    token = cass.token()
    large = {"csrf_token": token, "name": "x" * (300 * 1024)}
    assert cass.client.post("/customers/new", data=large).status_code == 413
    many = {"csrf_token": token, **{f"field{n}": "x" for n in range(3_000)}}
    assert cass.client.post("/groups/new", data=many, content_type="multipart/form-data").status_code == 413
    too_many = {"csrf_token": token, "item": [f"include:customer:{n}" for n in range(501)]}
    assert cass.client.post("/groups/new", data=too_many).status_code == 422
    for kind in ("multipart/form-data; boundary=", "multipart/form-data", "application/json", "text/plain", "", "\xff"):
        assert cass.client.post("/customers/new", data=b"\x00{[", content_type=kind).status_code == 400


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "HEAD", "OPTIONS", "FOO"])
def test_methods_that_a_page_does_not_know_change_nothing(
    method: str, browse: Browse, place: dict[str, str], database: Database
) -> None:
    cass = browse("cass")
    cass.get("/")
    before = database.checksum()
    for path in (
        "/customers/A1",
        "/groups/vips",
        "/groups/vips/archive",
        "/groups/vips/delete",
        f"/imports/{place['import_id']}/run",
    ):
        status = cass.client.open(path, method=method).status_code
        assert status in ({200, 405} if method in {"HEAD", "OPTIONS"} else {405}), (path, status)
    assert database.checksum() == before


@pytest.mark.parametrize(
    "path", ["/proposals/approval", "/proposals/1/withdraw", "/customers/A1/reveal", "/sign-out", "/account/language"]
)
def test_what_writes_cannot_be_fetched(path: str, browse: Browse, place: dict[str, str]) -> None:
    """Behaviour B040."""
    page = browse("cass").get(path)
    assert (page.status, page.h1) == (405, "This address does not work that way")
    assert set(page.headers["Allow"].split(", ")) == {"OPTIONS", "POST"}


def test_what_an_answer_in_words_says_to_programs_is_kept(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 9110 asks for some of these headers; a fragment's toast has them too."""
    answers = {"/later": TooManyRequests(retry_after=90), "/away": ServiceUnavailable(retry_after=120)}

    def fail() -> None:
        raise answers[request.path]

    monkeypatch.setitem(app.before_request_funcs, None, [fail])
    client = app.test_client()
    for path, error in answers.items():
        for headers in ({}, {"HX-Request": "true", "HX-Request-Type": "partial"}):
            response = client.get(path, headers=headers)
            assert (response.status_code, response.mimetype) == (error.code, "text/html")
            assert response.headers["Retry-After"] == str(error.retry_after)


def test_an_address_that_is_nowhere_says_so_in_words(browse: Browse, visitor: Browser, people: Any) -> None:
    for browser in (browse("cass"), visitor):
        page = browser.get("/no/such/page")
        assert (page.status, page.h1) == (404, "There is no such page")


@pytest.mark.parametrize(
    "target",
    ["", "#", "main#main", "title", "section#title", "section#head", "x" * 3_000, "{{7*7}}", "section#__init__"],
)
def test_any_target_that_htmx_may_name_is_answered(target: str, browse: Browse, place: dict[str, str]) -> None:
    cass = browse("cass")
    headers = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": target}
    for path in ("/", "/customers", "/groups/vips", "/groups/new"):
        assert cass.client.get(path, headers=headers).status_code == 200
