"""CRM Groups Maintenance, as people use it."""

from collections.abc import Callable
from typing import Any

import pytest

from portal.models import Change, Customer, Group, GroupItem, Membership, Shop
from portal.permissions import Actor
from portal.services import groups, items
from portal.services.groups import Details
from portal.services.items import NewItem
from tests.conftest import Database
from tests.page import Browser, Page

Browse = Callable[[str], Browser]
New = Callable[..., Any]


def members(code: str) -> set[str]:
    query = Customer.select(Customer.name).join(Membership).join(Group)
    return {name for (name,) in query.where(Group.code == code).tuples()}


def found(page: Page, label: str) -> str:
    """Return the value of the box beside which `label` stands, among what was found and what is chosen."""
    values = [
        box.get("value", "")
        for line in page.all("label")
        for box in line.iter("input")
        if box.get("name") == "item" and "".join(part.text or "" for part in line.iter("b")) == label
    ]
    assert len(values) == 1, (label, values)
    return values[0]


# ---- creating ----


@pytest.mark.parametrize(
    ("button", "arrives"),
    [("Save", "/groups/vips"), ("Save and close", "/groups"), ("Save and new", "/groups/new?type=shop")],
)
def test_each_save_button_stores_and_leads_on(
    button: str, arrives: str, browse: Browse, s1: Shop, new_customer: New
) -> None:
    new_customer("Ann", s1), new_customer("Ben", s1)
    cass = browse("cass")
    form = cass.get("/groups/new").form("/groups/new")
    page = cass.submit(
        form,
        button,
        name="Vips",
        type="shop",
        hue="red",
        description="D",
        agent_note="N",
        drawn={"item": f"shop:{s1.id}"},
    )
    assert (page.status, page.response.request.full_path.rstrip("?")) == (200, arrives)
    assert page.toasts == [
        "Vips is stored.", "Now all 2 present customers of Kigali North, and all future ones, are members.",
    ] and members("vips") == {"Ann", "Ben"}  # fmt: skip
    group = Group.get()
    assert (group.name, group.type, group.hue, group.description, group.agent_note, group.status) == (
        "Vips",
        "shop",
        "red",
        "D",
        "N",
        "active",
    )


def test_enter_looks_for_items_and_stores_nothing(browse: Browse, new_customer: New) -> None:
    """Enter presses a form's first button: here Find, so that no half-typed group is stored by surprise."""
    new_customer("Ann")
    cass = browse("cass")
    page = cass.submit(cass.get("/groups/new").form("/groups/new"), name="Vips", find="ann")
    assert (page.status, page.form("/groups/new").value("name"), Group.select().count()) == (200, "Vips", 0)
    assert found(page, "Ann")


def test_an_empty_name_brings_the_form_back_with_everything_typed(
    browse: Browse, database: Database, new_customer: New
) -> None:
    """Behaviour B003."""
    ann = new_customer("Ann")
    cass = browse("cass")
    form = cass.get("/groups/new").form("/groups/new")
    before = database.checksum()
    page = cass.submit(
        form,
        "Save and close",
        name="  ",
        type="shop",
        hue="pink",
        description="Typed",
        agent_note="Note",
        is_draft="y",
        drawn={"item": f"exclude:customer:{ann.id}"},
    )
    assert page.status == 422 and database.checksum() == before
    assert [part.get("id") for part in page.root.iter() if part.get("aria-invalid") == "true"] == ["name"]
    assert page.problems == ["A name is required.", "Name of the customer group: A name is required."]
    assert "Nothing was saved. Please look at this first:" in page.main
    form = page.form("/groups/new")
    kept = {name: form.value(name) for name in ("type", "hue", "description", "agent_note", "is_draft", "item")}
    assert kept == {
        "type": "shop", "hue": "pink", "description": "Typed", "agent_note": "Note", "is_draft": "y",
        "item": f"exclude:customer:{ann.id}",
    }  # fmt: skip


@pytest.mark.parametrize("same", ["cafe lodz", "CAFÉ  ŁÓDŹ"])
def test_a_name_that_differs_by_case_and_accents_only_is_taken(same: str, browse: Browse, new_group: New) -> None:
    new_group("Café Łódź")
    cass = browse("cass")
    page = cass.submit(cass.get("/groups/new").form("/groups/new"), "Save", name=same)
    assert (page.status, page.problems[0]) == (422, "There is a group called “Café Łódź” already.")
    assert page.form("/groups/new").value("name") == same and Group.select().count() == 1


