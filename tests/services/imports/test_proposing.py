"""What field a column that is none of ours could become."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from portal.own_values import Context
from portal.services.imports.proposing import Proposal, gather, propose, written
from portal.sheets import open_sheet
from tests import subscribers
from tests.material import foreign, named

THEIRS = foreign("ibm_telco_churn/*.csv")
KIGALI = Context("RW", "Africa/Kigali", "RWF")


def proposed(header: str, values: Iterable[str], said: Context = KIGALI) -> Proposal:
    return propose(0, header, gather(([value] for value in values), [0])[0], said)


@pytest.mark.parametrize(
    ("values", "type_"),
    [
        (["Yes", "No", "", "yes "], "yesno"),
        (["sim", "não"], "yesno"),
        (["Sí", "No"], "yesno"),
        (["yes", ""], "yesno"),
        (["x", "", ""], "yesno"),
        (["0", "1", "1"], "yesno"),
        (["1", "1"], "number"),
        (["0", "1", "2"], "number"),
        (["F", "F"], "text"),
        (["12", "-3,5", "4e3"], "number"),
        (["1.234", "5.678", "0.5"], "number"),
        (["1,234", "5,678", "2.5"], "number"),
        (["1.234", "5.678"], "text"),  # thousands, or fractions: nothing says
        (["1.234,50", "1,234.50"], "number"),  # each can be read in one way only
        (["007", "12"], "text"),
        (["12345678901234567890", "1"], "text"),
        (["12 %", "3.5%"], "percent"),
        (["RWF 1 200", "300"], "money"),
        (["1200", "300"], "number"),
        (["2024-12-31", "1999-01-02"], "date"),
        (["20241231", "19990102"], "date"),
        (["20241231", "19990142"], "number"),
        (["31/12/2024", "01/02/2023"], "date"),
        (["12/31/2024", "01/02/2023"], "date"),
        (["01/02/2024", "03/04/2023"], "text"),  # day or month first: nothing says
        (["01/02/2024", "03/04/2023"] * 4, "text"),  # nor are they choices
        (["2016-09-01T00:00:00", "2017-03-12T00:00:00"], "date"),
        (["2016-09-01 17:30", "2017-03-12 00:00"], "datetime"),
        (["ann@x.example", "Ben@Y.example"], "email"),
        (["ann@x.example", "none"], "text"),
        (["https://x.example/a", "www.y.example"], "url"),
        (["x.example", "y.example"], "text"),
        (["+250 788 412 903", "+351 912 004 118"], "phone"),
        (["123.456.789-09"], "cpf"),
        (["11.222.333/0001-81"], "cnpj"),
        (["Gold", "Silver"] * 4, "choice"),
        (["Gold", "Silver", "gold"], "text"),
        (["Gold"] * 20, "text"),
        (["red; blue", "red", "blue", "blue;red"] * 5, "choices"),
        (["a line\nanother"], "longtext"),
        (["x" * 600], "longtext"),
        (["", " "], "text"),
        ([], "text"),
    ],
)  # fmt: skip
def test_a_type_is_proposed_where_every_filled_value_reads_as_one(values: list[str], type_: str) -> None:
    assert proposed("Some words", values).type == type_


def test_a_header_tells_what_values_alone_do_not() -> None:
    assert [proposed(header, ["0788412903"]).type for header in ("Fax", "Nr")] == ["phone", "text"]
    assert [proposed(header, ["35200", "17886"]).type for header in ("Postal code", "CEP", "Nr")] == [
        "postalcode", "postalcode", "number",
    ]  # fmt: skip
    assert [proposed(header, ["12345678909"]).type for header in ("CPF of the owner", "Nr")] == ["cpf", "number"]


def test_the_choices_are_all_that_the_file_says_each_once_as_it_is_written_first() -> None:
    values = ["Silver", " Gold", "gold", "Bronze"] * 5
    assert proposed("Tier", values).choices == ("Silver", "Gold", "Bronze")
    assert proposed("Colours", ["red; Blue", "blue", "red", "red;green"] * 3).choices == ("red", "Blue", "green")


def test_many_different_texts_are_no_choice() -> None:
    assert proposed("Town", [f"Town {n}" for n in range(31)] * 9).type == "text"
    assert proposed("Town", [f"Town {n}" for n in range(30)] * 9).type == "choice"
    assert proposed("Town", [*(f"Town {n % 5}" for n in range(5_000)), *(f"T{n}" for n in range(3_000))]).type == "text"


@pytest.mark.parametrize(
    ("header", "code", "label"),
    [
        ("MonthlyCharges", "monthly-charges", "Monthly charges"),
        ("monthly_charges", "monthly-charges", "Monthly charges"),
        ("StreamingTV", "streaming-tv", "Streaming TV"),
        ("tenure", "tenure", "Tenure"),
        ("Preço Médio", "preco-medio", "Preço Médio"),
        ("address2", "address-2", "Address2"),
        ("日本", "column-c", "日本"),
        ("h" * 90, "h" * 60, "H" + "h" * 59),
    ],
)
def test_code_and_label_come_from_the_header(header: str, code: str, label: str) -> None:
    found = propose(2, header, gather([], [2])[2], KIGALI)
    assert (found.code, found.label) == (code, label)


def test_how_one_column_is_written_is_found_in_the_column() -> None:
    assert written("date", ["31/12/2024", "01/02/2023"], KIGALI).date_order == "dmy"
    assert written("datetime", ["12/31/2024 10:00"], KIGALI).date_order == "mdy"
    assert written("date", ["01/02/2024"], KIGALI).date_order == "ymd"
    assert [written("number", values, KIGALI).mark for values in (["1.234", "0.5"], ["1.234", "0,5"], ["1.234"])] == [
        ".", ",", "",
    ]  # fmt: skip
    assert written("text", ["1.234", "0.5"], KIGALI) == KIGALI
    dollars = Context(currency="USD")
    amounts = (["$12.345", "$5.00"], ["1,234", "5,00"], ["1,234", "950"])  # three decimals prove no mark of thousands
    assert [written("money", values, dollars).mark for values in amounts] == [".", ",", ""]


@pytest.mark.parametrize("theirs", [None, *THEIRS], ids=["counted out", *map(named, THEIRS)])
def test_the_columns_of_a_list_of_7043_customers_get_their_types(theirs: Path | None, tmp_path: Path) -> None:
    sheet = open_sheet(theirs or subscribers.write(tmp_path / "subscribers.csv"))
    columns = gather((row.cells for row in sheet.rows()), range(2, 21))
    found = [propose(n, sheet.headers[n], column, KIGALI) for n, column in columns.items()]
    service = {"No", "Yes", "No internet service"}
    assert {one.header: (one.type, set(one.choices)) for one in found if one.type != "yesno"} == {
        "tenure": ("number", set()),
        "MultipleLines": ("choice", {"No phone service", "No", "Yes"}),
        "InternetService": ("choice", {"DSL", "Fiber optic", "No"}),
        "OnlineSecurity": ("choice", service),
        "OnlineBackup": ("choice", service),
        "DeviceProtection": ("choice", service),
        "TechSupport": ("choice", service),
        "StreamingTV": ("choice", service),
        "StreamingMovies": ("choice", service),
        "Contract": ("choice", {"Month-to-month", "One year", "Two year"}),
        "PaymentMethod": (
            "choice",
            {"Electronic check", "Mailed check", "Bank transfer (automatic)", "Credit card (automatic)"},
        ),
        "MonthlyCharges": ("number", set()),
        "TotalCharges": ("number", set()),
    }
    assert {one.header for one in found if one.type == "yesno"} == {
        "SeniorCitizen", "Partner", "Dependents", "PhoneService", "PaperlessBilling", "Churn",
    }  # fmt: skip
