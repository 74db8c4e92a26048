"""The way of PostgreSQL's own tools to the database: the same server as the portal's, no less safely."""

import pytest

from portal.dumps import VARIABLES, environment


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "postgresql://ann:s%40crêt@db.example:5433/store",
            {"host": "db.example", "port": "5433", "user": "ann", "password": "s@crêt", "dbname": "store"},
        ),
        (
            "postgresql:///store?host=%2Frun%2Fpg&user=ann&sslmode=verify-full&sslrootcert=%2Fetc%2Fca.pem",
            {"host": "/run/pg", "user": "ann", "sslmode": "verify-full", "sslrootcert": "/etc/ca.pem",
             "dbname": "store"},
        ),
        (
            "postgresql://db.example/store?host=other.example&port=1&keepalives_idle=20",
            {"host": "db.example", "port": "1", "dbname": "store"},
        ),
    ],
    ids=["whole", "socket", "twice"],
)  # fmt: skip
def test_the_address_becomes_the_environment_of_libpq(
    url: str, expected: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in VARIABLES.values():
        monkeypatch.delenv(name, raising=False)
    found = environment(url)
    assert {word: found[name] for word, name in VARIABLES.items() if name in found} == expected
