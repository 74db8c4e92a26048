"""Several people at once: what one looked up stays true until she has written, on both databases (decision 0020)."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from portal.db import WRITE_DEADLINE, db, transaction, writers_wait
from portal.errors import Busy, Conflict, Refusal
from portal.models import (
    Change,
    Customer,
    Group,
    GroupItem,
    Import,
    ImportRow,
    Membership,
    PastMembership,
    Shop,
    User,
    UserRole,
)
from portal.permissions import OPERATOR, Actor, Grant, Role
from portal.queries import membership
from portal.services import customers, groups, imports, items, shops, users
from portal.services.changes import record
from portal.services.groups import Details
from portal.services.imports import matching, resolve
from portal.services.items import NewItem
from tests.conftest import PASSWORD, Database, Person

New = Callable[..., Any]
ROOT = Path(__file__).parents[2]
EVERYBODY = 8


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Make all calls at one moment, each in a thread with a connection of its own; return results and refusals."""
    start, found = threading.Barrier(len(calls)), [None] * len(calls)

    def run(number: int, call: Callable[[], Any]) -> None:
        try:
            db.connect(reuse_if_open=True)
            start.wait(10)
            found[number] = call()
        except BaseException as error:
            found[number] = error
        finally:
            db.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    faults = [one for one in found if isinstance(one, BaseException) and not isinstance(one, Refusal)]
    assert not faults, faults
    return found


def refused(found: list[Any]) -> list[Refusal]:
    return [one for one in found if isinstance(one, Refusal)]


@pytest.fixture
def sound(database: Database) -> Iterator[None]:
    """Check what `portal verify` checks when the test is over."""
    yield
    assert (membership.differences(), membership.broken_intervals(), membership.wrong_counts()) == ([], [], [])


