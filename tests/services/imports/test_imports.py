"""Importing (product.md §5, Identity; §4, laws 4 and 8)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from portal.errors import Conflict, Denied, Missing, Refusal
from portal.models import Change, Customer, Group, GroupItem, Import, ImportRow, Membership, Shop
from portal.permissions import Actor
from portal.queries import imports as find
from portal.queries import membership
from portal.services import customers, groups, imports, items
from portal.services.items import NewItem
from tests.conftest import Database

New = Callable[..., Any]
Sheet = Callable[[str], Path]


@pytest.fixture
def sheet(tmp_path: Path) -> Sheet:
    """Write a file as a person's spreadsheet program would."""

    def write(text: str) -> Path:
        path = tmp_path / "people.csv"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def results(imported: Import) -> dict[int, str]:
    return {row.row: row.result for row in ImportRow.select().where(ImportRow.imported == imported)}


def effects(imported: Import) -> dict[int, str]:
    return {row.row: row.joins for row in ImportRow.select().where(ImportRow.imported == imported)}


def reasons(actor: Actor, imported: Import) -> list[tuple[int, str, str]]:
    told: Any = imports.report(actor, imported)["problems"]
    return [(problem["row"], problem["column"], problem["reason"]) for problem in told]


def test_a_check_writes_no_customer_item_or_change(check: New, new_group: New, database: Database) -> None:
    group = new_group("Resellers")
    before = database.checksum()
    check("code,name\nA1,Ann\nA2,Bea\n", group=group)
    after = database.checksum()
    changed = {table for table in before if before[table] != after[table]}
    assert changed == {"import", "import_row", "import_move"}


def test_a_store_with_high_numbers_of_customers_can_import(cass: Actor, check: New) -> None:
    Customer.create(id=2_000_000_000, code="A1", code_key="a1", name="Ann", name_key="ann")
    imported = imports.run(cass, check("code,name\nA1,Bea\n").id)
    assert (imported.counts["updated"], Customer.get_by_id(2_000_000_000).name) == (1, "Bea")


def test_the_same_file_twice_changes_nothing_the_second_time(
    cass: Actor, check: New, new_group: New, s1: Shop, database: Database
) -> None:
    group = new_group("Resellers")
    text = "code,name,email,phone,shop\nA1,Ann,ann@x.example,0788412903,S1\nA2,Bea,bea@x.example,,\n"
    first = imports.run(cass, check(text, group=group).id)
    assert {name: n for name, n in first.counts.items() if n} == {"rows": 2, "new": 2, "joined": 2}
    things = ("customer", "group_item", "membership", "past_membership", "change", "change_row")
    before = {table: rows for table, rows in database.checksum().items() if table in things}
    second = imports.run(cass, check(text, group=group).id)
    assert {name: n for name, n in second.counts.items() if n} == {"rows": 2, "unchanged": 2, "already": 2}
    assert second.change is None
    assert {table: rows for table, rows in database.checksum().items() if table in things} == before


def test_what_is_written_is_one_change_through_the_door_of_its_actor(cass: Actor, check: New, new_group: New) -> None:
    group = new_group("Resellers")
    imported = imports.run(cass, check("code,name\nA1,Ann\nA2,Bea\n", group=group).id)
    change = Change.get_by_id(imported.change_id)
    assert (change.act, change.actor_id, change.n_rows) == ("import.run", cass.user_id, 4)
    assert sorted(row.noun for row in change.rows) == ["customer", "customer", "group_item", "group_item"]
    assert all(row.before is None for row in change.rows)
    assert {row.cause_id for row in Membership.select()} == {change.id}


def test_empty_cells_never_erase(cass: Actor, check: New, new_customer: New) -> None:
    new_customer("Ann", code="A1", email="ann@x.example", address="Here 1")
    imports.run(cass, check("code,name,email,address\nA1,Anne,,\n").id)
    ann = Customer.get(Customer.code == "A1")
    assert (ann.name, ann.email, ann.address) == ("Anne", "ann@x.example", "Here 1")
    change = Change.select().order_by(Change.id.desc()).get()
    assert [(row.before, row.after) for row in change.rows] == [({"name": "Ann"}, {"name": "Anne"})]


