"""Checks of the settings: key, addresses, cookies, limits, the store's language and region."""

import os
from collections import Counter
from itertools import pairwise
from math import log2

import phonenumbers
from babel import Locale, UnknownLocaleError
from babel.numbers import list_currencies

from portal.config import LOCALES, LOOPBACK, MIN_SECRET
from portal.errors import N_
from portal.queries.doctor.findings import Check, Finding, Place, bad, ok, strict, warn
from portal.seals import is_newest_known

MIN_DISTINCT = 10
MIN_BITS = 90
MAX_BODY = 1024 * 1024
# What people copy from papers instead of making a key.
PLACEHOLDERS = ("change", "secret", "example", "default", "password", "coterie", "random", "placeholder", "insert")


def _key_set(place: Place) -> Finding:
    if place.key_source == "environment":
        return ok(place.key_source)
    if place.key_source == "instance" and place.is_local:
        return ok(place.key_source) if not place.is_deployed else warn(
            place.key_source, N_("Set PORTAL_SECRET_KEY in the environment, so that the key survives a new machine.")
        )  # fmt: skip
    return strict(place, place.key_source, N_("Set PORTAL_SECRET_KEY to 32 or more random characters."))


def _key_length(place: Place) -> Finding:
    n = len(place.settings.secret_key)
    return ok(n) if n >= MIN_SECRET else bad(n, N_("Set PORTAL_SECRET_KEY to 32 or more random characters."))


def _key_random(place: Place) -> Finding:
    key = place.settings.secret_key
    bits = round(entropy(key))
    if len(set(key)) < MIN_DISTINCT or bits < MIN_BITS or is_patterned(key):
        return bad(bits, N_("The secret key can be guessed: few distinct characters or a pattern. Make a random one."))
    return ok(f"{bits} bits")


def entropy(key: str) -> float:
    """Return how many bits the characters of `key` carry at most, judged by how often each occurs."""
    return sum(-n * log2(n / len(key)) for n in Counter(key).values())


def is_patterned(key: str) -> bool:
    """Tell whether `key` repeats a part of itself, or mostly counts up, down or stays."""
    steps = [abs(ord(after) - ord(before)) <= 1 for before, after in pairwise(key)]
    return key in (key + key)[1:-1] or sum(steps) > len(key) / 2


def _key_own(place: Place) -> Finding:
    if any(word in place.settings.secret_key.casefold() for word in PLACEHOLDERS):
        return bad("", N_("The secret key looks copied from an example. Make a random one."))
    return ok()


def _key_seals(place: Place) -> Finding:
    """Look whether the list of changes ends in a seal of this key: what another one seals is proven wrong by both."""
    is_known = is_newest_known()
    if is_known is None:
        return ok("no changes yet")
    return ok() if is_known else bad(
        "", N_(
            "The newest change was not sealed with this secret key. Give PORTAL_SECRET_KEY the value that the served "
            "portal has, or name that one in PORTAL_SECRET_KEY_FALLBACKS; write nothing until then."
        )
    )  # fmt: skip


def _debug(place: Place) -> Finding:
    named = [
        name for name in ("FLASK_DEBUG", "PORTAL_DEBUG", "PYTHONDEVMODE") if os.environ.get(name, "") not in {"", "0"}
    ]
    if place.is_debugging:
        named.append("debug")
    if named:
        return strict(place, ", ".join(named), N_("Debugging shows strangers the inside of the portal. Turn it off."))
    return ok("off")


def _host(place: Place) -> Finding:
    if place.is_local:
        return ok("loopback")
    return warn("network", N_("Let a reverse proxy with TLS stand in front, and serve on 127.0.0.1 behind it."))


def _trusted_hosts(place: Place) -> Finding:
    named = [name.strip() for name in place.settings.trusted_hosts.split(",") if name.strip()]
    if not named and (place.is_deployed or not place.is_local):
        return strict(place, 0, N_("Name the hosts by which people reach the portal in PORTAL_TRUSTED_HOSTS."))
    if any(name.startswith((".", "*")) for name in named):
        return strict(place, len(named), N_("PORTAL_TRUSTED_HOSTS lets in every name below a domain. Name each host."))
    return ok(len(named))


