"""What people ask of each other, on top of `tests/model.py`: proposals, guard rails, approvals, also of what is stale.

Guard rails are switched on and off; an act beyond them has to turn into a request, and do what it asked for when
another manager approves it, if it can still be done. Every preview has to say what the model does.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import hypothesis.strategies as st
import pytest
from flask import Flask
from hypothesis.stateful import initialize, precondition, rule

from portal.errors import Conflict, NeedsApproval, Refusal
from portal.models import Change, Customer, Group, Membership, Proposal
from portal.permissions import Role
from portal.services import approvals, proposals, settings
from portal.services.groups import Details
from portal.services.guards import Call
from portal.services.items import NewItem
from tests.conftest import PASSWORD, Person, add_person
from tests.model import SIGNS, ByPages, ByServices, Foreseen, Store, number_of, refused
from tests.page import Browser, Page
from tests.undoing import Snapshot

Moved = dict[int, tuple[frozenset[int], frozenset[int]]]
WHOLE = 10_000
SHARES = st.sampled_from(["20", "20", "20", "50", ""])


class AskingByServices(ByServices):
    """The services; what is asked for is decided by Pat, and by Olive the guard rails are set."""

    def meet(self, people: Mapping[str, Person]) -> None:
        """Let the others do their part."""
        self.people = {name: person.actor for name, person in people.items()}
        self.seen: dict[int, str] = {}

    def set_guards(self, share: str) -> None:
        settings.set_guards(self.people["olive"], share, is_marked=False)

    def ask(self, needed: NeedsApproval) -> None:
        approvals.ask(self.cass, Call(needed.call, dict(needed.arguments)), "Why not")

    def propose_member(self, group: int, customer: int, act: str) -> None:
        proposals.ask_member(self.people["sam"], group, customer, act, "She called")

    def propose_group(self, name: str, sign: str, kind: str, target: int) -> None:
        item = NewItem(sign=sign, **{f"{kind}_id": target})  # type: ignore[arg-type]
        proposals.ask_group(self.people["sam"], Details(name), [item], "Why not")

    def look(self, number: int, seen: str) -> None:
        """Keep what somebody has seen of a request, to be approved as that."""
        self.seen[number] = seen

    def approve(self, number: int) -> None:
        asked, pat = Proposal.get_by_id(number), self.people["pat"]
        if asked.kind == "membership":
            proposals.approve_member(pat, number, asked.group_id, asked.act)
        elif asked.kind == "group":
            said = asked.arguments
            new = [NewItem(**row) for row in said["items"]]
            proposals.approve_group(pat, number, Details(**said["details"]), new)
        else:
            approvals.approve(pat, number, self.seen[number])

    def decline(self, number: int) -> None:
        proposals.decline(self.people["pat"], number, "Not now")


class OnPage(NeedsApproval):
    """A page that asks for approval of an act."""

    def __init__(self, page: Page) -> None:
        super().__init__("", "", {})
        self.page = page


class AskingByPages(ByPages):
    """The pages, in the browsers of the people; a request is approved on the page that was seen."""

    def __init__(self, cass: Person, app: Flask) -> None:
        super().__init__(cass, app)
        self.app = app

    def meet(self, people: Mapping[str, Person]) -> None:
        """Let the others do their part."""
        self.others = {
            name: Browser(self.app).sign_in(person.user.email, PASSWORD) for name, person in people.items()
        }
        self.pages: dict[int, Page] = {}

    def _done(self, page: Page) -> Page:
        if page.status == NeedsApproval.status:
            raise OnPage(page)
        if page.status == Conflict.status:
            raise Conflict(page.main)
        return super()._done(page)

    def set_guards(self, share: str) -> None:
        olive = self.others["olive"]
        form = olive.get("/settings/guards").form("/settings/guards", "post")
        self._done(olive.submit(form, share=share))

    def ask(self, needed: OnPage) -> None:
        self._done(self.browser.submit(needed.page.form("/proposals/approval"), reason="Why not"))

    def propose_member(self, group: int, customer: int, act: str) -> None:
        codes = {"customer": Customer.get_by_id(customer).code, "group": Group.get_by_id(group).code}
        form = self.others["sam"].get("/proposals/membership").form("/proposals/membership")
        self._done(self.others["sam"].submit(form, act=act, reason="She called", **codes))

    def propose_group(self, name: str, sign: str, kind: str, target: int) -> None:
        form = self.others["sam"].get("/proposals/new").form("/proposals/new", "post")
        drawn = {"item": f"{sign}:{kind}:{target}"}
        self._done(self.others["sam"].submit(form, "Send the request", name=name, reason="Why not", drawn=drawn))

    def look(self, number: int, seen: str) -> None:
        """Keep the page of a request as somebody has opened it."""
        self.pages[number] = self.others["pat"].get(f"/proposals/{number}")
        if seen:
            assert self.pages[number].form(f"/proposals/{number}/approve").value("seen") == seen

    def approve(self, number: int) -> None:
        kind = Proposal.get_by_id(number).kind
        act = {"group": "approve-group", "membership": "approve-member", "approval": "approve"}[kind]
        button = "Approve as it stands here" if kind == "group" else None
        form = self.pages[number].form(f"/proposals/{number}/{act}")
        self._done(self.others["pat"].submit(form, button))

    def decline(self, number: int) -> None:
        page = self.others["pat"].get(f"/proposals/{number}")
        self._done(self.others["pat"].submit(page.form(f"/proposals/{number}/decline"), answer="Not now"))


@dataclass(frozen=True)
class Waiting:
    """A request of the model: what it does, and what its asker was shown."""

    apply: Callable[[], None]
    shown: Moved | None = None
    about: tuple[int, int, str] | None = None


class Requests(Store):
    """People who also ask each other, twice: through a door, and in dictionaries."""

    def __init__(self) -> None:
        super().__init__()
        roles = {"pat": Role.PORTFOLIO_MANAGER, "olive": Role.OWNER, "sam": Role.SUPPORT}
        self.people = {name: add_person(self.password_hash, name, (role, None)) for name, role in roles.items()}
        self.acts.meet(self.people)  # type: ignore[attr-defined]
        self.share: int | None = None
        self.waiting: dict[int, Waiting] = {}

    def _is_stopped(self, foreseen: Foreseen) -> bool:
        most = max((len(joining) + len(leaving) for joining, leaving in foreseen.moved.values()), default=0)
        return self.share is not None and most * WHOLE > self.share * foreseen.n_customers

    def _do(self, act: Callable[[], None], apply: Callable[[], None]) -> None:
        try:
            foreseen = self._foreseen(apply)
        except Refusal:
            foreseen = None
        if foreseen is None or not self._is_stopped(foreseen):
            super()._do(act, apply)
            return
        self._ask(self._stopped(act), apply, foreseen.moved)

    def _stopped(self, act: Callable[[], None]) -> NeedsApproval:
        n_changes = Change.select().count()
        with pytest.raises(NeedsApproval) as caught:
            act()
        assert Change.select().count() == n_changes
        return caught.value

    def _ask(self, needed: NeedsApproval, apply: Callable[[], None], moved: Moved) -> None:
        self.acts.ask(needed)  # type: ignore[attr-defined]
        asked = Proposal.select().order_by(Proposal.id.desc()).get()
        assert {group: tuple(n) for group, *n in asked.seen} == _counted(moved)
        self.waiting[asked.id] = Waiting(apply, moved)
        self.acts.look(asked.id, asked.fingerprint)  # type: ignore[attr-defined]

    def _may_import(self, n: int) -> bool:
        # What a file joins is told by its check; whether that is too much, other tests say.
        return self.share is None or n * WHOLE <= self.share * len(self.shop_of)

    def _undo(self, change: int, new: Snapshot) -> bool:
        if self.share is None:
            return super()._undo(change, new)

        def apply() -> None:
            self.shop_of = {key[1]: shop for key, shop in new.items() if key[0] == "customer"}
            self.status = {key[1]: status for key, status in new.items() if key[0] == "group"}
            self.items = {key[1:]: sign for key, sign in new.items() if key[0] == "item"}

        if self._is_stopped(self._foreseen(apply)):
            self._stopped(lambda: self.acts.undo(change))
            return False
        n_changes = Change.select().count()
        try:
            self.acts.undo(change)
        except NeedsApproval:
            # Who comes and goes on the way counts twice.
            assert Change.select().count() == n_changes
            return False
        return True

    # -- the acts --

    @initialize(share=SHARES)
    def begin_guarded(self, share: str) -> None:
        self._set_guards(share)

    @rule(share=SHARES)
    def set_guards(self, share: str) -> None:
        self._set_guards(share)

    def _set_guards(self, share: str) -> None:
        self.acts.set_guards(share)  # type: ignore[attr-defined]
        self.share = int(share) * 100 if share else None

    @rule(data=st.data(), act=st.sampled_from(["add", "add", "remove"]))
    def propose_member(self, data: st.DataObject, act: str) -> None:
        group, customer = self._any(data, self.status), self._any(data, self.shop_of)
        about = (group, customer, act)
        is_member = (group, customer) in self.members
        if is_member == (act == "add") or about in {one.about for one in self.waiting.values()}:
            with refused():
                self.acts.propose_member(*about)  # type: ignore[attr-defined]
            return
        self.acts.propose_member(*about)  # type: ignore[attr-defined]
        sign = "include" if act == "add" else "exclude"
        self._wait(Waiting(lambda: self._put(group, sign, "customer", customer), about=about))

    @rule(data=st.data(), sign=SIGNS, kind=st.sampled_from(["customer", "shop"]))
    def propose_group(self, data: st.DataObject, sign: str, kind: str) -> None:
        self.n += 1
        name = f"Group {self.n}"
        target = self._any(data, self.shop_of if kind == "customer" else [shop.id for shop in self.shops])
        self.acts.propose_group(name, sign, kind, target)  # type: ignore[attr-defined]

        def apply() -> None:
            group = number_of(Group, Group.name == name)
            self.status[group] = "active"
            self._put(group, sign, kind, target)

        self._wait(Waiting(apply))

    def _wait(self, one: Waiting) -> None:
        number = Proposal.select().order_by(Proposal.id.desc()).get().id
        self.waiting[number] = one
        self.acts.look(number, "")  # type: ignore[attr-defined]

    @rule(data=st.data(), is_declined=st.sampled_from([False] * 5 + [True]))
    @precondition(lambda self: self.waiting)
    def decide(self, data: st.DataObject, is_declined: bool) -> None:
        number = self._any(data, self.waiting)
        if is_declined:
            self.acts.decline(number)  # type: ignore[attr-defined]
            del self.waiting[number]
            return
        self._approve(number)

    @rule()
    @precondition(lambda self: self.waiting)
    def approve_the_newest(self) -> None:
        self._approve(max(self.waiting))

    @rule()
    @precondition(lambda self: len(self.waiting) > 1)
    def approve_the_oldest(self) -> None:
        self._approve(min(self.waiting))

    def _approve(self, number: int) -> None:
        one = self.waiting[number]
        try:
            foreseen = self._foreseen(one.apply)
        except Refusal:
            with refused():
                self.acts.approve(number)  # type: ignore[attr-defined]
            return
        if not foreseen.n_groups:
            return  # the other acts want one to be there
        if one.shown is not None and foreseen.moved != one.shown:
            self._see_anew(number, foreseen.moved)
        self.acts.approve(number)  # type: ignore[attr-defined]
        self.n_after = int(one.shown is not None and foreseen.after != self._snapshot())
        one.apply()
        self._moved()
        del self.waiting[number]

    def _see_anew(self, number: int, moved: Moved) -> None:
        """Approve what has become of a request since it was asked: it is not done, and shown as it is now."""
        n_changes = Change.select().count()
        with pytest.raises(Conflict):
            self.acts.approve(number)  # type: ignore[attr-defined]
        assert Change.select().count() == n_changes
        asked = Proposal.get_by_id(number)
        call = Call(asked.act, asked.arguments)
        shown = approvals.show(approvals.asker_of(asked), call, reader=self.people["pat"].actor)
        assert {one.group.id: (one.joining, one.leaving) for one in shown.moves if one.group} == _counted(moved)
        self.acts.look(number, shown.fingerprint)  # type: ignore[attr-defined]

    def teardown(self) -> None:
        states = dict(Proposal.select(Proposal.id, Proposal.state).tuples())
        assert {number for number, state in states.items() if state == "open"} == set(self.waiting)
        assert Membership.select().count() == len(self.members)
        super().teardown()


def _counted(moved: Moved) -> dict[int, tuple[int, int]]:
    return {group: (len(joining), len(leaving)) for group, (joining, leaving) in moved.items()}