def test_an_updated_customer_is_found_by_her_new_values(cass: Actor, check: New, new_customer: New) -> None:
    ann = new_customer("Ann", code="A1")
    imports.run(cass, check("code,name,phone\nA1,Zoë Õmer,0788412903\n").id)
    found = Customer.get_by_id(ann.id)
    assert found.search == "zoe omer\na1\n250788412903"
    assert (found.name_key, found.phone_key, found.version) == ("zoe omer", "+250788412903", 2)


def test_what_an_updated_customer_is_compared_by_goes_with_the_text(cass: Actor, check: New, new_customer: New) -> None:
    ann = new_customer("Ann", code="A1", phone="0788412903", id_number="Ab 1", address="Rúa 1")
    assert (ann.phone_key, ann.id_number_key, ann.address_key) == ("+250788412903", "ab 1", "rua 1")
    imports.run(cass, check("code,phone,id number,address\nA1,ask her,ÑÑ 2,\u200b\n").id)
    found = Customer.get_by_id(ann.id)
    assert (found.phone, found.id_number, found.address) == ("ask her", "ÑÑ 2", "\u200b")
    assert (found.phone_key, found.id_number_key, found.address_key) == (None, "nn 2", None)


def test_the_first_key_present_decides(cass: Actor, check: New, new_customer: New) -> None:
    ann = new_customer("Ann", code="A1", email="ann@x.example")
    bea = new_customer("Bea", email="bea@x.example")
    eve = new_customer("Eve", phone="0788412903")
    imported = check("code,email,phone,name\nA1,,,Ann\n,bea@x.example,,Bea\n,,0788 412 903,Eve\nZ9,,,Zoe\n")
    rows = {row.row: row.customer_id for row in ImportRow.select()}
    assert rows == {2: ann.id, 3: bea.id, 4: eve.id, 5: None}
    assert results(imported) == {2: "unchanged", 3: "unchanged", 4: "unchanged", 5: "new"}


def test_another_key_of_somebody_else_makes_a_row_ambiguous(cass: Actor, check: New, new_customer: New) -> None:
    new_customer("Ann", code="A1", email="ann@x.example")
    new_customer("Bea", code="B1", email="bea@x.example")
    imported = check("code,email\nA1,bea@x.example\nZ9,ann@x.example\nB1,bea@x.example\n")
    assert results(imported) == {2: "ambiguous", 3: "ambiguous", 4: "unchanged"}
    assert reasons(cass, imported) == [
        (2, "email", "“bea@x.example” belongs to somebody else than the rest of the row says."),
        (3, "email", "“ann@x.example” belongs to somebody else than the rest of the row says."),
    ]


def test_an_email_of_two_customers_is_ambiguous_without_a_code(cass: Actor, check: New, new_customer: New) -> None:
    for code in ("A1", "A2"):
        new_customer("Ann", code=code, email="home@x.example")
    imported = check("code,email\n,home@x.example\nA2,home@x.example\n")
    assert results(imported) == {2: "ambiguous", 3: "unchanged"}


def test_a_match_by_email_goes_before_the_code(cass: Actor, check: New, new_customer: New) -> None:
    ann = new_customer("Ann", code="A1", email="ann@x.example")
    imported = imports.run(cass, check("code,email\nA2,ann@x.example\n", match="email").id)
    assert imported.counts["updated"] == 1
    assert Customer.get_by_id(ann.id).code == "A2"


