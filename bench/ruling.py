"""Rules at size: `python -m bench.ruling --customers 1000000` measures what they cost, on both databases in turn.

On a copy of the benchmark's data with ten own fields and a hundred groups that have a rule each: all rules asked of one
customer, saving her, counts while somebody types, the preview of an edited rule that moves many, and how long others
who write have to wait while it is saved.
"""

import statistics
import time
from collections.abc import Iterator
from datetime import UTC, date, timedelta
from random import Random
from typing import Any

import time_machine
from peewee import fn

from bench import copies, data
from bench.beside import Writer, waited
from bench.timing import timed
from bench.work import manager, some_customers
from portal import db
from portal.models import Field, ForecastMove, Group, GroupItem, Membership
from portal.permissions import Actor
from portal.queries import field_values
from portal.queries import fields as find_fields
from portal.queries.rules import matching
from portal.queries.rules.compiling import Condition, compiled
from portal.rules.text import parse
from portal.rules.tree import to_json
from portal.services import customers, fields, groups, preview
from portal.services.fields.details import Details as FieldDetails
from portal.services.groups import Details
from portal.services.items import NewItem, plans, rules
from portal.services.membership import due, forecast

SEED = 23
CITIES = ("Porto", "Lisboa", "Kigali", "Huye", "São Paulo", "Recife", "Madrid", "Sevilla", "Lyon", "Genève")
TIERS = ("Gold", "Silver", "Bronze")
# Each with the SQL of a random value, over a random whole number from 0 to 999 that each customer gets for each field.
FIELDS: dict[str, tuple[FieldDetails, str]] = {
    "City": (FieldDetails({"en": "City"}, "text", is_filterable=True), "text"),
    "Tier": (FieldDetails({"en": "Tier"}, "choice", choices=TIERS, is_filterable=True), "choice"),
    "Visits": (FieldDetails({"en": "Visits"}, "number", is_filterable=True), "number"),
    "Credit": (FieldDetails({"en": "Credit"}, "money"), "money"),
    "Newsletter": (FieldDetails({"en": "Newsletter"}, "yesno"), "yesno"),
    "First visit": (FieldDetails({"en": "First visit"}, "date"), "date"),
    "Notes": (FieldDetails({"en": "Notes"}, "text"), "text"),
    "Discount": (FieldDetails({"en": "Discount"}, "percent"), "number"),
    "Employees": (FieldDetails({"en": "Staff size"}, "number"), "number"),
    "Renewal": (FieldDetails({"en": "Renewal"}, "date"), "date"),
}
# As somebody types them; the first is of an indexed field, the others read every row.
TYPED = (
    "visits = 17", 'city = "Porto" and visits > 900', 'tier = Gold and credit > 900 and notes contains "genev"',
    "age >= 30 and newsletter = yes", "first-visit > -200d or discount between 10 and 20", "visits is empty",
    'not (city = "Porto" or city = "Lisboa") and renewal < today', 'name contains "an" and credit < 100',
)  # fmt: skip
LARGE = "age >= 30 and newsletter = yes"


def fill(actor: Actor, n: int) -> None:
    """Give the store its fields, every customer values of them (a tenth of them empty), and a hundred rule groups."""
    owner = actor_of(data.OWNER)
    made = [fields.create(owner, details) for details, _ in FIELDS.values()]
    columns = [column for field in made for column in field.columns]
    draw = Random(SEED)
    placed = ", ".join(f'"{column}"' for column in columns)
    sql = f"INSERT INTO customer_value (customer_id, {placed}) VALUES ({', '.join('?' * (1 + len(columns)))})"
    with db.transaction(600):
        for start in range(1, n + 1, 20_000):
            lines = [[id_, *_line(made, draw)] for id_ in range(start, min(start + 20_000, n + 1))]
            db.run_many(sql, lines)
    data.analyze()
    for number in range(100):
        low = draw.randrange(995)
        text = draw.choice([
            f"visits between {low} and {low + 4}", f'city = "{draw.choice(CITIES)}" and visits > 990',
            f"tier = Gold and credit > {900 + low % 99}", f"age = {18 + low % 60} and visits < 20",
            f"first-visit > -{low % 30 + 1}d and discount > 95",
        ])  # fmt: skip
        groups.create(actor, Details(f"Rule {number:03}", "rule"), [NewItem(rule=read(text))])


def _line(made: list[Field], draw: Random) -> Iterator[Any]:
    for field, (_, kind) in zip(made, FIELDS.values(), strict=True):
        n = draw.randrange(1_000)
        if n < 100:
            yield from [None] * len(field.columns)
        elif kind == "text":
            yield from (CITIES[n % 10], CITIES[n % 10].lower().replace("ã", "a").replace("è", "e"))
        elif kind == "choice":
            yield from (TIERS[n % 3], TIERS[n % 3].lower())
        elif kind == "date":
            yield f"{2023 + n % 4}-{1 + n % 12:02}-{1 + n % 28:02}"
        else:
            yield bool(n % 2) if kind == "yesno" else n * 100 if kind == "money" else n


def actor_of(email: str) -> Actor:
    """Return somebody who signs in, by her address."""
    from portal.permissions import Door
    from portal.queries import users

    return users.actor_of(users.by_email(email), Door.PAGE)


def read(text: str) -> dict[str, Any]:
    """Return a typed rule as JSON."""
    return to_json(parse(text, find_fields.catalogue()))


def condition(text: str) -> Condition:
    """Return a typed rule as a condition of now."""
    from portal.clock import now

    return compiled(read(text), matching.own_columns(), matching.today_at(now()))


