"""The sentence of a refusal or a remark, in the reader's language."""

from flask_babel import gettext

from portal.errors import Refusal
from portal.values import Remark


def say(told: Refusal | Remark) -> str:
    """Return a refusal's or remark's sentence in the reader's language (in English while no app is open)."""
    text = gettext(told.sentence)
    if not told.params:
        return text
    # A field is named in the reader's language too.
    return text % {name: gettext(str(value)) if name == "target" else value for name, value in told.params.items()}