def test_equal_rows_are_one_and_different_rows_of_one_customer_are_refused(
    cass: Actor, check: New, new_group: New
) -> None:
    group = new_group("Resellers")
    imported = check("code,name,email\nA1,Ann,\nA1,Ann,\nA1,Anne,\n,Bea,b@x.example\n,Bea,b@x.example\n", group=group)
    assert results(imported) == {2: "new", 3: "unchanged", 4: "refused", 5: "new", 6: "unchanged"}
    assert effects(imported) == {2: "joined", 3: "already", 4: "", 5: "joined", 6: "already"}
    assert reasons(cass, imported) == [(4, "", "Row 2 speaks of the same customer with other values.")]
    imports.run(cass, imported.id)
    assert sorted(row.name for row in Customer.select()) == ["Ann", "Bea"]
    assert Membership.select().where(Membership.group == group.id).count() == 2


def test_two_new_people_with_one_phone_are_ambiguous_and_the_export_of_such_people_is_not(
    cass: Actor, check: New, new_customer: New
) -> None:
    imported = check("code,phone\nA1,0788412903\nA2,0788412903\n")
    assert results(imported) == {2: "new", 3: "ambiguous"}
    for code in ("C1", "C2"):
        new_customer("Ann", code=code, phone="0788000111")
    imported = check("code,phone\nC1,0788000111\nC2,0788000111\n")
    assert results(imported) == {2: "unchanged", 3: "unchanged"}


def test_a_row_that_cannot_be_taken_says_nothing_of_the_next(cass: Actor, check: New) -> None:
    phone = "0788412903"
    imported = check(f"code,name,email,phone\nA1,Ann,nobody,\nA1,Ann,,\nA2,Bea,nobody,{phone}\nA3,Cy,,{phone}\n")
    assert results(imported) == {2: "refused", 3: "new", 4: "refused", 5: "new"}


def test_a_key_that_a_row_gives_to_a_known_customer_leads_no_other_row_to_her(
    cass: Actor, check: New, new_customer: New
) -> None:
    new_customer("Ann", code="A1")
    imported = check("code,name,phone\nA1,Ann,0788412903\n,Bea,0788412903\n")
    assert results(imported) == {2: "updated", 3: "ambiguous"}
    assert reasons(cass, imported) == [
        (3, "phone", "“+250788412903” also stands in row 2, which speaks of somebody else.")
    ]


def test_rows_that_lead_on_from_key_to_key_speak_of_the_first_of_them(cass: Actor, check: New) -> None:
    phone = "0788412903"
    imported = check(f"code,email,phone\nA1,,\nA1,a@x.example,\n,a@x.example,{phone}\n,,{phone}\n")
    assert results(imported) == {2: "new", 3: "refused", 4: "refused", 5: "refused"}
    assert {reason for _, _, reason in reasons(cass, imported)} == {
        "Row 2 speaks of the same customer with other values."
    }


def test_who_is_kept_out_is_kept_out_in_each_of_her_rows(
    cass: Actor, check: New, new_customer: New, new_group: New, s1: Shop
) -> None:
    ann = new_customer("Ann", code="A1")
    group = new_group("Resellers", without=[ann], without_shops=[s1])
    text = "code,shop\nA1,\nA1,\nA2,S1\nA2,S1\nA3,\nA3,\n"
    expected = {2: "excluded", 3: "excluded", 4: "excluded", 5: "excluded", 6: "joined", 7: "already"}
    assert effects(check(text, group=group)) == expected


def test_an_exclusion_that_was_ended_keeps_nobody_out(
    cass: Actor, check: New, new_customer: New, new_group: New, s1: Shop
) -> None:
    group = new_group("Resellers", without=[new_customer("Ann", code="A1")], without_shops=[s1])
    for item in list(GroupItem.select()):
        items.end(cass, group.id, item.id)
    assert effects(check("code,shop\nA1,\nA2,S1\n", group=group)) == {2: "joined", 3: "joined"}


