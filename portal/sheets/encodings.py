"""Which encoding a file is in: its mark, strict UTF-8, the pattern of UTF-16, or cp1252; never a guess.

Guessers read Brazilian cp1252 as mac_latin2 (measured, reliability "Encodings"), so there is none here: the
answer is shown to a person with samples, and can be changed.
"""

import codecs
from io import BytesIO
from typing import BinaryIO

ENCODINGS = ("utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be", "utf-32")
"""Every encoding `detect` can answer and `open_sheet` takes, in the order to offer them."""

_CHUNK = 1 << 20
_SAMPLE = 65_536
# UTF-32 first: its little-endian mark begins with that of UTF-16.
_MARKS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def detect(source: bytes | BinaryIO) -> str:
    """Return the encoding of a file, one of `ENCODINGS`; a stream is read through and rewound.

    The whole file is checked, a megabyte at a time: one accent in row 900 000 decides between UTF-8 and
    cp1252. `cp1252` is what remains, so its answer is not a proof (reading may still meet a byte it lacks).
    """
    stream = BytesIO(source) if isinstance(source, bytes) else source
    stream.seek(0)
    head = stream.read(_SAMPLE)
    marked = _marked(head)
    answer = marked or utf16_without_bom(head) or ("utf-8" if _is_utf8(head, stream) else "cp1252")
    stream.seek(0)
    return answer


def has_bom(head: bytes) -> bool:
    """Say whether `head`, the first bytes of a file, begins with a byte-order mark."""
    return _marked(head) is not None


def utf16_without_bom(head: bytes) -> str | None:
    """Return `utf-16-le` or `utf-16-be` if the NULs in `head` lie as they do in unmarked UTF-16, else None.

    Every separator, digit and line break of a table is ASCII, so half of its bytes are NUL, all on one side.
    """
    head = head[: len(head) // 2 * 2]
    even, odd = head[::2].count(0), head[1::2].count(0)
    few, many = sorted((even, odd))
    # Fewer than four are a slip in a file of bytes; its row is named when it is read.
    if many < 4 or many * 10 < len(head) // 2 or few * 10 > many:
        return None
    name = "utf-16-le" if odd > even else "utf-16-be"
    try:
        codecs.getincrementaldecoder(name)().decode(head)
    except UnicodeDecodeError:
        return None
    return name


def _marked(head: bytes) -> str | None:
    return next((name for mark, name in _MARKS if head.startswith(mark)), None)


def _is_utf8(head: bytes, stream: BinaryIO) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    chunk = head
    try:
        while chunk:
            decoder.decode(chunk)
            chunk = stream.read(_CHUNK)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
