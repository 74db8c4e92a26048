"""The sample store's own fields, and what each sample customer has in them."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

_TIERS = ("Gold",) * 2 + ("Silver",) * 5 + ("Bronze",) * 13
_INTERESTS = ("Solar", "Phones", "Kitchen", "Garden")
_DAYS = 400  # since the last visit, at most
# What stands around the city in an address: the postal code before it, the state behind it.
_AROUND = re.compile(r"^[\d-]+ | - [A-Z]{2}$")


@dataclass(frozen=True, kw_only=True, slots=True)
class SampleField:
    """A field to make: what it is called, by language, and how it is kept."""

    code: str
    labels: Mapping[str, str]
    type: str
    choices: tuple[str, ...] = ()
    section: str = ""
    is_filterable: bool = True
    is_searchable: bool = False


FIELDS = (
    SampleField(
        code="city", labels={"en": "City", "pt": "Cidade", "es": "Ciudad"}, type="text", is_searchable=True,
    ),
    SampleField(
        code="tier", labels={"en": "Tier", "pt": "Nível", "es": "Nivel"}, type="choice",
        choices=("Gold", "Silver", "Bronze"), section="Loyalty",
    ),
    SampleField(
        code="last-visit", labels={"en": "Last visit", "pt": "Última visita", "es": "Última visita"}, type="date",
        section="Loyalty",
    ),
    SampleField(
        code="interests", labels={"en": "Interests", "pt": "Interesses", "es": "Intereses"}, type="choices",
        choices=_INTERESTS, section="Loyalty",
    ),
    SampleField(
        code="discount", labels={"en": "Discount", "pt": "Desconto", "es": "Descuento"}, type="percent",
        section="Terms", is_filterable=False,
    ),
    SampleField(
        code="credit-limit", labels={"en": "Credit limit", "pt": "Limite de crédito", "es": "Límite de crédito"},
        type="money", section="Terms", is_filterable=False,
    ),
)  # fmt: skip


def values(addresses: Mapping[int, str], seed: int, today: date) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield what each customer has, as it would be typed, by code; nothing of what is not known.

    `addresses` are by customer id; the same ids in the same order have the same for the same `seed` and day.
    """
    draw = Random(seed).random  # noqa: S311 - invented values are no secret
    for customer_id, address in addresses.items():
        yield customer_id, dict(_of_one(address, draw, today))


def _of_one(address: str, draw: Callable[[], float], today: date) -> Iterator[tuple[str, str]]:
    chances = [draw() for _ in range(10)]
    if address:
        yield "city", _AROUND.sub("", address.rpartition(", ")[2])
    if chances[0] < 0.7:
        yield "tier", _TIERS[int(chances[1] * len(_TIERS))]
    if chances[2] < 0.85:
        yield "last-visit", (today - timedelta(days=int(chances[3] ** 2 * _DAYS))).isoformat()
    liked = [name for name, chance in zip(_INTERESTS, chances[4:8], strict=True) if chance < 0.3]
    if liked:
        yield "interests", ", ".join(liked)
    if chances[8] < 0.12:
        yield "discount", str(5 + 5 * int(chances[9] * 3))
    if chances[8] > 0.75:
        yield "credit-limit", str(50 + 50 * int(chances[9] * 40))
