"""A table is read row by row, numbered as a spreadsheet shows it; a broken one is refused with its row."""

import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.sheets import CODES, Problem, Row, UnreadableFile, open_sheet
from tests.material import foreign, named, own

Write = Callable[[str | bytes], Path]
CORNER_CASES = own("corner_cases/*.csv") + foreign("csv_spectrum/csvs/*.csv")
PICTURES = own("pictures/*") + foreign("spreadsheets/non_spreadsheet_files/*")
HEADERS = (1, ["phone number", "name", "favourite colour", "fruit"])
OURS = [
    HEADERS,
    (2, ["07700 900 105", "Pia", "Coral", "tomato"]),
    (3, ["07700 900 974", "Not Pia", "Magenta", "mango"]),
    (4, ["07700 900 823", "Still not Pia", "Crimson", "pear"]),
]
THEIRS = [
    HEADERS,
    (2, ["07739 468 050", "Pete", "Coral", "tomato"]),
    (3, ["07527 125 974", "Not Pete", "Magenta", "Avacado"]),
    (4, ["07512 058 823", "Still Not Pete", "Crimson", "Pear"]),
]
TABLES = [(path, OURS) for path in own("table/*.csv", "table/*.tsv")]
TABLES += [(path, THEIRS) for path in foreign("spreadsheets/equivalents/*.csv", "spreadsheets/equivalents/*.tsv")]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(content: str | bytes) -> Path:
        path = tmp_path / "file.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return written


def read(path: Path, **options: Any) -> list[tuple[int, list[str]]]:
    sheet = open_sheet(path, **options)
    rows = list(sheet.rows())
    assert [row.extra for row in rows] == [[]] * len(rows)
    return [(sheet.header_row, sheet.headers), *[(row.row, row.cells) for row in rows]]


def refusal(path: Path, **options: Any) -> Problem:
    with pytest.raises(UnreadableFile) as caught:
        list(open_sheet(path, **options).rows())
    return caught.value.problem


@pytest.mark.parametrize("path", CORNER_CASES, ids=named)
def test_a_corner_case_means_what_its_json_says(path: Path) -> None:
    sheet = open_sheet(path)
    found = [dict(zip(sheet.headers, row.cells, strict=True)) for row in sheet.rows()]
    meant = path.with_suffix(".json") if path.with_suffix(".json").exists() else path.parents[1] / "json" / path.stem
    expected = json.loads(meant.with_suffix(".json").read_text("utf-8"))
    if path.stem == "location_coordinates":
        # The phone differs between the two published files; all else must be equal.
        expected["Contact Phone Number"] = "2095257564"
    assert found == (expected if isinstance(expected, list) else [expected])


@pytest.mark.parametrize(("path", "rows"), TABLES, ids=lambda value: named(value) if isinstance(value, Path) else "")
def test_one_table_in_several_formats_reads_alike(path: Path, rows: list[tuple[int, list[str]]]) -> None:
    assert read(path) == rows


@pytest.mark.parametrize("path", PICTURES, ids=named)
def test_a_picture_is_refused_by_name_whatever_it_is_called(path: Path) -> None:
    assert refusal(path) == Problem("not_text", {"looks_like": "png"})


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end_is_one(write: Write, end: str) -> None:
    path = write(end.join(["a,b", "1,2", '"x', 'y",4', ""]))
    assert read(path) == [(1, ["a", "b"]), (2, ["1", "2"]), (3, [f"x{end}y", "4"])]


def test_a_blank_line_keeps_the_numbering(write: Write) -> None:
    path = write('a,b\n1,2\n\n , \n,\n"x\n\ny",4\n"",""\n5,6\n\n')
    assert read(path) == [(1, ["a", "b"]), (2, ["1", "2"]), (6, ["x\n\ny", "4"]), (8, ["5", "6"])]


def test_blank_lines_above_the_header_are_counted(write: Write) -> None:
    assert read(write("\n,,\na,b\n1,2\n")) == [(3, ["a", "b"]), (4, ["1", "2"])]


