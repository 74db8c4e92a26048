"""Text is only text: whatever is stored is shown as it is and never runs (reliability.md, promise 12)."""

import csv
import io
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from portal.models import Customer, Group, Shop
from portal.permissions import OPERATOR, Actor, Door
from portal.queries import users as find_users
from portal.services import customers, groups, shops
from portal.services.items import NewItem
from tests.browser.chrome import Chrome
from tests.conftest import PASSWORD

# Each calls `hacked` where it runs; those that only load something ask for an address with "hacked" in it.
PAYLOADS = [
    "<script>hacked(1)</script>", "</script><script>hacked(2)</script>", "<img src=x onerror=hacked(3)>",
    "<svg onload=hacked(4)>", "\"><svg/onload=hacked(5)>", "'><img src=x onerror=hacked(6)>",
    "\" autofocus onfocus=hacked(7) x=\"", "' autofocus onfocus=hacked(8) x='", "</textarea><script>hacked(9)</script>",
    "</title><script>hacked(10)</script>", "</option></select><img src=x onerror=hacked(11)>",
    "<iframe srcdoc='<script>parent.hacked(12)</script>'>", "<iframe src=javascript:parent.hacked(13)>",
    "javascript:hacked(14)", "jAvAsCrIpT:hacked(15)//", "data:text/html,<script>hacked(16)</script>",
    "<a href=javascript:hacked(17)>x</a>", "<form action=javascript:hacked(18)><button>x</button></form>",
    "<details open ontoggle=hacked(19)>", "<body onload=hacked(20)>", "<video><source onerror=hacked(21)></video>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=hacked(22)>",
    "<noscript><p title=\"</noscript><img src=x onerror=hacked(23)>\">", "<!--><img src=x onerror=hacked(24)>-->",
    "<style>@import '/hacked';</style>", "<link rel=stylesheet href=/hacked>", "<base href=//hacked.example>",
    "<meta http-equiv=refresh content='0;url=/hacked'>", "<object data=/hacked></object>", "<img src=/hacked.png>",
    "<div hx-get=/hacked hx-trigger=load>x</div>", "<b hx-on:htmx:load=hacked(32)>x</b>",
    "<hx-partial hx-target=body><script>hacked(33)</script></hx-partial>",
    "{{7*7}}", "{% raw %}hacked{% endraw %}", "${hacked(36)}", "%(name)s %s %d", "\\u003cscript>hacked(38)</script>",
    "&lt;script&gt;hacked(39)&lt;/script&gt;", "&#60;img src=x onerror=hacked(40)&#62;",
    "\u202e<script>hacked(41)</script>", "＜script＞hacked(42)＜/script＞", "`-hacked(43)-`", "'-hacked(44)-'",
]  # fmt: skip
FIELDS = ("language", "gender", "id_type", "id_number", "phone")


@pytest.fixture
def noticing(chrome: Chrome) -> Iterator[Page]:
    """A window that notices whatever runs or is fetched."""
    page = chrome.open()
    noticed: list[str] = []
    page.context.expose_binding("hacked", lambda source, *about: noticed.append(f"ran {about} {source['page'].url}"))
    page.on("request", lambda one: one.url.startswith(f"{chrome.url}/hacked") and noticed.append(f"fetched {one.url}"))
    yield page
    assert noticed == []


@pytest.fixture
def cass(portal: Any) -> Actor:
    """Cass, through the page's door."""
    return find_users.actor_of(find_users.by_email("cass@store.example"), Door.PAGE)


def turned(n: int) -> str:
    return PAYLOADS[n % len(PAYLOADS)]


def short(n: int) -> str:
    """Return one of those that fit into a short field."""
    fitting = [payload for payload in PAYLOADS if len(payload) <= 40]
    return fitting[n % len(fitting)]


@pytest.fixture
def stored(cass: Actor) -> list[tuple[Customer, Group]]:
    """A customer and a group for each payload, and the others in the other fields, all together in one list."""
    made = []
    for n, payload in enumerate(PAYLOADS):
        shop = shops.create(OPERATOR, code=f"X{n}", name=payload) if n % 4 == 0 else None
        typed = {"name": payload, "address": turned(n + 1), "shop": shop.code if shop else ""}
        typed |= {name: short(n + 3 * k) for k, name in enumerate(FIELDS)}
        customer = customers.create(cass, {"code": f"XSS-{n}", **typed}).customer
        details = groups.Details(name=payload, description=turned(n + 1), agent_note=turned(n + 2))
        made.append((customer, groups.create(cass, details, [NewItem(customer_id=customer.id)]).group))
    return made


def words(text: str) -> str:
    """Return text as a page shows it, without what no reader sees."""
    return " ".join(text.replace("\u202e", "").split())


def opened(page: Page, path: str) -> str:
    """Open a page and return its words."""
    answer = page.goto(path)
    assert answer is not None and answer.status == 200, path
    return words(page.locator("body").inner_text())


def test_lists_show_hostile_text_as_it_is(noticing: Page, stored: list[tuple[Customer, Group]]) -> None:
    page = noticing
    seen = {path: opened(page, path) for path in (
        "/customers?q=XSS-", "/groups?sort=updated", "/groups/new?find=XSS-", "/groups/new?type=shop",
        "/imports/new", "/",
        "/customers?add_to=any&add=" + stored[0][1].code, "/groups/super-bonus/items?find=script",
    )}  # fmt: skip
    for customer, group in stored:
        assert words(customer.name) in seen["/customers?q=XSS-"]
        assert words(group.name) in seen["/groups?sort=updated"]
    everything = ",".join(group.code for _, group in stored[:30])
    said = opened(page, "/customers?any=" + everything)
    assert [group.name for _, group in stored[:30] if words(group.name) not in said] == []


