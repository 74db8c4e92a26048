"""People who act at random between the turns in which memberships are staged and settled (decision 0096).

`tests/services/test_interleaved.py` runs it, `python -m tests.long.interleaved` for longer. After every act stored
membership, counts, intervals and what caused them have to be right, and every preview has to say the same whether it
looks ahead or does the act. A seed brings the same acts each time, on both databases.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from unittest.mock import patch
from uuid import UUID

import time_machine

from portal.clock import ago, now
from portal.errors import Busy, Refusal
from portal.models import Group, MembershipRow, PastMembershipRow, Staging, Worker
from portal.models import customer as customer_model
from portal.permissions import OPERATOR, Role
from portal.services import approvals, calls, membership, preview, shops
from portal.services.guards import Call
from portal.services.membership import due, foreseen, pace, settling, staging
from tests.conftest import add_person
from tests.drawn import PLANS, Drawn, Nothing
from tests.ledger import Ledger

START = datetime(2026, 3, 2, 10, tzinfo=UTC)
CUSTOMERS, GROUPS = 9, 3  # there are at first
DEEPEST = 2  # others act while somebody acts; while those act, others again
# What becomes of a staging, and how it ended for whoever wrote it.
SWITCHED, LAPSED, FEW = "switched on", "held no more", "few, without a staging"
TAKEN_BACK, SETTLED, STOPPED = "taken back by another", "settled by another", "stopped in the middle"
OUTCOMES = (SWITCHED, LAPSED, FEW, TAKEN_BACK, SETTLED, STOPPED)
# How often somebody does what, and what may happen before a turn.
ACTS = {"do": 30, "preview": 4, "ask": 4, "wait": 3, "settle": 2, "hire": 2}
MEANWHILE = {"act": 0.35, "wait": 0.05, "run_out": 0.05, "misread": 0.03, "settle": 0.15}
DEATH = 0.02


class _Died(BaseException):
    """A process ends in the middle of what it does."""


class World:
    """A store, whoever works in it, and the clock; what they do is chosen by the lots of one seed."""

    def __init__(self, seed: int, password_hash: str, clock: time_machine.Traveller) -> None:
        self.lots, self.clock = Random(seed), clock
        self.drawn = Drawn(self.lots)
        self.cass = add_person(password_hash, "cass", (Role.CSCC_MANAGER, None)).actor
        self.olive = add_person(password_hash, "olive", (Role.OWNER, None)).actor
        self.done: list[str] = []
        self.outcomes: Counter[str] = Counter()
        self.depth, self.is_alone, self.is_dying = 0, True, False

    @contextmanager
    def patched(self) -> Iterator[None]:
        """Make any store a large one and turns short, note what becomes of stagings, and let chance be the seed's."""
        part = self.lots.choice([1, 2, 3])
        few: list[tuple[Any, str, Any]] = [
            (foreseen, "FROM", 0), (staging, "MOST", self.lots.choice([0, 0, 3])),
            (staging, "PART", part), (settling, "PART", part), (pace, "sleep", self._nap),
            (membership, "switch_on", self._switch_on), (staging, "leave", self._leave),
            (staging, "randbelow", self.lots.randrange),
            (customer_model, "uuid4", lambda: UUID(int=self.lots.getrandbits(128))),
        ]  # fmt: skip
        with ExitStack() as patches:
            for module, name, value in few:
                patches.enter_context(patch.object(module, name, value))
            yield

    def begin(self) -> None:
        """Make the first shops, customers and groups, undisturbed."""
        for code in ("S1", "S2"):
            shops.create(OPERATOR, code=code, name=code)
        for _ in range(CUSTOMERS):
            calls.run(self.cass, self.drawn.new_customer())
        for _ in range(GROUPS):
            with suppress(Refusal):
                calls.run(self.cass, self.drawn.create())
        if self.lots.random() < 0.5:
            self.hire()
        self.ledger = Ledger()
        self.is_alone = False

    def end(self) -> None:
        """Let all that was staged run out and be settled, undisturbed; nothing may be left of it."""
        self.is_alone = True
        self.run_out()
        while not settling.settle(pace.Pace()):
            self.ledger.look()
        self.ledger.look()
        assert not Staging.select().exists(), "a staging is left"
        for model in (MembershipRow, PastMembershipRow):
            assert not model.select().where(model.staged != 0).exists(), f"{model.__name__} is left staged"
        assert not Group.select().where(Group.code == "").exists(), "a group that nobody made is left"

    # -- whoever is there --

    def act(self) -> None:
        """Do something, unless what it would be done with is not there."""
        with suppress(Nothing):
            getattr(self, self.drawn.name(ACTS))()

    def do(self) -> None:
        """Do what one may ask of the services."""
        call = self.drawn.call()
        self._do(f"{call.name} {call.arguments}", lambda: calls.run(self.cass, call))

    def ask(self) -> None:
        """Ask for approval, which another gives by what she is shown a while later."""
        call = self.drawn.call()

        def approve() -> None:
            asked = approvals.ask(self.cass, call, "It is time.")
            self._meanwhile({"act": 0.3})
            shown = approvals.show(self.cass, call, reader=self.olive)
            approvals.approve(self.olive, asked.id, shown.fingerprint)

        self._do(f"approve {call.name} {call.arguments}", approve)

    def preview(self) -> None:
        """Compare what a preview says that looks ahead with what it says by doing the act."""
        call = self.drawn.call()
        if (plan := PLANS.get(call.name)) is None:
            return

        def compare() -> None:
            done, ahead = self._told(call, None), self._told(call, lambda: plan(self.cass, call.arguments))
            assert done == ahead, f"by doing it: {done}\nlooking ahead: {ahead}"

        self._do(f"preview {call.name} {call.arguments}", compare)

    def _told(self, call: Call, ask: Callable[[], Any] | None) -> Any:
        try:
            shown = preview.of(self.cass, lambda: calls.run(self.cass, call), ask=ask)
        except Refusal as refused:
            return str(refused)
        return shown.fingerprint, [
            (one.group.name, one.joining, one.leaving, one.n_after,
             *([row.id for row in rows] for rows in (one.who_joins, one.who_leaves)))
            for one in shown.moves
        ]  # fmt: skip

    def wait(self) -> None:
        """Let hours pass; whoever stages in them mostly goes on with it, and sometimes the clock is looked at."""
        hours, goes_on, is_looked_at = self.lots.choice([5, 12, 24]), self.lots.random() < 0.8, self.lots.random() < 0.5

        def pass_by() -> None:
            if goes_on:
                Staging.update(kept_until=now() + timedelta(days=2)).where(Staging.change.is_null()).execute()
            self.clock.shift(timedelta(hours=hours))
            if is_looked_at:
                due.refresh()

        self._do(f"{hours} hours pass", pass_by)

    def run_out(self) -> None:
        """Let whatever is staged and not switched on run out."""
        late = Staging.update(kept_until=ago(seconds=1)).where(Staging.change.is_null())
        self._do("stagings run out", late.execute)

    def misread(self) -> None:
        """Let another, by whose clock alone stagings have run out, take back a part of one."""
        self.run_out()
        self.settle()
        Staging.update(kept_until=now() + staging.KEPT).where(Staging.change.is_null()).execute()

    def settle(self) -> None:
        """Settle the next part, as somebody does who works on jobs."""
        over = Staging.select().where(Staging.change.is_null(False) | (Staging.kept_until <= now()))
        if (first := over.order_by(Staging.id).first()) is not None:
            self.outcomes[TAKEN_BACK if first.change_id is None else SETTLED] += 1
        self._do("settle", lambda: settling.settle(pace.Pace()))

    def hire(self) -> None:
        """Let somebody begin to work on jobs, to whom settling is left; or nobody any more."""
        if not Worker.delete().execute():
            Worker.create(name="somebody", seen_at=datetime(2100, 1, 1))

    # -- how it is done --

    def _do(self, said: str, act: Callable[[], object]) -> None:
        indent = "    " * self.depth
        self.done.append(f"{indent}{said}")
        try:
            act()
        except Refusal as refused:
            self.done.append(f"{indent}  refused: {refused}")
            self.outcomes[STOPPED] += isinstance(refused, Busy)
        except _Died:
            self.done.append(f"{indent}  died")
            self.is_dying = False
        self.ledger.look()

    def _nap(self, _seconds: float) -> None:
        """Before a turn of one: let others act, and perhaps the one herself go no further."""
        if self.is_alone:
            return
        self.ledger.look()
        self._meanwhile(MEANWHILE)
        if self.lots.random() < DEATH:
            self.is_dying = True
            raise _Died

    def _meanwhile(self, chances: dict[str, float]) -> None:
        if self.depth == DEEPEST:
            return
        self.depth += 1
        self.clock.shift(timedelta(seconds=self.lots.choice([0, 1])))
        for name, chance in chances.items():
            if self.lots.random() < chance:
                getattr(self, name)()
        self.depth -= 1

    def _leave(self, number: int) -> None:
        if not self.is_dying:  # the dead leave what they have as it is
            settling.leave(number)

    def _switch_on(self, staged: staging.Staged, *how: Any) -> Any:
        moved = staging.switch_on(staged, *how)
        if staged.number is not None:
            self.outcomes[LAPSED if moved is None else SWITCHED] += 1
        elif moved is not None:
            self.outcomes[FEW] += bool(staged.joining or staged.leaving)
        return moved


def run(seed: int, server: Any, password_hash: str, steps: int) -> Counter[str]:
    """Let people act `steps` times, as that seed says, on a database of `server`; return what became of stagings.

    Fails at the first difference, with whatever was done until then: what others did meanwhile stands beneath it.
    """
    with closing(ExitStack()) as lent:  # closed as if nothing were wrong: a database is given back all the same
        clock = lent.enter_context(time_machine.travel(START, tick=False))
        lent.enter_context(server.lent())
        world = World(seed, password_hash, clock)
        lent.enter_context(world.patched())
        try:
            world.begin()
            for _ in range(steps):
                world.act()
            world.end()
        except Exception as wrong:
            raise AssertionError(f"Seed {seed}: {wrong}\n" + "\n".join(world.done)) from wrong
    return world.outcomes
