"""The delimiter is counted outside quotes, and a comma in prices or addresses does not win."""

import pytest

from portal.sheets.delimiters import DELIMITERS, declared, detect


@pytest.mark.parametrize("delimiter", DELIMITERS)
def test_each_delimiter_is_found(delimiter: str) -> None:
    rows = [["name", "e-mail", "phone"], ["Ana", "ana@x.org", "84 123"], ["Bea", "", ""]]
    assert detect("\r\n".join(map(delimiter.join, rows))) == delimiter


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("name;price\nA;1,5\nB;2,5\n", ";"),
        ("name;city, state\nA;X, Y\nB;X, Y\n", ";"),
        ('name,address\nA,"x; y; z"\nB,"x; y; z"\n', ","),
        ('"a;b";c,d\n"a;b";c,d\n', ";"),
        ("name\tnote\nA\tone, two, three\nB\tno\n", "\t"),
        ("a,b,c\n1,2\n3,4,5\n6,7,8\n9,10,11\n", ","),
        ("a|b\r1|2\r3|4\r", "|"),
        ('a,b\n"line; one\nline; two",2\n"x; y\nz; w",3\n', ","),
        ("name\nAna\nBea\n", ","),
        ("name\nSmith; Ana\nJones; Bea\n", ","),
        ("name;phone\n", ";"),
        ("", ","),
    ],
)
def test_the_delimiter_agrees_best_between_rows(text: str, found: str) -> None:
    assert detect(text) == found


def test_a_sample_cut_inside_a_row_changes_nothing() -> None:
    whole = "a;b;c\n" + "1;2,5;3\n" * 50
    assert {detect(whole[:length]) for length in range(20, len(whole))} == {";"}


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("sep=;\r\n", ";"),
        ("SEP=|", "|"),
        ("\ufeffsep=\t\n", "\t"),
        ('"sep=,"\r\n', ","),
        ("sep=^\n", "^"),
        ("sep=\n", None),
        ("sep=;;\n", None),
        ("sep=a\n", None),
        ("separator,b\n", None),
        ("", None),
    ],
)
def test_the_line_that_excel_writes_names_the_delimiter(line: str, found: str | None) -> None:
    assert declared(line) == found


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_declared_delimiter_is_taken_at_its_word(end: str) -> None:
    assert detect(f"sep=^{end}a,b^c,d{end}1,2^3,4{end}") == "^"
