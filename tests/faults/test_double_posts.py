"""A double click is one click (reliability.md, promise 5). Long form: `python -m tests.long.doubles --times 1000`."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from portal import clock
from portal.errors import Refusal
from portal.models import Change, Customer, Group, Import, RequestKey
from portal.permissions import Actor
from portal.services import once
from tests.faults.doubles import customers_twice, post_twice, twin
from tests.page import Browser
from tests.web.test_imports import checked

Browse = Callable[[str], Browser]
New = Callable[..., Any]


def test_twenty_double_posts_make_twenty_customers(app: Flask, browse: Browse) -> None:
    answers = customers_twice(app, browse("cass"), 20)
    assert [first for first, second in answers if first != second or first[0] != 303] == []
    assert len({first[1] for first, _ in answers}) == 20 == Customer.select().count()


def test_ten_equal_posts_make_one_group_and_all_lead_to_it(app: Flask, browse: Browse) -> None:
    cass = browse("cass")
    cass.get("/")
    assert set(post_twice(app, cass, "/groups/new", {"name": "Vips"}, 8)) == {(303, "/groups/vips")}
    assert [group.code for group in Group.select()] == ["vips"]


def test_what_can_be_done_once_only_answers_the_second_as_the_first(app: Flask, browse: Browse, new_group: New) -> None:
    """Without the key the second would find no group, and say 404."""
    cass = browse("cass")
    new_group("Vips")
    form = cass.get("/groups/vips/delete").form("/groups/vips/delete")
    answers = [cass.submit(form, follow=False) for _ in range(3)]
    assert [(page.status, page.headers["Location"]) for page in answers] == [(303, "/groups")] * 3
    assert "This was sent twice; it was done once." in cass.get("/groups").toasts


def test_an_import_runs_once(app: Flask, browse: Browse) -> None:
    cass = browse("cass")
    address = checked(cass, "code,name\nA1,Ann\nA2,Bea\n")
    assert set(post_twice(app, cass, f"{address}/run", {}, 3)) == {(303, address)}
    assert Change.select().where(Change.act == "import.run").count() == 1 and Customer.select().count() == 2


def test_another_text_under_the_same_key_is_another_post(browse: Browse) -> None:
    """Back, another name typed, Save: the browser may have kept the old page with its key."""
    cass = browse("cass")
    form = cass.get("/customers/new").form("/customers/new")
    for name in ("Ann", "Bea", "Ann"):
        assert cass.submit(form, name=name, code=name).status == 200
    assert sorted(row.name for row in Customer.select()) == ["Ann", "Bea"]


def test_another_file_of_the_same_name_is_another_post(browse: Browse) -> None:
    """Back, the file mended, Import: the browser may have kept the old page with its key."""
    cass = browse("cass")
    key = cass.get("/imports/new").form("/imports/new").value("once")
    first, mended, again = (checked(cass, text, once=key) for text in ("code\nA1\n", "code\nA2\n", "code\nA2\n"))
    assert first != mended == again
    assert Import.select().count() == 2


def test_a_refused_form_may_be_sent_again_under_its_key(browse: Browse, new_customer: New) -> None:
    cass = browse("cass")
    form = cass.get("/customers/new").form("/customers/new")
    ann = new_customer("Ann", code="A1")
    assert cass.submit(form, name="Bea", code="A1").status == 422
    Customer.update(code="B1", code_key="b1").where(Customer.id == ann.id).execute()
    assert cass.submit(form, name="Bea", code="A1").status == 200
    assert Customer.select().count() == 2 and RequestKey.select().count() == 1


def test_a_refusal_after_a_write_lets_the_form_be_sent_again(browse: Browse, new_customer: New) -> None:
    """The new check of a moved world is stored, then refused: pressing the same button again must import."""
    cass = browse("cass")
    address = checked(cass, "code,name\nA1,Ann\n")
    form = cass.get(address).form(f"{address}/run")
    new_customer("Somebody", code="A1")
    assert cass.submit(form).status == 409
    assert cass.submit(form).status == 200
    assert Import.get().state == "done"


def test_a_second_write_that_fails_leaves_the_first_known_as_done(cass: Actor) -> None:
    once.begin(cass.user_id or 0, "pages.act", "a" * 32, [])
    try:
        with once.transaction():
            pass
        with pytest.raises(Refusal), once.transaction():
            raise Refusal("no")
        once.answered(303, "/done")
    finally:
        once.end()
    assert [row.location for row in RequestKey.select()] == ["/done"]


def test_without_a_key_a_script_posts_as_often_as_it_likes(browse: Browse) -> None:
    cass = browse("cass")
    for _ in range(2):
        assert cass.post("/customers/new", {"name": "Ann", "email": "ann@store.example"}).status == 303
    assert Customer.select().count() == 2 and RequestKey.select().count() == 0


def test_a_key_is_nobody_elses(app: Flask, browse: Browse) -> None:
    cass, pat = browse("cass"), browse("pat")
    for browser in (cass, pat):
        browser.get("/")
        data = {"csrf_token": browser.token(), "once": "a" * 32, "name": "Ann", "email": "ann@store.example"}
        assert twin(app, browser).post("/customers/new", data=data).status_code == 303
    assert Customer.select().count() == 2
    assert "a" * 32 not in str(list(RequestKey.select().dicts()))


def test_keys_are_forgotten_after_a_day(browse: Browse) -> None:
    cass = browse("cass")
    form = cass.get("/customers/new").form("/customers/new")
    cass.submit(form, name="Ann", code="A1")
    RequestKey.update(at=clock.now() - timedelta(days=1, seconds=1)).execute()
    cass.submit(cass.get("/customers/new").form("/customers/new"), name="Bea", code="B1")
    assert RequestKey.select().count() == 1


def test_an_act_whose_answer_was_lost_is_not_done_again(browse: Browse, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process was killed between the commit and the answer."""
    monkeypatch.setattr(once, "PATIENCE", 0.1)
    cass = browse("cass")
    form = cass.get("/customers/new").form("/customers/new")
    monkeypatch.setattr(once, "answered", lambda status, location: None)
    cass.submit(form, name="Ann", code="A1")
    page = cass.submit(form, name="Ann", code="A1")
    assert (page.h1, page.toasts) == ("Start", ["This was sent twice; it was done once."])
    assert Customer.select().count() == 1