def test_a_sep_line_is_honoured_and_is_no_row(write: Write) -> None:
    path = write("\ufeffsep=;\r\na,x;b\r\n1;2\r\n")
    assert read(path) == [(1, ["a,x", "b"]), (2, ["1", "2"])]
    assert open_sheet(path).delimiter == ";"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]
)
def test_a_table_reads_alike_in_every_encoding(write: Write, encoding: str) -> None:
    path = write("nome;telefone\r\nJoão Açaí;84 123\r\n".encode(encoding))
    assert read(path) == [(1, ["nome", "telefone"]), (2, ["João Açaí", "84 123"])]
    assert open_sheet(path).encoding == encoding
    assert read(path, encoding=encoding, delimiter=";")[1:] == [(2, ["João Açaí", "84 123"])]


def test_a_mark_is_no_text_when_the_encoding_is_chosen_by_hand(write: Write) -> None:
    assert read(write(b"\xef\xbb\xbfa,b\n1,2\n"), encoding="utf-8")[0] == (1, ["a", "b"])
    assert read(write("\ufeffa,b\n1,2\n".encode("utf-16-le")), encoding="utf-16-le")[0] == (1, ["a", "b"])


def test_a_delimiter_chosen_by_hand_wins(write: Write) -> None:
    path = write("a,b;c\n1,2;3\n")
    assert read(path, delimiter=";") == [(1, ["a,b", "c"]), (2, ["1,2", "3"])]


def test_missing_cells_are_empty_and_surplus_cells_are_shown(write: Write) -> None:
    path = write("a,b,c\n1\n1,2,3,,\n1,2,3,,x,\n")
    assert list(open_sheet(path).rows()) == [
        Row(2, ["1", "", ""], []),
        Row(3, ["1", "2", "3"], []),
        Row(4, ["1", "2", "3"], ["", "x"]),
    ]


def test_a_sheet_can_be_read_again_and_shows_its_first_rows(write: Write) -> None:
    sheet = open_sheet(write("n\n" + "".join(f"{n}\n" for n in range(50))))
    assert sheet.sample == [[str(n)] for n in range(20)]
    assert list(sheet.rows()) == list(sheet.rows())
    assert len(list(sheet.rows())) == 50


def test_a_stray_quote_is_refused_at_the_row_that_opens_it(write: Write) -> None:
    good = "".join(f"{n},x\n" for n in range(2, 30))
    assert refusal(write(f'a,b\n{good}30,"open\n' + "31,x\n" * 20_000)) == Problem("bad_quotes", row=30)
    assert refusal(write(f'a,b\n{good}30,"open\n31,"shut",x\n')) == Problem("bad_quotes", row=30)
    assert refusal(write(f'a,b\n{good}30,"open\n')) == Problem("bad_quotes", row=30)
    assert refusal(write('a,"b\n1,2\n')) == Problem("bad_quotes", row=1)


def test_an_open_quote_in_a_huge_file_is_found_in_little_memory(write: Write) -> None:
    path = write('a,b\n1,"' + '"",""\n' * 2_000_000)
    tracemalloc.start()
    assert refusal(path).code == "bad_quotes"
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10_000_000


def test_many_rows_take_no_more_memory_than_few(write: Write) -> None:
    path = write("a,b\n" + "some text,more\n" * 300_000)
    tracemalloc.start()
    n_rows = sum(1 for _ in open_sheet(path).rows())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert n_rows == 300_000
    assert peak < 2_500_000


def test_an_apostrophe_or_an_inch_mark_is_not_a_quote(write: Write) -> None:
    assert read(write("a,b\no'neil,5\" pipe\n"))[1] == (2, ["o'neil", '5" pipe'])


