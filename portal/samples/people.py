"""Invented customers, as many as asked for, the same ones for the same seed on every machine.

Only `Random.random()` is drawn from, whose sequence Python promises to keep. Names are put together from
lists; phone and id numbers are well-formed, not anybody's on purpose; mail goes to reserved domains only.
"""

import unicodedata
from bisect import bisect
from collections.abc import Callable, Iterator
from datetime import date
from functools import cache
from itertools import accumulate
from random import Random
from typing import NamedTuple, TypeVar

from portal.samples.country import Country
from portal.samples.numbers import SERIALS, scattered
from portal.samples.places import COUNTRIES, SHOPS, SIZES

MOST = SERIALS
"""As many people as have phones of their own."""

NO_SHOP = "WEB"
"""Code prefix of customers who came without a shop."""

_NO_SHOP, _NO_EMAIL, _NO_PHONE, _NO_BIRTH, _NO_PAPER, _NO_ADDRESS = 0.02, 0.12, 0.08, 0.15, 0.2, 0.1
_WOMEN, _MEN, _OTHER = 0.515, 0.97, 0.98
T = TypeVar("T")
Draw = Callable[[], float]
_FIRST_DAY = date(1938, 1, 1).toordinal()
_DAYS = date(2008, 1, 1).toordinal() - _FIRST_DAY


class Person(NamedTuple):
    """One invented customer; what is not known is ''."""

    code: str
    name: str
    email: str
    phone: str
    shop: str
    birth_date: str
    language: str
    gender: str
    id_type: str
    id_number: str
    address: str


class Home(NamedTuple):
    """A shop, its country, and the family names women and men bear there."""

    shop: str
    country: Country
    hers: tuple[str, ...]
    his: tuple[str, ...]


def people(n: int, seed: int) -> Iterator[Person]:
    """Gives `n` people, one at a time; a smaller `n` gives the beginning of a larger one.

    Raises `ValueError` at once unless `n` is from 0 to `MOST`.
    """
    if not 0 <= n <= MOST:
        raise ValueError(f"between 0 and {MOST} people, not {n}")
    return _stream(n, Random(seed).random)  # noqa: S311 - invented names are no secret


def _stream(n: int, draw: Draw) -> Iterator[Person]:
    key = int(draw() * 1_000_000)
    homes, edges = _homes(), list(accumulate(SIZES[shop.code] for shop in SHOPS))
    codes = dict.fromkeys([NO_SHOP, *SIZES], 0)
    mailboxes: dict[str, int] = {}
    for place in range(n):
        home = homes[min(bisect(edges, draw()), len(edges) - 1)]
        country = home.country
        shop = "" if draw() < _NO_SHOP else home.shop
        prefix = shop or NO_SHOP
        codes[prefix] += 1
        gender = _gender(draw())
        first, family, name = _name(home, gender, draw)
        born = date.fromordinal(_FIRST_DAY + int((draw() + draw()) / 2 * _DAYS))
        id_type, id_number = _paper(country, scattered(place, key + 1), born, gender, draw)
        yield Person(
            code=f"{prefix}-{codes[prefix]:05}",
            name=name,
            email="" if draw() < _NO_EMAIL else _mailbox(first, family, country, draw, mailboxes),
            phone="" if draw() < _NO_PHONE else country.phone(home.shop, draw(), scattered(place, key)),
            shop=shop,
            birth_date="" if draw() < _NO_BIRTH else born.isoformat(),
            language=_weighted(country.languages, draw()),
            gender=gender,
            id_type=id_type,
            id_number=id_number,
            address="" if draw() < _NO_ADDRESS else _address(home, draw),
        )


def _homes() -> list[Home]:
    """What people of each shop have in common."""
    return [
        Home(shop.code, country, country.families_for(woman=True), country.families_for(woman=False))
        for shop in SHOPS
        for country in (COUNTRIES[shop.country],)
    ]


def _gender(pick: float) -> str:
    if pick < _WOMEN:
        return "female"
    if pick < _MEN:
        return "male"
    return "other" if pick < _OTHER else ""


def _name(home: Home, gender: str, draw: Draw) -> tuple[str, str, str]:
    """The first given name, the first family name, and the whole name."""
    country = home.country
    woman = gender == "female" or (gender != "male" and draw() < 0.5)
    given, families = (country.female, home.hers) if woman else (country.male, home.his)
    first, family = _common(given, draw()), _common(families, draw())
    name = first
    if draw() < country.second_given and (second := _any(given, draw())) != first:
        name += " " + second
    name += " " + family
    if draw() < country.second_family and (second := _common(families, draw())) != family:
        name += country.joint + second
    return first, family, name


def _paper(country: Country, serial: int, born: date, gender: str, draw: Draw) -> tuple[str, str]:
    """The kind and number of an id document, or nothing."""
    if draw() < _NO_PAPER:
        return "", ""
    id_type, number = _weighted(country.papers, draw())
    return id_type, number(serial, born, gender)


def _address(home: Home, draw: Draw) -> str:
    country = home.country
    street, town = _any(country.streets, draw()), _any(country.towns[home.shop], draw())
    return country.address(street, 1 + int(draw() * 240), town)


def _any(names: tuple[str, ...], pick: float) -> str:
    return names[int(pick * len(names))]


def _common(names: tuple[str, ...], pick: float) -> str:
    """A name from the list, those at its beginning more often."""
    return names[int(pick * (0.45 + 0.55 * pick) * len(names))]


def _weighted(choices: tuple[tuple[T, float], ...], pick: float) -> T:
    """One of the choices, each as often as its share says; the last takes what is left."""
    for choice, share in choices:
        pick -= share
        if pick < 0:
            return choice
    return choices[-1][0]


@cache
def plain(name: str) -> str:
    """The name in lower-case ASCII letters: Íñigo becomes inigo, d'Arc Nziza becomes darcnziza."""
    letters = unicodedata.normalize("NFKD", name.lower())
    return "".join(letter for letter in letters if "a" <= letter <= "z")


def _mailbox(first: str, family: str, country: Country, draw: Draw, taken: dict[str, int]) -> str:
    """An address nobody has yet; the second ana.lima@ is ana.lima2@."""
    style = draw()
    if style < 0.6:
        local = f"{plain(first)}.{plain(family)}"
    elif style < 0.8:
        local = f"{plain(first)[0]}{plain(family)}"
    else:
        local = f"{plain(family)}_{plain(first)}"
    domain = _any(country.domains, draw())
    wanted = f"{local}@{domain}"
    count = taken[wanted] = taken.get(wanted, 0) + 1
    return wanted if count == 1 else f"{local}{count}@{domain}"
