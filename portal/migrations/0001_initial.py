"""The first tables: people, shops, customers, groups, membership, changes, imports."""

from peewee import *
# Not the JSONField of playhouse.sqlite_ext: on PostgreSQL that one makes text columns, which are read back as text.

# Frozen on purpose: this file describes the tables as they were, whatever the models say later.
PARTIAL_INDEXES = (
    '''CREATE INDEX "customer_email_key" ON "customer" ("email_key") WHERE ("email_key" IS NOT NULL)''',
    '''CREATE INDEX "customer_phone_key" ON "customer" ("phone_key") WHERE ("phone_key" IS NOT NULL)''',
    '''CREATE UNIQUE INDEX "customer_group_code" ON "customer_group" ("code") WHERE ("status" != 'deleted')''',
    '''CREATE UNIQUE INDEX "customer_group_name_key" ON "customer_group" ("name_key") WHERE (("status" != 'deleted') AND ("name_key" != ''))''',
    '''CREATE UNIQUE INDEX "group_item_customer" ON "group_item" ("customer_id", "group_id") WHERE (("ended_at" IS NULL) AND ("customer_id" IS NOT NULL))''',
    '''CREATE UNIQUE INDEX "group_item_shop" ON "group_item" ("shop_id", "group_id") WHERE (("ended_at" IS NULL) AND ("shop_id" IS NOT NULL))''',
    '''CREATE INDEX "group_item_group" ON "group_item" ("group_id", "id")''',
    '''CREATE INDEX "import_row_code_key" ON "import_row" ("import_id", "code_key", "row") WHERE ("code_key" IS NOT NULL)''',
    '''CREATE INDEX "import_row_email_key" ON "import_row" ("import_id", "email_key", "row") WHERE ("email_key" IS NOT NULL)''',
    '''CREATE INDEX "import_row_phone_key" ON "import_row" ("import_id", "phone_key", "row") WHERE ("phone_key" IS NOT NULL)''',
    '''CREATE INDEX "import_row_customer" ON "import_row" ("import_id", "customer_id", "row") WHERE ("customer_id" IS NOT NULL)''',
)
SORTED = (
    ("customer", "name_key"), ("customer", "code_key"), ("customer_group", "name_key"), ("customer_group", "code"),
    ("shop", "name_key"),
)
SEARCH = (
    """CREATE VIRTUAL TABLE customer_search USING fts5(
        search, content='customer', content_rowid='id', tokenize='trigram', columnsize=0)""",
    "INSERT INTO customer_search(customer_search, rank) VALUES ('secure-delete', 1)",
    """CREATE TRIGGER customer_search_insert AFTER INSERT ON customer BEGIN
        INSERT INTO customer_search(rowid, search) VALUES (new.id, new.search); END""",
    """CREATE TRIGGER customer_search_delete AFTER DELETE ON customer BEGIN
        INSERT INTO customer_search(customer_search, rowid, search) VALUES ('delete', old.id, old.search); END""",
    """CREATE TRIGGER customer_search_update AFTER UPDATE OF search ON customer WHEN old.search <> new.search BEGIN
        INSERT INTO customer_search(customer_search, rowid, search) VALUES ('delete', old.id, old.search);
        INSERT INTO customer_search(rowid, search) VALUES (new.id, new.search); END""",
)


def is_sqlite(db):
    return isinstance(db, SqliteDatabase)