@pytest.mark.parametrize(
    ("content", "options", "problem"),
    [
        (b"", {}, Problem("empty_file")),
        (b"\n \n,,\n", {}, Problem("no_header")),
        (b"\xef\xbb\xbf", {}, Problem("no_header")),
        (b"a,b\n1,2\n3,4\n5\0,6\n", {}, Problem("nul_byte", row=4)),
        (b"\0a,b\n" + b"1,2\n" * 20, {}, Problem("nul_byte", row=1)),
        (b"a,b\n1,2\n3,4\n5,6\n", {"max_rows": 2}, Problem("too_many_rows", {"limit": 2, "found": 3})),
        (b"a,b\n\n1,2\n\n3,4\n", {"max_rows": 1}, Problem("too_many_rows", {"limit": 1, "found": 2})),
        (b"a,b,c\n", {"max_columns": 2}, Problem("too_many_columns", {"limit": 2, "found": 3}, row=1)),
        (b"a,b\n1,2,,4\n", {"max_columns": 3}, Problem("too_many_columns", {"limit": 3, "found": 4}, row=2)),
        (b"a,b\n1,xxxxx\n", {"max_cell": 4}, Problem("cell_too_long", {"limit": 4}, row=2, column="B")),
        (b"aaaaa,b\n1,2\n", {"max_cell": 4}, Problem("cell_too_long", {"limit": 4}, row=1, column="A")),
        (b"a,b\n1," + b"x" * 140_000, {}, Problem("cell_too_long", {"limit": 131_072}, row=2)),
        (b"a,b\n" + b"1," * 600_000, {}, Problem("line_too_long", {"limit": 1 << 20}, row=2)),
        (b"a,b\n1,2\n", {"max_bytes": 7}, Problem("too_large", {"limit": 7, "found": 8})),
        (b"a,b\n1,\x81\n", {}, Problem("bad_encoding", {"encoding": "cp1252"}, row=1)),
        (b"a,b\n1,\xe9\n", {"encoding": "utf-8"}, Problem("bad_encoding", {"encoding": "utf-8"}, row=1)),
        (b"a,b\n", {"encoding": "rot13"}, Problem("unknown_encoding", {"encoding": "rot13"})),
        (b"a,b\n", {"delimiter": "ab"}, Problem("unknown_delimiter", {"delimiter": "ab"})),
        (b"a,b\n", {"delimiter": "\n"}, Problem("unknown_delimiter", {"delimiter": "\n"})),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(
    write: Write, content: bytes, options: dict[str, Any], problem: Problem
) -> None:
    assert refusal(write(content), **options) == problem


def test_a_file_at_its_limits_is_read(write: Write) -> None:
    path = write("a,b,,,\n1,xxxx,,,\n")
    assert read(path, max_rows=1, max_columns=2, max_cell=4, max_bytes=17) == [
        (1, ["a", "b"]),
        (2, ["1", "xxxx"]),
    ]


def test_a_header_alone_is_read_and_said(write: Write) -> None:
    sheet = open_sheet(write("name,phone\n\n"))
    assert (sheet.headers, sheet.sample, list(sheet.rows())) == (["name", "phone"], [], [])
    assert sheet.header_problems == [Problem("header_only")]


def test_empty_and_doubled_headers_are_named(write: Write) -> None:
    sheet = open_sheet(write("E-mail,,Nome,E-MAIL ,,,\na,b,c,d\n"))
    assert sheet.headers == ["E-mail", "", "Nome", "E-MAIL"]
    assert sheet.header_problems == [
        Problem("header_empty", {}, 1, "B"),
        Problem("header_duplicate", {"header": "E-MAIL", "first": "A"}, 1, "D"),
    ]


def test_a_list_without_a_header_is_noticed(write: Write) -> None:
    sheet = open_sheet(write("Ana,ana@x.org\nBea,bea@x.org\n"))
    assert sheet.header_problems == [Problem("header_is_data", {"example": "ana@x.org"}, 1)]


@given(st.binary(max_size=200) | st.text('a,;"\n\r\t\0é= ', max_size=40).map(str.encode))
def test_no_bytes_break_the_reading(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzz.csv"
    path.write_bytes(content)
    try:
        sheet = open_sheet(path)
        rows = list(sheet.rows())
    except UnreadableFile as refused:
        assert refused.problem.params.keys() == CODES[refused.problem.code]
    else:
        assert {len(row.cells) for row in rows} <= {len(sheet.headers)}
        assert [row.cells for row in rows[:20]] == sheet.sample
