"""Columns are recognised by their headers, and never wrongly without saying so."""

import csv
from pathlib import Path

import pytest

from portal.sheets import SYNONYMS, Match, Problem, header_key, match_headers, match_problems
from tests.material import foreign, known, own

ALIASES = [
    *((path, set()) for path in own("headers.csv")),
    # The list's author had no field for it; the portal has.
    *((path, {("Bagisto", "gender")}) for path in foreign("header_aliases.csv")),
]
LISTS = {
    "customers.csv": ("code first_name last_name phone email",),
    "customers_shifted.csv": ("code first_name last_name phone email",),
    "two_shops.csv": ("code shop first_name last_name email",),
    "chinook/derived_csv/Customer.csv": ("code first_name last_name address phone email",),
    "sakila/customer.csv": ("code shop first_name last_name email",),
    "datablist_100_family/customers-100.csv": ("code first_name last_name phone email",),
    "datablist_100_family/customers-1000.csv": ("code first_name last_name phone email",),
    "ibm_telco_churn/Telco-Customer-Churn.csv": ("code gender",),
    "jaffle_shop/raw_customers.csv": ("code name",),
}


def targets(*headers: str) -> list[str | None]:
    return [match.target for match in match_headers(headers)]


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ("CustomerId", "customer id"),
        ("customer_id", "customer id"),
        ("  Customer-ID. ", "customer id"),
        ("Correo\u00a0Electro\u0301nico", "correo electronico"),
        ("PHONE1", "phone 1"),
        ("phoneNumber", "phone number"),
        ("XMLName", "xml name"),
        ("province/state", "province state"),
        ("", ""),
        ("---", ""),
    ],
)
def test_the_spellings_of_a_header_have_one_key(header: str, key: str) -> None:
    assert header_key(header) == key


@pytest.mark.parametrize(
    ("header", "target"),
    [
        ("Customer Id", "code"), ("customerid", "code"), ("External ID", "code"), ("Código do cliente",
        "code"),
        ("identificador", "code"), ("ID", "code"), ("Nome", "name"), ("NOMBRE COMPLETO", "name"),
        ("FIRSNAME", "first_name"), ("LASTNAME", "last_name"), ("Sobrenome", "last_name"),
        ("Apellidos", "last_name"), ("E-mail", "email"), ("correo electrónico", "email"),
        ("Endereço de e-mail", "email"), ("Phone 1", "phone"), ("Phone 1 - Value", "phone"), ("Telemóvel",
        "phone"),
        ("teléfono", "phone"), ("Telefone do cliente", "phone"), ("celular", "phone"), ("store_id", "shop"),
        ("Loja", "shop"), ("tienda", "shop"), ("Fecha de nacimiento", "birth_date"), ("DOB", "birth_date"),
        ("Data de Nascimento", "birth_date"), ("date_of_birth", "birth_date"), ("Idioma", "language"),
        ("Língua", "language"), ("Sexo", "gender"), ("Género", "gender"), ("Tipo de documento", "id_type"),
        ("NIF", "id_number"), ("Document number", "id_number"), ("Dirección", "address"), ("Morada",
        "address"),
        ("Endereço", "address"), ("Address line 1", "address"), ("Segment", "groups"), ("Etiquetas",
        "groups"),
        ("customer_group_code", "groups"), ("Primary phone", "phone"), ("contact_first_name", "first_name"),
        ("Index", None), ("Phone 1 - Type", None), ("PhoneService", None), ("Company", None), ("City", None),
        ("address_id", None), ("SupportRepId", None), ("Subscription Date", None), ("Website", None),
        ("Customer", None), ("Store phone", None), ("Emergency contact phone", None), ("Product name", None),
        ("Reference value", None), ("Parent customer id", None), ("admin", None), ("", None), ("1", None),
    ],
)  # fmt: skip
def test_a_header_is_recognised(header: str, target: str | None) -> None:
    (match,) = match_headers([header])
    assert (match.target, match.is_sure) == (target, target is not None)


