"""What can be wrong with a file, a column or a cell, as codes; another layer turns them into sentences."""

from dataclasses import dataclass, field

from portal.emails import EMAIL_INVALID, EMAIL_NO_DOT
from portal.phones import PHONE_DAMAGED, PHONE_UNPARSED

# Every code of the ground layer, and the params each carries (`row` and `column` are fields of Problem).
# The file cannot be read:
NOT_TEXT = "not_text"
EMPTY_FILE = "empty_file"
NO_HEADER = "no_header"
TOO_LARGE = "too_large"
TOO_MANY_ROWS = "too_many_rows"
TOO_MANY_COLUMNS = "too_many_columns"
LINE_TOO_LONG = "line_too_long"
CELL_TOO_LONG = "cell_too_long"
BAD_QUOTES = "bad_quotes"
NUL_BYTE = "nul_byte"
BAD_ENCODING = "bad_encoding"
UNKNOWN_ENCODING = "unknown_encoding"
UNKNOWN_DELIMITER = "unknown_delimiter"
# The file can be read, and a person should know this of its header or columns:
HEADER_ONLY = "header_only"
HEADER_EMPTY = "header_empty"
HEADER_DUPLICATE = "header_duplicate"
HEADER_IS_DATA = "header_is_data"
HEADER_UNKNOWN = "header_unknown"
HEADER_SECOND = "header_second"
HEADER_UNSURE = "header_unsure"
COLUMN_MISFIT = "column_misfit"

CODES: dict[str, frozenset[str]] = {
    NOT_TEXT: frozenset({"looks_like"}),  # png jpeg gif … pdf zip xlsx xlsm xlsb xls ods docx html … binary
    EMPTY_FILE: frozenset(),
    NO_HEADER: frozenset(),  # nothing but blank rows
    TOO_LARGE: frozenset({"limit", "found"}),  # bytes
    TOO_MANY_ROWS: frozenset({"limit", "found"}),  # rows that are not blank, without the header
    TOO_MANY_COLUMNS: frozenset({"limit", "found"}),
    LINE_TOO_LONG: frozenset({"limit"}),  # characters
    CELL_TOO_LONG: frozenset({"limit"}),  # characters
    BAD_QUOTES: frozenset(),  # a quote is opened in `row` and not closed as it should be
    NUL_BYTE: frozenset(),
    BAD_ENCODING: frozenset({"encoding"}),  # the file is not in the encoding it was read in
    UNKNOWN_ENCODING: frozenset({"encoding"}),
    UNKNOWN_DELIMITER: frozenset({"delimiter"}),
    HEADER_ONLY: frozenset(),
    HEADER_EMPTY: frozenset(),
    HEADER_DUPLICATE: frozenset({"header", "first"}),  # first: letter of the column that has it already
    HEADER_IS_DATA: frozenset({"example"}),  # the first row holds an address or number: no header at all?
    HEADER_UNKNOWN: frozenset({"header"}),
    HEADER_SECOND: frozenset({"header", "first"}),  # first: the header that won
    HEADER_UNSURE: frozenset({"header", "target"}),
    COLUMN_MISFIT: frozenset({"target", "looks_like", "examples"}),  # looks_like: email phone date number url
    PHONE_UNPARSED: frozenset(),
    PHONE_DAMAGED: frozenset(),
    EMAIL_NO_DOT: frozenset(),
    EMAIL_INVALID: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: its code, what the sentence will name, and where it is.

    `row` is the row as a spreadsheet numbers it (the header of an ordinary file is row 1), `column` the
    letters a spreadsheet gives it (`A` … `Z`, `AA` …).
    """

    code: str
    params: dict[str, str | int] = field(default_factory=dict)
    row: int | None = None
    column: str | None = None


class UnreadableFile(Exception):
    """A file of which nothing may be imported; `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


def refuse(
    code: str, *, row: int | None = None, column: str | None = None, **params: str | int
) -> UnreadableFile:
    """Return (not raise) the exception for one problem with the whole file."""
    return UnreadableFile(Problem(code, params, row, column))


def column_letters(index: int) -> str:
    """Return the letters a spreadsheet gives to the column `index`, counted from 0: `A`, `Z`, `AA`."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