def _https(place: Place) -> Finding:
    if place.settings.https:
        return ok("yes")
    if place.is_local and not place.is_deployed:
        return ok("no, loopback")
    return strict(place, "no", N_("Serve by https and set PORTAL_HTTPS=yes: without it, passwords travel in the open."))


def _proxy(place: Place) -> Finding:
    named = place.settings.proxy
    if not named and place.settings.https:
        # The portal itself speaks no TLS: somebody in front of it does.
        return warn("no", N_("Name the reverse proxy in PORTAL_PROXY: without it all browsers are one address."))
    if named and place.is_local and named not in LOOPBACK:
        return warn("elsewhere", N_("Nobody at the address of PORTAL_PROXY can reach a portal on this machine only."))
    return ok("yes" if named else "no")


def _cookie_name(place: Place) -> Finding:
    name = str(place.app_config.get("SESSION_COOKIE_NAME"))
    if place.settings.https and not name.startswith("__Host-"):
        return bad(name, N_("With https, the name of the session's cookie must begin with __Host-."))
    return ok(name)


def _cookie_flags(place: Place) -> Finding:
    found = place.app_config
    flags = {
        "HttpOnly": bool(found.get("SESSION_COOKIE_HTTPONLY")),
        "SameSite": found.get("SESSION_COOKIE_SAMESITE") in {"Lax", "Strict"},
        "Secure": bool(found.get("SESSION_COOKIE_SECURE")) or not place.settings.https,
    }
    missing = [name for name, is_set in flags.items() if not is_set]
    if missing:
        return bad(", ".join(missing), N_("The session's cookie lacks protection. Somebody changed the application."))
    return ok(", ".join(name for name in flags if name != "Secure" or place.settings.https))


def _body_limit(place: Place) -> Finding:
    limits = [place.app_config.get(name) for name in ("MAX_CONTENT_LENGTH", "MAX_FORM_MEMORY_SIZE", "MAX_FORM_PARTS")]
    if any(limit is None or limit > MAX_BODY for limit in limits):
        return bad("", N_("Requests may be too large. Somebody changed the application."))
    return ok(f"{limits[0] or 0} B")


def _rate_limits(place: Place) -> Finding:
    if not place.app_config.get("RATELIMIT_ENABLED", True):
        return bad("off", N_("Nothing slows down guessing of passwords. Turn the rate limits on."))
    return ok("on")


def _locale(place: Place) -> Finding:
    try:
        Locale.parse(place.settings.locale)
    except (UnknownLocaleError, ValueError):
        return bad("", N_("PORTAL_LOCALE is not a language the portal speaks."))
    return ok(place.settings.locale) if place.settings.locale in LOCALES else bad(
        "", N_("PORTAL_LOCALE is not a language the portal speaks.")
    )  # fmt: skip


def _currency(place: Place) -> Finding:
    if place.settings.currency in list_currencies():
        return ok(place.settings.currency)
    return bad("", N_("PORTAL_CURRENCY is not the three letters of a currency, such as USD."))


def _region(place: Place) -> Finding:
    region = place.settings.region.upper()
    if not region:
        return warn("", N_("Set PORTAL_REGION, so that phone numbers without a country code are understood."))
    if region not in phonenumbers.SUPPORTED_REGIONS:
        return bad("", N_("PORTAL_REGION is not the two letters of a country, such as RW."))
    return ok(region)


CHECKS = (
    Check("secret-key-set", _key_set),
    Check("secret-key-length", _key_length),
    Check("secret-key-random", _key_random),
    Check("secret-key-own", _key_own),
    Check("secret-key-seals", _key_seals, needs="tables"),
    Check("debug-off", _debug),
    Check("host", _host, deploy=True),
    Check("trusted-hosts", _trusted_hosts),
    Check("https", _https),
    Check("proxy", _proxy),
    Check("cookie-name", _cookie_name),
    Check("cookie-flags", _cookie_flags),
    Check("request-size-limit", _body_limit),
    Check("rate-limits", _rate_limits),
    Check("locale", _locale),
    Check("currency", _currency),
    Check("region", _region),
)