def test_what_stood_in_the_way_is_forgotten_when_the_rows_are_matched_again(
    cass: Actor, check: New, new_customer: New, new_group: New
) -> None:
    imported = check("code,phone\nA1,0788412903\nA2,0788412903\n", group=new_group("Resellers"))
    assert (results(imported), effects(imported)) == ({2: "new", 3: "ambiguous"}, {2: "joined", 3: ""})
    new_customer("Bea", code="A2", phone="0788412903")
    with pytest.raises(Conflict):
        imports.run(cass, imported.id)
    assert (results(imported), effects(imported)) == ({2: "ambiguous", 3: "unchanged"}, {2: "", 3: "joined"})
    assert reasons(cass, imported) == [
        (2, "phone", "“+250788412903” belongs to somebody else than the rest of the row says.")
    ]
    taken = find.rows(imported, show="unchanged").rows[0]
    assert (taken.row, taken.reason, taken.reason_column, taken.reason_row) == (3, "", "", None)


def test_a_row_that_says_an_ambiguous_one_again_is_ambiguous_with_it(check: New) -> None:
    imported = check("code,phone\nA1,0788412903\nA2,0788412903\nA2,\nA2,0788412903\n")
    assert results(imported) == {2: "new", 3: "ambiguous", 4: "ambiguous", 5: "ambiguous"}
    assert [(row.row, row.reason_row) for row in find.rows(imported).rows] == [(2, None), (3, 2), (4, 3), (5, 3)]


def test_who_is_known_and_has_no_shop_in_the_file_is_kept_out_by_her_own_shop(
    check: New, new_customer: New, new_group: New, s1: Shop, s2: Shop
) -> None:
    new_customer("Ann", s1, code="A1")
    new_customer("Bea", s2, code="B1")
    imported = check("code\nA1\nB1\n", group=new_group("Resellers", without_shops=[s1]))
    assert effects(imported) == {2: "excluded", 3: "joined"}


def test_an_effect_on_the_group_that_changed_since_the_check_is_shown_first(
    cass: Actor, check: New, new_group: New, s1: Shop
) -> None:
    group = new_group("Resellers")
    imported = check("code,shop\nA1,S1\n", group=group)
    items.add(cass, group.id, [NewItem(shop_id=s1.id, sign="exclude")])
    with pytest.raises(Conflict):
        imports.run(cass, imported.id)
    assert (effects(imported), Customer.select().count()) == ({2: "excluded"}, 0)


def test_who_was_removed_stays_out_until_exclusions_are_lifted(
    cass: Actor, check: New, new_customer: New, new_group: New
) -> None:
    ann = new_customer("Ann", code="A1")
    group = new_group("Resellers", [ann])
    items.remove_member(cass, group.id, ann.id)
    text = "code\nA1\nA2\n"
    imported = imports.run(cass, check(text, group=group).id)
    assert (imported.counts["excluded"], imported.counts["joined"]) == (1, 1)
    members = {row.customer.code for row in Membership.select(Membership, Customer).join(Customer)}
    assert members == {"A2"}
    imports.run(cass, check(text, group=group, lift_exclusions=True).id)
    assert {row.customer.code for row in Membership.select(Membership, Customer).join(Customer)} == {"A1", "A2"}
    live = GroupItem.select().where(GroupItem.customer == ann.id, GroupItem.ended_at.is_null())
    assert [row.sign for row in live] == ["include"]
    assert membership.differences() == []


def test_an_excluded_shop_keeps_the_rows_of_its_customers_out(
    cass: Actor, check: New, new_group: New, s1: Shop, s2: Shop
) -> None:
    group = new_group("Resellers")
    items.add(cass, group.id, [NewItem(shop_id=s1.id, sign="exclude")])
    imported = check("code,shop\nA1,S1\nA2,S2\n", group=group, lift_exclusions=True)
    assert effects(imported) == {2: "excluded", 3: "joined"}
    imports.run(cass, imported.id)
    assert [row.customer.code for row in Membership.select(Membership, Customer).join(Customer)] == ["A2"]


