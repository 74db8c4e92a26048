"""The sample store of `portal demo`: shops, people, customers, groups and a little history, in one transaction."""

from collections.abc import Iterable, Iterator
from random import Random
from typing import Any

import peewee

from portal import clock, config, own_values
from portal.db import in_chunks, transaction
from portal.models import Change, Customer, Group, Membership, Shop, User
from portal.permissions import Action, Actor, Door, Grant, Role, require
from portal.queries import fields as find_fields
from portal.queries import users as find_users
from portal.rules.text import parse
from portal.rules.tree import to_json
from portal.samples.fields import FIELDS, values
from portal.samples.groups import GROUPS, SampleGroup
from portal.samples.people import Person, people
from portal.samples.places import SHOPS
from portal.services import customers, fields, groups, items, membership, shops, users
from portal.services.changes import Recorder, record
from portal.services.fields.details import Details
from portal.services.items import NewItem
from portal.services.own_values import put as put_values
from portal.values import read_customer, search_text

# Known to everybody on purpose: the demo holds invented people only.
PASSWORD = "purple-harbour-lantern"  # noqa: S105
# The standing people of the tests: name, role, shop.
PEOPLE = (
    ("Olive", Role.OWNER, ""),
    ("Cass", Role.CSCC_MANAGER, ""),
    ("Pat", Role.PORTFOLIO_MANAGER, ""),
    ("Sam", Role.SUPPORT, ""),
    ("Sol", Role.SHOP_STAFF, "KGN"),
    ("Ana", Role.ANALYST, ""),
    ("Tess", Role.TECH_ADMIN, ""),
)
_REMOVED = 4  # members removed from each large group, for its history


def email_of(name: str) -> str:
    """Return the address by which one of PEOPLE signs in."""
    return f"{name.lower()}@demo.example"


def is_made() -> bool:
    """Tell whether this database holds the demo's data."""
    return bool(User.table_exists()) and User.select().where(User.email_key == email_of(PEOPLE[0][0])).exists()


def is_empty() -> bool:
    """Tell whether this database holds nothing that anybody put there."""
    return not any(table.select().exists() for table in (User, Shop, Customer, Group, Change))


def load(actor: Actor, n: int, seed: int) -> None:
    """Fill an empty database with `n` customers; the same seed gives the same store. All of it or nothing."""
    require(actor, Action.MAINTAIN)
    with transaction():
        made = {shop.code: shops.create(actor, code=shop.code, name=shop.name) for shop in SHOPS}
        for name, role, code in PEOPLE:
            grants = [Grant(role, made[code].id if code else None)]
            users.add(actor, email=email_of(name), name=name, grants=grants, password=PASSWORD)
        manager = find_users.actor_of(find_users.by_email(email_of("Cass")), Door.COMMAND)
        _fields(manager)
        create_customers(manager, people(n, seed), made)
        _fill(manager, seed)
        chosen = Random(seed)  # noqa: S311 - which invented people are in a group is no secret
        for sample in GROUPS:
            _group(manager, sample, made, chosen)
        _history(manager, chosen, made)


def create_customers(actor: Actor, crowd: Iterable[Person], by_code: dict[str, Shop]) -> None:
    """Create many customers as one change, with the columns that `services.customers.create` would write."""
    require(actor, Action.IMPORT_CUSTOMERS)
    with record(actor, "customer.import") as change:
        for part in in_chunks(_rows(crowd, by_code), 400):
            _insert(part, change)
        membership.refresh(change)


def _rows(crowd: Iterable[Person], by_code: dict[str, Shop]) -> Iterator[Customer]:
    settings = config.current()
    region, today = settings.region, clock.today(settings.timezone)
    for person in crowd:
        typed = person._asdict()
        shop = typed.pop("shop")
        columns = read_customer(typed, region, today).columns
        yield Customer(**columns, shop=by_code[shop].id if shop else None, search=search_text(columns))


def _insert(part: list[Customer], change: Recorder) -> None:
    Customer.insert_many([row.__data__ for row in part]).execute()
    ids = dict(
        Customer.select(Customer.code_key, Customer.id)
        .where(Customer.code_key.in_([row.code_key for row in part]))
        .tuples()
    )
    for row in part:
        row.id = ids[row.code_key]
    change.created_all("customer", part)


def _fields(actor: Actor) -> None:
    for sample in FIELDS:
        fields.create(actor, Details(
            sample.labels, sample.type, sample.code, choices=sample.choices,
            section=sample.section, is_filterable=sample.is_filterable, is_searchable=sample.is_searchable,
        ))  # fmt: skip


def _fill(actor: Actor, seed: int) -> None:
    """Give the customers values of the store's own fields, as one change."""
    live, said = find_fields.live(), own_values.context()
    by_code = {field.code: field for field in live}
    addresses = dict(Customer.select(Customer.id, Customer.address).order_by(Customer.id).tuples())
    with record(actor, "customer.import") as change:
        for part in in_chunks(values(addresses, seed, clock.today(config.current().timezone)), 400):
            rows = {
                id_: {code: own_values.read(by_code[code], text, said).cell for code, text in typed.items()}
                for id_, typed in part
            }
            put_values(actor, rows, live, change)
        membership.refresh(change)


def _group(actor: Actor, sample: SampleGroup, by_code: dict[str, Shop], chosen: Random) -> None:
    details = groups.Details(
        sample.name, sample.type, sample.hue, sample.description, sample.agent_note,
        "draft" if sample.status == "draft" else "active",
    )  # fmt: skip
    said_first = [NewItem(shop_id=by_code[code].id) for code in sample.shop_codes]
    if sample.rule:
        said_first.append(NewItem(rule=to_json(parse(sample.rule, find_fields.catalogue()))))
    group = groups.create(actor, details, said_first).group
    everybody = [row[0] for row in Customer.select(Customer.id).order_by(Customer.id).tuples()]
    wanted = sample.count if sample.count is not None else round((sample.share or 0) * len(everybody))
    said = _customer_items("include", sorted(chosen.sample(everybody, min(wanted, len(everybody)))))
    if sample.excluded_count:
        inside = [row[0] for row in _members(group, sample.excluded_count)]
        said += _customer_items("exclude", inside, "Asked to be left out.")
    with record(actor, "group.items", f"group:{group.id}") as change:
        items.put_all(said, group, change)
        membership.refresh(change, groups=[group.id])
    if sample.status == "archived":
        groups.set_status(actor, group.id, "archived")


def _customer_items(sign: str, ids: list[int], note: str = "") -> list[dict[str, Any]]:
    return [{"sign": sign, "kind": "customer", "customer": id_, "shop": None, "note": note} for id_ in ids]


def _members(group: Group, n: int) -> peewee.ModelSelect:
    query = Membership.select(Membership.customer).where(Membership.group == group).order_by(Membership.customer)
    return query.limit(n).tuples()


def _history(actor: Actor, chosen: Random, by_code: dict[str, Shop]) -> None:
    """Let a few things happen, so that history has something to tell: removals, one taken back, a shop move."""
    for code in ("resellers", "newsletter"):
        group = Group.get(Group.code == code)
        ids = [row[0] for row in _members(group, 200)]
        for id_ in chosen.sample(ids, min(_REMOVED, len(ids))):
            items.remove_member(actor, group.id, id_, "Asked to be taken off the list.")
            last = id_
        if ids:
            items.add_member(actor, group.id, last, "Changed her mind.")
    moving = Customer.select().where(Customer.shop == by_code["KGN"]).order_by(Customer.id).first()
    if moving is not None:
        customers.edit(actor, moving.id, {"shop": "KGS"})
