"""Changes are said in sentences; who, through which door and from which file are told apart (product.md §3)."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from flask import Flask

from portal.change_words import SENTENCES, say_change
from portal.models import Change, Shop
from portal.permissions import OPERATOR, Actor, Door
from portal.queries import changes as find
from portal.queries.changes import Thing
from portal.services import customers, groups, imports, items, shops
from portal.services.changes import record

New = Callable[..., Any]
SERVICES = Path(__file__).parents[1] / "portal" / "services"


def said(app: Flask, reader: Actor, n: int = 1) -> list[str]:
    """Return the newest changes in words, the oldest of them first."""
    newest = list(Change.select().order_by(Change.id.desc()).limit(n))
    with app.test_request_context():
        return [say_change(one) for one in find.told(reader, newest)][::-1]


def test_every_act_that_a_service_records_has_a_sentence() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in SERVICES.rglob("*.py"))
    acts = set(re.findall(r'record\([^"\n]*"(\w+\.\w+)"', source)) | set(re.findall(r'_one\(actor, "([\w.]+)"', source))
    assert len(acts) > 20
    assert acts - set(SENTENCES) == set()


def test_a_change_says_who_did_what_about_whom(
    app: Flask, cass: Actor, sam: Actor, new_customer: New, new_group: New, s1: Shop
) -> None:
    ann, group = new_customer("Ann", s1), new_group("Vips")
    customers.edit(sam.through(Door.COMMAND), ann.id, {"name": "Anna"})
    items.add_member(cass, group.id, ann.id)
    items.remove_member(cass, group.id, ann.id)
    groups.set_status(cass, group.id, "archived")
    groups.delete(cass, group.id)
    assert said(app, cass, 7) == [
        "Cass created Anna",
        "Cass created the group “Vips”",
        "Sam edited Anna, on the command line",
        "Cass added Anna to the group “Vips”",
        "Cass removed Anna from the group “Vips”",
        "Cass archived the group “Vips”",
        "Cass deleted the group “Vips”",
    ]


def test_an_import_is_told_by_its_file_and_its_group(
    app: Flask, cass: Actor, sam: Actor, tmp_path: Path, new_group: New
) -> None:
    file = tmp_path / "people.csv"
    for text, group in (("code,name\nA1,Ann\n", new_group("Vips")), ("code,name\nA2,Ben\n", None)):
        file.write_text(text)
        imports.run(cass.through(Door.IMPORT), imports.check(cass, file, "people.csv", group=group).id)
    into, alone = said(app, cass, 2)
    assert into == "Cass imported the file “people.csv” into the group “Vips”"
    assert alone == "Cass imported the file “people.csv”"
    about = find.told(cass, [Change.select().order_by(Change.id.desc()).get()])[0].about
    assert about and (about.noun, about.code.isdigit()) == ("import", True)
    # Who may not import is told of the file without a link to it.
    assert [one.about and one.about.code for one in find.told(sam, list(Change.select()))][-1] == ""


def test_the_operator_the_clock_the_api_and_an_undo_are_told_apart(app: Flask, cass: Actor, s1: Shop) -> None:
    shops.edit(OPERATOR, s1.id, code="S1", name="North")
    edited = Change.select().order_by(Change.id.desc()).get()
    with record(cass, "change.undo", f"change:{edited.id}") as undone:
        undone.row("shop", s1.id, {"name": "North"}, {"name": "Kigali North"})
    assert said(app, cass, 2) == [
        "The machine's operator edited the shop “North”",
        f"Cass undid change {edited.id}",
    ]
    (told,) = find.told(cass, [edited])
    with app.test_request_context():
        by_clock = replace(told, act="group.archive", door="clock", about=Thing("group", "Vips"))
        assert say_change(by_clock) == "The clock archived the group “Vips”"
        by_api = replace(by_clock, door="api", who="Cass", about=Thing("group"))
        assert say_change(by_api) == "Cass archived the group “…”, through the API"
        assert say_change(replace(told, act="moon.land", who="Cass", door="page")) == "Cass did “moon.land”"


def test_shop_staff_read_no_names_of_other_shops_people(
    app: Flask, cass: Actor, sol: Actor, new_customer: New, s1: Shop, s2: Shop
) -> None:
    own = new_customer("Ann", s1)
    customers.edit(sol, own.id, {"name": "Anna"})
    assert said(app, sol) == ["Sol edited Anna"]
    customers.edit(cass, own.id, {"shop": "S2"})
    mine = list(Change.select().where(Change.actor == sol.user_id))
    with app.test_request_context():
        assert [say_change(one) for one in find.told(sol, mine)] == ["Sol edited a customer"]
    assert [one.about for one in find.told(sol, mine)] == [Thing("customer")]


def test_many_changes_are_told_in_as_many_statements_as_one(
    query_count: Callable[[Callable[[], Any]], int], cass: Actor, new_customer: New, new_group: New, s1: Shop
) -> None:
    group = new_group("Vips")
    for name in ("Ann", "Ben", "Cay"):
        items.add_member(cass, group.id, new_customer(name, s1).id)
    all_of_them = list(Change.select().where(Change.act == "group.add_member"))
    few, many = (query_count(lambda part=part: find.told(cass, part)) for part in (all_of_them[:1], all_of_them))
    assert few == many <= 6
