"""A browser that looks at every page it is given: what a person, a screen reader or an attacker would stumble over.

Whatever a test fetches as HTML is parsed strictly and held against the rules of `Page.check`; a test need not ask.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit
from xml.etree.ElementTree import Element

import html5lib
from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect
from werkzeug.test import TestResponse

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
STATIC = Path(__file__).parents[1] / "static"
_LABELLED = {"input", "select", "textarea"}
_NO_LABEL = {"hidden", "submit", "button", "image", "reset"}


def text_of(element: Element) -> str:
    """Return the words of an element, spaces tidied."""
    return " ".join("".join(element.itertext()).split())


@dataclass
class Form:
    """A form of a page, with what a browser would send."""

    page: "Page"
    element: Element

    @property
    def action(self) -> str:
        """Return where it goes."""
        return self.element.get("action", "")

    @property
    def method(self) -> str:
        """Return get or post."""
        return self.element.get("method", "get").lower()

    def controls(self) -> list[Element]:
        """Return its controls that a person can use or that are sent along."""
        name = self.element.get("id")
        elsewhere = [part for part in self.page.root.iter() if name and part.get("form") == name]
        return [
            part
            for part in [*self.element.iter(), *elsewhere]
            if part.tag in _LABELLED | {"button"} and part.get("disabled") is None
        ]

    def names(self) -> set[str]:
        """Return the names it can send."""
        return {part.get("name", "") for part in self.controls()} - {""}

    def fields(self) -> list[tuple[str, str]]:
        """Return what the form holds as it was drawn, as a browser would send it without a button."""
        found = []
        for part in self.controls():
            name = part.get("name")
            if not name or part.tag == "button":
                continue
            found += [(name, value) for value in values_of(part)]
        return found

    def value(self, name: str) -> str:
        """Return the one value the form holds under `name`."""
        values = [value for key, value in self.fields() if key == name]
        assert len(values) == 1, (name, values)
        return values[0]

    def buttons(self) -> list[str]:
        """Return the words of its buttons."""
        return [text_of(part) for part in self.controls() if part.tag == "button"]

    def pressed(self, label: str | None) -> list[tuple[str, str]]:
        """Return what pressing the button of that label adds; None presses the first one, as Enter does."""
        buttons = [part for part in self.controls() if part.tag == "button" and part.get("type", "submit") == "submit"]
        chosen = [part for part in buttons if label is None or text_of(part) == label]
        assert chosen, f"no button {label!r} among {self.buttons()}"
        part = chosen[-1] if label else chosen[0]
        return [(part.get("name", ""), part.get("value", ""))] if part.get("name") else []


def values_of(part: Element) -> list[str]:
    """Return what a field of a form says when it is sent as it was drawn."""
    if part.tag == "textarea":
        return [("".join(part.itertext())).removeprefix("\n")]
    if part.tag == "select":
        options = [one for one in part.iter("option") if one.get("disabled") is None]
        chosen = [one for one in options if one.get("selected") is not None]
        chosen = chosen or (options[:1] if part.get("multiple") is None else [])
        return [one.get("value", text_of(one)) for one in chosen]
    kind = part.get("type", "text")
    if kind in {"checkbox", "radio"}:
        return [part.get("value", "on")] if part.get("checked") is not None else []
    return [] if kind in {"submit", "button", "image", "reset"} else [part.get("value", "")]


@dataclass
class Page:
    """An answer; for HTML, its tree."""

    app: Flask
    response: TestResponse
    asked: str
    is_fragment: bool = False
    tree: Element | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self._check_headers()
        if self.is_html and self.response.data and not 300 <= self.status < 400:
            self.check()

    @property
    def status(self) -> int:
        """Return the HTTP status."""
        return self.response.status_code

    @property
    def headers(self) -> Any:
        """Return the headers."""
        return self.response.headers

    @property
    def html(self) -> str:
        """Return the source."""
        return self.response.get_data(as_text=True)

    @property
    def unkeyed(self) -> str:
        """Return the source without token and key of its forms, which are others on every page and in every second."""
        return re.sub(r'((?:name="(?:csrf_token|once)" value=|"X-CSRFToken": )")[^"]+', r"\1", self.html)

    @property
    def is_html(self) -> bool:
        """Tell whether this is a page or a part of one."""
        return self.response.mimetype == "text/html"

    @property
    def root(self) -> Element:
        """Return the tree; fails for what is not HTML."""
        assert self.tree is not None, f"{self.asked}: {self.status}, not a page"
        return self.tree

    @property
    def h1(self) -> str:
        """Return the page's one heading."""
        return text_of(self.all("h1")[0])

    @property
    def main(self) -> str:
        """Return the words of the page's main part."""
        return text_of(self.by_id("main"))

    @property
    def words(self) -> str:
        """Return all words."""
        return text_of(self.root)

    @property
    def toasts(self) -> list[str]:
        """Return what the portal tells about what was just done."""
        return [text_of(part) for part in self.all("p") if part.get("data-text") is not None]

    @property
    def problems(self) -> list[str]:
        """Return the sentences at fields and on top of forms."""
        marked = [part for part in self.root.iter() if "error" in (part.get("class") or "").split()]
        lists = [part for part in self.all("ul") if "error-list" in (part.get("class") or "").split()]
        return [text_of(part) for part in marked] + [text_of(item) for part in lists for item in part.iter("li")]

    @property
    def links(self) -> list[str]:
        """Return where its links lead, each once."""
        return list(dict.fromkeys(part.get("href", "") for part in self.all("a")))

    @property
    def forms(self) -> list[Form]:
        """Return its forms."""
        return [Form(self, part) for part in self.all("form")]

    def form(self, action: str | None = None, method: str = "", **holding: str) -> Form:
        """Return the one form with that action (without its query) and method that holds those values."""
        found = [
            one for one in self.forms
            if (action is None or urlsplit(one.action).path == action) and method in {"", one.method}
            and set(holding.items()) <= set(one.fields())
        ]  # fmt: skip
        assert len(found) == 1, (
            f"{len(found)} forms {action} {holding} on {self.asked}: {[one.action for one in self.forms]}"
        )
        return found[0]

    def all(self, tag: str) -> list[Element]:
        """Return its elements of that tag."""
        return list(self.root.iter(tag))

    def by_id(self, name: str) -> Element:
        """Return the element of that id."""
        found = [part for part in self.root.iter() if part.get("id") == name]
        assert len(found) == 1, f"{len(found)} elements #{name} on {self.asked}"
        return found[0]

    def rows(self) -> list[list[str]]:
        """Return the words of its table's rows, without the head."""
        return [[text_of(cell) for cell in row] for body in self.all("tbody") for row in body]

    # ---- the rules ----

    def _check_headers(self) -> None:
        where = f"{self.asked} → {self.status}"
        assert self.status < 500 or self.status in {503, 507}, f"{where}: {self.html[:300]}"
        assert self.headers.get("Content-Security-Policy") == CSP, where
        assert self.headers.get("Cache-Control") == "private, no-store", where
        assert self.headers.get("X-Content-Type-Options") == "nosniff", where

    def check(self) -> None:
        """Hold the page against the rules of the house."""
        parser = html5lib.HTMLParser(html5lib.getTreeBuilder("etree"), strict=True, namespaceHTMLElements=False)
        parse = parser.parseFragment if self.is_fragment else parser.parse
        try:
            self.tree = parse(self.html)
        except html5lib.html5parser.ParseError as error:
            raise AssertionError(f"{self.asked}: {error} {parser.errors[-1]}\n{self.html}") from error
        said = list(self._broken())
        assert said == [], f"{self.asked} → {self.status}: {said}"

    def _broken(self) -> Iterator[str]:
        if not self.is_fragment:
            yield from self._frame()
        yield from self._ids()
        yield from self._labels()
        yield from self._form_rules()
        yield from self._inline()
        yield from self._addresses()
        yield from self._names()

    def _frame(self) -> Iterator[str]:
        heads = self.all("h1")
        titles = [part for part in self.all("title")]
        if len(heads) != 1 or len(titles) != 1:
            yield f"{len(heads)} h1, {len(titles)} titles"
        elif not text_of(titles[0]).startswith(text_of(heads[0])) or not text_of(heads[0]):
            yield f"title {text_of(titles[0])!r} does not start with h1 {text_of(heads[0])!r}"
        if not self.html.lower().startswith("<!doctype html>") or not self.all("html")[0].get("lang"):
            yield "no doctype or language"

    def _ids(self) -> Iterator[str]:
        ids = [part.get("id") for part in self.root.iter() if part.get("id") is not None]
        yield from (f"id {name!r} twice" for name in {name for name in ids if ids.count(name) > 1 or not name})
        for part in self.root.iter():
            for key in ("aria-describedby", "aria-labelledby", "for"):
                for name in (part.get(key) or "").split():
                    if name not in ids:
                        yield f"{key}={name!r} names nothing"

    def _labels(self) -> Iterator[str]:
        labelled = {part.get("for") for part in self.all("label")}
        inside = {part for label in self.all("label") if text_of(label) for part in label.iter()}
        for part in self.root.iter():
            if part.tag not in _LABELLED or part.get("type") in _NO_LABEL:
                continue
            if not (
                part.get("id") in labelled or part in inside or part.get("aria-label") or part.get("aria-labelledby")
            ):
                yield f"no label: {part.attrib}"

    def _form_rules(self) -> Iterator[str]:
        for form in self.forms:
            if not form.element.get("action") or form.element.get("method") not in {"get", "post"}:
                yield f"form without action or method: {form.element.attrib}"
            tokens = [value for name, value in form.fields() if name == "csrf_token"]
            if (form.method == "post") != (len(tokens) == 1 and bool(tokens[0])):
                yield f"csrf_token of {form.method} {form.action}: {len(tokens)}"
            keys = [value for name, value in form.fields() if name == "once"]
            if (form.method == "post") != (len(keys) == 1 and len(keys[0]) == 32):
                yield f"once of {form.method} {form.action}: {keys}"

    def _inline(self) -> Iterator[str]:
        for part in self.root.iter():
            if not isinstance(part.tag, str):
                continue
            if part.tag == "style" or (part.tag == "script" and (not part.get("src") or text_of(part))):
                yield f"inline <{part.tag}>"
            yield from (f"inline {key}" for key in part.attrib if key == "style" or key.startswith(("on", "hx-on")))
            for key in ("href", "src", "action"):
                if (part.get(key) or "").lower().lstrip().startswith(("javascript:", "data:")):
                    yield f"{key}={part.get(key)!r}"

    def _addresses(self) -> Iterator[str]:
        ids = {part.get("id") for part in self.root.iter()}
        addresses = [(form.action, form.method.upper()) for form in self.forms]
        for key, method in (("href", "GET"), ("src", "GET"), ("hx-get", "GET"), ("hx-post", "POST")):
            addresses += [(part.get(key, ""), method) for part in self.root.iter() if part.get(key) is not None]
        for address, method in dict.fromkeys(addresses):
            if address.startswith("#"):
                problem = "" if self.is_fragment or address[1:] in ids else f"{address} is nowhere"
            else:
                problem = self.unknown(address, method)
            if problem:
                yield problem

    def unknown(self, address: str, method: str = "GET") -> str:
        """Say what is wrong with an address of the portal, '' if it leads to a page or file of it."""
        parts = urlsplit(address)
        if parts.scheme or parts.netloc or not address.startswith("/"):
            return f"{address!r} leads out of the portal"
        if parts.path.startswith("/static/"):
            file = STATIC / parts.path.removeprefix("/static/")
            if not file.is_file():
                return f"no file {parts.path}"
            if file.suffix == ".svg" and parts.fragment and f'id="{parts.fragment}"' not in file.read_text():
                return f"no picture {parts.fragment} in {parts.path}"
            return ""
        try:
            self.app.url_map.bind("localhost").match(parts.path, method)
        except (HTTPException, RequestRedirect) as error:
            return f"dead link {method} {address}: {error}"
        return ""

    def _names(self) -> Iterator[str]:
        for part in self.root.iter():
            if part.tag == "img" and part.get("alt") is None:
                yield f"img without alt: {part.get('src')}"
            if part.tag in {"a", "button"} and not (text_of(part) or part.get("aria-label")):
                yield f"<{part.tag}> without a name: {part.attrib}"