def measured(kind: str, n: int) -> Iterator[str]:
    """Yield what rules cost on the database in use, a line of the table each."""
    from portal.clock import now

    actor = manager()
    asked = matching.items(None, now())
    people = some_customers(50)
    took = [_statement(asked, person.id) for person in people for _ in range(3)]
    yield line(kind, f"{len(asked)} rules asked of one customer, SQL", took, "≤ 0.5")
    number = Field.get(Field.code == "visits")
    saves = [
        timed(lambda p=person, v=value: customers.edit(actor, p.id, {number.code: str(v)}))
        for value, person in enumerate(people, 100)
    ]
    yield line(kind, "saving a value that half of the rules ask for", saves, "")
    others = [
        timed(lambda p=person, v=value: customers.edit(actor, p.id, {"address": f"Street {v}"}))
        for value, person in enumerate(people)
    ]
    yield line(kind, "saving what no rule asks for", others, "")
    for text in TYPED:
        said = condition(text)
        counts = [timed(lambda c=said: matching.count(c)) for _ in range(3)]
        goal = "≤ 50" if text == TYPED[0] else "≤ 600"
        yield line(kind, f"`{text}`: {matching.count(said)} of {n}", counts, goal)
    yield from _of_values(kind, actor)
    yield from _edited(kind, actor)
    yield from _midnight(kind)


def _of_values(kind: str, actor: Actor) -> Iterator[str]:
    """The values of a field counted, for making groups of them: of the first two and of shops there is an index."""
    catalogue = find_fields.catalogue()
    for code in ("city", "visits", "newsletter", "notes", "gender", "shop"):
        info = field_values.one(actor, code)
        found = field_values.of(actor, info, catalogue)
        took = [timed(lambda i=info: field_values.of(actor, i, catalogue)) for _ in range(5)]
        yield line(kind, f"values of {code}: {len(found.shown)} and {found.n_more} more", took, "")


def _statement(asked: list[matching.RuleItem], customer_id: int) -> float:
    """Return the seconds that the one statement about all rules takes, built beforehand."""
    from bench.timing import replay, statements

    found = statements(lambda: list(matching.of_customers(asked, [customer_id])))
    return timed(lambda: replay(found))


def _edited(kind: str, actor: Actor) -> Iterator[str]:
    """A rule exchanged for one that moves a tenth of all, previewed and saved while others write."""
    group = groups.create(actor, Details("Moving", "rule"), [NewItem(rule=read("visits between 200 and 299"))]).group
    item = GroupItem.get(GroupItem.group == group)
    new = read("visits between 250 and 349")
    found = []

    def act() -> object:
        return rules.change_rule(actor, group.id, item.id, new)

    def look() -> None:
        found.append(preview.of(actor, act, named=5, ask=lambda: plans.of_change(actor, group.id, item.id, new)))

    took = [timed(look) for _ in range(3)]
    moves = found[-1].of(group.id)
    yield line(kind, f"preview of an edited rule: +{moves.joining} −{moves.leaving}", took, "≤ 2000")
    data.flush()
    with Writer(actor) as writer:
        time.sleep(5)  # the first saves read what they need from the disk
        yield waited(kind, "it is previewed", writer.during(lambda: [look() for _ in range(5)]))
        saves: list[float] = []
        yield waited(kind, "it is saved", writer.during(lambda: saves.append(timed(act))))
        yield line(kind, "saving it, all at once, while others write", saves, "")
        yield from _large(kind, actor, writer)
    assert Membership.select().where(Membership.group == group).count() == Group.get_by_id(group.id).n_members


def _large(kind: str, actor: Actor, writer: Writer) -> Iterator[str]:
    """A large group made, archived and made active again while others write."""
    made: list[Group] = []
    rule = NewItem(rule=read(LARGE))
    new = writer.during(lambda: made.append(groups.create(actor, Details("Large", "rule"), [rule]).group))
    (group,) = made
    yield waited(kind, f"a group of {group.n_members} is made", new)
    for status, what in (("archived", "it is archived"), ("active", "it is made active again")):
        writes = writer.during(lambda s=status: groups.set_status(actor, group.id, s))
        yield waited(kind, what, writes)


def _midnight(kind: str) -> Iterator[str]:
    """A day that ends: whom its rules move is asked in the evening; at midnight everybody waits for what is written.

    Some are given a first visit ten days ago, so that there is somebody to move.
    """
    column, day = Field.get(Field.code == "first-visit").column, date.today() - timedelta(days=10)
    db.run(f"UPDATE customer_value SET {column} = ? WHERE customer_id / 3000 * 3000 = customer_id", (day.isoformat(),))
    by_the_day = GroupItem.reads_clock == True, GroupItem.ended_at.is_null()  # noqa: E712
    n = GroupItem.select().where(*by_the_day).count()
    midnight = Group.select(fn.MIN(Group.next_change_at)).scalar().replace(tzinfo=UTC)
    with time_machine.travel(midnight - timedelta(minutes=20)):
        yield line(kind, f"asking {n} rules of days in the evening; nobody waits", [timed(forecast.prepare)], "")
        n_moves = ForecastMove.select().count()
    with time_machine.travel(midnight + timedelta(seconds=1)):
        yield line(kind, f"midnight, {n_moves} moves; others wait", [timed(due.refresh)], "")


def line(kind: str, what: str, took: list[float], goal: str) -> str:
    """Return a line of the table: the median and the longest, in milliseconds."""
    return f"| {kind} | {what} | {1000 * statistics.median(took):.2f} / {1000 * max(took):.2f} | {goal} |"


def main() -> None:
    """Measure on each database in turn."""

    def filled(kind: str, n: int) -> Iterator[str]:
        fill(manager(), n)
        yield from measured(kind, n)

    copies.run("ruling", __doc__, "| {} customers | ms, median / longest | | goal |", filled)


if __name__ == "__main__":
    main()
