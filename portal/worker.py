"""The background: whoever works on jobs, as threads of `portal serve` or as `portal worker`.

The rows of the table of jobs are the truth. huey carries the number of a job from the process that stored it to one
that works, and keeps the threads; a number that gets lost on the way is found by the look that every process takes
each minute (decision 0009). Nothing but this module knows huey.
"""

import hashlib
import hmac
import json
import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import peewee

from portal import clock, db
from portal.config import Settings
from portal.errors import N_, Busy, Refusal
from portal.models import Job, User
from portal.permissions import OPERATOR, Actor, Door
from portal.queries import jobs as find
from portal.queries import users
from portal.services import imports, jobs
from portal.services.fields import searching
from portal.services.imports import background as importing
from portal.services.imports import foreseeing
from portal.services.jobs import lease
from portal.services.membership import due, forecast, settling
from portal.services.undo import background as undoing

THREADS = 2  # one may be long at a large file
LOOK_SECONDS = 60
BREATH = 0.001  # seconds in which others get in between two steps: who gives the gate away would be the first again
AGAIN_SECONDS = 10  # when the database could not be written
TRIES = 3  # at making the tables of the queue
STOP_SECONDS = 30  # that a step may take to end when the process is asked to stop
logger = logging.getLogger("portal.jobs")


@dataclass(frozen=True, slots=True)
class Kind:
    """What is done for one kind of job: steps until one says that it was the last, and what comes before them.

    `prepare` writes in transactions of its own and has to be harmless when it is done twice.
    """

    step: Callable[[Actor, Job], bool]
    prepare: Callable[[Actor, Mapping[str, Any]], object] | None = None
    door: Door = Door.PAGE


def _catch_up(actor: Actor, job: Job) -> bool:
    """Write what the clock has moved, if nobody who looked was quicker."""
    job.n_done = job.n_all = due.catch_up(clock.now())
    return True


KINDS = {
    "clock.due": Kind(_catch_up, door=Door.CLOCK),
    "clock.forecast": Kind(
        lambda actor, job: True, lambda actor, args: forecast.prepare(), door=Door.CLOCK
    ),
    settling.KIND: Kind(settling.step),
    "field.search": Kind(searching.step),
    "change.undo": Kind(undoing.step),
    "import.foresee": Kind(foreseeing.step, door=Door.IMPORT),
    "import.run": Kind(
        importing.step, lambda actor, args: imports.prepare(actor, args["import"]), door=Door.IMPORT
    ),
}  # fmt: skip


# ---- one job ----


def work(job_id: int, owner: str, is_stopping: Callable[[], bool] = lambda: False) -> None:
    """Take the job of that id, if it is there to be taken, and work on it to its end or until asked to stop."""
    db.db.connect(reuse_if_open=True)
    try:
        held = lease.claim(job_id, owner)
        if held is not None:
            began = time.monotonic()
            _through(held, is_stopping)
            said = {"job": job_id, "kind": held.kind, "ms": round(1000 * (time.monotonic() - began), 1)}
            logger.info("job", extra=said)
    except lease.Lost:
        logger.info("job taken by somebody else", extra={"job": job_id})
    except (Busy, peewee.PeeweeException):
        # Not even the row could be written; the lease runs out, and somebody goes on.
        logger.warning("job left", exc_info=True, extra={"job": job_id})
    finally:
        if not db.db.is_closed():
            db.db.close()


def _through(held: lease.Claim, is_stopping: Callable[[], bool]) -> None:
    try:
        _steps(held, KINDS[held.kind], is_stopping)
    except lease.Lost:
        raise
    except (Busy, peewee.OperationalError, peewee.InterfaceError):
        logger.warning("job waits for the database", exc_info=True, extra={"job": held.job_id})
        lease.give_back(held, AGAIN_SECONDS, is_fault=True)
    except Refusal as refusal:
        lease.fail(held, refusal.sentence, refusal.params)
    except Exception as error:
        logger.exception("fault in a job", extra={"job": held.job_id})
        lease.retry(held, type(error).__name__)


def _steps(held: lease.Claim, kind: Kind, is_stopping: Callable[[], bool]) -> None:
    if kind.prepare is not None:
        kind.prepare(_actor(held, kind), held.args)
    while not is_stopping():
        with lease.step(held) as job:
            # Asked at each step: rights that were taken are gone.
            if kind.step(_actor(held, kind), job):
                jobs.end(job, "done")
        if job.finished_at is not None:
            return
        time.sleep(BREATH)
    lease.give_back(held)
    jobs.wake(held.job_id)


def _actor(held: lease.Claim, kind: Kind) -> Actor:
    if held.user_id is None:
        return OPERATOR
    user = User.get_by_id(held.user_id)
    if not user.is_active:
        raise Refusal(N_("The account of who began this is closed, so it was not done."))
    return users.actor_of(user, kind.door)


# ---- who works ----


def _here() -> str:
    """Return what tells the processes of this machine from those of others: its name, and its space of numbers."""
    space = ""
    with suppress(OSError):
        space = str(Path("/proc/self/ns/pid").readlink())
    return f"{socket.gethostname()}/{space}"