def test_a_customer_of_a_shop_is_in_the_shops_group_at_once_and_moves_with_the_file(
    cass: Actor, check: New, new_group: New, s1: Shop, s2: Shop
) -> None:
    first = groups.create(cass, groups.Details("First", "shop"), [NewItem(shop_id=s1.id)]).group
    second = groups.create(cass, groups.Details("Second", "shop"), [NewItem(shop_id=s2.id)]).group
    imports.run(cass, check("code,shop\nA1,s1\n").id)
    assert [row.group_id for row in Membership.select()] == [first.id]
    imports.run(cass, check("code,shop\nA1,Huye\n").id)
    assert [row.group_id for row in Membership.select()] == [second.id]
    assert membership.differences() == []


def test_a_row_is_refused_by_its_column_and_the_others_are_taken(cass: Actor, check: New, s1: Shop) -> None:
    imported = check(
        "code,e-mail,tienda,phone,fecha de nacimiento\n"
        "A1,nobody,,,\nA2,,Atlantis,,\nA3,,,2.04E+10,\nA4,,,,2999-01-01\nnew,,,,\n,,S1,,\nA7,a7@internal,S1,12,\n"
    )
    assert results(imported) == {n: "refused" for n in range(2, 8)} | {8: "new"}
    assert [(row, column) for row, column, _ in reasons(cass, imported)] == [
        (2, "e-mail"), (3, "tienda"), (4, "phone"), (5, "fecha de nacimiento"), (6, "code"), (7, ""),
    ]  # fmt: skip
    told: Any = imports.report(cass, imported)["warnings"]
    assert [(warning["row"], warning["column"]) for warning in told] == [(8, "e-mail"), (8, "phone")]


def test_a_row_with_surplus_cells_is_refused_and_kept_whole(cass: Actor, check: New) -> None:
    imported = check("code,name\nA1,Ann\nA2,Bea,surplus\n")
    assert results(imported) == {2: "new", 3: "refused"}
    assert [cells for cells, _row in find.refused(imported)] == [["A2", "Bea", "surplus"]]


def test_rows_without_a_code_get_codes_that_nobody_has(cass: Actor, check: New, new_customer: New) -> None:
    base = customers.code_base()
    new_customer("Taken", code=f"c{base + 3}")
    imports.run(cass, check("name,email\nAnn,a@x.example\nBea,b@x.example\nEve,e@x.example\n").id)
    codes = [row.code_key for row in Customer.select()]
    assert len(set(codes)) == 4
    assert {row.name: row.search.split("\n")[-1] == row.code_key for row in Customer.select() if row.email} == {
        "Ann": True, "Bea": True, "Eve": True,
    }  # fmt: skip


def test_a_world_that_moved_between_check_and_run_is_checked_again_and_nothing_is_written(
    cass: Actor, check: New, new_customer: New, new_group: New
) -> None:
    group = new_group("Resellers")
    imported = check("code,name\nA1,Ann\n", group=group)
    new_customer("Somebody", code="A1")
    with pytest.raises(Conflict):
        imports.run(cass, imported.id)
    assert [row.name for row in Customer.select()] == ["Somebody"]
    assert Membership.select().count() == 0
    assert results(imported) == {2: "updated"}
    assert imports.run(cass, imported.id).counts["updated"] == 1


def test_running_twice_is_running_once(cass: Actor, check: New) -> None:
    imported = check("code\nA1\n")
    first = imports.run(cass, imported.id)
    n_changes = Change.select().count()
    second = imports.run(cass, imported.id)
    assert (second.counts, second.change_id, Change.select().count()) == (first.counts, first.change_id, n_changes)


@pytest.mark.parametrize("status", ["active", "draft"])
def test_only_items_and_members_of_this_very_group_count(
    status: str, check: New, new_customer: New, new_group: New, s1: Shop
) -> None:
    ann, bea, cay, dot = (new_customer(name, code=f"{name[0]}1") for name in ("Ann", "Bea", "Cay", "Dot"))
    new_customer("Eve", s1, code="E1")
    group = new_group("Resellers", [ann], without=[dot], status=status)
    new_group("Others", [bea], without=[cay], without_shops=[s1])
    imported = check("code,name\nA1,Ann\nB1,Bea\nC1,Cay\nD1,Dot\nE1,Eve\n", group=group)
    assert effects(imported) == {2: "already", 3: "joined", 4: "joined", 5: "excluded", 6: "joined"}