@pytest.mark.parametrize("name", ["olive", "sam", "sol", "ana", "tess", "nadia"])
def test_who_may_not_create_is_refused_at_the_form_and_at_the_post(
    name: str, browse: Browse, database: Database
) -> None:
    """Behaviour B027."""
    browser = browse(name)
    before = database.checksum()
    assert [browser.get("/groups/new").status, browser.post("/groups/new", {"name": "Vips"}).status] == [403, 403]
    assert database.checksum() == before
    assert "/groups/new" not in browser.get("/").links


def test_a_draft_has_no_members_until_it_is_made_active(browse: Browse, s1: Shop, new_customer: New) -> None:
    new_customer("Ann", s1)
    cass = browse("cass")
    page = cass.submit(
        cass.get("/groups/new").form("/groups/new"),
        "Save",
        name="Vips",
        is_draft="y",
        drawn={"item": f"include:shop:{s1.id}"},
    )
    assert page.toasts == ["Vips is stored."] and "A draft has no members" in page.main and members("vips") == set()
    asked = cass.get("/groups/vips/restore")
    assert (asked.h1, "+1, then 1 member" in asked.main) == ("Make Vips active?", True)
    page = cass.submit(asked.form("/groups/vips/restore"), "Make active")
    assert page.toasts == ["Vips is active. It has 1 member now."] and members("vips") == {"Ann"}


# ---- “Add an item” ----


def test_items_are_chosen_without_javascript_step_by_step(browse: Browse, s1: Shop, new_customer: New) -> None:
    ann, _, anton = new_customer("Ann", s1), new_customer("Ben"), new_customer("Anton")
    cass = browse("cass")
    page = cass.submit(cass.get("/groups/new").form("/groups/new"), "Find", name="Vips", find="ann")
    page = cass.submit(page.form("/groups/new"), "Find", find="anton", item=found(page, "Ann"))
    assert page.form("/groups/new").value("name") == "Vips"
    assert (found(page, "Ann"), found(page, "Anton")) == (f"include:customer:{ann.id}", f"customer:{anton.id}")
    page = cass.submit(
        page.form("/groups/new"), "Find", find="kigali", sign="exclude", item=[found(page, "Ann"), found(page, "Anton")]
    )
    assert (found(page, "Ann"), found(page, "Anton")) == (f"include:customer:{ann.id}", f"exclude:customer:{anton.id}")
    page = cass.submit(
        page.form("/groups/new"),
        "Add a new customer",
        item=[found(page, name) for name in ("Ann", "Anton", "Kigali North")],
        sign="include",
    )
    assert page.form("/groups/new").value("sign") == "include"
    form = page.form("/groups/new")
    assert [value for name, value in form.fields() if name == "item"] == [
        f"include:customer:{ann.id}", f"exclude:customer:{anton.id}", f"include:shop:{s1.id}",
    ]  # fmt: skip
    assert Group.select().count() == 0
    page = cass.submit(form, "Save", **{"new_customers-0-name": "Nan", "new_customers-0-code": "N1"})
    assert page.status == 200 and members("vips") == {"Ann", "Nan"}
    signs = {(row.kind, row.sign) for row in GroupItem.select()}
    assert signs == {("customer", "include"), ("customer", "exclude"), ("shop", "include")}


def test_the_sign_when_saving_counts_not_the_one_when_finding(
    browse: Browse, new_customer: New, new_group: New
) -> None:
    ann = new_customer("Ann")
    new_group("Vips", [ann])
    cass = browse("cass")
    form = cass.get("/groups/vips/items").form("/groups/vips/items", "post")
    page = cass.submit(form, "Find", find="ann", sign="include")
    cass.submit(page.form("/groups/vips/items", "post"), "Save", sign="exclude", item=found(page, "Ann"))
    assert members("vips") == set()


