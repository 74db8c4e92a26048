"""The customers' pages, as people use them."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest

from portal.models import Change, Customer, Shop
from portal.permissions import Actor, Role
from portal.services import customers, items
from tests.conftest import PASSWORD, Database, Person
from tests.page import Browser, Page, text_of

Browse = Callable[[str], Browser]
New = Callable[..., Any]
ID = "1199080012345678"


def facts(page: Page) -> dict[str, str]:
    """Return the values of Personal Information by their labels."""
    told = {}
    for line in page.all("div"):
        parts = [part.tag for part in line]
        if parts == ["dt", "dd"]:
            told["".join(line[0].itertext())] = " ".join("".join(line[1].itertext()).split())
    return told


def names(page: Page) -> list[str]:
    return [row[0] for row in page.rows()]


# ---- one customer ----


def test_a_customer_is_created_and_shown(browse: Browse, s1: Shop, s2: Shop) -> None:
    cass = browse("cass")
    page = cass.submit(
        cass.get("/customers/new").form("/customers/new"), name="Ann", phone="0788 412 903",
        email="a@internalmail", shop="S1",
        birth_date="1991-06-14", gender="female", id_type="passport", id_number=ID, address="KN 5 Rd",
    )  # fmt: skip
    assert page.toasts == ["Ann is stored.", "“a@internalmail” has no dot after the @; it is kept as typed."]
    assert (page.h1, facts(page)) == ("Ann", {
        "Name": "Ann", "Code": "C1000001", "Phone": "+250 788 412 903", "E-mail": "a@internalmail",
        "Shop": "Kigali North",
        "Date of birth": "June 14, 1991", "Language": "—", "Gender": "Female", "ID": f"Passport · {ID}",
        "Address": "KN 5 Rd",
    })  # fmt: skip


@pytest.mark.parametrize(
    ("button", "arrives"),
    [("Save", "/customers/A9"), ("Save and close", "/customers"), ("Save and new", "/customers/new?shop=S2")],
)
def test_each_button_of_a_new_customer_stores_her_and_leads_on(
    button: str, arrives: str, browse: Browse, s2: Shop
) -> None:
    cass = browse("cass")
    page = cass.submit(cass.get("/customers/new").form("/customers/new"), button, name="Ann", code="A9", shop="S2")
    assert (page.status, page.response.request.full_path.rstrip("?")) == (200, arrives)
    assert (page.toasts, Customer.get().name) == (["Ann is stored."], "Ann")
    if button == "Save and new":
        form = page.form("/customers/new")
        assert (form.value("shop"), form.value("name"), form.value("code")) == ("S2", "", "")


@pytest.mark.parametrize(("button", "arrives"), [("Save", "/customers/A1"), ("Save and close", "/customers")])
def test_each_button_of_an_edit_stores_it_and_leads_on(
    button: str, arrives: str, browse: Browse, new_customer: New
) -> None:
    new_customer("Ann", code="A1")
    cass = browse("cass")
    form = cass.get("/customers/A1/edit").form("/customers/A1/edit")
    assert "Save and new" not in form.buttons()
    page = cass.submit(form, button, name="Anna")
    assert (page.response.request.path, Customer.get().name) == (arrives, "Anna")


def test_a_new_customer_form_takes_no_shop_that_is_not_there(browse: Browse, s1: Shop) -> None:
    assert browse("cass").get("/customers/new?shop=S9").form("/customers/new").value("shop") == ""


def test_a_refused_form_keeps_what_was_typed_and_names_every_fault(browse: Browse, database: Database) -> None:
    cass = browse("cass")
    form = cass.get("/customers/new").form("/customers/new")
    before = database.checksum()
    typed = {"name": "Ann", "email": "nobody", "phone": "-4396", "birth_date": "31/31/1991", "address": "KN 5"}
    page = cass.submit(form, **typed)
    assert page.status == 422 and database.checksum() == before
    assert {name: page.form("/customers/new").value(name) for name in typed} == typed
    wrong = {part.get("name") for part in page.root.iter() if part.get("aria-invalid") == "true"}
    assert wrong == {"email", "phone", "birth_date"}


def test_an_edit_changes_what_was_changed(browse: Browse, new_customer: New, s1: Shop) -> None:
    new_customer("Ann", s1, code="A1", gender="robot", id_number=ID)
    cass = browse("cass")
    form = cass.get("/customers/A1/edit").form("/customers/A1/edit")
    assert (form.value("gender"), form.value("shop"), form.value("id_number")) == ("robot", "S1", ID)
    page = cass.submit(form, name="Anna", code="A2")
    assert page.response.request.path == "/customers/A2"
    row = Customer.get()
    assert (row.name, row.code, row.gender, row.shop_id, row.version) == ("Anna", "A2", "robot", s1.id, 2)
    again = cass.submit(cass.get("/customers/a2/edit").form("/customers/A2/edit"))
    assert again.status == 200 and Customer.get().version == 2


def test_a_conflict_keeps_what_was_typed_beside_what_is_stored(browse: Browse, new_customer: New, pat: Actor) -> None:
    ann = new_customer("Ann", code="A1")
    cass = browse("cass")
    form = cass.get("/customers/A1/edit").form("/customers/A1/edit")
    customers.edit(pat, ann.id, {"name": "Pat's", "address": "Pat's"})
    page = cass.submit(form, name="Cass's", address="Cass's")
    assert (page.status, facts(page)) == (409, {"Name": "Pat's", "Address": "Pat's"})
    form = page.form("/customers/A1/edit")
    assert (form.value("name"), form.value("address"), Customer.get().name) == ("Cass's", "Cass's", "Pat's")
    assert cass.submit(form).status == 200 and Customer.get().name == "Cass's"


def test_a_conflict_says_what_is_stored_as_people_read_it(
    browse: Browse, new_customer: New, pat: Actor, s1: Shop, s2: Shop
) -> None:
    """And only what differs from what was typed."""
    ann = new_customer("Ann", s1, code="A1", gender="male", address="KN 5 Rd")
    cass = browse("cass")
    form = cass.get("/customers/A1/edit").form("/customers/A1/edit")
    customers.edit(pat, ann.id, {
        "shop": s2.code, "birth_date": "1991-06-14", "phone": "0788412903", "gender": "female", "language": "pt",
        "id_type": "national_id", "address": "",
    })  # fmt: skip
    assert facts(cass.submit(form)) == {
        "Phone": "+250 788 412 903", "Shop": "Huye", "Date of birth": "June 14, 1991", "Language": "Portuguese",
        "Gender": "Female", "ID type": "National ID", "Address": "empty",
    }  # fmt: skip


def test_the_page_lists_her_groups_by_their_present_names(
    browse: Browse, new_customer: New, new_group: New, cass: Actor
) -> None:
    """Behaviour B021."""
    from portal.services import groups

    ann = new_customer("Ann", code="A1")
    group = new_group("Old name", [ann], agent_note="Be kind")
    groups.edit(cass, group.id, groups.Details(name="New name", agent_note="Be kinder"))
    new_group("Not hers")
    page = browse("sam").get("/customers/A1")
    assert "New name" in page.main and "Old name" not in page.main and "/groups/not-hers" not in page.links
    assert "New name: Be kinder" in page.main


def test_a_code_with_odd_marks_has_a_page_like_any_other(browse: Browse, new_customer: New) -> None:
    cass = browse("cass")
    for code in ("A 1", "ä+b", "a&b=c", "李", "a;b", '"q"', "<b>", "a:b", "@", "..a", "*"):
        new_customer(f"Name {code}", code=code)
    page = cass.get("/customers?sort=code")
    links = [link for link in page.links if link.startswith("/customers/") and not link.endswith("/new")]
    assert len(links) == 11
    for link in links:
        shown = cass.get(link)
        assert shown.status == 200 and shown.h1 == f"Name {facts(shown)['Code']}"
        edited = cass.submit(cass.get(f"{link}/edit").form(f"{link}/edit"), address="x")
        assert edited.h1 == shown.h1


def test_what_people_type_is_only_text(browse: Browse, new_group: New) -> None:
    cass = browse("cass")
    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{ 7*7 }}"
    customers_page = cass.submit(
        cass.get("/customers/new").form("/customers/new"), name=evil, code="A1", address=evil, gender=evil[:40]
    )
    assert customers_page.h1 == evil and facts(customers_page)["Address"] == evil
    cass.post(
        "/groups/new",
        {"name": evil, "description": evil, "agent_note": evil, "item": f"include:customer:{Customer.get().id}"},
    )
    for path in ("/customers", "/groups", "/", "/customers/A1/edit", f"/customers?q={'%3Cscript%3E'}"):
        assert "<script>alert" not in cass.get(path).html


# ---- the list ----


@pytest.fixture
def store(new_customer: New, new_group: New, s1: Shop, s2: Shop) -> None:
    ann, ben, cay = (
        new_customer("Ann", s1, code="A1"),
        new_customer("Ben", s2, code="B1"),
        new_customer("Çay", code="C1"),
    )
    new_group("Vips", [ann, ben]), new_group("Old", [ben, cay]), new_group("None")


def test_the_filter_is_the_address(browse: Browse, store: None) -> None:
    cass = browse("cass")
    expected = {
        "": ["Ann", "Ben", "Çay"], "any=vips,old": ["Ann", "Ben", "Çay"], "any=vips&any=old": ["Ann", "Ben", "Çay"],
        "all=vips,old": ["Ben"], "none=vips": ["Çay"], "all=old&none=vips": ["Çay"], "shop=S1": ["Ann"],
        "shop=s1,S2": ["Ann", "Ben"],
        "sort=-name": ["Çay", "Ben", "Ann"], "sort=-code": ["Çay", "Ben", "Ann"], "q=cay": ["Çay"],
        "q=b1": ["Ben"], "all=none-2": [],
        "all=VIPS": ["Ann", "Ben"],
    }  # fmt: skip
    assert {query: names(cass.get(f"/customers?{query}")) for query in expected} == expected


@pytest.mark.parametrize("word", ["group", "cluster", "segment", "tag"])
def test_a_group_may_be_called_by_its_other_names(word: str, browse: Browse, store: None) -> None:
    answer = browse("cass").get(f"/customers?{word}=vips&q=a")
    assert (answer.status, answer.headers["Location"]) == (302, "/customers?q=a&all=vips")


def test_a_filter_is_built_by_a_form_and_taken_apart_by_its_chips(browse: Browse, store: None) -> None:
    cass = browse("cass")
    form = next(form for form in cass.get("/customers?q=n").forms if "add" in form.names())
    page = cass.submit(form, add_to="none", add="old", follow=True)
    assert page.response.request.full_path == "/customers?q=n&none=old" and names(page) == ["Ann"]
    assert "not in “Old”, with “n” in name, code, e-mail or phone" in page.main
    assert "/customers?q=n" in page.links
    again = cass.submit(
        next(form for form in page.forms if "add" in form.names()), add_to="none", add="vips", follow=True
    )
    assert again.response.request.full_path == "/customers?q=n&none=old%2Cvips" and names(again) == []
    assert "Nobody fits" in again.main


def chips(page: Page) -> list[str]:
    return [text_of(chip) for chip in page.all("span") if chip.get("class") == "chip"]


def test_a_code_said_twice_is_one_condition(browse: Browse, store: None) -> None:
    page = browse("cass").get("/customers?shop=s1,S1&shop=S2&all=vips,VIPS&tag=Vips", follow=True)
    assert chips(page) == ["in all of Vips", "Shop is Kigali North", "Shop is Huye"] and names(page) == ["Ann", "Ben"]
    assert page.response.request.full_path == "/customers?all=vips&shop=S1%2CS2"


def test_pressing_filter_keeps_every_shop_that_the_list_is_filtered_by(browse: Browse, store: None) -> None:
    """The list of shops shows what is in force; choosing one of it is that one instead of them."""
    cass = browse("cass")
    page = cass.get("/customers?shop=S1,S2")
    form = next(form for form in page.forms if "add" in form.names())
    chosen = [option for option in form.element.iter("option") if option.get("selected") is not None]
    assert [text_of(option) for option in chosen] == ["Kigali North or Huye"]
    page = cass.submit(form, add="old")
    assert page.response.request.full_path == "/customers?all=old&shop=S1%2CS2" and names(page) == ["Ben"]
    for shop, found in (("S1", []), ("S2", ["Ben"]), ("", ["Ben", "Çay"])):
        assert names(cass.submit(next(form for form in page.forms if "add" in form.names()), shop=shop)) == found


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("any=nothing", 404),
        ("all=vips,nothing", 404),
        ("shop=S9", 404),
        ("sort=email", 422),
        ("sort=__class__", 422),
        ("sort=", 422),
    ],
)
def test_what_the_filter_does_not_know_is_said(query: str, status: int, browse: Browse, store: None) -> None:
    assert browse("cass").get(f"/customers?{query}").status == status
    assert browse("cass").part(f"/customers?{query}", "list").status == status


def test_shop_staff_learn_of_no_other_shop_from_the_filter(browse: Browse, store: None) -> None:
    sol = browse("sol")
    assert names(sol.get("/customers")) == ["Ann"]
    foreign, missing = sol.get("/customers?shop=S2"), sol.get("/customers?shop=S9")
    assert (foreign.status, foreign.unkeyed.replace("S2", "S9")) == (404, missing.unkeyed)
    assert "Huye" not in sol.get("/customers").html and "S2" not in sol.get("/customers/new").unkeyed


def test_htmx_gets_the_list_alone(browse: Browse, store: None) -> None:
    cass = browse("cass")
    part = cass.part("/customers?q=ann", "list")
    assert names(part) == ["Ann"] and part.all("h1") == [] and part.all("main") == []
    assert "/customers.csv?q=ann" in part.links and part.all("form") == []
    boxes = [(box.get("form"), box.get("name"), box.get("value")) for box in part.all("input")]
    assert boxes == [("filter", "q", "ann")]
    whole = cass.part("/customers?q=ann", "nowhere")
    assert whole.headers["HX-Retarget"] == "body" and whole.h1 == "Customers"


@pytest.mark.parametrize(("path", "n"), [("/customers", 11), ("/customers?all=vips", 13)])
def test_the_list_takes_as_many_queries_for_three_rows_as_for_one(
    path: str, n: int, browse: Browse, new_customer: New, new_group: New, s1: Shop, query_count: Any, cass: Actor
) -> None:
    group = new_group("Vips", [new_customer("Ann", s1)])
    browser = browse("cass")
    counts = [query_count(lambda: browser.get(path))]
    for name in ("Ben", "Cay"):
        items.add_member(cass, group.id, new_customer(name, s1).id)
    counts.append(query_count(lambda: browser.get(path)))
    assert names(browser.get(path)) == ["Ann", "Ben", "Cay"]
    assert counts == [n, n]


@pytest.mark.parametrize("path", ["/customers", "/groups/vips"])
@pytest.mark.parametrize("said", ["after=GONE", "before=GONE", "after=K1"])
def test_a_page_that_went_on_from_somebody_who_is_gone_leads_to_the_first_and_says_so(
    path: str, said: str, browse: Browse, cass: Actor, new_group: New, s1: Shop, s2: Shop
) -> None:
    """A customer whom this person does not see is answered like one who is not there."""
    group = new_group("Vips", shops=[s1])
    customers.create(cass, {"code": "K1", "name": "Ann", "shop": "S2"})
    customers.create(cass, {"code": "K2", "name": "Ann B", "shop": "S1"})
    browser = browse("sol")
    answer = browser.get(f"{path}?q=ann&{said}&start=51")
    assert (answer.status, answer.headers["Location"]) == (302, f"{path}?q=ann"), group
    page = browser.get(answer.headers["Location"])
    assert page.toasts == ["The row from which this page went on is gone. This is the beginning of the list."]
    assert names(page) == ["Ann B"]


def test_pages_are_turned_both_ways(browse: Browse, cass: Actor) -> None:
    for n in range(120):
        customers.create(cass, {"code": f"K{n:03}", "name": f"Name {n:03}"})
    browser = browse("cass")
    first = browser.get("/customers")
    (next_url,) = [part.get("href") for part in first.all("a") if part.get("rel") == "next"]
    second = browser.get(next_url)
    (back,) = [part.get("href") for part in second.all("a") if part.get("rel") == "prev"]
    assert (names(first)[0], names(second)[0], names(browser.get(back))) == ("Name 000", "Name 050", names(first))


# ---- masking and reveal ----


@pytest.fixture
def canary(new_customer: New, s1: Shop) -> Customer:
    customer: Customer = new_customer(
        "Ann", s1, code="A1", phone="0788412903", email="canary@b.example", id_number=ID, address="Canary Street 5"
    )
    return customer


def test_an_analyst_never_gets_what_is_masked_on_any_page_or_file(
    browse: Browse, canary: Customer, new_group: New
) -> None:
    new_group("Vips", [canary])
    ana = browse("ana")
    for path in (
        "/",
        "/customers",
        "/customers?q=ann",
        "/customers/A1",
        "/groups/vips",
        "/groups/vips/items",
        "/customers.csv",
    ):
        html = ana.get(path).html
        for secret in ("412903", "412 903", "canary", "Canary", ID):
            assert secret not in html, (path, secret)
    assert "Ann" in ana.get("/customers").main and names(ana.get("/customers?q=canary")) == []
    assert (ana.get("/customers/A1/edit").status, ana.post("/customers/A1/reveal", {"reason": "x"}).status) == (
        403,
        403,
    )


@pytest.mark.parametrize("name", ["sam", "sol"])
def test_support_reads_the_id_after_giving_a_reason_and_only_then(name: str, browse: Browse, canary: Customer) -> None:
    browser = browse(name)
    page = browser.get("/customers/A1")
    assert facts(page)["ID"] == "•••• 78" and ID not in page.html
    assert ID not in browser.get("/customers/A1/edit").html
    empty = browser.submit(page.form("/customers/A1/reveal"), reason=" ")
    assert empty.status == 422 and Change.select().where(Change.act == "customer.reveal").count() == 0
    assert (empty.h1, facts(empty)["ID"], empty.form("/customers/A1/reveal").value("reason")) == ("Ann", "•••• 78", " ")
    assert "Say in a few words why you need the ID." in empty.main
    page = browser.submit(browser.get("/customers/A1").form("/customers/A1/reveal"), reason="She asked")
    assert facts(page)["ID"] == ID
    change = Change.get(Change.act == "customer.reveal")
    assert (change.note, change.actor.name, change.subject) == ("She asked", name.capitalize(), f"customer:{canary.id}")
    other = browse("sol" if name == "sam" else "sam")
    assert facts(other.get("/customers/A1"))["ID"] == "•••• 78"


def test_managers_read_everything_and_see_nothing_to_reveal(browse: Browse, canary: Customer) -> None:
    page = browse("cass").get("/customers/A1")
    assert facts(page)["ID"] == ID and [form.action for form in page.forms if "reveal" in form.action] == []


def test_who_cannot_reveal_keeps_the_page_and_what_she_typed(browse: Browse, canary: Customer) -> None:
    page = browse("cass").post("/customers/A1/reveal", {"reason": "She asked"})
    assert (page.status, page.h1, page.form("/customers/A1/reveal").value("reason")) == (422, "Ann", "She asked")
    assert "There is no ID that you could reveal here." in page.main


def test_a_customer_is_added_to_the_groups_she_is_not_in(browse: Browse, canary: Customer, new_group: New) -> None:
    new_group("Vips", [canary])
    new_group("Others")
    page = browse("cass").get("/customers/A1")
    options = [option.get("value") for option in page.all("option")]
    assert options == ["", "others"]


def test_support_edits_without_seeing_or_losing_the_id(browse: Browse, canary: Customer) -> None:
    sam = browse("sam")
    form = sam.get("/customers/A1/edit").form("/customers/A1/edit")
    assert "id_number" not in form.names()
    sam.submit(form, name="Anna")
    sam.post("/customers/A1/edit", {"id_number": "overwritten"})
    row = Customer.get()
    assert (row.name, row.id_number) == ("Anna", ID)


# ---- shop staff ----


def test_shop_staff_type_no_codes_and_learn_nothing_by_trying(browse: Browse, new_customer: New, s2: Shop) -> None:
    new_customer("Foreign", s2, code="F1", email="f@b.example", phone="0788412903")
    sol = browse("sol")
    form = sol.get("/customers/new").form("/customers/new")
    assert "code" not in form.names()
    tries = {
        code: sol.post("/customers/new", {"code": code, "name": "X", "email": "x@b.example", "shop": "S1"})
        for code in ("F1", "G1")
    }
    assert tries["F1"].status == 422
    strip = lambda page: page.unkeyed.replace(sol.token(), "")  # noqa: E731
    assert strip(tries["F1"]) == strip(tries["G1"]) and "Foreign" not in tries["F1"].html
    same = sol.submit(form, name="Mine", email="f@b.example", phone="0788412903")
    assert (same.status, same.toasts) == (200, ["Mine is stored."])
    assert Customer.select().count() == 2
    assert (sol.get("/customers/F1").status, sol.get("/customers/F1").unkeyed.replace("F1", "G1")) == (
        404,
        sol.get("/customers/G1").unkeyed,
    )


def test_who_edits_in_one_shop_and_only_reads_in_others_is_shown_no_edit_button_there(
    new_person: New, new_customer: New, s1: Shop, s2: Shop, app: Any
) -> None:
    new_customer("Own", s1, code="O1"), new_customer("Foreign", s2, code="F1")
    person: Person = new_person("Both", (Role.SUPPORT, s1), (Role.ANALYST, None))
    browser = Browser(app).sign_in(person.user.email, PASSWORD)
    assert "/customers/O1/edit" in browser.get("/customers/O1").links
    assert "/customers/F1/edit" not in browser.get("/customers/F1").links
    assert browser.get("/customers/F1/edit").status == 403


# ---- files ----


def test_the_file_holds_the_filtered_rows_and_nothing_that_runs(
    browse: Browse, new_customer: New, new_group: New, s1: Shop
) -> None:
    ann = new_customer("=cmd|' /C calc'!A0", s1, code="+A1", phone="0788412903")
    new_customer("Ben", code="B1")
    new_group("Vips", [ann]), new_group("Best", [ann])
    page = browse("cass").get("/customers.csv?all=vips")
    assert page.headers["Content-Disposition"] == 'attachment; filename="customers.csv"'
    header, row = csv.reader(io.StringIO(page.html.removeprefix("\ufeff")))
    told = dict(zip(header, row, strict=True))
    assert (told["name"], told["code"], told["phone"]) == ("'=cmd|' /C calc'!A0", "'+A1", "+250788412903")
    assert (told["shop"], told["groups"]) == ("S1", "best, vips")
    assert Change.get(Change.act == "customer.export").note == "in “Vips”"


def test_a_language_is_typed_and_shown_by_its_name(browse: Browse) -> None:
    cass = browse("cass")
    page = cass.submit(cass.get("/customers/new").form("/customers/new"), code="L1", language="Inglês")
    assert Customer.get(Customer.code == "L1").language == "en" and "English" in page.main
    form = cass.get("/customers/L1/edit").form("/customers/L1/edit")
    assert form.value("language") == "English"
    cass.submit(form, name="Lin")
    assert Customer.get(Customer.code == "L1").language == "en"
    # Ga has the code gaa; its name is spelt like the code of Irish, so that the code is drawn.
    cass.submit(cass.get("/customers/L1/edit").form("/customers/L1/edit"), language="gaa")
    assert cass.get("/customers/L1/edit").form("/customers/L1/edit").value("language") == "gaa"
