"""Sentences for what is wrong with a file or a column, by the codes of `portal.sheets`."""

from portal.errors import N_
from portal.sheets import problems
from portal.sheets.problems import Problem

SENTENCES = {
    problems.NOT_TEXT: N_("This is not a CSV file (it looks like %(looks_like)s). In a spreadsheet, save it as CSV."),
    problems.EMPTY_FILE: N_("The file is empty."),
    problems.NO_HEADER: N_("The file holds only blank rows."),
    problems.TOO_LARGE: N_("The file has %(found)s bytes; at most %(limit)s are taken. Split it."),
    problems.TOO_MANY_ROWS: N_("The file has %(found)s rows; at most %(limit)s are taken at once. Split it."),
    problems.TOO_MANY_COLUMNS: N_("The file has %(found)s columns; at most %(limit)s are taken."),
    problems.LINE_TOO_LONG: N_("Row %(row)s is longer than %(limit)s characters. Is this a CSV file?"),
    problems.CELL_TOO_LONG: N_("A cell of row %(row)s is longer than %(limit)s characters."),
    problems.BAD_QUOTES: N_("A quotation mark is opened in row %(row)s and not closed. Mend that row."),
    problems.NUL_BYTE: N_("Row %(row)s holds a NUL character. Save the file as CSV once more."),
    problems.BAD_ENCODING: N_("The file is not written in %(encoding)s. Choose another encoding."),
    problems.UNKNOWN_ENCODING: N_("The encoding “%(encoding)s” is not known here."),
    problems.UNKNOWN_DELIMITER: N_("“%(delimiter)s” cannot separate columns here."),
    problems.HEADER_ONLY: N_("The file has a header and no rows."),
    problems.HEADER_EMPTY: N_("Column %(column)s has no header and is left out."),
    problems.HEADER_DUPLICATE: N_("The header “%(header)s” stands twice; column %(first)s counts."),
    problems.HEADER_IS_DATA: N_("The first row must hold headers; “%(example)s” looks like a value."),
    problems.HEADER_UNKNOWN: N_("The column “%(header)s” is not one of ours and is left out."),
    problems.HEADER_SECOND: N_("The column “%(header)s” means the same as “%(first)s” and is left out."),
    problems.HEADER_UNSURE: N_("The column “%(header)s” is read as %(target)s. Check that this is right."),
    problems.COLUMN_MISFIT: N_("This column does not look like %(target)s: it holds %(examples)s."),
}

# What people call the fields, inside a sentence.
FIELD_WORDS = {
    "code": N_("code"),
    "name": N_("name"),
    "first_name": N_("first name"),
    "last_name": N_("last name"),
    "email": N_("e-mail"),
    "phone": N_("phone"),
    "shop": N_("shop"),
    "birth_date": N_("date of birth"),
    "language": N_("language"),
    "gender": N_("gender"),
    "id_type": N_("ID type"),
    "id_number": N_("ID number"),
    "address": N_("address"),
    "groups": N_("groups"),
}

# How people say in which order a date is written; in the order in which they are offered.
ORDER_WORDS = {"dmy": N_("day/month/year"), "mdy": N_("month/day/year"), "ymd": N_("year/month/day")}


def sentence_of(problem: Problem) -> tuple[str, str, dict[str, str]]:
    """Return the English sentence of a problem with the whole file, its column ('' for none) and its params."""
    params = {name: str(value) for name, value in problem.params.items()}
    if "target" in params:
        params["target"] = FIELD_WORDS.get(params["target"], params["target"])
    params |= {"row": str(problem.row or ""), "column": problem.column or ""}
    return SENTENCES[problem.code], problem.column or "", params
