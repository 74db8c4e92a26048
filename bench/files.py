"""The file that everybody imports: half of its rows are new people, half are known ones with a new address."""

import csv
from pathlib import Path

from portal import db
from portal.samples.people import people

HEADERS = ("code", "name", "email", "phone", "shop", "language", "address")
SEED = 23


def make(path: Path, rows: int) -> None:
    """Write `rows` rows that fit the database in use; known people every second row, spread over all customers."""
    columns = "c.code, c.name, c.email, c.phone, coalesce(s.code, ''), c.language, c.address"
    known_rows = rows // 2
    total = db.db.execute_sql("SELECT max(id) FROM customer").fetchone()[0]
    step = max(total // max(known_rows, 1), 1)
    known = db.db.execute_sql(
        f"SELECT {columns} FROM customer c LEFT JOIN shop s ON s.id = c.shop_id "
        f"WHERE c.id - c.id / {step} * {step} = 0 ORDER BY c.id LIMIT {known_rows}"
    ).fetchall()
    new = people(rows, SEED)
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(HEADERS)
        for place, row in enumerate(known):
            person = next(new)
            out.writerow([f"N-{place:07}", person.name, f"n{place}@new.example", f"+25079{place:07}",
                          f"{person.shop}01" if person.shop else "", person.language, person.address])  # fmt: skip
            out.writerow([*row[:-1], f"{row[-1]} bis".strip()])


def codes(path: Path, rows: int) -> None:
    """Write a list of `rows` known codes, spread over all customers."""
    total = db.db.execute_sql("SELECT max(id) FROM customer").fetchone()[0]
    step = max(total // rows, 1)
    sql = f"SELECT code FROM customer WHERE id - id / {step} * {step} = 0 ORDER BY id LIMIT {rows}"
    path.write_text("\n".join(["code", *(code for (code,) in db.db.execute_sql(sql).fetchall()), ""]), encoding="utf-8")
