"""Reading a pasted list of customers from standard input."""

import sys
from collections.abc import Iterator

import click
from flask_babel import gettext

from portal.errors import N_, Refusal
from portal.models import Customer, Group, Shop
from portal.permissions import Actor
from portal.queries import customers as find
from portal.queries import groups as find_groups
from portal.services.items import NewItem, kept_out
from portal.text import has_forbidden
from portal.words import say

MAX_LINES = 20_000  # each line is looked up by itself; a longer list is a file to import
MAX_BYTES = 4 * 1024 * 1024


def read(actor: Actor, group: Group, *, partial: bool) -> list[NewItem]:
    """Return an include item for each line that fits one customer; the others are named on standard error.

    Raises Refusal, before anything is written, when a line fits nobody or several and `partial` is not set.
    """
    found: dict[int, NewItem] = {}
    n_wrong, excluded = 0, find_groups.excluded_shops(group)
    for number, line in _lines():
        try:
            customer = _one(actor, excluded, line)
        except Refusal as refusal:
            n_wrong += 1
            click.echo(gettext("Line %(number)s: %(sentence)s", number=number, sentence=say(refusal)), err=True)
        else:
            found[customer.id] = NewItem(customer_id=customer.id)
    if n_wrong and not partial:
        raise Refusal(
            N_("Nothing was added; lines that cannot be used: %(n)s. With --partial the others are added."), n=n_wrong
        )
    if not found and not n_wrong:
        raise Refusal(N_("The list is empty. Nothing was added."))
    return list(found.values())


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


def _one(actor: Actor, excluded: dict[int, Shop], line: str) -> Customer:
    if has_forbidden(line):
        raise Refusal(N_("This holds characters that cannot be stored. Please type it anew."))
    customer = find.resolve(actor, line)
    if customer.shop_id in excluded:
        raise kept_out(customer, excluded[customer.shop_id])
    return customer