@pytest.mark.parametrize("path", ["/groups/new", "/groups/vips/items"])
def test_htmx_draws_only_the_items_again_and_keeps_what_was_ticked(
    path: str, browse: Browse, new_customer: New, new_group: New, database: Database
) -> None:
    ann, ben = new_customer("Ann"), new_customer("Ben")
    new_group("Vips")
    cass = browse("cass")
    cass.get(path)
    before = database.checksum()
    item = f"exclude:customer:{ann.id}"
    part = cass.part(
        path,
        "items",
        "POST",
        {"do": "find", "find": "ben", "item": item, "new_customers-0-name": "Typed", "sign": "exclude"},
    )
    assert part.status == 200 and part.all("h1") == [] and part.all("title") == []
    assert (found(part, "Ann"), found(part, "Ben")) == (item, f"customer:{ben.id}")
    values = [box.get("value") for box in part.all("input") if box.get("name") == "new_customers-0-name"]
    assert values == ["Typed"] and database.checksum() == before
    more = cass.part(path, "items", "POST", {"do": "new-customer", "new_customers-0-name": "Typed"})
    names = [box.get("name") for box in more.all("input") if (box.get("name") or "").endswith("-name")]
    assert names == ["new_customers-0-name", "new_customers-1-name"]


def test_an_item_page_adds_existing_new_and_shop_and_excludes(
    browse: Browse, s1: Shop, new_customer: New, new_group: New
) -> None:
    ann, ben = new_customer("Ann"), new_customer("Ben", s1)
    new_group("Vips")
    cass = browse("cass")
    form = cass.get("/groups/vips/items").form("/groups/vips/items", "post")
    empty = cass.submit(form, "Save")
    assert empty.status == 422 and "Choose at least one customer, shop, rule or group." in empty.main
    listed = cass.submit(
        cass.submit(empty.form("/groups/vips/items", "post"), "Find", find="kigali").form("/groups/vips/items", "post"),
        "Add a new customer",
    )
    chosen = [f"include:customer:{ann.id}", f"include:shop:{s1.id}", f"exclude:customer:{ben.id}"]
    cass.post("/groups/vips/items", {"item": chosen, "do": "save"})
    page = cass.submit(listed.form("/groups/vips/items", "post"), "Save", **{
        "new_customers-0-name": "Nan", "new_customers-0-email": "nan@internalmail", "new_customers-0-shop": "S1",
    })  # fmt: skip
    assert members("vips") == {"Ann", "Nan"}
    assert page.toasts == [
        "Vips is stored: 1 joined.", "Vips is stored: 1 joined.",
        "“nan@internalmail” has no dot after the @; it is kept as typed.",
    ]  # fmt: skip
    assert [row[:3] for row in page.rows()] == [
        ["Kigali North", "Shop", "include"], ["Ann", "Customer", "include"], ["Nan", "Customer", "include"],
        ["Ben", "Customer", "exclude"],
    ]  # fmt: skip


def test_a_refused_item_keeps_what_was_chosen_and_says_why(
    browse: Browse, s1: Shop, new_customer: New, new_group: New, database: Database
) -> None:
    ann = new_customer("Ann", s1)
    new_group("Vips", without_shops=[s1])
    cass = browse("cass")
    cass.get("/groups/vips/items")
    before = database.checksum()
    page = cass.post("/groups/vips/items", {"item": f"include:customer:{ann.id}", "new_customers-0-name": "Nan"})
    assert page.status == 422 and database.checksum() == before
    assert "Ann cannot be added: the group excludes the shop Kigali North. End that item first." in page.main
    form = page.form("/groups/vips/items", "post")
    assert (form.value("item"), form.value("new_customers-0-name")) == (f"include:customer:{ann.id}", "Nan")


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ("active", "Ann was in Vips already."),
        ("draft", "Ann will be in Vips once it is active: a draft has no members."),
        ("archived", "Ann will be in Vips once it is restored: an archived group has no members."),
    ],
)
def test_who_was_added_and_did_not_join_is_told_why(
    status: str, told: str, browse: Browse, cass: Actor, new_customer: New, new_group: New
) -> None:
    """A page that was drawn before somebody archived the group still offers it."""
    group = new_group("Vips", [new_customer("Ann", code="A1")] if status == "active" else [])
    ann = Customer.get_or_none(Customer.code == "A1") or new_customer("Ann", code="A1")
    browser = browse("cass")
    browser.get(f"/customers/{ann.code}")
    Group.update(status=status).where(Group.id == group.id).execute()
    page = browser.post("/groups/of/A1", {"group": "vips"}, follow=True)
    assert (page.h1, page.toasts) == ("Ann", [told])


