"""Columns of groups in a file: yes is Add, no is Remove, as the boxes of the customer's form."""

from collections.abc import Callable
from typing import Any

import pytest

from portal.errors import Denied, NeedsApproval
from portal.models import Change, Customer, Group, GroupItem, Import, Membership
from portal.permissions import Actor
from portal.queries import imports as find
from portal.queries import membership
from portal.services import fields, groups, imports, items, settings, undo
from portal.services.imports import again

New = Callable[..., Any]


def members(code: str) -> list[str]:
    query = Membership.select(Customer.code).join(Customer).switch(Membership).join(Group).where(Group.code == code)
    return sorted(found for (found,) in query.tuples())


def results(imported: Import) -> list[str]:
    return [row.result for row in find.rows(imported).rows]


def told(actor: Actor, imported: Import, kind: str) -> list[tuple[Any, ...]]:
    lines: Any = find.report(actor, imported)[kind]
    return [(line["row"], line["column"], line["reason"]) for line in lines]


def counted(imported: Import) -> dict[str, tuple[int, int, int]]:
    said: Any = imported.counts.get("groups", {})
    return {key: (n["joined"], n["left"], n["excluded"]) for key, n in said.items()}


def test_yes_adds_no_removes_and_empty_or_what_is_so_already_writes_nothing(
    cass: Actor, check: New, new_group: New, new_customer: New
) -> None:
    ann, bea, _cy, dan = (new_customer(name, code=name) for name in ("Ann", "Bea", "Cy", "Dan"))
    new_group("Resellers", [ann, bea, dan])
    text = "code,resellers\nAnn,yes\nBea,Não\nCy,1\nDan,\nEve,sim\nFay,no\n"
    checked = check(text)
    assert (checked.columns, results(checked), counted(checked)) == (
        ["code", "group:resellers"], ["unchanged", "updated", "updated", "unchanged", "new", "new"],
        {"group:resellers": (2, 1, 0)},
    )  # fmt: skip
    done = imports.run(cass, checked.id)
    assert members("resellers") == ["Ann", "Cy", "Dan", "Eve"]
    live = GroupItem.select(Customer.code, GroupItem.sign).join(Customer).where(GroupItem.ended_at.is_null())
    assert sorted(live.tuples()) == [
        ("Ann", "include"), ("Bea", "exclude"), ("Cy", "include"), ("Dan", "include"), ("Eve", "include"),
    ]  # fmt: skip
    repeated = check(text)
    assert (set(results(repeated)), imports.run(cass, repeated.id).change_id) == ({"unchanged"}, None)
    undo.undo(cass, done.change_id)
    assert members("resellers") == ["Ann", "Bea", "Dan"]
    assert membership.differences() == []


def test_a_group_is_found_by_name_by_code_or_when_said_but_never_takes_a_column_of_ours(
    cass: Actor, check: New, new_group: New
) -> None:
    new_group("Clube Ouro")
    new_group("Mobile")
    assert check("code,Clube ouro,mobile\nA1,x,\n").columns == ["code", "group:clube-ouro", "phone"]
    said = {"Ouro?": "clube-ouro", "m": "group:mobile"}
    assert check("code,Ouro?,m\nA1,x,\n", columns=said).columns == ["code", "group:clube-ouro", "group:mobile"]
    fields.create(cass, fields.Details({"en": "Clube Ouro"}, code="ouro-grade"))
    assert check("code,Clube Ouro\nA1,x\n").columns == ["code", "ouro-grade"]


def test_who_is_excluded_stays_out_and_is_counted_unless_exclusions_are_lifted(
    cass: Actor, check: New, new_group: New, new_customer: New, s1: Any
) -> None:
    ann, _bea = new_customer("Ann", code="A1"), new_customer("Bea", code="B1", shop=s1)
    new_group("Vips", without=[ann], without_shops=[s1])
    text = "code,vips\nA1,yes\nB1,yes\nC1,yes\n"
    kept = imports.run(cass, check(text).id)
    assert (counted(kept), members("vips")) == ({"group:vips": (1, 0, 2)}, ["C1"])
    lifted = imports.run(cass, check(text, lift_exclusions=True).id)
    assert (counted(lifted), members("vips")) == ({"group:vips": (1, 0, 1)}, ["A1", "C1"])


def test_a_box_counts_for_who_is_in_a_group_by_her_shop(
    cass: Actor, check: New, new_group: New, new_customer: New, s1: Any
) -> None:
    new_customer("Ann", code="A1", shop=s1)
    new_customer("Bea", code="B1", shop=s1)
    new_group("North", shops=[s1])
    checked = check("code,shop,north\nA1,S1,yes\nB1,S1,no\nC1,S1,yes\nD1,S1,no\n")
    assert (results(checked), counted(checked)) == (
        ["unchanged", "updated", "new", "new"], {"group:north": (0, 2, 0)},
    )  # fmt: skip
    imports.run(cass, checked.id)
    assert members("north") == ["A1", "C1"]
    assert membership.differences() == []


def test_a_draft_takes_and_drops_items_and_has_no_members_yet(
    cass: Actor, check: New, new_group: New, new_customer: New
) -> None:
    ann, _bea = new_customer("Ann", code="A1"), new_customer("Bea", code="B1")
    group = new_group("Soon", [ann], status="draft")
    checked = check("code,soon\nA1,no\nB1,yes\n")
    assert counted(checked) == {"group:soon": (1, 1, 0)}
    imports.run(cass, checked.id)
    assert members("soon") == []
    groups.set_status(cass, group.id, "active")
    assert members("soon") == ["B1"]
    assert set(results(check("code,soon\nA1,no\nB1,yes\n"))) == {"unchanged"}


