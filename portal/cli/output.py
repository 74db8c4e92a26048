"""Printing: tables for people, lines for scripts, JSON and CSV for programs."""

import json
import sys
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import chain
from typing import Any

import click
import peewee
from flask_babel import gettext

from portal.sheets import csv_rows

_PAGE = 500  # rows whose widths are measured together


def table(header: Sequence[str], rows: Iterable[Sequence[str]], *, aligned: bool = False) -> None:
    """Print rows: in a terminal (or if asked) aligned under a header, into a pipe or file tab-separated without one."""
    out = sys.stdout
    if not (aligned or out.isatty()):
        for row in rows:
            out.write("\t".join(map(_one_line, row)) + "\n")
        out.flush()
        return
    widths = [0] * len(header)
    for page in peewee.chunked(chain([header], rows), _PAGE):
        cells = [[_one_line(cell) for cell in row] for row in page]
        widths = [max(width, *(len(row[at]) for row in cells)) for at, width in enumerate(widths)]
        for row in cells:
            out.write("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n")
    out.flush()


def _one_line(cell: str) -> str:
    return " ".join(cell.split())


def json_value(value: Any) -> None:
    """Print one value as JSON."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=_plain))


def json_list(rows: Iterable[Any]) -> None:
    """Print a JSON list, one row a line, without holding it in memory."""
    out = sys.stdout
    out.writelines(_json_lines(rows))
    out.flush()


def json_lists(told: dict[str, Any], lists: dict[str, Iterable[Any]]) -> None:
    """Print a JSON object: what is `told`, then lists, one row a line, without holding them in memory."""
    out = sys.stdout
    out.write(json.dumps(told, ensure_ascii=False, default=_plain)[:-1])
    for name, rows in lists.items():
        out.write(f",\n{json.dumps(name)}: ")
        out.writelines(_json_lines(rows))
    out.write("}\n")
    out.flush()


def _json_lines(rows: Iterable[Any]) -> Iterator[str]:
    separator = "["
    for row in rows:
        yield separator + "\n" + json.dumps(row, ensure_ascii=False, default=_plain)
        separator = ","
    yield "[]\n" if separator == "[" else "\n]\n"


def csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a CSV file that spreadsheets open without harm; without the byte-order mark, which scripts stumble over."""
    out = sys.stdout.buffer
    for piece in csv_rows(header, rows):
        out.write(piece.removeprefix(BOM_UTF8))
    out.flush()


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def moves(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print what would become of each group; `rows` name "group", "joining", "leaving", "members" in that order."""
    if not rows:
        click.echo(gettext("Nobody would join or leave."))
        return
    header = (gettext("Group"), gettext("Joining"), gettext("Leaving"), gettext("Members then"))
    table(header, [[str(value) for value in row.values()] for row in rows])
