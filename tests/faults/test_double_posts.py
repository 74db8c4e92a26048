"""A double click is one click (reliability.md, promise 5). Long form: `python -m tests.long.doubles --times 1000`."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from portal import clock
from portal.errors import Busy, Refusal
from portal.models import Change, Customer, Group, Import, RequestKey
from portal.permissions import Actor
from portal.services import once
from tests.faults.doubles import customers_twice, post_twice, twin
from tests.page import Browser
from tests.web.test_imports import checked, upload

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


def test_the_same_words_to_another_address_are_another_post(browse: Browse, new_group: New) -> None:
    """A button without any field says nothing but its address."""
    cass = browse("cass")
    vips, others = new_group("Vips"), new_group("Others")
    for group in (vips, others):
        assert cass.post(f"/groups/{group.code}/archive", {"once": "a" * 32}).status == 303
    assert {group.status for group in Group.select()} == {"archived"}


def test_every_value_of_a_field_that_has_several_counts(browse: Browse, new_group: New, new_customer: New) -> None:
    cass, group = browse("cass"), new_group("Vips")
    ann, bea, cay = (f"include:customer:{new_customer(name).id}" for name in ("Ann", "Bea", "Cay"))
    for chosen in ([ann, bea], [ann, cay]):
        assert cass.post("/groups/vips/items", {"item": chosen, "once": "a" * 32}).status == 303
    assert Group.get_by_id(group.id).n_members == 3


def test_the_token_is_none_of_what_is_said(browse: Browse) -> None:
    """A form that was drawn again, after a new sign-in say, carries its old key beside another token."""
    cass = browse("cass")
    said = {"once": "a" * 32, "name": "Ann", "email": "ann@store.example"}
    first = cass.post("/customers/new", said)
    again = cass.client.post("/customers/new", data=said, headers={"X-CSRFToken": cass.token()})
    assert (first.status, again.status_code) == (303, 303)
    assert first.headers["Location"] == again.headers["Location"] and Customer.select().count() == 1


def test_the_same_file_under_another_name_is_another_post(browse: Browse) -> None:
    cass = browse("cass")
    for name in ("may.csv", "june.csv"):
        assert upload(cass, "code\nA1\n", name, once="a" * 32).status_code == 303
    assert [row.file_name for row in Import.select().order_by(Import.id)] == ["may.csv", "june.csv"]


def test_what_is_stored_is_not_done_again_though_its_answer_failed(
    browse: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(once, "PATIENCE", 0.1)
    cass = browse("cass")
    said = {"csrf_token": cass.token(), "once": "a" * 32, "name": "Ann", "email": "ann@store.example"}
    with monkeypatch.context() as broken:
        broken.delattr("portal.web.customers.form._tell")
        assert cass.client.post("/customers/new", data=said).status_code == 500
    again = cass.client.post("/customers/new", data=said)
    assert (again.status_code, again.headers["Location"]) == (303, "/")
    assert Customer.select().count() == 1
    (toast,) = [part for part in cass.get("/").all("div") if "toast" in (part.get("class") or "").split()]
    assert "hue-green" in (toast.get("class") or "")


def test_an_answer_that_cannot_be_kept_is_given_all_the_same(
    browse: Browse, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    cass = browse("cass")
    form = cass.get("/customers/new").form("/customers/new")

    def busy(status: int, location: str) -> None:
        raise Busy()

    monkeypatch.setattr(once, "answered", busy)
    answer = cass.submit(form, name="Ann", code="A1", follow=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/customers/A1")
    assert "answer not kept" in caplog.messages
    looks = iter([None])

    def once_only() -> None:
        if next(looks, busy) is busy:
            busy(0, "")

    monkeypatch.setattr(once, "earlier", once_only)
    again = cass.get("/customers/new").form("/customers/new")
    assert cass.submit(again, name="Ann", code="A1").status == 422


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
