"""Reading a pasted list of customers from standard input."""

import sys
from collections.abc import Iterator

import click
from flask_babel import gettext

from portal.errors import N_, Refusal
from portal.models import Customer, Group
from portal.permissions import Actor
from portal.queries import customers as find
from portal.queries.exclusions import shut_out as who_is_shut_out
from portal.services.items import NewItem
from portal.text import has_forbidden
from portal.words import say

MAX_LINES = 20_000  # each line is looked up by itself; a longer list is a file to import
MAX_BYTES = 4 * 1024 * 1024


def read(actor: Actor, group: Group, *, partial: bool) -> list[NewItem]:
    """Return an include item for each line that fits one customer; the others are named on standard error.

    Raises Refusal, before anything is written, when a line fits nobody or several and `partial` is not set.
    """
    found, wrong = _looked_up(actor)
    shut_out = who_is_shut_out(group, [customer.id for customer in found.values()])
    items: dict[int, NewItem] = {}
    for number, customer in found.items():
        try:
            shut_out.check(actor, customer)
        except Refusal as refusal:
            wrong[number] = refusal
        else:
            items[customer.id] = NewItem(customer_id=customer.id)
    _say_wrong(wrong)
    if wrong and not partial:
        sentence = N_("Nothing was added; lines that cannot be used: %(n)s. With --partial the others are added.")
        raise Refusal(sentence, n=len(wrong))
    if not items and not wrong:
        raise Refusal(N_("The list is empty. Nothing was added."))
    return list(items.values())


def _looked_up(actor: Actor) -> tuple[dict[int, Customer], dict[int, Refusal]]:
    """Return, by the number of the line, whom each names, and why the others cannot be used."""
    found: dict[int, Customer] = {}
    wrong: dict[int, Refusal] = {}
    for number, line in _lines():
        try:
            found[number] = _one(actor, line)
        except Refusal as refusal:
            wrong[number] = refusal
    return found, wrong


def _say_wrong(wrong: dict[int, Refusal]) -> None:
    for number in sorted(wrong):
        click.echo(gettext("Line %(number)s: %(sentence)s", number=number, sentence=say(wrong[number])), err=True)


def _lines() -> Iterator[tuple[int, str]]:
    raw = sys.stdin.buffer.read(MAX_BYTES + 1)
    lines = _decoded(raw).splitlines()
    if len(raw) > MAX_BYTES or len(lines) > MAX_LINES:
        raise Refusal(N_("A pasted list has at most %(n)s lines; import a longer one as a file."), n=MAX_LINES)
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield number, line.strip()


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refusal(N_("The list is not text in UTF-8. Nothing was added.")) from None


def _one(actor: Actor, line: str) -> Customer:
    if has_forbidden(line):
        raise Refusal(N_("This holds characters that cannot be stored. Please type it anew."))
    return find.resolve(actor, line)
