"""Exports are safe in a spreadsheet and come back identical (promise P13)."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.sheets import csv_rows, neutral, open_sheet, restore

SIGNS = "=+-@\t\r\0"
TRICKY = st.text(st.sampled_from(SIGNS + "'\n\" ,;1a＝＋é"), max_size=6) | st.text(
    st.characters(), max_size=8
)


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"), ("+1-539-402", "'+1-539-402"), ("-1-1", "'-1-1"), ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"), ("\r=1", "'\r=1"), ("\x00=1", "'\x00=1"), ("＝1", "'＝1"), ("-", "'-"), ("+A1",
        "'+A1"),
        ("'=1", "''=1"), ("''-x", "'''-x"), ("-5", "-5"), ("+1.5", "+1.5"), ("-1E5", "-1E5"),
        ("+258841234567", "+258841234567"), ("+258 84 123 4567", "+258 84 123 4567"), ("'-5", "''-5"),
        ("'quoted'", "'quoted'"), ("plain", "plain"), ("a=1", "a=1"), ("", ""), ("'", "'"), ("-5\n", "'-5\n"),
    ],
)  # fmt: skip
def test_what_could_be_computed_gets_an_apostrophe(cell: str, written: str) -> None:
    assert neutral(cell) == written
    assert restore(written) == cell


@given(TRICKY)
def test_restoring_gives_back_every_string(cell: str) -> None:
    assert restore(neutral(cell)) == cell


@given(TRICKY, TRICKY)
def test_two_cells_are_never_written_alike(one: str, other: str) -> None:
    assert (neutral(one) == neutral(other)) is (one == other)


@given(TRICKY)
def test_no_written_cell_starts_with_a_sign_unless_it_is_a_number(cell: str) -> None:
    written = neutral(cell)
    assert written[:1] not in set(SIGNS) or set(written) <= set("0123456789+-.,eE ")


@given(st.lists(st.tuples(TRICKY, TRICKY, st.just("x")), max_size=5))
def test_an_export_comes_back_identical(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, ...]]
) -> None:
    rows = [tuple(cell.replace("\0", "").encode("utf-8", "replace").decode() for cell in row) for row in rows]
    path = tmp_path_factory.mktemp("export") / "export.csv"
    path.write_bytes(b"".join(csv_rows(["a", "b", "c"], rows)))
    sheet = open_sheet(path)
    assert (sheet.encoding, sheet.delimiter, sheet.headers) == ("utf-8-sig", ",", ["a", "b", "c"])
    assert [tuple(map(restore, row.cells)) for row in sheet.rows()] == rows


def test_the_file_is_plain_csv_for_excel() -> None:
    rows = [["Ana", "=1"], ["Bea; B", 'say "hi", please'], ["a\nb", "\ud800"]]
    assert b"".join(csv_rows(["name", "note"], rows)) == (
        b'\xef\xbb\xbfname,note\r\nAna,\'=1\r\nBea; B,"say ""hi"", please"\r\n"a\nb",?\r\n'
    )


def test_a_long_export_comes_in_pieces() -> None:
    taken = 0

    def endless() -> Iterator[list[str]]:
        nonlocal taken
        while True:
            taken += 1
            yield ["x" * 99, "y"]

    pieces = csv_rows(["a", "b"], endless())
    assert len(next(pieces)) < 70_000
    assert taken < 1_000
    assert next(pieces).startswith(b"x" * 99)
