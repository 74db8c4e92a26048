"""Wrong cells of a checked file are corrected where they stand, rows left out; what the file said is kept."""

import threading
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from portal.errors import Conflict, Denied, Missing, Refusal
from portal.models import Change, Customer, Import, ImportRow
from portal.permissions import Actor
from portal.queries import imports as find
from portal.services import fields, groups, imports, undo
from portal.services.imports import again, sweep
from portal.services.imports.correcting import Corrections, correct

New = Callable[..., Any]
FILE = "code,name,email\nA1,Ann,nobody\nA2,Ben,b@x.example\n,Cay,\n"


def outcome(imported: Import) -> dict[int, str]:
    return {row.row: row.result for row in find.rows(imported).rows}


def cells(imported: Import) -> dict[int, list[str]]:
    return {row.row: row.cells for row in find.rows(imported).rows}


def test_the_wrong_cells_of_a_row_are_those_that_keep_it_from_being_taken(check: New) -> None:
    rows = "A1,Ann,x,1,soon\n,Ben,,,\nA3,Cay,c@x.example,,,,y\nA4,,,,\n"
    imported = check(f"code,first name,email,phone,birth date\n{rows}")
    assert {row.row: find.wrong_cells(imported, row) for row in find.rows(imported).rows} == {
        2: [2, 3, 4], 3: [0, 2, 3], 4: [], 5: [],
    }  # fmt: skip


def test_a_corrected_cell_is_judged_again_and_imported_and_what_the_file_said_is_kept(cass: Actor, check: New) -> None:
    first = check(FILE)
    mended = correct(cass, first.id, Corrections({(2, 2): "ann@x.example"}))
    assert (Import.get_by_id(first.id).state, mended.state) == ("cancelled", "checked")
    assert outcome(mended) == {2: "new", 3: "new", 4: "refused"}
    assert (mended.counts["new"], mended.counts["refused"]) == (2, 1)
    kept = mended.corrections["2"]
    assert (kept["cells"], kept["out"], kept["by"]) == ({"2": ["nobody", "ann@x.example"]}, False, cass.user_id)
    assert cells(mended)[2] == ["A1", "Ann", "ann@x.example"]
    # A second correction goes on from the first, and the file still says what it said.
    mended = correct(cass, mended.id, Corrections({(2, 2): "anna@x.example", (4, 0): "A3"}))
    assert mended.corrections["2"]["cells"] == {"2": ["nobody", "anna@x.example"]}
    done = imports.run(cass, mended.id)
    assert {row.code: row.email for row in Customer.select()} == {"A1": "anna@x.example", "A2": "b@x.example", "A3": ""}
    assert Import.get_by_id(done.id).corrections == mended.corrections
    undo.undo(cass, done.change_id)
    assert Customer.select().where(Customer.removed_at.is_null()).count() == 0


def test_the_same_file_again_says_what_it_said_and_changes_nothing(cass: Actor, check: New) -> None:
    imports.run(cass, correct(cass, check(FILE).id, Corrections({(2, 2): "ann@x.example"}, out=[4])).id)
    n_changes = Change.select().count()
    second = check(FILE)
    assert (outcome(second), second.corrections) == ({2: "refused", 3: "unchanged", 4: "refused"}, {})
    imports.run(cass, second.id)
    assert (Change.select().count(), Customer.get(Customer.code == "A1").email) == (n_changes, "ann@x.example")


def test_a_row_is_left_out_and_taken_in_again_and_says_nothing_to_others_meanwhile(cass: Actor, check: New) -> None:
    fields.create(cass, fields.Details({"en": "Badge"}, "text", is_unique=True))
    first = check("code,badge,email\nA1,7,\nA2,7,\nA3,8,nobody\n")
    assert outcome(first) == {2: "new", 3: "refused", 4: "refused"}
    out = correct(cass, first.id, Corrections(out=[2, 4]))
    assert (outcome(out), out.counts["refused"]) == ({2: "refused", 3: "new", 4: "refused"}, 2)
    why = find.why_not(find.rows(out).rows[0])
    assert why is not None and why.sentence == "This row is left out by choice."
    assert find.wrong_cells(out, find.rows(out).rows[2]) == []
    back = correct(cass, out.id, Corrections(back=[2]))
    assert outcome(back) == {2: "new", 3: "refused", 4: "refused"}
    imports.run(cass, correct(cass, back.id, Corrections(out=[2])).id)
    assert [one.code for one in Customer.select()] == ["A2"]


