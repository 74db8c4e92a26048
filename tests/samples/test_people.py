"""The sample people, shops and groups."""

import hashlib
import re
import time
from collections import Counter
from datetime import date
from itertools import islice

import phonenumbers
import pytest

from portal.models.group import HUES
from portal.samples.groups import GROUPS
from portal.samples.numbers import SERIALS, citizen_card, cpf, dni, nie, nif, scattered
from portal.samples.people import MOST, Person, people, plain
from portal.samples.places import COUNTRIES, SHOPS, SIZES

N = 20_000
DIGEST = "4223dc490f3fcc54"
BORN = date(1990, 5, 17)
RESERVED = re.compile(r"@(?:[a-z]+\.)*(?:example|example\.(?:com|org|net))$")


@pytest.fixture(scope="module")
def crowd() -> list[Person]:
    return list(people(N, seed=7))


def share_empty(crowd: list[Person], field: str) -> float:
    return [getattr(person, field) for person in crowd].count("") / len(crowd)


def test_the_same_seed_gives_the_same_people_and_another_seed_others() -> None:
    assert list(people(500, 1)) == list(people(500, 1))
    assert list(people(500, 1)) != list(people(500, 2))


def test_the_people_of_seed_1_are_the_same_on_every_machine_and_python() -> None:
    """Whoever changes the lists or the drawing on purpose writes the new digest here."""
    text = "\n".join("|".join(person) for person in people(2_000, 1))
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == DIGEST


def test_fewer_people_are_the_beginning_of_more_people() -> None:
    assert list(people(100, 3)) == list(people(1_000, 3))[:100]


def test_people_stream_without_making_all_of_them_first() -> None:
    started = time.perf_counter()
    assert len(list(islice(people(MOST, 1), 10))) == 10
    assert time.perf_counter() - started < 30  # all of them would take minutes


def test_a_number_of_people_that_cannot_be_made_is_refused() -> None:
    for n in (-1, MOST + 1):
        with pytest.raises(ValueError, match="people"):
            people(n, 1)
    assert list(people(0, 1)) == []


@pytest.mark.parametrize("field", ["code", "email", "phone"])
def test_codes_emails_and_phones_are_unique(crowd: list[Person], field: str) -> None:
    values = [value for person in crowd if (value := getattr(person, field))]
    assert len(values) == len(set(values))


def test_id_numbers_are_unique(crowd: list[Person]) -> None:
    papers = [(person.id_type, person.id_number) for person in crowd if person.id_number]
    assert len(papers) == len(set(papers))


def test_everybody_has_a_code_and_a_name(crowd: list[Person]) -> None:
    for person in crowd:
        assert re.fullmatch(r"[A-Z]{3}-\d{5}", person.code)
        assert person.name and person.name == " ".join(person.name.split())
        assert person.code.startswith(person.shop or "WEB")


def test_every_phone_is_a_valid_mobile_in_the_one_stored_form(crowd: list[Person]) -> None:
    for person in crowd:
        if person.phone:
            number = phonenumbers.parse(person.phone)
            assert phonenumbers.is_valid_number(number), person
            assert phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) == person.phone


@pytest.mark.parametrize("code", COUNTRIES)
def test_every_phone_prefix_is_mobile_whatever_digits_follow(code: str) -> None:
    country = COUNTRIES[code]
    for shop in [*country.phones, *country.towns]:
        for step in range(100):
            for serial in (0, SERIALS - 1, scattered(step, 5), step * 100_000):
                number = phonenumbers.parse(country.phone(shop, step / 100, serial))
                assert phonenumbers.is_valid_number(number)
                assert phonenumbers.region_code_for_number(number) == code
                assert phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.MOBILE


def test_phones_belong_to_the_country_of_the_shop(crowd: list[Person]) -> None:
    dials = {shop.code: COUNTRIES[shop.country].dial for shop in SHOPS}
    assert all(p.phone.startswith("+" + dials[p.shop]) for p in crowd if p.phone and p.shop)


