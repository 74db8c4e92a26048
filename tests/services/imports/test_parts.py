"""A file is written part by part, with others let in between; its group changes all at once (promises 2, 5, 6)."""

import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from portal.db import is_sqlite
from portal.errors import Conflict, Missing, NeedsApproval, Refusal
from portal.models import (
    Change,
    ChangeRow,
    Customer,
    Group,
    GroupItem,
    Import,
    ImportRow,
    Membership,
    MembershipRow,
    PastMembership,
    Proposal,
    Shop,
)
from portal.permissions import OPERATOR, Actor
from portal.queries import imports as find
from portal.queries import membership
from portal.services import approvals, customers, groups, imports, items, settings, shops
from portal.services.guards import Call
from portal.services.imports import apply, matching, resolve, turns
from tests.tampering import unguarded

New = Callable[..., Any]
PEOPLE = "code,name,shop\n" + "".join(f"A{n},Name {n},S1\n" for n in range(9))


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> New:
    """Write two customers a transaction, and do something of others after the first one."""

    def between(act: Callable[[], object] = lambda: None) -> list[int]:
        seen: list[int] = []

        def sleep(seconds: float) -> None:
            seen.append(Customer.select().count())
            if len(seen) == 1:
                act()

        monkeypatch.setattr(apply, "CHUNK", 2)
        monkeypatch.setattr(turns, "HOLD", 0.0)
        monkeypatch.setattr(turns, "PART", 3)
        monkeypatch.setattr(imports, "time", SimpleNamespace(sleep=sleep, monotonic=time.monotonic))
        monkeypatch.setattr(resolve, "time", SimpleNamespace(sleep=lambda s: None, monotonic=time.monotonic))
        return seen

    return between


def told(imported: Import) -> list[tuple[Any, ...]]:
    columns = (ImportRow.row, ImportRow.result, ImportRow.joins, ImportRow.reason, ImportRow.reason_row)
    return list(ImportRow.select(*columns).where(ImportRow.imported == imported).order_by(ImportRow.row).tuples())


def counted(imported: Import) -> dict[str, int]:
    return {name: n for name, n in imported.counts.items() if n}


MIXED = (
    "code,name,email,phone\nK1,Known Anew,k1@x.example,\n,By Mail,k2@x.example,\nA1,Ann,ann@x.example,+250788412903\n"
    "A2,Bea,ann@x.example,\n,Ann,ann@x.example,+250788412903\n,,,+250788412903\nA1,Ann,ann@x.example,+250788412903\n"
    "A1,Other,ann@x.example,+250788412903\nK1,Known Anew,k1@x.example,\nA3,Cy,,\nA3,Cy,,\n,Dee,dee@x.example,\n"
    ",Dee,dee@x.example,\n,,,\nA4,Eve,nobody,\nK2,Second,k1@x.example,\n"
)


def test_the_rows_of_another_file_say_nothing_of_this_one(
    cass: Actor, check: New, new_customer: New, new_group: New, s1: Shop
) -> None:
    for n in (1, 2):
        new_customer(f"Known {n}", code=f"K{n}", email=f"k{n}@x.example")
    group = new_group("Resellers", without_shops=[s1])
    first = check(MIXED, group=group)
    alone = told(first)
    imports.cancel(cass, first.id)
    header, *lines = MIXED.splitlines(keepends=True)
    others = [
        check("code,name,phone,shop\n" + "".join(f"A{n},X,+250788412903,S1\n" * 4 for n in range(1, 5)), group=group),
        check(header + "".join(reversed(lines)), new_group="Others"),
    ]
    before = [told(other) for other in others]
    waiting = check(MIXED, group=group)
    assert told(waiting) == alone
    assert [told(other) for other in others] == before
    done = imports.run(cass, waiting.id)
    assert (told(done), [told(other) for other in others]) == (alone, before)
    assert Membership.select().count() == done.counts["joined"]
    assert Customer.select().count() == 2 + done.counts["new"]
    assert sorted({row.code for row in Customer.select() if row.code.startswith("A")}) == ["A1", "A3"]


