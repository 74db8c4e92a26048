"""The customer list sorted by own fields: heads that are links, pages, the file, what is refused."""

import csv
import io
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from portal.permissions import Actor
from portal.queries import filters
from portal.services import fields
from portal.services.fields.details import Details
from tests.page import Browser, Page, text_of

Browse = Callable[[str], Browser]
New = Callable[..., Any]
COLUMNS = "city,paid,note,cpf,tags"


@pytest.fixture
def store(cass: Actor, new_customer: New) -> None:
    for label, type_, is_filterable in (
        ("City", "text", True), ("Paid", "money", True), ("Note", "text", False), ("Cpf", "cpf", True),
        ("Tags", "choices", True),
    ):  # fmt: skip
        choices = ("A", "B") if type_ == "choices" else ()
        fields.create(cass, Details({"en": label}, type_, choices=choices, is_filterable=is_filterable))
    for name, city, paid in (("Ann", "Porto", "9"), ("Ben", "", ""), ("Cay", "Évora", "10"), ("Dan", "évora", "-1")):
        new_customer(name, code=name[0], city=city, paid=paid)


def names(page: Page) -> list[str]:
    return [row[0] for row in page.rows()]


def heads(page: Page) -> dict[str, tuple[str, str]]:
    """Return by what each head sorts when it is followed, '' where it leads nowhere, and how the list is sorted."""
    found = {}
    for head in page.all("thead")[0].iter("th"):
        said = [dict(parse_qsl(urlsplit(link.get("href", "")).query)) for link in head.iter("a")]
        assert all(one["columns"] == COLUMNS for one in said)
        found[text_of(head)] = (said[0]["sort"] if said else "", head.get("aria-sort", ""))
    return found


def test_the_head_of_a_filterable_field_sorts_and_turns_the_order_round(browse: Browse, store: None) -> None:
    cass = browse("cass")
    page = cass.get(f"/customers?columns={COLUMNS}")
    assert heads(page) == {
        "Name": ("-name", "ascending"), "City": ("city", ""), "Paid": ("paid", ""), "Cpf": ("cpf", ""),
        "Note": ("", ""), "Tags": ("", ""),
    }  # fmt: skip
    page = cass.get(f"/customers?columns={COLUMNS}&sort=city")
    assert (names(page), heads(page)["City"]) == (["Cay", "Dan", "Ann", "Ben"], ("-city", "ascending"))
    assert heads(page)["Name"] == ("name", "")
    page = cass.get(f"/customers?columns={COLUMNS}&sort=-city")
    assert (names(page), heads(page)["City"]) == (["Ann", "Dan", "Cay", "Ben"], ("city", "descending"))
    assert names(cass.get("/customers?sort=paid")) == ["Dan", "Ann", "Cay", "Ben"]
    assert names(cass.get("/customers?sort=-paid&city.has=vora")) == ["Cay", "Dan"]


def test_pages_and_the_file_follow_the_order(browse: Browse, store: None, new_customer: New) -> None:
    for n in range(filters.PAGE):
        new_customer(f"N {n}", city=f"Lagos {n % 3}")
    cass = browse("cass")
    first = cass.get("/customers?sort=city")
    (further,) = [link for link in first.links if "after=" in link]
    last = cass.get(further)
    lagos = sorted((f"N {n}" for n in range(filters.PAGE)), key=lambda name: (int(name[2:]) % 3, int(name[2:])))
    assert (names(first), names(last)) == (["Cay", "Dan", *lagos[:48]], [*lagos[48:], "Ann", "Ben"])
    (back,) = [link for link in last.links if "before=" in link]
    assert names(cass.get(back)) == names(first)
    rows = list(csv.DictReader(io.StringIO(cass.get("/customers.csv?sort=city").html.lstrip("\ufeff"))))
    assert [row["name"] for row in rows] == ["Cay", "Dan", *lagos, "Ann", "Ben"]


def test_what_somebody_sees_masked_she_cannot_sort_by(browse: Browse, store: None) -> None:
    ana, cass = browse("ana"), browse("cass")
    assert heads(ana.get(f"/customers?columns={COLUMNS}"))["Cpf"] == ("", "")
    for path in ("/customers", "/customers.csv", "/customers/count"):
        page = ana.get(f"{path}?sort=-cpf")
        assert page.status == 422 and "You see “Cpf” masked, so the list cannot be sorted by it." in page.main
    page = cass.get("/customers?sort=note")
    assert page.status == 422 and "“Note” is not marked as filterable, or holds several values" in page.main
    assert "The list cannot be sorted by “height”." in cass.get("/customers?sort=height").main


def test_a_filter_that_is_saved_as_a_group_may_be_sorted_by_a_field(browse: Browse, store: None) -> None:
    cass = browse("cass")
    (link,) = [one for one in cass.get("/customers?sort=-city&city.has=vora").links if one.startswith("/groups/new")]
    assert "Fits 2 of 4 customers" in cass.get(link).main
