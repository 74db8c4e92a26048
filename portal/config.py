"""Settings, read once from the environment; `portal settings` prints them."""

import fcntl
import ipaddress
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from portal.errors import N_, Refusal

LOCALES = ("en", "pt", "es")
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
MIN_SECRET = 32


@dataclass(frozen=True)
class Settings:
    """Everything that an installation may set; each field's metadata names its variable and meaning."""

    database: str = field(
        default="sqlite:///instance/portal.db",
        metadata={"env": "PORTAL_DATABASE", "meaning": N_("where the data lives: sqlite:///path or postgresql://…")},
    )
    secret_key: str = field(
        default="",
        metadata={
            "env": "PORTAL_SECRET_KEY",
            "meaning": N_("signs cookies; 32 random characters or more"),
            "secret": True,
        },
    )
    secret_key_fallbacks: str = field(
        default="",
        metadata={
            "env": "PORTAL_SECRET_KEY_FALLBACKS",
            "meaning": N_("earlier secret keys, the newest first, separated by spaces; they sign nothing any more"),
            "secret": True,
        },
    )
    host: str = field(default="127.0.0.1", metadata={"env": "PORTAL_HOST", "meaning": N_("address to serve on")})
    port: int = field(default=8000, metadata={"env": "PORTAL_PORT", "meaning": N_("port to serve on")})
    locale: str = field(
        default="en", metadata={"env": "PORTAL_LOCALE", "meaning": N_("the store's language: en, pt or es")}
    )
    timezone: str = field(
        default="UTC",
        metadata={"env": "PORTAL_TIMEZONE", "meaning": N_("the store's time zone, such as Africa/Kigali")},
    )
    currency: str = field(
        default="USD", metadata={"env": "PORTAL_CURRENCY", "meaning": N_("the store's currency, three letters")}
    )
    region: str = field(
        default="",
        metadata={"env": "PORTAL_REGION", "meaning": N_("country of phone numbers without a country code, such as RW")},
    )
    https: bool = field(
        default=False,
        metadata={
            "env": "PORTAL_HTTPS",
            "meaning": N_("yes when people reach the portal by https; cookies then ask for it"),
        },
    )
    trusted_hosts: str = field(
        default="",
        metadata={
            "env": "PORTAL_TRUSTED_HOSTS",
            "meaning": N_("host names the portal answers to, separated by commas"),
        },
    )
    proxy: str = field(
        default="",
        metadata={
            "env": "PORTAL_PROXY",
            "meaning": N_("network address of the reverse proxy, which alone may say where browsers are"),
        },
    )

    @property
    def is_sqlite(self) -> bool:
        """Tell whether the data lives in a SQLite file."""
        return self.database.startswith("sqlite:")

    @property
    def sqlite_path(self) -> Path:
        """Return the path of the SQLite file, relative to where the command was started."""
        return Path(self.database.removeprefix("sqlite:///"))

    @property
    def earlier_keys(self) -> list[str]:
        """Return the secret keys that were in use before this one, the newest first."""
        return self.secret_key_fallbacks.split()

    @property
    def hosts(self) -> list[str]:
        """Return every host name that a request may carry."""
        named = [name.strip() for name in self.trusted_hosts.split(",") if name.strip()]
        return [*named, self.host, *sorted(LOOPBACK), "[::1]"]


