"""Wrong cells of a file are corrected on the page that shows its rows."""

import json
from collections.abc import Callable

import pytest

from portal.models import Customer, Import
from tests.page import Browser, Page
from tests.web.test_imports import checked

Visit = Callable[[str], Browser]
FILE = "code,name,email\nA1,Ann,nobody\nA2,Ben,b@x.example\n,Cay,\n"
BUTTON = "Correct these rows and check again"


def open_ones() -> list[Import]:
    return list(Import.select().where(Import.state == "checked"))


def newest() -> str:
    return f"/imports/{open_ones()[-1].id}"


def inputs(page: Page) -> list[tuple[str, str]]:
    """Return what the inputs in cells are called, and what stands in them."""
    found = [one for one in page.all("input") if (one.get("name") or "").endswith("-text")]
    return [(str(one.get("aria-label")), str(one.get("value"))) for one in found]


def test_a_wrong_cell_is_corrected_in_its_place_and_the_row_moves_on_with_the_counts(browse: Visit) -> None:
    cass = browse("cass")
    address = checked(cass, FILE)
    page = cass.get(f"{address}?show=refused")
    assert inputs(page) == [("email of row 2", "nobody"), ("code of row 4", ""), ("email of row 4", "")]
    page = cass.submit(page.form(f"{address}/corrections"), BUTTON, **{"cells-0-text": "ann@x.example"})
    assert (page.toasts, [row[0] for row in page.rows()]) == (["Every row was checked again."], ["4"])
    page = cass.get(newest())
    assert [row[1].split()[0] for row in page.rows()] == ["New", "New", "Refused"]
    assert "Corrected by Cass" in page.rows()[0][1] and "ann@x.example" in page.rows()[0][4]
    assert "The file says “nobody”." in page.rows()[0][4]
    assert len(open_ones()) == 1
    page = cass.submit(page.form(f"{newest()}/run"))
    assert "The file says “nobody”." in page.main and not inputs(page)
    assert sorted(row.email for row in Customer.select()) == ["ann@x.example", "b@x.example"]


def test_a_row_is_left_out_and_taken_in_again_and_the_reasons_tell_what_the_file_said(browse: Visit) -> None:
    cass = browse("cass")
    address = checked(cass, FILE)
    form = cass.get(address).form(f"{address}/corrections")
    page = cass.submit(form, BUTTON, **{"cells-0-text": "still nobody", "out": "4"})
    assert "This row is left out by choice.Left out by Cass" in page.rows()[2][1]
    assert inputs(page) == [("email of row 2", "still nobody")]
    reasons = cass.client.get(f"{newest()}/refused.csv").text
    assert "A1,Ann,still nobody,“still nobody” is not an e-mail address. The file says “nobody”." in reasons
    assert "This row is left out by choice." in reasons
    page = cass.submit(page.form(f"{newest()}/corrections"), BUTTON, back="4")
    assert len(inputs(page)) == 3


def test_nothing_typed_is_nothing_corrected(browse: Visit) -> None:
    cass = browse("cass")
    address = checked(cass, FILE)
    page = cass.submit(cass.get(address).form(f"{address}/corrections"), BUTTON)
    assert (page.toasts, newest(), open_ones()[0].corrections) == (["Nothing differs."], address, {})


def test_an_older_page_of_a_file_is_answered_with_a_conflict_and_a_double_click_is_one(browse: Visit) -> None:
    cass, pat = browse("cass"), browse("pat")
    address = checked(cass, FILE)
    hers = pat.get(address).form(f"{address}/corrections")
    form = cass.get(address).form(f"{address}/corrections")
    cass.submit(form, BUTTON, **{"cells-0-text": "ann@x.example"})
    first = newest()
    again = cass.submit(form, BUTTON, **{"cells-0-text": "ann@x.example"})
    assert (again.status, newest(), len(open_ones())) == (200, first, 1)
    late = pat.submit(hers, BUTTON, **{"cells-0-text": "late@x.example"})
    assert late.status == 409 and "checked anew" in late.words
    assert [json.dumps(one.corrections).count("late") for one in open_ones()] == [0]


@pytest.mark.parametrize(
    "typed",
    [
        {"cells-0-text": "x" * 5_001}, {"cells-0-row": "99"}, {"cells-0-row": "-1"}, {"cells-0-row": "9" * 400},
        {"cells-0-at": "two"}, {"cells-0-at": "7"}, {"cells-0-at": "²"}, {"out": "1"}, {"out": "x"}, {"back": "77"},
        {"cells-0-text": "a\x00b"},
    ],
)  # fmt: skip
def test_hostile_corrections_are_refused_in_words_and_nothing_is_stored(browse: Visit, typed: dict[str, str]) -> None:
    cass = browse("cass")
    address = checked(cass, FILE)
    sent = {"cells-0-row": "2", "cells-0-at": "2", "cells-0-text": "a@x.example", "csrf_token": cass.token(), **typed}
    answer = cass.client.post(f"{address}/corrections", data=sent)
    assert answer.status_code in {400, 422}
    assert [(f"/imports/{one.id}", one.corrections) for one in open_ones()] == [(address, {})]


def test_what_was_typed_stays_in_its_cell_when_it_is_refused_and_is_no_markup(browse: Visit) -> None:
    cass = browse("cass")
    address = checked(cass, FILE)
    form = cass.get(address).form(f"{address}/corrections")
    page = cass.submit(form, BUTTON, **{"cells-0-text": "x" * 5_001, "cells-1-text": '"><script>x</script>'})
    assert (page.status, inputs(page)[1]) == (422, ("code of row 4", '"><script>x</script>'))
    page = cass.submit(form, BUTTON, **{"cells-0-text": "<script>x</script>"})
    assert "<script>x" not in cass.client.get(newest()).text


def test_a_later_page_of_rows_stays_that_page_while_it_has_any(browse: Visit) -> None:
    cass = browse("cass")
    address = checked(cass, "code,name,email\n" + "".join(f"W{n},Wrong,nobody\n" for n in range(2, 104)))
    page = cass.get(f"{address}?show=refused&after=101")
    assert [label for label, _ in inputs(page)] == ["email of row 102", "email of row 103"]
    page = cass.submit(page.form(f"{address}/corrections"), BUTTON, **{"cells-0-text": "a@x.example"})
    assert [label for label, _ in inputs(page)] == ["email of row 103"]
    page = cass.submit(page.form(f"{newest()}/corrections"), BUTTON, **{"cells-0-text": "b@x.example"})
    assert len(inputs(page)) == 100