@pytest.mark.parametrize(
    ("header", "target"),
    [
        ("Dads email", "email"),
        ("Billing phone", "phone"),
        ("Telefone da mãe", "phone"),
        ("mothers last name", "last_name"),
    ],
)
def test_a_header_that_only_contains_ours_is_to_be_confirmed(header: str, target: str) -> None:
    (match,) = matches = match_headers([header])
    assert match == Match(0, header, target, is_sure=False)
    assert match_problems(matches) == [
        Problem("header_unsure", {"header": header, "target": target}, column="A")
    ]


def test_no_synonym_means_two_things() -> None:
    keys = [
        (key, target)
        for target, names in SYNONYMS.items()
        for key in {header_key(name).replace(" ", "") for name in (target, *names)}
    ]
    assert sorted(key for key, _ in keys) == sorted({key for key, _ in keys})
    assert {key: targets(key) for key, _ in keys} == {key: [target] for key, target in keys}


def test_of_two_headers_for_one_field_the_first_wins_and_the_other_is_reported() -> None:
    matches = match_headers(["Phone 2", "Name", "Mobile", "Website"])
    assert matches == [
        Match(0, "Phone 2", "phone"),
        Match(1, "Name", "name"),
        Match(2, "Mobile", None, duplicate_of=0),
        Match(3, "Website", None, is_sure=False),
    ]
    assert match_problems(matches) == [
        Problem("header_second", {"header": "Mobile", "first": "Phone 2"}, column="C"),
        Problem("header_unknown", {"header": "Website"}, column="D"),
    ]


def test_a_sure_header_wins_over_an_earlier_unsure_one() -> None:
    assert match_headers(["Dads email", "Email"]) == [
        Match(0, "Dads email", None, is_sure=False, duplicate_of=1),
        Match(1, "Email", "email"),
    ]


def test_a_short_name_beside_a_last_name_is_the_first_name() -> None:
    assert targets("Nome", "Apelido") == ["first_name", "last_name"]
    assert targets("Full name", "Last name") == ["name", "last_name"]
    assert targets("Name", "First name", "Last name") == ["name", "first_name", "last_name"]


def test_the_fields_of_the_store_come_before_our_synonyms() -> None:
    own = {"segment-b2b": ["Segment", "Segmento B2B"], "phone-2": ["Phone 2"]}
    found = match_headers(["Segment", "segmento b2b", "SEGMENT-B2B", "Phone", "phone 2", "Tags"], own)
    assert [match.target for match in found] == ["segment-b2b", None, None, "phone", "phone-2", "groups"]
    assert [match.duplicate_of for match in found] == [None, 0, 0, None, None, None]


@pytest.mark.parametrize(("path", "expected"), known(LISTS))
def test_the_columns_of_a_list_are_recognised(path: Path, expected: str) -> None:
    with path.open(encoding="utf-8", newline="") as stream:
        matches = match_headers(next(csv.reader(stream)))
    assert [match.target for match in matches if match.target] == expected.split()
    assert all(match.is_sure for match in matches if match.target)


@pytest.mark.parametrize(("path", "known_wrong"), ALIASES, ids=["own", "foreign"][: len(ALIASES)])
def test_the_headers_of_other_programs_are_recognised(path: Path, known_wrong: set[tuple[str, str]]) -> None:
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    expected = [row["field"] if row["field"] in SYNONYMS else None for row in rows]
    found = [match_headers([row["header"]])[0] for row in rows]
    wrong = {
        (row["platform"], row["header"])
        for row, match, target in zip(rows, found, expected, strict=True)
        if match.target != target
    }
    assert wrong == known_wrong
    assert [match.header for match in found if match.target and not match.is_sure] == ["Dads email"]


def test_a_letter_in_the_place_of_a_header_means_nothing() -> None:
    assert targets("a b " * 8_000 + "email") == [None]


def test_a_name_of_signs_alone_is_no_header() -> None:
    matches = match_headers(["code", "", "!!!", "stars"], {"stars": ("★",)})
    assert [match.target for match in matches] == ["code", None, None, "stars"]
