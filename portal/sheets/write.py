"""Writing tables that a spreadsheet opens safely and that come back as they were."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO

# Cells beginning so are computed by spreadsheets (OWASP "CSV injection"; promise P13): the seven of the
# promise, line feed, and the full-width forms that Japanese editions take for the same.
_COMPUTED = re.compile("'*[=+\\-@\t\r\n\x00＝＋－＠]")
# No dashes or brackets in a plain phone: +1-539-402 is computed to -940.
_PLAIN = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?(?:[eE][+-]?[0-9]+)?|\+[0-9]+(?: [0-9]+)*")
_BUFFER = 65_536


def neutral(cell: str) -> str:
    """Return `cell` so that no spreadsheet computes it: with `'` in front if it could be a formula.

    A plain number (`-5`, `+1.5`) or phone (`+258 84 123 4567`) stays as it is. So that `restore` is exact
    for every string, text that has apostrophes before such a sign already gets one more.
    """
    if _COMPUTED.match(cell) and not _PLAIN.fullmatch(cell):
        return "'" + cell
    return cell


def restore(cell: str) -> str:
    """Undo `neutral`: `restore(neutral(cell)) == cell` for every string. For files that we wrote."""
    return cell[1:] if cell.startswith("'") and _COMPUTED.match(cell) else cell


def csv_rows(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """Yield a CSV file in pieces of about 64 KB: UTF-8 with its mark (for Excel), commas, CRLF (RFC 4180).

    Every cell goes through `neutral`. Rows are taken one by one, so memory does not grow with their number.
    """
    buffer = StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    buffer.write("\ufeff")
    writer.writerow([neutral(cell) for cell in header])
    for row in rows:
        writer.writerow([neutral(cell) for cell in row])
        if buffer.tell() >= _BUFFER:
            yield _taken(buffer)
    yield _taken(buffer)


def _taken(buffer: StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    # Nothing stored holds a lone surrogate; should one come from elsewhere, an export must not die of it.
    return text.encode("utf-8", errors="replace")
