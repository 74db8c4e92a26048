"""Jobs: work that outlives a request. The row is the truth; whoever works on one holds a lease of it."""

import peewee

from portal.clock import now
from portal.db import Model
from portal.models.user import User


class Job(Model):
    """Something to be done once: how far it is, who is at it and until when, how it ended."""

    id = peewee.AutoField()
    kind = peewee.TextField()
    args = peewee.JSONField(default=dict)  # ids and words, never anybody's data
    subject = peewee.TextField(default="", index=True)  # what it is about, such as "import:12"
    key = peewee.TextField(null=True, unique=True)  # of open jobs of which there may be one
    state = peewee.TextField(default="waiting")  # waiting | running | done | failed | cancelled
    user = peewee.ForeignKeyField(User, null=True, on_delete="RESTRICT")  # null: the machine's own
    cursor = peewee.JSONField(null=True)  # where the next step begins
    n_steps = peewee.IntegerField(default=0)  # that are stored
    n_done = peewee.IntegerField(default=0)
    n_all = peewee.IntegerField(default=0)  # 0: not known yet
    attempt = peewee.IntegerField(default=0)  # how often it was taken; a worker writes under the number it took it by
    n_tries = peewee.IntegerField(default=0)  # how often it was taken since the last step that was stored
    owner = peewee.TextField(default="")  # the process that has it
    lease_until = peewee.DateTimeField(null=True)
    not_before = peewee.DateTimeField(default=now)
    created_at = peewee.DateTimeField(default=now)
    started_at = peewee.DateTimeField(null=True)
    finished_at = peewee.DateTimeField(null=True)
    error = peewee.TextField(default="")  # an English sentence
    error_params = peewee.JSONField(default=dict)
    result = peewee.JSONField(default=dict)


# Every page asks whether anything is open.
Job.add_index(Job.id, where=Job.finished_at.is_null(), name="job_open")


class Worker(Model):
    """A process that works on jobs, and when it last said so."""

    id = peewee.AutoField()
    name = peewee.TextField(unique=True)
    seen_at = peewee.DateTimeField(default=now)
