"""The csv module, fed a bounded line at a time and strict, so that a stray quote never swallows rows."""

import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, TextIO

from portal.sheets import problems
from portal.sheets.delimiters import declared
from portal.sheets.problems import refuse

# Characters of one record, over all of its lines. Far above any real row; it bounds the memory that a file
# without line breaks, or with a quote that is never closed, can take.
MAX_RECORD = 1 << 20


class Record(NamedTuple):
    """One record of the file: the number of its row in a spreadsheet, its cells, its length in characters."""

    row: int
    cells: list[str]
    size: int


class _Feed:
    """The lines of a file for csv.reader, counted per record; line ends stay as they are (LF, CRLF, CR)."""

    def __init__(self, stream: TextIO) -> None:
        self._readline = stream.readline
        self.size = 0
        self.n_lines = 0
        # A mark at the very start is not text even if the encoding was chosen by hand; `sep=;` is no row.
        first = self._readline(MAX_RECORD).removeprefix("\ufeff")
        self._first = None if declared(first) else first

    def __iter__(self) -> "_Feed":
        return self

    def __next__(self) -> str:
        line = self._readline(MAX_RECORD) if self._first is None else self._first
        self._first = None
        if not line:
            raise StopIteration
        self.size += len(line)
        self.n_lines += 1
        if self.size >= MAX_RECORD:
            # A record of this length over many lines is an open quote; on one line it is just a line.
            if self.n_lines > 1:
                raise refuse(problems.BAD_QUOTES)
            raise refuse(problems.LINE_TOO_LONG, limit=MAX_RECORD)
        if "\x00" in line:
            raise refuse(problems.NUL_BYTE)
        return line


def records(path: Path, encoding: str, delimiter: str) -> Iterator[Record]:
    """Yield every record of the file, blank ones too, numbered from 1.

    Raises `UnreadableFile` with the row: `BAD_QUOTES` (the row in which the quote is opened),
    `BAD_ENCODING`, `NUL_BYTE`, `LINE_TOO_LONG`, `CELL_TOO_LONG`.
    """
    row = 1
    # newline='' leaves line ends alone: one inside quotes is part of the cell and comes out as it was.
    with path.open(encoding=encoding, newline="") as stream:
        try:
            feed = _Feed(stream)
            reader = csv.reader(feed, delimiter=delimiter, strict=True)
            while True:
                feed.size = feed.n_lines = 0
                cells = next(reader, None)
                if cells is None:
                    return
                yield Record(row, cells, feed.size)
                row += 1
        except UnicodeError:
            raise refuse(problems.BAD_ENCODING, row=row, encoding=encoding) from None
        except csv.Error as error:
            if feed.n_lines == 1 and "field limit" in str(error):
                raise refuse(problems.CELL_TOO_LONG, row=row, limit=csv.field_size_limit()) from None
            raise refuse(problems.BAD_QUOTES, row=row) from None
        except problems.UnreadableFile as error:
            raise problems.UnreadableFile(replace(error.problem, row=row)) from None
