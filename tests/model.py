"""What people do to groups, in plain Python: any sequence of acts, through one of the doors, against dictionaries.

`tests/test_model.py` runs it through the services and through the pages, `python -m tests.long.model` for longer.
Laws 1 to 8 of product.md §4, as far as they speak of customers, shops, imports, archived groups and undo.
"""

import io
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import hypothesis.strategies as st
import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from peewee import fn

from portal.errors import Refusal
from portal.models import Change, Customer, Group, GroupItem, Membership, PastMembership
from portal.permissions import OPERATOR, Actor, Door, Grant, Role
from portal.queries import membership
from portal.queries.customers import visible_to
from portal.services import customers, groups, imports, items, shops, undo
from portal.services.groups import Details
from portal.services.items import NewItem
from tests.conftest import PASSWORD, Person, add_person
from tests.page import Browser, Page
from tests.undoing import Log, Snapshot

SIGNS = st.sampled_from(["include", "exclude"])
SHOPS = st.sampled_from([None, 0, 1, 2])


class Acts(Protocol):
    """A door: each act is done through it as a person would; Refusal when it is refused."""

    def new_customer(self, code: str, shop: str) -> None: ...

    def move(self, customer: int, shop: str) -> None: ...

    def new_group(self, name: str, status: str) -> None: ...

    def add_item(self, group: int, sign: str, kind: str, target: int) -> None: ...

    def add_new_customer(self, group: int, sign: str, code: str, shop: str) -> None: ...

    def add_member(self, group: int, customer: int) -> None: ...

    def remove_member(self, group: int, customer: int) -> None: ...

    def end_item(self, group: int, item: int) -> None: ...

    def set_status(self, group: int, status: str) -> None: ...

    def delete_group(self, group: int) -> None: ...

    def import_file(self, group: int, text: str, lifts: bool) -> None: ...

    def undo(self, change: int) -> None: ...


class ByServices:
    """The services themselves."""

    def __init__(self, cass: Person, app: Flask) -> None:
        self.cass = Actor(cass.user.id, "Cass", Door.PAGE, (Grant(Role.CSCC_MANAGER),))

    def new_customer(self, code: str, shop: str) -> None:
        customers.create(self.cass, {"code": code, "shop": shop})

    def move(self, customer: int, shop: str) -> None:
        customers.edit(self.cass, customer, {"shop": shop})

    def new_group(self, name: str, status: str) -> None:
        groups.create(self.cass, Details(name=name, status=status))

    def add_item(self, group: int, sign: str, kind: str, target: int) -> None:
        items.add(self.cass, group, [NewItem(sign=sign, **{f"{kind}_id": target})])  # type: ignore[arg-type]

    def add_new_customer(self, group: int, sign: str, code: str, shop: str) -> None:
        items.add(self.cass, group, [NewItem(new_customer={"code": code, "shop": shop}, sign=sign)])

    def add_member(self, group: int, customer: int) -> None:
        items.add_member(self.cass, group, customer)

    def remove_member(self, group: int, customer: int) -> None:
        items.remove_member(self.cass, group, customer)

    def end_item(self, group: int, item: int) -> None:
        items.end(self.cass, group, item)

    def set_status(self, group: int, status: str) -> None:
        groups.set_status(self.cass, group, status)

    def delete_group(self, group: int) -> None:
        groups.delete(self.cass, group)

    def import_file(self, group: int, text: str, lifts: bool) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "people.csv"
            path.write_text(text, encoding="utf-8")
            found = Group.get_by_id(group)
            checked = imports.check(self.cass, path, path.name, group=found, lift_exclusions=lifts)
        imports.run(self.cass, checked.id)

    def undo(self, change: int) -> None:
        undo.undo(self.cass, change)


