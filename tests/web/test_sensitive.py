"""Sensitive groups, as support and shop staff meet them: nowhere."""

from collections.abc import Callable
from typing import Any

import pytest

from portal.models import Group
from portal.permissions import Actor
from tests.page import Browser

New = Callable[..., Any]
Browse = Callable[[str], Browser]
PAGES = ("/", "/groups", "/groups?q=watch", "/customers", "/customers/A1", "/groups/plain", "/groups/plain/items")


@pytest.fixture
def secret(cass: Actor, new_group: New, new_customer: New, s1: Any) -> Group:
    """A sensitive group beside a plain one, both with Ann of Sol's shop; its agent note names it."""
    ann = new_customer("Ann", s1, code="A1")
    new_group("Plain", [ann])
    group: Group = new_group("Under Watch", [ann], agent_note="Call the watch desk")
    Group.update(is_sensitive=True).where(Group.id == group.id).execute()
    return Group.get_by_id(group.id)


@pytest.mark.parametrize("name", ["sam", "sol"])
def test_no_page_of_support_or_shop_staff_tells_of_a_sensitive_group(name: str, secret: Group, browse: Browse) -> None:
    browser = browse(name)
    for path in PAGES:
        page = browser.get(path)
        assert page.status == 200
        assert ("atch" in page.main, "under-watch" in page.html) == (False, False), path
    assert "Plain" in browser.get("/customers/A1").main


@pytest.mark.parametrize("name", ["sam", "sol"])
@pytest.mark.parametrize(
    "path", ["/groups/{}", "/groups/{}/items", "/customers?all={}", "/customers?none={}", "/customers?any=plain,{}"]
)
def test_a_sensitive_group_answers_as_one_that_is_not_there(
    name: str, path: str, secret: Group, browse: Browse
) -> None:
    browser = browse(name)
    hidden, missing = browser.get(path.format("under-watch")), browser.get(path.format("none-such"))
    assert (hidden.status, missing.status) == (404, 404)
    assert hidden.main == missing.main.replace("none-such", "under-watch")


@pytest.mark.parametrize("name", ["olive", "cass", "pat", "ana"])
def test_whoever_looks_after_groups_sees_sensitive_ones(name: str, secret: Group, browse: Browse) -> None:
    browser = browse(name)
    assert "Under Watch" in browser.get("/groups").main
    assert "Under Watch" in browser.get("/customers/A1").main
    assert [row[1] for row in browser.get("/groups/under-watch").rows()] == ["A1"]
