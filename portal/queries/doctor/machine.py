"""Checks of the machine: versions, time, space."""

import os
import resource
import shutil
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import peewee
from peewee import fn

from portal import clock
from portal.db import db
from portal.errors import N_
from portal.models import Change
from portal.queries.doctor.findings import Check, Finding, Place, bad, ok, strict, warn

MEGABYTE = 1024 * 1024
# A race between a checkpoint and a writer could corrupt a WAL database (sqlite.org/wal.html, "the WAL-reset bug").
WAL_BUG = ((3, 7, 0), (3, 51, 2))


def _python(place: Place) -> Finding:
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < (3, 11):  # noqa: UP036
        return bad(found, N_("Use Python 3.11 or newer."))
    return ok(found)


def _sqlite(place: Place) -> Finding:
    library = peewee.sqlite3
    fact = f"{library.sqlite_version}, {library.__name__.partition('.')[0]}"
    if WAL_BUG[0] <= library.sqlite_version_info <= WAL_BUG[1]:
        return strict(
            place, fact,
            N_("SQLite 3.7 to 3.51.2 can damage a database under load. Install the package pysqlite3."),
        )  # fmt: skip
    return ok(fact)


def _search(place: Place) -> Finding:
    if peewee.sqlite3.sqlite_version_info < (3, 42):
        return bad("", N_("This SQLite cannot search or forget as the portal needs. Install the package pysqlite3."))
    options = {row[0] for row in db.execute_sql("PRAGMA compile_options").fetchall()}
    if "ENABLE_FTS5" not in options:
        return bad("", N_("This SQLite cannot search or forget as the portal needs. Install the package pysqlite3."))
    return ok("fts5")


def _driver(place: Place) -> Finding:
    try:
        return ok(version("psycopg"))
    except PackageNotFoundError:
        return bad("", N_("The driver for PostgreSQL is missing. Install coterie[postgres]."))


def _server(place: Place) -> Finding:
    number = int(db.execute_sql("SHOW server_version_num").fetchone()[0])
    if number < 130_000:
        return bad(number // 10_000, N_("Use PostgreSQL 13 or newer."))
    return ok(number // 10_000)


def _time_zones(place: Place) -> Finding:
    try:
        ZoneInfo(place.settings.timezone)
        return ok(f"tzdata {version('tzdata')}")
    except (ZoneInfoNotFoundError, PackageNotFoundError):
        return warn("", N_("The time zone data is missing or only the system's. Install the package tzdata."))


def _clock(place: Place) -> Finding:
    newest = Change.select(fn.MAX(Change.at)).scalar()
    if newest is not None and newest > clock.ago(minutes=-1):
        return bad("", N_("The clock of this machine stands before the newest change. Set it right."))
    return ok(clock.now().date())


def _space(place: Place) -> Finding:
    path = place.settings.sqlite_path if place.settings.is_sqlite else place.instance
    folder = path.parent if path.parent.is_dir() else Path()
    free = shutil.disk_usage(folder).free
    size = path.stat().st_size if path.is_file() else 0
    fact = f"{free // MEGABYTE} MB"
    if free < 100 * MEGABYTE:
        return bad(fact, N_("The disk is all but full. Make room: writing stops when it is."))
    if free < 3 * size or free < 500 * MEGABYTE:
        return warn(fact, N_("There is little room left: keep three times the size of the database free."))
    return ok(fact)


def _open_files(place: Place) -> Finding:
    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < 512:
        return warn(soft, N_("This process may open few files. Raise the limit to 1024 (LimitNOFILE in systemd)."))
    return ok(soft)


def _person(place: Place) -> Finding:
    if os.geteuid() == 0:
        return warn("root", N_("Run the portal as a person of its own, not as root."))
    return ok()


CHECKS = (
    Check("python-version", _python),
    Check("sqlite-version", _sqlite, only="sqlite"),
    Check("sqlite-search", _search, only="sqlite", needs="database"),
    Check("postgresql-driver", _driver, only="postgresql"),
    Check("postgresql-version", _server, only="postgresql", needs="database"),
    Check("time-zone-data", _time_zones),
    Check("clock", _clock, needs="tables"),
    Check("disk-space", _space),
    Check("open-files-limit", _open_files),
    Check("system-user", _person, deploy=True),
)
