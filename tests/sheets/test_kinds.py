"""A column whose values are plainly something else is stopped; real good columns are not."""

import csv
from pathlib import Path

import pytest

from portal.sheets import Problem, kind_of, match_headers, misfit, open_sheet
from tests.material import foreign, named, own

LISTS = own("customers.csv", "customers_one_bad_email.csv", "two_shops.csv", "table/table.csv") + foreign(
    "datablist_100_family/customers-100.csv", "datablist_100_family/customers.csv", "chinook/derived_csv/Customer.csv",
    "sakila/customer.csv", "sakila/address.csv", "r_rfm/rfm_data_orders.csv",
    "csv_spectrum/csvs/location_coordinates.csv", "spreadsheets/equivalents/newline_unix.csv",
)  # fmt: skip
SHIFTED = own("customers_shifted.csv") + foreign("datablist_100_family/customers-1000.csv")


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("ana@x.org", "email"), ("name@internalmail", "email"), ("https://x.org/a@b", "url"), ("www.x.org",
        "url"),
        ("2024-12-31", "date"), ("31/12/2024 00:00:00", "date"), ("1.2.99", "date"), ("229.077.5154",
        "phone"),
        ("(283)437-3886x88321", "phone"), ("+258 84 123 4567", "phone"), ("5153435776", "phone"),
        ("73.96539487735198", "number"), ("12", "number"), ("-1,5", "number"), ("2.04E+10", "number"),
        ("Ana", "text"), ("", "text"), ("n/a", "text"), ("9" * 400, "text"), ("12-31", "text"),
    ],
)  # fmt: skip
def test_a_value_has_a_look(value: str, kind: str) -> None:
    assert kind_of(value) == kind


@pytest.mark.parametrize(
    ("target", "values", "looks_like"),
    [
        ("email", ["84 123 4567", "82 123 4567", "", " "], "phone"),
        ("email", ["2024-01-01", "a@x.org"], "date"),
        ("email", ["1", "2", "3", "a@x.org"], "number"),
        ("email", ["http://a.org", "http://b.org"], "url"),
        ("phone", ["a@x.org", "b@x.org", "84 123 4567"], "email"),
        ("phone", ["2024-01-01"], "date"),
        ("birth_date", ["a@x.org"], "email"),
        ("birth_date", ["+258 84 123 4567"], "phone"),
    ],
)
def test_a_column_full_of_something_else_is_stopped(target: str, values: list[str], looks_like: str) -> None:
    problem = misfit(target, values)
    assert problem is not None
    assert (problem.code, problem.params["target"], problem.params["looks_like"]) == (
        "column_misfit",
        target,
        looks_like,
    )


@pytest.mark.parametrize(
    ("target", "values"),
    [
        ("email", ["a@x.org", "b@x.org", "84 123 4567"]),
        ("email", ["none", "ask her", "a@x.org"]),
        ("email", []),
        ("email", ["", " "]),
        ("phone", ["84 123 4567", "2.04E+10", "-4396", "841234567"]),
        ("birth_date", ["2000-01-31", "31/01/2000", "36556"]),
        ("name", ["84 123 4567", "a@x.org"]),
    ],
)
def test_a_column_with_some_bad_values_is_not_stopped(target: str, values: list[str]) -> None:
    assert misfit(target, values) is None


def found(path: Path) -> dict[str | None, Problem | None]:
    sheet = open_sheet(path)
    rows = [row.cells for row in sheet.rows()]
    matches = [match for match in match_headers(sheet.headers) if match.target]
    assert matches != []
    return {match.target: misfit(str(match.target), (row[match.index] for row in rows)) for match in matches}


@pytest.mark.parametrize("path", SHIFTED, ids=named)
def test_the_list_with_shifted_columns_is_stopped(path: Path) -> None:
    problems = {target: problem for target, problem in found(path).items() if problem is not None}
    with path.open(encoding="utf-8", newline="") as stream:
        rows = [row for row, _ in zip(csv.DictReader(stream), range(3), strict=False)]
    email, phone = (", ".join(row[name] for row in rows) for name in ("EMAIL", "PHONE1"))
    assert problems == {
        "email": Problem("column_misfit", {"target": "email", "looks_like": "phone", "examples": email}),
        "phone": Problem("column_misfit", {"target": "phone", "looks_like": "email", "examples": phone}),
    }


@pytest.mark.parametrize("path", LISTS, ids=named)
def test_a_good_list_is_not_stopped(path: Path) -> None:
    assert [problem for problem in found(path).values() if problem is not None] == []
