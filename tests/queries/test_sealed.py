"""The list of changes cannot be altered unnoticed (reliability.md, promise 19)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import peewee
import pytest

from portal import config, seals
from portal.db import db, is_sqlite, run
from portal.models import Change, ChangeRow, ChangeSeal, Customer
from portal.permissions import OPERATOR, Actor
from portal.queries import sealed
from portal.services import customers, shops
from portal.services.changes import record
from tests import tampering
from tests.conftest import Database, settings_for

New = Callable[..., Any]


def broken() -> list[str]:
    """Return what is broken, in words."""
    return [one.sentence % one.params for one in sealed.prove().broken]


def tampered(sql: str, *parameters: Any) -> list[str]:
    """Return what is found broken after a statement that nobody of the portal's would run, which is then taken back."""
    with tampering.unguarded(), db.atomic() as step:
        run(sql, parameters)
        found = broken()
        step.rollback()
    return found


@pytest.fixture
def log(cass: Actor, tmp_path: Path) -> list[tuple[Any, ...]]:
    """A small list of changes; returns the anchors there were."""
    return tampering.make(cass, tmp_path)


KNOWN = ("0bafa2f7", "af385d2d309df6772a67be53feabf521")

# ---- what is written is proven ----


def test_every_change_is_sealed_as_it_is_made(log: Any, database: Database) -> None:
    proof = sealed.prove()
    newest = ChangeSeal.select().order_by(ChangeSeal.id.desc()).get()
    assert (proof.broken, proof.n_rows, proof.n_seals) == ([], ChangeRow.select().count(), newest.id)
    assert proof.newest == f"{newest.id}-{newest.mac[:16]}"
    assert sealed.is_there(proof.newest) and not sealed.is_there(f"{newest.id}-0000") and not sealed.is_there("x")
    # The import wrote four customers at a time with others between: one change of several seals.
    change = Change.get(Change.act == "import.run")
    parts = [row.id for row in ChangeSeal.select().where(ChangeSeal.change == change).order_by(ChangeSeal.id)]
    assert len(parts) >= 3 and parts != list(range(parts[0], parts[0] + len(parts)))
    assert change.n_rows == 24


def test_an_empty_list_is_whole(database: Database) -> None:
    assert broken() == [] and sealed.prove().newest == ""


def test_a_digest_is_the_same_on_every_database_and_in_every_release() -> None:
    """Known answers: another one would disprove every list that is kept today."""
    config.use(settings_for("sqlite://"))
    values = {
        "name": "Zoë\n",
        "shop": None,
        "n": 3,
        "whole": 2.0,
        "part": 0.1,
        "huge": 1e16,
        "list": [1.0, {"b": -0.0}],
    }
    text = seals.text_of(values)
    assert text == (
        '{"huge":10000000000000000,"list":[1,{"b":0}],"n":3,"name":"Zoë\\n","part":0.1,"shop":null,"whole":2}'
    )
    (name, key), *_others = seals.known().items()
    assert (name, seals.digest_by(key, 7, "customer", 12, None, text)) == KNOWN


def test_the_values_of_every_kind_come_back_with_the_same_digest(cass: Actor, database: Database) -> None:
    values = {"whole": 2.0, "part": 0.1, "huge": 1e16, "nought": -0.0, "text": "\u2028 ű \x7f “", "list": [1e3, None]}
    with record(cass, "test.kinds") as change:
        change.row("thing", 1, values, None)
        change.rows("thing", ((n, {}, values) for n in range(2, 5)))
    assert broken() == [] and ChangeRow.select().where(ChangeRow.noun == "thing").count() == 4


def test_a_change_inside_a_change_has_a_seal_of_its_own(cass: Actor, database: Database) -> None:
    with record(cass, "test.outer") as outer:
        outer.row("thing", 1, None, {"n": 1})
        with record(cass, "test.inner") as inner:
            inner.row("thing", 2, None, {"n": 2})
        outer.row("thing", 3, None, {"n": 3})
    assert broken() == []
    assert [(row.change_id, row.n_rows) for row in ChangeSeal.select().order_by(ChangeSeal.id)][-2:] == [
        (inner.id, 1), (outer.id, 2)
    ]  # fmt: skip


