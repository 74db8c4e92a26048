"""The order of the dates of a column: said where only one fits, chosen where several do, guessed nowhere."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest

from portal.errors import Denied, Refusal
from portal.models import Change, Customer, CustomerValue, FileShape, Import, ImportRow
from portal.permissions import Actor
from portal.queries import fields as find_fields
from portal.queries import imports as find
from portal.services import fields, imports
from portal.services.imports import again, dating

New = Callable[..., Any]
OPEN = "code,Date of birth\nA1,03/04/1991\nA2,5/6/1992\nA3,\nA4,1993-07-08\n"


def warned(actor: Actor, imported: Import) -> list[tuple[Any, ...]]:
    lines: Any = find.report(actor, imported)["warnings"]
    return [(line["column"], line["reason"]) for line in lines]


def born() -> dict[str, date | None]:
    return {row.code: row.birth_date for row in Customer.select().order_by(Customer.code)}


def outcome(imported: Import) -> list[str]:
    return [row.result for row in find.rows(imported).rows]


def test_where_several_orders_fit_nothing_is_guessed_and_the_rows_wait(cass: Actor, check: New) -> None:
    imported = check(OPEN)
    assert (imported.dates, dating.open_columns(imported)) == ({"1": ""}, ["Date of birth"])
    assert outcome(imported) == ["refused", "refused", "new", "new"]
    why = find.why_not(find.rows(imported).rows[0])
    assert why is not None and why.sentence % why.params == (
        "“03/04/1991” waits: choose in which order the dates of this column are written."
    )
    assert warned(cass, imported) == [
        ("Date of birth", "The dates of “Date of birth” can be read in several orders. None was guessed: choose one;"
         " their rows wait."),
    ]  # fmt: skip
    imports.run(cass, imported.id)
    assert born() == {"A3": None, "A4": date(1993, 7, 8)}


@pytest.mark.parametrize(("order", "day"), [("dmy", date(1991, 4, 3)), ("mdy", date(1991, 3, 4))])
def test_the_chosen_order_reads_the_column_and_the_same_file_again_changes_nothing(
    cass: Actor, check: New, order: str, day: date
) -> None:
    chosen = again.with_columns(cass, check(OPEN).id, {}, {"date of birth": order})
    assert (chosen.dates, outcome(chosen), dating.open_columns(chosen)) == ({"1": order}, ["new"] * 4, [])
    imports.run(cass, chosen.id)
    assert born()["A1"] == day and born()["A4"] == date(1993, 7, 8)
    n_changes = Change.select().count()
    second = check(OPEN)
    assert (second.dates, outcome(second)) == ({"1": order}, ["unchanged"] * 4)
    imports.run(cass, second.id)
    assert Change.select().count() == n_changes
    # The cells are kept as the file has them.
    assert next(row.cells for row in find.rows(second).rows) == ["A1", "03/04/1991"]


def test_where_one_order_fits_it_is_taken_and_said_with_the_date_that_proves_it(cass: Actor, check: New) -> None:
    imported = check("code,Date of birth\nA1,03/04/1991\nA2,25/12/1992\nA3,unknown\n")
    assert (imported.dates, outcome(imported)) == ({"1": "dmy"}, ["new", "new", "refused"])
    told = "The dates of “Date of birth” are read as day/month/year: 25/12/1992 can be nothing else."
    assert warned(cass, imported) == [("Date of birth", told)]
    with pytest.raises(Refusal, match="cannot be read as month/day/year"):
        again.with_columns(cass, imported.id, {}, {"Date of birth": "mdy"})
    assert [one.id for one in Import.select().where(Import.state == "checked")] == [imported.id]
    # What the file itself says is nobody's choice, and does not count for the next one.
    again.with_columns(cass, imported.id, {}, {"Date of birth": "dmy"})
    assert FileShape.select().count() == 0 and check(OPEN).dates == {"1": ""}


def test_a_proof_may_stand_in_the_last_row_of_a_long_file(check: New, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dating, "_MOST", 2)
    rows = "".join(f"A{n},0{n % 9 + 1}/0{n % 7 + 1}/1991\n" for n in range(3_000))
    assert check(f"code,Date of birth\n{rows}Z1,12/31/1991\n").dates == {"1": "mdy"}


def test_dates_with_their_year_in_front_need_no_order(cass: Actor, check: New) -> None:
    imported = check("code,Date of birth\nA1,1991-06-14\nA2,19920301\nA3,1990/2/1 00:00\n")
    assert (imported.dates, outcome(imported), warned(cass, imported)) == ({}, ["new"] * 3, [])


def test_where_no_order_reads_all_dates_a_person_chooses_and_the_others_are_refused(cass: Actor, check: New) -> None:
    imported = check("code,Date of birth\nA1,25/12/1991\nA2,12/25/1991\nA3,1/2/1991\n")
    assert (imported.dates, outcome(imported)) == ({"1": ""}, ["refused"] * 3)
    assert warned(cass, imported)[0][1].startswith("No order reads all dates of “Date of birth”.")
    chosen = again.with_columns(cass, imported.id, {}, {"Date of birth": "dmy"})
    assert outcome(chosen) == ["new", "refused", "new"]
    why = find.why_not(find.rows(chosen).rows[1])
    assert why is not None and why.sentence % why.params == "“12/25/1991” is not a date; write it as 1991-06-14."
    # What was chosen is kept while something else is said of the file.
    assert again.with_columns(cass, chosen.id, {"Date of birth": "birth_date"}).dates == {"1": "dmy"}


def test_years_of_two_digits_mean_a_century_that_is_said(cass: Actor, check: New) -> None:
    text = "code,Date of birth\nA1,31.12.29\nA2,31.12.30\nA3,13.5.05\n"
    imported = check(text, dates={"Date of birth": "dmy"})
    assert ("Date of birth", "In “Date of birth” years of two digits mean 1930 to 2029.") in warned(cass, imported)
    assert [str(row.birth_date) for row in find.rows(imported).rows] == ["None", "1930-12-31", "2005-05-13"]
    why = find.why_not(find.rows(imported).rows[0])
    assert why is not None and why.sentence % why.params == "“2029-12-31” cannot be a date of birth."


def test_own_fields_of_days_and_moments_are_read_in_the_order_of_their_column(cass: Actor, check: New) -> None:
    fields.create(cass, fields.Details({"en": "Since"}, "date"))
    fields.create(cass, fields.Details({"en": "Seen"}, "datetime"))
    text = "code,Since,Seen\nA1,03/04/2025,3.4.25 21:30\nA2,2025-01-02,04-03-2025\n"
    imported = check(text)
    assert (imported.dates, outcome(imported)) == ({"1": "", "2": ""}, ["refused", "refused"])
    chosen = again.with_columns(cass, imported.id, {}, {"Since": "dmy"})
    assert (chosen.dates, outcome(chosen)) == ({"1": "dmy", "2": ""}, ["refused", "refused"])
    chosen = again.with_columns(cass, chosen.id, {}, {"Seen": "mdy"})
    assert (chosen.dates, outcome(chosen)) == ({"1": "dmy", "2": "mdy"}, ["new", "new"])
    imports.run(cass, chosen.id)
    first = Customer.get(Customer.code == "A1")
    found = find_fields.values_of([first.id], find_fields.live())[first.id]
    assert (found["since"], found["seen"].date()) == (date(2025, 4, 3), date(2025, 3, 4))
    assert isinstance(found["seen"], datetime)
    assert outcome(check(text)) == ["unchanged", "unchanged"]


def test_a_choice_counts_for_the_next_file_only_where_it_fits(cass: Actor, check: New) -> None:
    again.with_columns(cass, check(OPEN).id, {}, {"Date of birth": "dmy"})
    head = "CODE,date of birth\n"
    assert check(head + "B1,7/8/1990\n").dates == {"1": "dmy"}
    assert check(head + "B1,7/25/1990\nB2,1/2/1990\n").dates == {"1": "mdy"}
    assert check(head + "B1,7/25/1990\nB2,25/2/1990\n").dates == {"1": ""}
    assert check(head + "B1,7/8/1990\n", dates={"Date of birth": "mdy"}).dates == {"1": "mdy"}
    assert check("Date of birth,code\n7/8/1990,B1\n").dates == {"0": ""}
    # Chosen anew, the newest counts.
    again.with_columns(cass, check(head + "B1,7/8/1990\n").id, {}, {"Date of birth": "mdy"})
    assert check(head + "B1,7/8/1990\n").dates == {"1": "mdy"}


def test_the_order_goes_with_the_dates_when_the_column_is_made_something_else(cass: Actor, check: New) -> None:
    fields.create(cass, fields.Details({"en": "Since"}, "date"))
    chosen = again.with_columns(cass, check(OPEN).id, {}, {"Date of birth": "mdy"})
    moved = again.with_columns(cass, chosen.id, {"Date of birth": "since"})
    assert (moved.columns, moved.dates) == (["code", "since"], {"1": "mdy"})
    assert again.with_columns(cass, moved.id, {"Date of birth": "address"}).dates == {}


@pytest.mark.parametrize(
    ("dates", "sentence"),
    [
        ({"Date of birth": "ydm"}, "“ydm” is no order of a date"),
        ({"code": "dmy"}, "“code” is not read as dates"),
        ({"Birthday": "dmy"}, "The file has no column “Birthday”"),
        ({"Date of birth": "ymd"}, "cannot be read as year/month/day"),
    ],
)
def test_an_order_that_cannot_be_is_refused_and_nothing_is_stored(
    cass: Actor, check: New, dates: dict[str, str], sentence: str
) -> None:
    imported = check(OPEN)
    n_rows = ImportRow.select().count()
    with pytest.raises(Refusal, match=sentence):
        again.with_columns(cass, imported.id, {}, dates)
    with pytest.raises(Refusal, match=sentence):
        check(OPEN, dates=dates)
    assert (Import.get_by_id(imported.id).state, Import.get_by_id(imported.id).dates) == ("checked", {"1": ""})
    assert (ImportRow.select().count(), FileShape.select().count()) == (n_rows, 0)


def test_who_may_not_import_chooses_no_order(cass: Actor, sam: Actor, check: New) -> None:
    imported = check(OPEN)
    with pytest.raises(Denied):
        again.with_columns(sam, imported.id, {}, {"Date of birth": "dmy"})
    with pytest.raises(Denied):
        again.dates(sam, imported)
    assert (Import.get_by_id(imported.id).dates, FileShape.select().count()) == ({"1": ""}, 0)
    assert Customer.select().count() == CustomerValue.select().count() == 0