def read(environ: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings found in `environ`.

    Raises Refusal with a sentence naming the variable when a value cannot be used.
    """
    values: dict[str, Any] = {}
    for item in fields(Settings):
        text = environ.get(item.metadata["env"], "").strip()
        if text:
            values[item.name] = _convert(item.metadata["env"], item.type, text)
    values.setdefault("https", values.get("host", "127.0.0.1") not in LOOPBACK)
    settings = Settings(**values)
    _check(settings)
    return settings


def _convert(name: str, kind: object, text: str) -> object:
    if kind is int:
        if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
            raise Refusal(N_("%(name)s must be a port number from 1 to 65535, not “%(text)s”."), name=name, text=text)
        return int(text)
    if kind is bool:
        if text.lower() not in {"1", "0", "yes", "no", "true", "false"}:
            raise Refusal(N_("%(name)s must be yes or no, not “%(text)s”."), name=name, text=text)
        return text.lower() in {"1", "yes", "true"}
    return text


def _check(settings: Settings) -> None:
    if not settings.database.startswith(("sqlite:///", "postgresql://")):
        raise Refusal(N_("PORTAL_DATABASE must begin with sqlite:/// or postgresql://."))
    if not settings.is_sqlite:
        _check_address(settings)
    if settings.locale not in LOCALES:
        raise Refusal(N_("PORTAL_LOCALE must be one of en, pt, es, not “%(text)s”."), text=settings.locale)
    try:
        ZoneInfo(settings.timezone)
    except (KeyError, ValueError, OSError):  # not known, an address that leads out of the zones, a folder of them
        raise Refusal(
            N_("PORTAL_TIMEZONE must be a time zone such as Africa/Kigali, not “%(text)s”."), text=settings.timezone
        ) from None
    if settings.secret_key:
        _check_secret(settings)
    if any(len(key) < MIN_SECRET for key in settings.earlier_keys):
        raise Refusal(N_("Each key of PORTAL_SECRET_KEY_FALLBACKS must have at least 32 characters."))
    if settings.proxy:
        _check_proxy(settings)


def _check_address(settings: Settings) -> None:
    try:
        parts = urlsplit(settings.database)
        fits = parts.port is None or parts.port > 0
    except ValueError:  # a port that is no number or too large, a host in brackets that is none
        fits = False
    if not fits:
        # Not the address itself: a password stands in it.
        raise Refusal(
            N_("PORTAL_DATABASE is no address that can be used; it looks like postgresql://person@host:5432/name.")
        )


def _check_proxy(settings: Settings) -> None:
    # The server compares letters: a name, a network or another spelling would never be the one that connects.
    try:
        fits = str(ipaddress.ip_address(settings.proxy)) == settings.proxy
    except ValueError:
        fits = False
    if not fits:
        raise Refusal(
            N_("PORTAL_PROXY must be one network address such as 127.0.0.1, not “%(text)s”."), text=settings.proxy
        )


def _check_secret(settings: Settings) -> None:
    if len(settings.secret_key) < MIN_SECRET:
        raise Refusal(N_("PORTAL_SECRET_KEY must have at least 32 characters. Nothing was started."))


def with_secret(settings: Settings, instance: Path) -> Settings:
    """Return `settings` with a secret key, made and kept in `instance` on the first start of a machine.

    A deployed portal (one that listens on more than this machine) never gets a key made for it: Refusal.
    """
    if settings.secret_key:
        return settings
    if settings.host not in LOOPBACK:
        raise Refusal(
            N_("Set PORTAL_SECRET_KEY to 32 or more random characters before serving on %(host)s."), host=settings.host
        )
    found = replace(settings, secret_key=kept_secret(instance / "secret_key", lambda: secrets.token_urlsafe(48)))
    _check_secret(found)
    return found


def kept_secret(path: Path, make: Callable[[], str]) -> str:
    """Return the secret that the file `path` holds; an empty or missing file gets what `make()` gives.

    The file is for its owner only. Of several processes that start at once one makes the secret and all return it.
    """
    text = path.read_text(encoding="ascii").strip() if path.exists() else ""
    if text:
        return text
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        # Empty for as long as somebody else is making it, or for ever after a full disk or a power cut.
        text = file.read().strip()
        if not text:
            text = make()
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    return text


_current = Settings()


def use(settings: Settings) -> None:
    """Make `settings` the ones that `current` returns; called once when the portal starts."""
    global _current
    _current = settings


def current() -> Settings:
    """Return the settings of this process."""
    return _current
