"""E-mail addresses: what is stored, what matches, and what is not an address."""

import re
import unicodedata
from typing import NamedTuple

from portal.text import clean

EMAIL_NO_DOT = "email_no_dot"
EMAIL_INVALID = "email_invalid"

# The library takes 20 µs and more an address, most of it for Unicode, quoting and IDNA, which nearly no row
# of a file needs. This pattern answers for plain addresses alone: it is stricter than the library, and a
# test checks that whatever it takes the library takes too, with the same result. No dashes side by side in
# the host: `xn--` and its like are the library's business.
_ORDINARY = re.compile(
    r"([a-z0-9_+\-]+(?:\.[a-z0-9_+\-]+)*)@((?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+[a-z]{2,24})",
    re.IGNORECASE | re.ASCII,
)
_MAX_ORDINARY = 64
_LENT = ".net"


class Email(NamedTuple):
    """An address as read: `shown` is stored, `key` matches customers, `warning` and `problem` are codes."""

    shown: str
    key: str | None
    warning: str | None
    problem: str | None


def read_email(text: str) -> Email:
    """Read one address; nothing is asked of the network.

    `shown` has its host in lower case and in Unicode, `key` is the whole address case-folded. Hosts for
    tests and local use (`.test`, `.local`, `example.com`) are taken; a host without a dot is taken with
    `EMAIL_NO_DOT`. What is not an address comes back as typed with the problem `EMAIL_INVALID` and no key.
    Empty text gives `Email('', None, None, None)`. Never raises. Rule: product "E-mails", RFC 5321, 6531.
    """
    shown = text.strip()
    if len(shown) <= _MAX_ORDINARY and (match := _ORDINARY.fullmatch(shown)):
        local, host = match.groups()
        # RFC 2142 names (Info@, SALES@) are lower-cased by the library: it answers for bare words.
        if local.islower() or not local.isalpha():
            shown = f"{local}@{host.lower()}"
            return Email(shown, shown.lower(), None, None)
    return _read_any(text)


def email_key(text: str) -> str:
    """Return what an address is looked up by, as `read_email` stores it; of what is no address, the folded text."""
    text = clean(text)
    return read_email(text).key or text.casefold()


def _read_any(typed: str) -> Email:
    text = clean(typed)
    if not text:
        return Email("", None, None, None)
    # Tidying must not make an address of what is none, by dropping a control character inside it.
    is_whole = text == unicodedata.normalize("NFC", typed.strip())
    shown, ascii_host = _validated(text) if is_whole else ("", "")
    # The library lets any last label through when asked to take local hosts; one that ends in a digit is
    # an IP address or a slip, never a host.
    if not shown or not ascii_host[-1:].isalpha():
        return Email(text, None, None, EMAIL_INVALID)
    key = unicodedata.normalize("NFC", shown.casefold())
    return Email(shown, key, None if "." in ascii_host else EMAIL_NO_DOT, None)


def _validated(text: str) -> tuple[str, str]:
    """Return the normal form of an address and its ASCII host, or two empty strings."""
    from email_validator import EmailNotValidError, validate_email

    special = _is_special(text)
    try:
        # No argument of the library admits special-use hosts and its list is a global that is not ours to
        # change; lending such a host a last label lets everything else about the address be checked.
        answer = validate_email(
            text + _LENT if special else text, check_deliverability=False, globally_deliverable=False
        )
    except EmailNotValidError:
        return "", ""
    if special:
        return answer.normalized.removesuffix(_LENT), answer.ascii_domain.removesuffix(_LENT)
    return answer.normalized, answer.ascii_domain


def _is_special(text: str) -> bool:
    import email_validator

    host = text.rpartition("@")[2].lower()
    return any(host == name or host.endswith("." + name) for name in email_validator.SPECIAL_USE_DOMAIN_NAMES)
