"""The menu tells where the person is, on the pages below each of its lines too."""

from collections.abc import Callable
from typing import Any

import pytest

from portal.permissions import Actor
from portal.services import items
from portal.services.items import NewItem
from tests.page import Browser, text_of

HERE = {
    "/": "Start",
    "/customers": "Customers", "/customers/new": "Customers", "/customers/T0001/edit": "Customers",
    "/groups": "CRM Groups Maintenance", "/groups/new": "CRM Groups Maintenance",
    "/groups/new/values": "CRM Groups Maintenance", "/groups/vips/items": "CRM Groups Maintenance",
    "/groups/vips/rule": "CRM Groups Maintenance", "/groups/vips/history": "CRM Groups Maintenance",
    "/groups/vips/archive": "CRM Groups Maintenance",
    "/proposals": "Requests", "/imports/new": "Import Customers into CRM…", "/changes": "Recent changes",
    "/settings/fields/new": "Fields",
    "/account": None, "/why": None, "/jobs": None,
}  # fmt: skip


@pytest.mark.parametrize("path", HERE)
def test_the_line_of_the_menu_that_the_page_belongs_to_is_marked(
    browse: Callable[[str], Browser], cass: Actor, new_customer: Any, new_group: Any, path: str
) -> None:
    group = new_group("Vips", [new_customer("Ann")])
    items.add(cass, group.id, [NewItem(rule={"field": "gender", "op": "is", "value": "female"})])
    page = browse("cass").get(path)
    lines = [link for link in page.all("a") if "nav-item" in link.get("class", "")]
    marked = [text_of(line) for line in lines if line.get("aria-current") == "page"]
    assert marked == ([HERE[path]] if HERE[path] else [])
