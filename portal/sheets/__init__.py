"""Tables in files: reading, recognising and writing them, without knowing what they are for."""

from portal.sheets.dates import ORDERS, SHORT_YEARS, guess_orders, has_short_year, orders_of, read_date, rewritten
from portal.sheets.delimiters import DELIMITERS
from portal.sheets.encodings import ENCODINGS
from portal.sheets.headers import Match, header_key, match_headers, match_problems
from portal.sheets.kinds import kind_of, misfit
from portal.sheets.problems import CODES, Problem, UnreadableFile, column_letters
from portal.sheets.read import MAX_COLUMNS, Row, Sheet, open_sheet
from portal.sheets.synonyms import SYNONYMS
from portal.sheets.write import csv_rows, neutral, restore

__all__ = [
    "CODES",
    "DELIMITERS",
    "ENCODINGS",
    "MAX_COLUMNS",
    "ORDERS",
    "SHORT_YEARS",
    "SYNONYMS",
    "Match",
    "Problem",
    "Row",
    "Sheet",
    "UnreadableFile",
    "column_letters",
    "csv_rows",
    "guess_orders",
    "has_short_year",
    "header_key",
    "kind_of",
    "match_headers",
    "match_problems",
    "misfit",
    "neutral",
    "open_sheet",
    "orders_of",
    "read_date",
    "restore",
    "rewritten",
]
