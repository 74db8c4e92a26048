"""Undo of a file: all of it comes back but the rows that somebody has touched since, part by part, and again."""

import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from portal.errors import Refusal
from portal.models import Change, ChangeRow, Customer, Group, GroupItem, Import, Membership, PastMembership, Shop
from portal.permissions import Actor
from portal.queries import membership
from portal.services import customers, imports, samples, undo
from portal.services.imports import apply, turns
from portal.services.undo import items as undo_items
from portal.services.undo import work
from tests.conftest import Database
from tests.services.undo.test_undo import newest, stored

New = Callable[..., Any]
IMPORTS = {"import", "import_row", "import_move"}


@pytest.fixture
def run(cass: Actor, tmp_path: Path) -> New:
    """Import a file as Cass; returns the number of its change, 0 if it changed nothing."""

    def imported(text: str, **options: Any) -> int:
        path = tmp_path / "people.csv"
        path.write_text(text, encoding="utf-8")
        done = imports.run(cass, imports.check(cass, path, "people.csv", **options).id)
        return int(done.change_id or 0)

    return imported


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> New:
    """Undo two customers a transaction, look after each, and do something of others after the n-th one."""

    def between(
        act: Callable[[], object] = lambda: None, after: int = 1, look: Callable[[], object] = lambda: None
    ) -> list[object]:
        seen: list[object] = []

        def sleep(seconds: float) -> None:
            seen.append(look())
            if len(seen) == after:
                act()

        for module in (work, undo, undo_items):
            monkeypatch.setattr(module, "CHUNK", 2)
        monkeypatch.setattr(undo, "HOLD", 0.0)
        monkeypatch.setattr(undo, "time", SimpleNamespace(sleep=sleep, monotonic=time.monotonic))
        return seen

    return between


def now() -> dict[str, Any]:
    """Return what the store says, without the files themselves."""
    return {table: rows for table, rows in stored().items() if table not in IMPORTS}


def file(n: int) -> str:
    """Return a file that renames and moves the customers K0 … and brings as many new ones."""
    lines = [f"K{i},New Name {i},S2,k{i}@new.example,+25078841290{i},1990-01-0{i + 1}" for i in range(n)]
    lines += [f"N{i},Newcomer {i},S1,n{i}@new.example,," for i in range(n)]
    return "code,name,shop,email,phone,birth date\n" + "\n".join(lines) + "\n"


@pytest.fixture
def known(new_customer: New, new_group: New, s1: Shop) -> list[Customer]:
    """Customers who are there before the file, in a group by their shop."""
    made = [new_customer(f"Known {i}", s1, code=f"K{i}", phone=f"+25078800000{i}") for i in range(4)]
    new_group("North", shops=[s1])
    return made


def test_an_undone_file_leaves_everything_as_it_was_and_undone_again_as_the_file_said(
    cass: Actor, known: list[Customer], new_group: New, run: New
) -> None:
    group = new_group("Vips", known[:1], without=known[1:2])
    before = now()
    done = run(file(4), group=group, lift_exclusions=True)
    after = now()
    assert len(after["customer"]) == 8 and after != before
    for expected in (before, after, before):
        told = undo.undo(cass, newest())
        assert (now(), told.refused) == (expected, [])
        assert membership.differences() == [] and membership.wrong_counts() == [] == membership.broken_intervals()
    assert Change.get_by_id(done).n_rows == ChangeRow.select().where(ChangeRow.change == done).count()


def test_of_a_file_whose_customers_were_edited_since_all_others_come_back_and_those_are_listed(
    cass: Actor, known: list[Customer], new_group: New, run: New
) -> None:
    group = new_group("Vips")
    before = now()
    done = run(file(4), group=group)
    as_filed = {row["code"]: row for row in now()["customer"]}
    customers.edit(cass, known[1].id, {"name": "Mine"})
    newcomer = Customer.get(Customer.code == "N2")
    customers.edit(cass, newcomer.id, {"address": "Mine"})
    told = undo.undo(cass, done)
    assert sorted(remark.sentence % remark.params for remark in told.refused) == [
        "Mine has been changed since.", "Newcomer 2 has been changed since."
    ]  # fmt: skip
    assert told.restored == {"group_item": 8, "customer": 6}
    was, left = ({row["code"]: row for row in said["customer"]} for said in (before, now()))
    assert left.pop("K1") == as_filed["K1"] | {"name": "Mine", "name_key": "mine", "search": left_search("K1")}
    assert left.pop("N2") == as_filed["N2"] | {"address": "Mine", "address_key": "mine"}
    del was["K1"]
    assert left == was
    assert group.n_members == Membership.select().where(Membership.group == group).count() == 0
    # Undone in its turn, the file's values come back; what was edited is still hers.
    undo.undo(cass, told.change_id)
    again = {row["code"]: row for row in now()["customer"]}
    assert {code for code in as_filed if again[code] != as_filed[code]} == {"K1", "N2"}
    assert Membership.select().where(Membership.group == group).count() == 8


