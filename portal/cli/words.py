"""What the terminal says of an error."""

import peewee
from flask_babel import gettext

from portal.errors import Refusal, Refusals
from portal.words import say


def sentence_of(error: Exception) -> str:
    """Return the one sentence that tells a person what went wrong."""
    if isinstance(error, Refusals):
        return " ".join(dict.fromkeys(say(refusal) for refusal in error.refusals))
    if isinstance(error, Refusal):
        return say(error)
    if isinstance(error, peewee.ImproperlyConfigured):
        return gettext("This database needs a driver that is not installed: %(reason)s.", reason=_short(error))
    if isinstance(error, peewee.DatabaseError):
        return gettext("The database could not be used: %(reason)s.", reason=_short(error))
    if isinstance(error, OSError) and error.strerror:
        where = error.filename or gettext("The machine")
        return f"{where}: {error.strerror}."
    return gettext(
        "Something went wrong here (%(kind)s). Run it again with PORTAL_DEBUG=1 to see where.",
        kind=type(error).__name__,
    )


def _short(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".")[:300]
