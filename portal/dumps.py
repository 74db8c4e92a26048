"""Backups of a PostgreSQL database, by PostgreSQL's own tool."""

import os
import shutil
import subprocess
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from portal.errors import N_, Refusal

# What the tools of libpq read from the environment, by the words of an address (PostgreSQL, "Environment Variables").
VARIABLES = {
    "host": "PGHOST", "hostaddr": "PGHOSTADDR", "port": "PGPORT", "dbname": "PGDATABASE", "user": "PGUSER",
    "password": "PGPASSWORD", "passfile": "PGPASSFILE", "service": "PGSERVICE", "options": "PGOPTIONS",
    "sslmode": "PGSSLMODE", "sslcert": "PGSSLCERT", "sslkey": "PGSSLKEY", "sslrootcert": "PGSSLROOTCERT",
    "sslcrl": "PGSSLCRL", "channel_binding": "PGCHANNELBINDING", "require_auth": "PGREQUIREAUTH",
    "gssencmode": "PGGSSENCMODE", "krbsrvname": "PGKRBSRVNAME", "connect_timeout": "PGCONNECT_TIMEOUT",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
}  # fmt: skip


def dump(url: str, target: Path) -> None:
    """Write the database at `url` in PostgreSQL's custom format into `target`, and see that it can be read.

    Raises Refusal when there is no pg_dump, or when it refuses.
    """
    if shutil.which("pg_dump") is None or shutil.which("pg_restore") is None:
        raise Refusal(N_("PostgreSQL is backed up by pg_dump, which is not on the PATH. Install PostgreSQL's client."))
    _run(["pg_dump", "--format=custom", "--no-owner", "--no-password", "--file", str(target)], environment(url))
    _run(["pg_restore", "--list", str(target)], dict(os.environ))


def environment(url: str) -> dict[str, str]:
    """Return the environment that leads libpq to `url`; never as arguments, which everybody on a machine can read.

    The same server, and as safely, as the portal itself goes to: what stands before the question mark counts first.
    """
    parts = urlsplit(url)
    own = {
        "host": parts.hostname, "port": str(parts.port or ""), "dbname": parts.path.lstrip("/"),
        "user": parts.username, "password": parts.password,
    }  # fmt: skip
    said = dict(parse_qsl(parts.query)) | {name: unquote(text) for name, text in own.items() if text}
    return {**os.environ, **{VARIABLES[name]: text for name, text in said.items() if name in VARIABLES}}


def _run(words: list[str], environ: dict[str, str]) -> None:
    done = subprocess.run(words, env=environ, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        reason = " ".join(done.stderr.split())[:300]
        raise Refusal(N_("%(tool)s did not succeed: %(reason)s"), tool=words[0], reason=reason)
