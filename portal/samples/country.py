"""What the sample generator needs to know of a country."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import NamedTuple

Paper = Callable[[int, date, str], str]
"""Makes an id number from a serial below 10 000 000, a day of birth and a gender."""


class Country(NamedTuple):
    """Names, places and numbers of one country. Lists run from common to rare."""

    code: str
    dial: str
    female: tuple[str, ...]
    male: tuple[str, ...]
    families: tuple[str, ...]
    second_given: float
    second_family: float
    joint: str
    streets: tuple[str, ...]
    towns: Mapping[str, tuple[str, ...]]
    address: Callable[[str, int, str], str]
    phones: Mapping[str, tuple[str, ...]]
    domains: tuple[str, ...]
    languages: tuple[tuple[str, float], ...]
    papers: tuple[tuple[tuple[str, Paper], float], ...]
    only_women: frozenset[str] = frozenset()
    only_men: frozenset[str] = frozenset()

    def families_for(self, woman: bool) -> tuple[str, ...]:
        """The family names a woman, or a man, may bear."""
        others = self.only_men if woman else self.only_women
        return tuple(family for family in self.families if family not in others)

    def phone(self, shop: str, pick: float, serial: int) -> str:
        """A mobile number in E.164: a prefix used near `shop` (0 <= pick < 1) and seven digits."""
        prefixes = self.phones.get(shop) or self.phones[""]
        return f"+{self.dial}{prefixes[int(pick * len(prefixes))]}{serial:07}"


def listed(text: str) -> tuple[str, ...]:
    """The comma-separated entries of `text`."""
    return tuple(" ".join(entry.split()) for entry in text.split(",") if entry.strip())
