"""Every page is accessible, and fits, in light and dark, at 1280 and at 390 px."""

from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from flask import Flask
from playwright.sync_api import Page

from tests.browser.chrome import HEIGHT, Chrome
from tests.browser.serving import Portal
from tests.browser.store import Store
from tests.browser.views import FILES, VIEWS, View, state_of


def test_every_page_of_the_portal_is_looked_at(application: Flask) -> None:
    routes = {rule.rule for rule in application.url_map.iter_rules() if "GET" in (rule.methods or ())}
    assert routes - FILES == {view.rule for view in VIEWS} - {"", "/sign-out"}


COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}


def problems(page: Page, only: dict[str, Any] | None = None) -> list[Any]:
    """Return what axe finds, with all its rules or with those that `only` names."""
    options = {"resultTypes": ["violations"], "preload": False} | (only or {})
    found = page.evaluate("options => axe.run(document, options)", options)["violations"]
    return [(rule["id"], [node["html"][:200] for node in rule["nodes"]]) for rule in found]


def overflow(page: Page) -> list[str]:
    """Return the elements that make the page wider than the window."""
    return page.evaluate(
        """() => document.documentElement.scrollWidth <= innerWidth ? [] :
        [...document.querySelectorAll('body *')].filter(one => one.getBoundingClientRect().right > innerWidth + .5)
        .map(one => one.outerHTML.slice(0, 120))"""
    )


def outside(page: Page) -> list[str]:
    """Return what sticks out of its card, other than by being scrolled in it, and signs of state broken into lines."""
    return page.evaluate(
        """() => {
          const scrolled = (one, card) => {
            for (; one !== card; one = one.parentElement)
              if (getComputedStyle(one).overflowX !== 'visible') return true;
            return false;
          };
          const out = one => {
            const card = one.closest('.card'), {right, height, width} = one.getBoundingClientRect();
            if (!width || !height) return false;
            return one.matches('.status') && height > 30
              || right > card.getBoundingClientRect().right + .5 && !scrolled(one.parentElement, card);
          };
          return [...document.querySelectorAll('.card *')].filter(out).map(one => one.outerHTML.slice(0, 120));
        }"""
    )


def cut_off(page: Page) -> list[str]:
    """Return the lists and tabs that are wider than their card; rows of a file may have any number of columns."""
    return page.evaluate(
        """() => [...document.querySelectorAll('.card:has(> table.rows), .flush > section, .tabs')]
        .filter(one => one.scrollWidth > one.clientWidth && !one.querySelector('.scroll'))
        .map(one => one.outerHTML.slice(0, 120))"""
    )


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_a_page_is_accessible_in_both_themes_at_both_widths(
    view: View, chrome: Chrome, portal: Portal, store: Store
) -> None:
    portal.load(state_of(store, view))
    page = chrome.keep(view.who)
    page.set_viewport_size({"width": 1280, "height": HEIGHT[1280]})
    view.show(page)
    page.evaluate(AXE_SCRIPT)
    seen: dict[str, Any] = {}
    # The themes differ in colours alone, so all rules run in one theme and those on colour in both.
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": HEIGHT[width]})
        page.emulate_media(color_scheme="light")
        seen[f"light {width}"] = problems(page)
        seen[f"sideways {width}"] = overflow(page)
        seen[f"outside {width}"] = outside(page)
        seen[f"cut off {width}"] = cut_off(page)
        page.emulate_media(color_scheme="dark")
        seen[f"dark {width}"] = problems(page, COLOURS)
    assert {place: found for place, found in seen.items() if found} == {}


@pytest.mark.parametrize("path", ["/customers", "/customers/A-1", "/groups", "/groups/new?type=shop", "/imports/new"])
def test_what_is_typed_into_or_chosen_from_stays_in_its_card_on_a_phone(path: str, chrome: Chrome) -> None:
    """A list of groups is as wide as the longest name in it, and one of them is long."""
    page = chrome.open(width=390)
    page.goto(path)
    page.evaluate(
        """() => { for (const select of document.querySelectorAll('select'))
        select.add(new Option('The reseller of Kigali and of all the provinces around it, as of last year')) }"""
    )
    assert page.locator(".card :is(select, input:not([type=hidden]))").count() > 0
    outside = page.evaluate(
        """() => [...document.querySelectorAll('.card :is(select, input, textarea, .button)')].filter(one =>
        one.getBoundingClientRect().right > one.closest('.card').getBoundingClientRect().right)
        .map(one => one.outerHTML.slice(0, 80))"""
    )
    assert outside == []