def test_rows_written_by_a_statement_get_their_digests_at_the_end(cass: Actor, new_customer: New) -> None:
    for name in ("Ann", "Ben", "Cay"):
        new_customer(name)
    with record(cass, "test.many") as change:
        query = Customer.select(change.id, peewee.Value("customer"), Customer.id)
        made = ChangeRow.insert_from(query, [ChangeRow.change, ChangeRow.noun, ChangeRow.row_id])
        change.counted(db.execute(made).rowcount)
    assert broken() == []
    assert ChangeRow.select().where(ChangeRow.change == change.id, ChangeRow.digest != "").count() == 3


def test_values_are_forgotten_and_what_is_left_still_proves(cass: Actor, new_customer: New) -> None:
    ann = new_customer("Ann", email="ann@canary.example")
    ids = [row.id for row in ChangeRow.select().where(ChangeRow.noun == "customer", ChangeRow.row_id == ann.id)]
    with record(cass, "customer.erase", f"customer:{ann.id}") as change:
        change.forget(ids)
    assert broken() == []
    assert [(row.before, row.after) for row in ChangeRow.select().where(ChangeRow.id.in_(ids))] == [(None, None)]
    # Values that are gone without a word are missed.
    other = new_customer("Ben")
    row = ChangeRow.get(ChangeRow.noun == "customer", ChangeRow.row_id == other.id)
    assert tampered("UPDATE change_row SET after = NULL WHERE id = ?", row.id) == [
        f"Change {row.change_id}: row {row.id} was altered."
    ]


# ---- what is altered is named ----


def test_what_was_altered_is_named(log: Any, database: Database) -> None:
    row = ChangeRow.select().order_by(ChangeRow.id).offset(2).get()
    last = ChangeSeal.select().order_by(ChangeSeal.id.desc()).get()
    assert tampered("UPDATE change_row SET after = '{}' WHERE id = ?", row.id) == [
        f"Change {row.change_id}: row {row.id} was altered."
    ]
    assert tampered("DELETE FROM change_row WHERE id = ?", row.id) == [
        f"Change {row.change_id}: 1 of its rows are missing."
    ]
    assert tampered("UPDATE change SET note = 'x' WHERE id = 3") == ["Change 3, or its seal 3, was altered."]
    assert tampered("UPDATE change SET n_rows = 9 WHERE id = 1") == ["Change 1 says it has 9 rows; 1 were sealed."]
    assert tampered("DELETE FROM change_seal WHERE id IN (2, 3)") == [
        "Seals 2 to 3 are missing.",
        *(f"Change {n}: row {found.id} was put in afterwards." for n in (2, 3) for found in Change.get_by_id(n).rows),
        *(f"Change {n} has no seal: it was put in afterwards, or its seal was taken away." for n in (2, 3)),
    ]
    assert tampered("DELETE FROM change_seal WHERE id = ?", last.id)[0] == (
        f"The end of the list is missing: its last seal is {last.id - 1}, and {last.id} is anchored."
    )
    assert tampered("DELETE FROM change WHERE id = 2") == ["Change 2 is missing; its seal is 2."]
    assert tampered("DELETE FROM change_anchor") == ["The anchor, which says where the list ends, is missing."]
    assert tampered("UPDATE change_anchor SET seal = ?, seal_mac = ?, mac = ?", *log[3]) == [
        f"The anchor was turned back: it names seal {log[3][0]}, and there are seals up to {last.id}."
    ]
    assert tampered("UPDATE change_anchor SET mac = 'x'") == [
        "The anchor, which says where the list ends, was altered."
    ]
    assert broken() == []


