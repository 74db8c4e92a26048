"""Undo as people press it: beside what was just done, from a page of its own where something stays."""

from collections.abc import Callable
from typing import Any

import pytest

from portal.models import Change, Customer, Membership
from portal.permissions import Actor
from portal.queries import undone
from portal.services import customers, groups, items, undo
from portal.services.groups import Details
from tests.page import Browser, Page

Browse = Callable[[str], Browser]
New = Callable[..., Any]


def newest() -> int:
    """Return the number of the last change."""
    return int(Change.select().order_by(Change.id.desc()).get().id)


def undo_form(page: Page) -> Any:
    """Return the one form that undoes the last change."""
    return page.form(f"/changes/{newest()}/undo", "post")


def test_the_message_after_a_write_undoes_it_and_its_undo(browse: Browse) -> None:
    cass = browse("cass")
    form = cass.get("/customers/new").form("/customers/new", "post")
    page = cass.submit(form, name="Ann", code="A1")
    assert page.toasts == ["Ann is stored."]
    (button,) = [part for part in undo_form(page).controls() if part.tag == "button"]
    assert button.get("aria-label") == "Undo: Ann is stored."
    page = cass.submit(undo_form(page), "Undo")
    # Her own page is gone with her.
    assert (page.status, page.response.request.path, page.toasts) == (200, "/customers", ["Undone: 1 customer."])
    assert cass.get("/customers/A1").status == 404
    page = cass.submit(undo_form(page), "Undo")
    assert (page.response.request.path, page.toasts) == ("/customers/A1", ["Undone: 1 customer."])


def test_the_button_is_offered_once_and_beside_what_was_done_only(browse: Browse, new_customer: New) -> None:
    new_customer("Ann", code="A1")
    cass = browse("cass")
    page = cass.post("/groups/new", {"name": "Vips", "type": "customer", "hue": "red", "do": "save"}, follow=True)
    undoing = [form.action for form in page.forms if form.action.endswith("/undo")]
    assert (page.toasts, undoing) == (["Vips is stored."], [f"/changes/{newest()}/undo"])
    assert [form.action for form in cass.get("/groups/vips").forms if "/undo" in form.action] == []
    # A save that changed nothing has nothing to be undone, whatever was done before.
    form = cass.get("/groups/vips/edit").form("/groups/vips/edit")
    page = cass.submit(form, "Save")
    assert page.toasts == ["Vips is stored."]
    assert [form.action for form in page.forms if "/undo" in form.action] == []
    page = cass.submit(cass.get("/account").form("/account/language"), language="pt")
    assert page.toasts == []


def test_a_group_that_is_not_there_any_more_leads_to_the_list(browse: Browse, new_customer: New) -> None:
    new_customer("Ann", code="A1")
    cass = browse("cass")
    page = cass.post("/groups/new", {"name": "Vips", "type": "customer", "hue": "red", "do": "save"}, follow=True)
    page = cass.submit(undo_form(page), "Undo")
    assert (page.response.request.path, page.toasts) == ("/groups", ["Undone: 1 group."])
    page = cass.submit(undo_form(page), "Undo")
    assert page.response.request.path == "/groups/vips"
    page = cass.post("/groups/of/A1", {"group": "vips"}, follow=True)
    page = cass.submit(undo_form(page), "Undo")
    assert (page.response.request.path, page.toasts) == ("/groups/vips", ["Undone: 1 item."])


def test_what_stays_is_listed_on_a_page_that_can_be_opened_again(
    browse: Browse, cass: Actor, new_customer: New, new_group: New
) -> None:
    ann, ben = new_customer("Ann"), new_customer("Ben")
    group = new_group("Vips")
    items.add(cass, group.id, [items.NewItem(customer_id=ann.id), items.NewItem(customer_id=ben.id)])
    done = newest()
    items.remove_member(cass, group.id, ben.id)
    browser = browse("cass")
    page = browser.post(f"/changes/{done}/undo", {}, follow=True)
    assert page.response.request.path == f"/changes/{newest()}/undone"
    assert (page.h1, page.status) == ("What was undone", 200)
    assert "Undone: 1 item." in page.main and "1 row stays as it is" in page.main
    assert [part for part in page.main.split("that. ")][-1].startswith("Ben in Vips has been ended since.")
    assert browser.get(f"/changes/{newest()}/undone").main == page.main
    assert browser.get(f"/changes/{done}/undone").status == 404
    page = browser.submit(undo_form(page), "Undo this undo")
    assert Membership.select().where(Membership.customer == ann).count() == 1


def test_many_rows_that_stay_fill_several_pages(browse: Browse, cass: Actor, new_customer: New) -> None:
    crowd = [new_customer(f"Person {n:03}") for n in range(undone.PAGE + 3)]
    group = groups.create(cass, Details("Vips"), [items.NewItem(customer_id=row.id) for row in crowd]).group
    done = newest()
    for row in crowd[1:]:
        items.remove_member(cass, group.id, row.id)
    groups.edit(cass, group.id, Details("Best"))
    browser = browse("cass")
    page = browser.post(f"/changes/{done}/undo", {}, follow=True)
    assert f"{undone.PAGE + 3} rows stay as they are" in page.main
    (further,) = [link for link in page.links if "after=" in link]
    rest = browser.get(further)
    assert rest.main.count("has been") == 3 and page.main.count("has been") == undone.PAGE


