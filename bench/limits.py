"""The limit: the same end state by hand-written SQL, with nothing checked, matched by keys, recorded or undoable.

SQLite is driven through its shell (`sqlite3`), PostgreSQL through COPY. Bare SQL of the filter page stands in
`bench.run`: it is the portal's own statements past peewee.
"""

import shutil
import subprocess
from pathlib import Path

from bench.databases import Databases, Postgres, Sqlite
from bench.timing import timed

NAMES = {"SQLite": "sqlite3 shell", "PostgreSQL": "COPY and upsert"}
COLUMNS = "code, name, email, phone, shop, language, address"
MOMENT = "2026-01-02 08:00:00"
UPSERT = """
INSERT INTO customer (code, code_key, name, name_key, email, email_key, phone, phone_key, shop_id, language, gender,
  id_type, id_number, address, address_key, search, created_at, updated_at, version)
SELECT f.code, lower(f.code), f.name, lower(f.name), f.email, nullif(lower(f.email), ''), f.phone,
  nullif(replace(f.phone, ' ', ''), ''), s.id, f.language, '', '', '', f.address, nullif(lower(f.address), ''),
  lower(f.name) || '\n' || lower(f.code) || '\n' || lower(f.email) || '\n' || replace(f.phone, '+', ''),
  {moment}, {moment}, 1
FROM staged f LEFT JOIN shop s ON s.code = f.shop WHERE true
ON CONFLICT (code_key) DO UPDATE SET name = excluded.name, name_key = excluded.name_key, email = excluded.email,
  email_key = excluded.email_key, phone = excluded.phone, phone_key = excluded.phone_key, shop_id = excluded.shop_id,
  language = excluded.language, address = excluded.address, address_key = excluded.address_key,
  search = excluded.search,
  updated_at = excluded.updated_at, version = customer.version + 1;
INSERT INTO group_item (group_id, sign, kind, customer_id, note, created_at, created_by_id)
SELECT {group}, 'include', 'customer', c.id, '', {moment}, 1
FROM staged f JOIN customer c ON c.code_key = lower(f.code)
WHERE true ON CONFLICT DO NOTHING;
INSERT INTO membership_row (group_id, customer_id, since, cause_id)
SELECT {group}, c.id, {moment}, 1 FROM staged f JOIN customer c ON c.code_key = lower(f.code)
WHERE true ON CONFLICT DO NOTHING;
UPDATE customer_group SET n_members = (SELECT count(*) FROM membership WHERE group_id = {group}) WHERE id = {group};
"""  # fmt: skip


def by_hand(house: Databases, name: str, file: Path, group: int) -> float | None:
    """Bring the file into the database and return the seconds; None where the tool for it is missing."""
    if isinstance(house, Sqlite):
        return _shell(house.path(name), file, group)
    if isinstance(house, Postgres):
        return _copy(house.url(name), file, group)
    return None


def _shell(path: Path, file: Path, group: int) -> float | None:
    shell = shutil.which("sqlite3")
    if shell is None:
        return None
    script = (
        "PRAGMA journal_mode=wal;\nPRAGMA synchronous=full;\nPRAGMA cache_size=-16000;\nBEGIN IMMEDIATE;\n"
        f"CREATE TEMP TABLE staged ({COLUMNS});\n.mode csv\n.import --skip 1 {file} staged\n"
        + UPSERT.format(moment=f"'{MOMENT}'", group=group)
        + "COMMIT;\n"
    )

    def call() -> None:
        done = subprocess.run([shell, "-bail", str(path)], input=script, text=True, capture_output=True, check=False)
        if done.returncode or done.stderr:
            raise RuntimeError(done.stderr)

    return timed(call)


def _copy(url: str, file: Path, group: int) -> float:
    import psycopg

    declared = ", ".join(f"{name} text" for name in COLUMNS.split(", "))

    def call() -> None:
        with psycopg.connect(url) as connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE TEMP TABLE staged ({declared}) ON COMMIT DROP")
            with cursor.copy(f"COPY staged ({COLUMNS}) FROM STDIN (FORMAT csv, HEADER true)") as copy:
                copy.write(file.read_bytes())
            cursor.execute("UPDATE staged SET " + ", ".join(f"{c} = coalesce({c}, '')" for c in COLUMNS.split(", ")))
            cursor.execute(UPSERT.format(moment=f"'{MOMENT}'::timestamp", group=group).encode())

    return timed(call)
