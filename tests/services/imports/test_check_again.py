"""A check that was killed: what was read to its end is checked again, everything else is dropped."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from portal.errors import Conflict, Missing, Refusal
from portal.models import Group, Import, ImportRow
from portal.permissions import Actor
from portal.queries import imports as find
from portal.services import imports
from portal.services.imports import counts, preparing, resolve, stage

New = Callable[..., Any]
START = "2040-01-01T10:00:00Z"


class Killed(Exception):
    """Stands for the end of the process."""


@pytest.fixture
def kill(cass: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> New:
    """Check a file as Cass, in a process that ends when `module` comes to `name`; returns the import it leaves."""

    def killed(module: Any, name: str, group: Group | None = None) -> Import:
        path = tmp_path / "people.csv"
        path.write_text("code,name\nA1,Ann\nB1,Bea\nA1,Ann\n", encoding="utf-8")

        def die(*args: Any, **options: Any) -> None:
            raise Killed

        with monkeypatch.context() as patched, pytest.raises(Killed):
            patched.setattr(module, name, die)
            imports.check(cass, path, path.name, group=group)
        return Import.select().order_by(Import.id.desc()).get()

    return killed


def test_a_file_that_was_read_to_its_end_is_checked_again_as_if_nothing_had_happened(
    cass: Actor, kill: New, new_group: New, new_customer: New
) -> None:
    group = new_group("Vips", [new_customer("Bea", code="B1")])
    left = kill(counts, "summarise", group)
    assert (left.state, find.is_read(left), ImportRow.select().count()) == ("reading", True, 3)
    checked = imports.check_again(cass, left.id)
    assert (checked.state, checked.counts, checked.matching) == ("checked", {
        "rows": 3, "new": 1, "updated": 0, "unchanged": 2, "ambiguous": 0, "refused": 0, "joined": 1, "already": 2,
        "excluded": 0, "left": 0,
    }, "")  # fmt: skip
    assert imports.run(cass, left.id).state == "done"
    assert Group.get_by_id(group.id).n_members == 2
    assert imports.check_again(cass, left.id).state == "done"


def test_a_file_that_was_not_read_to_its_end_can_only_be_dropped(cass: Actor, kill: New) -> None:
    left = kill(preparing, "misfit")
    assert (left.state, find.is_read(left)) == ("reading", False)
    with pytest.raises(Refusal, match="not read to its end"):
        imports.check_again(cass, left.id)
    assert imports.cancel(cass, left.id).state == "cancelled"
    with pytest.raises(Missing):
        imports.check_again(cass, left.id)


def test_whoever_is_at_a_check_after_all_is_stopped_by_who_checks_again(
    cass: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "people.csv"
    path.write_text("code,name\nA1,Ann\n", encoding="utf-8")
    again: list[Import] = []

    def sleep(seconds: float) -> None:
        if not again:
            again.append(Import.get())
            again.append(imports.check_again(cass, again[0].id))

    monkeypatch.setattr(resolve, "time", SimpleNamespace(sleep=sleep, monotonic=resolve.time.monotonic))
    with pytest.raises(Conflict, match="just now"):
        imports.check(cass, path, path.name)
    assert (again[1].state, Import.get().state, Import.get().counts["new"]) == ("checked", "checked", 1)


def test_a_file_that_is_dropped_while_it_is_read_stays_dropped(
    cass: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "people.csv"
    path.write_text("code,name\nA1,Ann\n", encoding="utf-8")
    stage_rows = stage._stage_rows

    def dropped(context: Any, sheet: Any) -> None:
        stage_rows(context, sheet)
        imports.cancel(cass, context.imported.id)
        stage_rows(context, sheet)

    monkeypatch.setattr(stage, "_stage_rows", dropped)
    with pytest.raises(Conflict, match="dropped this file"):
        imports.check(cass, path, path.name)
    assert (Import.get().state, ImportRow.select().count()) == ("cancelled", 0)


def test_a_check_counts_as_interrupted_after_five_minutes(kill: New, time_machine: Any) -> None:
    time_machine.move_to(START, tick=False)
    left = kill(counts, "summarise")
    time_machine.move_to("2040-01-01T10:05:00Z", tick=False)
    assert not find.is_interrupted(left)
    time_machine.move_to("2040-01-01T10:05:01Z", tick=False)
    assert find.is_interrupted(left)
