"""The store's own fields in the form of a customer and on her page."""

import gzip
from collections.abc import Callable
from typing import Any

import pytest

from portal.models import Change, Customer, Field, User
from portal.own_values import typed
from portal.permissions import Actor
from portal.queries import fields as find
from portal.services import customers, fields
from portal.services.fields.details import Details
from tests.conftest import Database
from tests.page import Browser, Form, Page, text_of

Browse = Callable[[str], Browser]
New = Callable[..., Any]
NewField = Callable[..., Field]
CPF = "529.982.247-25"


@pytest.fixture
def new_field(cass: Actor) -> NewField:
    """Define a field, as Cass would."""

    def make(label: str, type_: str = "text", **said: Any) -> Field:
        return fields.create(cass, Details({"en": label}, type_, **said))

    return make


def form_of(page: Page) -> Form:
    return next(form for form in page.forms if "version" in form.names() or form.action == "/customers/new")


def facts(page: Page) -> dict[str, str]:
    pairs = [line for line in page.all("div") if [part.tag for part in line] == ["dt", "dd"]]
    return {text_of(line[0]): text_of(line[1]) for line in pairs}


def values(customer: Customer) -> dict[str, Any]:
    return find.values_of([customer.id], find.live()).get(customer.id, {})


# What is typed into a field of each type, what the form draws again, and what her page says.
SAID = [
    ("yesno", "yes", "yes", "yes"), ("text", " Blue  sky ", "Blue sky", "Blue sky"),
    ("longtext", "one\r\ntwo", "one\ntwo", "one two"), ("number", "12.5", "12.5", "12.5"),
    ("money", "1 200.5", "1200.50", "$1,200.50"), ("percent", "35", "35", "35 %"),
    ("date", "2026-05-01", "2026-05-01", "May 1, 2026"),
    ("datetime", "2026-05-01T10:30", "2026-05-01T10:30", "May 1, 2026, 10:30:00 AM"),
    ("choice", "Gold", "Gold", "Gold"), ("phone", "0788412903", "+250788412903", "+250 788 412 903"),
    ("email", "A@b.example", "A@b.example", "A@b.example"),
    ("url", "example.org/a?b=1", "https://example.org/a?b=1", "https://example.org/a?b=1"),
    ("cpf", "52998224725", CPF, CPF), ("cnpj", "11222333000181", "11.222.333/0001-81", "11.222.333/0001-81"),
    ("postalcode", "1000", "1000", "1000"),
]  # fmt: skip


@pytest.mark.parametrize(("type_", "said", "drawn", "words"), SAID, ids=[row[0] for row in SAID])
def test_a_value_of_each_type_is_typed_shown_and_emptied(
    type_: str, said: str, drawn: str, words: str, browse: Browse, new_customer: New, new_field: NewField
) -> None:
    ann = new_customer("Ann", code="A1")
    new_field("Thing", type_, choices=("Gold", "Silver") if type_ == "choice" else ())
    cass = browse("cass")
    assert facts(cass.get("/customers/A1"))["Thing"] == "—"
    form = form_of(cass.get("/customers/A1/edit"))
    assert form.value("own-thing") == ""
    page = cass.submit(form, **{"own-thing": said})
    assert (page.status, facts(page)["Thing"].replace("\u202f", " ")) == (200, words)
    form = form_of(cass.get("/customers/A1/edit"))
    assert form.value("own-thing") == drawn
    changes = Change.select().count()
    cass.submit(form)
    assert Change.select().count() == changes
    cass.submit(form, **{"own-thing": ""})
    assert values(ann) == {}


def test_several_choices_are_boxes_and_none_of_them_is_said_too(
    browse: Browse, new_customer: New, new_field: NewField
) -> None:
    ann = new_customer("Ann", code="A1")
    field = new_field("Interests", "choices", choices=("Football", "Music, old", "Garden"))
    cass = browse("cass")
    cass.submit(form_of(cass.get("/customers/A1/edit")), **{"own-interests": ["", "Garden", "Music, old"]})
    page = cass.get("/customers/A1/edit")
    assert dict(facts(cass.get("/customers/A1")))["Interests"] == "Music, old, Garden"
    assert [value for name, value in form_of(page).fields() if name == "own-interests"] == ["", "Music, old", "Garden"]
    cass.submit(form_of(page), **{"own-interests": [""]})
    assert values(ann) == {} and field.type == "choices"


