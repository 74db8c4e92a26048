"""What searching finds customers by, brought up after a field has become searchable or is so no more.

Rules may ask for what is searched: whom that moves, she moves by the change of the field, of which each part is one.
Part after part, each a transaction of its own, so that others write in between; a part reads what is true by then, so
that doing one twice harms nobody.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from portal.db import db
from portal.models import Field, Job
from portal.models.field import values_table
from portal.permissions import Action, Actor, require
from portal.queries import jobs as find_jobs
from portal.services import jobs, membership, own_values
from portal.services.changes import Recorder, record

KIND = "field.search"
CHUNK = 500


def run(actor: Actor, field_ids: Iterable[int], change: Recorder) -> None:
    """Bring up the search for these fields: at once, or in the background where somebody works there.

    `change` is the one that made them searched or not.
    """
    require(actor, Action.EDIT_FIELDS)
    for field_id in field_ids:
        after: int | None = 0
        with _going_on(actor, change.id) as further:
            after = part(field_id, 0, further)
            key = f"field:{field_id}"
            jobs.drop(key)  # it began under what was said before
            if after is not None and find_jobs.is_worked_on():
                jobs.enqueue(actor, KIND, {"field": field_id, "change": change.id}, subject=key, key=key)
                after = None
        while after is not None:
            with _going_on(actor, change.id) as further:
                after = part(field_id, after, further)


def step(actor: Actor, job: Job) -> bool:
    """Bring up the next part of a job inside its open transaction; tell whether that was the last."""
    require(actor, Action.EDIT_FIELDS)
    if job.cursor is None:
        job.n_done, job.n_all = 0, _n_with(job.args["field"])
    with _going_on(actor, job.args["change"]) as further:
        after = part(job.args["field"], job.cursor or 0, further)
    job.n_done = min(job.n_done + CHUNK, job.n_all)
    job.cursor = after
    return after is None


@contextmanager
def _going_on(actor: Actor, change_id: int) -> Iterator[Recorder]:
    with record(actor, "field.edit") as change:
        change.go_on(change_id)
        yield change


def part(field_id: int, after: int, change: Recorder) -> int | None:
    """Bring up the search of the next customers with a value of the field, inside an open change.

    Returns where to go on, None at the end.
    """
    field = Field.get_by_id(field_id)
    table = values_table(field.column)
    rows = db.execute(
        table.select(table.customer_id)
        .where(table.customer_id > after, getattr(table, field.column).is_null(False))
        .order_by(table.customer_id)
        .limit(CHUNK)
    )
    ids = [customer_id for (customer_id,) in rows]
    if differing := own_values.bring_up_search(ids):
        membership.refresh(change, customers=sorted(differing), fields=["search"])
    return ids[-1] if len(ids) == CHUNK else None


def _n_with(field_id: int) -> int:
    field = Field.get_by_id(field_id)
    table = values_table(field.column)
    return int(table.select(table.customer_id).where(getattr(table, field.column).is_null(False)).count())