def left_search(code: str) -> str:
    """Return what a customer is found by."""
    return str(Customer.get(Customer.code == code).search)


def test_a_group_that_the_file_brought_goes_and_returns_with_its_members(
    cass: Actor, known: list[Customer], run: New
) -> None:
    before = now()
    run(file(2), new_group="Fresh")
    after = now()
    undo.undo(cass, newest())
    assert now() == before and Group.get(Group.name == "Fresh").status == "deleted"
    undo.undo(cass, newest())
    assert now() == after
    group = Group.get(Group.name == "Fresh")
    assert {row.cause_id for row in Membership.select().where(Membership.group == group)} == {newest()}


def test_others_get_their_turn_also_while_a_list_leaves_the_group_and_returns(
    cass: Actor, known: list[Customer], new_group: New, run: New, parts: New
) -> None:
    group = new_group("Vips")
    done = run(file(4), group=group)
    before = {row.customer_id for row in Membership.select().where(Membership.group == group)}

    def inside() -> int:
        return Membership.select().where(Membership.group == group).count()

    seen = parts(lambda: customers.edit(cass, known[3].id, {"address": "Between two parts"}), look=inside)
    told = undo.undo(cass, done)
    assert len(before) == 8 and seen == sorted(seen, reverse=True) and set(seen) == {8, 6, 4, 2, 0}
    # What does not touch what the file wrote is no reason to keep the row.
    left = Customer.get_by_id(known[3].id)
    assert (told.refused, left.name, left.address) == ([], "Known 3", "Between two parts")
    seen = parts(look=lambda: (inside(), len(membership.differences())))
    undo.undo(cass, told.change_id)
    assert seen == sorted(seen) and set(seen) == {(n, 0) for n in (0, 2, 4, 6, 8)}
    assert {row.customer_id for row in Membership.select().where(Membership.group == group)} == before
    changes = Change.select().where(Change.act == "change.undo")
    assert [change.undoes_id for change in changes.order_by(Change.id)] == [done, told.change_id]
    assert membership.differences() == []


def test_where_the_change_did_more_than_one_thing_the_group_changes_all_at_once(
    cass: Actor, known: list[Customer], new_group: New, run: New, parts: New
) -> None:
    group = new_group("Vips", without=known[:1])
    done = run(file(4), group=group, lift_exclusions=True)

    def inside() -> int:
        return Membership.select().where(Membership.group == group).count()

    assert inside() == 8
    seen = parts(look=inside)
    told = undo.undo(cass, done)
    assert set(seen) == {8, 0} and len(seen) >= 4
    seen = parts(look=inside)
    undo.undo(cass, told.change_id)
    assert set(seen) == {0, 8}


def test_an_undo_that_was_killed_goes_on_when_it_is_asked_for_again(
    cass: Actor, known: list[Customer], new_group: New, run: New, parts: New
) -> None:
    group = new_group("Vips")
    before = now()
    done = run(file(4), group=group)
    after = now()

    def fail() -> None:
        raise KeyboardInterrupt

    parts(fail, after=3)
    with pytest.raises(KeyboardInterrupt):
        undo.undo(cass, done)
    first = newest()
    assert now() not in (before, after) and membership.differences() == []
    parts()
    told = undo.undo(cass, done)
    assert (now(), told.refused, told.change_id) == (before, [], first + 1)
    with pytest.raises(Refusal, match="Everything of this change"):
        undo.undo(cass, done)
    # Both parts of the undo can be undone, the later one first.
    undo.undo(cass, told.change_id)
    undo.undo(cass, first)
    assert now() == after


