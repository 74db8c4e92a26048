"""What an import would change in all groups, before it is written, on the page of its check and who it is."""

import io
from collections.abc import Callable
from typing import Any

import pytest

from portal.models import Change, Customer, Import, ImportMove, Job, Membership, Shop
from portal.permissions import Actor
from portal.queries import jobs as find_jobs
from portal.services import items
from portal.services.imports import foreseeing
from portal.services.items import NewItem
from portal.worker import work

New = Callable[..., Any]


def checked(browser: Any, text: str, group: str = "", **said: str) -> str:
    """Upload a file and return the address of its check."""
    data = {
        "csrf_token": browser.token(), "group": group, "file": (io.BytesIO(text.encode()), "people.csv"), **said,
    }  # fmt: skip
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
    n_changes = Change.select().count()
    path = checked(browser, "code,name,shop\nA1,,S2\nB1,Bea,S2\n", "vips")
    for page in (browser.get(path), browser.get(f"{path}/preview")):
        assert "What this import would change" in page.main and "3 other groups change with it" in page.main
        for told in ("Vips +2 then 2 members", "South +2 then 2 members", "Top +2 then 2 members",
                     "North −1 then 0 members"):  # fmt: skip
            assert told in page.main
        both = [f"{path}/preview?group={group.id}&way=joining" for group in (vips, south, top)]
        assert {*both, f"{path}/preview?group={north.id}&way=leaving"} <= set(page.links)
    assert browser.get(f"{path}/preview").h1 == "What this import would change"
    assert (Change.select().count(), Customer.select().count(), Membership.select().count()) == (n_changes, 1, 1)
    assert Import.get().state == "checked"
    browser.submit(browser.get(path).form(f"{path}/run"))
    inside = [row.group_id for row in Membership.select()]
    assert [inside.count(group.id) for group in (north, south, top)] == [0, 2, 2]
    assert browser.get(f"{path}/preview").status == 404


def test_who_joins_and_leaves_is_listed_page_by_page(
    browse: New, new_customer: New, new_group: New, s1: Shop
) -> None:
    ann, north = new_customer("Ann", s1, code="A1"), new_group("North", shops=[s1])
    rows = "".join(f"B{n},Bea {n},S1\n" for n in range(60))
    browser = browse("cass")
    path = checked(browser, f"code,name,shop\n{rows}A1,,\n,Nobody,\n")
    first = browser.get(f"{path}/preview?group={north.id}&way=joining")
    assert first.h1 == "Who would join North"
    assert "60 customers" in first.main and "Bea 0" in first.main and "Bea 50" not in first.main
    second = browser.get(next(link for link in first.links if "after=" in link))
    assert "Bea 50" in second.main and "Bea 59" in second.main and "Bea 0" not in second.main
    assert not any("after=" in link for link in second.links)
    for wrong in ("group=99&way=joining", f"group={north.id}&way=", f"group={north.id}&way=leaving&x=1", "way=joining"):
        answer = browser.get(f"{path}/preview?{wrong}")
        assert answer.status == (200 if "leaving" in wrong else 404), wrong
    assert ann.name not in first.main


def test_of_a_group_that_is_yet_to_be_its_members_are_told(browse: New, new_customer: New) -> None:
    new_customer("Ann", code="A1")
    browser = browse("cass")
    path = checked(browser, "code,name\nA1,\nB1,Bea\n", new_group="Resellers")
    page = browser.get(path)
    assert "Resellers +2 then 2 members" in page.main
    who = browser.get(f"{path}/preview?group=0&way=joining")
    assert (who.h1, "/customers/A1" in who.links, "Bea New" in who.main) == ("Who would join Resellers", True, True)


def test_a_change_since_is_told_and_it_is_worked_out_anew_on_demand(
    browse: New, cass: Actor, new_group: New, s1: Shop
) -> None:
    north = new_group("North", shops=[s1])
    browser = browse("cass")
    path = checked(browser, "code,shop\nA1,S1\n")
    assert "something has been changed since" not in browser.get(path).main
    items.add(cass, north.id, [NewItem(shop_id=s1.id, sign="exclude")])
    page = browser.get(path)
    assert "North +1" in page.main and "something has been changed since" in page.main
    assert "something has been changed since" in browser.get(f"{path}/preview?group={north.id}&way=joining").main
    answer = browser.submit(page.form(f"{path}/check"))
    assert "Nobody would join or leave any group." in answer.main


def test_a_large_file_is_worked_out_in_the_background_while_its_page_is_used(
    browse: New, new_group: New, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(foreseeing, "LARGE", 1)
    group = new_group("Vips")
    browser = browse("cass")
    text = "code,name\nA1,Ann\nB1,Bea\n,Nobody\n"
    alone = browser.get(checked(browser, text, "vips"))
    assert "is not known yet" in alone.main and Job.select().count() == 0
    monkeypatch.setattr(find_jobs, "is_worked_on", lambda: True)
    path = checked(browser, text, "vips")
    page = browser.get(path)
    assert "is being worked out" in page.main and "It waits for its turn." in page.main
    assert f'hx-get="{path}/preview"' in page.html and 'name="cells-' in page.html
    assert [link for link in page.links if link == path]  # “Reload”, without scripts
    part = browser.part(f"{path}/preview", "foreseen")
    assert "is being worked out" in part.html and "<h1" not in part.html
    work(Job.get().id, "test")
    part = browser.part(f"{path}/preview", "foreseen")
    assert "then 2 members" in part.html and "hx-get" not in part.html
    assert ImportMove.select().where(ImportMove.group_id == group.id).count() == 2
