"""The columns of the customer list and of its file: fields, the store's own, and groups."""

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest

from portal.permissions import Actor
from portal.services import fields
from portal.services.fields.details import Details
from tests.page import Browser, Page, text_of

Browse = Callable[[str], Browser]
New = Callable[..., Any]


@pytest.fixture
def store(cass: Actor, new_customer: New, new_group: New, s1: Any) -> None:
    for label, type_, choices in (
        ("City", "text", ()), ("Paid", "money", ()), ("Tags", "choices", ("A", "B")), ("Cpf", "cpf", ()),
    ):  # fmt: skip
        fields.create(cass, Details({"en": label}, type_, choices=choices))
    ann = new_customer(
        "Ann", s1, code="A1", city="Porto", paid="1200.5", tags="A; B", cpf="529.982.247-25", gender="female",
        birth_date="1991-06-14", language="pt",
    )  # fmt: skip
    new_customer("Ben", s1, code="B1")
    new_group("Vips", [ann])


def heads(page: Page) -> list[str]:
    return [text_of(head) for head in page.all("thead")[0].iter("th")]


def file_of(page: Page) -> list[list[str]]:
    return list(csv.reader(io.StringIO(page.html.lstrip("\ufeff"))))


def test_the_list_shows_the_columns_that_its_address_names(browse: Browse, store: None) -> None:
    cass = browse("cass")
    page = cass.get("/customers?columns=city,paid,tags,vips,gender,birth_date,language,groups")
    assert heads(page) == ["Name", "City", "Paid", "Tags", "Vips", "Gender", "Date of birth", "Language", "Groups"]
    assert page.rows() == [
        ["Ann", "Porto", "$1,200.50", "A, B", "yes Why?", "Female", "Jun 14, 1991", "Portuguese", "VipsWhy?"],
        ["Ben", "", "", "", "no Why?", "", "", "", ""],
    ]
    assert heads(cass.get("/customers")) == ["Name", "Code", "Phone", "E-mail", "Shop", "Groups"]
    assert "/customers?columns=city&sort=-name" in cass.get("/customers?columns=CITY").links


def test_columns_are_chosen_in_a_form_and_kept_by_filters_and_pages(browse: Browse, store: None) -> None:
    cass = browse("cass")
    (link,) = [one for one in cass.get("/customers?all=vips").links if one.startswith("/customer-list/columns")]
    form = cass.get(link).form("/customers")
    chosen = [value for name, value in form.fields() if name == "columns"]
    assert sorted(chosen) == ["code", "email", "groups", "phone", "shop"]
    page = cass.submit(form, columns=["code", "city", "vips"])
    assert page.response.request.full_path == "/customers?all=vips&columns=code%2Ccity%2Cvips"
    assert page.rows() == [["Ann", "A1", "Porto", "yes Why?"]]
    again = cass.submit(next(form for form in page.forms if "add" in form.names()), add_to="none", add="vips")
    assert "columns=code%2Ccity%2Cvips" in again.response.request.full_path


def test_the_file_has_the_columns_of_the_list_and_without_any_all_fields(browse: Browse, store: None) -> None:
    cass = browse("cass")
    assert file_of(cass.get("/customers.csv?columns=city,tags,vips,created&all=vips"))[:1] == [
        ["code", "name", "city", "tags", "vips", "created"]
    ]
    assert file_of(cass.get("/customers.csv?columns=city,tags,vips"))[1:] == [
        ["A1", "Ann", "Porto", "A; B", "yes"], ["B1", "Ben", "", "", "no"],
    ]  # fmt: skip
    head, ann, _ben = file_of(cass.get("/customers.csv"))
    assert head[-5:] == ["groups", "city", "paid", "tags", "cpf"]
    assert ann[-5:] == ["vips", "Porto", "1200.50", "A; B", "529.982.247-25"]


def test_masked_columns_are_masked_in_list_and_file(browse: Browse, store: None) -> None:
    ana = browse("ana")
    assert ana.get("/customers?columns=cpf,id_number&q=ann").rows() == [["Ann", "•••• 25", ""]]
    assert file_of(ana.get("/customers.csv?columns=cpf&q=ann"))[1] == ["A1", "Ann", "•••• 25"]
    assert file_of(ana.get("/customers.csv?q=ann"))[1][-1] == "•••• 25"


@pytest.mark.parametrize("query", ["nothing", "city,nothing", ",".join(f"x{n}" for n in range(31)), "secret"])
def test_what_is_no_column_is_said(query: str, browse: Browse, store: None, new_group: New) -> None:
    new_group("Secret", is_sensitive=True)
    assert browse("sam").get(f"/customers?columns={query}").status == 422


def test_columns_take_as_many_queries_for_three_rows_as_for_one(
    browse: Browse, new_customer: New, store: None, query_count: Any
) -> None:
    browser, path = browse("cass"), "/customers?columns=city,paid,vips"
    counts = [query_count(lambda: browser.get(path))]
    for name in ("Eve", "Fay"):
        new_customer(name, city="Porto")
    counts.append(query_count(lambda: browser.get(path)))
    assert counts == [14, 14]
