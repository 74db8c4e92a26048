"""Let the text index of SQLite find words of one and two signs: by the terms that begin with them.

Each text is indexed with two line breaks at its end, so that each of its signs begins a term of three. The table
`customer_search_terms` reads those terms in the index; it stores nothing.
"""

from peewee import SqliteDatabase

TEXT = "search || char(10, 10)"
VIEW = f"CREATE VIEW customer_searched AS SELECT id, {TEXT} AS search FROM customer"
TERMS = "CREATE VIRTUAL TABLE customer_search_terms USING fts5vocab(customer_search, instance)"


def _index(db, content, told):
    """Make the index anew, of the column `search` of `content`; `told` is that text of a row in a trigger."""
    for name in ("insert", "delete", "update"):
        db.execute_sql(f"DROP TRIGGER customer_search_{name}")
    db.execute_sql("DROP TABLE customer_search")
    db.execute_sql(
        f"CREATE VIRTUAL TABLE customer_search USING fts5("
        f"search, content='{content}', content_rowid='id', tokenize='trigram', columnsize=0)"
    )
    added = f"INSERT INTO customer_search(rowid, search) VALUES (new.id, {told.format('new')})"
    gone = f"INSERT INTO customer_search(customer_search, rowid, search) VALUES ('delete', old.id, {told.format('old')})"
    for name, when, done in (
        ("insert", "AFTER INSERT ON customer", added),
        ("delete", "AFTER DELETE ON customer", gone),
        ("update", "AFTER UPDATE OF search ON customer WHEN old.search <> new.search", f"{gone}; {added}"),
    ):
        db.execute_sql(f"CREATE TRIGGER customer_search_{name} {when} BEGIN {done}; END")
    db.execute_sql("INSERT INTO customer_search(customer_search) VALUES ('rebuild')")


def up(migrator, db):
    if isinstance(db, SqliteDatabase):
        db.execute_sql(VIEW)
        _index(db, "customer_searched", "{}." + TEXT)
        db.execute_sql(TERMS)


def down(migrator, db):
    if isinstance(db, SqliteDatabase):
        db.execute_sql("DROP TABLE customer_search_terms")
        _index(db, "customer", "{}.search")
        db.execute_sql("DROP VIEW customer_searched")
