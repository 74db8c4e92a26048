"""The check of a file tells beside each cell that would change somebody what is stored now."""

from collections.abc import Callable
from typing import Any

from portal.models import Shop
from portal.permissions import Actor
from tests.page import Browser
from tests.services.test_fields import add
from tests.web.test_imports import checked

New = Callable[..., Any]


def test_an_updated_row_tells_what_each_cell_would_exchange(
    browse: Callable[[str], Browser], cass: Actor, new_customer: New, s1: Shop, s2: Shop
) -> None:
    add(cass, "City")
    add(cass, "Paid", "money")
    add(cass, "Tier", "choice", choices=("Gold", "Silver"))
    add(cass, "Tags", "choices", choices=("A", "B"))
    add(cass, "Seen", "date")
    new_customer("Ann", s1, code="A1", birth_date="1991-06-14", city="Porto", paid="12.50",
                 tier="gold", tags="A, B", seen="2026-01-02")  # fmt: skip
    new_customer("Ben", code="B1")
    browser = browse("cass")
    file = "code,first name,last name,shop,birth_date,gender,city,paid,tier,tags,seen\n"
    file += "A1,Anna,Keza,S2,1991-06-15,,Lisboa,12.5,GOLD,B,2026-01-02\n"
    file += "B1,Ben,,,,male,Lisboa,,,,\nN1,Nina,,S1,,,Faro,1,,,\n"
    address = checked(browser, file)
    rows = browser.get(address).rows()
    assert rows[0][2:] == [
        "A1", "Annanow: Ann", "Kezanow: Ann", "S2now: Kigali North", "1991-06-15now: Jun 14, 1991", "",
        "Lisboanow: Porto", "12.5", "GOLD", "Bnow: A, B", "2026-01-02",
    ]  # fmt: skip
    assert rows[1][2:] == ["B1", "Ben", "", "", "", "malenow: empty", "Lisboanow: empty", "", "", "", ""]
    assert rows[2][2:] == ["N1", "Nina", "", "S1", "", "", "Faro", "1", "", "", ""]
    page = browser.submit(browser.get(address).form(f"{address}/run"))
    assert "now:" not in page.main