def test_a_dropped_import_leaves_no_row_and_cannot_run(cass: Actor, check: New) -> None:
    imported = check("code\nA1\n")
    imports.cancel(cass, imported.id)
    assert ImportRow.select().count() == 0
    with pytest.raises(Missing):
        imports.run(cass, imported.id)


def test_only_what_waits_can_be_dropped_and_nobody_runs_or_drops_it_who_may_not_import(
    cass: Actor, people: dict[str, Any], check: New
) -> None:
    done, stopped = imports.run(cass, check("code\nA1\n").id), check("name\nAnn\n")
    waiting, other = check("code\nA2\n"), check("code\nA3\n")
    with pytest.raises(Refusal, match="written already"):
        imports.cancel(cass, done.id)
    with pytest.raises(Refusal, match="could not be checked"):
        imports.cancel(cass, stopped.id)
    for act in (imports.cancel, imports.run):
        with pytest.raises(Denied):
            act(people["ana"].actor, waiting.id)
    imports.cancel(cass, waiting.id)
    for number in (waiting.id, 0):
        with pytest.raises(Missing):
            imports.cancel(cass, number)
    assert (results(done), results(waiting), results(other)) == ({2: "new"}, {}, {2: "new"})
    assert imports.run(cass, other.id).counts["new"] == 1


def test_a_new_group_comes_into_being_with_its_members_when_the_file_is_run(cass: Actor, check: New) -> None:
    imported = check("code\nA1\nA2\nA2\n", new_group="Distribuidores Élite")
    assert Group.select().count() == 0
    assert effects(imported) == {2: "joined", 3: "joined", 4: "already"}
    imports.run(cass, imported.id)
    group = Group.get()
    assert (group.code, group.name, group.n_members) == ("distribuidores-elite", "Distribuidores Élite", 2)


@pytest.mark.parametrize("name", ["olive", "sam", "sol", "ana", "tess", "nadia"])
def test_nobody_else_creates_a_group_by_an_import(
    name: str, people: dict[str, Any], sheet: Sheet, database: Database
) -> None:
    before = database.checksum()
    with pytest.raises(Denied):
        imports.check(people[name].actor, sheet("code\nA1\n"), "people.csv", new_group="Mine")
    assert database.checksum() == before


def test_the_owner_imports_customers_and_not_into_a_group(
    olive: Actor, sheet: Sheet, new_group: New, database: Database
) -> None:
    group = new_group("Resellers")
    before = database.checksum()
    with pytest.raises(Denied):
        imports.check(olive, sheet("code\nA1\n"), "people.csv", group=group)
    assert database.checksum() == before
    imported = imports.check(olive, sheet("code\nA1\n"), "people.csv")
    assert imports.run(olive, imported.id).counts["new"] == 1


def test_an_import_into_a_group_is_written_only_by_who_may_change_groups(
    cass: Actor, olive: Actor, check: New, new_group: New, database: Database
) -> None:
    waiting = [check("code\nA1\n", group=new_group("Resellers")), check("code\nA1\n", new_group="Fresh")]
    before = database.checksum()
    for imported in waiting:
        with pytest.raises(Denied):
            imports.run(olive, imported.id)
    assert database.checksum() == before


def test_rows_are_matched_by_one_of_three_keys(check: New, database: Database) -> None:
    before = database.checksum()
    with pytest.raises(Refusal, match="code, email or phone") as refused:
        check("code\nA1\n", match="name")
    assert (refused.value.field, database.checksum()) == ("match", before)