def test_a_new_customer_gets_what_the_form_says_and_its_defaults_stand_there(
    browse: Browse, new_field: NewField
) -> None:
    new_field("City", default="Porto"), new_field("Tags", "choices", choices=("A", "B"), default="B")
    new_field("Since", "date")
    cass = browse("cass")
    form = form_of(cass.get("/customers/new"))
    assert {pair for pair in form.fields() if pair[0].startswith("own-")} == {
        ("own-city", "Porto"), ("own-tags", ""), ("own-tags", "B"), ("own-since", ""),
    }  # fmt: skip
    page = cass.submit(form, name="Ann", code="A1", **{"own-city": "", "own-since": "2026-05-01"})
    told = facts(page)
    assert [told[name] for name in ("City", "Tags", "Since")] == ["—", "B", "May 1, 2026"]


def test_numbers_are_typed_and_shown_as_the_readers_language_writes_them(
    browse: Browse, new_field: NewField, new_customer: New
) -> None:
    new_field("Score", "number", default="0.35"), new_field("Limit", "money"), new_field("Off", "percent")
    ann = new_customer("Ann", code="A1")
    cass, pt = browse("cass"), {"Accept-Language": "pt"}
    assert form_of(cass.get("/customers/new", headers=pt)).value("own-score") == "0,35"
    said = {"own-score": "1.234,5", "own-limit": "1.234,50", "own-off": "0,35 %"}
    cass.submit(form_of(cass.get("/customers/A1/edit", headers=pt)), **said)
    drawn = {"own-score": "1234,5", "own-limit": "1234,50", "own-off": "0,35"}
    form, before = form_of(cass.get("/customers/A1/edit", headers=pt)), values(ann)
    assert {name: form.value(name) for name in drawn} == drawn
    # Saved as it was drawn nothing changes, in whichever language the page is answered.
    cass.submit(form)
    assert values(ann) == before and form_of(cass.get("/customers/A1/edit")).value("own-score") == "1234.5"
    page = cass.submit(form_of(cass.get("/customers/A1/edit", headers=pt)), **{"own-score": "1.234"})
    assert page.status == 422 and values(ann) == before
    assert any("“1.234” can be read in two ways. Write 1234 or 1.2340." in told for told in page.problems)


@pytest.mark.parametrize(("language", "thousand", "slip"), [("en", "12,345", "12.345"), ("pt", "12.345", "12,345"),
                                                            ("es", "12.345", "12,345")])  # fmt: skip
def test_an_amount_with_a_digit_too_many_is_refused_and_never_taken_for_thousands(
    language: str, thousand: str, slip: str, browse: Browse, new_field: NewField, new_customer: New
) -> None:
    new_field("Limit", "money")
    ann = new_customer("Ann", code="A1")
    User.update(language=language).execute()
    cass = browse("cass")
    cass.submit(form_of(cass.get("/customers/A1/edit")), **{"own-limit": thousand})
    assert values(ann) == {"limit": 1234500}
    page = cass.submit(form_of(cass.get("/customers/A1/edit")), **{"own-limit": slip})
    assert page.status == 422 and values(ann) == {"limit": 1234500}
    assert form_of(page).value("own-limit") == slip
    assert any(f"“{slip}”" in told and "12345" in told and "12.35" in told for told in page.problems)


def test_a_conflict_shows_only_what_differs_and_not_choices_that_are_the_same(
    browse: Browse, new_field: NewField, new_customer: New
) -> None:
    new_field("City"), new_field("Likes", "choices", choices=("Tea", "Coffee"))
    new_customer("Ann", code="A1", likes="Tea; Coffee")
    cass = browse("cass")
    mine = form_of(cass.get("/customers/A1/edit"))
    cass.submit(form_of(cass.get("/customers/A1/edit")), **{"own-city": "Porto"})
    page = cass.submit(mine, name="Anne")
    told = page.main[page.main.index("What is stored now") : page.main.index("Save again to write")]
    assert page.status == 409 and "Porto" in told and "Likes" not in told