def test_two_who_undo_the_same_file_at_once_undo_it_once(
    cass: Actor, pat: Actor, known: list[Customer], run: New, parts: New
) -> None:
    before = now()
    done = run(file(4))
    others: list[Any] = []
    parts(lambda: others.append(undo.undo(pat, done)))
    told = undo.undo(cass, done)
    assert now() == before
    assert told.restored["customer"] + others[0].restored["customer"] == 8


def test_a_file_that_is_still_being_written_waits_with_its_undo(
    cass: Actor, known: list[Customer], run: New, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []

    def sleep(seconds: float) -> None:
        if Import.get().state == "running":
            with pytest.raises(Refusal) as told:
                undo.undo(cass, newest())
            said.append(str(told.value))

    monkeypatch.setattr(apply, "CHUNK", 2)
    monkeypatch.setattr(turns, "HOLD", 0.0)
    monkeypatch.setattr(imports, "time", SimpleNamespace(sleep=sleep, monotonic=time.monotonic))
    run(file(2))
    assert set(said) == {"This import is still being written. Undo it when it is done."}


def test_nobody_who_was_removed_while_a_file_is_written_joins_its_group(
    cass: Actor, new_customer: New, new_group: New, run: New, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Her row changes nothing, so it is not written in any part, and its matching is from before."""
    new_customer("Ann", code="A1")
    created = newest()
    group = new_group("Vips")
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 1:
            undo.undo(cass, created)

    monkeypatch.setattr(apply, "CHUNK", 1)
    monkeypatch.setattr(turns, "HOLD", 0.0)
    monkeypatch.setattr(imports, "time", SimpleNamespace(sleep=sleep, monotonic=time.monotonic))
    run("code,name\nA1,Ann\nN1,New\nN2,Newer\n", group=group)
    assert {row.customer.code for row in Membership.select()} == {"N1", "N2"}
    assert GroupItem.select().count() == 2 and membership.differences() == []


def test_a_file_checked_before_the_undo_is_matched_anew(
    cass: Actor, known: list[Customer], run: New, tmp_path: Path
) -> None:
    done = run("code,name\nN1,New\n")
    path = tmp_path / "again.csv"
    path.write_text("code,name\nN1,New\n", encoding="utf-8")
    checked = imports.check(cass, path, "again.csv")
    assert checked.counts["unchanged"] == 1
    undo.undo(cass, done)
    with pytest.raises(Refusal, match="Customers have changed"):
        imports.run(cass, checked.id)
    assert imports.run(cass, checked.id).counts["new"] == 1
    assert Customer.select().where(Customer.code_key == "n1").count() == 1
    # Her code is another's by now, so the undo of the undo says so.
    with pytest.raises(Refusal, match="belongs to New by now"):
        undo.undo(cass, newest() - 1)


def test_the_pages_of_a_file_do_not_lead_to_who_was_removed(
    cass: Actor, known: list[Customer], run: New, browse: Any
) -> None:
    done = run("code,name\nN1,New\n")
    run("code,name\nN1,New\nK1,Known 1\n")
    second = Import.select().order_by(Import.id.desc()).get()
    undo.undo(cass, done)
    page = browse("cass").get(f"/imports/{second.id}")
    assert [link for link in page.links if link.startswith("/customers/")] == ["/customers/K1"]


def test_a_crowd_that_samples_brought_goes(database: Database, cass: Actor, s1: Shop) -> None:
    from portal.samples.people import people

    before = stored()
    samples.create_customers(cass, [person._replace(shop="S1") for person in people(20, 1)], {"S1": s1})
    undo.undo(cass, newest())
    assert stored() == before


def test_a_member_whom_the_file_moved_is_a_member_all_the_time(
    cass: Actor, known: list[Customer], run: New, parts: New
) -> None:
    """In by her shop, then by name because the file moved her and names her: her history tells of one interval."""
    group = Group.get(Group.name == "North")
    run("code,shop\n" + "".join(f"K{n},S2\n" for n in range(4)), group=group)
    for is_split in (False, True):
        for _ in range(2):
            if is_split:
                parts()
            undo.undo(cass, newest())
            assert (PastMembership.select().count(), Membership.select().count()) == (0, 4)
            assert membership.differences() == []