def test_who_cannot_be_added_from_her_page_is_told_in_the_form(
    browse: Browse, s1: Shop, new_customer: New, new_group: New
) -> None:
    new_customer("Ann", s1, code="A1")
    new_group("Vips", without_shops=[s1])
    cass = browse("cass")
    page = cass.submit(cass.get("/customers/A1").form("/groups/of/A1"), group="vips")
    refused = "Ann cannot be added: the group excludes the shop Kigali North. End that item first."
    assert (page.status, page.h1, page.problems) == (422, "Add Ann to a group", [refused])
    assert page.form("/groups/of/A1").fields()[-1] == ("group", "vips") and members("vips") == set()


def test_an_item_is_ended_and_a_member_removed_and_added_again_by_name(
    browse: Browse, s1: Shop, new_customer: New, new_group: New
) -> None:
    ann = new_customer("Ann", s1, code="A1")
    new_group("Vips", shops=[s1])
    cass = browse("cass")
    page = cass.submit(cass.get("/groups/vips").form("/groups/vips/members/remove", customer="A1"))
    assert (
        page.toasts == ["Ann is no longer in Vips, and stays out until somebody adds her by name."]
        and members("vips") == set()
    )
    page = cass.get("/customers/A1")
    page = cass.submit(page.form("/groups/of/A1"), group="vips")
    assert page.toasts == ["Ann is in Vips.", "The exclusion of Ann is lifted."] and members("vips") == {"Ann"}
    page = cass.submit(page.form("/groups/vips/members/remove"))
    assert page.h1 == "Ann" and members("vips") == set()
    exclusion = GroupItem.get(GroupItem.sign == "exclude", GroupItem.ended_at.is_null())
    asked = cass.get(f"/groups/vips/items/{exclusion.id}/end")
    assert (asked.h1, "+1, then 1 member" in asked.main, "1 joins" in asked.main) == ("End the item Ann?", True, True)
    page = cass.submit(asked.form(f"/groups/vips/items/{exclusion.id}/end"))
    assert page.toasts == ["Vips is stored: 1 joined."] and members("vips") == {"Ann"}
    assert ann.id == Membership.get().customer_id


# ---- editing, archiving, deleting ----


def test_a_group_is_edited_and_leads_on(browse: Browse, new_group: New) -> None:
    new_group("Vips", description="Old")
    cass = browse("cass")
    form = cass.get("/groups/vips/edit").form("/groups/vips/edit")
    assert (form.value("name"), form.value("description"), form.value("hue"), form.value("type")) == (
        "Vips",
        "Old",
        "blue",
        "customer",
    )
    page = cass.submit(form, "Save and close", name="Best", hue="red")
    assert (page.h1, page.toasts) == ("CRM Groups Maintenance", ["Best is stored."])
    group = Group.get()
    assert (group.name, group.code, group.hue, group.description) == ("Best", "vips", "red", "Old")


def test_a_conflict_keeps_what_was_typed_beside_what_is_stored(browse: Browse, pat: Actor, new_group: New) -> None:
    group = new_group("Vips", description="Old")
    cass = browse("cass")
    form = cass.get("/groups/vips/edit").form("/groups/vips/edit")
    groups.edit(pat, group.id, Details(name="Pat's", description="Pat's words"))
    page = cass.submit(form, name="Cass's", description="Cass's words")
    assert page.status == 409 and "What is stored now" in page.main and "Pat's words" in page.main
    form = page.form("/groups/vips/edit")
    assert (form.value("name"), form.value("description")) == ("Cass's", "Cass's words")
    assert Group.get().name == "Pat's"
    assert cass.submit(form).status == 200 and Group.get().name == "Cass's"


def test_archiving_and_restoring_is_said_and_done(browse: Browse, new_customer: New, new_group: New) -> None:
    new_group("Vips", [new_customer("Ann")])
    cass = browse("cass")
    asked = cass.get("/groups/vips/archive")
    assert (asked.h1, "−1, then 0 members" in asked.main) == ("Archive Vips?", True)
    page = cass.submit(asked.form("/groups/vips/archive"))
    assert page.toasts == ["Vips is archived and has no members now. Restore brings them back."]
    assert "An archived group has no members" in page.main and members("vips") == set()
    assert cass.get("/groups").rows() == [] and [row[0] for row in cass.get("/groups?status=archived").rows()] == [
        "Vips"
    ]
    page = cass.submit(cass.get("/groups/vips/restore").form("/groups/vips/restore"), "Restore")
    assert page.toasts == ["Vips is active. It has 1 member now."] and members("vips") == {"Ann"}


