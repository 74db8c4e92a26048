"""Whoever reads Portuguese or Spanish meets no English sentence."""

import json
import sqlite3
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

from tests.browser.chrome import Chrome
from tests.browser.serving import Portal
from tests.browser.store import Store
from tests.browser.views import VIEWS, state_of

CATALOGUES = Path(__file__).parents[2] / "portal" / "translations"
# What is written or read aloud on each page: texts, and what attributes say. Only fetched and read, which is fast.
TEXTS = """async paths => Promise.all(paths.map(async path => {
  const page = new DOMParser().parseFromString(await (await fetch(path)).text(), 'text/html');
  const said = new Set([page.documentElement.lang]);
  const add = text => text && said.add(text.replace(/\\s+/g, ' ').trim());
  // An address that may be broken into lines is one text.
  for (const broken of page.querySelectorAll('wbr')) {
    const whole = broken.parentElement;
    broken.remove();
    whole.normalize();
  }
  const walker = page.createTreeWalker(page, NodeFilter.SHOW_TEXT);
  while (walker.nextNode())
    if (!walker.currentNode.parentElement.closest('script, style, textarea')) add(walker.currentNode.data);
  for (const one of page.querySelectorAll('[aria-label], [title], [placeholder], [alt]'))
    for (const name of ['aria-label', 'title', 'placeholder', 'alt']) add(one.getAttribute(name));
  return [...said];
}))"""
# Names of things, the same in every language.
NAMES = {
    "Coterie", "Chrome", "Linux", "English", "Português", "Español", "Kinyarwanda", "CPF", "CNPJ", "DNI", "NIE", "NIF",
}  # fmt: skip
HEADERS = {"name", "phone"}  # the sample files' own
LOOKED_AT = [view for view in VIEWS if view.act is None]


@cache
def catalogue(lang: str) -> dict[str, str]:
    """Return the plain sentences with their translations."""
    with (CATALOGUES / lang / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return {str(one.id): str(one.string) for one in read_po(file) if one.id and isinstance(one.id, str)}


def data(path: Path) -> set[str]:
    """Return every text that the database holds."""
    connection = sqlite3.connect(path)
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    found = {
        " ".join(value.split())
        for table in tables if not table.startswith("customer_search_")
        for row in connection.execute(f'SELECT * FROM "{table}"') for value in row if isinstance(value, str)
    }  # fmt: skip
    connection.close()
    return found | {" ".join(text.split()) for value in found if value[:1] in {"[", "{"} for text in held(value)}


def held(value: str) -> list[str]:
    """Return the texts in a value that is JSON: cells of a file, labels and choices of a field."""
    try:
        told = json.loads(value)
    except ValueError:
        return []
    todo, texts = [told], []
    while todo:
        one = todo.pop()
        todo += one.values() if isinstance(one, dict) else one if isinstance(one, list) else []
        texts += [str(one)] if isinstance(one, str | int | float) else []
    return texts


def seen(chrome: Chrome, portal: Portal, store: Store, locale: str) -> dict[str, set[str]]:
    """Return the texts of every page in one language, by page."""
    found: dict[str, set[str]] = {}
    for state, who in sorted({(view.state, view.who) for view in LOOKED_AT}):
        views = [view for view in LOOKED_AT if (view.state, view.who) == (state, who)]
        portal.load(state_of(store, views[0]))
        page = chrome.open(who, lang=locale)
        page.goto("/static/mark.svg")
        texts = page.evaluate(TEXTS, [view.path for view in views])
        found |= {view.name: set(said) for view, said in zip(views, texts, strict=True)}
    return found


def test_no_page_shows_an_english_sentence(chrome: Chrome, portal: Portal, store: Store) -> None:
    known = NAMES | HEADERS | data(store.full) | data(store.busy)
    english = seen(chrome, portal, store, "en-GB")
    found: dict[str, list[str]] = {}
    for lang, locale in (("pt", "pt-BR"), ("es", "es-ES")):
        translated = catalogue(lang)
        same = known | {text for text, other in translated.items() if text == other}
        for name, texts in seen(chrome, portal, store, locale).items():
            assert lang in texts and "en" in english[name]
            doubtful = texts & (english[name] | set(translated))
            found[f"{lang} {name}"] = sorted(text for text in doubtful if not _is_known(text, same))
    assert {name: texts for name, texts in found.items() if texts} == {}


def _is_known(text: str, same: set[str]) -> bool:
    # “Aline Uwimana · A-1” is made of data alone; a sentence with a name in it is not.
    parts = [part.removesuffix(":") for part in text.split(" · ")]
    return all(part in same or not any(mark.isalpha() for mark in part) for part in parts)
