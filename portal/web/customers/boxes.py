"""The boxes of the customer form: drawing them, and reading which of them a person has changed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import wtforms
from flask_babel import gettext

from portal.access import actor
from portal.errors import N_
from portal.models import Customer
from portal.queries import boxes
from portal.queries.boxes import Box
from portal.web.forms import Form, _l

# Beyond so many a field narrows the list; it works in the browser alone, so without JavaScript there is none.
MANY = 12
_HELD = {
    (True, "shop"): N_("follows from her shop"),
    (True, "rule"): N_("follows from a rule"),
    (True, "group"): N_("follows from another group"),
    (True, "items"): N_("follows from a rule or another group"),
    (False, "shop"): N_("kept out: the group excludes the shop %(name)s"),
    (False, "rule"): N_("kept out by a rule"),
    (False, "group"): N_("kept out: the group excludes the members of %(name)s"),
}


class BoxesForm(Form):
    """The boxes: which are ticked, and which were when the form was drawn; a box not changed since is no write."""

    box = wtforms.SelectMultipleField(_l("Groups"), validate_choice=False)
    boxes_on = wtforms.StringField(widget=wtforms.widgets.HiddenInput())
    reason = wtforms.StringField(_l("Why? This is written to the log."))

    def changed(self) -> dict[str, bool]:
        """Return, by code, the boxes that are otherwise than they were drawn."""
        ticked = set(self.box.data or [])
        drawn = set((self.boxes_on.data or "").split(",")) - {""}
        return {code: code in ticked for code in sorted(ticked ^ drawn)}


@dataclass(frozen=True)
class Drawn:
    """The boxes as they stand now, those that a person has changed as she left them; and what was stored of them."""

    boxes: list[Box]
    stored: str
    asks_why: bool

    @property
    def is_long(self) -> bool:
        """Tell whether there are more than one takes in at a glance."""
        return len(self.boxes) > MANY


def drawn(customer: Customer | None, changed: Mapping[str, bool]) -> Drawn:
    """Return the boxes of a form, those that are ticked first."""
    there = boxes.of(actor(), customer)
    stored = ",".join(box.code for box in there if box.is_on and not box.held_by)
    said = [box if box.held_by else replace(box, is_on=changed.get(box.code, box.is_on)) for box in there]
    return Drawn(sorted(said, key=lambda box: not box.is_on), stored, boxes.asks_why(actor()))


def say_box(box: Box) -> str:
    """Return why ticking or unticking a box changes nothing, or what it does besides; '' where there is nothing to say.
    """
    if box.held_by:
        if not box.is_on and box.held_by == "group" and not box.holder:
            return gettext("kept out by another group")
        return gettext(_HELD[box.is_on, box.held_by]) % {"name": box.holder}
    return gettext("was removed by name; ticking lifts that") if box.is_lifting and not box.is_on else ""