def is_gone(name: str, own: str) -> bool:
    """Tell whether the process of that name is known to have ended; one on another machine never is."""
    here, _, rest = name.rpartition("#")
    if name == own or here != own.rpartition("#")[0]:
        return False
    number = rest.partition(".")[0]
    if int(number) == os.getpid():
        return True  # this process has another name, so that one had its number before
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass
    return False


class Workers:
    """The threads of one process that work on jobs, and the queue that wakes those of any process."""

    def __init__(self, settings: Settings, instance: Path) -> None:
        self.settings, self.instance = settings, instance
        self.name = f"{_here()}#{os.getpid()}.{secrets.token_hex(4)}"
        self._consumer: Any = None

    @cached_property
    def _task(self) -> Any:
        """The queue's one task: the number of a job. Made when it is first needed, since most commands need none."""
        huey = _queue(self.settings, self.instance)
        return huey.task(name="work")(self._work)

    def _work(self, job_id: int) -> None:
        work(job_id, self.name, self._is_stopping)

    def _is_stopping(self) -> bool:
        return bool(self._consumer is not None and self._consumer.stop_flag.is_set())

    def wake(self, job_id: int) -> None:
        """Tell whoever works, in whichever process, that a job waits."""
        self._task(job_id)

    def start(self) -> None:
        """Begin to work, in threads; what this machine's ended processes have left is taken up at once."""
        from huey.consumer import Consumer, Scheduler

        look = self.look

        class _Clock(Scheduler):
            def enqueue_periodic_tasks(self, now: Any) -> None:
                look()

        class _Threads(Consumer):
            scheduler_class = _Clock

            def _set_signal_handlers(self) -> None:
                """Leave signals to whoever runs the process."""

        self._consumer = _Threads(
            self._task.huey, workers=THREADS, backoff=1.3, max_delay=1.0, scheduler_interval=LOOK_SECONDS,
            check_worker_health=False, shutdown_timeout=STOP_SECONDS,
        )  # fmt: skip
        self._consumer.start()

    def try_to_start(self) -> None:
        """Begin to work if the queue can be opened; without it jobs are left to others, and pages say so."""
        try:
            self.start()
        except Exception:
            logger.exception("jobs are not worked on here")

    def stop(self) -> None:
        """End after the steps that are being written; what is left of their jobs is given back."""
        if self._consumer is None:
            return
        self._consumer.stop(graceful=True)
        with suppress(Busy, peewee.PeeweeException):
            lease.gone(self.name)
        if not db.db.is_closed():
            db.db.close()
        self.close()

    def close(self) -> None:
        """Close the queue, if it was opened; it opens again when it is needed."""
        if "_task" in self.__dict__:
            self._task.huey.storage.close()

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set."""
        self.start()
        stop.wait()
        self.stop()

    def look(self) -> None:
        """Note that this process works, and wake somebody for all that waits or was left; done every minute."""
        try:
            db.db.connect(reuse_if_open=True)
            lease.seen(self.name)
            lease.take_back(owner for owner in find.owners() if is_gone(owner, self.name))
            importing.revive()
            if due.is_due():
                jobs.enqueue(OPERATOR, "clock.due", {}, key="clock.due")
            if forecast.wanted():
                jobs.enqueue(OPERATOR, "clock.forecast", {}, key="clock.forecast")
            if settling.are_over():
                jobs.enqueue(OPERATOR, settling.KIND, {}, key=settling.KIND)
            for job_id in find.runnable():
                self.wake(job_id)
        except Exception:
            logger.warning("jobs were not looked after", exc_info=True)
        finally:
            if not db.db.is_closed():
                db.db.close()


def _queue(settings: Settings, instance: Path) -> Any:
    from huey import PostgresHuey, SqliteHuey
    from huey.registry import Message
    from huey.serializer import SignedSerializer

    class _Words(SignedSerializer):
        """Signed, and JSON within: nobody who writes into the queue can make this process do anything else."""

        def _serialize(self, message: Any) -> bytes:
            return bytes(self._sign(json.dumps(message).encode()))

        def _deserialize(self, data: Any) -> Any:
            return Message(*json.loads(self._unsign(bytes(data))))

    queue_log = logging.getLogger("huey")
    queue_log.setLevel(logging.ERROR)
    queue_log.propagate, queue_log.handlers = False, logging.getLogger("portal").handlers
    said: dict[str, Any] = {"results": False, "serializer": _Words(secret=key(settings.secret_key))}
    if settings.is_sqlite:
        instance.mkdir(parents=True, exist_ok=True)
        # Not WAL: whichever SQLite this Python brought along opens it, and older ones could damage a file in that mode.
        return SqliteHuey("coterie", filename=str(instance / "queue.db"), cache_mb=1, journal_mode="truncate", **said)
    # Asked every second as SQLite's is, instead of listening: that would hold a connection more for each thread.
    said |= {"dsn": settings.database, "table_prefix": "queue", "blocking": False, "connect_timeout": 5}
    for _ in range(TRIES - 1):
        with suppress(Exception):  # its tables are made by whoever is first; of two at once one stumbles
            return PostgresHuey("coterie", **said)
    return PostgresHuey("coterie", **said)


def key(secret: str) -> str:
    """Return the key that signs what is queued, made from the secret key, which it does not give away."""
    return hmac.new(secret.encode(), b"the queue of jobs", hashlib.sha256).hexdigest()