def test_serials_never_repeat() -> None:
    assert len({scattered(place, 99) for place in range(200_000)}) == 200_000
    assert all(0 <= scattered(place, 99) < SERIALS for place in range(0, SERIALS, 9_973))


def test_emails_go_to_reserved_domains_only_and_are_plain_ascii(crowd: list[Person]) -> None:
    for person in crowd:
        if person.email:
            assert RESERVED.search(person.email), person.email
            assert re.fullmatch(r"[a-z]+([._][a-z]+)?\d*@[a-z.]+", person.email), person.email


def test_names_carry_accents_and_apostrophes_in_every_country(crowd: list[Person]) -> None:
    homes = {shop.code: shop.country for shop in SHOPS}
    for code in COUNTRIES:
        names = [person.name for person in crowd if homes.get(person.shop) == code]
        assert any("'" in name for name in names), code
        assert any(not name.isascii() for name in names), code
    everything = " ".join(person.name for person in crowd)
    for name in ("Uwimana", "d'Arc Nziza", "Gonçalves", "O'Neill", "Íñigo", "D'Ávila", "Peña", "João"):
        assert name in everything


@pytest.mark.parametrize("code", COUNTRIES)
def test_each_country_has_enough_names_and_none_twice(code: str) -> None:
    country = COUNTRIES[code]
    assert len({*country.female, *country.male}) >= 60
    assert len(country.families) >= 80
    for names in (country.female, country.male, country.families):
        assert len(names) == len(set(names))
        assert all(plain(name) for name in names)
    assert country.only_women | country.only_men <= set(country.families)
    assert not country.only_women & country.only_men


def test_names_only_women_or_only_men_bear_are_not_mixed_up(crowd: list[Person]) -> None:
    assert not [
        p.name for p in crowd if p.gender == "male" and p.name.endswith((" Mukamana", " d'Arc Nziza"))
    ]
    assert not [
        p.name for p in crowd if p.gender == "female" and p.name.endswith((" Mugabo", " d'Amour Hirwa"))
    ]


def test_most_names_differ(crowd: list[Person]) -> None:
    assert len({person.name for person in crowd}) > 0.75 * N


def test_names_become_plain_letters() -> None:
    assert [plain("Íñigo"), plain("d'Arc Nziza"), plain("Gonçalves")] == ["inigo", "darcnziza", "goncalves"]


@pytest.mark.parametrize(
    ("field", "share"),
    [
        ("email", 0.12),
        ("phone", 0.08),
        ("shop", 0.02),
        ("birth_date", 0.15),
        ("id_number", 0.2),
        ("address", 0.1),
    ],
)
def test_the_shares_of_empty_fields_are_near_the_stated(
    crowd: list[Person], field: str, share: float
) -> None:
    assert share_empty(crowd, field) == pytest.approx(share, abs=0.01)


def test_words_for_gender_language_and_paper_are_the_known_ones(crowd: list[Person]) -> None:
    assert {person.gender for person in crowd} == {"female", "male", "other", ""}
    assert {person.language for person in crowd} == {"rw", "en", "fr", "pt", "es"}
    assert {person.id_type for person in crowd} == {
        *("national_id", "passport", "cpf", "citizen_card", "nif", "dni", "nie", "residence_permit", ""),
    }
    assert all(bool(person.id_type) == bool(person.id_number) for person in crowd)


def test_birth_dates_are_days_of_grown_people(crowd: list[Person]) -> None:
    days = [date.fromisoformat(person.birth_date) for person in crowd if person.birth_date]
    assert date(1938, 1, 1) <= min(days) and max(days) < date(2008, 1, 1)


def check_cpf(text: str) -> None:
    digits = [int(sign) for sign in text if sign.isdigit()]
    assert re.fullmatch(r"\d{3}\.\d{3}\.\d{3}-\d\d", text)
    for length in (9, 10):
        rest = sum(d * w for d, w in zip(digits, range(length + 1, 1, -1), strict=False)) % 11
        assert digits[length] == (0 if rest < 2 else 11 - rest)