@pytest.mark.parametrize("size", [1, 2, 5])
def test_what_a_row_comes_to_does_not_depend_on_where_the_parts_end(
    check: New, new_customer: New, new_group: New, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    for n in (1, 2):
        new_customer(f"Known {n}", code=f"K{n}", email=f"k{n}@x.example")
    group = new_group("Resellers")
    whole = check(MIXED, group=group)
    monkeypatch.setattr(turns, "PART", size)
    monkeypatch.setattr(turns, "HOLD", 0.0)
    in_parts = check(MIXED, group=group)
    assert told(in_parts) == told(whole)
    assert (in_parts.counts, len(told(whole))) == (whole.counts, 15)
    assert {row[1] for row in told(whole)} == {"new", "updated", "unchanged", "ambiguous", "refused"}


def test_customers_come_in_parts_and_the_group_all_at_once(
    cass: Actor, check: New, new_group: New, parts: New, s1: Any
) -> None:
    by_shop = groups.create(cass, groups.Details("Of the shop"), [items.NewItem(shop_id=s1.id)]).group
    group = new_group("Resellers")
    sizes: list[tuple[int, ...]] = []
    waiting = check(PEOPLE, group=group)
    before = Change.select().count()
    seen = parts()

    def look(seconds: float) -> None:
        in_group = [Membership.select().where(Membership.group == one).count() for one in (by_shop, group)]
        sizes.append((Customer.select().count(), *in_group, len(membership.differences())))

    imports.time.sleep = look  # type: ignore[attr-defined]
    done = imports.run(cass, waiting.id)
    assert seen == []
    assert sizes == [(2, 2, 0, 0), (4, 4, 0, 0), (6, 6, 0, 0), (8, 8, 0, 0), (9, 9, 9, 0)]
    assert done.reached == 2**31 - 1  # beyond every number that a row can have
    change = Change.get(Change.id == done.change)
    assert (Change.select().count(), change.n_rows) == (before + 1, 18)
    assert ChangeRow.select().where(ChangeRow.change == change).count() == 18
    assert {row.cause_id for row in Membership.select()} == {change.id}


def test_a_part_holds_as_many_customers_to_be_written_as_may_be_and_the_rows_between_them(
    cass: Actor, check: New, new_customer: New, parts: New
) -> None:
    for n in range(3):
        new_customer(f"Old {n}", code=f"K{n}")
    waiting = check("code,name\nK0,New 0\nA1,\nK1,Old 1\nA2,\n,\nK2,New 2\nA3,\n")
    parts()
    reached: list[int] = []
    imports.time.sleep = lambda seconds: reached.append(find.by_id(cass, waiting.id).reached)  # type: ignore
    imports.run(cass, waiting.id)
    assert reached == [3, 7, 2**31 - 1]


def test_an_import_looks_at_nobody_whom_it_does_not_bring_and_at_no_other_group(
    cass: Actor, check: New, new_customer: New, new_group: New, s1: Shop, s2: Shop
) -> None:
    """What is wrong elsewhere is for `portal verify` to tell; looking for it would cost each import the whole store."""
    known, mover, other = (new_customer(name, s1, code=name) for name in ("KNOWN", "MOVER", "OTHER"))
    group, by_shop = new_group("Resellers", [other]), new_group("North", shops=[s1])
    by_name = new_group("By name", [known, other])
    wrong = [(group.id, other.id), (by_shop.id, other.id), (by_name.id, known.id), (by_name.id, other.id)]
    waiting = check("code,shop\nKNOWN,\nMOVER,S2\nFRESH,S1\n", group=group)
    for group_id, customer_id in wrong:
        MembershipRow.delete().where(MembershipRow.group == group_id, MembershipRow.customer == customer_id).execute()
    told = membership.differences()
    assert len(told) == 4
    imports.run(cass, waiting.id)
    assert membership.differences() == told
    assert {row.customer_id for row in Membership.select().where(Membership.group == group.id)} == {
        known.id, mover.id, Customer.get(Customer.code == "FRESH").id,
    }  # fmt: skip


def test_a_member_whom_the_file_moves_into_a_shop_that_was_shut_out_meanwhile_is_not_included(
    cass: Actor, check: New, new_customer: New, new_group: New, parts: New, s1: Shop, s2: Shop
) -> None:
    """Neither another group's exclusion, nor one that has ended, nor that of a person shuts a shop."""
    _, bea, cy = (new_customer(name, code=name, shop=s1) for name in ("Ann", "Bea", "Cy"))
    shut = shops.create(OPERATOR, code="S3", name="Shut out")
    group = new_group("Resellers", shops=[s1, shut], without_shops=[s2], without=[cy])
    new_group("Others", without_shops=[s1, s2])
    items.end(cass, group.id, GroupItem.get(GroupItem.group == group.id, GroupItem.shop == s2.id).id)
    waiting = check("code,shop\nA1,\nA2,\nAnn,S2\nBea,S3\n", group=group)

    def shut_out() -> None:
        items.add(cass, group.id, [items.NewItem(shop_id=shut.id, sign="exclude")])

    parts(shut_out)
    imports.run(cass, waiting.id)
    mine = GroupItem.select().where(GroupItem.group == group.id)
    named = mine.where(GroupItem.sign == "include", GroupItem.kind == "customer")
    assert {item.customer.code for item in named} == {"A1", "A2", "Ann"}
    assert [past.customer_id for past in PastMembership.select().where(PastMembership.group == group.id)] == [bea.id]
    assert membership.differences() == []


def test_as_many_steps_of_the_matching_as_fit_in_the_time_are_one_transaction(
    check: New, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(resolve, "time", SimpleNamespace(sleep=slept.append, monotonic=time.monotonic))
    monkeypatch.setattr(turns, "PART", 1)
    for seconds, expected in ((60.0, True), (0.0, False)):
        slept.clear()
        monkeypatch.setattr(turns, "HOLD", seconds)
        check(PEOPLE.replace(",S1", ","))
        assert (len(slept) == 1) is expected
    assert set(slept) == {turns.BREATH}


def test_the_very_first_change_of_a_store_is_noticed_after_a_check(cass: Actor, check: New) -> None:
    with unguarded():
        ChangeRow.delete().execute()
    waiting = check("code,name\nA1,Ann\n")
    assert resolve.stands(waiting)
    customers.create(cass, {"code": "B1", "name": "Bea"})
    assert not resolve.stands(waiting)


def test_a_member_whom_the_file_moves_out_of_the_groups_shop_never_leaves(
    cass: Actor, check: New, new_customer: New, new_group: New, parts: New, s1: Shop, s2: Shop
) -> None:
    ann, bea = (new_customer(name, code=name, shop=s1) for name in ("Ann", "Bea"))
    shut = shops.create(OPERATOR, code="S3", name="Shut out")
    group = new_group("Resellers", shops=[s1], without_shops=[shut])
    waiting = check("code,name,shop\nAnn,,S2\nBea,,S3\n" + PEOPLE.partition("\n")[2].replace(",S1", ","), group=group)
    inside: list[set[int]] = []
    parts(lambda: inside.append({customer for (customer,) in Membership.select(Membership.customer).tuples()}))
    done = imports.run(cass, waiting.id)
    assert inside == [{ann.id}]
    assert counted(done) == {"rows": 11, "updated": 2, "new": 9, "joined": 9, "already": 1, "excluded": 1}
    assert [past.customer_id for past in PastMembership.select()] == [bea.id]
    named = GroupItem.select().where(GroupItem.customer.in_([ann.id, bea.id]))
    assert [(item.customer_id, item.sign, item.created_by_id) for item in named] == [
        (ann.id, "include", done.change_id)
    ]
    assert membership.differences() == []


def test_an_interrupted_import_goes_on_where_it_stood(
    cass: Actor, check: New, new_group: New, parts: New, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = new_group("Resellers")
    waiting = check("name,email\n" + "".join(f"Name {n},n{n}@x.example\n" for n in range(7)), group=group)

    def fail() -> None:
        raise RuntimeError("the power is cut")

    parts(fail)
    with pytest.raises(RuntimeError):
        imports.run(cass, waiting.id)
    half = find.by_id(cass, waiting.id)
    assert (half.state, find.n_written(half), Customer.select().count()) == ("running", 2, 2)
    assert (Membership.select().count(), GroupItem.select().count(), membership.differences()) == (0, 0, [])
    assert [row.id for row in find.unfinished(cass)] == [waiting.id]
    with pytest.raises(Refusal, match="is being written"):
        imports.cancel(cass, waiting.id)
    monkeypatch.undo()
    done = imports.run(cass, waiting.id)
    assert counted(done) == {"rows": 7, "new": 7, "joined": 7}
    assert sorted(row.code for row in Customer.select()) == [f"C{1_000_000 + n}" for n in range(1, 8)]
    assert (Membership.select().count(), find.unfinished(cass)) == (7, [])
    assert Change.select().where(Change.act == "import.run").count() == 1


def test_a_second_runner_takes_the_next_part_and_nothing_is_written_twice(
    cass: Actor, check: New, new_group: New, parts: New
) -> None:
    waiting = check(PEOPLE.replace(",S1", ","), group=new_group("Resellers"))
    parts(lambda: imports.run(cass, waiting.id))
    done = imports.run(cass, waiting.id)
    assert (done.state, Customer.select().count(), Membership.select().count()) == ("done", 9, 9)
    assert Change.select().where(Change.act == "import.run").count() == 1


def test_a_customer_whom_somebody_else_changes_meanwhile_is_left_to_her(
    cass: Actor, check: New, new_customer: New, new_group: New, parts: New
) -> None:
    early, late = (new_customer(f"Old {code}", code=code) for code in ("A1", "A8"))
    group = new_group("Resellers")
    same, before = (new_customer(f"Old {code}", code=code) for code in ("A5", "A6"))  # nobody changes her meanwhile
    waiting = check(PEOPLE.replace(",S1", ","), group=group)
    parts(lambda: [customers.edit(cass, row.id, {"name": "Hers"}, None) for row in (early, late)])
    done = imports.run(cass, waiting.id)
    assert [Customer.get_by_id(row.id).name for row in (late, early, same, before)] == [
        "Hers", "Hers", "Name 5", "Name 6",
    ]  # fmt: skip
    assert counted(done) == {"rows": 9, "new": 5, "updated": 3, "refused": 1, "joined": 8}
    assert find.report(cass, done)["problems"] == [
        {"row": 10, "column": "", "reason": "Somebody else changed this customer while the file was being written; "
         "import this row again."}
    ]  # fmt: skip
    assert Membership.select().where(Membership.customer == late).count() == 0
    assert membership.differences() == []


def test_a_code_or_phone_that_somebody_else_gives_meanwhile_is_hers(
    cass: Actor, check: New, new_group: New, parts: New
) -> None:
    text = "code,name,phone\n" + "".join(f"A{n},Name {n},+25078841290{n}\n" for n in range(8))
    waiting = check(text + "A7,Name 7,+250788412907\n", group=new_group("Resellers"))
    parts(lambda: [customers.create(cass, {"code": "a5", "name": "Hers"}),
                   customers.create(cass, {"name": "Hers too", "phone": "+250788412907"})])  # fmt: skip
    done = imports.run(cass, waiting.id)
    assert counted(done) == {"rows": 9, "new": 6, "refused": 3, "joined": 6}
    assert [row[0] for row in told(done) if row[1] == "refused"] == [7, 9, 10]
    assert Customer.get(Customer.code == "a5").name == "Hers"
    assert (Customer.select().count(), Membership.select().count()) == (8, 6)


def test_a_row_said_twice_shows_the_customer_that_its_first_row_became(
    cass: Actor, check: New, new_group: New
) -> None:
    others = check("code,name\nB1,Bea\nB1,Bea\nA1,Eve\nA1,Eve\n")
    waiting = check("code,name,email\nA1,Ann,\nA1,Ann,\nA2,Bea,nobody\nA3,Cy,\nA3,Cy,\n", group=new_group("Resellers"))
    seen = told(waiting)
    done = imports.run(cass, waiting.id)
    assert told(done) == seen
    codes = [row.customer and row.customer.code for row in find.rows(done).rows]
    assert codes == ["A1", "A1", None, "A3", "A3"]
    assert [row.customer for row in find.rows(others).rows] == [None] * 4
    assert {row[1] for row in told(others)} == {"new", "unchanged"}


def test_a_row_said_twice_is_refused_with_its_first_row_even_if_nobody_has_its_code_any_more(
    cass: Actor, check: New, new_group: New, parts: New
) -> None:
    text = "code,name\n" + "".join(f"A{n},Name {n}\n" for n in range(6)) + "A2,Name 2\nA1,Name 1\nA3,Name 3\n"
    others, waiting = check(text), check(text, group=new_group("Resellers"))
    before = told(others)
    seen = parts()

    def sleep(seconds: float) -> None:
        seen.append(Customer.select().count())
        if len(seen) == 1:
            customers.create(cass, {"code": "A2", "name": "Hers"})
        if len(seen) == 2:
            customers.edit(cass, Customer.get(Customer.code == "A2").id, {"code": "Z9"}, None)

    imports.time.sleep = sleep  # type: ignore[attr-defined]
    done = imports.run(cass, waiting.id)
    assert [row for row in told(done) if row[1] == "refused"] == [
        (row, "refused", "", matching.MEANWHILE, None) for row in (4, 8)
    ]
    assert counted(done) == {"rows": 9, "new": 5, "unchanged": 2, "refused": 2, "joined": 5, "already": 2}
    assert (Membership.select().count(), told(others)) == (5, before)


def test_who_is_excluded_meanwhile_stays_out(
    cass: Actor, check: New, new_customer: New, new_group: New, parts: New
) -> None:
    ann = new_customer("Name 8", code="A8")
    group = new_group("Resellers")
    waiting = check(PEOPLE.replace(",S1", ","), group=group)
    parts(lambda: items.remove_member(cass, group.id, ann.id))
    done = imports.run(cass, waiting.id)
    assert counted(done) == {"rows": 9, "new": 8, "unchanged": 1, "joined": 8, "excluded": 1}
    assert (Membership.select().count(), membership.differences()) == (8, [])


def test_a_group_archived_meanwhile_is_not_touched_until_it_is_restored(
    cass: Actor, check: New, new_group: New, parts: New, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = new_group("Resellers")
    waiting = check(PEOPLE.replace(",S1", ","), group=group)
    parts(lambda: groups.set_status(cass, group.id, "archived"))
    with pytest.raises(Refusal, match="archived"):
        imports.run(cass, waiting.id)
    assert (Customer.select().count(), GroupItem.select().count()) == (2, 0)
    monkeypatch.undo()
    groups.set_status(cass, group.id, "active")
    assert counted(imports.run(cass, waiting.id)) == {"rows": 9, "new": 9, "joined": 9}
    assert Membership.select().count() == 9


def test_a_group_archived_or_deleted_after_the_check_takes_nothing(cass: Actor, check: New, new_group: New) -> None:
    archived, deleted = new_group("Archived"), new_group("Deleted")
    waiting = [check("code,name\nA1,Ann\n", group=group) for group in (archived, deleted)]
    groups.set_status(cass, archived.id, "archived")
    groups.delete(cass, deleted.id)
    for imported, refusal in zip(waiting, (Refusal, Missing), strict=True):
        with pytest.raises(refusal):
            imports.run(cass, imported.id)
    assert (Customer.select().count(), GroupItem.select().count()) == (0, 0)


def test_a_new_group_is_made_with_the_first_part_and_once(cass: Actor, check: New, parts: New) -> None:
    waiting = check(PEOPLE.replace(",S1", ","), new_group="Fresh")
    parts()
    done = imports.run(cass, waiting.id)
    group = Group.get(Group.code == "fresh")
    assert (done.group.id, group.n_members, Group.select().count()) == (group.id, 9, 1)


def test_a_check_that_nobody_wrote_after_is_not_made_again(
    cass: Actor, check: New, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = check("code,name\nA1,Ann\n")
    check("code,name\nA1,Bea\n")
    monkeypatch.setattr(resolve, "resolve", lambda imported: pytest.fail("matched again"))
    assert imports.run(cass, waiting.id).state == "done"


def test_who_matches_the_rows_anew_stops_whoever_was_at_it(
    cass: Actor, check: New, new_customer: New, new_group: New, parts: New, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = check(PEOPLE.replace(",S1", ","), group=new_group("Resellers"))
    new_customer("Stranger")
    parts()
    taking: list[Import] = []

    def sleep(seconds: float) -> None:
        if not taking:
            taking.append(waiting)
            taking.append(imports.run(cass, waiting.id))

    monkeypatch.setattr(resolve, "time", SimpleNamespace(sleep=sleep, monotonic=time.monotonic))
    with pytest.raises(Conflict, match="just now"):
        imports.run(cass, waiting.id)
    assert (taking[1].state, counted(taking[1])) == ("done", {"rows": 9, "new": 9, "joined": 9})
    assert {row[1] for row in told(waiting)} == {"new"}
    assert (Customer.select().count(), Membership.select().count()) == (10, 9)


def test_who_has_matched_all_rows_does_not_take_back_what_somebody_else_wrote_meanwhile(
    cass: Actor, check: New, new_customer: New, new_group: New, parts: New, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = check(PEOPLE.replace(",S1", ","), group=new_group("Resellers"))
    new_customer("Stranger")
    parts()
    taking: list[Import] = []

    def sleep(seconds: float) -> None:
        if not taking and not ImportRow.select().where(ImportRow.result == "").exists():
            taking.append(waiting)
            taking.append(imports.run(cass, waiting.id))

    monkeypatch.setattr(resolve, "time", SimpleNamespace(sleep=sleep, monotonic=time.monotonic))
    with pytest.raises(Conflict, match="just now"):
        imports.run(cass, waiting.id)
    after = find.by_id(cass, waiting.id)
    assert (after.state, after.reached > 0, after.change_id) == ("done", True, taking[1].change_id)
    assert (Customer.select().count(), Membership.select().count()) == (10, 9)


def test_a_file_that_is_dropped_while_its_rows_are_matched_anew_stays_dropped(
    cass: Actor, check: New, new_customer: New, parts: New, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = check(PEOPLE.replace(",S1", ","))
    new_customer("Stranger")
    parts()
    dropped: list[Import] = []

    def sleep(seconds: float) -> None:
        if not dropped:
            dropped.append(imports.cancel(cass, waiting.id))

    monkeypatch.setattr(resolve, "time", SimpleNamespace(sleep=sleep, monotonic=time.monotonic))
    with pytest.raises(Conflict, match="just now"):
        imports.run(cass, waiting.id)
    assert (Import.get_by_id(waiting.id).state, Customer.select().count()) == ("cancelled", 1)


def test_rows_are_not_matched_anew_once_somebody_else_has_written_them(
    cass: Actor, check: New, new_customer: New, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = check("code,name\nA1,Ann\n")
    new_customer("Stranger")
    asked: list[int] = []

    def token_hex(length: int) -> str:
        asked.append(length)
        if len(asked) == 1:
            imports.run(cass, waiting.id)
        return f"token {len(asked)}"

    monkeypatch.setattr(resolve, "secrets", SimpleNamespace(token_hex=token_hex))
    with pytest.raises(Conflict, match="just now"):
        imports.run(cass, waiting.id)
    assert (find.by_id(cass, waiting.id).state, told(waiting)) == ("done", [(2, "new", "", "", None)])


def test_nothing_is_written_while_the_rows_are_being_matched_and_after_a_kill_they_are_matched_anew(
    cass: Actor, check: New, new_group: New
) -> None:
    waiting = check(PEOPLE.replace(",S1", ","), group=new_group("Resellers"))
    Import.update(matching="somebody").where(Import.id == waiting.id).execute()
    ImportRow.update(result="", customer=None).where(ImportRow.row > 4).execute()
    with pytest.raises(Conflict, match="just now"):
        imports.go_on(cass, waiting.id)
    assert Customer.select().count() == 0
    assert counted(imports.run(cass, waiting.id)) == {"rows": 9, "new": 9, "joined": 9}


def test_a_changed_outcome_is_found_in_a_file_of_several_parts(
    cass: Actor, check: New, new_customer: New, parts: New
) -> None:
    waiting = check(PEOPLE.replace(",S1", ","))
    new_customer("Other", code="A7")
    parts()
    with pytest.raises(Conflict):
        imports.run(cass, waiting.id)
    again = find.by_id(cass, waiting.id)
    assert (again.state, again.counts["updated"], Customer.select().count()) == ("checked", 1, 1)


def test_a_name_that_two_shops_share_names_none_of_them(check: New) -> None:
    for code, name in (("N1", "Centro"), ("N2", "Centro"), ("N3", "N1")):
        shops.create(OPERATOR, code=code, name=name)
    checked = check("code,name,shop\nA1,Ann,Centro\nA2,Bea,N2\nA3,Cy,N1\n")
    assert [row[1] for row in told(checked)] == ["refused", "new", "new"]
    shop_of = dict(ImportRow.select(ImportRow.row, ImportRow.shop).where(ImportRow.imported == checked).tuples())
    assert [Shop.get_by_id(shop_of[row]).code for row in (3, 4)] == ["N2", "N1"]


@pytest.mark.parametrize("is_on", [False, True])
def test_who_approved_an_import_is_looked_up_once_and_only_for_what_could_have_needed_it(
    cass: Actor, olive: Actor, pat: Actor, check: New, new_group: New, monkeypatch: pytest.MonkeyPatch,
    query_count: New, is_on: bool,
) -> None:  # fmt: skip
    monkeypatch.setattr(apply, "CHUNK", 2)
    monkeypatch.setattr(turns, "HOLD", 0.0)
    group = new_group("Vips", is_guarded=True)
    settings.set_guards(olive, "", is_marked=True)
    text = "code,name\n" + "".join(f"A{n},Name {n}\n" for n in range(8))
    into = check(text, group=group)
    for imported in (check(text.replace("A", "B"), group=group), into):
        with pytest.raises(NeedsApproval) as needed:
            imports.run(cass, imported.id)
        asked = approvals.ask(cass, Call("imports.run", dict(needed.value.arguments)), "r")
        if imported.id != into.id:
            approvals.approve(pat, asked.id, asked.fingerprint)
    Proposal.update(state="approved", decided_by=pat.user_id).where(Proposal.id == asked.id).execute()
    settings.set_guards(olive, "", is_marked=is_on)
    # Matched anew before it begins: somebody has written since the check.
    imports.prepare(cass, into.id)
    assert query_count(lambda: imports.check_guards(Import.get_by_id(into.id))) == (6 if is_on else 2)
    alone = check(text.replace("A", "C"))
    parts = [[query_count(lambda one=one: imports.go_on(cass, one.id)) for _ in range(2)] for one in (into, alone)]
    # One for the fields, one for rules, one for its group; in the first part two for the approval, asked for and noted.
    assert parts == ([[24, 23], [21, 22]] if is_sqlite() else [[26, 25], [23, 24]])
    assert ChangeRow.select().where(ChangeRow.noun == "approval").count() == 2
