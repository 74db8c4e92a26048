"""Files that are not text, recognised by how they begin and named so that a person knows what she sent."""

import re
from typing import BinaryIO

from portal.sheets.encodings import has_bom, utf16_without_bom
from portal.sheets.problems import NOT_TEXT, refuse

_HEAD = 65_536
_SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF8", "gif"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"%PDF-", "pdf"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "xls"),
    (b"\x09\x08\x10\x00\x00\x06", "xls"),
    (b"\x1f\x8b", "gzip"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!", "rar"),
    (b"SQLite format 3\x00", "sqlite"),
    (b"PAR1", "parquet"),
    (b"{\\rtf", "rtf"),
)
# A bitmap: two letters, its size, and four bytes that are kept free; no text holds those.
_BITMAP = re.compile(rb"BM.{4}\x00{4}", re.DOTALL)
# Names inside a zip are stored plainly, in the local headers at its start and in the directory at its end.
_INSIDE_ZIP: tuple[tuple[bytes, str], ...] = (
    (b"application/vnd.oasis.opendocument.spreadsheet", "ods"),
    (b"xl/vbaProject.bin", "xlsm"),
    (b"xl/workbook.bin", "xlsb"),
    (b"xl/workbook.xml", "xlsx"),
    (b"word/document.xml", "docx"),
    (b"ppt/presentation.xml", "pptx"),
)
# Shops and banks send web pages named .xls; they open in a spreadsheet, so people think they are one.
_MARKUP = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype html|html|\?xml|table)[\s>]", re.IGNORECASE)
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\r\x0b\x0c\x1b"))


def refuse_binary(stream: BinaryIO) -> None:
    """Raise `UnreadableFile` (`NOT_TEXT`, `looks_like`) unless the file could be text; rewinds `stream`.

    Looks at the first and last 64 KB only. `looks_like` is a short lower-case name such as `png` or
    `xlsx`, or `binary` when the content is of no kind we know.
    """
    stream.seek(0)
    head = stream.read(_HEAD)
    kind = _kind(head, stream)
    stream.seek(0)
    if kind is not None:
        raise refuse(NOT_TEXT, looks_like=kind)


def _kind(head: bytes, stream: BinaryIO) -> str | None:
    for signature, name in _SIGNATURES:
        if head.startswith(signature):
            return name
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _kind_of_zip(head, stream)
    if _BITMAP.match(head):
        return "bmp"
    if _MARKUP.match(head):
        return "html"
    return "binary" if _is_binary(head) else None


def _kind_of_zip(head: bytes, stream: BinaryIO) -> str:
    stream.seek(max(0, stream.seek(0, 2) - _HEAD))
    seen = head + stream.read(_HEAD)
    return next((name for part, name in _INSIDE_ZIP if part in seen), "zip")


def _is_binary(head: bytes) -> bool:
    if has_bom(head) or utf16_without_bom(head):
        return False
    controls = len(head) - len(head.translate(None, _CONTROLS))
    # One stray control character in a small file is a slip, named later with its row; a tenth is no text.
    return controls * 10 > len(head)
