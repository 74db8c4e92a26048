"""Whole files with known answers: ours, and files that nobody here wrote where they lie beside the checkout."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portal.models import Customer, Group
from portal.permissions import OPERATOR, Actor
from portal.queries import filters, membership
from portal.services import groups, imports, shops
from portal.services.items import NewItem
from portal.sheets import restore
from portal.text import clean
from tests.material import foreign, known, named, own, strings

New = Callable[..., Any]
FOUND = {"kohler": "Leonie Köhler", "wojcik": "Stanisław Wójcik"}
FAMILY = {
    "customers.csv": ("checked", 30, []),
    "customers_one_bad_email.csv": ("checked", 30, [(32, "Email")]),
    "customers_shifted.csv": ("stopped", 0, [(None, "EMAIL")]),
    "datablist_100_family/customers-100.csv": ("checked", 100, []),
    "datablist_100_family/customers.csv": ("checked", 100, [(102, "Email")]),
    "datablist_100_family/customers-1000.csv": ("stopped", 0, [(None, "EMAIL")]),
}


def counts(actor: Actor, path: Path, group: Group | None = None, *, run: bool = True) -> dict[str, int]:
    imported = imports.check(actor, path, path.name, group=group)
    if run and imported.state == "checked":
        imported = imports.run(actor, imported.id)
    return {name: n for name, n in imported.counts.items() if n}


@pytest.mark.parametrize(
    ("path", "n", "names"),
    known({
        "two_shops.csv": (60, FOUND),
        "chinook/derived_csv/Customer.csv": (59, FOUND | {"holy": "Helena Holý", "stanislaw": "Stanisław Wójcik"}),
    }),
)  # fmt: skip
def test_customers_are_found_without_their_accents(
    path: Path, n: int, names: dict[str, str], cass: Actor, new_group: New
) -> None:
    for code in ("1", "2"):
        shops.create(OPERATOR, code=code, name=f"Store {code}")
    group = new_group("All of them")
    assert counts(cass, path, group) == {"rows": n, "new": n, "joined": n}
    assert counts(cass, path, group) == {"rows": n, "unchanged": n, "already": n}
    for text, name in names.items():
        assert [row.name for row in filters.page(cass, filters.Filter(q=text)).rows] == [name]


@pytest.mark.parametrize(
    ("path", "members"),
    known({"two_shops.csv": ({"1": 33, "2": 27},), "sakila/customer.csv": ({"1": 326, "2": 273},)}),
)
def test_the_groups_of_two_shops_have_their_customers(path: Path, members: dict[str, int], cass: Actor) -> None:
    made = {}
    for code in ("1", "2"):
        shop = shops.create(OPERATOR, code=code, name=f"Store {code}")
        made[code] = groups.create(cass, groups.Details(f"Store {code}", "shop"), [NewItem(shop_id=shop.id)]).group.id
    n = sum(members.values())
    assert counts(cass, path) == {"rows": n, "new": n}
    assert {code: Group.get_by_id(group_id).n_members for code, group_id in made.items()} == members
    assert membership.differences() == []


@pytest.mark.parametrize(("path", "state", "n_new", "expected"), known(FAMILY))
def test_a_list_is_taken_refused_by_row_or_stopped(
    path: Path, state: str, n_new: int, expected: list[tuple[int | None, str]], cass: Actor
) -> None:
    imported = imports.check(cass, path, path.name)
    told: Any = imports.report(cass, imported)
    problems = [(problem["row"], problem["column"]) for problem in told["problems"]]
    assert (imported.state, told["new"], problems) == (state, n_new, expected)
    if imported.state == "stopped":
        assert told["problems"][0]["reason"].startswith("This column does not look like e-mail")
    else:
        assert any(warning["column"] == "Phone 1" for warning in told["warnings"])
    assert Customer.select().count() == 0


@pytest.mark.parametrize(
    "path",
    own("pictures/*", "corner_cases/*.csv") + foreign("spreadsheets/non_spreadsheet_files/*", "csv_spectrum/csvs/*"),
    ids=named,
)
def test_strange_files_are_read_right_or_refused_in_words(path: Path, cass: Actor) -> None:
    imported = imports.check(cass, path, path.name)
    told: Any = imports.report(cass, imported)
    if imported.state == "stopped":
        assert len(told["problems"][-1]["reason"]) > 20
    else:
        assert told["rows"] == told["new"] + told["refused"] > 0


@pytest.mark.parametrize("path", own("table/*") + foreign("spreadsheets/equivalents/*"), ids=named)
def test_one_table_in_many_formats_is_read_alike_or_refused_by_name(path: Path, cass: Actor) -> None:
    imported = imports.check(cass, path, path.name)
    told: Any = imports.report(cass, imported)
    if path.suffix.lower() in {".csv", ".tsv"}:
        assert (told["rows"], told["new"]) == (3, 3)
    else:
        kind = {".xlsm": "xlsx"}.get(path.suffix.lower(), path.suffix.lower().lstrip("."))
        assert (imported.state, kind in told["problems"][0]["reason"]) == ("stopped", True)


def test_nasty_strings_are_stored_unchanged_or_refused_in_words(cass: Actor, tmp_path: Path) -> None:
    fine = [text for text in strings() if not any("\ud800" <= mark <= "\udfff" or mark == "\0" for mark in text)]
    assert len(fine) > 100
    target = tmp_path / "nasty.csv"
    with target.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["code", "name"])
        writer.writerows([f"N{n}", text] for n, text in enumerate(fine))
    imported = imports.check(cass, target, target.name)
    assert imported.state == "checked"
    imports.run(cass, imported.id)
    stored = {row.code: row.name for row in Customer.select()}
    for n, text in enumerate(fine):
        if f"N{n}" in stored:
            assert stored[f"N{n}"] == " ".join(clean(restore(text)).split()), text
    told: Any = imports.report(cass, imported)
    assert len(stored) + told["refused"] == len(fine)
