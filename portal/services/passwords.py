"""Passwords: which are taken, and what of them is kept."""

import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from portal.errors import N_, Refusal

MIN_PASSWORD = 10
MAX_PASSWORD = 200


# With the cost that argon2-cffi recommends at present.
HASHER = PasswordHasher()


@cache
def decoy() -> str:
    """Return what is verified in place of an unknown person's hash, so that both answers take the same time."""
    return HASHER.hash(secrets.token_urlsafe(16))


def hashed(password: str, *about: str) -> str:
    """Return the hash to be stored; raises Refusal when the password is too short, too long, or easily guessed.

    `about` are words that others know of her, such as her name.
    """
    if len(password) < MIN_PASSWORD:
        raise Refusal(N_("A password has at least 10 characters."), "password")
    if len(password) > MAX_PASSWORD:
        raise Refusal(N_("A password has at most 200 characters."), "password")
    from zxcvbn import zxcvbn

    # The library refuses more than 72 characters; the beginning of a longer one tells enough.
    if zxcvbn(password[:72], user_inputs=[word for text in about for word in (text, *text.split("@"))])["score"] < 2:
        raise Refusal(N_("This password is easy to guess. Use a few unrelated words."), "password")
    return HASHER.hash(password)


def hashed_anew(password_hash: str, password: str) -> str:
    """Return a new hash of the right password if the stored one was made at another cost than today's, else ''."""
    return HASHER.hash(password) if HASHER.check_needs_rehash(password_hash) else ""


def verify(password_hash: str, password: str) -> bool:
    """Tell whether this is the password; one that is far too long costs no more than another."""
    try:
        return HASHER.verify(password_hash, password[: MAX_PASSWORD + 1])
    except (VerificationError, InvalidHashError):
        return False
