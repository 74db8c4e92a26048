"""The plain reading of a rule is held against answers known beforehand, before anything is held against it."""

from datetime import date, datetime

import pytest

from portal.rules.text import parse
from portal.rules.tree import All, Any_, Not
from tests.rules.material import CATALOGUE
from tests.rules.reading import Asked, Sample, holds

EVA = Sample(
    {
        "name": "Éva Łukasz", "email": "eva@store.example", "phone": "+250788123456", "shop": "s1", "city": "São Paulo",
        "birth_date": date(2000, 2, 29), "created": datetime(2024, 2, 28, 22, 0), "newsletter": True, "visits": 3,
        "credit": 2500, "percent": 35.5, "tier": "Gold", "likes": ("Gold", "Silver"), "zip": "4050-123",
    },
    frozenset({"employees"}),
)  # fmt: skip


def fits(text: str, today: date = date(2024, 2, 29), customer: Sample = EVA) -> bool:
    return holds(parse(text, CATALOGUE), customer, CATALOGUE, Asked(today))


@pytest.mark.parametrize("text", [
    "city = sao paulo", "name starts with eva", "city != Porto", "city not contains port", "name ends with LUKASZ",
    "city == 'São Paulo'", "visits between 3 and 5", "credit >= 2499.6", "percent > 35", "newsletter = yes",
    "tier one of (silver, gold)", "likes contains silver", "zip = 4050123", "phone = 0788123456", "phone contains 7881",
    "phone starts with 00250", "shop = Kigali North", "employees = true", "not in group resellers", "age = 24",
    "created = today", "created > -1d", "days since created = 0", "month of birth_date = this month",
    "month of birth_date between 1 and 2", "orders is empty", "orders != 3", "not orders >= 3",
    "created on or after 2024-02-29", "site not contains x", "birth_date < -24y or birth_date = 2000-02-29",
])  # fmt: skip
def test_what_is_so_holds(text: str) -> None:
    text = text.replace("sao paulo", "'sao paulo'").replace("Kigali North", "'Kigali North'")
    assert fits(text)
    assert not fits(f"not ({text})")


@pytest.mark.parametrize("text", [
    "city == 'sao paulo'", "city = Porto", "visits > 3", "credit > 2499.6", "site contains x", "orders >= 0",
    "orders < 3", "created < today", "employees = false", "notes = x", "first-visit < today", "age > 24", "likes = x",
])  # fmt: skip
def test_what_is_not_so_does_not_hold(text: str) -> None:
    if text == "likes = x":
        text = "likes = 'prata & ouro'"
    assert not fits(text)


def test_who_is_born_on_29_february_is_a_year_older_from_1_march() -> None:
    days = [date(2023, 2, 28), date(2023, 3, 1), date(2024, 2, 28), date(2024, 2, 29)]
    assert [fits("age >= 23", day) for day in days] == [False, True, True, True]
    assert [fits("age >= 24", day) for day in days] == [False, False, False, True]


def test_nobody_fits_a_rule_without_a_condition() -> None:
    assert [holds(tree, EVA, CATALOGUE) for tree in (All(()), Any_(()), Not(All(())))] == [False, False, True]
