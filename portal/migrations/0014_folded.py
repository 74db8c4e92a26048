"""Text without case and accents in SQL on PostgreSQL, without an extension; SQLite asks the portal's own function."""

from peewee import SqliteDatabase

# Letters that Unicode does not take apart, large and small, and the marks that stand for a plain key. Accents go once
# letters are taken apart, so that what is left of Latin is ASCII, which `lower` lowers under every locale.
LETTERS = "łŁøØđĐðÐħĦıŋŊĸŧŦəƏɓɗɛɔƙƴƒɨʉɵƀƶ"
PLAIN = "llooddddhhinnktteebdeokyfiuobz"
MARKS = {"'": "‘’‚‛ʹʻʼ′´`", '"': "“”„«»", "-": "‐‑‒–—―−"}
PAIRS = {"æ": "ae", "Æ": "ae", "œ": "oe", "Œ": "oe", "ß": "ss", "þ": "th", "Þ": "th"}


def function():
    letters = LETTERS + "".join(MARKS.values())
    plain = PLAIN + "".join(mark * len(others) for mark, others in MARKS.items())
    told = f"translate(told, '{letters}', '{plain.replace(chr(39), chr(39) * 2)}')"
    for pair, two in PAIRS.items():
        told = f"replace({told}, '{pair}', '{two}')"
    told = f"lower(regexp_replace(normalize({told}, NFKD), '[\u0300-\u036f]', '', 'g'))"
    return (
        "CREATE FUNCTION folded(told text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS"
        f" $$ SELECT btrim(regexp_replace({told}, '\\s+', ' ', 'g')) $$"
    )


def up(migrator, db):
    if not isinstance(db, SqliteDatabase):
        db.execute_sql(function())


def down(migrator, db):
    if not isinstance(db, SqliteDatabase):
        db.execute_sql("DROP FUNCTION folded(text)")
