"""The builder of rules: what it draws reads as the rule it was drawn from, and its buttons need no JavaScript."""

from typing import Any

import html5lib
from flask import Flask, render_template
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import sampled_from
from werkzeug.datastructures import MultiDict

from portal.rules.tree import Tree
from portal.web.builder import Builder
from tests.page import values_of
from tests.rules.material import CATALOGUE
from tests.rules.reading import trees

_SETTINGS = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def drawn(app: Flask, builder: Builder, lang: str = "en") -> MultiDict[str, str]:
    """Return what the form says that a builder draws for somebody who reads that language."""
    with app.test_request_context("/", headers={"Accept-Language": lang}):
        html = render_template("rules/rows.html", drawing=builder.drawing("/groups", is_refused=True))
    tree = html5lib.parseFragment(f"<form>{html}</form>", "etree", namespaceHTMLElements=False)
    said: MultiDict[str, str] = MultiDict()
    for part in tree.iter():
        if part.get("name") and part.tag in {"input", "select", "textarea"}:
            for value in values_of(part):
                said.add(part.get("name"), value)
    return said


def read(said: Any, **more: str) -> Builder:
    return Builder.read(MultiDict([*MultiDict(said).items(multi=True), *more.items()]), CATALOGUE)


@_SETTINGS
@given(trees(CATALOGUE), sampled_from(["en", "pt", "es"]))
def test_what_the_builder_draws_reads_as_the_same_rule(application: Flask, tree: Tree, lang: str) -> None:
    assert read(drawn(application, Builder.of(tree, CATALOGUE), lang)).tree == tree
    # The text and the rows are two views of one rule.
    turned = Builder.of(tree, CATALOGUE).turned("text").turned("rows")
    assert turned.tree == tree
