"""What an import would change in all groups, before it is written."""

import io
from collections.abc import Callable
from typing import Any

from portal.models import Change, Customer, Import, Membership, Shop
from portal.permissions import Actor
from portal.services import items
from portal.services.items import NewItem
from portal.web import imports

New = Callable[..., Any]


def checked(browser: Any, text: str, group: str = "") -> str:
    """Upload a file and return the address of its check."""
    data = {"csrf_token": browser.token(), "group": group, "file": (io.BytesIO(text.encode()), "people.csv")}
    sent = browser.client.post("/imports/new", data=data, content_type="multipart/form-data")
    assert sent.status_code == 303
    return str(sent.headers["Location"])


def test_every_group_that_the_file_moves_is_shown_and_nothing_is_written(
    browse: New, cass: Actor, new_customer: New, new_group: New, s1: Shop, s2: Shop
) -> None:
    new_customer("Ann", s1, code="A1")
    north, south = new_group("North", shops=[s1]), new_group("South", shops=[s2])
    vips, top = new_group("Vips"), new_group("Top")
    items.add(cass, top.id, [NewItem(of_group_id=vips.id)])
    browser = browse("cass")
    path = checked(browser, "code,name,shop\nA1,,S2\nB1,Bea,S2\n", "vips")
    assert f"{path}/preview" in browser.get(path).links
    n_changes = Change.select().count()
    page = browser.get(f"{path}/preview")
    assert page.h1 == "What this import would change"
    assert "+2, then 2 members" in page.main and "3 other groups change with it" in page.main
    for told in ("South +2, then 2 members", "Top +2, then 2 members", "North −1, then 0 members"):
        assert told in page.main
    assert (Change.select().count(), Customer.select().count(), Membership.select().count()) == (n_changes, 1, 1)
    assert Import.get().state == "checked"
    browser.submit(browser.get(path).form(f"{path}/run"))
    inside = [row.group_id for row in Membership.select()]
    assert [inside.count(group.id) for group in (north, south, top)] == [0, 2, 2]
    assert browser.get(f"{path}/preview").status == 404


def test_a_file_of_many_rows_would_make_others_wait_and_is_not_previewed(
    browse: New, new_group: New, monkeypatch: Any
) -> None:
    monkeypatch.setattr(imports, "PREVIEWED", 1)
    new_group("Vips")
    browser = browse("cass")
    path = checked(browser, "code,name\nA1,Ann\nB1,Bea\n", "vips")
    assert f"{path}/preview" not in browser.get(path).links
    assert browser.get(f"{path}/preview").status == 404
