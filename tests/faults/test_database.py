"""Disk full, a stranger's lock, the database away: it says so, reads go on, heals itself (promise 17)."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from io import BytesIO
from typing import Any

import pytest

from portal import clock, db
from portal.models import Change, Customer, Import, ImportRow, UserSession
from tests.faults.breaking import away, full_disk, stranger
from tests.faults.doubles import twin
from tests.faults.house import House
from tests.page import Browser, Page

READS = ("/", "/customers", "/customers?q=ann", "/customers/new", "/groups", "/account")


def store(browser: Browser, n: int, form: Any = None) -> Page:
    """Fill in the form of a new customer and press Save."""
    form = form or browser.get("/customers/new").form("/customers/new")
    return browser.submit(form, name=f"Ann {n}", code=f"N{n}")


def read_all(browser: Browser) -> float:
    """Read some pages; return the seconds that the slowest took."""
    slowest = 0.0
    for path in READS:
        began = time.perf_counter()
        assert browser.get(path).status == 200, path
        slowest = max(slowest, time.perf_counter() - began)
    return slowest


def sizes() -> tuple[int, int]:
    return Customer.select().count(), Change.select().count()


@pytest.mark.parametrize("left", [0, 5_000])
def test_a_full_disk_is_said_in_words_and_is_over_when_there_is_space(house: House, left: int) -> None:
    cass = house.browser("cass")
    assert store(cass, 0).status == 200
    for n in range(1, 6):
        before, form = sizes(), cass.get("/customers/new").form("/customers/new")
        with full_disk(house.database, left):
            refused = store(cass, n, form)
            assert (refused.status, refused.h1) == (507, "The disk is full")
            assert "Nothing was changed" in refused.main
            assert read_all(cass) < 2
        assert sizes() == before
        # The page that said so holds what was typed; one press stores it.
        assert cass.submit(refused.form("/customers/new")).status == 200
        assert (Customer.select().count(), Customer.get(Customer.code == f"N{n}").name) == (n + 1, f"Ann {n}")
    assert db.db.execute_sql("PRAGMA integrity_check").fetchall() == [("ok",)]


@pytest.mark.parametrize("left", [0, 100_000, 400_000])
def test_an_import_on_a_full_disk_writes_nothing_and_succeeds_later(house: House, left: int) -> None:
    cass = house.browser("cass")
    text = "code,name\n" + "".join(f"N{n},{'x' * 100}\n" for n in range(3_000))

    def upload() -> Any:
        data = {"csrf_token": cass.token(), "file": (BytesIO(text.encode()), "people.csv")}
        return cass.client.post("/imports/new", data=data, content_type="multipart/form-data")

    with full_disk(house.database, left):
        assert upload().status_code == 507
        assert read_all(cass) < 2
    assert (Customer.select().count(), Import.select().where(Import.state == "checked").count()) == (0, 0)
    address = upload().headers["Location"]
    with full_disk(house.database, left):
        assert cass.submit(cass.get(address).form(f"{address}/run")).status == 507
        assert (Customer.select().count(), cass.get(address).status) == (0, 200)
    assert cass.submit(cass.get(address).form(f"{address}/run")).status == 200
    assert Customer.select().count() == 3_000 <= ImportRow.select().count()


def test_a_strangers_lock_is_waited_for_three_seconds_and_reading_goes_on(house: House) -> None:
    cass = house.browser("cass")
    form = cass.get("/customers/new").form("/customers/new")
    UserSession.update(seen_at=clock.ago(minutes=5)).execute()  # as of somebody who reads slowly: noted at every page
    with stranger(house.database):
        # Two at once: the second waits for the first as well, and no longer for it.
        clients = [twin(house.app, cass) for _ in range(2)]

        def post(n: int) -> tuple[float, Any]:
            began = time.perf_counter()
            data = dict(form.fields()) | {"name": f"Ann {n}", "code": f"N{n}"}
            response = clients[n].post("/customers/new", data=data)
            db.db.close()
            return time.perf_counter() - began, response

        with ThreadPoolExecutor(2) as pool:
            waiting = [pool.submit(post, n) for n in range(2)]
            slowest = read_all(cass)
            answers = [one.result() for one in waiting]
        assert slowest < 2.5  # nobody who reads waits those three seconds
        for n, (took, response) in enumerate(answers):
            assert (response.status_code, response.headers["Retry-After"]) == (503, "2")
            assert 3 <= took < 5.5 and f'value="Ann {n}"' in response.text
        assert sizes()[0] == 0
    began = time.perf_counter()
    assert store(cass, 0, form).status == 200
    assert time.perf_counter() - began < 1


@pytest.mark.parametrize("leaving", ["nothing", "folder"])
def test_a_database_that_was_away_is_used_again_when_it_is_back(house: House, leaving: str) -> None:
    cass = house.browser("cass")
    form = cass.get("/customers/new").form("/customers/new")
    with away(house.database, leaving=leaving):
        for path in READS:
            page = cass.get(path)
            assert (page.status, page.h1, page.headers["Retry-After"]) == (503, "The portal is busy", "2")
        refused = store(cass, 0, form)
        assert refused.status == 503 and refused.form("/customers/new").value("name") == "Ann 0"
    assert read_all(cass) < 2
    assert cass.submit(refused.form("/customers/new")).status == 200
    assert [row.name for row in Customer.select()] == ["Ann 0"]


def test_no_fault_leaves_a_writer_waiting(house: House) -> None:
    """Twenty faults one after another: each is over at once."""
    cass = house.browser("cass")
    store(cass, 0)
    faults: list[Callable[[], AbstractContextManager[None]]] = [
        lambda: full_disk(house.database), lambda: away(house.database, leaving="folder")
    ]  # fmt: skip
    slowest = 0.0
    for n in range(1, 21):
        form = cass.get("/customers/new").form("/customers/new")
        with faults[n % 2]():
            assert store(cass, n, form).status in {503, 507}
        began = time.perf_counter()
        assert store(cass, n, form).status == 200
        slowest = max(slowest, time.perf_counter() - began)
    assert slowest < 1 and Customer.select().count() == 21
