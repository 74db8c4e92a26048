"""What a save would move, as pages show it before the save."""

from collections.abc import Callable
from dataclasses import dataclass

from portal.access import actor
from portal.errors import Refusal
from portal.services import preview
from portal.services.membership import Plan
from portal.services.preview import Preview
from portal.web.language import say


@dataclass(frozen=True)
class Shown:
    """A preview, or in words why the save would be refused."""

    preview: Preview | None = None
    refusal: str = ""


def of(act: Callable[[], object], ask: Callable[[], Plan | None] | None = None) -> Shown:
    """Return what `act`, a call of a service, would move, or why it would be refused; `ask` as `preview.of` takes it.
    """
    try:
        return Shown(preview.of(actor(), act, ask=ask))
    except Refusal as refusal:
        return Shown(refusal=say(refusal))