def up(migrator, db):
    class User(Model):
        email = TextField()
        email_key = TextField(unique=True)
        name = TextField()
        password_hash = TextField(default='')
        is_active = BooleanField(default=True)
        language = TextField(default='')
        created_at = DateTimeField()
        class Meta:
            database = db
            table_name = 'user_account'
            legacy_table_names = False
    db.create_tables([User])

    class Change(Model):
        at = DateTimeField(index=True)
        actor = ForeignKeyField(User, null=True, on_delete='RESTRICT')
        door = TextField()
        act = TextField()
        subject = TextField(default='')
        note = TextField(default='')
        n_rows = IntegerField(default=0)
        class Meta:
            database = db
            table_name = 'change'
            legacy_table_names = False
            indexes = ((('subject', 'id'), False),)
    db.create_tables([Change])

    class ChangeRow(Model):
        change = ForeignKeyField(Change, on_delete='RESTRICT')
        noun = TextField()
        row_id = IntegerField()
        before = JSONField(null=True)
        after = JSONField(null=True)
        class Meta:
            database = db
            table_name = 'change_row'
            legacy_table_names = False
            indexes = ((('noun', 'row_id'), False),)
    db.create_tables([ChangeRow])

    class Shop(Model):
        code = TextField()
        code_key = TextField(unique=True)
        name = TextField()
        name_key = TextField(index=True)
        created_at = DateTimeField()
        version = IntegerField(default=1)
        class Meta:
            database = db
            table_name = 'shop'
            legacy_table_names = False
    db.create_tables([Shop])

    class Customer(Model):
        code = TextField()
        code_key = TextField(unique=True)
        name = TextField(default='')
        name_key = TextField(default='')
        email = TextField(default='')
        email_key = TextField(null=True)
        phone = TextField(default='')
        phone_key = TextField(null=True)
        shop = ForeignKeyField(Shop, null=True, on_delete='RESTRICT', index=False)
        birth_date = DateField(null=True)
        language = TextField(default='')
        gender = TextField(default='')
        id_type = TextField(default='')
        id_number = TextField(default='')
        address = TextField(default='')
        search = TextField(default='')
        created_at = DateTimeField()
        updated_at = DateTimeField()
        version = IntegerField(default=1)
        class Meta:
            database = db
            table_name = 'customer'
            legacy_table_names = False
            indexes = ((('name_key', 'id'), False), (('shop', 'name_key', 'id'), False))
    db.create_tables([Customer])

    class Group(Model):
        code = TextField()
        name = TextField(default='')
        name_key = TextField(default='')
        type = TextField(default='customer')
        status = TextField(default='active')
        hue = TextField(default='blue')
        description = TextField(default='')
        agent_note = TextField(default='')
        owner = ForeignKeyField(User, null=True, on_delete='RESTRICT', index=False)
        n_members = IntegerField(default=0)
        created_at = DateTimeField()
        updated_at = DateTimeField()
        version = IntegerField(default=1)
        class Meta:
            database = db
            table_name = 'customer_group'
            legacy_table_names = False
    db.create_tables([Group])

    class GroupItem(Model):
        group = ForeignKeyField(Group, on_delete='RESTRICT', index=False)
        sign = TextField()
        kind = TextField()
        customer = ForeignKeyField(Customer, null=True, on_delete='RESTRICT', index=False)
        shop = ForeignKeyField(Shop, null=True, on_delete='RESTRICT', index=False)
        note = TextField(default='')
        created_at = DateTimeField()
        created_by = ForeignKeyField(Change, on_delete='RESTRICT', index=False)
        ended_at = DateTimeField(null=True)
        ended_by = ForeignKeyField(Change, null=True, on_delete='RESTRICT', index=False)
        class Meta:
            database = db
            table_name = 'group_item'
            legacy_table_names = False
    db.create_tables([GroupItem])

    class Import(Model):
        user = ForeignKeyField(User, null=True, on_delete='RESTRICT', index=False)
        group = ForeignKeyField(Group, null=True, on_delete='RESTRICT', index=False)
        new_group = TextField(default='')
        state = TextField(default='reading')
        file_name = TextField(default='')
        file_hash = TextField(default='')
        encoding = TextField(default='')
        delimiter = TextField(default='')
        headers = JSONField(default=list)
        columns = JSONField(default=list)
        problems = JSONField(default=list)
        lifts_exclusions = BooleanField(default=False)
        first_key = TextField(default='code')
        counts = JSONField(default=dict)
        fingerprint = TextField(default='')
        created_at = DateTimeField()
        change = ForeignKeyField(Change, null=True, on_delete='RESTRICT', index=False)
        class Meta:
            database = db
            table_name = 'import'
            legacy_table_names = False
    db.create_tables([Import])

    class ImportRow(Model):
        imported = ForeignKeyField(Import, column_name='import_id', on_delete='CASCADE', index=False)
        row = IntegerField()
        cells = JSONField(default=list)
        code = TextField(null=True)
        code_key = TextField(null=True)
        name = TextField(null=True)
        name_key = TextField(null=True)
        email = TextField(null=True)
        email_key = TextField(null=True)
        phone = TextField(null=True)
        phone_key = TextField(null=True)
        shop = ForeignKeyField(Shop, null=True, on_delete='CASCADE', index=False)
        birth_date = DateField(null=True)
        language = TextField(null=True)
        gender = TextField(null=True)
        id_type = TextField(null=True)
        id_number = TextField(null=True)
        address = TextField(null=True)
        search = TextField(default='')
        digest = TextField(default='')
        leader = IntegerField(null=True)
        result = TextField(default='')
        joins = TextField(default='')
        customer = ForeignKeyField(Customer, null=True, on_delete='SET NULL', index=False)
        remarks = JSONField(default=list)
        reason = TextField(default='')
        reason_column = TextField(default='')
        reason_row = IntegerField(null=True)
        class Meta:
            database = db
            table_name = 'import_row'
            legacy_table_names = False
            indexes = ((('imported', 'row'), True),)
    db.create_tables([ImportRow])

    class Membership(Model):
        group = ForeignKeyField(Group, on_delete='RESTRICT', index=False)
        customer = ForeignKeyField(Customer, on_delete='RESTRICT', index=False)
        since = DateTimeField()
        cause = ForeignKeyField(Change, on_delete='RESTRICT', index=False)
        class Meta:
            database = db
            table_name = 'membership'
            without_rowid = is_sqlite(db)
            legacy_table_names = False
            primary_key = CompositeKey('group', 'customer')
            indexes = ((('customer', 'group'), True),)
    db.create_tables([Membership])

    class PastMembership(Model):
        group = ForeignKeyField(Group, on_delete='RESTRICT', index=False)
        customer = ForeignKeyField(Customer, on_delete='RESTRICT', index=False)
        joined_at = DateTimeField()
        left_at = DateTimeField()
        joined_by = ForeignKeyField(Change, on_delete='RESTRICT', index=False)
        left_by = ForeignKeyField(Change, on_delete='RESTRICT', index=False)
        class Meta:
            database = db
            table_name = 'past_membership'
            legacy_table_names = False
            indexes = ((('group', 'customer', 'joined_at'), False), (('customer', 'group'), False))
    db.create_tables([PastMembership])

    class SignInFailure(Model):
        key = TextField()
        failed_at = DateTimeField()
        class Meta:
            database = db
            table_name = 'sign_in_failure'
            legacy_table_names = False
            indexes = ((('key', 'failed_at'), False),)
    db.create_tables([SignInFailure])

    class UserRole(Model):
        user = ForeignKeyField(User, on_delete='CASCADE')
        role = TextField()
        shop = ForeignKeyField(Shop, null=True, on_delete='RESTRICT', index=False)
        class Meta:
            database = db
            table_name = 'user_role'
            legacy_table_names = False
    db.create_tables([UserRole])

    class UserSession(Model):
        key_hash = TextField(unique=True)
        user = ForeignKeyField(User, on_delete='CASCADE')
        started_at = DateTimeField()
        seen_at = DateTimeField()
        ended_at = DateTimeField(null=True)
        agent = TextField(default='')
        class Meta:
            database = db
            table_name = 'user_session'
            legacy_table_names = False
    db.create_tables([UserSession])

    for statement in PARTIAL_INDEXES:
        db.execute_sql(statement)
    if is_sqlite(db):
        for statement in SEARCH:
            db.execute_sql(statement)
    else:
        # Keys are compared and sorted by their letters' numbers, as SQLite does, whatever the database's own language.
        for table, column in SORTED:
            db.execute_sql(f'ALTER TABLE "{table}" ALTER COLUMN "{column}" TYPE text COLLATE "C"')


def down(migrator, db):
    if is_sqlite(db):
        db.execute_sql("DROP TABLE customer_search")
    for table in ('import_row', 'import', 'past_membership', 'membership', 'group_item', 'customer_group', 'customer', 'change_row', 'change', 'sign_in_failure', 'user_session', 'user_role', 'shop', 'user_account'):
        db.execute_sql(f'DROP TABLE "{table}"')