@pytest.fixture
def sheet(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "people.csv"
        path.write_text(text, encoding="utf-8")
        return path

    return write


# ---- one name, one code, one owner ----


def test_of_many_who_store_one_code_one_does_and_the_others_read_whose_it_is(cass: Actor, sound: None) -> None:
    found = at_once(*[lambda: customers.create(cass, {"code": "A1", "name": "Ann"})] * EVERYBODY)
    assert [(one.field, str(one)) for one in refused(found)] == [
        ("code", "Another customer has the code “A1” already: Ann.")
    ] * (EVERYBODY - 1)
    assert Customer.select().count() == 1
    assert Change.select().where(Change.act == "customer.create").count() == 1


def test_customers_without_a_code_get_one_each(cass: Actor, sound: None) -> None:
    typed = [{"name": f"N{n}", "email": f"n{n}@x.example"} for n in range(EVERYBODY)]
    assert not refused(at_once(*[lambda said=said: customers.create(cass, said) for said in typed]))
    assert len({customer.code for customer in Customer.select()}) == EVERYBODY


def test_of_many_who_create_one_group_one_does(cass: Actor, sound: None) -> None:
    found = at_once(*[lambda: groups.create(cass, Details("Vips"))] * EVERYBODY)
    assert [one.field for one in refused(found)] == ["name"] * (EVERYBODY - 1)
    assert Group.select().count() == 1


def test_copies_made_at_once_have_names_and_codes_of_their_own(cass: Actor, new_group: New, sound: None) -> None:
    group = new_group("Vips")
    assert not refused(at_once(*[lambda: groups.duplicate(cass, group.id)] * 4))
    assert len({group.name for group in Group.select()}) == len({group.code for group in Group.select()}) == 5


def test_of_many_who_create_one_shop_one_does(database: Database) -> None:
    found = at_once(*[lambda: shops.create(OPERATOR, code="S9", name="Nine")] * EVERYBODY)
    assert [one.field for one in refused(found)] == ["code"] * (EVERYBODY - 1)
    assert Shop.select().count() == 1


def test_one_set_up_makes_one_owner(database: Database, tmp_path: Path) -> None:
    code = users.setup_code(tmp_path)
    said = {"code": code, "name": "Olive", "password": PASSWORD, "is_manager": False}
    calls = [lambda n=n: users.set_up(tmp_path, email=f"o{n}@x.example", **said) for n in range(3)]
    assert len(refused(at_once(*calls))) == 2
    assert User.select().count() == UserRole.select().count() == 1


def test_two_owners_who_go_at_once_leave_one(olive: Actor, new_person: Callable[..., Person]) -> None:
    other = new_person("Orla", (Role.OWNER, None))
    going = [lambda n=n: users.revoke(olive, n, Grant(Role.OWNER)) for n in (olive.user_id, other.user.id)]
    assert len(refused(at_once(*going))) == 1
    assert UserRole.select().where(UserRole.role == "owner").count() == 1


# ---- nothing is overwritten or counted twice ----


def test_of_many_who_save_one_form_one_does(cass: Actor, new_customer: New, sound: None) -> None:
    ann = new_customer("Ann")
    found = at_once(*[lambda n=n: customers.edit(cass, ann.id, {"name": f"Ann {n}"}, 1) for n in range(EVERYBODY)])
    assert [type(one) for one in refused(found)] == [Conflict] * (EVERYBODY - 1)
    stored = Customer.get_by_id(ann.id)
    assert stored.version == 2
    assert Change.select().where(Change.act == "customer.edit").count() == 1


def test_members_added_to_one_group_at_once_are_all_in_it_and_counted(
    cass: Actor, new_customer: New, new_group: New, sound: None
) -> None:
    people, group = [new_customer(f"N{n}") for n in range(EVERYBODY)], new_group("Vips")
    assert not refused(at_once(*[lambda p=person: items.add_member(cass, group.id, p.id) for person in people]))
    assert Group.get_by_id(group.id).n_members == Membership.select().count() == EVERYBODY


def test_one_member_added_by_many_is_in_once(cass: Actor, new_customer: New, new_group: New, sound: None) -> None:
    ann, group = new_customer("Ann"), new_group("Vips")
    assert not refused(at_once(*[lambda: items.add_member(cass, group.id, ann.id)] * EVERYBODY))
    assert GroupItem.select().where(GroupItem.ended_at.is_null()).count() == Membership.select().count() == 1


def test_adding_and_removing_one_member_at_once_ends_as_one_of_the_two(
    cass: Actor, new_customer: New, new_group: New, sound: None
) -> None:
    ann, group = new_customer("Ann"), new_group("Vips")
    for _ in range(4):
        acts = [items.add_member, items.remove_member] * 3
        assert not refused(at_once(*[lambda act=act: act(cass, group.id, ann.id) for act in acts]))
        live = list(GroupItem.select().where(GroupItem.ended_at.is_null()))
        assert len(live) == 1
        assert Membership.select().count() == (live[0].sign == "include")


def test_a_customer_who_moves_while_her_new_shop_is_included_is_a_member(
    cass: Actor, s1: Shop, s2: Shop, new_customer: New, new_group: New, sound: None
) -> None:
    """Neither of the two sees what the other has not yet committed: alone, each would find nothing to do."""
    for n in range(6):
        ann, group = new_customer(f"Ann {n}", s1), new_group(f"Vips {n}")
        at_once(
            lambda ann=ann: customers.edit(cass, ann.id, {"shop": "S2"}),
            lambda group=group: items.add(cass, group.id, [NewItem(shop_id=s2.id)]),
        )
        member = Membership.select().where(Membership.group == group.id, Membership.customer == ann.id)
        assert member.exists()


def test_shops_change_and_groups_are_archived_while_a_file_is_imported(
    cass: Actor, s1: Shop, s2: Shop, new_customer: New, new_group: New, sheet: Callable[[str], Path], sound: None
) -> None:
    people = [new_customer(f"N{n}", s1, code=f"N{n}") for n in range(20)]
    group, whole_shop = new_group("Resellers"), new_group("Of two", shops=[s2])
    lines = "".join(f"N{n},S2\n" for n in range(10, 20)) + "".join(f"X{n},S2\n" for n in range(30))
    checked = imports.check(cass, sheet("code,shop\n" + lines), "people.csv", group=group)

    def move() -> None:
        for person in people[:10]:
            customers.edit(cass, person.id, {"shop": "S2"})

    def flip() -> None:
        for status in ("archived", "active") * 3:
            groups.set_status(cass, whole_shop.id, status)

    done, again, *others = at_once(
        lambda: imports.run(cass, checked.id), lambda: imports.run(cass, checked.id), move, flip
    )
    # Where others wrote before both had begun, both match the rows anew, and the later one stops the earlier one.
    stopped = [str(one) for one in (done, again) if isinstance(one, Conflict)]
    assert stopped in ([], [resolve.BEING_MATCHED])
    assert [one.state for one in (done, again) if isinstance(one, Import)] == ["done"] * (2 - len(stopped))
    assert others == [None, None]
    assert Membership.select().where(Membership.group == group.id).count() == 40
    assert Membership.select().where(Membership.group == whole_shop.id).count() == 50
    assert Change.select().where(Change.act == "import.run").count() == 1
    assert Customer.select().where(Customer.shop == s1).count() == 0


def test_rows_that_somebody_stored_since_the_check_are_not_stored_twice(
    cass: Actor, sheet: Callable[[str], Path], sound: None
) -> None:
    checked = imports.check(cass, sheet("code,name\nA1,Ann\nA2,Bea\n"), "people.csv")
    found = at_once(lambda: imports.run(cass, checked.id), lambda: customers.create(cass, {"code": "a1", "name": "Al"}))
    # Who comes second is refused as a whole; or her row alone, if the other came between the check and its writing.
    set_aside = ImportRow.select().where(ImportRow.reason == matching.MEANWHILE).count()
    assert len(refused(found)) + set_aside == 1
    assert Customer.select().where(Customer.code_key == "a1").count() == 1


# ---- who does not wait for her turn, and who waits for too long ----


def test_what_somebody_stored_without_waiting_is_a_conflict_in_words(new_customer: New, database: Database) -> None:
    ann = new_customer("Ann", code="A1")
    with pytest.raises(Conflict, match="Somebody else stored the same just now"), transaction():
        Customer.create(code="A1", code_key="a1")
    assert [customer.id for customer in Customer.select()] == [ann.id]


def test_a_writer_who_gets_no_turn_is_told_to_try_again_and_the_next_one_writes(
    cass: Actor, sound: None
) -> None:
    holds, over = threading.Event(), threading.Event()
    took: list[float] = []

    def hold() -> None:
        with transaction():
            holds.set()
            over.wait(20)

    def wait() -> Any:
        holds.wait(20)
        began = time.monotonic()
        try:
            return customers.create(cass, {"code": "A1"})
        finally:
            took.append(time.monotonic() - began)
            over.set()

    found = at_once(hold, wait)
    assert [type(one) for one in refused(found)] == [Busy]
    assert WRITE_DEADLINE <= took[0] < 15
    assert customers.create(cass, {"code": "A1"}).customer.code == "A1"


def test_history_tells_of_each_stay_once(cass: Actor, new_customer: New, new_group: New, sound: None) -> None:
    ann, group = new_customer("Ann"), new_group("Vips")
    at_once(*[lambda: (items.add_member(cass, group.id, ann.id), items.remove_member(cass, group.id, ann.id))] * 4)
    intervals = list(PastMembership.select().order_by(PastMembership.joined_at))
    assert all(one.left_at <= two.joined_at for one, two in pairwise(intervals))
    assert Group.get_by_id(group.id).n_members == 0


# ---- turns: one's own, and those of who comes again and again ----

AGAIN_AND_AGAIN = """
import sys, time
from portal.config import Settings
from portal.db import configure, transaction
configure(Settings(database=sys.argv[1]))
while True:
    with transaction(20):
        print("in", flush=True)
        time.sleep(0.04)
"""


def test_transactions_inside_a_turn_need_no_turn_of_their_own(new_customer: New, cass: Actor) -> None:
    with writers_wait(1):
        new_customer("Ann", code="A1")
        with transaction(0.5), transaction(0.5):
            Customer.update(name="Ana").execute()
        customers.create(cass, {"code": "A2"})
    assert [customer.name for customer in Customer.select().order_by(Customer.id)] == ["Ana", ""]


def test_a_change_waits_for_its_turn_as_long_as_it_says(cass: Actor) -> None:
    holds, over = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction():
            holds.set()
            over.wait(20)

    def wait() -> None:
        holds.wait(20)
        try:
            with record(cass, "test.none", seconds=0.2):
                pass
        finally:
            over.set()

    began = time.monotonic()
    assert [type(one) for one in refused(at_once(hold, wait))] == [Busy]
    assert time.monotonic() - began < WRITE_DEADLINE


def test_a_turn_keeps_all_others_out_until_it_is_over(database: Database) -> None:
    holds, over = threading.Event(), threading.Event()

    def hold() -> None:
        with writers_wait():
            with transaction():
                pass
            holds.set()
            over.wait(20)

    def wait() -> None:
        holds.wait(20)
        try:
            with transaction(0.2):
                pass
        finally:
            over.set()

    assert [type(one) for one in refused(at_once(hold, wait))] == [Busy]
    with transaction(1):
        pass


@pytest.mark.parametrize("n_others", [1, 2])
def test_who_writes_again_at_once_does_not_overtake_who_waits(n_others: int, database: Database) -> None:
    """An import writes part after part without a pause; everybody else must get her turn between two parts."""
    words = [sys.executable, "-c", AGAIN_AND_AGAIN, database.url]
    others = [subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(n_others)]
    try:
        for other in others:
            assert other.stdout.readline() == "in\n"
        for _ in range(25):
            with transaction(1.0 * n_others):  # refused, if it takes longer: some twenty parts of one other
                pass
    finally:
        for other in others:
            other.kill()
            other.communicate()


def test_who_writes_again_at_once_does_not_overtake_another_thread(database: Database) -> None:
    over = threading.Event()

    def again_and_again() -> None:
        while not over.is_set():
            with transaction(20):
                time.sleep(0.04)

    def now_and_then() -> int:
        try:
            for _ in range(25):
                with transaction(1):
                    pass
        finally:
            over.set()
        return 25

    assert at_once(again_and_again, now_and_then) == [None, 25]
