"""What an import moves is worked out of the whole file beforehand, part by part, and it is what is then written."""

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from portal.errors import NeedsApproval, Refusal
from portal.models import (
    Customer,
    Group,
    Import,
    ImportMove,
    ImportRow,
    Job,
    Membership,
    Shop,
)
from portal.permissions import Actor
from portal.queries import foreseen as find
from portal.queries import jobs as find_jobs
from portal.queries import membership
from portal.services import approvals, customers, fields, groups, imports, items, settings
from portal.services.guards import Call
from portal.services.imports import again, background, correcting, foreseeing, sweep, turns
from portal.services.items import NewItem
from portal.worker import work
from tests.conftest import Database

New = Callable[..., Any]
PEOPLE = "code,name\n" + "".join(f"A{n},Name {n}\n" for n in range(9))


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Work out five rows a turn, and note from which row on each part was."""
    began: list[int] = []
    one_part = foreseeing._of

    def noted(actor: Actor, part: turns.Part, *rest: Any) -> Any:
        began.append(part.low)
        return one_part(actor, part, *rest)

    monkeypatch.setattr(foreseeing, "ROWS", 5)
    monkeypatch.setattr(foreseeing, "_of", noted)
    monkeypatch.setattr(turns, "HOLD", 0.0)
    yield began


def members() -> set[tuple[str, int]]:
    """Return who is in which group, by its name, for it may not be there before."""
    return set(Membership.select(Group.name, Membership.customer).join(Group).tuples())


def foreseen(actor: Actor, imported: Import) -> dict[str, set[tuple[str, int]]]:
    """Return who joins and who leaves which group, as rows of the file."""
    told: dict[str, set[tuple[str, int]]] = {"joining": set(), "leaving": set()}
    for one in find.totals(actor, imported):
        for way, n in (("joining", one.joining), ("leaving", one.leaving)):
            rows, after = [], 0
            while True:
                page = find.people(actor, imported, one.group_id, is_joining=way == "joining", after=after, size=4)
                rows += [person.row for person in page.rows]
                if page.after is None:
                    break
                after = page.after
            assert (len(rows), rows) == (n, sorted(rows))
            told[way] |= {(one.group.name, row) for row in rows}
    return told


def rows_of(imported: Import, pairs: set[tuple[str, int]]) -> set[tuple[str, int]]:
    """Return the pairs by the first row that speaks of each customer."""
    first = ImportRow.select(ImportRow.customer, ImportRow.row).where(
        ImportRow.imported == imported, ImportRow.leader == ImportRow.row, ImportRow.customer.is_null(False)
    )
    row = dict(first.tuples())
    return {(name, row[customer]) for name, customer in pairs}


class Store:
    """A store with groups of all kinds, and a file that moves people in them."""

    def __init__(self, cass: Actor, seed: int, shops: list[Shop]) -> None:
        self.luck, self.cass, self.shops = random.Random(seed), cass, shops
        fields.create(cass, fields.Details({"en": "City"}, "text"))
        fields.create(cass, fields.Details({"en": "Tier"}, "choice", choices=("Gold", "Tin")))
        for n in range(24):
            said = {"code": f"K{n}", "name": f"Known {n}", "email": f"k{n}@x.example", **self.values()}
            customers.create(cass, said)
        self.people = list(Customer.select().order_by(Customer.id))
        self.groups()

    def values(self) -> dict[str, str]:
        one = self.luck.choice
        return {
            "shop": one(["", *(shop.code for shop in self.shops)]), "gender": one(["", "female", "male"]),
            "city": one(["", "Porto", "Lisboa"]), "tier": one(["", "Gold", "Tin"]),
        }  # fmt: skip

    def some(self, n: int) -> list[Customer]:
        return self.luck.sample(self.people, n)

    def group(self, name: str, *new: NewItem, **said: Any) -> Group:
        return groups.create(self.cass, groups.Details(name=name, **said), list(new)).group

    def groups(self) -> None:
        north, south = self.shops
        women = {"field": "gender", "op": "is", "value": "female"}
        vips = self.group(
            "Vips", NewItem(shop_id=south.id), *(NewItem(customer_id=one.id) for one in self.some(4)),
            *(NewItem(customer_id=one.id, sign="exclude") for one in self.some(3)),
        )  # fmt: skip
        self.group("North", NewItem(shop_id=north.id), *(NewItem(customer_id=one.id, sign="exclude")
                                                          for one in self.some(3)))  # fmt: skip
        self.group("Stayed", NewItem(shop_id=north.id, on_leave="stay"))
        porto = self.group("Porto", NewItem(rule={"field": "city", "op": "is", "value": "Porto"}))
        self.group("Golden", NewItem(rule={"all": [women, {"field": "tier", "op": "is", "value": "Gold"}]}))
        # By a code that she gets with the import, and by a lot that she draws with it.
        self.group("Coded", NewItem(rule={"field": "code", "op": "contains", "value": "3"}))
        self.group("Half", NewItem(of_group_id=vips.id, low=0, high=5_000, seed="s"))
        top = self.group("Top", NewItem(of_group_id=vips.id), NewItem(of_group_id=porto.id, sign="exclude"))
        self.group("Peak", NewItem(of_group_id=top.id), NewItem(shop_id=north.id, sign="exclude"))
        self.group("Women", NewItem(rule={"all": [women, {"in": "top"}]}))
        self.group("Club", *(NewItem(customer_id=one.id) for one in self.some(5)),
                   *(NewItem(customer_id=one.id, sign="exclude") for one in self.some(3)))  # fmt: skip
        self.group("Guests", NewItem(shop_id=north.id), NewItem(of_group_id=top.id, sign="exclude"))

    def file(self) -> str:
        """Return a file of known and new people, some of whom stand in it several times, some without a code."""
        lines = []
        for n, one in enumerate(self.some(16)):
            said = {"code": one.code, **self.values()}
            if n % 3 == 0:
                said = {"email": one.email, **self.values()}
            lines.append({**said, "club": self.luck.choice(["", "", "yes", "no"])})
        for n in range(16):
            key = {"code": f"N{n}"} if n % 2 else {"email": f"n{n}@x.example"}
            lines.append({**key, "name": f"New {n}", **self.values(), "groups": self.luck.choice(["", "Newest"])})
        lines += [dict(one) for one in self.luck.sample(lines, 6)]  # said twice
        lines += [{**one, "gender": "x", "name": "Another"} for one in self.luck.sample(lines, 3)]
        self.luck.shuffle(lines)
        headers = ("code", "name", "email", "shop", "gender", "city", "tier", "club", "groups")
        return "\n".join([",".join(headers), *(",".join(line.get(name, "") for name in headers) for line in lines)])


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("into", ["nobody", "vips", "new", "lifting"])
def test_what_is_foreseen_of_each_group_is_what_the_import_then_writes(
    seed: int, into: str, cass: Actor, s1: Shop, s2: Shop, check: New, parts: list[int], database: Database
) -> None:
    store = Store(cass, seed, [s1, s2])
    said: dict[str, Any] = {
        "nobody": {}, "new": {"new_group": "Brought"}, "vips": {"group": Group.get(Group.code == "vips")},
        "lifting": {"group": Group.get(Group.code == "vips"), "lift_exclusions": True},
    }[into]  # fmt: skip
    before, things = members(), ("customer", "customer_group", "group_item", "membership", "past_membership", "change")
    kept = {table: rows for table, rows in database.checksum().items() if table in things}
    imported = check(store.file(), creates_groups=True, **said)
    assert kept == {table: rows for table, rows in database.checksum().items() if table in things}
    assert len(parts) > 5
    assert parts == list(range(0, 5 * len(parts), 5))
    told, print_ = foreseen(cass, imported), find.fingerprint(imported)
    imports.run(cass, imported.id)
    after = members()
    assert told == {
        "joining": rows_of(imported, after - before), "leaving": rows_of(imported, before - after)
    }  # fmt: skip
    counts = dict(Group.select(Group.name, Group.n_members).tuples())
    for one in find.totals(cass, Import.get_by_id(imported.id)):
        assert counts[one.group.name] == one.n_after
    assert {name for name, _row in told["joining"]} >= {"North", "Porto", "Golden", "Coded", "Newest"}
    assert len({name for name, _row in told["leaving"]}) > 2
    assert (membership.differences(), membership.wrong_counts()) == ([], [])
    assert find.fingerprint(Import.get_by_id(imported.id)) == print_


def test_a_file_in_one_part_and_in_many_moves_the_same(
    cass: Actor, s1: Shop, s2: Shop, check: New, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(cass, 7, [s1, s2])
    vips, text = Group.get(Group.code == "vips"), store.file()
    whole = check(text, group=vips)
    monkeypatch.setattr(foreseeing, "ROWS", 3)
    torn = check(text, group=vips)
    # Not who draws which lot: that is another with each check.
    told = [
        {way: {pair for pair in pairs if pair[0] != "Half"} for way, pairs in foreseen(cass, one).items()}
        for one in (whole, torn)
    ]
    assert told[0] == told[1]
    assert len(told[0]["joining"]) > 10


def test_what_is_chosen_later_is_worked_out_anew(cass: Actor, check: New, new_group: New, s1: Shop) -> None:
    new_group("North", shops=[s1])
    born = new_group("Born")
    items.add(cass, born.id, [NewItem(rule={"field": "birth_date", "op": "is", "value": "1991-02-03"})])
    first = check("code,name,where,birth date\nA1,Ann,S1,03/02/1991\nA2,Bea,,\nA3,Cy,S9,\n")
    assert find.totals(cass, first) == []

    def told(imported: Import) -> list[tuple[str, int]]:
        assert find.is_current(imported)
        return [(one.group.name, one.joining) for one in find.totals(cass, imported)]

    with_shop = again.with_columns(cass, first.id, {"where": "shop"})
    assert told(with_shop) == []  # its order of dates is open, so the row waits
    dated = again.with_columns(cass, with_shop.id, {}, {"birth date": "dmy"})
    assert told(dated) == [("Born", 1), ("North", 1)]
    mended = correcting.correct(cass, dated.id, correcting.Corrections({(4, 2): "S1"}))
    assert told(mended) == [("North", 2), ("Born", 1)]
    out = correcting.correct(cass, mended.id, correcting.Corrections({(4, 2): "S9"}))
    assert told(out) == [("Born", 1), ("North", 1)]
    assert {move.import_id for move in ImportMove.select()} >= {out.id}
    sweep.long_over()
    assert {move.import_id for move in ImportMove.select()} == {out.id}
    imports.cancel(cass, out.id)
    sweep.long_over()
    assert not ImportMove.select().exists()


def test_it_is_said_when_something_was_changed_since_and_looked_at_anew_when_asked(
    cass: Actor, check: New, new_group: New, new_customer: New, s1: Shop, s2: Shop
) -> None:
    north, south = new_group("North", shops=[s1]), new_group("South", shops=[s2])
    new_customer("Ann", s1, code="A1")
    imported = check("code,shop\nA1,S2\n")
    assert [(one.group.id, one.joining, one.leaving) for one in find.totals(cass, imported)] == [
        (north.id, 0, 1), (south.id, 1, 0)
    ]  # fmt: skip
    # The check stays what it was, what it moves is another.
    items.add(cass, south.id, [NewItem(shop_id=s2.id, sign="exclude")])
    assert (find.is_over(imported), find.is_current(imported)) == (True, False)
    looked = imports.check_again(cass, imported.id)
    assert (looked.id, looked.fingerprint) == (imported.id, imported.fingerprint)
    assert [(one.group.id, one.joining, one.leaving) for one in find.totals(cass, looked)] == [(north.id, 0, 1)]
    assert find.is_current(looked)
    assert find.fingerprint(looked) != find.fingerprint(imported)
    # Nor is a check kept that is another now, nor what was foreseen of it.
    customers.edit(cass, Customer.get().id, {"shop": "S2"})
    after = imports.check_again(cass, imported.id)
    assert (after.counts["unchanged"], find.totals(cass, after), find.is_current(after)) == (1, [], True)


def test_why_it_would_be_refused_is_kept_in_its_place(cass: Actor, check: New, new_group: New) -> None:
    group = new_group("Vips")
    imported = check(PEOPLE, group=group)
    groups.set_status(cass, group.id, "archived")
    looked = imports.check_again(cass, imported.id)
    why = find.refused(looked)
    assert why is not None and (why.sentence % why.params).startswith("“Vips” is archived")
    assert (find.totals(cass, looked), find.is_over(looked)) == ([], True)


def test_a_large_file_is_looked_at_in_the_background_and_goes_on_where_it_stood(
    cass: Actor, check: New, new_group: New, monkeypatch: pytest.MonkeyPatch, parts: list[int]
) -> None:
    monkeypatch.setattr(foreseeing, "LARGE", 3)
    group = new_group("Vips")
    alone = check(PEOPLE, group=group)
    assert (find.is_over(alone), Job.select().count()) == (False, 0)  # nobody works: it waits until it is asked for
    assert find.is_over(imports.check_again(cass, alone.id))
    monkeypatch.setattr(find_jobs, "is_worked_on", lambda: True)
    imported = check(PEOPLE, group=group)
    job = Job.get()
    assert (job.kind, job.subject, find.is_over(imported)) == ("import.foresee", f"foresee:{imported.id}", False)
    parts.clear()
    stops = iter([False, True])
    work(job.id, "test", lambda: next(stops))
    halfway = Import.get_by_id(imported.id)
    assert (halfway.foreseen["reached"], find.is_over(halfway)) == (5, False)
    with pytest.raises(Refusal, match="not known yet"):
        approvals.show(cass, Call("imports.run", {"import_id": imported.id}))
    work(job.id, "test")
    assert parts == [0, 5]
    told = Import.get_by_id(imported.id)
    assert [(one.group.id, one.joining, one.n_after) for one in find.totals(cass, told)] == [(group.id, 9, 9)]
    ended = Job.get_by_id(job.id)
    assert (ended.state, ended.n_done, ended.n_all) == ("done", 9, 9)


def test_of_a_file_that_was_dropped_nothing_is_worked_out(
    cass: Actor, check: New, new_group: New, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(foreseeing, "LARGE", 3)
    monkeypatch.setattr(find_jobs, "is_worked_on", lambda: True)
    imported = check(PEOPLE, group=new_group("Vips"))
    imports.cancel(cass, imported.id)
    assert Job.get().state == "cancelled"
    assert foreseeing.go_on(cass, imported.id) is True
    assert not ImportMove.select().exists()


def test_others_may_write_between_two_parts(
    cass: Actor, check: New, new_group: New, new_customer: New, parts: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    group = new_group("Vips")

    def sleep(_seconds: float) -> None:
        if len(parts) == 1:
            new_customer("Quick", code="A8")

    monkeypatch.setattr(foreseeing.time, "sleep", sleep)
    imported = check(PEOPLE, group=group)
    # Her row would be set aside now; it is told that something was changed since.
    assert [(one.joining, find.is_current(imported)) for one in find.totals(cass, imported)] == [(8, False)]


def test_the_guard_rails_look_at_all_groups_that_a_file_moves_by_its_groups(
    cass: Actor, olive: Actor, check: New, new_group: New, new_customer: New, s1: Shop, s2: Shop
) -> None:
    people = [new_customer(f"P{n}", s1, code=f"P{n}") for n in range(6)]
    vips, peak = new_group("Vips"), new_group("Peak", is_guarded=True)
    south = new_group("South", shops=[s2], is_guarded=True)
    items.add(cass, peak.id, [NewItem(of_group_id=vips.id)])
    settings.set_guards(olive, "", is_marked=True)
    # What follows from a customer's own data needs nobody else; a guarded group that is made of the file's group does.
    moved = imports.run(cass, check("code,shop\nP0,S2\n").id)
    assert (moved.state, [one.n_members for one in Group.select().where(Group.id == south.id)]) == ("done", [1])
    with pytest.raises(NeedsApproval, match="guarded"):
        imports.run(cass, check("code\nP1\n", group=vips).id)
    # Two boxes that fill one group together.
    settings.set_guards(olive, "50", is_marked=False)
    club = new_group("Club")
    items.add(cass, peak.id, [NewItem(of_group_id=club.id)])
    text = "code,vips,club\nP0,yes,\nP1,yes,\nP2,,yes\nP3,,yes\n"
    imported = check(text)
    with pytest.raises(NeedsApproval) as needed:
        imports.run(cass, imported.id)
    assert needed.value.params == {"n": 4, "total": len(people)}
    shown = approvals.show(cass, Call("imports.run", {"import_id": imported.id}))
    assert [(move.group.name, move.joining, list(move.who_joins)) for move in shown.moves if move.group] == [
        ("Peak", 4, ["P0", "P1", "P2", "P3"]), ("Club", 2, ["P2", "P3"]), ("Vips", 2, ["P0", "P1"]),
    ]  # fmt: skip


def test_an_approval_of_an_import_is_stale_when_other_groups_would_move(
    cass: Actor, olive: Actor, pat: Actor, check: New, new_group: New
) -> None:
    vips, peak = new_group("Vips", is_guarded=True), new_group("Peak")
    settings.set_guards(olive, "", is_marked=True)
    imported = check(PEOPLE, group=vips)
    call = Call("imports.run", {"import_id": imported.id})
    asked = approvals.ask(cass, call, "r")
    settings.set_guards(olive, "", is_marked=False)
    items.add(cass, peak.id, [NewItem(of_group_id=vips.id)])
    settings.set_guards(olive, "", is_marked=True)
    with pytest.raises(Refusal, match="Others would move now"):
        approvals.approve(pat, asked.id, asked.fingerprint)
    assert Import.get_by_id(imported.id).state == "checked"
    shown = approvals.show(cass, call)
    assert sorted(move.group.name for move in shown.moves if move.group) == ["Peak", "Vips"]
    approvals.approve(pat, asked.id, shown.fingerprint)
    assert (Import.get_by_id(imported.id).state, Group.get_by_id(peak.id).n_members) == ("done", 9)



def test_an_import_that_the_guard_rails_look_at_waits_until_it_is_known_what_it_moves(
    cass: Actor, olive: Actor, check: New, new_group: New, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (foreseeing, background):
        monkeypatch.setattr(module, "LARGE", 3)
    monkeypatch.setattr(find_jobs, "is_worked_on", lambda: True)
    group, top = new_group("Vips"), new_group("Top", is_guarded=True)
    items.add(cass, top.id, [NewItem(of_group_id=group.id)])
    settings.set_guards(olive, "", is_marked=True)
    imported = check(PEOPLE, group=group)
    with pytest.raises(Refusal, match="not known yet"):
        background.start(cass, imported.id)
    work(Job.get().id, "test")
    with pytest.raises(NeedsApproval, match="Top is guarded"):
        background.start(cass, imported.id)
    # Without guard rails nobody has to wait.
    settings.set_guards(olive, "", is_marked=False)
    other = check(PEOPLE, group=group)
    started = background.start(cass, other.id)
    assert started is not None
    assert (started.kind, find.is_over(other)) == ("import.run", False)


def test_a_group_that_is_yet_to_be_is_known_by_its_name_however_that_is_written(cass: Actor, check: New) -> None:
    text = "code,name,groups\nA1,Ann,\"Dr  Öffner Club; Ømer\"\nB1,Bea,dr öffner club\n"
    imported = check(text, new_group=" The   Straße\tPeople ", creates_groups=True)
    told = {one.group.label: one.joining for one in find.totals(cass, imported)}
    imports.run(cass, imported.id)
    made = dict(Group.select(Group.name, Group.n_members).tuples())
    assert len(made) == 3 and {" ".join(name.split()): n for name, n in told.items()} == made


def test_a_new_group_that_the_files_list_names_too_is_one_group(cass: Actor, check: New) -> None:
    imported = check("code,name,groups\nA1,Ann,Club\nB1,Bea,\n", new_group="Club", creates_groups=True)
    assert [(one.group_id, one.group.name, one.joining) for one in find.totals(cass, imported)] == [(0, "Club", 2)]
    imports.run(cass, imported.id)
    assert list(Group.select(Group.name, Group.n_members).tuples()) == [("Club", 2)]