def test_a_group_is_deleted_after_asking_and_its_customers_stay(
    browse: Browse, new_customer: New, new_group: New
) -> None:
    """Behaviour B008."""
    ann = new_customer("Ann")
    new_group("Vips", [ann])
    cass = browse("cass")
    page = cass.get("/groups/vips/delete")
    assert (page.h1, "−1, then 0 members" in page.main, "The customers stay." in page.main) == (
        "Delete Vips?", True, True
    )  # fmt: skip
    page = cass.submit(page.form("/groups/vips/delete"), "Delete")
    assert page.toasts == ["Vips is deleted. Its customers are still here."]
    gone = cass.get("/groups/vips")
    assert (gone.status, "There is no group “vips”." in gone.main) == (404, True)
    assert "In no group." in cass.get(f"/customers/{ann.code}").main
    assert cass.get("/groups?status=deleted").status == 200
    assert [row.act for row in Change.select().order_by(Change.id.desc()).limit(1)] == ["group.delete"]


# ---- lists ----


def test_the_list_is_searched_filtered_and_sorted_in_its_address(
    browse: Browse, new_customer: New, new_group: New, s1: Shop
) -> None:
    """Behaviour B012."""
    people = [new_customer(str(n), s1) for n in range(2)]
    for name, type_, chosen in (
        ("Wholesale", "shop", people),
        ("Retail", "customer", people[:1]),
        ("Online sale", "customer", []),
    ):
        new_group(name, chosen, type=type_)
    cass = browse("cass")
    names = lambda query: [row[0] for row in cass.get(f"/groups?{query}").rows()]  # noqa: E731
    assert names("q=SALE") == ["Online sale", "Wholesale"]
    assert names("type=shop") == ["Wholesale"]
    assert names("sort=-members") == ["Wholesale", "Retail", "Online sale"]
    assert names("q=nothing") == []
    page = cass.submit(cass.get("/groups").form("/groups"), q="retail")
    assert [row[0] for row in page.rows()] == ["Retail"] and page.form("/groups").value("q") == "retail"
    part = cass.part("/groups?q=retail", "list")
    assert [row[0] for row in part.rows()] == ["Retail"] and part.all("h1") == []


@pytest.mark.parametrize(
    ("path", "n"),
    [("/groups", 7), ("/groups/vips", 13), ("/groups/vips/items", 9), ("/groups/vips/used-by", 9), ("/", 8)],
)
def test_a_list_takes_as_many_queries_for_three_rows_as_for_one(
    path: str, n: int, browse: Browse, new_customer: New, new_group: New, query_count: Any, s1: Shop
) -> None:
    group = new_group("Vips", [new_customer("Ann", s1)])
    cass = browse("cass")
    counts = [query_count(lambda: cass.get(path))]
    for name in ("Ben", "Cay"):
        items.add_member(group_actor(), group.id, new_customer(name, s1).id)
        new_group(f"Group {name}")
    counts.append(query_count(lambda: cass.get(path)))
    assert counts == [n, n]


def test_the_list_of_groups_says_how_many_seen_groups_use_each(
    browse: Browse, cass: Actor, new_group: New
) -> None:
    inner, outer, secret = new_group("Inner"), new_group("Outer"), new_group("Secret")
    items.add(cass, outer.id, [NewItem(of_group_id=inner.id), NewItem(rule={"in": "inner"})])
    items.add(cass, secret.id, [NewItem(of_group_id=inner.id)])
    groups.edit(cass, secret.id, Details("Secret", is_sensitive=True))
    items.add(cass, inner.id, [NewItem(of_group_id=new_group("Empty").id)])
    items.end(cass, inner.id, GroupItem.get(GroupItem.group == inner).id)
    for who, n in (("cass", "2"), ("sam", "1")):
        page = browse(who).get("/groups")
        assert {row[0]: row[3] for row in page.rows() if row[3]} == {"Inner": n}
        assert "/groups/inner/used-by" in page.links
    assert "Used by" not in browse("tess").get("/groups").main


