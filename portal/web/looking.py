"""What a page says of a rule while it is made: its sentence, whom it fits, or what is missing in it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from flask_babel import gettext

from portal.access import actor
from portal.errors import Refusal
from portal.queries.rules import looking
from portal.web.builder import Builder
from portal.web.language import say
from portal.words.rules import of_mistake, of_problem, sentence

TOLD = 5  # problems at once


@dataclass(frozen=True)
class Looked:
    """A rule in words with whom it fits, or what is wrong; `line` is that of a text with the place of a mistake."""

    sentence: str = ""
    problems: Sequence[str] = field(default_factory=list)
    line: tuple[str, str, str] | None = None
    found: looking.Look | None = None


def of(builder: Builder) -> Looked:
    """Return what is to be said of the rule that a builder holds."""
    if builder.mistake is not None:
        return Looked(problems=[of_mistake(builder.mistake)], line=builder.line())
    if builder.problems:
        told = list(dict.fromkeys(of_problem(problem) for problem in builder.problems))
        return Looked(problems=told[:TOLD])
    if builder.tree is None or not builder.says_something:
        return Looked(problems=[gettext("A rule without a condition has no members.")])
    said = sentence(builder.tree, builder.catalogue)
    try:
        return Looked(said, found=looking.look(actor(), builder.tree))
    except Refusal as refusal:
        return Looked(said, [say(refusal)])
