"""What the sample store wants to know of its customers."""

from datetime import date

from portal.samples.fields import FIELDS, values

TODAY = date(2026, 3, 1)
ADDRESSES = {
    1: "KK 268 St, No. 69, Kacyiru, Kigali", 2: "Rua Bela Vista, 178, Osasco - SP",
    3: "Travessa do Poço 90, 2800-001 Almada", 4: "",
}  # fmt: skip


def test_the_city_is_what_the_address_ends_with() -> None:
    assert [had.get("city") for _, had in values(ADDRESSES, 1, TODAY)] == ["Kigali", "Osasco", "Almada", None]


def test_the_same_seed_gives_the_same_values_and_another_one_others() -> None:
    many = dict.fromkeys(range(300), "")
    first = list(values(many, 1, TODAY))
    assert first == list(values(many, 1, TODAY)) != list(values(many, 2, TODAY))
    assert {code for _, had in first for code in had} == {field.code for field in FIELDS} - {"city"}
    days = [date.fromisoformat(had["last-visit"]) for _, had in first if "last-visit" in had]
    assert max(days) <= TODAY and len(days) < len(first)