class ByPages:
    """The pages, in the browser of somebody who has signed in; every page is checked on the way."""

    def __init__(self, cass: Person, app: Flask) -> None:
        self.browser = Browser(app).sign_in(cass.user.email, PASSWORD)

    def _done(self, page: Page) -> Page:
        assert page.status < 500, page.html
        if page.status >= 400:
            raise Refusal(page.main)
        return page

    def new_customer(self, code: str, shop: str) -> None:
        form = self.browser.get("/customers/new").form("/customers/new", "post")
        self._done(self.browser.submit(form, code=code, shop=shop))

    def move(self, customer: int, shop: str) -> None:
        path = f"/customers/{Customer.get_by_id(customer).code}/edit"
        self._done(self.browser.submit(self.browser.get(path).form(path, "post"), shop=shop))

    def new_group(self, name: str, status: str) -> None:
        draft = {"is_draft": "y"} if status == "draft" else {}
        form = self.browser.get("/groups/new").form("/groups/new", "post")
        self._done(self.browser.submit(form, "Save", name=name, **draft))

    def _path(self, group: int) -> str:
        return f"/groups/{Group.get_by_id(group).code}"

    def add_item(self, group: int, sign: str, kind: str, target: int) -> None:
        path = self._path(group) + "/items"
        self._done(self.browser.post(path, {"item": f"{sign}:{kind}:{target}", "do": "save"}))

    def add_new_customer(self, group: int, sign: str, code: str, shop: str) -> None:
        typed = {"new_customers-0-code": code, "new_customers-0-shop": shop, "sign": sign, "do": "save"}
        self._done(self.browser.post(self._path(group) + "/items", typed))

    def add_member(self, group: int, customer: int) -> None:
        code = Customer.get_by_id(customer).code
        self._done(self.browser.post(f"/groups/of/{code}", {"group": Group.get_by_id(group).code}))

    def remove_member(self, group: int, customer: int) -> None:
        code = Customer.get_by_id(customer).code
        self._done(self.browser.post(self._path(group) + "/members/remove", {"customer": code}))

    def end_item(self, group: int, item: int) -> None:
        path = f"{self._path(group)}/items/{item}/end"
        self._done(self.browser.submit(self.browser.get(path).form(path)))

    def set_status(self, group: int, status: str) -> None:
        act = {"active": "restore", "archived": "archive"}[status]
        self._done(self.browser.post(f"{self._path(group)}/{act}"))

    def delete_group(self, group: int) -> None:
        path = self._path(group) + "/delete"
        self._done(self.browser.submit(self.browser.get(path).form(path), "Delete"))

    def import_file(self, group: int, text: str, lifts: bool) -> None:
        data: dict[str, Any] = {
            "csrf_token": self.browser.token(), "group": Group.get_by_id(group).code,
            "file": (io.BytesIO(text.encode()), "people.csv"), **({"lift_exclusions": "y"} if lifts else {}),
        }  # fmt: skip
        sent = self.browser.client.post("/imports/new", data=data, content_type="multipart/form-data")
        if sent.status_code != 303:
            assert sent.status_code < 500
            raise Refusal(sent.text)
        page = self.browser.get(str(sent.headers["Location"]))
        self._done(self.browser.submit(page.form(f"{sent.headers['Location']}/run")))

    def undo(self, change: int) -> None:
        self._done(self.browser.post(f"/changes/{change}/undo", follow=True))


def newest_change() -> int:
    """Return the number of the last change; 0 if there is none."""
    return Change.select(fn.MAX(Change.id)).scalar() or 0


def number_of(model: Any, condition: Any) -> int:
    """Return the id of what there is under that condition; 0 while there is none."""
    found = model.get_or_none(condition)
    return int(found.id) if found is not None else 0


class Foreseen(NamedTuple):
    """What an act would do to the model: who joins and who leaves by group, and how much is there afterwards."""

    moved: dict[int, tuple[frozenset[int], frozenset[int]]]
    n_customers: int
    n_groups: int
    after: Snapshot


@contextmanager
def refused() -> Iterator[None]:
    """The act in the block must be refused, and record nothing."""
    before = Change.select().count()
    with pytest.raises(Refusal):
        yield
    assert Change.select().count() == before