def test_a_list_of_groups_adds_to_each_and_an_unknown_one_refuses_its_row(
    cass: Actor, check: New, new_group: New, new_customer: New
) -> None:
    new_customer("Ann", code="A1")
    for name in ("Vips", "Gold, Silver and more", "Staff"):
        new_group(name)
    text = (
        'code,Groups\nA1,"vips; Gold, Silver and more"\nB1,"staff, VIPS"\nC1,Nobody knows\n'
        'D1,"vips,Odd"\nE1,\n'
    )  # fmt: skip
    checked = check(text)
    assert results(checked) == ["updated", "new", "refused", "refused", "new"]
    assert told(cass, checked, "problems") == [
        (4, "Groups", "There is no group “Nobody knows”."), (5, "Groups", "There is no group “Odd”."),
    ]  # fmt: skip
    imports.run(cass, checked.id)
    assert [members(code) for code in ("vips", "gold-silver-and-more", "staff")] == [["A1", "B1"], ["A1"], ["B1"]]
    assert results(check("code,groups\nA1,vips\nB1,staff\n")) == ["unchanged", "unchanged"]


def test_a_column_called_segment_names_groups_only_if_its_cells_do(check: New, new_group: New) -> None:
    assert check("code,Segment\nA1,Home\n").columns == ["code", None]
    new_group("Home")
    assert check("code,Segment\nA1,Home\nA2,Work\n").columns == ["code", "groups"]
    assert check("code,Segment\nA1,Work\n", columns={"segment": "groups"}).columns == ["code", "groups"]


def test_groups_that_are_not_there_are_created_by_who_may_if_asked_for(
    cass: Actor, check: New, new_group: New, new_customer: New
) -> None:
    new_group("Vips")
    text = 'code,groups\nA1,"vips;Gold club"\nB1,"gold  CLUB"\nC1,' + "x" * 200 + "\n"
    checked = check(text, creates_groups=True)
    assert (results(checked), counted(checked)) == (
        ["new", "new", "refused"], {"group:vips": (1, 0, 0), "new:Gold club": (2, 0, 0)},
    )  # fmt: skip
    assert Group.select().count() == 1
    done = imports.run(cass, checked.id)
    assert (members("vips"), members("gold-club")) == (["A1"], ["A1", "B1"])
    assert (Group.get(Group.code == "gold-club").owner_id, done.counts["new"]) == (cass.user_id, 2)
    repeated = check(text, creates_groups=True)
    assert imports.run(cass, repeated.id).change_id is None
    undo.undo(cass, done.change_id)
    assert Group.get(Group.code == "gold-club").status == "deleted"


def test_a_row_that_says_both_yes_and_no_of_a_group_is_refused(cass: Actor, check: New, new_group: New) -> None:
    new_group("Vips")
    checked = check("code,vips,groups\nA1,no,vips\nB1,maybe,\n")
    assert told(cass, checked, "problems") == [
        (2, "groups", "The row says both yes and no of the group “vips”."),
        (3, "vips", "“maybe” is neither yes nor no."),
    ]


def test_the_group_that_the_file_goes_into_has_no_box_in_it(cass: Actor, check: New, new_group: New) -> None:
    vips = new_group("Vips")
    checked = check("code,vips,groups\nA1,no,vips\n", group=vips)
    assert checked.columns == ["code", None, "groups"]
    assert told(cass, checked, "warnings") == [
        (None, "vips", "The column “vips” is the group that the whole file goes into, so it is left out."),
    ]
    imports.run(cass, checked.id)
    assert members("vips") == ["A1"]


def test_who_may_not_change_groups_has_no_boxes_in_her_files(
    cass: Actor, olive: Actor, check: New, new_group: New
) -> None:
    new_group("Vips")
    checked = check("code,vips,groups\nA1,yes,vips\n", olive)
    assert checked.columns == ["code", None, None]
    assert [line[2] for line in told(olive, checked, "warnings")] == [
        f"The column “{header}” is a group; your roles do not let you change groups, so it is left out."
        for header in ("vips", "groups")
    ]
    imports.run(olive, checked.id)
    assert (members("vips"), Customer.select().count()) == ([], 1)
    # Nor does she run, or take back, what somebody else has checked or imported.
    theirs = check("code,vips\nA1,yes\n")
    for act in (lambda: imports.run(olive, theirs.id), lambda: again.with_columns(olive, theirs.id, {})):
        with pytest.raises(Denied):
            act()
    done = imports.run(cass, theirs.id)
    with pytest.raises(Denied):
        undo.undo(olive, done.change_id)
    assert members("vips") == ["A1"]


def test_guard_rails_stand_for_boxes_too(cass: Actor, olive: Actor, check: New, new_group: New) -> None:
    new_group("Vips", is_guarded=True)
    settings.set_guards(olive, "", is_marked=True)
    checked = check("code,vips\nA1,yes\n")
    with pytest.raises(NeedsApproval):
        imports.run(cass, checked.id)
    assert (Customer.select().count(), Change.select().where(Change.act == "import.run").count()) == (0, 0)
    # One that moves nobody of it asks nobody.
    assert imports.run(cass, check("code,vips\nB1,no\n").id).state == "done"


def test_somebody_removed_after_the_check_is_what_the_check_is_made_anew_for(
    cass: Actor, check: New, new_group: New, new_customer: New
) -> None:
    ann = new_customer("Ann", code="A1")
    vips = new_group("Vips", [ann])
    checked = check("code,vips\nA1,yes\n")
    assert results(checked) == ["unchanged"]
    items.remove_member(cass, vips.id, ann.id)
    with pytest.raises(Exception, match="The check is new now"):
        imports.run(cass, checked.id)
    assert (counted(Import.get_by_id(checked.id)), members("vips")) == ({"group:vips": (0, 0, 1)}, [])
