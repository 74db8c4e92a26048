"""Backups of a PostgreSQL database, by PostgreSQL's own tool."""

import os
import shutil
import subprocess
from pathlib import Path
from urllib.parse import unquote, urlsplit

from portal.errors import N_, Refusal


def dump(url: str, target: Path) -> int:
    """Write the database at `url` in PostgreSQL's custom format into `target`, and return the number of its entries.

    Raises Refusal when there is no pg_dump, or when it refuses.
    """
    if shutil.which("pg_dump") is None or shutil.which("pg_restore") is None:
        raise Refusal(N_("PostgreSQL is backed up by pg_dump, which is not on the PATH. Install PostgreSQL's client."))
    _run(["pg_dump", "--format=custom", "--no-owner", "--no-password", "--file", str(target)], environment(url))
    return len(_run(["pg_restore", "--list", str(target)], dict(os.environ)).splitlines())


def environment(url: str) -> dict[str, str]:
    """Return the environment that leads libpq to `url`; never as arguments, which everybody on a machine can read."""
    parts = urlsplit(url)
    options = dict(pair.split("=", 1) for pair in parts.query.split("&") if "=" in pair)
    found = {
        "PGHOST": unquote(options.get("host", parts.hostname or "")),
        "PGPORT": str(parts.port or options.get("port") or ""),
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": unquote(parts.path.lstrip("/")),
    }
    return {**os.environ, **{name: value for name, value in found.items() if value}}


def _run(words: list[str], environ: dict[str, str]) -> str:
    done = subprocess.run(words, env=environ, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        reason = " ".join(done.stderr.split())[:300]
        raise Refusal(N_("%(tool)s did not succeed: %(reason)s"), tool=words[0], reason=reason)
    return done.stdout
