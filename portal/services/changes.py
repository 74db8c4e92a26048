"""Recording changes: every write of the portal happens inside `record`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from portal.clock import now
from portal.db import WRITE_DEADLINE
from portal.permissions import Actor
from portal.queries import ahead
from portal.services import guards, once
from portal.services.membership.due import catch_up
from portal.services.recorder import Recorder, plain, sealed, values

# What has been recorded since somebody began to note it: number and act.
Noted = list[tuple[int, str]]
_noted: ContextVar[Noted | None] = ContextVar("noted", default=None)


def noting() -> Noted:
    """Return a list to which each change that is recorded from now on is added, in this thread."""
    noted: Noted = []
    _noted.set(noted)
    return noted


@contextmanager
def record(
    actor: Actor, act: str, subject: str = "", note: str = "", seconds: float = WRITE_DEADLINE,
    call: Callable[[], guards.Call] | None = None,
) -> Iterator[Recorder]:  # fmt: skip
    """Run the block as one transaction and one change by `actor`.

    `act` is noun.verb, `subject` names what it is about (such as "group:12"); the block may set it later on the
    recorder. A block that records no row and moves nobody was no write: it leaves no change behind. `call` returns the
    service and its arguments, for an act that the guard rails may stop. Raises Busy when no turn to write was to be had
    within `seconds`, NeedsApproval when it moves more than one person may.
    """
    with once.transaction(seconds):
        # What the clock has moved before comes first: it is judged by what was there then.
        catch_up(now())
        leave = guards.leave()
        recorder = Recorder(actor, act, subject, (leave and leave.note) or note)
        yield recorder
        if leave is not None:
            leave.used(recorder)
        elif call is not None and recorder.is_made:
            _look_at_guards(recorder, call)
        recorder.finish()
    noted = _noted.get()
    if noted is not None and recorder.is_made and all(recorder.id != number for number, _act in noted):
        noted.append((recorder.id, act))


def _look_at_guards(recorder: Recorder, call: Callable[[], guards.Call]) -> None:
    def to_come() -> int:
        return ahead.most(recorder.id, {*recorder.touched, *recorder.brought}, recorder.planned)

    guards.check(recorder.moves, recorder.touched, call, recorder.brought, to_come)


__all__ = ["Noted", "Recorder", "noting", "plain", "record", "sealed", "values"]
