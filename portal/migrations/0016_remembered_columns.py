"""What people chose that the columns of a file stand for, by the shape of the file."""

from peewee import *


def up(migrator, db):
    class FileShape(Model):
        shape = TextField(unique=True)
        chosen = JSONField(default=dict)
        class Meta:
            database = db
            table_name = 'file_shape'
            legacy_table_names = False
    db.create_tables([FileShape])


def down(migrator, db):
    db.execute_sql('DROP TABLE "file_shape"')