def test_pages_of_customers_show_hostile_text_as_it_is(noticing: Page, stored: list[tuple[Customer, Group]]) -> None:
    page = noticing
    for n, (customer, group) in enumerate(stored):
        if n % 3 == 0:
            opened(page, f"/customers/{customer.code}/edit")
            assert page.locator("#name").input_value() == customer.name
            assert page.locator("#address").input_value() == customer.address
            continue
        seen = opened(page, f"/customers/{customer.code}")
        assert words(customer.name) == words(page.locator("h1").inner_text())
        shown = (customer.address, customer.id_number, group.agent_note)
        assert [text for text in shown if words(text) not in seen] == []


def test_pages_of_groups_show_hostile_text_as_it_is(noticing: Page, stored: list[tuple[Customer, Group]]) -> None:
    page = noticing
    for n, (customer, group) in enumerate(stored):
        seen = opened(page, f"/groups/{group.code}{('', '/items', '/edit', '/delete')[n % 4]}")
        assert words(group.name) in seen
        if n % 4 < 2:
            shown = (customer.name, group.description, group.agent_note)
            assert [text for text in shown if words(text) not in seen] == []
        if n % 4 == 2:
            assert page.locator("#description").input_value() == group.description


def test_shops_with_hostile_names_are_only_names(chrome: Chrome, noticing: Page, stored: Any) -> None:
    page = noticing
    page.context.clear_cookies()
    page.context.add_cookies([{"name": "coterie", "value": chrome.cookies["olive"], "url": chrome.url}])
    seen = opened(page, "/settings/shops")
    for shop in Shop.select().where(Shop.code.startswith("X")):
        assert words(shop.name) in seen
        opened(page, f"/settings/shops/{shop.code}")
        assert page.locator("#name").input_value() == shop.name


def test_a_hostile_file_is_shown_row_by_row_and_imported(noticing: Page) -> None:
    page = noticing
    rows = [[f"I-{n}", payload, turned(n + 1)] for n, payload in enumerate(PAYLOADS)]
    _upload(page, f"{PAYLOADS[2]}.csv", [["code", "name", "email", *PAYLOADS[:12]], *rows])
    expect(page.get_by_role("heading", level=1)).to_have_text("Check before anything is written")
    page.locator("main details summary").click()
    seen = words(page.locator("body").inner_text())
    for text in [f"{PAYLOADS[2]}.csv", *PAYLOADS]:
        assert words(text) in seen
    checked = page.url
    _upload(page, "x.csv", [["code", "name"], *(row[:2] for row in rows)])
    page.get_by_role("button", name=f"Import {len(PAYLOADS)} rows").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Verify the imported customer group")
    expect(page.locator(".toast [data-text]")).to_contain_text(f"joined {PAYLOADS[4]}.")
    opened(page, checked)


def _upload(page: Page, name: str, rows: list[list[str]]) -> None:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    page.goto("/imports/new")
    page.get_by_label("or the name of a new group").fill(PAYLOADS[4])
    file = {"name": name, "mimeType": "text/csv", "buffer": text.getvalue().encode()}
    page.get_by_label("CSV file").set_input_files(file)  # type: ignore[arg-type]
    page.get_by_role("button", name="Import").click()


def test_searching_for_hostile_text_says_it_back_as_text(noticing: Page) -> None:
    page = noticing
    page.goto("/customers")
    for payload in PAYLOADS[::6]:
        page.locator("#q").fill(payload)
        expect(page.locator("#list [role=status]")).to_contain_text(payload.strip()[:20])
    page.goto("/groups/new")
    for payload in PAYLOADS[1::6]:
        page.locator("#find").fill(payload)
        expect(page.locator("#items p[role=status]")).to_contain_text(payload.strip()[:20])
    for payload in PAYLOADS[2::4]:
        assert words(payload) in opened(page, f"/customers?q={quote(payload)}")
        opened(page, f"/groups?q={quote(payload)}&status={quote(payload)}&sort={quote(payload[:20])}")


def test_toasts_and_refused_forms_say_hostile_text_as_text(noticing: Page) -> None:
    page = noticing
    for n in (0, 4, 30, 32):
        page.goto("/groups/new")
        page.locator("#name").fill(PAYLOADS[n])
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.locator(".toast [data-text]")).to_have_text([f"{PAYLOADS[n]} is stored."])
        page.goto("/customers/new")
        page.locator("#email").evaluate("field => { field.form.noValidate = true; }")
        page.locator("#email").fill(PAYLOADS[n])
        page.locator("#phone").fill(PAYLOADS[n + 1])
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.locator(".error-summary")).to_contain_text(PAYLOADS[n])


def test_where_to_go_after_sign_in_never_runs_and_never_leads_away(chrome: Chrome, noticing: Page) -> None:
    page = noticing
    away = ["//hacked.example", "/\\hacked.example", "https://hacked.example/", "/\t/hacked.example"]
    page.context.clear_cookies()
    for target in [*PAYLOADS[::4], *PAYLOADS[13:18], *away]:
        page.goto(f"/sign-in?next={quote(target)}")
        assert page.locator("input[name=next]").input_value() == ""
    page.goto("/sign-in")
    page.locator("input[name=next]").evaluate("field => { field.value = 'javascript:hacked(99)'; }")
    page.get_by_label("E-mail address").fill("cass@store.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{chrome.url}/")
