"""Files that are not text are named; files that are text, in any script, are let through."""

import zipfile
from io import BytesIO
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.sheets import Problem, UnreadableFile
from portal.sheets.magic import refuse_binary
from tests.material import foreign, named, own

BOOKS = [
    path for path in own("table/*") + foreign("spreadsheets/equivalents/*") if path.suffix not in {".csv", ".tsv"}
]


def zipped(*names: str) -> bytes:
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(name, Random(7).randbytes(100_000))
    return stream.getvalue()


def looks_like(data: bytes) -> str:
    with pytest.raises(UnreadableFile) as caught:
        refuse_binary(BytesIO(data))
    problem = caught.value.problem
    assert problem == Problem("not_text", {"looks_like": problem.params["looks_like"]})
    return str(problem.params["looks_like"])


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"\x89PNG\r\n\x1a\n....", "png"),
        (b"\xff\xd8\xff\xe0..JFIF", "jpeg"),
        (b"BM\x36\x04\x03\x00" + bytes(4) + b"\x36\x00\x00\x00" + b"\xff" * 900, "bmp"),
        (b"%PDF-1.7\n", "pdf"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1....", "xls"),
        (b"\x1f\x8b\x08....", "gzip"),
        (b"<!DOCTYPE html>\n<html>", "html"),
        (b"\xef\xbb\xbf\n<table border=1>", "html"),
        (b"{\\rtf1 hello}", "rtf"),
        (bytes(range(256)) * 4, "binary"),
        (zipped("[Content_Types].xml", "xl/workbook.xml"), "xlsx"),
        (zipped("[Content_Types].xml", "word/document.xml"), "docx"),
        (zipped("[Content_Types].xml", "xl/workbook.xml", "xl/vbaProject.bin"), "xlsm"),
        (zipped("mimetype", "content.xml"), "zip"),
        (zipped("photo.png"), "zip"),
        (zipped(), "zip"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_text_is_named(data: bytes, name: str) -> None:
    assert looks_like(data) == name


@pytest.mark.parametrize("path", BOOKS, ids=named)
def test_a_real_workbook_is_named_after_its_kind(path: Path) -> None:
    # One that could hold macros and holds none is an ordinary workbook under another name.
    expected = {"xlsm": "xlsx"}.get(kind := path.suffix.lower().lstrip("."), kind)
    assert looks_like(path.read_bytes()) == expected


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"])), st.sampled_from(["utf-8", "utf-16", "utf-32"])
)
def test_text_in_any_script_is_let_through(text: str, encoding: str) -> None:
    stream = BytesIO(("name,phone\r\n" + text).encode(encoding))
    refuse_binary(stream)
    assert stream.tell() == 0


def test_one_slip_of_a_control_character_is_left_to_the_reader() -> None:
    refuse_binary(BytesIO(b"name,phone\nAna\0,841234567\n"))
    assert looks_like(b"\0\1\2name") == "binary"
