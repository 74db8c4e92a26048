"""What every test of this folder relies on: whatever goes wrong in the browser is noticed."""

import pytest

from tests.browser.chrome import Chrome
from tests.browser.serving import Portal
from tests.browser.test_accessibility import overflow, problems

WRONG = {
    "a script in the page": ("append('<img src=x onerror=alert(1)>')", "console: Executing inline event handler"),
    "an own style": ("append('<p style=\"color: red\">x</p>')", "console: Applying inline style"),
    "a script error": ("setTimeout(() => { throw new Error('broken'); })", "script error: "),
    "a dialog": ("setTimeout(() => alert('boo'))", "dialog: boo"),
    "a missing file": ("fetch('/static/none.css')", "console: Failed to load resource"),
    "a request to elsewhere": ("fetch('http://localhost:9/').catch(() => 0)", "console: Connecting to"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_goes_wrong_in_a_page_is_noticed(chrome: Chrome, what: str) -> None:
    page = chrome.open()
    page.goto("/customers?q=uwase")
    script, said = WRONG[what]
    append = "const append = html => document.body.insertAdjacentHTML('beforeend', html);"
    page.evaluate(f"() => {{ {append} {script}; }}")
    for _ in range(100):
        page.wait_for_timeout(50)
        if any(line.startswith(said) for line in chrome.seen):
            break
    page.wait_for_timeout(150)  # what comes with it belongs to this test too
    seen, chrome.seen = chrome.seen, []
    assert any(line.startswith(said) for line in seen), seen


def test_what_a_page_lacks_is_noticed(chrome: Chrome, portal: Portal) -> None:
    from axe_playwright_python.base import AXE_SCRIPT

    page = chrome.open(width=390)
    page.goto("/customers?q=uwase")
    page.evaluate(AXE_SCRIPT)
    assert (problems(page), overflow(page)) == ([], [])
    page.evaluate("document.querySelector('h1').style.color = '#ccc'")
    page.evaluate("document.querySelector('label[for=q]').remove(); document.querySelector('#q').placeholder = ''")
    page.evaluate("document.querySelector('h1').style.width = '500px'")
    assert {rule for rule, _ in problems(page)} >= {"color-contrast", "label"}
    assert overflow(page)