class Store(RuleBasedStateMachine):
    """What people do to groups, twice: through a door, and in dictionaries."""

    server: Any
    password_hash: str
    app: Any
    door: Any

    def __init__(self) -> None:
        super().__init__()
        self.lent = ExitStack()
        self.lent.enter_context(self.server.lent())
        cass = add_person(self.password_hash, "cass", (Role.CSCC_MANAGER, None))
        self.acts: Acts = self.door(cass, self.app)
        self.cass = cass.actor
        self.shops = [shops.create(OPERATOR, code=f"S{n}", name=f"Shop {n}") for n in range(3)]
        self.shop_of: dict[int, int | None] = {}  # shop by customer
        self.status: dict[int, str] = {}  # by group
        self.items: dict[tuple[int, str, int], str] = {}  # sign by (group, kind, customer or shop)
        self.members: set[tuple[int, int]] = set()  # (group, customer)
        self.n_left: dict[tuple[int, int], int] = {}  # ended intervals by (group, customer)
        self.n = 0
        self.log = Log()
        self.seen: Snapshot = {}  # what was there after the last act
        self.newest = 0
        self.is_foreseeing = False
        self.n_after = 0  # changes that an act has made after the one that did it

    def teardown(self) -> None:
        self.lent.close()

    # -- the model --

    def _defined(self) -> set[tuple[int, int]]:
        return {
            (group, customer)
            for group, status in self.status.items() if status == "active"
            for customer, shop in self.shop_of.items()
            if "include" in (signs := [
                self.items.get((group, "customer", customer)),
                self.items.get((group, "shop", shop)) if shop else None,
            ]) and "exclude" not in signs
        }  # fmt: skip

    def _moved(self) -> None:
        should = self._defined()
        for pair in self.members - should:
            self.n_left[pair] = self.n_left.get(pair, 0) + 1
        self.members = should

    def _may_put(self, group: int, sign: str, kind: str, target: int) -> bool:
        shop = self.shop_of[target] if kind == "customer" else None
        return not (kind == "customer" and sign == "include" and self._shuts_out(group, shop))

    def _shuts_out(self, group: int, shop: int | None) -> bool:
        return self.items.get((group, "shop", shop or 0)) == "exclude"

    def _code(self, shop: int | None) -> str:
        return self.shops[shop].code if shop is not None else ""

    def _shop_id(self, shop: int | None) -> int | None:
        return self.shops[shop].id if shop is not None else None

    def _new_code(self) -> str:
        self.n += 1
        return f"K{self.n}"

    def _snapshot(self) -> Snapshot:
        said: Snapshot = {("customer", customer): shop for customer, shop in self.shop_of.items()}
        said |= {("group", group): status for group, status in self.status.items()}
        return said | {("item", *key): sign for key, sign in self.items.items()}

    def _any(self, data: st.DataObject, things: Any) -> Any:
        return data.draw(st.sampled_from(sorted(things)))

    # -- the acts --

    @initialize()
    def start(self) -> None:
        self.new_customer(0)
        self.new_customer(None)
        self.new_group("active")

    @rule(shop=SHOPS)
    def new_customer(self, shop: int | None) -> None:
        code = self._new_code()
        self.acts.new_customer(code, self._code(shop))
        self.shop_of[Customer.get(Customer.code == code).id] = self._shop_id(shop)
        self._moved()

    @rule(data=st.data(), shop=SHOPS)
    def move(self, data: st.DataObject, shop: int | None) -> None:
        customer = self._any(data, self.shop_of)
        self.acts.move(customer, self._code(shop))
        self.shop_of[customer] = self._shop_id(shop)
        self._moved()

    @rule(status=st.sampled_from(["active", "draft"]))
    @precondition(lambda self: len(self.status) < 4)
    def new_group(self, status: str) -> None:
        self.n += 1
        self.acts.new_group(f"Group {self.n}", status)
        self.status[Group.get(Group.name == f"Group {self.n}").id] = status

    # -- what an act does to the model; Refusal where it cannot be done --

    def _put(self, group: int, sign: str, kind: str, target: int) -> None:
        is_there = group in self.status and (kind == "shop" or target in self.shop_of)
        if not is_there or not self._may_put(group, sign, kind, target):
            raise Refusal("")
        self.items[group, kind, target] = sign

    def _put_new(self, group: int, sign: str, code: str, shop: int | None) -> None:
        if group not in self.status or (sign == "include" and self._shuts_out(group, shop)):
            raise Refusal("")
        customer = number_of(Customer, Customer.code == code)
        self.shop_of[customer] = shop
        self.items[group, "customer", customer] = sign

    def _end(self, key: tuple[int, str, int], item: int) -> None:
        is_gone = self.is_foreseeing and GroupItem.get_by_id(item).ended_at is not None
        if key[0] not in self.status or is_gone:
            raise Refusal("")
        del self.items[key]

    def _turn(self, group: int, status: str | None) -> None:
        if group not in self.status:
            raise Refusal("")
        if status is None:
            del self.status[group]
        else:
            self.status[group] = status

    def _foreseen(self, apply: Callable[[], None]) -> Foreseen:
        """Return what an act would move; nothing of it stays. Raises Refusal."""
        kept = self.shop_of, self.status, self.items
        self.shop_of, self.status, self.items = (dict(part) for part in kept)  # type: ignore[assignment]
        self.is_foreseeing = True
        try:
            apply()
            should = self._defined()
            moved = {
                group: (frozenset(one for of, one in should - self.members if of == group),
                        frozenset(one for of, one in self.members - should if of == group))
                for group, _ in should ^ self.members
            }  # fmt: skip
            return Foreseen(moved, len(self.shop_of), len(self.status), self._snapshot())
        finally:
            self.shop_of, self.status, self.items = kept
            self.is_foreseeing = False

    def _do(self, act: Callable[[], None], apply: Callable[[], None]) -> None:
        """Do an act, and the same to the model."""
        try:
            self._foreseen(apply)
        except Refusal:
            with refused():
                act()
            return
        act()
        apply()
        self._moved()

    @rule(data=st.data(), sign=SIGNS, kind=st.sampled_from(["customer", "shop"]))
    def add_item(self, data: st.DataObject, sign: str, kind: str) -> None:
        group = self._any(data, self.status)
        target = self._any(data, self.shop_of if kind == "customer" else [shop.id for shop in self.shops])
        self._do(
            lambda: self.acts.add_item(group, sign, kind, target), lambda: self._put(group, sign, kind, target)
        )

    @rule(data=st.data(), shop=SHOPS, sign=SIGNS)
    def add_new_customer(self, data: st.DataObject, shop: int | None, sign: str) -> None:
        group, code = self._any(data, self.status), self._new_code()
        self._do(
            lambda: self.acts.add_new_customer(group, sign, code, self._code(shop)),
            lambda: self._put_new(group, sign, code, self._shop_id(shop)),
        )

    @rule(data=st.data(), is_added=st.booleans())
    def one_member(self, data: st.DataObject, is_added: bool) -> None:
        group, customer = self._any(data, self.status), self._any(data, self.shop_of)
        act = self.acts.add_member if is_added else self.acts.remove_member
        sign = "include" if is_added else "exclude"
        self._do(lambda: act(group, customer), lambda: self._put(group, sign, "customer", customer))

    @rule(data=st.data())
    @precondition(lambda self: any(key[0] in self.status for key in self.items))
    def end_item(self, data: st.DataObject) -> None:
        key = self._any(data, [key for key in self.items if key[0] in self.status])
        group, kind, target = key
        column = GroupItem.customer if kind == "customer" else GroupItem.shop
        item = GroupItem.get(GroupItem.group == group, column == target, GroupItem.ended_at.is_null()).id
        self._do(lambda: self.acts.end_item(group, item), lambda: self._end(key, item))

    @rule(data=st.data(), status=st.sampled_from(["active", "archived"]))
    def set_status(self, data: st.DataObject, status: str) -> None:
        group = self._any(data, self.status)
        self._do(lambda: self.acts.set_status(group, status), lambda: self._turn(group, status))

    @rule(data=st.data())
    @precondition(lambda self: len(self.status) > 1)
    def delete_group(self, data: st.DataObject) -> None:
        group = self._any(data, self.status)
        self._do(lambda: self.acts.delete_group(group), lambda: self._turn(group, None))

    @rule(data=st.data(), lifts=st.booleans(), places=st.lists(SHOPS, min_size=1, max_size=3), is_twice=st.booleans())
    def import_file(self, data: st.DataObject, lifts: bool, places: Sequence[int | None], is_twice: bool) -> None:
        group = self._any(data, self.status)
        known = data.draw(st.lists(st.sampled_from(sorted(self.shop_of)), unique=True, max_size=len(places)))
        codes = [Customer.get_by_id(customer).code for customer in known]
        codes += [self._new_code() for _ in range(len(places) - len(known))]
        text = "code,shop\n" + "".join(
            f"{code},{self._code(shop)}\n" for code, shop in zip(codes, places, strict=True)
        )
        if self.status[group] == "archived":
            with refused():
                self.acts.import_file(group, text, lifts)
            return
        if not self._may_import(len(codes)):
            return
        self.acts.import_file(group, text, lifts)
        for code, shop in zip(codes, places, strict=True):
            customer = Customer.get(Customer.code == code).id
            self.shop_of[customer] = self._shop_id(shop) if shop is not None else self.shop_of.get(customer)
            key = group, "customer", customer
            is_shut_out = self._shuts_out(group, self.shop_of[customer])
            if not is_shut_out and (lifts or self.items.get(key) != "exclude"):
                self.items[key] = "include"
        self._moved()
        if is_twice:
            n_changes = Change.select().count()
            self.acts.import_file(group, text, lifts)
            assert Change.select().count() == n_changes  # law 8

    def _may_import(self, n: int) -> bool:
        return True

    @rule(data=st.data())
    @precondition(lambda self: self.log.did)
    def undo(self, data: st.DataObject) -> None:
        # What was done just now more often than what was done long ago: only that can be undone, most of the time.
        did = sorted(change for change, rows in self.log.did.items() if rows) or sorted(self.log.did)
        change = data.draw(st.sampled_from(did[-3:]) | st.sampled_from(did))
        new = self.log.undo(change, self._snapshot())
        if new is None:
            with refused():
                self.acts.undo(change)
            return
        if not {"customer", "group"} <= {key[0] for key in new}:
            return  # the other acts want somebody to be there
        if not self._undo(change, new):
            return
        self.log.undone(change, newest_change(), new)
        self.shop_of = {key[1]: shop for key, shop in new.items() if key[0] == "customer"}
        self.status = {key[1]: status for key, status in new.items() if key[0] == "group"}
        self.items = {key[1:]: sign for key, sign in new.items() if key[0] == "item"}
        self._moved()

    def _undo(self, change: int, new: Snapshot) -> bool:
        self.acts.undo(change)
        return True

    # -- what must hold after each --

    @invariant()
    def acts_are_noted(self) -> None:
        newest, now = newest_change(), self._snapshot()
        if self.newest and newest > self.newest:
            # By number, not by distance: on PostgreSQL what was taken back leaves gaps.
            new = [one.id for one in Change.select(Change.id).where(Change.id > self.newest).order_by(Change.id)]
            assert len(new) == 1 + self.n_after  # one act, one change; an approval is one besides
            self.log.note(new[0], self.seen, now)
        elif not self.newest:
            self.log.last = dict.fromkeys(now, newest)
        assert self.newest != newest or self.seen == now
        self.newest, self.seen, self.n_after = newest, now, 0

    @invariant()
    def lists_hold_who_is_there(self) -> None:
        assert {row.id: row.shop_id for row in visible_to(self.cass)} == self.shop_of
        assert dict(Group.select(Group.id, Group.status).where(Group.status != "deleted").tuples()) == self.status
        live = GroupItem.select(GroupItem.group, GroupItem.kind, GroupItem.customer, GroupItem.shop, GroupItem.sign)
        stored = {
            (group, kind, customer or shop): sign
            for group, kind, customer, shop, sign in live.where(GroupItem.ended_at.is_null()).tuples()
        }
        assert stored == self.items

    @invariant()
    def stored_equals_definition(self) -> None:
        stored = set(Membership.select(Membership.group, Membership.customer).tuples())
        assert stored == self.members == self._defined()
        assert membership.differences() == []

    @invariant()
    def history_tiles(self) -> None:
        n_left: dict[tuple[int, int], int] = {}
        for pair in PastMembership.select(PastMembership.group, PastMembership.customer).tuples():
            n_left[pair] = n_left.get(pair, 0) + 1
        assert n_left == self.n_left
        assert membership.broken_intervals() == []

    @invariant()
    def counts_are_kept(self) -> None:
        kept = dict(Group.select(Group.id, Group.n_members).where(Group.status != "deleted").tuples())
        assert kept == {group: sum(pair[0] == group for pair in self.members) for group in self.status}
        assert membership.wrong_counts() == []

    @invariant()
    def no_change_is_empty(self) -> None:
        assert Change.select().where(Change.n_rows == 0).count() == 0


def run(
    door: type | None, server: Any, password_hash: str, app: Flask, *, runs: int, steps: int, is_random: bool = False,
    model: type = Store,
) -> None:  # fmt: skip
    """Run the model through `door` with databases of `server`; fails at the first difference, made as small as can be.

    The same acts each time, so that what fails in the suite is what was changed; the long form searches on with others
    (`is_random`).
    """
    given = {"server": server, "password_hash": password_hash, "app": app, "door": door}
    machine = type(model.__name__, (model,), given)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=runs, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck),
            database=None, print_blob=False, derandomize=not is_random,
        ),
    )  # fmt: skip
