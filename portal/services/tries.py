"""Counting tries to sign in: per account and place, and per place, in the database, so that a restart forgets none.

A place is a network address. Nobody is locked out by what others do elsewhere (decision 0030).
"""

import hmac
import ipaddress
from hashlib import sha256

from portal import clock, config
from portal.db import transaction
from portal.errors import N_, Refusal
from portal.models import SignInFailure

MAX_TRIES = 10  # of one account from one place
MAX_TRIES_FROM = 100  # of all accounts from one place
TRIES_MINUTES = 15


def count(email: str, address: str, field: str = "email") -> list[SignInFailure]:
    """Count a try before it is known to fail, so that many at the same moment are counted too.

    Returns its rows, of the account from there and of the place. Raises Refusal about `field` when it is one too many.
    """
    place = _place(address)
    keys = {_key("account", email, place): MAX_TRIES, _key("place", place): MAX_TRIES_FROM}
    since = clock.ago(minutes=TRIES_MINUTES)
    with transaction():
        SignInFailure.delete().where(SignInFailure.failed_at < since).execute()
        for key, most in keys.items():
            if SignInFailure.select().where(SignInFailure.key == key).count() >= most:
                raise Refusal(N_("Too many tries for this address. Wait 15 minutes and try again."), field)
        return [SignInFailure.create(key=key) for key in keys]


def take_back(tried: list[SignInFailure]) -> None:
    """Forget the failures of the account from there, and this one try of the place: it was the right password."""
    of_account, of_place = tried
    SignInFailure.delete().where((SignInFailure.key == of_account.key) | (SignInFailure.id == of_place.id)).execute()


def _place(address: str) -> str:
    """Return an IPv4 address, or the part of an IPv6 address that one household has."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(found, ipaddress.IPv6Address):
        return str(found.ipv4_mapped or ipaddress.ip_network((found, 64), strict=False))
    return str(found)


def _key(*parts: str) -> str:
    secret = config.current().secret_key or "unset"
    return hmac.new(secret.encode(), "\n".join(parts).encode(), sha256).hexdigest()