def test_a_new_group_goes_before_the_group_that_was_chosen_and_needs_a_name_that_fits(
    cass: Actor, check: New, new_group: New
) -> None:
    group = new_group("Resellers")
    imported = imports.run(cass, check("code\nA1\n", group=group, new_group="  Fresh ").id)
    assert (imported.group.name, Membership.get().group_id) == ("Fresh", imported.group_id)
    imported = imports.run(cass, check("code\nA1\n", group=group, new_group="  ").id)
    assert (imported.group_id, Group.select().count()) == (group.id, 2)
    with pytest.raises(Refusal):
        check("code\nA1\n", new_group="x" * 500)


def test_a_finished_import_stays_to_be_seen_when_its_group_is_archived(cass: Actor, check: New, new_group: New) -> None:
    group = new_group("Resellers")
    done = imports.run(cass, check("code\nA1\n", group=group).id)
    groups.set_status(cass, group.id, "archived")
    assert imports.run(cass, done.id).counts == done.counts


def test_a_deleted_group_is_missing_before_the_file_is_read(cass: Actor, check: New, new_group: New) -> None:
    group = new_group("Resellers")
    groups.delete(cass, group.id)
    with pytest.raises(Missing) as missing:
        check("code\nA1\n", group=Group.get_by_id(group.id))
    assert (missing.value.field, Import.select().count()) == ("group", 0)


def test_an_archived_group_takes_no_import(cass: Actor, check: New, new_group: New) -> None:
    group = new_group("Resellers")
    group = groups.set_status(cass, group.id, "archived").group
    with pytest.raises(Refusal) as refused:
        check("code\nA1\n", group=group)
    assert refused.value.field == "group"


def test_a_draft_group_takes_items_and_has_no_members(cass: Actor, check: New) -> None:
    draft = groups.create(cass, groups.Details("Later", status="draft")).group
    imported = imports.run(cass, check("code\nA1\n", group=draft).id)
    assert imported.counts["joined"] == 1
    assert (Membership.select().count(), GroupItem.select().count()) == (0, 1)
    assert groups.set_status(cass, draft.id, "active").joined == 1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "The file is empty."),
        ("\n\n", "The file holds only blank rows."),
        ("name,city\nAnn,Porto\n", "No column holds a code"),
        ('code,name\nA1,"Ann\nA2,Bea\n', "A quotation mark is opened in row 2"),
        ("code,email\nA1,0788412903\nA2,0788412904\n", "This column does not look like e-mail"),
        ("code,name\nA1,A\0nn\n", "NUL"),
    ],
)
def test_a_file_that_cannot_be_read_is_stopped_with_a_sentence(
    cass: Actor, check: New, text: str, reason: str, database: Database
) -> None:
    imported = check(text)
    assert imported.state == "stopped"
    assert reason in reasons(cass, imported)[-1][2]
    assert ImportRow.select().count() == 0
    with pytest.raises(Refusal):
        imports.run(cass, imported.id)


def test_extra_columns_of_a_malicious_file_give_nobody_a_right(
    cass: Actor, check: New, people: dict[str, Any], database: Database
) -> None:
    """Behaviour B038."""
    before = {table: rows for table, rows in database.checksum().items() if table.startswith("user")}
    imported = imports.run(cass, check("email,admin,moderator,trust_level\nx@x.example,true,true,4\n").id)
    told: Any = imports.report(cass, imported)["warnings"]
    assert [warning["column"] for warning in told] == ["admin", "moderator", "trust_level"]
    assert imported.counts["new"] == 1
    assert {table: rows for table, rows in database.checksum().items() if table.startswith("user")} == before


def test_what_is_left_of_an_interrupted_reading_is_swept_away(
    cass: Actor, check: New, time_machine: Any
) -> None:
    check("code\nA1\n")
    Import.update(state="reading").execute()
    time_machine.move_to("2040-01-01T00:00:00Z")
    check("code\nA2\n")
    assert [row.code for row in ImportRow.select()] == ["A2"]
