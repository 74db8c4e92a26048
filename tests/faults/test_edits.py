"""Two people never overwrite each other silently (promise 5). Long form: `python -m tests.long.edits --times 2000`."""

from collections.abc import Callable
from typing import Any

import pytest

from portal.models import Customer, Group, Shop
from portal.permissions import Actor
from tests.faults.edits import at_once, lost
from tests.page import Browser

Browse = Callable[[str], Browser]
New = Callable[..., Any]
# Who edits what, where, and how a field is called on the page.
PLACES = {
    "customer": ("cass", "/customers/A1/edit", "Name"),
    "group": ("cass", "/groups/vips/edit", "Name of the customer group"),
    "shop": ("olive", "/settings/shops/S1", "Name"),
}


@pytest.fixture
def rows(new_customer: New, new_group: New, s1: Shop) -> dict[str, Any]:
    return {"customer": new_customer("Before", code="A1"), "group": new_group("Vips"), "shop": s1}


def name_of(noun: str) -> str:
    found: Any = {
        "customer": lambda: Customer.get(), "group": lambda: Group.get(), "shop": lambda: Shop.get(Shop.code == "S1")
    }[noun]()  # fmt: skip
    return str(found.name)


@pytest.mark.parametrize("noun", PLACES)
def test_of_two_hundred_edits_at_once_none_is_lost(
    noun: str, rows: dict[str, Any], cass: Actor, olive: Actor
) -> None:
    edits = at_once(noun, olive if noun == "shop" else cass, rows[noun].id, 200)
    assert len(edits.accepted) == 200
    assert lost(noun, rows[noun].id, edits) == []
    assert edits.n_conflicts > 0  # or nobody met anybody


@pytest.mark.parametrize("noun", PLACES)
def test_an_edit_over_somebody_elses_shows_both_and_keeps_what_was_typed(
    noun: str, browse: Browse, rows: dict[str, Any]
) -> None:
    who, path, label = PLACES[noun]
    first, second = browse(who), browse(who)
    mine, theirs = (browser.get(path).form(path) for browser in (first, second))
    assert second.submit(theirs, name="Theirs").status == 200
    page = first.submit(mine, name="Mine")
    assert page.status == 409
    assert (page.form(path).value("name"), name_of(noun)) == ("Mine", "Theirs")
    stored = {
        " ".join("".join(part.find("dt").itertext()).split()): "".join(part.find("dd").itertext()).strip()
        for part in page.all("div")
        if part.find("dt") is not None
    }
    assert stored[label] == "Theirs"
    assert any("What you typed is still here" in problem for problem in page.problems)
    done = first.submit(page.form(path))
    assert (done.status, name_of(noun)) == (200, "Mine")


@pytest.mark.parametrize("version", [None, "", "x", "-1", "²", "1.0", "9" * 5_000, str(2**63), "0"])
@pytest.mark.parametrize("noun", PLACES)
def test_a_form_that_does_not_say_what_it_saw_is_a_conflict(
    noun: str, version: str | None, browse: Browse, rows: dict[str, Any]
) -> None:
    who, path, _label = PLACES[noun]
    before = name_of(noun)
    browser = browse(who)
    form = browser.get(path).form(path)
    data = dict(form.fields()) | {"name": "Mine"}
    del data["version"]
    response = browser.client.post(path, data=data | ({} if version is None else {"version": version}))
    assert (response.status_code, name_of(noun)) == (409, before)
    assert 'value="Mine"' in response.text


@pytest.mark.parametrize("noun", PLACES)
def test_every_form_of_a_stored_row_says_its_version(noun: str, browse: Browse, rows: dict[str, Any]) -> None:
    who, path, _label = PLACES[noun]
    browser = browse(who)
    form = browser.get(path).form(path)
    assert form.value("version") == "1"
    refused = browser.submit(form, name="x" * 500)
    assert (refused.status, refused.form(path).value("version")) == (422, "1")
