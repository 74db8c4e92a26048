"""Files nobody here wrote, with known answers; tried where they lie beside the project."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portal.models import Customer, Group
from portal.permissions import OPERATOR, Actor
from portal.queries import filters, membership
from portal.services import groups, imports, shops
from portal.services.items import NewItem

DATA = Path(__file__).parents[4] / "shared" / "data"
New = Callable[..., Any]


def files(*patterns: str) -> list[Path]:
    return sorted(path for pattern in patterns for path in DATA.glob(pattern))


def counts(actor: Actor, path: Path, group: Group | None = None, *, run: bool = True) -> dict[str, int]:
    imported = imports.check(actor, path, path.name, group=group)
    if run and imported.state == "checked":
        imported = imports.run(actor, imported.id)
    return {name: n for name, n in imported.counts.items() if n}


@pytest.mark.parametrize("path", files("chinook/derived_csv/Customer.csv"), ids=lambda path: path.stem)
def test_chinooks_customers_are_found_without_their_accents(path: Path, cass: Actor, new_group: New) -> None:
    group = new_group("Chinook")
    assert counts(cass, path, group) == {"rows": 59, "new": 59, "joined": 59}
    assert counts(cass, path, group) == {"rows": 59, "unchanged": 59, "already": 59}
    for text, name in (("holy", "Helena Holý"), ("kohler", "Leonie Köhler"), ("stanislaw", "Stanisław Wójcik")):
        assert [row.name for row in filters.page(cass, filters.Filter(q=text)).rows] == [name]


@pytest.mark.parametrize("path", files("sakila/customer.csv"), ids=lambda path: path.stem)
def test_sakilas_shops_have_326_and_273_members(path: Path, cass: Actor) -> None:
    made = {}
    for code in ("1", "2"):
        shop = shops.create(OPERATOR, code=code, name=f"Store {code}")
        made[code] = groups.create(cass, groups.Details(f"Store {code}", "shop"), [NewItem(shop_id=shop.id)]).group.id
    assert counts(cass, path) == {"rows": 599, "new": 599}
    assert {code: Group.get_by_id(group_id).n_members for code, group_id in made.items()} == {"1": 326, "2": 273}
    assert membership.differences() == []


@pytest.mark.parametrize("path", files("datablist_100_family/customers*.csv"), ids=lambda path: path.stem)
def test_the_datablist_family_is_taken_refused_by_row_or_stopped(path: Path, cass: Actor) -> None:
    imported = imports.check(cass, path, path.name)
    told: Any = imports.report(cass, imported)
    expected = {
        "customers-100": ("checked", 100, []),
        "customers": ("checked", 100, [(102, "Email")]),
        "customers-1000": ("stopped", 0, [(None, "EMAIL")]),
    }[path.stem]
    problems = [(problem["row"], problem["column"]) for problem in told["problems"]]
    assert (imported.state, told["new"], problems) == expected
    if imported.state == "stopped":
        assert told["problems"][0]["reason"].startswith("This column does not look like e-mail")
    else:
        assert any(warning["column"] == "Phone 1" for warning in told["warnings"])
    assert Customer.select().count() == 0


@pytest.mark.parametrize(
    "path", files("spreadsheets/non_spreadsheet_files/*", "csv_spectrum/csvs/*"), ids=lambda path: path.name
)
def test_strange_files_are_read_right_or_refused_in_words(path: Path, cass: Actor) -> None:
    imported = imports.check(cass, path, path.name)
    told: Any = imports.report(cass, imported)
    if imported.state == "stopped":
        assert len(told["problems"][-1]["reason"]) > 20
    else:
        assert told["rows"] == told["new"] + told["refused"] > 0


@pytest.mark.parametrize("path", files("spreadsheets/equivalents/*"), ids=lambda path: path.name)
def test_one_table_in_many_formats_is_read_alike_or_refused_by_name(path: Path, cass: Actor) -> None:
    imported = imports.check(cass, path, path.name)
    told: Any = imports.report(cass, imported)
    if path.suffix.lower() in {".csv", ".tsv"}:
        assert (told["rows"], told["new"]) == (3, 3)
    else:
        kind = {".xlsm": "xlsx"}.get(path.suffix.lower(), path.suffix.lower().lstrip("."))
        assert (imported.state, kind in told["problems"][0]["reason"]) == ("stopped", True)


@pytest.mark.parametrize("path", files("strings/naughty-strings.jsonl"), ids=lambda path: path.stem)
def test_naughty_strings_are_stored_unchanged_or_refused_in_words(path: Path, cass: Actor, tmp_path: Path) -> None:
    import csv
    import json

    strings = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    fine = [text for text in strings if not any("\ud800" <= mark <= "\udfff" or mark == "\0" for mark in text)]
    target = tmp_path / "naughty.csv"
    with target.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["code", "name"])
        writer.writerows([f"N{n}", text] for n, text in enumerate(fine))
    imported = imports.check(cass, target, target.name)
    assert imported.state == "checked"
    imports.run(cass, imported.id)
    from portal.sheets import restore
    from portal.text import clean

    stored = {row.code: row.name for row in Customer.select()}
    for n, text in enumerate(fine):
        if f"N{n}" in stored:
            assert stored[f"N{n}"] == " ".join(clean(restore(text)).split()), text
    told: Any = imports.report(cass, imported)
    assert len(stored) + told["refused"] == len(fine)
