"""Checks of files: who may read them, where they lie, whether the application is whole."""

import hashlib
import os
import re
import stat
from collections.abc import Iterable
from pathlib import Path

from portal.errors import N_
from portal.queries.doctor.findings import Check, Finding, Place, bad, ok, strict, warn

# What every page asks for.
ASSETS = ("css/coterie.css", "js/coterie.js", "vendor/htmx.min.js", "icons.svg")
# Their locks are no locks: a write-ahead log on them loses data.
NETWORK = re.compile(r"nfs|cifs|smb|9p|sshfs|glusterfs|davfs")
_HASHED = re.compile(r"^\| `([^`]+)` .*`([0-9a-f]{64})`", re.MULTILINE)


def _modes(place: Place, paths: Iterable[Path]) -> Finding:
    """Judge who besides the owner may do anything with these files."""
    modes = [stat.S_IMODE(path.stat().st_mode) for path in paths if path.exists()]
    widest = max(modes, key=lambda mode: mode & 0o077, default=0)
    fact = f"{widest:04o}" if modes else ""
    if any(mode & 0o007 for mode in modes):
        return strict(place, fact, N_("Everybody on this machine can read it. Take the rights away: chmod go= on it."))
    if any(mode & 0o070 for mode in modes):
        return warn(fact, N_("Its group can read it. If that is not meant: chmod go= on it."))
    return ok(fact)


def _database_modes(place: Place) -> Finding:
    path = place.settings.sqlite_path
    return _modes(place, (path, *(path.with_name(path.name + end) for end in ("-wal", "-shm"))))


def _key_modes(place: Place) -> Finding:
    return _modes(place, [place.instance / "secret_key", place.instance / "setup_code"])


def _instance_modes(place: Place) -> Finding:
    mode = stat.S_IMODE(place.instance.stat().st_mode) if place.instance.is_dir() else 0
    if mode & 0o002:
        return bad(f"{mode:04o}", N_("Everybody can change this folder. Take the right away: chmod o-w on it."))
    if mode & 0o005:
        return strict(place, f"{mode:04o}", N_("Everybody on this machine can look into it: chmod o= on it."))
    return ok(f"{mode:04o}" if mode else "")


def _folder(place: Place) -> Finding:
    folder = place.settings.sqlite_path.parent
    if not os.access(folder, os.W_OK | os.X_OK):
        return bad("", N_("The portal cannot write into the folder of the database. Give it the right."))
    if stat.S_IMODE(folder.stat().st_mode) & 0o002:
        return bad("", N_("Everybody can change this folder. Take the right away: chmod o-w on it."))
    return ok()


def _file_system(place: Place) -> Finding:
    mounts = Path("/proc/self/mounts")
    if not mounts.is_file():
        return ok()
    path = place.settings.sqlite_path.resolve()
    kinds = {point: kind for _device, point, kind, *_rest in map(str.split, mounts.read_text().splitlines())}
    nearest = max((point for point in kinds if path.is_relative_to(point)), key=len, default="/")
    kind = kinds.get(nearest, "")
    if NETWORK.search(kind):
        return bad(kind, N_("The database lies on a network drive, where it can be damaged. Move it to a local disk."))
    return ok(kind)


def _not_served(place: Place) -> Finding:
    public = (place.assets / "static").resolve()
    kept = [place.instance.resolve()]
    if place.settings.is_sqlite:
        kept.append(place.settings.sqlite_path.resolve())
    if any(path.is_relative_to(public) for path in kept):
        return bad("", N_("The data lies where browsers can fetch it. Move it out of the folder static."))
    return ok()


def _kept(place: Place) -> Finding:
    path = place.settings.sqlite_path
    n = len(list(path.parent.glob(f"{path.name}.before-restore-*"))) if path.parent.is_dir() else 0
    if n:
        return warn(n, N_("A restore kept older databases beside the present one. Remove them when nobody needs them."))
    return ok(0)


def _static(place: Place) -> Finding:
    missing = [name for name in ASSETS if not (place.assets / "static" / name).is_file()]
    if missing:
        return bad(", ".join(missing), N_("Files of the application are missing. Install it anew."))
    return ok(len(ASSETS))


def _templates(place: Place) -> Finding:
    n = len(list((place.assets / "templates").rglob("*.html")))
    return ok(n) if n > 10 else bad(n, N_("Files of the application are missing. Install it anew."))


def _vendored(place: Place) -> Finding:
    folder = place.assets / "static" / "vendor"
    table = folder / "README.md"
    wanted = _HASHED.findall(table.read_text(encoding="utf-8")) if table.is_file() else []
    wrong = [name for name, digest in wanted if _digest(folder / name) != digest]
    if wrong or not wanted:
        return bad(len(wrong), N_("Vendored files are not the ones that were checked. Install the application anew."))
    return ok(len(wanted))


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _translations(place: Place) -> Finding:
    compiled = {path.parts[-3] for path in place.translations.glob("*/LC_MESSAGES/messages.mo")}
    missing = sorted({"es", "pt"} - compiled)
    if missing:
        return strict(place, ", ".join(missing), N_("Translations are not compiled: make translations."))
    older = [
        path for path in place.translations.glob("*/LC_MESSAGES/messages.po")
        if path.stat().st_mtime > path.with_suffix(".mo").stat().st_mtime + 1
    ]  # fmt: skip
    if older:
        return warn(len(older), N_("Translations are older than their sources: make translations."))
    return ok(", ".join(sorted(compiled)))


CHECKS = (
    Check("database-folder", _folder, only="sqlite"),
    Check("database-permissions", _database_modes, only="sqlite"),
    Check("database-file-system", _file_system, only="sqlite"),
    Check("data-not-served", _not_served),
    Check("kept-databases", _kept, only="sqlite"),
    Check("secret-file-permissions", _key_modes),
    Check("instance-permissions", _instance_modes),
    Check("static-files", _static),
    Check("templates", _templates),
    Check("vendored-files", _vendored),
    Check("translations", _translations),
)
