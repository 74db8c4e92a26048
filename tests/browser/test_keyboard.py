"""Everything can be done from the keyboard, and nothing is saved by a key that means something else."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chrome import Chrome

FOCUSED = "document.activeElement.id || document.activeElement.tagName"
# What a person can reach with Tab: one radio button stands for its group, closed folds hide what they hold.
REACHABLE = """() => {
  const groups = new Set();
  return [...document.querySelectorAll('a[href], button, input, select, textarea, summary')].filter(one => {
    if (one.disabled || one.type === 'hidden' || one.tabIndex < 0 || !one.checkVisibility({visibilityProperty: true}))
      return false;
    if (one.type !== 'radio') return true;
    const checked = document.querySelector(`input[type=radio][name="${one.name}"]:checked`);
    return checked ? one === checked : !groups.has(one.name) && groups.add(one.name);
  }).map((one, n) => { one.dataset.stop = n; return n; });
}"""


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


@pytest.mark.parametrize(("path", "id_"), [("/customers", "q"), ("/groups", "q"), ("/groups/super-bonus", "q")])
def test_slash_goes_to_the_search_but_not_while_typing(chrome: Chrome, path: str, id_: str) -> None:
    page = chrome.open()
    page.goto(path)
    assert page.evaluate(FOCUSED) == "BODY"
    page.keyboard.press("/")
    assert page.evaluate(FOCUSED) == id_
    page.keyboard.type("a/b")
    expect(page.locator("#q")).to_have_value("a/b")


def test_a_field_that_the_browser_fills_in_is_no_key(chrome: Chrome) -> None:
    """Chromium tells of a chosen suggestion by a “keydown” that names no key."""
    page = chrome.open("")
    page.goto("/sign-in")
    page.locator("#email").evaluate("field => field.dispatchEvent(new Event('keydown', {bubbles: true}))")
    expect(page.locator("#email")).to_be_focused()


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("/customers/A-1/edit", "Name"), ("/groups/super-bonus/edit", "Name of the customer group"),
        ("/groups/new", "Name of the customer group"), ("/customers/new", "Name"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("key", ["Control+s", "Enter"])
def test_ctrl_s_and_enter_in_a_field_save(chrome: Chrome, path: str, label: str, key: str) -> None:
    page, text = chrome.open(), "Aline Keza"
    page.goto(path)
    if path == "/customers/new":
        page.get_by_label("E-mail").fill("aline@keza.example")
    page.get_by_label(label, exact=True).fill(text)
    page.get_by_label(label, exact=True).press(key)
    heading(page, text)
    expect(page.locator(".toast [data-text]")).to_have_text([f"{text} is stored."])


def test_ctrl_s_saves_from_anywhere_and_enter_in_a_text_area_makes_a_line(chrome: Chrome) -> None:
    page = chrome.open()
    page.goto("/groups/super-bonus/edit")
    page.get_by_label("Description").fill("One")
    page.get_by_label("Description").press("End")
    page.keyboard.press("Enter")
    page.keyboard.type("Two")
    page.locator("h1").click()
    page.keyboard.press("Control+s")
    heading(page, "Super Bonus")
    page.goto("/groups/super-bonus/edit")
    expect(page.get_by_label("Description")).to_have_value("One\nTwo")


@pytest.mark.parametrize("js", [True, False], ids=["with JavaScript", "without JavaScript"])
@pytest.mark.parametrize("path", ["/groups/new", "/groups/super-bonus/items"])
def test_enter_in_the_find_field_finds_and_does_not_save(chrome: Chrome, path: str, js: bool) -> None:
    page = chrome.open(js=js)
    page.goto(path)
    if path == "/groups/new":
        page.get_by_label("Name of the customer group").fill("Not Yet")
    page.get_by_label("Find customers, shops and groups").fill("huye")
    page.get_by_label("Find customers, shops and groups").press("Enter")
    expect(page.get_by_role("group", name="Found: tick one or more")).to_contain_text("Huye")
    page.goto("/groups?q=Not Yet")
    heading(page, "CRM Groups Maintenance")
    expect(page.locator("tbody tr")).to_have_count(0)
    expect(page.locator(".toast")).to_have_count(0)


@pytest.mark.parametrize(
    ("path", "label", "text", "sign"),
    [
        ("/customers", "Name, phone, e-mail or code", "uwera", "Chantal Uwera"),
        ("/groups", "Search groups", "spring", "Spring Letter"),
        ("/groups/super-bonus", "Find a member", "joao", "João d'Ávila"),
        ("/groups/new", "Find customers, shops and groups", "uwera", "Chantal Uwera"),
        ("/groups/super-bonus/items", "Find customers, shops and groups", "huye", "Huye"),
    ],
)
def test_focus_and_caret_stay_in_the_field_during_a_live_search(
    chrome: Chrome, path: str, label: str, text: str, sign: str
) -> None:
    page = chrome.open()
    page.goto(path)
    field = page.get_by_label(label)
    field.focus()
    field.evaluate("field => field.addEventListener('blur', () => { document.title = 'focus was lost'; })")
    for part in (text[:2], text[2:]):  # an answer comes between two letters
        with page.expect_response(lambda answer: "/static/" not in answer.url) as answer:
            page.keyboard.type(part)
        assert answer.value.status == 200
        expect(field).to_be_focused()
    lines = page.locator("#list tbody tr, #members tbody tr, fieldset.field .check-list li")
    expect(lines).to_have_count(1)
    expect(lines).to_contain_text(sign)
    expect(field).to_have_value(text)
    assert field.evaluate("field => [document.activeElement === field, field.selectionStart]") == [True, len(text)]
    assert page.title() != "focus was lost"


# A mark before everything, which holds the focus; drawn first, since a page that begins in a field goes there then.
FROM_THE_TOP = """async () => {
  await new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)));
  const mark = document.createElement('span');
  mark.tabIndex = -1;
  document.body.prepend(mark);
  mark.focus();
}"""


@pytest.mark.parametrize(
    "path",
    ["/sign-in", "/", "/customers?q=uw", "/customers/A-1", "/customers/new", "/groups/new?find=uw", "/imports/1",
     "/account"],
)  # fmt: skip
@pytest.mark.parametrize("width", [1280, 390])
def test_tab_reaches_everything_in_the_order_of_the_page(chrome: Chrome, path: str, width: int) -> None:
    page = chrome.open("" if path == "/sign-in" else "cass", width=width)
    page.goto(path)
    # Some pages begin in a field; the round begins before everything.
    stops = page.evaluate(REACHABLE)
    page.evaluate(FROM_THE_TOP)
    assert len(stops) > 3
    seen = []
    for _ in stops:
        page.keyboard.press("Tab")
        # Some fields have parts of their own, such as day, month and year of a date.
        stop = page.evaluate("document.activeElement.dataset.stop")
        while seen and stop is not None and int(stop) == seen[-1]:
            page.keyboard.press("Tab")
            stop = page.evaluate("document.activeElement.dataset.stop")
        seen.append(None if stop is None else int(stop))
    assert seen == stops


def test_the_first_wrong_field_has_the_focus(chrome: Chrome) -> None:
    page = chrome.open()
    page.goto("/customers/new")
    page.get_by_label("Name", exact=True).fill("Born Tomorrow")
    page.get_by_label("E-mail").fill("born@tomorrow.example")
    page.get_by_label("Date of birth").fill("2990-01-01")
    page.keyboard.press("Control+s")
    expect(page.locator(".error-summary")).to_be_visible()
    expect(page.locator("[aria-invalid=true]")).to_have_id("birth_date")
    expect(page.get_by_label("Date of birth")).to_be_focused()
