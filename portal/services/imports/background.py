"""Large imports are written by whoever works in the background; one that was left half done goes on by itself."""

from datetime import timedelta

from portal import clock
from portal.errors import Denied
from portal.models import Import, ImportRow, Job, User
from portal.permissions import Action, Actor, Door, require
from portal.queries import imports as find
from portal.queries import jobs as find_jobs
from portal.queries import users
from portal.services import imports, jobs

LARGE = 2_000  # rows; fewer are written while the person waits
QUIET_SECONDS = 60  # after which nobody is at an import that is half written


def start(actor: Actor, import_id: int) -> Job | None:
    """Hand the run of an import over and return the job, or the one that has it already.

    None when it is to be run here and now: it is small, or nobody works in the background. Raises Missing, Denied,
    Refusal.
    """
    require(actor, Action.IMPORT_CUSTOMERS)
    imported = imports.allowed(actor, import_id)
    found = Job.get_or_none(Job.key == imports.key(import_id))
    if found is not None:
        return found
    if imported.state == "done" or imported.counts["rows"] <= LARGE or not find_jobs.is_worked_on():
        return None
    if imported.state == "checked":
        imports.check_guards(imported)
    return _enqueue(actor, import_id)


def _enqueue(actor: Actor, import_id: int) -> Job:
    key = imports.key(import_id)
    return jobs.enqueue(actor, "import.run", {"import": import_id}, subject=key, key=key)


def step(actor: Actor, job: Job) -> bool:
    """Write the next parts of a job's import inside its open transaction; tell whether those were the last."""
    require(actor, Action.IMPORT_CUSTOMERS)
    import_id = job.args["import"]
    before = Import.get_by_id(import_id)
    if job.cursor is None:
        job.n_done = find.n_written(before) if before.state == "running" else 0
        job.n_all = sum(before.counts[name] for name in ("new", "updated"))
    after = imports.go_on(actor, import_id)
    job.cursor = after.reached
    if after.state == "done":
        job.n_done = job.n_all
        job.result = {name: after.counts[name] for name in ("new", "updated", "joined")}
        return True
    job.n_done += ImportRow.select().where(
        ImportRow.imported == after, ImportRow.row > before.reached, ImportRow.row <= after.reached,
        ImportRow.result.in_(("new", "updated")),
    ).count()  # fmt: skip
    return False


def revive() -> None:
    """Hand over the imports that are half written and that nobody is at, as the person who ran them.

    One whose job failed is left to people: it would fail again.
    """
    quiet = Import.written_at.is_null() | (Import.written_at < clock.now() - timedelta(seconds=QUIET_SECONDS))
    for imported in Import.select().where(Import.state == "running", quiet).order_by(Import.id):
        newest = find_jobs.newest_about(imports.key(imported.id))
        user = User.get_or_none(User.id == (imported.change.actor_id if imported.change_id else imported.user_id))
        is_left = newest is None or newest.state == "done"
        if is_left and user is not None and user.is_active:
            try:
                _enqueue(users.actor_of(user, Door.IMPORT), imported.id)
            except Denied:
                continue  # she may not any more; whoever may presses “Go on”