def test_faults_stand_at_their_fields_and_nothing_typed_is_lost(
    browse: Browse, new_field: NewField, database: Database
) -> None:
    new_field("Tenure", "number"), new_field("Tier", "choice", choices=("Gold",), is_required=True)
    new_field("City"), new_field("Reason", "date")
    cass = browse("cass")
    form = form_of(cass.get("/customers/new"))
    before = database.checksum()
    said = {"own-tenure": "many", "own-city": "Porto", "own-tier": "", "own-reason": "soon"}
    page = cass.submit(form, name="Ann", code="A1", **said)
    assert (page.status, database.checksum()) == (422, before)
    assert {name: form_of(page).value(name) for name in said} == said
    wrong = {part.get("name") for part in page.root.iter() if part.get("aria-invalid") == "true"}
    assert wrong == {"own-tenure", "own-tier", "own-reason"}
    assert [told for told in page.problems if ": " in told] == [
        "Tenure: “many” is not a number.", "Tier: “Tier” is required.",
        "Reason: “soon” is not a date; write it as 1991-06-14.",
    ]  # fmt: skip
    optional = {text_of(part) for part in page.all("label") if "optional" in text_of(part)}
    assert {"City optional", "Tenure optional"} <= optional and "Tier optional" not in optional


def test_a_conflict_shows_own_fields_side_by_side_too(
    browse: Browse, pat: Actor, new_customer: New, new_field: NewField
) -> None:
    ann = new_customer("Ann", code="A1")
    new_field("City"), new_field("Paid", "money"), new_field("Tags", "choices", choices=("A", "B"))
    cass = browse("cass")
    form = form_of(cass.get("/customers/A1/edit"))
    customers.edit(pat, ann.id, {"city": "Lisboa", "paid": "12", "tags": "A; B"})
    page = cass.submit(form, **{"own-city": "Porto"})
    assert (page.status, facts(page)) == (409, {"City": "Lisboa", "Paid": "$12.00", "Tags": "A, B"})
    form = form_of(page)
    assert (form.value("own-city"), form.value("own-paid")) == ("Porto", "")
    cass.submit(form)
    assert values(ann) == {"city": "Porto"}


def test_what_a_person_sees_masked_is_masked_in_own_fields_too_and_not_in_the_form(
    browse: Browse, new_customer: New, new_field: NewField, s1: Any
) -> None:
    for type_ in ("cpf", "phone", "email"):
        new_field(f"Second {type_}", type_)
    said = {"second-cpf": CPF, "second-phone": "0788412903", "second-email": "second@b.example"}
    ann = new_customer("Ann", s1, code="A1", **said)
    shown = {who: facts(browse(who).get("/customers/A1")) for who in ("cass", "sam", "ana")}
    assert [[told[f"Second {name}"] for name in ("cpf", "phone", "email")] for told in shown.values()] == [
        [CPF, "+250 788 412 903", "second@b.example"],
        ["•••• 25", "+250 788 412 903", "second@b.example"],
        ["•••• 25", "•••• 03", "••••@••••"],
    ]
    sam = browse("sam")
    form = form_of(sam.get("/customers/A1/edit"))
    assert {name for name in form.names() if "own-" in name} == {"own-second-phone", "own-second-email"}
    token = {"csrf_token": sam.token(), "version": "1", "name": "Anna", "own-second-cpf": "11144477735"}
    sam.post("/customers/A1/edit", token)
    assert values(ann)["second-cpf"] == CPF
    page = sam.get("/customers/A1")
    sam.submit(page.form("/customers/A1/reveal"), reason="she asked")
    assert facts(sam.get("/customers/A1"))["Second cpf"] == CPF
    assert "own-second-cpf" in form_of(sam.get("/customers/A1/edit")).names()


def test_fields_stand_where_the_store_put_them(browse: Browse, new_customer: New, new_field: NewField) -> None:
    new_customer("Ann", code="A1", shop="")
    new_field("Right of all", side=2), new_field("Left of all")
    new_field("One", section="Contract"), new_field("Two", section="Contract", side=2)
    new_field("Three", section="Household")
    page = browse("cass").get("/customers/A1/edit")
    own = [text_of(part).removesuffix(" optional") for part in page.all("label")]
    headings = [text_of(part) for part in page.all("h2")]
    assert own[own.index("Address") + 1 :] == ["Left of all", "Right of all", "One", "Three", "Two"]
    assert headings == ["Personal Information", "Contract", "Household", "Contract"]
    page = browse("cass").get("/customers/A1")
    told = list(facts(page))
    assert told[told.index("Address") + 1 :] == ["Left of all", "Right of all", "One", "Three", "Two"]


