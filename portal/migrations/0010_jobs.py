"""Jobs that outlive a request, the processes that work on them, and when an import was last written on."""

from peewee import *


def up(migrator, db):
    class User(Model):
        class Meta:
            database = db
            table_name = 'user_account'
            legacy_table_names = False

    class Job(Model):
        kind = TextField()
        args = JSONField(default=dict)
        subject = TextField(default='', index=True)
        key = TextField(null=True, unique=True)
        state = TextField(default='waiting')
        user = ForeignKeyField(User, null=True, on_delete='RESTRICT')
        cursor = JSONField(null=True)
        n_steps = IntegerField(default=0)
        n_done = IntegerField(default=0)
        n_all = IntegerField(default=0)
        attempt = IntegerField(default=0)
        n_tries = IntegerField(default=0)
        owner = TextField(default='')
        lease_until = DateTimeField(null=True)
        not_before = DateTimeField()
        created_at = DateTimeField()
        started_at = DateTimeField(null=True)
        finished_at = DateTimeField(null=True)
        error = TextField(default='')
        error_params = JSONField(default=dict)
        result = JSONField(default=dict)
        class Meta:
            database = db
            table_name = 'job'
            legacy_table_names = False

    Job.add_index(Job.id, where=Job.finished_at.is_null(), name='job_open')

    class Worker(Model):
        name = TextField(unique=True)
        seen_at = DateTimeField()
        class Meta:
            database = db
            table_name = 'worker'
            legacy_table_names = False

    db.create_tables([Job, Worker])
    moment = 'DATETIME' if isinstance(db, SqliteDatabase) else 'TIMESTAMP'
    db.execute_sql(f'ALTER TABLE "import" ADD COLUMN "written_at" {moment}')


def down(migrator, db):
    db.execute_sql('ALTER TABLE "import" DROP COLUMN "written_at"')
    db.execute_sql('DROP TABLE "worker"')
    db.execute_sql('DROP TABLE "job"')