Data = Mapping[str, str | Sequence[str]]


class Browser:
    """Somebody's browser: keeps cookies, follows redirects after a save, checks every page."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.client = app.test_client()
        self.page: Page | None = None

    def get(self, path: str, *, follow: bool = False, headers: Mapping[str, str] | None = None) -> Page:
        """Fetch a page."""
        return self._keep(self.client.get(path, follow_redirects=follow, headers=headers), f"GET {path}")

    def part(self, path: str, block: str, method: str = "GET", data: Data | None = None) -> Page:
        """Fetch what htmx would swap into the element whose id is `block`; posting sends the last page's token."""
        headers = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": f"section#{block}"}
        if method == "POST":
            headers["X-CSRFToken"] = self.token()
        response = self.client.open(path, method=method, data=_pairs(data or {}), headers=headers)
        full = response.headers.get("HX-Retarget") == "body"
        return self._keep(response, f"{method} {path} #{block}", is_fragment=not full)

    def post(self, path: str, data: Data | None = None, *, token: str | None = None, follow: bool = False) -> Page:
        """Post as a script would: whatever is given, with the token of this browser's session."""
        pairs = _pairs(data or {})
        pairs.setdefault("csrf_token", [self.token() if token is None else token])
        return self._keep(self.client.post(path, data=pairs, follow_redirects=follow), f"POST {path}")

    def submit(
        self,
        form: Form,
        button: str | None = None,
        *,
        follow: bool = True,
        drawn: Data | None = None,
        **typed: str | Sequence[str],
    ) -> Page:
        """Fill in a form of a page and press a button, as a person would; only fields that are there can be filled.

        `drawn` are fields that htmx would have drawn into the form since.
        """
        unknown = set(typed) - form.names()
        assert not unknown, f"no field {unknown} in {form.action}: {form.names()}"
        pairs: dict[str, list[str]] = {}
        for name, value in form.fields() + form.pressed(button):
            pairs.setdefault(name, []).append(value)
        pairs |= _pairs(typed) | _pairs(drawn or {})
        if form.method == "get":
            query = urlencode([(name, value) for name, values in pairs.items() for value in values])
            return self.get(f"{form.action}?{query}", follow=follow)
        response = self.client.post(form.action, data=pairs, follow_redirects=follow)
        return self._keep(response, f"POST {form.action}")

    def token(self) -> str:
        """Return the CSRF token that pages of this session carry."""
        page = self.page
        if page is None or page.tree is None or not any(form.method == "post" for form in page.forms):
            page = Page(self.app, self.client.get("/sign-in", follow_redirects=True), "GET /sign-in")
            self.page = page
        return next(value for form in page.forms for name, value in form.fields() if name == "csrf_token")

    def sign_in(self, email: str, password: str) -> "Browser":
        """Sign in through the page; fails if that does not work."""
        page = self.submit(self.get("/sign-in").form("/sign-in"), email=email, password=password, follow=False)
        assert page.status == 303, page.problems
        self.page = None
        return self

    def _keep(self, response: TestResponse, asked: str, is_fragment: bool = False) -> Page:
        page = Page(self.app, response, asked, is_fragment)
        if page.tree is not None and not is_fragment:
            self.page = page
        return page


def _pairs(data: Data) -> dict[str, list[str]]:
    return {name: [value] if isinstance(value, str) else list(value) for name, value in data.items()}
