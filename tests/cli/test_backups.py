"""Backups and restores: refusals, the drill under load, kill -9, older and newer databases."""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal import copies, migrate
from portal.db import db
from portal.models import Change, Customer, UserSession
from portal.permissions import OPERATOR
from portal.services import backups, sessions
from tests.cli.conftest import PASSWORD
from tests.long import drill

CASS = ("--as", "cass@x.example")


@pytest.fixture
def memory() -> Iterator[Path]:
    """A folder for the drill, in memory where there is some: every commit is forced to the disk."""
    shared = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="coterie-", dir=shared if shared.is_dir() else None))
    yield folder
    drill.forget()
    shutil.rmtree(folder)


def kept(place: Path) -> list[Path]:
    return sorted(place.glob("instance/portal.db.before-restore-*"))


def parts(place: Path) -> list[Path]:
    return [path for path in place.rglob("*.part*")]


def test_a_backup_is_private_whole_and_on_record(portal, store, place):
    told = portal("backup", "kept.db")
    assert (told.exit_code, told.stderr) == (0, "")
    file = place / "kept.db"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert f"{file.stat().st_size} bytes" in told.stdout
    assert copies.look(file).rows["user_account"] == 7
    assert Change.select().where(Change.act == "system.backup").count() == 1
    assert parts(place) == []


def test_a_backup_is_not_written_over_unless_asked(portal, store, place):
    (place / "kept.db").write_text("mine")
    refused = portal("backup", "kept.db")
    assert (refused.exit_code, (place / "kept.db").read_text()) == (1, "mine")
    assert portal("backup", "kept.db", "--force").exit_code == 0
    assert portal("backup", "instance/portal.db", "--force").exit_code == 1
    assert portal("backup", "nowhere/kept.db").exit_code == 1


def test_a_wrong_membership_is_no_good_backup(portal, store, place):
    assert portal("customer", "add", "A1", "--name", "Ana", "--shop", "KGN", *CASS).exit_code == 0
    portal("group", "create", "North", "--shop", "KGN", *CASS)
    db.execute_sql("DELETE FROM membership_row")
    refused = portal("backup", "kept.db")
    assert (refused.exit_code, (place / "kept.db").exists(), parts(place)) == (1, False, [])


@pytest.mark.parametrize("name", ["cass", "ana", "sol", "pat", "sam"])
def test_only_who_maintains_takes_and_brings_back_backups(portal, store, place, name):
    portal("backup", "kept.db")
    for words in (("backup", "more.db"), ("restore", "kept.db", "--yes"), ("doctor",)):
        assert portal(*words, "--as", f"{name}@x.example").exit_code == 1
    assert not (place / "more.db").exists()
    assert kept(place) == []


@pytest.mark.parametrize("name", ["olive", "tess"])
def test_owner_and_tech_admin_may(portal, store, place, name):
    for words in (("backup", "kept.db"), ("restore", "kept.db", "--yes")):
        assert portal(*words, "--as", f"{name}@x.example").exit_code == 0


def test_a_restore_brings_back_what_was_and_keeps_what_is(portal, store, place):
    assert portal("customer", "add", "OLD", "--name", "Old", *CASS).exit_code == 0
    portal("backup", "kept.db")
    assert portal("customer", "add", "N1", "--name", "New", *CASS).exit_code == 0
    done = portal("restore", "kept.db", "--yes")
    assert done.exit_code == 0, done.output
    assert [row.code for row in Customer.select()] == ["OLD"]
    (old,) = kept(place)
    assert copies.look(old).rows["customer"] == 2
    assert Change.select().where(Change.act == "system.restore").count() == 1
    assert portal("verify").exit_code == 0
    assert parts(place) == []


def test_no_session_of_the_past_opens_again(portal, store, place):
    session = sessions.sign_in("cass@x.example", PASSWORD)
    portal("backup", "kept.db")
    sessions.sign_out(drill.find_users.actor_of(session.user, drill.Door.PAGE), session.id)
    portal("restore", "kept.db", "--yes")
    assert drill.find_users.session(session.key) is None
    assert UserSession.select().where(UserSession.ended_at.is_null()).count() == 0


def test_a_question_unanswered_changes_nothing(portal, store, place):
    portal("backup", "kept.db")
    assert portal("restore", "kept.db", stdin="n\n").exit_code == 1
    assert kept(place) == []


