"""What can go wrong in words: every refusal is a sentence a person can read.

Sentences are English source texts marked with `N_`; the entry points (web, command line) translate them when
they show them, so the layers below need not know whose language is spoken.
"""

from collections.abc import Mapping


def N_(sentence: str) -> str:
    """Mark `sentence` for translation and return it unchanged."""
    return sentence


class Refusal(Exception):
    """A request that was understood and is not done; nothing was written.

    `sentence` is an English text with `%(name)s` places, `params` what goes into them, `field` the name of
    the form field it is about, if any. `status` is the HTTP answer that fits.
    """

    status = 422

    def __init__(self, sentence: str, field: str | None = None, /, **params: object) -> None:
        super().__init__(sentence % params if params else sentence)
        self.sentence = sentence
        self.field = field
        self.params: Mapping[str, object] = params


class Refusals(Refusal):
    """Several refusals of one form at once, so that a person can mend all of them in one go."""

    def __init__(self, refusals: list[Refusal]) -> None:
        first = refusals[0]
        super().__init__(first.sentence, first.field, **first.params)
        self.refusals = refusals


class Denied(Refusal):
    """The person's roles do not allow this act (product.md §6)."""

    status = 403

    def __init__(self, action: str) -> None:
        super().__init__(N_("Your roles do not allow this. Nothing was changed."))
        self.action = action


class NeedsApproval(Refusal):
    """An act that stands beyond the guard rails: a second person has to approve it first (product.md §5).

    `call` names the service and `arguments` what it was called with, as JSON holds it, so that it can be done later.
    """

    status = 428

    def __init__(self, sentence: str, call: str, arguments: Mapping[str, object], /, **params: object) -> None:
        super().__init__(sentence, **params)
        self.call = call
        self.arguments = arguments


class Missing(Refusal):
    """There is no such thing, or none that this person may see; both answers are the same on purpose."""

    status = 404


class Conflict(Refusal):
    """Somebody else changed the same record since it was opened."""

    status = 409


class Malformed(Refusal):
    """A form that no page of the portal sends."""

    status = 400


class Busy(Refusal):
    """The database could not be written within the deadline; trying again soon will do."""

    status = 503

    def __init__(self) -> None:
        super().__init__(N_("The portal is busy just now. Nothing was changed; please try again in a moment."))
