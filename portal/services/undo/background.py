"""Undos of many rows are done by whoever works in the background, part by part, and go on when that one is killed."""

from portal.models import Change, Job
from portal.permissions import Action, Actor, require
from portal.queries import jobs as find_jobs
from portal.services import guards, jobs, undo
from portal.services.changes import record
from portal.services.undo import Undoing

LARGE = 2_000  # rows; fewer are undone while the person waits
# By job, under which number it was taken, and how far the undo is: what is found of a change is not looked for anew at
# each step. Another process, or the same one after a step that was taken back, begins with what is stored.
_under_way: dict[int, tuple[int, Undoing]] = {}


def start(actor: Actor, change_id: int) -> Job | None:
    """Hand an undo over and return the job, or the one that has it already.

    None when it is to be done here and now: it is small, or nobody works in the background. Raises Missing, Denied,
    Refusal, NeedsApproval as the undo itself does.
    """
    require(actor, Action.UNDO_OWN)
    change = Change.get_or_none(Change.id == change_id)
    if change is None or change.n_rows <= LARGE or not find_jobs.is_worked_on():
        return None
    call = guards.calling("undo.undo", change_id=change_id)
    with record(actor, "change.undo", f"change:{change_id}") as recorder:
        undo.look_at_guards(undo.begin(actor, change_id, recorder), call)
        key = f"undo:{change_id}"
        return jobs.enqueue(actor, "change.undo", {"change": change_id}, subject=f"change:{change_id}", key=key)


def step(actor: Actor, job: Job) -> bool:
    """Undo the next parts of a job's change inside its open transaction; tell whether those were the last."""
    require(actor, Action.UNDO_OWN)
    attempt, undoing = _under_way.pop(job.id, (0, Undoing(job.args["change"], job.cursor)))
    if attempt != job.attempt:
        undoing = Undoing(job.args["change"], job.cursor)
    is_last = undoing.go_on(actor)
    job.cursor = undoing.undo_id
    job.n_all = Change.get_by_id(undoing.change_id).n_rows
    job.n_done = job.n_all if is_last else min(undoing.n_done, job.n_all)
    if is_last:
        told = undoing.told()
        job.result = {"change": told.change_id, "restored": dict(told.restored), "kept": len(told.refused)}
    else:
        _under_way[job.id] = job.attempt, undoing
    return is_last
