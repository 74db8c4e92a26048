"""Reading a table of text (CSV and its kin) row by row, in constant memory, without ever losing a row.

Cells come as they stand in the file. Two things are left to whoever asked for them: `portal.text.clean`,
and `portal.sheets.write.restore` for a file that this portal wrote.
"""

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from os import PathLike
from pathlib import Path
from typing import NamedTuple

from portal.sheets import delimiters, encodings, magic, problems
from portal.sheets.headers import header_problems
from portal.sheets.problems import Problem, column_letters, refuse
from portal.sheets.records import Record, records
from portal.text import clean

_SAMPLE_TEXT = 65_536
_SAMPLE_ROWS = 20
MAX_COLUMNS = 500  # as many as the fields that a store may have, with what is built in and columns of groups


class Row(NamedTuple):
    """A row that is not blank: its number in the spreadsheet, a cell per header, and surplus cells.

    `extra` is empty unless one of them holds something; such a row should be refused, since nobody knows
    which of its cells slipped.
    """

    row: int
    cells: list[str]
    extra: list[str]


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest file that is read: rows without the header, columns, characters of a cell, bytes."""

    rows: int
    columns: int
    cell: int
    size: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """An opened table. `headers` are cleaned; empty ones at the end of the line are left out.

    `sample` holds the cells of the first rows, at most 20. `header_row` is the number of the header row, 1
    unless blank rows stand above it. `header_problems` are for a person to see; none of them stops reading.
    """

    path: Path
    encoding: str
    delimiter: str
    headers: list[str]
    header_row: int
    sample: list[list[str]]
    header_problems: list[Problem]
    limits: Limits

    def rows(self) -> Generator[Row, None, None]:
        """Yield the rows below the header, from the first, each time it is called.

        A quoted cell with line breaks is part of one row; blank rows are skipped and counted, so that `row`
        is what a spreadsheet shows. Missing cells are `''`. Raises `UnreadableFile` at the row where the
        file turns out to be broken or beyond its limits: what was yielded before is then not to be kept.
        """
        n_rows = 0
        for record in _below(self.path, self.encoding, self.delimiter, self.header_row):
            n_rows += 1
            if n_rows <= self.limits.rows:
                yield _row(record, len(self.headers), self.limits)
        if n_rows > self.limits.rows:
            raise refuse(problems.TOO_MANY_ROWS, limit=self.limits.rows, found=n_rows)


def open_sheet(
    path: str | PathLike[str],
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    max_rows: int = 10_000_000,
    max_columns: int = MAX_COLUMNS,
    max_cell: int = 32_000,
    max_bytes: int = 2 << 30,
) -> Sheet:
    """Open a file, find out (or take) its encoding and delimiter, and read its header and first rows.

    `encoding` is one of `ENCODINGS`, `delimiter` one of `DELIMITERS` (or what a `sep=` line names). Raises
    `UnreadableFile` for anything that is not a table of text within the limits; `OSError` as `open` does.
    """
    path = Path(path)
    limits = Limits(max_rows, max_columns, max_cell, max_bytes)
    encoding = _encoding(path, encoding, limits)
    delimiter = _delimiter(path, encoding, delimiter)
    header = _header(path, encoding, delimiter, limits)
    found = header_problems(header.cells, header.row)
    sheet = Sheet(path, encoding, delimiter, header.cells, header.row, [], found, limits)
    with closing(sheet.rows()) as rows:
        sheet.sample.extend(row.cells for row in islice(rows, _SAMPLE_ROWS))
    if not sheet.sample:
        found.append(Problem(problems.HEADER_ONLY))
    return sheet


def _encoding(path: Path, encoding: str | None, limits: Limits) -> str:
    if encoding is not None and encoding not in encodings.ENCODINGS:
        raise refuse(problems.UNKNOWN_ENCODING, encoding=encoding)
    with path.open("rb") as stream:
        size = stream.seek(0, 2)
        if not size:
            raise refuse(problems.EMPTY_FILE)
        if size > limits.size:
            raise refuse(problems.TOO_LARGE, limit=limits.size, found=size)
        magic.refuse_binary(stream)
        return encoding or encodings.detect(stream)


def _delimiter(path: Path, encoding: str, delimiter: str | None) -> str:
    if delimiter is not None and delimiter in delimiters.DELIMITERS:
        return delimiter
    try:
        with path.open(encoding=encoding, newline="") as stream:
            found = delimiters.detect(stream.read(_SAMPLE_TEXT))
    except UnicodeError:
        # Reading the records will meet it too, and can name the row.
        found = ","
    if delimiter not in (None, found):
        raise refuse(problems.UNKNOWN_DELIMITER, delimiter=str(delimiter))
    return found


def _header(path: Path, encoding: str, delimiter: str, limits: Limits) -> Record:
    """Return the first record that is not blank."""
    with closing(_below(path, encoding, delimiter, 0)) as found:
        header = next(found, None)
    if header is None:
        raise refuse(problems.NO_HEADER)
    cells = [clean(cell) for cell in _trimmed(header.cells)]
    if len(cells) > limits.columns:
        raise refuse(problems.TOO_MANY_COLUMNS, row=header.row, limit=limits.columns, found=len(cells))
    _check_cells(header, limits)
    return header._replace(cells=cells)


def _below(path: Path, encoding: str, delimiter: str, row: int) -> Generator[Record, None, None]:
    """Yield the records after `row` that are not blank; one of separators only is blank in a spreadsheet."""
    for record in records(path, encoding, delimiter):
        if record.row > row and any(map(str.strip, record.cells)):
            yield record


def _row(record: Record, width: int, limits: Limits) -> Row:
    _check_cells(record, limits)
    cells = record.cells
    if len(cells) == width:
        return Row(record.row, cells, [])
    if len(cells) < width:
        return Row(record.row, cells + [""] * (width - len(cells)), [])
    cells, extra = cells[:width], _trimmed(cells[width:])
    if width + len(extra) > limits.columns:
        raise refuse(
            problems.TOO_MANY_COLUMNS, row=record.row, limit=limits.columns, found=width + len(extra)
        )
    return Row(record.row, cells, extra)


def _trimmed(cells: list[str]) -> list[str]:
    """Return `cells` without the blank ones at its end, which spreadsheets add by the thousand."""
    end = len(cells)
    while end and not cells[end - 1].strip():
        end -= 1
    return cells[:end]


def _check_cells(record: Record, limits: Limits) -> None:
    # The length of the whole record clears nearly every row without a look at its cells.
    if record.size <= limits.cell:
        return
    for index, cell in enumerate(record.cells):
        if len(cell) > limits.cell:
            raise refuse(
                problems.CELL_TOO_LONG, row=record.row, column=column_letters(index), limit=limits.cell
            )