def test_many_items_are_turned_page_by_page_and_searched(
    browse: Browse, cass: Actor, new_group: New, query_count: Any
) -> None:
    """As many rows and queries whatever a group holds, on each of its tabs."""
    group = new_group("Vips")
    rows = [{"code": f"K{n:03}", "code_key": f"k{n:03}", "name": f"Name {n:03}", "name_key": f"name {n:03}",
             "search": f"name {n:03} k{n:03}"} for n in range(130)]  # fmt: skip
    Customer.insert_many(rows).execute()
    items.add(cass, group.id, [NewItem(customer_id=row.id) for row in Customer.select()])
    browser = browse("cass")
    counts = {path: query_count(lambda path=path: browser.get(path)) for path in ("/groups/vips", "/groups/vips/items")}
    assert counts == {"/groups/vips": 12, "/groups/vips/items": 10}  # nobody has a shop; the number of items
    page, seen = browser.get("/groups/vips/items"), []
    while True:
        seen.append([row[0] for row in page.rows()])
        assert "Items130" in page.main
        ways = {part.get("rel"): part.get("href") for part in page.all("a") if part.get("rel")}
        if "next" not in ways:
            break
        page = browser.get(ways["next"])
    assert [len(part) for part in seen] == [50, 50, 30]
    assert [name for part in seen for name in part] == [row["name"] for row in rows]
    assert [row[0] for row in browser.get(ways["prev"]).rows()] == seen[1]
    found = browser.submit(page.form("/groups/vips/items", "get"), "Search", q="12")
    assert [row[0] for row in found.rows()] == ["Name 012", "Name 112", *[f"Name 12{n}" for n in range(10)]]
    assert found.form("/groups/vips/items", "get").value("q") == "12" and "Items130" in found.main
    part = browser.part("/groups/vips/items?q=129", "listed")
    assert [row[0] for row in part.rows()] == ["Name 129"] and part.all("h1") == []
    nothing = browser.get("/groups/vips/items?q=nobody")
    assert "Nothing fits" in nothing.main and "/groups/vips/items" in nothing.links


@pytest.mark.parametrize("said", ["after=999", "before=x", "after=9999999999999999999"])
def test_a_page_of_items_that_went_on_from_none_leads_to_the_first(
    said: str, browse: Browse, new_customer: New, new_group: New
) -> None:
    new_group("Vips", [new_customer("Ann")])
    page = browse("cass").get(f"/groups/vips/items?{said}", follow=True)
    assert page.response.request.full_path == "/groups/vips/items?"
    assert page.toasts == ["The row from which this page went on is gone. This is the beginning of the list."]
    assert [row[0] for row in page.rows()] == ["Ann"]


def group_actor() -> Actor:
    from portal.models import User
    from portal.permissions import Door
    from portal.queries import users

    return users.actor_of(User.get(User.name == "Cass"), Door.PAGE)


# ---- marks, owner, days ----


def test_marks_owner_and_days_are_chosen_on_the_form_and_told_on_the_page(browse: Browse, new_group: New) -> None:
    new_group("Vips", status="draft")
    cass = browse("cass")
    form = cass.get("/groups/vips/edit").form("/groups/vips/edit")
    (pat,) = [part.get("value") or "" for part in form.element.iter("option") if "Pat" in (part.text or "")]
    page = cass.submit(
        form, "Save", is_guarded="y", is_open="y", owner_id=pat, review_on="2199-01-05", starts_on="2199-01-02",
        ends_on="2199-01-09",
    )  # fmt: skip
    for words in (
        "Guarded", "Open to support", "Owner: Pat", "planned from Jan 2, 2199 to Jan 9, 2199",
        "Review on Jan 5, 2199",
    ):  # fmt: skip
        assert words in page.main
    again = cass.get("/groups/vips/edit").form("/groups/vips/edit")
    assert {name: again.value(name) for name in ("owner_id", "review_on", "starts_on", "ends_on", "is_open")} == {
        "owner_id": pat, "review_on": "2199-01-05", "starts_on": "2199-01-02", "ends_on": "2199-01-09", "is_open": "y",
    }  # fmt: skip
    assert "is_sensitive" not in dict(again.fields())
    refused = cass.submit(again, "Save", ends_on="2001-01-01", owner_id="x1")
    assert refused.status == 422
    assert set(refused.problems) == {
        "Choose somebody who may edit groups.", "Owner: Choose somebody who may edit groups.",
        "This day has passed; choose today or a later one.",
        "Planned end: This day has passed; choose today or a later one.",
    }  # fmt: skip


def test_a_new_group_is_its_makers_unless_she_chooses_another(browse: Browse) -> None:
    cass = browse("cass")
    form = cass.get("/groups/new").form("/groups/new")
    cass.submit(form, "Save", name="Mine")
    assert Group.get(Group.code == "mine").owner.name == "Cass"


