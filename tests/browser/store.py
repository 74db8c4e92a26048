"""The sample store of the browser tests: small, made through the services, with the standing people."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from peewee import fn

from portal import clock, db
from portal.models import Change, GroupItem, Job, Shop
from portal.permissions import OPERATOR, Actor
from portal.samples.people import people
from portal.services import customers, fields, groups, imports, items, proposals, sessions, shops, undo
from portal.services.items import NewItem
from portal.services.jobs import lease
from tests.conftest import PASSWORD, Person, SqliteFiles, add_standing, forget, settings_for, use

LONG = "Wolfeschlegelsteinhausenbergerdorff"
N_OTHERS = 52  # enough for a second page
CHECKED, STOPPED, DONE, DATED = 1, 2, 3, 4  # the imports; the last has dates that may be read in two ways
RULE = 26  # the item that is one


@dataclass
class Store:
    """The states of the database, as files, and the cookies of people who are signed in in the last two."""

    empty: Path  # nobody was ever here
    bare: Path  # only people
    full: Path  # customers, groups, imports
    busy: Path  # the same, and jobs: one that runs elsewhere, others that wait, failed and are done
    cookies: dict[str, str] = field(default_factory=dict)


def build(folder: Path, password_hash: str) -> Store:
    """Make the states."""
    files = SqliteFiles(folder)
    url = files.new()
    use(url)
    store = Store(_kept(url, folder / "empty"), folder / "bare", folder / "full", folder / "busy")
    s1 = shops.create(OPERATOR, code="S1", name="Kigali North")
    standing = add_standing(password_hash, s1)
    store.cookies = {name: _cookie(person) for name, person in standing.items()}
    _kept(url, store.bare)
    _fill(standing["cass"].actor, standing["sam"].actor, s1, folder)
    _kept(url, store.full)
    _jobs(standing["cass"])
    _kept(url, store.busy)
    forget()
    return store


def _kept(url: str, path: Path) -> Path:
    db.db.connect(reuse_if_open=True)
    db.db.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    shutil.copyfile(url.removeprefix("sqlite:///"), path)
    return path


def _cookie(person: Person) -> str:
    """Return the cookie of a browser in which this person has signed in."""
    session = sessions.sign_in(person.user.email, PASSWORD, "Mozilla/5.0 (X11; Linux x86_64) Chrome/130.0")
    app = Flask(__name__)
    app.secret_key = settings_for("").secret_key
    signer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert signer is not None
    return str(signer.dumps({"_user_id": session.get_id(), "_fresh": True}))


def _fill(cass: Actor, sam: Actor, s1: Shop, folder: Path) -> None:
    s2 = shops.create(OPERATOR, code="S2", name="Huye")

    def customer(code: str, name: str, shop: str = "", **typed: str) -> int:
        return int(customers.create(cass, {"code": code, "name": name, "shop": shop, **typed}).customer.id)

    aline = customer(
        "A-1", "Aline Uwimana", "S1", email="aline@uwimana.example", phone="+250 788 412 903",
        birth_date="1991-06-14", language="rw", gender="female", id_type="national_id", id_number="1199180012345678",
        address="KN 5 Rd, Kigali",
    )  # fmt: skip
    bea = customer("A-2", "Beatriz Uwase", "S1", phone="+250 788 412 904")
    chantal = customer("A-3", "Chantal Uwera", "S1", email="chantal@uwera.example")
    joao = customer("A-4", "João d'Ávila", "S2", email="joao@davila.example", language="pt")
    long = customer("A-5", f"{LONG} {LONG}", "S2", email=f"{LONG * 2}@{'sub.' * 20}example", address=LONG * 3)
    for row in people(N_OTHERS, 7):
        typed = {**row._asdict(), "shop": "S2" if row.shop == "KGN" else ""}
        customer(typed.pop("code"), typed.pop("name"), typed.pop("shop"), **typed)

    def group(name: str, *first: NewItem, **details: Any) -> int:
        return int(groups.create(cass, groups.Details(name=name, **details), first).group.id)

    named = [NewItem(customer_id=id_) for id_ in (aline, bea, joao, long)]
    bonus = group("Super Bonus", *named, NewItem(customer_id=chantal, sign="exclude"), hue="violet",
                  description="Ten percent more points.", agent_note="Greet her by name.")  # fmt: skip
    employees = group("Employees", *named[1:3], hue="teal")
    group("Kigali North", NewItem(shop_id=s1.id), type="shop", hue="amber")
    group("Spring Letter", *named, status="draft")
    group("Nobody Yet")
    group(f"The {LONG}s", NewItem(shop_id=s2.id))
    groups.set_status(cass, group("Old Friends", *named), "archived")
    items.remove_member(cass, bonus, long, "Asked to be left out.")
    group("Open House", *named[1:3], is_open=True)
    # All of them: whom a smaller share draws is another one each time.
    circle = group("Inner Circle", NewItem(of_group_id=employees, low=0, high=10_000, seed="spring"), is_guarded=True)
    group("Outer Circle", NewItem(of_group_id=circle, note="All of them"))
    _fields(cass)
    customers.edit(cass, chantal, {"address": "KN 7 Rd, Kigali"})
    undo.undo(cass, Change.select(fn.MAX(Change.id)).scalar())
    proposals.ask_group(sam, groups.Details("Morning Guests"), [NewItem(shop_id=s1.id)], "They come before work.")
    proposals.ask_member(sam, bonus, chantal, "add", "She asked for it.")

    file = folder / "people.csv"
    file.write_text(
        "code;name;email;phone;shop;shoe size\n"
        "A-1;Aline Uwimana Keza;;;;38\nA-2;Beatriz Uwase;;;;39\nN-1;Nina New;nina@new.example;12;S1;\n"
        "N-2;Bad Mail;nobody;;;\nN-3;Bad Shop;;;S9;\n;No Key;;;;\nA-1;;chantal@uwera.example;;;\n",
        encoding="utf-8",
    )
    imports.check(cass, file, "people.csv", group=groups.Group.get_by_id(bonus))
    file.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(99))
    imports.check(cass, file, "holiday.png")
    file.write_text("code,name\nF-1,Fiona File\nF-2,\nA-2,Beatriz Uwase\n", encoding="utf-8")
    imports.run(cass, imports.check(cass, file, "more.csv", new_group="From a File").id)
    file.write_text("code,name,date of birth,Since\nF1,Ana,03/04/1991,25/12/2024\nF2,Bea,5.6.92,1/2/2025\nF3,Cay,,\n")
    imports.check(cass, file, "born.csv")
    shop = {"field": "shop", "op": "is", "value": "s1"}
    told = {"all": [shop, {"field": "gender", "op": "is_not", "value": "female"}]}
    north = group("Of the North", NewItem(rule=told), type="rule", hue="lime")
    assert GroupItem.get(GroupItem.group == north).id == RULE


def _fields(cass: Actor) -> None:
    def add(label: str, type_: str = "text", **said: Any) -> int:
        return int(fields.create(cass, fields.Details({"en": label}, type_, **said)).id)

    add("Tier", "choice", choices=("Gold", "Silver"), is_filterable=True, helps={"en": "What she has agreed with us."})
    add("Nickname", is_searchable=True)
    add("Credit limit", "money", section="Trade", is_required=False)
    add(LONG, "longtext", section=LONG)
    add("Card number", section="Loyalty", side=2, is_unique=True, is_searchable=True)
    fields.retire(cass, add("Old number", "number"))


def _jobs(cass: Person) -> None:
    tomorrow = clock.ago(days=-1)  # nobody takes them from whoever is said to have them
    told = {"kind": "import.run", "user": cass.user, "subject": f"import:{CHECKED}"}
    Job.create(**told, state="done", n_done=4, n_all=4, finished_at=clock.now())
    why = {"error": lease.FAULT, "error_params": {"fault": "KeyError", "n": "4"}}
    Job.create(**told, **why, state="failed", finished_at=clock.now())
    Job.create(**told, not_before=tomorrow)
    Job.create(
        **told, state="running", owner="elsewhere/#1.a", attempt=1, n_steps=3, n_done=1, n_all=4, cursor=3,
        started_at=clock.now(), lease_until=tomorrow,
    )
