"""Which character separates the cells of a file, by counting outside quotes."""

import csv
import re
from collections import Counter
from io import StringIO

DELIMITERS = (",", ";", "\t", "|")
"""The delimiters that are looked for, in the order to offer them; an earlier one wins a tie."""

# Excel writes and reads this first line; it is not a row of the sheet and gets no number.
_DECLARED = re.compile(r'\ufeff?"?sep=([^"\w\r\n\0])"?(?:\r\n|\r|\n|\Z)', re.IGNORECASE)
_ROWS = 200


def declared(first_line: str) -> str | None:
    """Return the delimiter that Excel's `sep=;` line names, or None if `first_line` is not such a line."""
    match = _DECLARED.match(first_line)
    return match[1] if match and match.end() == len(first_line) else None


def detect(text: str) -> str:
    """Return the delimiter of `text`, the beginning of a file (64 KB is plenty; it may end inside a row).

    A declared one (`sep=;`) is taken at its word. Otherwise each of `DELIMITERS` is tried with the csv
    module. One under which the quotes make sense wins, then the one whose rows agree best on their number of
    cells, then more cells, then fewer cells that start with a space (a comma in a sentence does). A file
    whose header holds none of them has one column, and the answer is a comma.
    """
    # The first line as records() reads it, whichever of the three line ends it has.
    named = declared(StringIO(text, newline="").readline())
    if named is not None:
        return named
    scores = [(_score(text, delimiter), delimiter) for delimiter in DELIMITERS]
    return max(scores, key=lambda item: item[0])[1]


def _score(text: str, delimiter: str) -> tuple[bool, float, int, int]:
    """Return (quotes make sense, share of rows with the usual width, that width, minus the spaced cells)."""
    rows, is_sound = _rows(text, delimiter)
    if not rows or len(rows[0]) < 2:
        return False, 0.0, 0, 0
    usual, times = Counter(map(len, rows)).most_common(1)[0]
    if usual < 2:
        return False, 0.0, 0, 0
    n_spaced = sum(cell.startswith(" ") for row in rows for cell in row)
    # A row or two with a cell too few are common in real files: round, so that they do not decide alone.
    return is_sound, round(times / len(rows), 1), usual, -n_spaced


def _rows(text: str, delimiter: str) -> tuple[list[list[str]], bool]:
    rows: list[list[str]] = []
    is_sound = True
    try:
        for row in csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True):
            if any(map(str.strip, row)):
                rows.append(row)
            if len(rows) > _ROWS:
                break
    except csv.Error as error:
        # A quote still open at the end of the sample says nothing; one that is closed before something
        # other than this delimiter does.
        is_sound = "unexpected end" in str(error)
    return rows, is_sound