def test_a_retired_field_is_gone_from_form_and_page_and_a_form_that_lay_open_is_stored_without_it(
    browse: Browse, cass: Actor, new_customer: New, new_field: NewField
) -> None:
    ann = new_customer("Ann", code="A1")
    field = new_field("City")
    browser = browse("cass")
    form = form_of(browser.get("/customers/A1/edit"))
    fields.retire(cass, field.id)
    page = browser.submit(form, name="Anna", **{"own-city": "Porto"})
    assert (page.h1, "City" in facts(page), values(ann)) == ("Anna", False, {})
    assert "own-city" not in form_of(browser.get("/customers/A1/edit")).names()


@pytest.mark.parametrize(
    ("said", "status"),
    [({"own-nothing": "x"}, 400), ({"own-": "x"}, 400), ({"city": "x"}, 400), ({"own-city": ["a", "b"]}, 400),
     ({"own-tags": ["", "A", "B"]}, 303), ({"own-city": "x"}, 303)],
)  # fmt: skip
def test_the_door_knows_the_fields_of_the_store(
    said: dict[str, Any], status: int, browse: Browse, new_field: NewField
) -> None:
    new_field("City"), new_field("Tags", "choices", choices=("A", "B"))
    cass = browse("cass")
    page = cass.post("/customers/new", {"csrf_token": cass.token(), "name": "Ann", "code": "A1", **said})
    assert (page.status, Customer.select().count()) == (status, int(status == 303))


def test_labels_and_help_speak_the_language_of_the_page(browse: Browse, cass: Actor, new_customer: New) -> None:
    new_customer("Ann", code="A1")
    fields.create(cass, Details({"en": "City", "pt": "Cidade"}, helps={"en": "Where she lives.", "pt": "Onde vive."}))
    page = browse("cass").get("/customers/A1/edit", headers={"Accept-Language": "pt"})
    assert "Cidade" in page.main and "Onde vive." in page.main and "Where she lives." not in page.main


def test_what_is_missing_is_called_in_the_language_of_the_page(browse: Browse, cass: Actor, new_customer: New) -> None:
    new_customer("Ann", code="A1")
    fields.create(cass, Details({"en": "City", "pt": "Cidade"}, is_required=True))
    browser = browse("cass")
    browser.submit(browser.get("/account").form("/account/language"), language="pt")
    told = browser.submit(form_of(browser.get("/customers/A1/edit")), **{"own-city": ""}).problems
    assert any("“Cidade”" in one for one in told) and not any("“City”" in one for one in told)


def test_two_hundred_fields_still_make_a_form_and_a_page(
    browse: Browse, new_customer: New, new_field: NewField
) -> None:
    kinds = ("text", "number", "date", "yesno", "choice")
    for n in range(200):
        type_ = kinds[n % 5]
        section, choices = f"Section {n // 20}", ("A", "B") if type_ == "choice" else ()
        new_field(f"Field {n}", type_, section=section, side=1 + n % 2, choices=choices)
    ann = new_customer("Ann", code="A1", **{"field-7": "2026-05-01", "field-4": "A"})
    cass = browse("cass")
    page = cass.get("/customers/A1/edit")
    assert len({name for name in form_of(page).names() if "own-" in name}) == 200
    assert len(gzip.compress(page.html.encode(), 5)) < 15 * 1024
    page = cass.submit(form_of(page), **{"own-field-199": "B", "own-field-7": ""})
    assert "197 fields without a value are left out." not in page.main
    assert {name: told for name, told in facts(page).items() if name.startswith("Field")} == {
        "Field 4": "A", "Field 199": "B",
    }  # fmt: skip
    assert "198 fields without a value are left out." in page.main
    assert {code: typed(find.by_code(code), value, None) for code, value in values(ann).items()} == {
        "field-4": "A", "field-199": "B",
    }  # fmt: skip


@pytest.mark.parametrize(("path", "n"), [("/customers/A1", 10), ("/customers/A1/edit", 10), ("/customers/new", 8)])
def test_own_fields_take_two_queries_however_many_they_are(
    path: str, n: int, browse: Browse, new_customer: New, new_field: NewField, query_count: Any
) -> None:
    new_field("One")
    new_customer("Ann", code="A1", one="x")
    browser = browse("cass")
    counts = [query_count(lambda: browser.get(path))]
    for name in ("Two", "Three"):
        new_field(name)
    counts.append(query_count(lambda: browser.get(path)))
    assert counts == [n, n]