def test_each_of_many_random_tamperings_is_found(log: list[tuple[Any, ...]], database: Database) -> None:
    tamperer, unseen = tampering.Tamperer(19, log), []
    with tampering.unguarded():
        for _ in range(60):
            with db.atomic() as step:
                said = tamperer.once()
                if not broken():
                    unseen.append(said)
                step.rollback()
    assert unseen == []
    assert broken() == []


def test_going_on_after_the_end_was_cut_hides_nothing(log: list[tuple[Any, ...]], cass: Actor) -> None:
    """Who takes the end away, anchor and all, and waits for the next change has still left a trace."""
    (newest,) = run("SELECT max(id) FROM change_seal").fetchone()
    with tampering.unguarded():
        run("DELETE FROM change_row WHERE change_id = (SELECT change_id FROM change_seal WHERE id = ?)", (newest,))
        run("DELETE FROM change_seal WHERE id = ?", (newest,))
        run("DELETE FROM change WHERE id NOT IN (SELECT change_id FROM change_seal)")
        (mac,) = run("SELECT mac FROM change_seal WHERE id = ?", (newest - 1,)).fetchone()
        run("UPDATE change_anchor SET seal = ?, seal_mac = ?", (newest - 1, mac))
    shops.create(OPERATOR, code="Z9", name="After")
    assert broken() == [f"Before seal {newest} the end of the list had been altered, or was of another secret key."]


def test_a_whole_earlier_state_is_known_by_a_seal_that_was_kept(database: Database, cass: Actor, s1: Any) -> None:
    before = database.moment()
    shops.create(OPERATOR, code="Z9", name="Later")
    kept = sealed.prove().newest
    assert sealed.is_there(kept)
    before.restore()
    assert broken() == [] and not sealed.is_there(kept)


# ---- the triggers ----


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM change", "DELETE FROM change_row", "DELETE FROM change_seal", "DELETE FROM change_anchor",
        "UPDATE change SET act = 'x.y'", "UPDATE change SET note = 'x'", "UPDATE change SET subject = 'x:1'",
        "UPDATE change_row SET noun = 'x'", "UPDATE change_row SET digest = 'x'", "UPDATE change_row SET after = '{}'",
        "UPDATE change_seal SET mac = 'x'",
    ],
)  # fmt: skip
def test_the_database_itself_refuses_to_alter_what_was_written(sql: str, database: Database, s1: Any) -> None:
    before = database.checksum()
    with pytest.raises(peewee.DatabaseError, match="changes are kept as they were"), db.atomic():
        run(sql)
    assert database.checksum() == before


def test_a_table_of_changes_cannot_be_emptied_at_once(database: Database, s1: Any) -> None:
    everything = "DELETE FROM change_seal WHERE true" if is_sqlite() else "TRUNCATE change_seal"
    with pytest.raises(peewee.DatabaseError, match="changes are kept as they were"), db.atomic():
        run(everything)


# ---- keys ----


def test_an_earlier_key_still_proves_what_was_sealed_with_it(database: Database, cass: Actor, s1: Any) -> None:
    old, new = config.current(), settings_for(database.url, secret_key="n" * 40)
    config.use(new)
    (n,) = run("SELECT max(id) FROM change_seal").fetchone()
    unknown = f"Seals 1 to {n} are of a secret key that is not known here; name it in PORTAL_SECRET_KEY_FALLBACKS."
    assert broken() == [unknown]
    shops.create(OPERATOR, code="Z9", name="Under the new key")
    assert broken() == [
        f"Before seal {n + 1} the end of the list had been altered, or was of another secret key.", unknown
    ]  # fmt: skip
    config.use(settings_for(database.url, secret_key="n" * 40, secret_key_fallbacks=f"{old.secret_key} {'o' * 40}"))
    assert broken() == []
    customers.create(cass, {"code": "A1"})
    assert broken() == []
    assert len({row.key_name for row in ChangeSeal.select()}) == 2