@pytest.mark.parametrize(
    ("name", "sees"), [("olive", True), ("cass", True), ("pat", True), ("sam", False), ("ana", False)]
)
def test_what_is_due_for_review_is_on_the_start_page_of_who_keeps_groups(
    name: str, sees: bool, browse: Browse, new_group: New
) -> None:
    for group, day in (("Due", "2020-01-05"), ("Older", "2020-01-04"), ("Later", "2199-01-01")):
        new_group(group)
        Group.update(review_on=day).where(Group.name == group).execute()
    new_group("Gone")
    Group.update(review_on="2020-01-01", status="archived").where(Group.name == "Gone").execute()
    page = browse(name).get("/")
    due = [row[0] for row in page.rows() if "2020" in row[1]]
    assert (due, "Due for review" in page.main) == ((["Older", "Due"], True) if sees else ([], False))


def test_a_group_that_could_not_start_is_on_the_start_page_and_its_own_page_says_where_the_reason_stands(
    browse: Browse, new_group: New, cass: Actor
) -> None:
    inner = new_group("Inner")
    first = [NewItem(of_group_id=inner.id)]
    groups.create(cass, groups.Details("Spring", status="draft", starts_on="2199-01-01"), first)
    groups.set_status(cass, inner.id, "archived")
    Group.update(starts_at="2020-01-01 00:00:00", next_change_at="2020-01-01 00:00:00").where(
        Group.name == "Spring"
    ).execute()
    browser = browse("cass")
    browser.get("/groups")
    assert browser.get("/").rows()[0] == ["SpringCould not start on its planned day", "", "Cass"]
    page = browser.get("/groups/spring")
    assert "Could not start on its planned day" in page.main and "/groups/spring/restore" in page.links
    assert "“Inner” is archived and has no members. Restore it first." in browser.get("/groups/spring/restore").main
    assert "Could not start" not in browse("sam").get("/groups/spring").main
    told = "The clock could not start the group “Spring”, which is made of what is not there any more"
    assert told in browser.get("/changes").main


def test_where_a_group_is_used_is_a_tab_and_the_answer_to_whoever_would_archive_or_delete_it(
    browse: Browse, new_group: New
) -> None:
    base, user = new_group("Base"), new_group("User")
    change = Change.select().order_by(Change.id.desc()).get()
    GroupItem.create(group=user, of_group=base, sign="exclude", kind="share", low=0, high=2_550, created_by=change)
    cass = browse("cass")
    page = cass.get("/groups/base/used-by")
    assert page.rows() == [["User", "Active", "exclude", "0–25.5 %"]]
    asked = cass.get("/groups/base/archive")
    assert "Base is used by “User”" in asked.main
    assert [form.action for form in asked.forms] == ["/sign-out"]
    refused = cass.post("/groups/base/archive")
    assert refused.status == 422 and "Base is used by “User”" in refused.main
    assert "Base is used by “User”" in cass.get("/groups/base/delete").main
    assert "Base is used by “User”" in cass.post("/groups/base/delete").main
    assert Group.get_by_id(base.id).status == "active"
    assert "Used by no group" in cass.get("/groups/user/used-by").main


def test_another_type_keeps_the_rule_and_the_items_that_were_begun(browse: Browse, new_customer: New) -> None:
    ann = new_customer("Ann", gender="female")
    cass = browse("cass")
    rows = {"rule-0-depth": "0", "rule-0-kind": "all", "rule-1-depth": "1", "rule-1-kind": "test",
            "rule-1-field": "gender", "rule-1-op": "is", "rule-1-value": "female"}  # fmt: skip
    drawn = {**rows, "item": f"include:customer:{ann.id}", "do": "find"}
    page = cass.submit(cass.get("/groups/new?type=rule").form("/groups/new"), drawn=drawn, type="rule")
    for type_ in ("customer", "shop", "rule", "customer"):
        page = cass.submit(page.form("/groups/new"), drawn={"do": "find"}, type=type_, name="Ladies")
        form = page.form("/groups/new")
        assert (form.value("rule-1-value"), form.value("item")) == ("female", f"include:customer:{ann.id}")
    # A group may mix kinds: what stands in the form is what is saved.
    cass.submit(form, "Save")
    assert sorted(item.kind for item in GroupItem.select()) == ["customer", "rule"]
    # Where no rule was begun none is drawn.
    assert "rule-0-kind" not in cass.get("/groups/new?type=customer").form("/groups/new").names()