def test_what_is_no_sound_database_of_ours_is_not_restored(portal, store, place):
    portal("backup", "good.db")
    good = (place / "good.db").read_bytes()
    (place / "text.db").write_text("hello")
    (place / "empty.db").write_bytes(b"")
    (place / "half.db").write_bytes(good[: len(good) // 2])
    (place / "spoilt.db").write_bytes(good[:40_960] + os.urandom(4_096) + good[45_056:])
    other = drill.copies.peewee.sqlite3.connect(place / "other.db")
    other.execute("CREATE TABLE customer (id)")
    other.close()
    for name in ("text", "empty", "half", "spoilt", "other", "missing"):
        refused = portal("restore", f"{name}.db", "--yes")
        assert (name, refused.exit_code, refused.stderr.count("\n")) == (name, 1, 1)
    assert kept(place) == []
    assert portal("verify").exit_code == 0


def test_a_newer_database_is_refused_and_an_older_one_migrated(portal, store, place, monkeypatch):
    portal("backup", "kept.db")
    raw = drill.copies.peewee.sqlite3.connect(place / "kept.db")
    raw.execute("INSERT INTO schema_migration (name, applied) VALUES ('9999_later', '2026-01-01 00:00:00')")
    raw.commit()
    raw.close()
    assert "newer version" in portal("restore", "kept.db", "--yes").stderr
    portal("backup", "older.db")
    coming = place / "migrations"
    shutil.copytree(migrate.MIGRATIONS, coming)
    (coming / "0900_mark.py").write_text(
        'def up(migrator, db):\n    db.execute_sql("CREATE TABLE mark (id INTEGER PRIMARY KEY)")\n'
        'def down(migrator, db):\n    db.execute_sql("DROP TABLE mark")\n'
    )
    monkeypatch.setattr(migrate, "MIGRATIONS", coming)
    done = portal("restore", "older.db", "--yes")
    assert "0900_mark" in done.stdout
    assert "mark" in db.get_tables()


def test_a_lost_or_spoilt_database_comes_back(portal, store, place):
    portal("backup", "kept.db")
    path = place / "instance" / "portal.db"
    drill.forget()
    path.write_bytes(b"spoilt " * 1_000)
    assert portal("backup", "more.db").exit_code == 1
    assert "damaged" in portal("restore", "kept.db", "--yes").stdout
    assert portal("verify").exit_code == 0
    drill.forget()
    for left in path.parent.glob("portal.db*"):
        left.unlink()
    assert portal("restore", "kept.db", "--yes").exit_code == 0
    assert portal("verify").exit_code == 0


def test_backups_under_load_restore_whole_with_everything_confirmed(memory):
    figures = drill.under_load(memory, 5, n_customers=100)
    assert figures["backups"] == 5
    assert (figures["lost"], figures["differences"]) == (0, 0)


def test_a_restore_killed_at_any_step_leaves_the_old_or_the_new_database(memory):
    drill.store(memory / "new.db", 60)
    file = memory / "new.backup"
    backups.take(OPERATOR, file)
    drill.store(memory / "old.db", 30)
    drill.forget()
    seen, step, is_dying = [], 0, True
    while is_dying:
        step += 1
        path = memory / f"{step}" / "portal.db"
        path.parent.mkdir()
        shutil.copyfile(memory / "old.db", path)
        drill.use(path)
        is_dying = drill.killed(lambda: backups.restore(OPERATOR, file), step=step)
        seen.append(drill.state(path))
    assert step > 12
    assert set(seen) == {30, 60}
    assert seen == sorted(seen)  # once the new one is there it stays


def test_people_who_have_the_portal_open_go_on_with_the_restored_database(portal, store, place):
    assert portal("customer", "add", "OLD", "--name", "Old", *CASS).exit_code == 0
    portal("backup", "kept.db")
    assert portal("customer", "add", "N1", "--name", "New", *CASS).exit_code == 0
    reader = drill.copies.peewee.sqlite3.connect(place / "instance" / "portal.db")
    reader.execute("BEGIN")
    count = "SELECT count(*) FROM customer"
    assert reader.execute(count).fetchone() == (2,)
    assert portal("restore", "kept.db", "--yes").exit_code == 0
    assert reader.execute(count).fetchone() == (2,)  # its moment
    reader.execute("COMMIT")
    assert reader.execute(count).fetchone() == (1,)
    reader.close()