def check_dni(text: str) -> None:
    assert re.fullmatch(r"[XYZ\d]\d{7}[A-Z]", text)
    number = int(text[:-1].translate(str.maketrans("XYZ", "012")))
    assert text[-1] == "TRWAGMYFPDXBNJZSQVHLCKE"[number % 23]


def check_nif(text: str) -> None:
    assert re.fullmatch(r"2\d{8}", text)
    rest = sum(int(d) * w for d, w in zip(text, range(9, 1, -1), strict=False)) % 11
    assert int(text[8]) == (0 if rest < 2 else 11 - rest)


def check_citizen_card(text: str) -> None:
    assert re.fullmatch(r"\d{8} \d Z[XYZ]\d", text)
    values = [int(sign, 36) for sign in text.replace(" ", "")]
    doubled = [v * 2 - (9 if v * 2 >= 10 else 0) for v in values[::2]]
    assert (sum(doubled) + sum(values[1::2])) % 10 == 0


CHECKS = {
    "cpf": check_cpf,
    "dni": check_dni,
    "nie": check_dni,
    "nif": check_nif,
    "citizen_card": check_citizen_card,
}


@pytest.mark.parametrize("id_type", CHECKS)
def test_check_digits_and_letters_are_right(crowd: list[Person], id_type: str) -> None:
    papers = [person.id_number for person in crowd if person.id_type == id_type]
    assert len(papers) > 20
    for paper in papers:
        CHECKS[id_type](paper)


def test_check_digits_are_right_for_the_lowest_and_highest_serial() -> None:
    for maker in (cpf, dni, nie, nif, citizen_card):
        for serial in (0, SERIALS - 1):
            CHECKS[maker.__name__](maker(serial, BORN, "female"))


def test_check_digits_agree_with_published_examples() -> None:
    check_cpf("111.444.777-35")
    check_dni("12345678Z")
    check_dni("X1234567L")
    check_citizen_card("00000000 0 ZZ4")


def test_twelve_shops_in_five_countries_are_all_used_by_2000_people() -> None:
    used = Counter(person.shop for person in people(2_000, 1))
    del used[""]
    assert set(used) == {shop.code for shop in SHOPS} == set(SIZES)
    assert Counter(shop.country for shop in SHOPS) == {"RW": 4, "BR": 3, "PT": 2, "ES": 2, "GB": 1}
    assert used.most_common(1)[0][0] == "KGN" and max(used.values()) > 5 * min(used.values())
    assert sum(SIZES.values()) == pytest.approx(1)


def test_every_shop_has_towns_in_its_country() -> None:
    assert all(shop.code in COUNTRIES[shop.country].towns for shop in SHOPS)


def test_the_sample_groups_are_the_agreed_ones() -> None:
    groups = {group.name: group for group in GROUPS}
    assert len(groups) == len(GROUPS)
    assert groups["Super Bonus"].count == 15
    assert groups["Resellers"].share == 0.06
    assert groups["Kigali North"].shop_codes == ("KGN",)
    assert groups["Porto store"].excluded_count == 1
    assert groups["Swap pilot"].agent_note == "Swap pilot: ask for the serial number before anything else."
    assert {"Employees", "Newsletter", "Premium service"} <= set(groups)
    assert Counter(group.status for group in GROUPS) == {"active": 10, "draft": 1, "archived": 1}


def test_each_sample_group_says_in_exactly_one_way_who_is_in_it() -> None:
    shops = {shop.code for shop in SHOPS}
    for group in GROUPS:
        ways = bool(group.shop_codes), group.share is not None, group.count is not None, bool(group.rule)
        assert ways.count(True) == 1
        assert (group.type == "shop", group.type == "rule") == (bool(group.shop_codes), bool(group.rule))
        assert set(group.shop_codes) <= shops
        assert group.hue in HUES and group.description
    assert len({group.hue for group in GROUPS}) == len(GROUPS)