def test_a_correction_outlives_other_columns_and_a_date_is_read_as_its_column_is(cass: Actor, check: New) -> None:
    first = check("code,Date of birth,Mail\nA1,25/12/1991,x\nA2,soon,\n")
    mended = correct(cass, first.id, Corrections({(3, 1): "3.4.1992"}))
    assert [row.birth_date for row in find.rows(mended).rows][1] == date(1992, 4, 3)
    other = again.with_columns(cass, mended.id, {"Mail": ""})
    assert (outcome(other), other.corrections) == ({2: "new", 3: "new"}, mended.corrections)


def test_what_is_said_as_it_stands_is_no_correction(cass: Actor, check: New) -> None:
    first = check('code,name,email\nA1,Ann,"no\nbody"\n')
    assert correct(cass, first.id, Corrections({(2, 2): "nobody"})).id == first.id
    assert correct(cass, first.id, Corrections(back=[2])).id == first.id
    assert correct(cass, first.id, Corrections()).id == first.id
    emptied = correct(cass, first.id, Corrections({(2, 2): ""}))
    assert (outcome(emptied), emptied.corrections["2"]["cells"]) == ({2: "new"}, {"2": ["no\nbody", ""]})


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (Corrections({(9, 0): "x"}), "no such cell"),
        (Corrections({(2, 7): "x"}), "no such cell"),
        (Corrections({(2, -1): "x"}), "no such cell"),
        (Corrections(out=[1]), "no such cell"),
        (Corrections(back=[-1]), "no such cell"),
        (Corrections(out=[2**40]), "no such cell"),
        (Corrections({(2, 2): "a\x00b"}), "cannot be stored"),
        (Corrections({(2, 2): "\ud800"}), "cannot be stored"),
        (Corrections({(2, 2): "x" * 5_001}), "at most 5000 fit"),
    ],
)
def test_what_cannot_be_corrected_is_refused_and_nothing_is_stored(
    cass: Actor, check: New, said: Corrections, sentence: str
) -> None:
    first = check(FILE)
    with pytest.raises(Refusal, match=sentence):
        correct(cass, first.id, said)
    assert [(one.id, one.state, one.corrections) for one in Import.select()] == [(first.id, "checked", {})]
    assert ImportRow.select().count() == 3


def test_nobody_corrects_without_the_rights_of_the_import_or_once_it_is_run(
    cass: Actor, sam: Actor, tess: Actor, check: New
) -> None:
    group = groups.create(cass, groups.Details("Vips")).group
    said = Corrections({(2, 2): "ann@x.example"})
    first = check(FILE, group=group)
    for nobody in (sam, tess):
        with pytest.raises(Denied):
            correct(nobody, first.id, said)
    with pytest.raises(Missing):
        correct(cass, first.id + 1, said)
    assert [(one.state, one.corrections) for one in Import.select()] == [("checked", {})]
    imports.run(cass, first.id)
    with pytest.raises(Refusal, match="has been"):
        correct(cass, first.id, said)
    assert Import.get_by_id(first.id).corrections == {}


def test_who_is_slower_is_told_and_overwrites_nothing(cass: Actor, check: New) -> None:
    first = check(FILE)
    mended = correct(cass, first.id, Corrections({(2, 2): "ann@x.example"}))
    with pytest.raises(Conflict, match="checked anew"):
        correct(cass, first.id, Corrections({(2, 2): "other@x.example"}))
    assert [one.id for one in Import.select().where(Import.state == "checked")] == [mended.id]


@pytest.mark.parametrize("is_run", [False, True])
def test_a_check_that_is_run_or_replaced_while_it_is_corrected_stands(
    cass: Actor, check: New, monkeypatch: pytest.MonkeyPatch, is_run: bool
) -> None:
    first = check(FILE)
    resolve = again.resolve.resolve

    def meanwhile(imported: Import) -> None:
        monkeypatch.setattr(again.resolve, "resolve", resolve)
        resolve(imported)
        quicker = imports.run if is_run else lambda *said: correct(*said, Corrections({(2, 2): "ann@x.example"}))
        thread = threading.Thread(target=quicker, args=(cass, first.id))
        thread.start()
        thread.join()

    monkeypatch.setattr(again.resolve, "resolve", meanwhile)
    with pytest.raises(Conflict, match="checked anew, imported or dropped"):
        correct(cass, first.id, Corrections({(2, 2): "late@x.example"}))
    (stands,) = Import.select().where(Import.state.in_(("checked", "done")))
    assert (stands.state, "late@x.example" in str(stands.corrections)) == ("done" if is_run else "checked", False)
    assert {row.imported.id for row in ImportRow.select()} == {stands.id}


def test_what_the_file_said_is_dropped_with_its_rows(cass: Actor, check: New) -> None:
    mended = correct(cass, check(FILE).id, Corrections({(2, 2): "ann@x.example"}))
    imports.cancel(cass, mended.id)
    while sweep.long_over():
        pass
    assert {str(one.corrections) for one in Import.select()} == {"{}"}
