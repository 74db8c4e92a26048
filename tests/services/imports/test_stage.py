"""Staging: what a file's columns and cells are taken for, as a person sees it in the check."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portal.errors import Refusal
from portal.models import Customer, Import, ImportRow, Shop
from portal.permissions import OPERATOR, Actor
from portal.queries import imports as find
from portal.services import imports, shops
from portal.services.imports import preparing, stage

New = Callable[..., Any]


@pytest.fixture
def check(cass: Actor, tmp_path: Path) -> New:
    """Check a file as Cass."""

    def checked(text: str, name: str = "people.csv", **options: Any) -> Import:
        path = tmp_path / "people.csv"
        path.write_text(text, encoding="utf-8")
        return imports.check(cass, path, name, **options)

    return checked


def results(imported: Import) -> list[str]:
    return [row.result for row in find.rows(imported).rows]


def told(actor: Actor, imported: Import, kind: str) -> list[tuple[Any, ...]]:
    lines: Any = find.report(actor, imported)[kind]
    return [(line["row"], line["column"], line["reason"]) for line in lines]


def test_a_header_without_rows_is_checked_and_brings_nobody(cass: Actor, check: New) -> None:
    imported = check("code,name\n")
    names = ("rows", "new", "updated", "unchanged", "ambiguous", "refused", "joined", "already", "excluded", "left")
    assert (imported.state, imported.counts) == ("checked", dict.fromkeys(names, 0))
    assert told(cass, imported, "warnings") == [(None, "", "The file has a header and no rows.")]
    assert imports.run(cass, imported.id).state == "done"


def test_what_a_person_says_of_a_column_counts_before_its_header(cass: Actor, check: New) -> None:
    columns = {"MOBILE 2": "phone", "Remarks": "address", "email": ""}
    imported = check(
        "code,mobile,Mobile 2,remarks,email\nA1,0788412901,0788412902,Here 1,ann@x.example\n", columns=columns
    )
    assert imported.columns == ["code", None, "phone", "address", None]
    assert told(cass, imported, "warnings") == [
        (None, "mobile", "The column “mobile” means the same as “Mobile 2” and is left out."),
    ]
    imports.run(cass, imported.id)
    ann = Customer.get()
    assert (ann.phone_key, ann.address, ann.email) == ("+250788412902", "Here 1", "")


def test_a_column_that_a_person_leaves_out_by_choice_gets_no_remark(cass: Actor, check: New) -> None:
    text = "code,Hat,shoe,mobile,mobile 2\nA1,x,y,0788412901,0788412902\n"
    assert [line[1] for line in told(cass, check(text), "warnings")] == ["Hat", "shoe", "mobile 2"]
    chosen = check(text, columns={"hat": "", "Mobile 2": ""})
    assert [line[1] for line in told(cass, chosen, "warnings")] == ["shoe"]
    assert chosen.columns == ["code", None, None, "phone", None]


def test_of_two_columns_that_a_person_calls_one_field_the_first_counts(cass: Actor, check: New) -> None:
    imported = check("code,tel,tel,nr\nA1,0788412901,0788412902,0788412903\n", columns={"tel": "phone", "nr": "phone"})
    assert imported.columns == ["code", "phone", None, None]
    assert told(cass, imported, "warnings")[-1][2] == "The column “nr” means the same as “tel” and is left out."
    assert [row.phone_key for row in find.rows(imported).rows] == ["+250788412901"]


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"code": "code", "name": "height"}, "There is no field “height”."),
        ({"code": "code", "size": "name"}, "The file has no column “size”."),
    ],
)
def test_a_field_or_column_that_is_not_there_is_refused_by_name_and_nothing_is_left_of_the_file(
    check: New, columns: dict[str, str], reason: str
) -> None:
    with pytest.raises(Refusal) as refused:
        check("code,name\nA1,Ann\n", columns=columns)
    assert (refused.value.sentence % refused.value.params, refused.value.field) == (reason, "map")
    assert (Import.select().count(), ImportRow.select().count()) == (0, 0)


def test_a_remark_names_its_column_also_far_to_the_right(cass: Actor, check: New) -> None:
    headers = ["code", *("phone" for _ in range(24)), "hat", "coat", "", *("phone" for _ in range(24)), "shoe"]
    imported = check(",".join(headers) + "\nA1" + "," * 52 + "\n")
    lines = [(header, sentence % params) for sentence, header, params in imported.problems]
    assert [header for header, text in lines if "is not one of ours" in text] == ["hat", "coat", "shoe"]
    assert [header for header, text in lines if "has no header" in text] == [""]


def test_a_person_may_say_what_separates_the_cells_and_how_letters_are_written(check: New) -> None:
    text = "code,name\nA1,Zoë\n"
    found = check(text)
    assert (found.headers, found.encoding, found.delimiter) == (["code", "name"], "utf-8", ",")
    assert check(text, delimiter=";").headers == ["code,name"]
    assert [row.name for row in find.rows(check(text, encoding="cp1252")).rows] == ["ZoÃ«"]


@pytest.mark.parametrize(
    ("limit", "reason"),
    [
        ("MAX_ROWS", "The file has 3 rows; at most 2 are taken at once. Split it."),
        ("MAX_BYTES", "The file has 14 bytes; at most 2 are taken. Split it."),
    ],
)
def test_a_file_that_is_too_long_is_stopped_and_nothing_of_it_is_kept(
    cass: Actor, check: New, monkeypatch: pytest.MonkeyPatch, limit: str, reason: str
) -> None:
    monkeypatch.setattr(stage, limit, 2)
    monkeypatch.setattr(stage, "CHUNK", 1)
    imported = check("code\nA1\nA2\nA3\n")
    assert told(cass, imported, "problems") == [(None, "", reason)]
    assert (imported.state, ImportRow.select().count()) == ("stopped", 0)


def test_every_column_that_holds_something_else_is_told_and_stops_the_file(cass: Actor, check: New) -> None:
    columns = {"E-post": "email", "Mobil": "phone"}
    imported = check("code,E-post,Mobil,hat\nA1,0788412901,ann@x.example,\n", columns=columns)
    assert (imported.state, find.rows(imported).rows) == ("stopped", [])
    lines = [(header, sentence % params) for sentence, header, params in imported.problems]
    assert [header for header, _ in lines] == ["hat", "E-post", "Mobil"]
    assert [text.split(" it holds ")[1].split(".")[0] for _, text in lines[1:]] == ["0788412901", "ann@x"]


def test_a_file_that_breaks_off_far_below_is_stopped_with_what_was_noted_of_its_columns_and_no_row(
    cass: Actor, check: New, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparing, "PEEK", 2)
    monkeypatch.setattr(stage, "CHUNK", 10)
    other = check("code\nA1\n")
    imported = check("code,hat\n" + "A1,\n" * 2_000 + 'A2,"x\n')
    assert told(cass, imported, "warnings") == [(None, "hat", "The column “hat” is not one of ours and is left out.")]
    assert "quotation mark is opened in row 2002 " in told(cass, imported, "problems")[0][2]
    assert (find.rows(imported).rows, results(other), ImportRow.select().count()) == ([], ["new"], 1)


def test_a_column_is_judged_by_the_first_rows_alone(
    cass: Actor, check: New, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparing, "PEEK", 2)
    text = "code,email\nA1,{}\nA2,{}\nA3,{}\n"
    mail, phone = "ann@x.example", "0788412903"
    assert check(text.format("", mail, phone)).state == "checked"
    assert check(text.format("", phone, mail)).state == "stopped"


@pytest.mark.parametrize(
    ("dates", "found"),
    [
        (["13/06/1991", "02/03/1990"], ["1991-06-13", "1990-03-02"]),
        (["06/13/1991", "02/03/1990"], ["1991-06-13", "1990-02-03"]),
        (["1991-06-13", "1990-03-02"], ["1991-06-13", "1990-03-02"]),
        (["01/02/1991", "02/03/1990"], ["None", "None"]),
        (["13/06/1991", "06/13/1990", "1990-03-02"], ["None", "None", "1990-03-02"]),
    ],
)
def test_dates_are_read_in_the_one_order_that_fits_them_all(check: New, dates: list[str], found: list[str]) -> None:
    imported = check("code,Date of birth\n" + "".join(f"A{n},{text}\n" for n, text in enumerate(dates)))
    assert [str(row.birth_date) for row in find.rows(imported).rows] == found
    assert results(imported) == ["refused" if date == "None" else "new" for date in found]


def test_first_and_last_name_are_one_name_unless_the_file_has_a_whole_one(check: New) -> None:
    imported = check(
        "code,first name,last name,full name\nA1,Ann,Lee,\nA2,,Lee,\nA3,Ann,,\nA4,Ann,Lee,Dr Lee\nA5,,,\n"
    )
    assert [row.name for row in find.rows(imported).rows] == ["Ann Lee", "Lee", "Ann", "Dr Lee", None]


def test_a_shop_is_found_by_code_and_by_name_however_it_is_written(check: New, s1: Shop, s2: Shop) -> None:
    ete = shops.create(OPERATOR, code="ÉTÉ", name="Summer")
    imported = check("code,shop\nA1,s1\nA2,KIGALI  north\nA3,Hüye\nA4, S2 \nA5,\nA6,Été\n")
    assert [row.shop_id for row in find.rows(imported).rows] == [s1.id, s1.id, s2.id, s2.id, None, ete.id]


def test_a_reason_names_the_value_the_first_fault_of_the_row_counts_and_warnings_only_where_a_row_is_taken(
    cass: Actor, check: New
) -> None:
    imported = check(
        "code,email,shop,phone\nA1,,Atlantis,12\nA2,nobody,Atlantis,\nA3,a@internal,,\n,,,\n,,,x\nA4,a@x.example,,,more\nA\x9f5,,,\n"
    )
    assert told(cass, imported, "problems") == [
        (2, "shop", "There is no shop with the code or name “Atlantis”, or several have this name; write its code."),
        (3, "email", "“nobody” is not an e-mail address."),
        (7, "", "The row has more cells than the file has columns."),
    ]
    assert [line[:2] for line in told(cass, imported, "warnings")] == [(4, "email"), (6, "phone"), (8, "code")]


def test_rows_are_equal_by_their_values_and_not_by_their_spelling(check: New, s1: Shop, s2: Shop) -> None:
    imported = check(
        "code,name,phone,shop\nA1,Ann,0788 412 903,S1\nA1, Ann ,+250788412903,Kigali North\n"
        "A1,Ann,0788412903,S2\nA1,Ann,0788412903,\nA1,Anne,0788412903,S1\n"
    )
    assert results(imported) == ["new", "unchanged", "refused", "refused", "refused"]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 6])
def test_every_row_is_staged_once_however_many_are_stored_at_a_time(
    check: New, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(stage, "CHUNK", size)
    imported = check("code\n" + "".join(f"A{n}\n" for n in range(5)))
    assert [(row.row, row.code, row.cells) for row in find.rows(imported).rows] == [
        (n + 2, f"A{n}", [f"A{n}"]) for n in range(5)
    ]


def test_a_long_file_name_is_cut_and_the_same_file_is_known_again(cass: Actor, check: New) -> None:
    first = check("code\nA1\n", "n" * 300)
    assert Import.get_by_id(first.id).file_name == "n" * 200
    imports.run(cass, first.id)
    assert find.earlier(check("code\nA1\n")).id == first.id
    assert find.earlier(check("code\nA2\n")) is None
