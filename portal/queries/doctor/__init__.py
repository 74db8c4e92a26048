"""`portal doctor`: what an installation lacks. Reads only, and tells versions and counts, never anybody's data."""

from collections.abc import Iterator

from portal import migrate
from portal.db import db
from portal.errors import N_
from portal.permissions import Action, Actor, require
from portal.queries.doctor import database, files, jobs, machine, people, settings
from portal.queries.doctor.findings import BAD, OK, WARN, Check, Finding, Place, bad, ok

CHECKS: tuple[Check, ...] = (
    *machine.CHECKS, *settings.CHECKS, *files.CHECKS, *database.CHECKS, *people.CHECKS, *jobs.CHECKS,
)  # fmt: skip
__all__ = ["BAD", "CHECKS", "OK", "WARN", "Finding", "Place", "run"]


def run(actor: Actor, place: Place) -> Iterator[tuple[str, Finding]]:
    """Yield the name and the finding of each check that fits `place`.

    Where the database cannot be opened, or has no tables yet, that is one finding and the checks of it are left out.
    """
    require(actor, Action.MAINTAIN)
    opened = _opened(place)
    yield "database", opened
    there = {""} if opened.state == BAD else {"", "database"}
    if "database" in there and not migrate.pending():
        there.add("tables")
    kind = "sqlite" if place.settings.is_sqlite else "postgresql"
    for check in CHECKS:
        if check.only in {"", kind} and check.needs in there and (place.is_deployed or not check.deploy):
            yield check.name, _looked(check, place)


def _opened(place: Place) -> Finding:
    if place.settings.is_sqlite and not place.settings.sqlite_path.is_file():
        return bad("", N_("There is no database yet. Run “portal migrate”, or restore a backup."))
    try:
        db.connect(reuse_if_open=True)
        db.execute_sql("SELECT 1").fetchone()
        migrate.pending()
    except Exception as error:
        kind = type(error).__name__
        return bad(kind, N_("The database cannot be opened. See PORTAL_DATABASE, its rights, its server."))
    return ok("sqlite" if place.settings.is_sqlite else "postgresql")


def _looked(check: Check, place: Place) -> Finding:
    # One check that stumbles must not hide the others.
    try:
        return check.look(place)
    except Exception as error:
        return bad(type(error).__name__, N_("This could not be looked at; the portal may be damaged here."))