def test_a_refusal_is_said_in_words(browse: Browse, cass: Actor, new_customer: New) -> None:
    ann = new_customer("Ann")
    done = newest()
    customers.edit(cass, ann.id, {"name": "Anna"})
    page = browse("cass").post(f"/changes/{done}/undo", {}, follow=True)
    assert (page.status, page.h1) == (422, "This could not be done")
    assert "Anna has been changed since." in page.main
    assert browse("cass").post("/changes/999999/undo", {}).status == 404


def test_a_fragment_carries_the_button_too(browse: Browse) -> None:
    cass = browse("cass")
    cass.client.post(
        "/customers/new", data={"name": "Ann", "code": "A1", "csrf_token": cass.token()}, follow_redirects=False
    )
    headers = {"HX-Request": "true", "HX-Request-Type": "partial", "HX-Target": "section#list"}
    html = cass.client.get("/customers", headers=headers).text
    assert html.count(f'action="/changes/{newest()}/undo"') == 1 and 'hx-target="#toasts"' in html


@pytest.mark.parametrize("name", ["sam", "sol"])
def test_support_and_staff_undo_their_own_acts_only(name: str, browse: Browse, new_customer: New) -> None:
    new_customer("Ann", code="A1")
    foreign = newest()
    browser = browse(name)
    form = browser.get("/customers/new").form("/customers/new", "post")
    page = browser.submit(form, name="Cora", email="c@c.example", shop="S1")
    assert browser.post(f"/changes/{foreign}/undo", {}).status == 404
    page = browser.submit(undo_form(page), "Undo")
    assert page.toasts == ["Undone: 1 customer."]
    assert [row.name for row in Customer.select().where(Customer.removed_at.is_null())] == ["Ann"]


def test_the_list_of_changes_offers_undo_and_says_what_is_undone(
    browse: Browse, cass: Actor, new_customer: New
) -> None:
    ann = new_customer("Ann", code="A1")
    customers.edit(cass, ann.id, {"name": "Anna"})
    change = Change.select().order_by(Change.id.desc()).get()
    browser = browse("pat")
    browser.submit(browser.get("/changes").form(f"/changes/{change.id}/undo"))
    assert Customer.get_by_id(ann.id).name == "Ann"
    listed, undoing = browser.get("/changes"), newest()
    assert f"Undone by change {undoing}" in listed.main
    assert f"/changes/{change.id}/undo" not in [form.action for form in listed.forms]
    browser.submit(listed.form(f"/changes/{undoing}/undo"))
    assert Customer.get_by_id(ann.id).name == "Anna"
    # The change stands again, and so can be undone again; from its own page too.
    page = browser.get(f"/changes/{change.id}")
    assert f"/changes/{change.id}/undo" in [form.action for form in page.forms]
    assert [form.action for form in browse("ana").get("/changes").forms if form.method == "post"] == ["/sign-out"]


def test_recent_changes_offer_undo_of_what_the_person_may_undo(
    browse: Browse, cass: Actor, sam: Actor, new_customer: New, new_group: New
) -> None:
    ann = new_customer("Ann", code="A1")
    customers.edit(sam, ann.id, {"name": "Anna"})
    edited = newest()
    customers.edit(cass, ann.id, {"address": "Here"})
    new_group("Vips")

    def offered(name: str, path: str = "/changes") -> set[int]:
        page = browse(name).get(path)
        return {int(form.action.split("/")[2]) for form in page.forms if form.action.endswith("/undo")}

    of_groups = {change.id for change in Change.select() if change.act.startswith("group.")}
    undo.undo(cass, newest())
    undo.undo(cass, newest())  # what is undone offers no undo of its own any more
    of_groups.add(newest())
    mine = of_groups | {change.id for change in Change.select() if change.act.startswith("customer.")}
    assert offered("cass") == mine
    # An owner neither makes nor changes groups, nor undoes what was done to them, however often.
    assert offered("olive") & mine == mine - of_groups
    assert offered("sam") == {edited}
    assert offered("ana") == set()
    assert offered("sam", f"/changes/{edited}") == {edited}
    browser = browse("sam")
    page = browser.submit(browser.get("/changes").form(f"/changes/{edited}/undo"))
    assert (page.toasts, page.response.request.path) == (["Undone: 1 customer."], "/customers/A1")


def test_a_change_still_tells_of_who_was_removed_and_an_undo_of_what_it_left(
    browse: Browse, cass: Actor, new_customer: New, new_group: New
) -> None:
    ann, ben = new_customer("Ann", code="A1"), new_customer("Ben")
    created = newest() - 1
    group = new_group("Vips")
    items.add(cass, group.id, [items.NewItem(customer_id=ben.id), items.NewItem(new_customer={"code": "N1"})])
    done = newest()
    customers.edit(cass, Customer.get(Customer.code == "N1").id, {"name": "Nina"})
    browser = browse("cass")
    browser.post(f"/changes/{done}/undo", {})
    page = browser.get(f"/changes/{newest()}")
    assert "Nina has been changed since." in page.main and "stays" in page.main
    assert f"/changes/{newest()}/undone" in page.links
    browser.post(f"/changes/{created}/undo", {})
    page = browser.get(f"/changes/{created}")
    assert "Ann" in page.main and f"/customers/{ann.code}" not in page.links
