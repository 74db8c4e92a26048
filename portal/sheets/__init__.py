"""Tables in files: reading, recognising and writing them, without knowing what they are for."""

from portal.sheets.dates import ORDERS, guess_orders, read_date
from portal.sheets.delimiters import DELIMITERS
from portal.sheets.encodings import ENCODINGS
from portal.sheets.headers import Match, header_key, match_headers, match_problems
from portal.sheets.kinds import kind_of, misfit
from portal.sheets.problems import CODES, Problem, UnreadableFile, column_letters
from portal.sheets.read import Row, Sheet, open_sheet
from portal.sheets.synonyms import SYNONYMS
from portal.sheets.write import csv_rows, neutral, restore

__all__ = [
    "CODES",
    "DELIMITERS",
    "ENCODINGS",
    "ORDERS",
    "SYNONYMS",
    "Match",
    "Problem",
    "Row",
    "Sheet",
    "UnreadableFile",
    "column_letters",
    "csv_rows",
    "guess_orders",
    "header_key",
    "kind_of",
    "match_headers",
    "match_problems",
    "misfit",
    "neutral",
    "open_sheet",
    "read_date",
    "restore",
]
