"""Sweeping: what becomes of staged rows that nobody goes on with, and of those of imports long over."""

from collections.abc import Callable
from typing import Any

import pytest

from portal.errors import Missing, Refusal
from portal.models import Customer, Import, ImportRow
from portal.permissions import Actor
from portal.queries import imports as find
from portal.services import imports, sessions
from portal.services.imports import sweep
from tests.conftest import PASSWORD

New = Callable[..., Any]
START, DAY_30, LATER = "2040-01-01T10:00:00Z", "2040-01-31T10:00:00Z", "2040-01-31T10:00:01Z"


def staged() -> list[str]:
    return sorted(row.code or "" for row in ImportRow.select())


def test_a_reading_that_began_within_the_hour_is_left_alone(cass: Actor, check: New, time_machine: Any) -> None:
    time_machine.move_to(START, tick=False)
    finished, reading = check("code\nA0\n"), check("code\nA1\n")
    Import.update(state="reading").where(Import.id == reading.id).execute()
    time_machine.move_to("2040-01-01T11:00:00Z", tick=False)
    check("code\nA2\n")
    with pytest.raises(Refusal, match="could not be checked"):
        imports.run(cass, reading.id)
    assert ImportRow.select().count() == 3
    time_machine.move_to("2040-01-01T11:00:01Z", tick=False)
    check("code\nA3\n")
    with pytest.raises(Missing):
        imports.run(cass, reading.id)
    assert staged() == ["A0", "A2", "A3"]
    assert imports.run(cass, finished.id).counts["new"] == 1


def test_the_rows_of_an_import_are_dropped_after_30_days_and_its_counts_stay(
    cass: Actor, check: New, time_machine: Any
) -> None:
    time_machine.move_to(START, tick=False)
    first = check("code,hat\nA1,x\nA1,y\n,\n,z\n")
    imports.run(cass, first.id)
    counts = Import.get_by_id(first.id).counts
    assert (counts["rows"], counts["new"], counts["refused"]) == (3, 1, 1)
    time_machine.move_to(DAY_30, tick=False)
    imports.run(cass, check("code\nB1\n").id)
    assert (staged(), find.is_long_over(first)) == (["", "A1", "A1", "B1"], False)
    assert [cells for cells, _ in find.refused(first)] == [["", "z"]]
    time_machine.move_to(LATER, tick=False)
    assert find.is_long_over(first)
    with pytest.raises(Missing, match="dropped 30 days after the import"):
        find.refused(first)
    check("code\nC1\n")
    kept = find.by_id(cass, first.id)
    assert (staged(), kept.counts, kept.headers, kept.columns, kept.problems) == (["B1", "C1"], counts, [], [], [])
    assert imports.run(cass, first.id).state == "done" and Customer.select().count() == 2
    assert (find.report(cass, kept)["new"], find.report(cass, kept)["problems"]) == (1, [])


def test_the_30_days_begin_when_the_file_is_imported_not_when_it_is_checked(
    cass: Actor, check: New, time_machine: Any
) -> None:
    time_machine.move_to(START, tick=False)
    late, nothing = check("code\nA1\n"), check("code\n,\n")
    time_machine.move_to(DAY_30, tick=False)
    imports.run(cass, late.id)
    imports.run(cass, nothing.id)  # wrote nothing, so it has no change that would say when
    time_machine.move_to(LATER, tick=False)
    assert [find.is_long_over(Import.get_by_id(one.id)) for one in (late, nothing)] == [False, True]
    time_machine.move_to("2040-03-01T10:00:01Z", tick=False)
    assert find.is_long_over(Import.get_by_id(late.id))


def test_a_check_that_nobody_ran_for_30_days_is_dropped_and_one_that_is_being_written_is_not(
    cass: Actor, check: New, time_machine: Any
) -> None:
    time_machine.move_to(START, tick=False)
    idle, running = check("code,hat\nA1,x\n"), check("code\nB1\n")
    stopped = check("code,email\nA1,0788412901\n")
    Import.update(state="running").where(Import.id == running.id).execute()
    assert stopped.state == "stopped" and "0788412901" in str(Import.get_by_id(stopped.id).problems)
    time_machine.move_to(DAY_30, tick=False)
    assert not sweep.long_over() and staged() == ["A1", "B1"]
    time_machine.move_to(LATER, tick=False)
    assert not sweep.long_over() and staged() == ["B1"]
    for one in (idle, stopped):
        assert Import.get_by_id(one.id).problems == []
        with pytest.raises(Missing):
            find.by_id(cass, one.id)
        with pytest.raises(Missing):
            imports.run(cass, one.id)
    assert imports.run(cass, running.id).state == "done"


def test_signing_in_drops_some_rows_at_a_time_and_the_next_check_all(
    cass: Actor, check: New, time_machine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "SWEPT", 2)
    time_machine.move_to(START, tick=False)
    imports.run(cass, check("code\n" + "".join(f"A{n}\n" for n in range(9))).id)
    time_machine.move_to(LATER, tick=False)
    left = []
    for _ in range(2):
        sessions.sign_in("cass@store.example", PASSWORD)
        left.append(len(staged()))
    check("code\nB1\n")
    assert (left, staged()) == ([7, 5], ["B1"])
