"""`portal shop …`."""

from collections.abc import Iterator
from pathlib import Path

import click
from flask_babel import gettext

from portal import sheets
from portal.cli import output
from portal.cli.options import as_option, json_option, operating
from portal.errors import N_, Denied, Refusal
from portal.file_words import sentence_of
from portal.permissions import Action, Actor, require
from portal.queries import shops as find
from portal.services import shops
from portal.words import say

_NAMES = {
    "name",
    "nome",
    "nombre",
    *(name for name in sheets.SYNONYMS["shop"] if {"name", "nome", "nombre"} & set(name.split())),
}
_CODES = {*sheets.SYNONYMS["code"], *sheets.SYNONYMS["shop"]} - _NAMES


@click.group("shop")
@as_option
def shop() -> None:
    """Shops."""


@shop.command("add")
@click.argument("code")
@click.argument("name")
@operating
def add(actor: Actor, code: str, name: str) -> None:
    """Create a shop and print its code."""
    click.echo(shops.create(actor, code=code, name=name).code)


@shop.command("list")
@json_option
@operating
def list_(actor: Actor, as_json: bool) -> None:
    """List the shops with the number of their customers."""
    if not actor.may(Action.EDIT_SHOP) and not actor.may(Action.SEE_CUSTOMERS):
        raise Denied(Action.SEE_CUSTOMERS)
    seen = None if actor.may(Action.EDIT_SHOP) else {found.id for found in find.visible_to(actor)}
    rows = [(found.code, found.name, n) for found, n in find.with_counts() if seen is None or found.id in seen]
    if as_json:
        output.json_value([{"code": code, "name": name, "customers": n} for code, name, n in rows])
    else:
        header = (gettext("Code"), gettext("Name"), gettext("Customers"))
        output.table(header, [(code, name, str(n)) for code, name, n in rows])


@shop.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Check the whole file and write nothing.")
@json_option
@operating
def import_(actor: Actor, file: Path, dry_run: bool, as_json: bool) -> None:
    """Create shops, and rename those that are there, from a file with a code and, if it has one, a name a row."""
    require(actor, Action.EDIT_SHOP)
    told = shops.put_all(actor, list(_rows(file)), dry_run=dry_run)
    problems = [{"row": row, "column": "code", "reason": say(refusal)} for row, refusal in told.refused]
    if as_json:
        output.json_value({**told.counts(), "problems": problems})
    else:
        click.echo(", ".join(f"{n} {name}" for name, n in told.counts().items() if n or name == "rows"))
        for problem in problems:
            click.echo(gettext("Row %(row)s: %(reason)s", row=problem["row"], reason=problem["reason"]), err=True)


def _rows(file: Path) -> Iterator[shops.ShopRow]:
    """Yield number, code and name of each row; raises Refusal when the file is no table or lacks the code."""
    if not file.is_file():
        raise Refusal(N_("There is no file “%(file)s”."), file=str(file))
    try:
        sheet = sheets.open_sheet(file, max_rows=100_000)
        code, name = _column(sheet.headers, _CODES), _column(sheet.headers, _NAMES)
        if code is None:
            raise Refusal(N_("No column of this file holds the shops' codes; call it “code”."))
        for row in sheet.rows():
            yield shops.ShopRow(row.row, row.cells[code], row.cells[name] if name is not None else None)
    except sheets.UnreadableFile as error:
        sentence, _column_letters, params = sentence_of(error.problem)
        raise Refusal(sentence, **params) from None


def _column(headers: list[str], names: set[str]) -> int | None:
    keys = {sheets.header_key(name) for name in names}
    return next((at for at, header in enumerate(headers) if sheets.header_key(header) in keys), None)
