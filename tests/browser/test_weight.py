"""What a first visit costs (ux.md, Look), compressed, and how long it may be kept."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Request

from tests.browser.chrome import Chrome

KB = 1024
MOST = {"document": 15 * KB, "stylesheet": 8 * KB, "script": 18 * KB, "font": 50 * KB}
PAGES = [
    ("", "/sign-in"), ("cass", "/"), ("cass", "/customers"), ("cass", "/customers/A-1"),
    ("cass", "/customers/A-1/edit"),
    ("cass", "/groups"), ("cass", "/groups/new"), ("cass", "/groups/super-bonus/items"), ("cass", "/imports/1"),
    ("cass", "/groups/super-bonus/history"), ("cass", "/why?customer=A-1&group=super-bonus"),
]  # fmt: skip


def visit(page: Page, path: str) -> list[Request]:
    """Return everything that opening a page fetches."""
    asked: list[Request] = []
    page.on("requestfinished", lambda request: asked.append(request))
    page.goto(path, wait_until="networkidle")
    return asked


def sizes(asked: list[Request]) -> dict[str, int]:
    """Return how many bytes travelled, by kind."""
    found: dict[str, int] = {}
    for request in asked:
        found[request.resource_type] = found.get(request.resource_type, 0) + request.sizes()["responseBodySize"]
    return found


@pytest.mark.parametrize(("who", "path"), PAGES)
def test_a_first_visit_is_light(chrome: Chrome, who: str, path: str) -> None:
    asked = visit(chrome.open(who), path)
    weighed = sizes(asked)
    assert {kind: n for kind, n in weighed.items() if n > MOST.get(kind, 8 * KB)} == {}
    assert sum(request.resource_type == "font" for request in asked) == 1
    assert set(weighed) >= set(MOST), weighed


def _kept(asked: list[Request]) -> Iterator[tuple[str, str]]:
    for request in asked:
        answer = request.response()
        assert answer is not None
        yield urlsplit(request.url).path, answer.headers["cache-control"]


def test_files_are_kept_for_a_year_and_pages_not_at_all(chrome: Chrome) -> None:
    kept = dict(_kept(visit(chrome.open(), "/customers")))
    assert kept.pop("/customers") == "private, no-store"
    assert len(kept) >= 5
    assert {path for path, header in kept.items() if "max-age=31536000" not in header} == set()


def test_a_second_page_fetches_nothing_but_itself(chrome: Chrome) -> None:
    page = chrome.open()
    visit(page, "/customers")
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    fetched: dict[str, str] = {}
    network.on("Network.requestWillBeSent", lambda sent: fetched.update({sent["requestId"]: sent["request"]["url"]}))
    network.on("Network.requestServedFromCache", lambda sent: fetched.pop(sent["requestId"], None))
    network.on(
        "Network.responseReceived",
        lambda got: got["response"]["fromDiskCache"] and fetched.pop(got["requestId"], None),
    )
    page.goto("/groups", wait_until="networkidle")
    assert [urlsplit(url).path for url in fetched.values()] == ["/groups"]
