"""The customer list filtered by fields and by groups as the yes/no fields that they are."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest

from portal.models import Change, Customer
from portal.permissions import Actor
from portal.queries import codes
from portal.services import fields
from portal.services.fields.details import Details
from portal.web import filtering
from tests.page import Browser, Page, text_of

Browse = Callable[[str], Browser]
New = Callable[..., Any]


def names(page: Page) -> list[str]:
    return [row[0] for row in page.rows()]


def chips(page: Page) -> list[str]:
    return [text_of(chip) for chip in page.all("span") if chip.get("class") == "chip"]


@pytest.fixture
def store(cass: Actor, new_customer: New, new_group: New) -> None:
    for label, type_, choices in (
        ("City", "text", ()), ("Tier", "choice", ("Gold", "Silver, old")), ("Paid", "money", ()), ("Since", "date", ()),
        ("Called", "datetime", ()), ("Senior", "yesno", ()), ("Tags", "choices", ("A", "B", "C")), ("Cpf", "cpf", ()),
        ("Second phone", "phone", ()), ("Score", "number", ()),
    ):  # fmt: skip
        fields.create(cass, Details({"en": label}, type_, choices=choices, is_filterable=True))
    fields.create(cass, Details({"en": "Note"}))
    ann = new_customer(
        "Ann", code="A1", city="Porto", tier="Gold", paid="12.50", since="2026-05-01", senior="yes", tags="A; B",
        score="1234.5", cpf="529.982.247-25", birth_date="1991-06-14", gender="female", note="x",
    )  # fmt: skip
    new_customer(
        "Ben", code="B1", city="lisboa", tier="Silver, old", paid="-3", since="2026-05-31", senior="no", tags="B",
        called="2026-05-31T23:59", **{"second-phone": "0788412903"},
    )  # fmt: skip
    new_customer("Çay", code="C1", city="Porto, Norte", called="2026-06-01T00:00", gender="male")
    new_customer("Dan", code="D1")
    new_group("Vips", [ann])


EXPECTED = {
    "city=porto": ["Ann"], "city=Porto,Lisboa": ["Ann", "Ben"], "city=Porto&city=Lisboa": ["Ann", "Ben"],
    'city="Porto, Norte"': ["Çay"], "city.has=port": ["Ann", "Çay"], "city.empty=yes": ["Dan"],
    "city.empty=no": ["Ann", "Ben", "Çay"], "tier=gold": ["Ann"], 'tier=Gold,"Silver, old"': ["Ann", "Ben"],
    "paid=12.5": ["Ann"], "paid.min=0": ["Ann"], "paid.max=0": ["Ben"], "paid.min=-3&paid.max=12.50": ["Ann", "Ben"],
    
    "score.min=1.234,50&score.max=1 234,5": ["Ann"], "score.min=1,234.51": [], "paid.max=$12,50&paid.min=12,5": ["Ann"],
    "paid.min=1,234": [], "score=1234,5": [],
    "since=2026-05-01": ["Ann"], "since.min=2026-05-02": ["Ben"], "since.min=2026-05-01&since.max=2026-05-31":
    ["Ann", "Ben"], "called=2026-05-31": ["Ben"], "called.min=2026-06-01": ["Çay"], "senior=yes": ["Ann"],
    "senior=no": ["Ben"], "senior=yes,no": ["Ann", "Ben"], "tags=A": ["Ann"], "tags=A,B": ["Ann", "Ben"],
    "tags=C": [], "cpf=52998224725": ["Ann"], "second-phone=%2B250 788 412 903": ["Ben"], "birth_date.max=1999-01-01":
    ["Ann"], "gender=female": ["Ann"], "gender=female,male": ["Ann", "Çay"], "city=Porto&tier=Gold": ["Ann"],
    "city=Porto&senior=no": [], "city=Porto&q=ann&all=vips": ["Ann"], "vips=yes": ["Ann"],
    "vips=no": ["Ben", "Çay", "Dan"], "VIPS=true&city=Porto": ["Ann"], "city=%20": ["Ann", "Ben", "Çay", "Dan"],
    "city.min=": ["Ann", "Ben", "Çay", "Dan"],
}  # fmt: skip


def test_any_filterable_field_and_any_group_filters_the_list(browse: Browse, store: None) -> None:
    cass = browse("cass")
    found = {query: names(cass.get(f"/customers?{query}", follow=True)) for query in EXPECTED}
    assert found == EXPECTED


def test_the_counting_and_the_file_follow_the_same_filter(browse: Browse, store: None) -> None:
    cass = browse("cass")
    for query in ("city=Porto,Lisboa", "city.empty=yes", "senior=yes,no&tags=B"):
        listed = names(cass.get(f"/customers?{query}"))
        rows = list(csv.DictReader(io.StringIO(cass.get(f"/customers.csv?{query}").html.lstrip("\ufeff"))))
        assert [row["name"] for row in rows] == listed
        assert f"{len(listed)} customer" in cass.get(f"/customers/count?{query}").main
    note = Change.select().order_by(Change.id.desc()).get().note
    assert note == "Senior is yes or no, Tags contains “B”"


def test_conditions_are_said_in_words_and_each_chip_leaves_one_out(browse: Browse, store: None) -> None:
    page = browse("cass").get("/customers?city=Porto,Lisboa&paid.min=0&vips=yes", follow=True)
    assert page.response.request.full_path == "/customers?all=vips&city=Porto%2CLisboa&paid.min=0"
    assert chips(page) == ["in all of Vips", "City is one of “Porto” or “Lisboa”", "Paid is at least $0.00"]
    assert "in “Vips”, City is one of “Porto” or “Lisboa”, Paid is at least $0.00" in page.main
    assert "/customers?all=vips&paid.min=0" in page.links
    assert "/customers?all=vips&city=Porto%2CLisboa" in page.links


def test_a_group_by_its_code_leads_to_the_address_that_the_form_makes(browse: Browse, store: None) -> None:
    cass = browse("cass")
    for query, told in (("vips=yes", "all=vips"), ("vips=no", "none=vips"), ("Vips=TRUE&q=a", "q=a&all=vips")):
        answer = cass.get(f"/customers?{query}")
        assert (answer.status, answer.headers["Location"]) == (302, f"/customers?{told}")


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("nothing=x", "There is no field or group “nothing” to filter by."),
        ("note=x", "“Note” is not marked as filterable, so the list cannot be filtered by it."),
        ("paid=many", "“many”"), ("since.min=soon", "“soon”"), ("tier=Bronze", "“Bronze”"),
        ("city.min=3", "“city.min” is no way to filter by “City”."), ("city.like=3", "“city.like” is no way"),
        ("since.min=2026-01-01,2026-02-01", "“since.min” is no way"), ("senior=perhaps", "“perhaps”"),
        ("vips=perhaps", "“perhaps”"),
        ("score.min=1.234", "“1.234” can be read in two ways. Write 1234 or 1.2340."),
        ("paid.min=1.234", "“1.234” can be read in two ways. Write 1234 or 1.2340."), ("score.min=1,2,3", "“1,2,3”"),
        ("city.empty=perhaps", "“City” is yes or no; “perhaps” is neither."),
    ],
)  # fmt: skip
def test_what_no_list_is_filtered_by_is_said(query: str, told: str, browse: Browse, store: None) -> None:
    page = browse("cass").get(f"/customers?{query}")
    assert page.status == 422 and told in page.main


def test_what_somebody_sees_masked_she_cannot_filter_by(browse: Browse, store: None) -> None:
    ana, sam = browse("ana"), browse("sam")
    for browser, query in (
        (ana, "cpf=52998224725"), (ana, "second-phone=0788412903"), (ana, "email=a@b.example"), (ana, "phone.has=788"),
        (sam, "cpf.empty=no"), (ana, "cpf.empty=no"),
    ):  # fmt: skip
        page = browser.get(f"/customers?{query}")
        assert page.status == 422 and "masked, so the list cannot be filtered by it." in page.main
    assert names(sam.get("/customers?second-phone=0788412903")) == ["Ben"]
    drawn = {name for form in ana.get("/customer-list/filter").forms for name in form.names()}
    assert "city.has" in drawn and drawn & {"cpf", "cpf.has", "second-phone.has", "email.has", "phone.has"} == set()


def test_a_group_that_somebody_may_not_see_is_no_field_for_her(browse: Browse, store: None, new_group: New) -> None:
    new_group("Secret", is_sensitive=True)
    hidden, missing = browse("sam").get("/customers?secret=yes"), browse("sam").get("/customers?absent=yes")
    assert hidden.status == missing.status == 422
    assert hidden.unkeyed.replace("secret", "absent") == missing.unkeyed


def test_a_form_asks_for_fields_and_keeps_the_rest_of_the_filter(browse: Browse, store: None) -> None:
    cass = browse("cass")
    page = cass.get("/customers?all=vips&city.has=porto&city.empty=no&sort=-name")
    (link,) = [link for link in page.links if link.startswith("/customer-list/filter")]
    form = cass.get(link).form("/customers")
    assert {name: form.value(name) for name in ("city.has", "city.empty", "all", "sort", "tier", "paid.min")} == {
        "city.has": "porto", "city.empty": "no", "all": "vips", "sort": "-name", "tier": "", "paid.min": "",
    }  # fmt: skip
    page = cass.submit(form, **{"paid.min": "1", "tier": '"Silver, old"', "city.has": ""})
    assert page.response.request.full_path == (
        "/customers?all=vips&city.empty=no&tier=%22Silver%2C+old%22&paid.min=1&sort=-name"
    )


@pytest.mark.parametrize(("query", "n"), [("city=Porto", 14), ("city=Porto&paid.min=0", 16), ("vips=yes", 18)])
def test_a_filter_by_fields_takes_as_many_queries_for_three_rows_as_for_one(
    query: str, n: int, browse: Browse, new_customer: New, store: None, query_count: Any
) -> None:
    browser = browse("cass")
    counts = [query_count(lambda: browser.get(f"/customers?{query}", follow=True))]
    for name in ("Eve", "Fay"):
        new_customer(name, city="Porto", paid="3")
    counts.append(query_count(lambda: browser.get(f"/customers?{query}", follow=True)))
    assert counts == [n, n] and Customer.select().count() == 6


def test_no_field_or_group_has_the_code_of_what_an_address_says_besides() -> None:
    # `?segment=…` means "in this group" and `?columns=…` what is shown: a field of that code could never be asked for.
    assert {codes.bare(name) for name in filtering._KNOWN} <= codes.RESERVED


def test_the_filter_and_its_form_write_numbers_as_the_readers_language_does(browse: Browse, store: None) -> None:
    cass, pt = browse("cass"), {"Accept-Language": "pt"}
    page = cass.get("/customers?score.min=1.234,5&paid.max=12.5", headers=pt)
    # The address says the same in every language, so that it can be shared.
    link = "/customer-list/filter?score.min=1234.5&paid.max=12.5"
    assert link in page.links and names(page) == ["Ann"]
    assert any("1.234,5" in chip for chip in chips(page))
    form = cass.get(link, headers=pt).form("/customers")
    assert (form.value("score.min"), form.value("paid.max")) == ("1234,5", "12,5")
    assert names(cass.submit(form)) == ["Ann"]


def test_a_value_that_cannot_be_filtered_by_is_said_at_its_field_and_the_rest_is_kept(
    browse: Browse, store: None
) -> None:
    cass = browse("cass")
    page = cass.get("/customers?city.has=porto&score.min=1.234&score.max=5&all=vips&sort=-name")
    form = page.form("/customers")
    assert page.status == 422 and text_of(page.by_id("f-score-error")).startswith("“1.234” can be read in two ways.")
    assert {name: form.value(name) for name in ("city.has", "score.min", "score.max", "all", "sort")} == {
        "city.has": "porto", "score.min": "1.234", "score.max": "5", "all": "vips", "sort": "-name",
    }  # fmt: skip
    page = cass.submit(form, **{"score.min": "1", "score.max": ""})
    assert (page.status, names(page)) == (200, ["Ann"])
    assert cass.get("/customers?score.min=x&paid.min=y").status == 422


def test_a_day_by_its_distance_stays_in_the_form(browse: Browse, store: None) -> None:
    page = browse("cass").get("/customer-list/filter?since.min=-30d&since.max=2026-05-01")
    drawn = {one.get("name"): (one.get("type", "text"), one.get("value")) for one in page.all("input")}
    assert drawn["since.min"] == ("text", "-30d") and drawn["since.max"] == ("date", "2026-05-01")
