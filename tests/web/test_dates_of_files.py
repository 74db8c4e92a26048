"""The pages on which a person chooses in which order the dates of a file are written."""

from collections.abc import Callable

import pytest

from portal.models import Customer, Import
from tests.page import Browser, text_of
from tests.web.test_imports import checked

Visit = Callable[[str], Browser]
OPEN = "code,Date of birth\nA1,03/04/1991\nA2,5/6/92\n"


def newest() -> Import:
    return Import.select().order_by(Import.id.desc()).get()


def orders(browser: Browser, address: str) -> list[str]:
    """Return the words of the orders that are offered, the chosen one in brackets."""
    select = browser.get(f"{address}/columns").by_id("columns-1-order")
    return [
        f"[{text_of(one)}]" if one.get("selected") is not None else text_of(one) for one in select.iter("option")
    ]


def test_the_check_names_the_open_column_and_leads_to_the_choice_with_its_samples(browse: Visit) -> None:
    cass = browse("cass")
    address = checked(cass, OPEN)
    page = cass.get(address)
    assert "In which order are the dates of this column written?" in page.words
    assert f"{address}/columns" in page.links
    assert [row[1].removesuffix("Leave this row out") for row in page.rows()] == [
        f"Refused “{text}” waits: choose in which order the dates of this column are written."
        for text in ("03/04/1991", "5/6/92")
    ]
    shown = cass.get(f"{address}/columns")
    assert "03/04/1991 · 5/6/92" in shown.main and "1930 to 2029" in shown.main
    assert orders(cass, address)[0] in {"Choose…", "[Choose…]"}
    assert orders(cass, address)[1:] == ["day/month/year", "month/day/year"]
    page = cass.submit(shown.form(f"{address}/columns"), "Check again", **{"columns-1-order": "mdy"})
    assert page.toasts == ["Every row was checked again."] and "In which order" not in page.words
    address = f"/imports/{newest().id}"
    assert "are read as month/day/year, as was chosen." in page.words
    # Changed once more, and checked at once.
    form = cass.get(f"{address}/columns").form(f"{address}/columns")
    assert form.value("columns-1-order") == "mdy"
    page = cass.submit(form, "Check again", **{"columns-1-order": "dmy"})
    cass.submit(page.form(f"/imports/{newest().id}/run"))
    assert [str(row.birth_date) for row in Customer.select().order_by(Customer.code)] == ["1991-04-03", "1992-06-05"]


def test_the_only_order_that_fits_is_set_and_said_in_words(browse: Visit) -> None:
    cass = browse("cass")
    address = checked(cass, "code,Date of birth\nA1,03/04/1991\nA2,25/12/1992\n")
    assert orders(cass, address) == ["[day/month/year]"]
    told = "The dates of “Date of birth” are read as day/month/year: 25/12/1992 can be nothing else."
    assert told in cass.get(f"{address}/columns").main and told in cass.get(address).main
    plain = checked(cass, "code,Date of birth\nA1,1991-04-03\n")
    page = cass.get(f"{plain}/columns")
    assert "Their year stands in front, so there is nothing to choose." in page.main
    assert "columns-1-order" not in cass.client.get(f"{plain}/columns").text


@pytest.mark.parametrize("order", ["ymd", "ydm", "DMY", "<b>", "dmy\x00", "x" * 3_000, "ö"])
def test_an_order_that_was_not_offered_is_refused_in_words_and_nothing_is_checked(browse: Visit, order: str) -> None:
    cass = browse("cass")
    address = checked(cass, OPEN)
    form = cass.get(f"{address}/columns").form(f"{address}/columns")
    page = cass.submit(form, "Check again", **{"columns-1-order": order})
    assert (page.status, "<b>" in page.words) in {(422, False), (422, order == "<b>"), (400, False)}
    still = [(f"/imports/{one.id}", one.dates) for one in Import.select().where(Import.state == "checked")]
    assert still == [(address, {"1": ""})]


def test_an_order_of_a_column_that_becomes_something_else_is_no_matter(browse: Visit) -> None:
    cass = browse("cass")
    address = checked(cass, OPEN)
    form = cass.get(f"{address}/columns").form(f"{address}/columns")
    cass.submit(form, "Check again", **{"columns-1-order": "dmy", "columns-1-stands": "Address"})
    assert (newest().columns, newest().dates) == (["code", "address"], {})


def test_headers_and_samples_of_dates_are_text_and_no_markup(browse: Visit) -> None:
    cass = browse("cass")
    address = checked(cass, 'code,"Date of birth","<img src=x>"\nA1,03/04/1991,"<script>x</script>"\n')
    for place in (address, f"{address}/columns"):
        assert "<script>x" not in cass.client.get(place).text and "<img src=x" not in cass.client.get(place).text
